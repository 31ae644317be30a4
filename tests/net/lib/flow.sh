# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# flow.sh - a TCP connection and a UDP flow between two guests, and for how long nothing came back. The file
# RUN/guest-A/flow is flow.py's; /run/flow.pid is there in A. Needs guest.sh.

# flow_start GUEST: from A to that one, by IPsec between their inner addresses 172.31.1.1 and 172.31.2.1.
flow_start() {
	local program
	program=$(readlink -f "$GUEST_LIB/../flow.py")
	guest_run "$1" "pgrep -f flow.py || python3 $program serve 172.31.2.1 >/tmp/box/flow.log 2>&1 &" &&
		guest_run A "rm -f /tmp/box/flow
python3 $program run 172.31.1.1 172.31.2.1 /tmp/box/flow >/tmp/box/flow.log 2>&1 &
echo \$! >/run/flow.pid" && world_until 30 flow_came 20
}

# flow_came N: so many of both ways came back in all.
flow_came() {
	local udp tcp dark
	read -r udp dark tcp dark <"$RUN/guest-A/flow" && [ "$udp" -ge "$1" ] && [ "$tcp" -ge "$1" ]
} 2>/dev/null

# flow_lit [SECONDS]: both go on: 20 more messages of each came back.
flow_lit() {
	local udp tcp dark
	read -r udp dark tcp dark <"$RUN/guest-A/flow" 2>/dev/null || return 1
	world_until "${1:-60}" flow_came $(((udp > tcp ? udp : tcp) + 20))
}

# flow_watch: darkness is counted from now on.
flow_watch() {
	rm -f "$RUN/guest-A/flow"
	world_until 10 test -e "$RUN/guest-A/flow"
}

# flow_dark: DARK and DARK_TCP are the longest darknesses since, in ms.
flow_dark() {
	# shellcheck disable=SC2034 # the caller's
	read -r _ DARK _ DARK_TCP <"$RUN/guest-A/flow"
}
