# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# capture.sh - what is on the wire: tcpdump in a namespace, tshark over what it saw.
# Needs world.sh. The files are RUN/TAG.pcap. To see what Culvert sends, listen on the other end of
# its cable (wan to-lns): DPDK's packet socket sends past what listens on its own end.

# The NAT moves the clients' ports, so tshark must be told that UDP 1701 on one end is L2TP; and
# it compares checksums only when asked to.
CAPTURE_TSHARK=(-d 'udp.port==1701,l2tp' -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE)

# capture_start NAMESPACE INTERFACE TAG: until tcpdump listens.
capture_start() {
	world_spawn "$1" "$3" \
		tcpdump -i "$2" -n -s 0 -B 32768 --immediate-mode -U -w "$RUN/$3.pcap" &&
		world_until 10 grep -q 'listening on' "$RUN/$3.log"
}

# capture_stop TAG: once tcpdump has written what it was given; fails if a packet is missing.
capture_stop() {
	world_until 20 capture_is_written "$1" || echo "tcpdump is behind"
	world_stop "$1"
	tail -3 "$RUN/$1.log"
	grep -q '^0 packets dropped by kernel' "$RUN/$1.log"
}

# On SIGUSR1 tcpdump says "N packets captured, M packets received by filter, ...".
capture_is_written() {
	local log=$RUN/$1.log before
	before=$(wc -l <"$log")
	kill -USR1 "$(cat "$RUN/$1.pid")"
	world_until 5 capture_answered "$log" "$before" && tail -1 "$log" | awk '{ exit $2 != $5 }'
}

capture_answered() {
	[ "$(wc -l <"$1")" -gt "$2" ]
}

# capture_find TAG FILTER: a line for each packet that matches tshark's display filter. There,
# ip.src#1 is the outer source.
capture_find() {
	tshark -n -r "$RUN/$1.pcap" "${CAPTURE_TSHARK[@]}" -Y "$2" 2>/dev/null
}

# capture_sound TAG ADDRESS: ADDRESS sent something, and nothing that tshark calls malformed or
# that has a wrong checksum, inside or outside.
capture_sound() {
	local bad
	[ -n "$(capture_find "$1" "ip.src#1 == $2 && l2tp" | head -1)" ] || {
		echo "$2 sent no L2TP"
		return 1
	}
	bad=$(capture_find "$1" "ip.src#1 == $2 &&
		(_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0)")
	[ -z "$bad" ] || {
		printf '%s\n' "$bad"
		return 1
	}
}
