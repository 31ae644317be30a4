#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# mistyped.sh - culvert-client, typed wrong: what is missing or forbidden is said in a line that names it, with
# the exit code of the manual; and what a shell completes. On a machine without a network.
#
# Speaks TAP. CULVERT_CLIENT names the program, by default that in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")

tap_requires world
[ -x "$CLIENT" ] || tap_skip_all "no culvert-client (./dpdk-setup.sh build makes it)"
[ -c /dev/net/tun ] || tap_skip_all "no /dev/net/tun"

configure() {
	chmod 755 "$RUN" && (umask 077 && echo pw >"$RUN/password" && echo secret >"$RUN/secret")
	cat >"$RUN/client.yaml" <<YAML
directory: $RUN/sockets
connections:
  - { name: office, gateway: 192.0.2.7, lns: 192.0.2.1, way: relay, secret-file: secret, user: u, password-file: password }
  - { name: named, gateway: 192.0.2.7, lns: lns.example.net, way: relay, secret-file: secret, user: u, password-file: password }
  - { name: guarded, gateway: 192.0.2.7, lns: 192.0.2.1, way: relay, secret-file: secret, user: u, password-file: password, protected: 10.9.0.0/16 }
YAML
	sed 's/^directory:/run-as: nobody-of-this-name\n&/' "$RUN/client.yaml" >"$RUN/stranger.yaml"
	cp "$CLIENT" "$RUN/culvert-client" && chmod 755 "$RUN/culvert-client"
}

client() {
	world_in host "$RUN/culvert-client" -c "$RUN/client.yaml" "$@"
}

# wrong EXIT TEXT COMMAND...: the command ends so, and says that.
wrong() {
	local want=$1 text=$2 said rc=0
	shift 2
	said=$("$@" 2>&1) || rc=$?
	echo "$*: $rc: $said"
	[ $rc = "$want" ] && grep -qF -- "$text" <<<"$said"
}

usage() {
	wrong 2 'a command is needed' client && wrong 2 "unknown command 'upp'" client upp office &&
		wrong 2 'up needs NAME' client up && wrong 2 "no connection 'offic'; it has office, named, guarded" client up offic &&
		wrong 2 "unexpected argument 'b'" client status a b && wrong 2 "--json is not an option of 'up'" client up --json office &&
		wrong 2 "--force is not an option of 'status'" client status --force &&
		wrong 2 "--kill-switch is not an option of 'down'" client down -k office &&
		wrong 3 "the connection 'office' has no protected networks" client up --kill-switch office && wrong 2 'unrecognized option' client --jsn status &&
		wrong 3 'No such file or directory' world_in host "$CLIENT" -c "$RUN/nothing.yaml" check &&
		wrong 4 'office does not run' client status office && wrong 4 'office does not run' client down office
}

# One line, not one for each secret that can't be read.
not_root() {
	local command
	for command in 'up office' 'run office' 'down office' status 'status office' 'kill-switch guarded'; do
		# shellcheck disable=SC2086 # two words
		wrong 5 'permission denied: connections are root' world_in host setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$RUN/culvert-client" -c "$RUN/client.yaml" $command || return 1
	done
}

secrets() {
	local rc=0
	chmod 644 "$RUN/password" && wrong 0 'is open to all users of the machine' client check && chmod 600 "$RUN/password" &&
		mv "$RUN/secret" "$RUN/gone" && wrong 3 '/secret: No such file' client check || rc=1
	mv "$RUN/gone" "$RUN/secret"
	: >"$RUN/password"
	wrong 3 '/password: the file is empty' client check || rc=1
	echo pw >"$RUN/password"
	return $rc
}

no_tun() {
	wrong 1 'office: /dev/net/tun: No such file' world_in host unshare -m sh -c 'mount -t tmpfs none /dev/net && exec "$0" "$@"' \
		"$RUN/culvert-client" -c "$RUN/client.yaml" up office
}

no_network() {
	wrong 1 'office: 192.0.2.1:1701: Network is unreachable' client up office
}

# Whose name stands for nobody is what is said, and no word of UDP.
no_name() {
	wrong 1 'no LNS has an address (' client up named && wrong 1 'nowhere.example.net' client discover nowhere.example.net
}

no_user() {
	wrong 1 'run-as: nobody-of-this-name: there is no such user' world_in host "$CLIENT" -c "$RUN/stranger.yaml" up office
}

no_protected() {
	wrong 3 "the connection 'office' has no protected networks" client kill-switch office && client kill-switch guarded &&
		world_in host nft list tables | grep -x 'table inet culvert-client-guarded' && client down --force guarded &&
		! world_in host nft list tables | grep guarded
}

# completes WORDS... = WORDS...: what may stand for the last word of a line.
completes() {
	local -a line=()
	while [ "$1" != = ]; do
		line+=("$1")
		shift
	done
	shift
	local said
	said=$(client --complete $((${#line[@]} - 1)) "${line[@]}" | paste -sd ' ')
	echo "${line[*]}: $said"
	[ "$said" = "$*" ]
}

completion() {
	completes culvert-client st = status && completes culvert-client up '' = office named guarded &&
		completes culvert-client check '' = && completes culvert-client status -- = --config --json --help &&
		completes culvert-client down --f = --force && completes culvert-client up --f = &&
		completes culvert-client discover --l = --lns && completes culvert-client --v = --version
}

nothing_left() {
	! ip -n "$WORLD_PREFIX-host" link show | grep l2tp && find "$RUN" -type s | tee "$RUN/found" && [ ! -s "$RUN/found" ]
}

tap_plan 11
world_open
world_namespace host || exit 2
tap_need "a configuration" configure
tap_check "wrong usage" usage
tap_check "who is not root" not_root
tap_check "secrets that are open, missing, empty" secrets
tap_check "no /dev/net/tun" no_tun
tap_check "no network" no_network
tap_check "names that stand for nobody" no_name
tap_check "run-as: a stranger" no_user
tap_check "a kill switch without protected networks" no_protected
tap_check "completion: what the command takes, and nothing else" completion
tap_check "nothing is left" nothing_left
tap_end
