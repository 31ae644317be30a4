# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# ipsec.sh - strongSwan in a guest, with the guest's kernel's ESP and AH. Its log is
# RUN/guest-NAME/charon.log. Needs guest.sh.

# Shell text before every swanctl in a guest.
IPSEC_ENV='export STRONGSWAN_CONF=/run/strongswan/strongswan.conf SWANCTL_DIR=/run/strongswan'

# ipsec_charon GUEST [OPTION...]: charon anew, without a connection; options are lines of its section.
# What is in RUN/guest-NAME/strongswan.d counts more.
ipsec_charon() {
	local guest=$1
	shift
	ipsec_stop "$guest" || return 1
	guest_run "$guest" "
mkdir -p /run/strongswan
cat >/run/strongswan/strongswan.conf <<X
charon {
	load = random nonce aes sha1 sha2 hmac pem pkcs1 pkcs8 x509 constraints pubkey gmp kdf drbg kernel-netlink socket-default vici updown
	retransmit_timeout = ${IPSEC_RETRANSMIT_S:-4}
	retransmit_tries = ${IPSEC_RETRANSMITS:-5}
$(printf '\t%s\n' "$@")
	filelog {
		log {
			path = /tmp/box/charon.log
			default = 1
			flush_line = yes
		}
	}
}
swanctl {
	load = random nonce sha1 sha2 pem pkcs1 pkcs8 x509 pubkey gmp
}
include /tmp/box/strongswan.d/*.conf
X
$IPSEC_ENV
charon-systemd >/tmp/box/charon.out 2>&1 &
for wait in \$(seq 200); do
	swanctl --stats >/dev/null 2>&1 && exit 0
	sleep 0.1
done
exit 1"
}

# ipsec_start GUEST local=ADDRESS remote=ADDRESS peer=GUEST [kind=esp|ah] [mode=tunnel|transport]
#             [encap=no|yes] [mobike=no|yes] [inner=ADDRESS peer-inner=ADDRESS]
# Starts charon anew with one connection, "peer", and one child, "net", without initiating it. Tunnel
# mode is between the inner addresses, which the guest gets on lo. encap=yes: ESP in UDP 4500.
ipsec_start() {
	local guest=$1 local='' remote='' peer='' kind=esp mode=tunnel encap=no mobike=no inner='' peer_inner=''
	local word suite selectors=''
	shift
	for word in "$@"; do
		case $word in
		local=* | remote=* | peer=* | kind=* | mode=* | encap=* | mobike=* | inner=*) local "${word?}" ;;
		peer-inner=*) peer_inner=${word#*=} ;;
		*)
			echo "ipsec_start: unknown $word"
			return 2
			;;
		esac
	done
	case $kind in
	esp) suite='esp_proposals = aes128-sha256' ;;
	ah) suite='ah_proposals = sha256' ;;
	*) return 2 ;;
	esac
	[ "$mode" = transport ] || selectors="
			local_ts = $inner/32
			remote_ts = $peer_inner/32"
	ipsec_charon "$guest" && guest_run "$guest" "
cat >/run/strongswan/swanctl.conf <<X
connections {
	peer {
		version = 2
		local_addrs = $local
		remote_addrs = $remote
		proposals = aes128-sha256-modp2048
		mobike = $mobike
		encap = $encap
		local {
			auth = psk
			id = $guest.example
		}
		remote {
			auth = psk
			id = $peer.example
		}
		children {
			net {
				$suite
				mode = $mode$selectors
			}
		}
	}
}
secrets {
	ike {
		secret = a-key-that-both-ends-share
	}
}
X
${inner:+ip addr replace $inner/32 dev lo}
$IPSEC_ENV
swanctl --load-all --file /run/strongswan/swanctl.conf"
}

# ipsec_both GUEST GUEST INNER INNER [kind=...] [mode=...] [encap=...]: strongSwan on two clients of the relay,
# between the addresses that they have there; inside tunnel mode they have those that are said.
ipsec_both() {
	local one=$1 two=$2 from=$3 to=$4 a b
	shift 4
	a=$(client_address "$one") b=$(client_address "$two")
	ipsec_start "$one" peer="$two" local="$a" remote="$b" inner="$from" peer-inner="$to" "$@" &&
		ipsec_start "$two" peer="$one" local="$b" remote="$a" inner="$to" peer-inner="$from" "$@"
}

# ipsec_between GUEST GUEST [kind=...] [mode=...] [encap=...]: the same, IKE from the first, and three pings.
ipsec_between() {
	local one=$1 two=$2 from to
	shift 2
	from=$(ipsec_inner "$one") to=$(ipsec_inner "$two")
	ipsec_both "$one" "$two" "$from" "$to" "$@" && ipsec_initiate "$one" || return 1
	[ "${*/mode=transport/}" = "$*" ] || from=$(client_address "$one") to=$(client_address "$two")
	guest_run "$one" "ping -c 3 -i 0.2 -W 5 -s 1200 -I $from $to"
}

# ipsec_inner GUEST: its address inside tunnel mode: 172.31.65.1 for A, and so on.
ipsec_inner() {
	printf '172.31.%d.1\n' "'$1"
}

# ipsec_initiate GUEST [SECONDS]: IKE with the peer, until the child is there.
ipsec_initiate() {
	guest_run "$1" "$IPSEC_ENV
timeout ${2:-60} swanctl --initiate --child net"
}

# ipsec_stop GUEST: ends charon, which deletes its SAs.
ipsec_stop() {
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run "$1" '
pkill charon-systemd
for wait in $(seq 100); do
	pgrep charon-systemd >/dev/null || exit 0
	sleep 0.1
done
exit 1'
}
