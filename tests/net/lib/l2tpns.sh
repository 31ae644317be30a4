# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# l2tpns.sh - another LNS: Debian's l2tpns in the namespace lns, at the address that Culvert has there
# otherwise, with FreeRADIUS, which alone knows its users. Needs world.sh. Its directory is RUN/l2tpns, its
# log RUN/l2tpns/log, that of FreeRADIUS RUN/radius.log.

L2TPNS_ADDRESS=192.0.2.1
L2TPNS_INSIDE=10.88.0.1 # what it calls itself in its sessions, whose pool is 10.88.1.0/24 unless said otherwise

# l2tpns_missing: why it cannot run here, in words; nothing if it can.
l2tpns_missing() {
	local tool
	for tool in l2tpns freeradius setsid unshare; do
		command -v "$tool" >/dev/null || {
			echo "$tool is missing (./dpdk-setup.sh install gets it where Debian has it: Debian 12)"
			return
		}
	done
	[ -c /dev/net/tun ] || echo "no /dev/net/tun"
}

# l2tpns_configure secret=SECRET [auth=chap] [pool=10.88.1.0/24] [debug=3] USER:PASSWORD[:ADDRESS[:BEHIND]]...: a
# user's own address, and a network behind it.
l2tpns_configure() {
	local secret='' auth=chap pool=10.88.1.0/24 debug=3 word user password address behind
	mkdir -p "$RUN/l2tpns/etc" "$RUN/l2tpns/raddb" && : >"$RUN/l2tpns/raddb/users" || return 1
	for word in "$@"; do
		case $word in
		secret=* | auth=* | pool=* | debug=*) local "${word?}" ;;
		*)
			IFS=: read -r user password address behind <<<"$word"
			printf '%s Cleartext-Password := "%s"\n\tService-Type = Framed-User, Framed-Protocol = PPP%s%s\n' \
				"$user" "$password" "${address:+, Framed-IP-Address = $address}" \
				"${behind:+, Framed-Route = \"$behind $address 1\"}" >>"$RUN/l2tpns/raddb/users"
			;;
		esac
	done
	echo "$pool" >"$RUN/l2tpns/etc/ip_pool" && : >"$RUN/l2tpns/etc/users" &&
		cat >"$RUN/l2tpns/etc/startup-config" <<X && l2tpns_radius
set debug $debug
set log_file "$RUN/l2tpns/log"
set pid_file "$RUN/l2tpns/pid"
set hostname "l2tpns"
set l2tp_secret "$secret"
set bind_address $L2TPNS_ADDRESS
set peer_address $L2TPNS_INSIDE
set primary_radius 127.0.0.1
set primary_radius_port 1812
set radius_secret "radiussecret"
set radius_authtypes "$auth"
set cluster_interface lns0
set cluster_hb_interval 1
set cluster_hb_timeout 10
set cli_bind_address 127.0.0.1
X
}

# FreeRADIUS with a file of users, and nothing else that it could do.
l2tpns_radius() {
	local dir=$RUN/l2tpns
	# shellcheck disable=SC2016 # FreeRADIUS's own variable
	echo '$INCLUDE /usr/share/freeradius/dictionary' >"$dir/raddb/dictionary" &&
		cat >"$dir/raddb/radiusd.conf" <<X
raddbdir = $dir/raddb
run_dir = $dir
libdir = /usr/lib/freeradius
log { destination = stdout }
security { reject_delay = 0 }
max_requests = 65536
client l2tpns { ipaddr = 127.0.0.1
	secret = radiussecret
	require_message_authenticator = no }
modules {
	chap { }
	pap { }
	always ok { rcode = ok }
	files { usersfile = $dir/raddb/users }
}
server default {
	listen { type = auth
		ipaddr = 127.0.0.1
		port = 1812 }
	listen { type = acct
		ipaddr = 127.0.0.1
		port = 1813 }
	authorize {
		files
		chap
		pap
	}
	authenticate {
		Auth-Type CHAP {
			chap
		}
		Auth-Type PAP {
			pap
		}
	}
	accounting {
		ok
	}
}
X
}

# l2tpns_start: until it serves. Its directory is compiled in, so it sees ours there. At its end it signals
# its whole process group, which therefore is its own. It sends heartbeats to its cluster by multicast.
l2tpns_start() {
	ip -n "$WORLD_PREFIX-lns" address add "$L2TPNS_ADDRESS/24" dev lns0 &&
		ip -n "$WORLD_PREFIX-lns" address add "$L2TPNS_INSIDE/32" dev lo &&
		ip -n "$WORLD_PREFIX-lns" route add 224.0.0.0/4 dev lns0 &&
		world_in lns sysctl -qw net.ipv4.ip_forward=1 &&
		world_spawn lns radius freeradius -f -d "$RUN/l2tpns/raddb" -l stdout -x &&
		world_until 20 grep -q 'Ready to process requests' "$RUN/radius.log" &&
		# shellcheck disable=SC2016 # expanded by the inner shell
		world_spawn lns l2tpns-out unshare -m sh -c \
			'mount --bind "$0" /etc/l2tpns && exec setsid -w l2tpns' "$RUN/l2tpns/etc" &&
		world_until 30 l2tpns_serves
}

# It is its own master only after a time without other heartbeats.
l2tpns_serves() {
	world_in lns ss -Hlnu "sport = :1701" | grep -q "$L2TPNS_ADDRESS" &&
		world_in lns ip link show tun0
}

# l2tpns_said PATTERN [SECONDS]: waits for a line in its log and prints it.
l2tpns_said() {
	world_until "${2:-20}" grep -E "$1" "$RUN/l2tpns/log" && grep -E "$1" "$RUN/l2tpns/log"
}
