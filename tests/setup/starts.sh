#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What passes culvertd --check starts: at each limit of the configuration that something else has to
# have room for, --check and --try agree, and one more than the limit passes neither.
# usage: starts.sh CULVERTD (speaks TAP)
set -u
culvertd=$(readlink -f "$1")
n=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# times N FORMAT: for 0 to N - 1, %i being the number, %h.%l its two bytes; joined by ", ".
times() {
	local i item out=''
	for ((i = 0; i < $1; i++)); do
		item=${2//%i/$i} item=${item//%h/$((i / 256))}
		out+="${out:+, }${item//%l/$((i % 256))}"
	done
	printf '[%s]' "$out"
}

# write KEY=VALUE...: the file, in which a value stands in for what is usual.
write() {
	local workers='{ count: 0, hugepages: never }' listeners='[{ port: p0, address: 192.0.2.1/24 }]'
	local ports groups='[{ name: g, address: 10.88.0.1, pool: 10.88.1.0/24 }]' more='' word
	ports=$(times 1 "$port")
	for word in "$@"; do
		local "${word%%=*}=${word#*=}"
	done
	cat >c.yaml <<YAML
control: { socket: c.sock }
log: { level: error }
workers: $workers
ports: $ports
listeners: $listeners
tunnels: { secrets: [ { secret: none } ] }
groups: $groups
$more
YAML
}

port="{ name: p%i, device: \"memif:$work/%i.sock\" }"
group='{ name: g, address: 10.88.0.1, pool: 10.88.1.0/24,'

# test TEXT WANTED KEY=VALUE...: WANTED is starts or refused.
test_config() {
	local text=$1 wanted=$2 check=0 try=0
	write "${@:3}"
	timeout 60 "$culvertd" --check c.yaml >check.log 2>&1 || check=$?
	timeout 60 "$culvertd" --try c.yaml >try.log 2>&1 || try=$?
	n=$((n + 1))
	if [ "$wanted $check $try" = 'starts 0 0' ] || [ "$wanted $check $try" = 'refused 3 3' ]; then
		echo "ok $n - $text: $wanted"
	else
		echo "not ok $n - $text: --check ended with $check, --try with $try"
		cat check.log try.log | cut -c 1-300 | sed 's/^/# /' | head -20
	fi
}

test_config "the smallest configuration" starts
test_config "16 ports" starts ports="$(times 16 "$port")"
test_config "17 ports" refused ports="$(times 17 "$port")"
test_config "40 rules" starts groups="[$group policy: $(times 40 'udp/1%i') }]"
test_config "1024 rules" starts groups="[$group policy: $(times 1024 'udp/1%i') }]"
test_config "16385 rules" refused groups="[$group policy: $(times 16385 'udp/1%i') }]"
test_config "1024 gateways" starts groups="[$group gateways: $(times 1024 '10.0.%h.%l/32') }]"
test_config "256 listeners" starts \
	listeners="$(times 256 '{ port: p0, address: 192.0.2.1/24, udp-port: 1%i }')"
test_config "257 listeners" refused \
	listeners="$(times 257 '{ port: p0, address: 192.0.2.1/24, udp-port: 1%i }')"
test_config "1024 groups" starts \
	groups="$(times 1024 '{ name: g%i, realm: r%i, address: 10.88.0.1, pool: 10.88.1.0/24 }')"
test_config "64 workers" starts workers='{ count: 64, hugepages: never }'
test_config "65 workers" refused workers='{ count: 65, hugepages: never }'
test_config "1 MiB of memory, of which packet buffers need more" starts \
	workers='{ count: 0, hugepages: never, memory: 1 }'
test_config "an MTU of 9216" starts ports="[{ name: p0, device: \"memif:$work/0.sock\", mtu: 9216 }]"
test_config "more half-open tunnels than tunnels" starts \
	more='limits: { tunnels: 10, half-open: 11 }'
# as many bytes as a socket's path may have
long=$work/$(printf "%0$((107 - ${#work} - 1))d" 0)
test_config "a socket's path of 107 bytes" starts ports="[{ name: p0, device: \"memif:$long\" }]"
test_config "a socket's path of 108 bytes" refused ports="[{ name: p0, device: \"memif:${long}0\" }]"
echo "1..$n"
