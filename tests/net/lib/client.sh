# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# client.sh - an L2TP client in a guest: Debian's xl2tpd and pppd, configured as a user would.
# Their logs are RUN/guest-NAME/xl2tpd.log and pppd.log. Needs guest.sh.

# client_dial GUEST user=U password=P secret=S [method=chap-md5|pap|mschapv2]
#             [mode=kernel|userspace] [challenge=yes|no] [redial=no|yes] [mtu=1400] [lns=192.0.2.1]
#             [echo=5]
# Hangs up what it had, starts to dial and does not wait. In mode=kernel the guest's kernel handles
# data, without a Length field; in userspace xl2tpd does, with one, and pppd asks for PFC and ACFC.
# challenge=no: the client does not ask the LNS to prove that it knows the tunnel secret.
# echo: seconds between its LCP echoes, 0: none.
# redial=yes: it notices a dead LNS within some seconds, and dials until it is served again.
client_dial() {
	local guest=$1 user='' password='' secret='' method=chap-md5 mode=kernel challenge=yes
	local redial=no mtu=1400 lns=192.0.2.1 word userspace=no retries=5 echo=5
	shift
	for word in "$@"; do
		case $word in
		user=* | password=* | secret=* | method=* | mode=* | challenge=* | redial=* | mtu=* | lns=* | echo=*)
			local "${word?}"
			;;
		*)
			echo "client_dial: unknown $word"
			return 2
			;;
		esac
	done
	[ "$mode" = kernel ] || userspace=yes
	[ "$redial" = no ] || retries=2 echo=2
	client_hang_up "$guest" || return 1
	# xl2tpd takes everything in its secrets file literally, quotes too.
	guest_run "$guest" "
rm -f /tmp/box/address /tmp/box/xl2tpd.log /tmp/box/pppd.log
cat >/etc/xl2tpd/xl2tpd.conf <<X
[global]
port = 1701
access control = no
force userspace = $userspace
max retries = $retries
[lac lns]
lns = $lns
hostname = client-$guest
challenge = $challenge
length bit = yes
autodial = yes
redial = $redial
redial timeout = 1
max redials = 1000
ppp debug = yes
pppoptfile = /etc/ppp/options.lns
X
echo '* * $secret' >/etc/xl2tpd/l2tp-secrets
cat >/etc/ppp/options.lns <<X
$(client_ppp_options "$user" "$method" "$mtu" "$echo")
X
tee /etc/ppp/chap-secrets >/etc/ppp/pap-secrets <<X
\"$user\" * \"$password\" *
X
cat >/etc/ppp/ip-up <<X
#!/bin/sh
/usr/sbin/ip route replace 10.88.0.0/16 dev \\\$1
echo \\\$4 >/tmp/box/address.new
mv /tmp/box/address.new /tmp/box/address
X
printf '#!/bin/sh\nrm -f /tmp/box/address\n' >/etc/ppp/ip-down
chmod 755 /etc/ppp/ip-up /etc/ppp/ip-down
chmod 600 /etc/ppp/*-secrets /etc/xl2tpd/l2tp-secrets
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >/tmp/box/xl2tpd.log 2>&1 &"
}

# client_ppp_options USER METHOD MTU ECHO_S: pppd's option file, with every other method refused.
client_ppp_options() {
	local refuse
	case $2 in
	pap) refuse='refuse-chap refuse-mschap refuse-mschap-v2' ;;
	chap-md5) refuse='refuse-pap refuse-mschap refuse-mschap-v2' ;;
	mschapv2) refuse='refuse-pap refuse-chap refuse-mschap' ;;
	*) refuse="no-such-method-$2" ;;
	esac
	# shellcheck disable=SC2086 # several options
	printf '%s\n' "name $1" noauth refuse-eap $refuse noipdefault ipcp-accept-local \
		ipcp-accept-remote nodefaultroute noccp novj "mtu $3" "mru $3" \
		"lcp-echo-interval $4" 'lcp-echo-failure 6' debug 'unit 0' 'logfile /tmp/box/pppd.log'
}

# client_wait GUEST [SECONDS]: until it has an address.
client_wait() {
	world_until "${2:-60}" test -e "$RUN/guest-$1/address"
}

# client_address GUEST: the address that it got.
client_address() {
	cat "$RUN/guest-$1/address"
}

# client_says GUEST LOG PATTERN [SECONDS]: waits for a line in xl2tpd.log or pppd.log, prints it.
client_says() {
	world_until "${4:-60}" grep -E "$3" "$RUN/guest-$1/$2" && grep -E "$3" "$RUN/guest-$1/$2"
}

# client_hang_up GUEST...: ends xl2tpd on all of them at once, which ends its tunnel and pppd. That
# one goes on asking for seconds whether it may, though its tunnel is gone: it is not waited for.
client_hang_up() {
	local guest job jobs=() rc=0
	for guest; do
		# shellcheck disable=SC2016 # expanded in the guest
		guest_run "$guest" '
pkill xl2tpd
for wait in $(seq 200); do
	pgrep xl2tpd >/dev/null || break
	sleep 0.1
done
pgrep xl2tpd && exit 1
pkill -KILL pppd
for wait in $(seq 200); do
	pgrep pppd >/dev/null || exit 0
	sleep 0.1
done
exit 1' &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || rc=1
	done
	return $rc
}
