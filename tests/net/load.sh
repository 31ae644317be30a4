#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# load.sh - culvert-load against a running Culvert: many clients of each kind come up, everything that they
# send arrives as it was, and what goes wrong on purpose is told as that.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_LOAD name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
HOST=198.18.5.9 # behind Culvert

tap_requires lns load world

# A veth for the clients, another one for the host behind Culvert.
cables() {
	world_namespace load && world_plug load eth0 && world_namespace core || return 1
	ip link add lan0 netns "$WORLD_PREFIX-lns" type veth peer name up0 netns "$WORLD_PREFIX-load" &&
		ip -n "$WORLD_PREFIX-lns" link set lan0 up && ip -n "$WORLD_PREFIX-load" link set up0 up &&
		world_in lns ethtool -K lan0 tx off tso off gso off gro off >/dev/null &&
		world_in load ethtool -K up0 tx off tso off gso off gro off >/dev/null
}

serve() {
	lns_configure secret=tunnelsecret auth='mschapv2, chap-md5, pap' policy=any user0:pass user1:pass &&
		cat >>"$RUN/lns/culvert.yaml" <<-YAML
			interfaces: [ { name: lan, port: lan, addresses: 198.18.5.1/24 } ]
			limits: { tunnels: 3000, tunnels-per-peer: 3000, half-open: 1000, setups-per-second: 5000,
			  sessions: 3000, sessions-per-tunnel: 2000 }
		YAML
	sed -i 's|\[10.88.1.0/24\]|[10.88.0.0/16], user-sessions: 1000, gateways: any|
		s|^ports: \[ |&{ name: lan, device: "af_packet:lan0" }, |
		/^listeners/s|/24 }|/24, gateway: 192.0.2.60 }|' "$RUN/lns/culvert.yaml" && lns_start
}

# load OPTION...: as a user calls it; clients are behind a router at 192.0.2.60.
load() {
	world_in load timeout 120 "$LOAD" --port af_packet:eth0 --from 203.0.113.0/24 --own 192.0.2.60 \
		--password-file "$RUN/lns/user0.secret" --secret-file "$RUN/lns/tunnel.secret" --user user%u \
		"$@" $LNS_ADDRESS
}

# number KEY...: of the JSON that load has printed.
number() {
	load_number "$RUN/json" "$@"
}

# all_arrived CODE PACKETS: what was sent came as it was, and that were so many, but for what the machine had no
# time for: the exit code says so then.
all_arrived() {
	cat "$RUN/json" && [ "$(number data lost)/$(number data wrong)" = 0/0 ] &&
		[ $(($(number data sent) + $(number data unsent))) = "$2" ] && [ "$(number data sent)" -gt $(($2 * 9 / 10)) ] &&
		[ "$(number data received)" = "$(number data sent)" ] && [ "$(number data latency_us p50)" != 0.0 ] &&
		number data latency_us classes | python3 -c 'import ast, sys; print(sum(n for _, n in ast.literal_eval(sys.stdin.read())))' |
		grep -qx "$(number data received)" &&
		[ "$1" = $(($(number data unsent) > 0)) ]
}

gone() {
	[ "$(lns_rows sessions {user})" = "" ]
}

# Each client has a tunnel; two users; pairs exchange 5,000 packets.
one_each() {
	load --sessions 300 --users 2 --pps 1000 --seconds 5 --json >"$RUN/json"
	all_arrived $? 5000 &&
		[ "$(number sessions up)/$(number sessions tunnels)" = 300/300 ] && world_until 5 gone
}

# A thousand in one tunnel, by CHAP, of all sizes.
one_lac() {
	load --sessions 1000 --users 2 --per-tunnel 1000 --source-port 1701 --auth chap-md5 --pps 1000 --seconds 3 --size imix \
		--json >"$RUN/json"
	all_arrived $? 3000 && [ "$(number sessions tunnels)" = 1 ]
}

# To a host behind Culvert and back; then while some hang up, whose last packets are nobody's fault.
uplink() {
	load --sessions 20 --per-tunnel 5 --auth pap --uplink-port af_packet:up0 --uplink-host $HOST \
		--uplink-gateway 198.18.5.1 --pps 1000 --seconds 3 --size 1400 --json >"$RUN/json"
	all_arrived $? 3000 &&
		load --sessions 20 --uplink-port af_packet:up0 --uplink-host $HOST --uplink-gateway 198.18.5.1 --churn 20 \
			--pps 1000 --seconds 3 --json >"$RUN/json"
	cat "$RUN/json" && [ "$(number data wrong)/$(number sessions fell)" = 0/0 ] && [ "$(number sessions hung_up)" -gt 30 ] &&
		[ "$(number data received)" -gt 1000 ]
}

# Data until it is told to end: what was due by then counts. One session is ended meanwhile, and calls again: what it
# lost was its own.
until_told() {
	local rc=0
	world_spawn load told "$LOAD" --port af_packet:eth0 --from 203.0.113.0/24 --own 192.0.2.60 --sessions 6 --per-tunnel 6 \
		--password-file "$RUN/lns/user0.secret" --secret-file "$RUN/lns/tunnel.secret" --pps 1000 --seconds 0 --json \
		$LNS_ADDRESS && world_until 20 each_carries 100 &&
		lns_ctl kick "$(lns_rows sessions '{serial}' | head -n 1)" && world_until 20 each_carries 100 || return 1
	load_end told || rc=$?
	cp "$RUN/told.log" "$RUN/json"
	[ $rc = 1 ] && [ "$(number sessions fell)/$(number sessions up)" = 1/6 ] && [ "$(number data sent)" -ge 600 ] &&
		[ "$(number data wrong)" = 0 ] && [ "$(number data lost)" = "$(number data lost_to_changes)" ] && world_until 5 gone
}

# each_carries PACKETS: of six sessions.
each_carries() {
	[ "$(lns_rows sessions '{rx_packets}' | awk -v n="$1" '$1 >= n' | wc -l)" = 6 ]
}

# As it is printed for people.
for_people() {
	load --sessions 4 --pps 100 --seconds 1 >"$RUN/table"
	cat "$RUN/table" &&
		grep -qE '^sessions +4 of 4 up, in 4 tunnels, after [0-9.]+ s: [0-9]+ a second$' "$RUN/table" &&
		grep -qE '^received +[0-9]+, 0 lost \(0.0000 %\), 0 late in order$' "$RUN/table" &&
		grep -qE '^latency +min [0-9.]+ .* p99.9 [0-9.]+ +max [0-9.]+ us$' "$RUN/table" &&
		awk '/^sent/ { sent = $2 } /^ +to .* us/ { n += $4; more += $7 != "" } END { exit !(sent > 0 && n == sent && more) }' \
			"$RUN/table"
}

# Some hang up and call again, while others send.
churn() {
	load --sessions 60 --per-tunnel 20 --churn 40 --pps 500 --seconds 4 --json >"$RUN/json"
	cat "$RUN/json" &&
		[ "$(number sessions hung_up)" -gt 100 ] && [ "$(number sessions fell)/$(number data wrong)" = 0/0 ] &&
		[ "$(number data received)" -gt 500 ]
}

# Who has hung up is not taken again: neither looks as if all had stayed.
not_taken_back() {
	local pid code
	load --sessions 20 --per-tunnel 5 --churn 10 --hold 3 --json >"$RUN/json" &
	pid=$!
	world_until 20 eval '[ "$(lns_rows sessions {user} | wc -l)" -gt 10 ]' && lns_ctl drain on >/dev/null
	wait $pid
	code=$?
	lns_ctl drain off >/dev/null && cat "$RUN/json" && [ $code = 1 ] && [ "$(number sessions up)" -lt 20 ] &&
		[ "$(number sessions fell)" = 0 ] && [ "$(number sessions failed)" -gt 0 ]
}

# The LNS is not there any more when they say goodbye.
unanswered() {
	local lns pid code
	lns=$(cat "$RUN/culvertd.pid")
	load --sessions 4 --per-tunnel 2 --hold 3 --json >"$RUN/json" 2>"$RUN/said" &
	pid=$!
	world_until 20 eval '[ "$(lns_rows sessions {user} | wc -l)" = 4 ]' && kill -STOP "$lns"
	wait $pid
	code=$?
	kill -CONT "$lns"
	cat "$RUN/json" "$RUN/said" && [ $code = 1 ] && [ "$(number sessions unanswered)/$(number sessions up)" = 2/4 ] &&
		grep -q '^culvert-load: 2 tunnels got no answer to their goodbye$' "$RUN/said" && world_until 10 gone
}

# Calls at a rate: 50 take a second and a half at 32 a second.
at_a_rate() {
	load --sessions 48 --rate 32 --json >"$RUN/json" && cat "$RUN/json" &&
		python3 -c 'import sys; sys.exit(not 1.4 <= float(sys.argv[1]) < 4)' "$(number sessions up_after_s)"
}

# What it prints while it holds its sessions, beside what Culvert prints.
held_table() {
	world_spawn load table "$LOAD" --port af_packet:eth0 --from 203.0.113.0/24 --own 192.0.2.60 \
		--password-file "$RUN/lns/user0.secret" --secret-file "$RUN/lns/tunnel.secret" --user user%u \
		--sessions 6 --per-tunnel 3 --trex $LNS_ADDRESS &&
		world_until 20 eval '[ "$(wc -l <"$RUN/table.log")" = 7 ]' || return 1
	lns_ctl sessions --trex | sort >"$RUN/known"
	cat "$RUN/table.log" "$RUN/known"
	sort "$RUN/table.log" | cmp - "$RUN/known" &&
		kill -INT "$(cat "$RUN/table.pid")" && world_until 10 test -e "$RUN/table.rc" &&
		[ "$(cat "$RUN/table.rc")" = 0 ] && world_until 5 gone
}

# The clients on a TAP of the program's own, which a bridge joins to the cable.
tap_port() {
	local code
	world_spawn load tap "$LOAD" --port tap:t0 --from 203.0.113.0/24 --own 192.0.2.60 \
		--password-file "$RUN/lns/user0.secret" --secret-file "$RUN/lns/tunnel.secret" --user user%u \
		--sessions 50 --pps 200 --seconds 3 --size 1400 --json $LNS_ADDRESS &&
		world_until 20 world_in load ip link show t0 &&
		ip -n "$WORLD_PREFIX-load" link add br0 type bridge && ip -n "$WORLD_PREFIX-load" link set br0 up &&
		ip -n "$WORLD_PREFIX-load" link set eth0 master br0 && ip -n "$WORLD_PREFIX-load" link set t0 master br0 up &&
		world_until 60 test -e "$RUN/tap.rc"
	code=$?
	ip -n "$WORLD_PREFIX-load" link del br0
	tail -n 1 "$RUN/tap.log" >"$RUN/json" # the driver has something to say before
	[ $code = 0 ] && all_arrived "$(cat "$RUN/tap.rc")" 600 && ! world_in load ip link show t0
}

trials() {
	printf 'trial 1000 1 200\nburst 500 imix\nnonsense\ntrial 1000 1 51\ntrial 0 1 100\ntrial -1 1 64\ntrial 500 0.5 1400\ntrial 10 1 1461\nburst 5 1460' |
		load --sessions 10 --mru 1500 --trials >"$RUN/lines" && cat "$RUN/lines" && python3 - "$RUN/lines" <<-'PY'
			import json, sys
			lines = [json.loads(line) for line in open(sys.argv[1])]
			assert [line["event"] for line in lines] == ["up", "trial", "burst", "error", "error", "error", "error", "trial", "error",
			    "burst"]
			assert lines[0]["sessions"] == lines[0]["wanted"] == 10
			for line, sent in zip((lines[1], lines[2], lines[7], lines[9]), (1000, 500, 250, 5)):
			    assert line["sent"] == line["received"] == sent - line["unsent"] and line["lost"] == line["wrong"] == 0
			assert lines[1]["sent"] > 900 and 1 <= lines[1]["took_seconds"] < 2 or lines[1]["unsent"] > 0
		PY
}

wrong_password() {
	printf 'wrong\n' >"$RUN/wrong"
	! world_in load timeout 60 "$LOAD" --port af_packet:eth0 --from 203.0.113.0/24 --own 192.0.2.60 --user user0 \
		--password-file "$RUN/wrong" --secret-file "$RUN/lns/tunnel.secret" --give-up 3 $LNS_ADDRESS \
		>"$RUN/out" 2>&1 && cat "$RUN/out" &&
		grep -q '^culvert-load: 0 of 2 sessions are up after 3[.][0-9] s; last .*wrong user name or password' "$RUN/out"
}

# nobody_there: the LNS does not exist.
nobody_there() {
	! world_in load timeout 60 "$LOAD" --port af_packet:eth0 --from 192.0.2.128/25 --give-up 2 \
		--password-file "$RUN/wrong" 192.0.2.99 >"$RUN/out" 2>&1 && cat "$RUN/out" &&
		grep -q 'nobody answers ARP for the LNS, or --gateway; is the port af_packet:eth0 the right one?' "$RUN/out"
}

# Nobody reads what it prints.
not_written() {
	load --sessions 2 >/dev/full 2>"$RUN/out"
	[ $? = 1 ] && cat "$RUN/out" && grep -q 'what was to be printed could not be written' "$RUN/out"
}

# answers_elsewhere: what the LNS says comes from another UDP port than it was asked at.
answers_elsewhere() {
	local code
	world_in wan nft -f - <<-'NFT' || return 1
		table bridge elsewhere {
			chain forward {
				type filter hook forward priority 0
				oifname "to-load" udp sport 1701 udp sport set 1702
			}
		}
	NFT
	load --sessions 4 --give-up 2 --json >"$RUN/json" 2>"$RUN/out"
	code=$?
	world_in wan nft delete table bridge elsewhere && cat "$RUN/json" "$RUN/out" && [ $code = 1 ] &&
		[ "$(number sessions up)" = 0 ] && [ "$(number sessions strays)" -ge 4 ] &&
		grep -qE "^culvert-load: [0-9]+ frames came that are no client's; does the LNS answer from another" "$RUN/out"
}

# What changes one packet of ten on its way is told by what it did.
changed() {
	local code
	world_in wan nft -f - <<-'NFT' || return 1
		table bridge change {
			chain forward {
				type filter hook forward priority 0
				oifname "to-load" meta length 200-300 udp sport 1701 numgen inc mod 10 0 @nh,800,8 set 170
			}
		}
	NFT
	load --sessions 4 --size 200 --pps 500 --seconds 2 --json >"$RUN/json"
	code=$?
	world_in wan nft delete table bridge change && cat "$RUN/json" && [ $code = 1 ] &&
		[ "$(number data wrong)" = $((($(number data sent) + 9) / 10)) ] &&
		[ "$(number data lost)/$(number data wrong_content)" = "$(number data wrong)/$(number data wrong)" ]
}

# What is lost on its way is counted, and the exit code says so.
lossy() {
	local code
	world_in wan nft -f - <<-'NFT' || return 1
		table bridge lose {
			chain forward {
				type filter hook forward priority 0
				oifname "to-load" meta length 200-300 udp sport 1701 numgen inc mod 20 0 drop
			}
		}
	NFT
	load --sessions 4 --size 200 --pps 500 --seconds 2 --json >"$RUN/json"
	code=$?
	world_in wan nft delete table bridge lose && cat "$RUN/json" && [ $code = 1 ] &&
		[ "$(number data lost)/$(number data wrong)" = $((($(number data sent) + 19) / 20))/0 ]
}

# What comes while the program does not run is more than its own ring has room for, and told as that.
own_ring() {
	local code
	world_spawn load own "$LOAD" --port af_packet:eth0 --from 203.0.113.0/24 --own 192.0.2.60 \
		--password-file "$RUN/lns/user0.secret" --secret-file "$RUN/lns/tunnel.secret" --user user%u \
		--sessions 4 --pps 100 --seconds 6 $LNS_ADDRESS &&
		world_until 20 eval 'lns_rows sessions {rx_packets} | grep -q "[1-9]"' || return 1
	kill -STOP "$(cat "$RUN/own.pid")"
	world_in wan python3 - to-load <<-'PY'
		import socket, sys
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind((sys.argv[1], 0))
		for _ in range(6000):
		    s.send(bytes(60))
	PY
	kill -CONT "$(cat "$RUN/own.pid")"
	world_until 20 test -e "$RUN/own.rc" && cat "$RUN/own.log" &&
		awk '/^missed/ && $2 > 1000 { told = 1 } END { exit !told }' "$RUN/own.log"
}

usage() {
	local row
	while read -r row; do
		# shellcheck disable=SC2086 # several words
		world_in load "$LOAD" ${row%%|*} >"$RUN/out" 2>&1
		[ $? = 2 ] && cat "$RUN/out" && grep -qF -- "${row#*|}" "$RUN/out" || return 1
	done <<-ROWS
		|which LNS? An IPv4 address is needed
		192.0.2.1|--port, --from and --password-file are needed
		--port eth0 192.0.2.1|--port: 'eth0' is not af_packet:INTERFACE
		--sessions 0 192.0.2.1|--sessions: '0' is not a number from 1 to 1048576
		--rate -1 192.0.2.1|--rate: '-1' is not a number from 0
		--rate nan 192.0.2.1|--rate: 'nan' is not a number from 0
		--size 51 192.0.2.1|--size: '51' is not 52 to 9000 bytes, or imix
		--auth none 192.0.2.1|--auth: 'none' is not mschapv2, chap-md5 or pap
		--user a%sb 192.0.2.1|--user: 'a%sb' is not a name
		--from 192.0.2.0/33 192.0.2.1|--from: '192.0.2.0/33' is not an IPv4 prefix
		--bogus 192.0.2.1|unrecognized option '--bogus'
		example.net|the LNS is an IPv4 address
		--port tap:x --from 192.0.2.9/32 --password-file f --sessions 70000 192.0.2.1|an address has room for 65,535 tunnels
		--port tap:x --from 192.0.2.9/32 --password-file f --size 1500 192.0.2.1|--size: larger than --mru
		--port tap:x --from 192.0.2.9/32 --password-file f --mru 1000 --size imix 192.0.2.1|--size: larger than --mru
		--port tap:x --from 192.0.2.9/32 --password-file f --trials --trex 192.0.2.1|--trials and --trex: one of the two
		--port tap:x --from 192.0.2.0/24 --password-file f 192.0.2.1|--from: the address of the LNS, or of --gateway, is one
		--port tap:x --from 192.0.2.0/24 --gateway 192.0.2.2 --password-file f 192.0.3.1|--from: the address of the LNS, or of
		--port tap:x --from 192.0.2.9/32 --own 192.0.2.1 --password-file f 192.0.2.1|--own and --uplink-host are addresses
		--port tap:x --from 192.0.2.9/32 --password-file f --pps 1 --seconds 0.5 192.0.2.1|--seconds: not one packet is due
		--port tap:x --from 192.0.2.9/32 --password-file f --churn 5 192.0.2.1|--churn: goes on while data is sent, or with
	ROWS
	world_in load "$LOAD" --port af_packet:none0 --from 192.0.2.9/32 --password-file "$RUN/wrong" 192.0.2.1 >"$RUN/out" 2>&1
	[ $? = 3 ] && cat "$RUN/out" && grep -q 'af_packet:none0: the device can.t be made' "$RUN/out" || return 1
	load --mru 9000 --size 1461 --pps 10 >"$RUN/out" 2>&1
	[ $? = 3 ] && cat "$RUN/out" && grep -q -- "--size: such packets, .* are larger than a port's MTU" "$RUN/out" || return 1
	load --cpu 1000 >"$RUN/out" 2>&1
	[ $? = 3 ] && cat "$RUN/out" && [ "$(cat "$RUN/out")" = 'culvert-load: CPU 1000 is none that this may run on' ]
}

tap_plan 22
world_open
tap_logs "$RUN/$LNS_LOG" "$RUN/table.log" "$RUN/tap.log"
tap_need "cables" cables
tap_need "Culvert is ready" serve
tap_check "300 clients with a tunnel each, and 5,000 packets between them" one_each
tap_check "a LAC's thousand in one tunnel, packets of all sizes" one_lac
tap_check "to a host behind Culvert and back" uplink
tap_check "what it prints for people" for_people
tap_check "sessions that hang up and call again" churn
tap_check "data until it is told to end, and a session that is ended" until_told
tap_check "who hung up and is not taken again is told" not_taken_back
tap_check "an LNS that is gone at the end is told" unanswered
tap_check "calls at a rate" at_a_rate
tap_check "the table for TRex is what Culvert knows" held_table
tap_check "clients on a TAP" tap_port
tap_check "trials by its standard input" trials
tap_check "a wrong password is told" wrong_password
tap_check "an LNS that is not there is told" nobody_there
tap_check "an LNS that answers from another port is told" answers_elsewhere
tap_check "packets that were changed on their way are told" changed
tap_check "packets that were lost on their way are counted" lossy
tap_check "output that can't be written is told" not_written
tap_check "what the program's own ring had no room for is told" own_ring
tap_check "wrong usage" usage
tap_end
