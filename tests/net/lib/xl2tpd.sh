# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# xl2tpd.sh - another LNS: Debian's xl2tpd and pppd in a guest, whose kernel carries the data. Needs guest.sh.

# xl2tpd_serve GUEST SECRET USER PASSWORD: a pool of 240 addresses, the LNS's own is 10.99.0.1. USER may be *.
xl2tpd_serve() {
	guest_run "$1" "cat >/etc/xl2tpd/xl2tpd.conf <<X
[global]
port = 1701
access control = no
[lns default]
ip range = 10.99.0.10-10.99.0.249
local ip = 10.99.0.1
challenge = yes
hostname = gateway
length bit = yes
require authentication = yes
require chap = yes
refuse pap = yes
pppoptfile = /etc/ppp/options.lns
X
echo '* * $2' >/etc/xl2tpd/l2tp-secrets
printf '%s\n' 'name gateway' require-mschap-v2 noccp novj 'mtu 1400' 'mru 1400' debug \
	'logfile /tmp/box/pppd.log' >/etc/ppp/options.lns
echo '$3 * \"$4\" *' >/etc/ppp/chap-secrets
chmod 600 /etc/ppp/chap-secrets /etc/xl2tpd/l2tp-secrets
rm -f /run/xl2tpd.pid
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >>/tmp/box/xl2tpd.log 2>&1 &"
}
