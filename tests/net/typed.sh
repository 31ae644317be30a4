#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# typed.sh - whatever is typed wrong, culvertd and culvertctl answer with one clear line and the
# right exit code; and whoever is rude to the control socket does not keep others from it.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

COMPLETION=$HERE/../../app/culvertctl/culvertctl.bash

tap_requires world lns

# says CODE TEXT COMMAND...: the command ends with that exit code, and one of its first two lines
# (culvertd may have logged one before) has all of TEXT.
says() {
	local code=$1 text=$2 rc=0
	shift 2
	timeout 30 "$@" >"$RUN/answer" 2>&1 </dev/null || rc=$?
	cat "$RUN/answer"
	[ "$rc" = "$code" ] || {
		echo "exit code $rc, not $code"
		return 1
	}
	head -2 "$RUN/answer" | grep -F -- "$text" >"$RUN/line" || {
		echo "not said: $text"
		return 1
	}
	[ "$(wc -l <"$RUN/line")" = 1 ] && [ "$(wc -c <"$RUN/line")" -lt 250 ]
}

# wrong TEXT CODE PROGRAM WORDS...: one test of says.
wrong() {
	local text=$1 code=$2 program=$3
	shift 3
	tap_check "$program$([ $# = 0 ] || printf " %q" "$@"): $text" \
		says "$code" "$text" "$RUN/bin/$program" "$@"
}

AS_NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# starts_not TEXT SED [PREFIX...]: a culvertd whose configuration SED has changed says so, with
# exit code 1, and leaves no socket.
starts_not() {
	local text=$1 change=$2
	shift 2
	sed "$change" culvert.yaml >changed.yaml
	! cmp -s culvert.yaml changed.yaml || return 1
	chmod 644 changed.yaml
	says 1 "$text" ip netns exec "$WORLD_PREFIX-lns" "$@" "$RUN/bin/culvertd" changed.yaml
}

ten_errors() {
	cat >ten.yaml <<'YAML'
identity: { host-name: "" }
log: { level: loud }
control: { mode: "9999" }
workers: { count: 65 }
ports: [ { name: wan, device: "af_packet:lns0", mtu: 100000 } ]
listeners: [ { port: lan, address: 192.0.2.1/24 } ]
tunnels: { hello: 60, secrets: [ { secret-file: nosuch.secret } ] }
ppp: { auth: [chap] }
groups: [ { name: clients, address: 10.88.0.1, pool: [10.88.1.0/24], polcy: ipsec } ]
YAML
	cat >ten.expected <<'TEXT'
ten.yaml:1:24: identity.host-name: must have 1 to 64 characters, not 0
ten.yaml:2:15: log.level: loud is not one of error, warning, info, debug
ten.yaml:3:18: control.mode: 9999 is not a mode in octal, as "0660"
ten.yaml:4:19: workers.count: 65 is out of range: 0 to 64
ten.yaml:5:54: ports[0].mtu: 100000 is out of range: 576 to 9216
ten.yaml:6:22: listeners[0].port: there is no port lan; did you mean wan?
ten.yaml:7:19: tunnels.hello: 60 has no unit: write 60s, or another of ms, s, m, h
ten.yaml:7:49: tunnels.secrets[0].secret-file: nosuch.secret: No such file or directory
ten.yaml:8:15: ppp.auth[0]: chap is not one of pap, chap-md5, mschapv2; did you mean chap-md5?
ten.yaml:9:70: groups[0].polcy: unknown key; did you mean policy?
TEXT
	says 3 'identity.host-name' "$@" ten.yaml && diff ten.expected "$RUN/answer"
}

# Without a culvertd: what is wrong with the words alone, and files.
words() {
	wrong 'no configuration given' 2 culvertd
	wrong "unrecognized option '--nosuch'" 2 culvertd --nosuch
	wrong "option requires an argument -- 'c'" 2 culvertd -c
	wrong "unexpected argument 'more'" 2 culvertd culvert.yaml more
	wrong 'no configuration given' 2 culvertd --check
	wrong 'nosuch.yaml: No such file or directory' 3 culvertd nosuch.yaml
	wrong '/tmp: Is a directory' 3 culvertd --check /tmp
	wrong 'NAME' 0 culvertd --help
	wrong 'culvertd ' 0 culvertd --version
	wrong 'the configuration is right' 0 culvertd --check culvert.yaml
	tap_check "culvertd: a configuration that one may not read" \
		says 3 'culvert.yaml: Permission denied' "${AS_NOBODY[@]}" "$RUN/bin/culvertd" culvert.yaml
	tap_check "culvertd: ten errors are ten lines, FILE:LINE:COLUMN: KEY: WHAT" \
		ten_errors "$RUN/bin/culvertd"
	tap_check "culvertd --check: the same" ten_errors "$RUN/bin/culvertd" --check

	wrong 'a command is needed' 2 culvertctl
	wrong "unknown command 'stauts'" 2 culvertctl stauts
	wrong "unrecognized option '--nosuch'" 2 culvertctl --nosuch
	wrong "option requires an argument -- 's'" 2 culvertctl -s
	wrong '--socket needs a path' 2 culvertctl -s '' status
	wrong "unexpected argument 'more'" 2 culvertctl status more
	wrong "unexpected argument 'more'" 2 culvertctl kick user userA more
	wrong "'session' needs an argument: a session" 2 culvertctl session
	wrong "'kick' needs an argument: a session, or 'user', 'tunnel' or 'peer' and which" \
		2 culvertctl kick
	wrong "'kick tunnel' needs an ID" 2 culvertctl kick tunnel
	wrong "'kick peer' needs an address" 2 culvertctl kick peer
	wrong "'tunnel' needs an argument: a tunnel" 2 culvertctl tunnel
	wrong "unexpected argument 'more'" 2 culvertctl kick peer 192.0.2.11 more
	wrong "'kick user' needs a name" 2 culvertctl kick user
	wrong "'lookup' needs an argument: a realm and an address" 2 culvertctl lookup
	wrong "'log-level' needs an argument: a level" 2 culvertctl log-level
	wrong "--watch takes seconds from 1 to 86400, not 'x'" 2 culvertctl --watch=x status
	wrong 'an argument is not UTF-8' 2 culvertctl sessions $'\xff'
	wrong 'path too long for a socket' 2 culvertctl -s "/$(printf %0120d 0)" status
	wrong "unexpected argument 'now'" 2 culvertctl drain now
	wrong "unexpected argument 'more'" 2 culvertctl drain on 5m more
	wrong "unexpected argument '5m'" 2 culvertctl drain off 5m
	wrong "'tunnels' has no option --trex" 2 culvertctl tunnels --trex
	wrong "neither --json nor --watch goes with 'trex'" 2 culvertctl --json sessions --trex
	wrong 'NAME' 0 culvertctl --help
	wrong 'culvertctl ' 0 culvertctl --version
}

# Configurations that are right by themselves, but not here.
starts() {
	tap_check "culvertd: a port whose interface is missing" \
		starts_not "ports[0].device: there is no interface 'nosuch'" 's/:lns0/:nosuch/'
	tap_check "culvertd: a control socket that is a file" \
		starts_not "control.socket: $RUN/lns/culvert.yaml is there and is no socket" \
		's/control.sock /culvert.yaml /'
	tap_check "culvertd: a control socket in a folder that is not there" starts_not \
		'control.socket: /proc/no/such.sock: No such file or directory' \
		's,socket: [^ ]*,socket: /proc/no/such.sock,'
	tap_check "culvertd: a control socket in a folder where one may not write" starts_not \
		"control.socket: $RUN/locked/such.sock: Permission denied" \
		"s,socket: [^ ]*,socket: $RUN/locked/such.sock,; s/secret-file: [^ ]*/secret: none/; \
			/^users/d; /userA/d" "${AS_NOBODY[@]}"
	tap_check "culvertd: a group that is not there" \
		starts_not "control.group: there is no group 'nosuch'" 's/control: {/& group: nosuch,/'
	wrong 'culvertd is not running: nobody serves' 3 culvertctl status
}

# What only a running culvertd can say, and that there is one.
running() {
	tap_check "culvertd: another one already serves the socket" \
		says 1 'control.socket: another culvertd serves' \
		ip netns exec "$WORLD_PREFIX-lns" "$RUN/bin/culvertd" culvert.yaml
	tap_check "culvertctl: one may not connect" \
		says 5 'permission denied: only root and the group of control.group' \
		"${AS_NOBODY[@]}" "$RUN/bin/culvertctl" status
	wrong "a session is a serial or TUNNEL/SESSION, as 'culvertctl sessions' shows them, not 'x'" \
		2 culvertctl session x
	wrong "a session is a serial or TUNNEL/SESSION, as 'culvertctl sessions' shows them, not '1/65536'" \
		2 culvertctl kick 1/65536
	wrong 'session 1/2 is not here, and not among the last' 4 culvertctl session 1/2
	wrong 'session 1/2 is not here' 4 culvertctl kick 1/2
	wrong 'session 5f5e1000abcd is not here, and not among the last' 4 culvertctl session 5F5E1000abcd
	wrong 'session 5f5e1000abcd is not here' 4 culvertctl kick 5f5e1000abcd
	wrong "a serial is hexadecimal, as 'culvertctl sessions' shows it, not '1/2'" \
		2 culvertctl ended serial=1/2
	wrong "there is no user 'nobody'" 4 culvertctl kick user nobody
	wrong "user 'userA' has no session" 4 culvertctl kick user userA
	wrong "no column 'colour'; columns are session, user," 2 culvertctl sessions colour=red
	wrong "state is one of connecting" 2 culvertctl sessions state=opne
	wrong "no column 'colour'; columns are session, user," 2 culvertctl sessions --trex colour=red
	wrong "auth is one of none pap chap-md5 mschapv2, not 'chap'" 2 culvertctl sessions auth=chap
	wrong "there is no group 'x'; there are clients" 2 culvertctl sessions group=x
	wrong "there is no user 'nobody'" 4 culvertctl sessions user=nobody
	wrong "a peer is an address, as 192.0.2.11 or 192.0.2.11:1701, not 'x'" \
		2 culvertctl sessions peer=x
	wrong "not '192.0.2.11:'" 2 culvertctl tunnels peer=192.0.2.11:
	wrong "not '192.0.2.11:65536'" 2 culvertctl kick peer 192.0.2.11:65536
	wrong "an address is IPv4, as 10.88.1.1, not '10.88.1'" 2 culvertctl sessions address=10.88.1
	wrong "there is no listener '192.0.2.9'; the first is 192.0.2.1:1701" \
		2 culvertctl tunnels listener=192.0.2.9
	wrong "no column 'user'; columns are tunnel, peer, host, state, listener" \
		2 culvertctl tunnels user=userA
	wrong "state is one of ended refused, not 'open'" 2 culvertctl ended state=open
	wrong "there is no port 'lan'; the first is wan" 2 culvertctl neighbours port=lan
	wrong "there is no interface 'lan'; there is none" 2 culvertctl neighbours interface=lan
	wrong "an address is IPv4 or IPv6, as 10.88.1.1 or 2001:db8::1, not '10.88.1'" \
		2 culvertctl neighbours address=10.88.1
	wrong "the time for sessions to end is from 1s to 24h, as 90s or 10m, not '90'" 2 culvertctl drain on 90
	wrong "as 90s or 10m, not '25h'" 2 culvertctl drain on 25h
	wrong "as 90s or 10m, not '1ms'" 2 culvertctl drain on 1ms
	wrong "there is no realm 'nosuch'; there are default" 4 culvertctl routes nosuch
	wrong "there is no realm 'nosuch'; there are default" 4 culvertctl realms realm=nosuch
	wrong "leads_to is one of via connected own discard peer none, not 'x'" \
		2 culvertctl routes default leads_to=x
	wrong "'lookup' needs a realm and an address, as 'lookup default 203.0.113.7'" \
		2 culvertctl lookup default
	wrong "there is no realm 'nosuch'; there are default" 4 culvertctl lookup nosuch 10.88.1.1
	wrong "an address is IPv4 or IPv6, as 10.88.1.1 or 2001:db8::1, not '10.88.1.0/24'" \
		2 culvertctl lookup default 10.88.1.0/24
	wrong "no realm leads to 'fe80::1': it is multicast, link-local or loopback" \
		2 culvertctl lookup default fe80::1
	wrong "a filter is COLUMN=VALUE, or part of any column, but not empty" 2 culvertctl sessions ''
	wrong 'more than 8 filters' 2 culvertctl sessions a b c d e f g h i
	wrong 'no such session has ended' 0 culvertctl ended user=userA state=refused
	wrong "a tunnel is an ID as 'culvertctl tunnels' shows it" 2 culvertctl tunnel 1/2
	wrong "not '5@192.0.2.9'" 2 culvertctl kick tunnel 5@192.0.2.9
	wrong 'tunnel 5@192.0.2.1:1701 is not here' 4 culvertctl kick tunnel 5@192.0.2.1:1701
	wrong 'session 1/2 is not here, and not among' 4 culvertctl session 1/2@192.0.2.1
	wrong 'peer 192.0.2.11 has no tunnel' 4 culvertctl kick peer 192.0.2.11
	wrong "a level is error, warning, info or debug, not 'loud'" 2 culvertctl log-level loud
	wrong 'no sessions' 0 culvertctl sessions
	wrong '  "rows": []' 0 culvertctl --json sessions
}

# The completion that bash would call for the words so far.
completes() {
	local expected=$1 COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
	_culvertctl
	echo "${COMPREPLY[*]}, not $expected"
	[ "${COMPREPLY[*]}" = "$expected" ]
}

completion() {
	# shellcheck disable=SC1090
	. "$COMPLETION" && complete -p culvertctl && completes status culvertctl st &&
		completes 'sessions session' culvertctl --json ses &&
		completes debug culvertctl log-level d && completes user culvertctl kick us &&
		completes peer culvertctl kick p && completes reason= culvertctl ended r &&
		completes --version culvertctl --v
}

killed_and_started() {
	kill -KILL "$(cat "$RUN/culvertd.pid")" && world_until 5 test -e "$RUN/culvertd.rc" &&
		[ -S "$CULVERT_SOCKET" ] && says 3 'nobody serves' culvertctl status && lns_start &&
		says 0 'host name ' culvertctl status
}

# serve_group MODE: a culvertd whose control socket is nogroup's, with that mode.
serve_group() {
	cp -p culvert.yaml whole.yaml &&
		sed -i "s/control: {/& group: nogroup, mode: \"$1\",/" culvert.yaml && lns_start &&
		mv whole.yaml culvert.yaml &&
		stat -c '%a %U %G' "$CULVERT_SOCKET" >"$RUN/answer" || return 1
	cat "$RUN/answer"
	[ "$(cat "$RUN/answer")" = "${1#0} root nogroup" ]
}

# Of two who are not root, the one in the group is served.
group_is_served() {
	says 0 'host name ' "${AS_NOBODY[@]}" "$RUN/bin/culvertctl" status &&
		says 5 'permission denied' setpriv --reuid=65534 --regid=games --clear-groups \
			"$RUN/bin/culvertctl" status
}

mode_keeps_group_out() {
	serve_group 0600 &&
		says 5 'permission denied' "${AS_NOBODY[@]}" "$RUN/bin/culvertctl" status &&
		says 0 'host name ' culvertctl status
}

# Again and again, until it is killed.
watches() {
	world_spawn lns watch culvertctl --socket "$CULVERT_SOCKET" --watch=1 status &&
		world_until 20 answered_thrice && [ ! -e "$RUN/watch.rc" ] || return 1
	world_stop watch
	[ $? = 143 ] && ! escapes <"$RUN/watch.log"
}

answered_thrice() {
	[ "$(grep -c '^host name ' "$RUN/watch.log")" -ge 3 ]
}

escapes() {
	grep -q $'\033'
}

plain() {
	local command
	for command in status pools tunnels sessions ended drops edges counters ports workers \
		neighbours interfaces realms routes; do
		culvertctl $command >"$RUN/answer" && [ -s "$RUN/answer" ] || return 1
		! escapes <"$RUN/answer" || {
			cat -v "$RUN/answer"
			return 1
		}
	done
}

# With a terminal of its own, as script makes one.
to_terminal() {
	timeout 30 script -qec "$*" /dev/null </dev/null >"$RUN/answer" || return 1
	cat -v "$RUN/answer"
}

coloured() {
	to_terminal culvertctl ports && escapes <"$RUN/answer" &&
		to_terminal culvertctl --json ports && ! escapes <"$RUN/answer"
}

# There, each answer replaces the one before.
clears() {
	world_spawn lns watch script -qfec "culvertctl --watch=1 status" /dev/null &&
		world_until 20 cleared_twice || return 1
	world_stop watch
	world_until 5 nobody_watches
}

cleared_twice() {
	[ "$(grep -c $'\033\\[H\033\\[2J' "$RUN/watch.log")" -ge 2 ]
}

nobody_watches() {
	! ip netns pids "$WORLD_PREFIX-lns" | xargs -r ps -o args= -p | grep -q 'culvertctl --watch'
}

# The file is another by now, in what needs a restart.
goes_on_after_hangup() {
	kill -HUP "$(cat "$RUN/culvertd.pid")" &&
		lns_said 'reload by=SIGHUP result=restart .*need a restart; nothing has changed' 5 && ends
}

# What systemd's Type=notify hears: a socket that prints what comes to it, a line each.
tells_systemd() {
	python3 -u -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
for n in range(2):
    print(s.recv(100).decode())' "$RUN/notify" >"$RUN/notified" &
	local listener=$!
	world_until 10 test -S "$RUN/notify" || return 1
	NOTIFY_SOCKET=$RUN/notify lns_start && world_until 5 grep -qx READY=1 "$RUN/notified" &&
		lns_stop && wait $listener && [ "$(tail -1 "$RUN/notified")" = STOPPING=1 ]
}

ends() {
	lns_stop && [ ! -e "$CULVERT_SOCKET" ]
}

tap_plan 113
world_open
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret userA:pass-a
cd "$RUN/lns" || exit 2
chmod 600 culvert.yaml
# copies, which a user who is not root can run wherever the build is
mkdir "$RUN/bin" "$RUN/locked" && chmod 711 "$RUN" &&
	install "$LNS_PROGRAM" "$LNS_CTL" "$RUN/bin" || exit 2
export CULVERT_SOCKET=$RUN/lns/control.sock PATH=$RUN/bin:$PATH

words
starts
tap_need "Culvert is ready" lns_start
running
tap_check "bash completes commands, levels and options" completion
for manner in garbage endless half crowd deaf; do
	tap_check "control socket: $manner, and culvertctl is served meanwhile and after" \
		"$HERE/rude.py" "$CULVERT_SOCKET" $manner culvertctl --json status
done
tap_check "a socket that a killed culvertd left is replaced" killed_and_started
tap_check "Culvert ends within its time, with exit code 0, and removes its socket" ends
tap_check "control.group and control.mode: the socket has them" serve_group 0660
tap_check "the group is served, others are not" group_is_served
tap_check "culvertctl --watch=1 status: again and again, until it is killed" watches
tap_check "culvertctl prints no escape sequences to a file" plain
tap_check "it does to a terminal, except in JSON" coloured
tap_check "culvertctl --watch=1 clears a terminal for each answer" clears
tap_check "SIGHUP has Culvert read its file again, and it goes on" goes_on_after_hangup
tap_check "a mode without the group keeps it out" mode_keeps_group_out
tap_check "that Culvert ends, too" ends
tap_check "systemd is told when it is ready, and when it stops" tells_systemd
cd /
tap_check "nothing is left behind" world_vanish
tap_end
