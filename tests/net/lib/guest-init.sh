#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# guest-init.sh - the first process of a User-Mode Linux guest (see guest.sh).
#
# The kernel hands the words NAME=value of its command line on as environment:
#   GUEST_BOX      the host's directory that is the guest's mailbox, here /tmp/box
#   GUEST_NAME  GUEST_ADDRESS (with /prefix, for vec0)  GUEST_GATEWAY
# The root is the host's own, read-only, so what is installed there is installed here.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C

mount -t proc proc /proc
mount -t sysfs sysfs /sys
for writable in /run /tmp /etc/ppp /etc/xl2tpd; do
	mount -t tmpfs tmpfs "$writable"
done
mkdir /tmp/box /dev/pts /run/xl2tpd 2>/dev/null
mount -t devpts devpts /dev/pts
mount -t hostfs -o "$GUEST_BOX" hostfs /tmp/box

# The host has no /lib/modules for this kernel, so modprobe gets a root of its own, also when
# it is the kernel that asks for a module (as XFRM does for its algorithms).
mkdir -p /run/modules/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" /run/modules/lib/modules/
cat >/run/modprobe <<'SH'
#!/bin/sh
exec /usr/sbin/modprobe -d /run/modules "$@"
SH
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
# ansi_cprng before echainiv: that takes the first generator that is there, and the other one, drbg,
# asks for jitterentropy, whose self-test of the clock now and then fails in a guest.
/run/modprobe -a l2tp_ppp ppp_async ppp_synctty xfrm_user esp4 ah4 authenc cbc hmac ansi_cprng
/run/modprobe -a echainiv

# The kernel looks for an algorithm when the first SA asks for it, and now and then says that there
# is none (ENOSYS) while it still makes it. So SAs of no use ask first, until both are had.
key=0x000102030405060708090a0b0c0d0e0f
sa() { # PROTO SPI ALGORITHMS...
	local proto=$1 spi=$2
	shift 2
	ip xfrm state add src 192.0.2.250 dst 192.0.2.251 proto "$proto" spi "$spi" mode tunnel "$@" \
		auth-trunc 'hmac(sha256)' "$key${key#0x}" 128 2>/dev/null
}
for try in $(seq 50); do
	sa ah 0x100 && sa esp 0x101 enc 'cbc(aes)' $key && break
	ip xfrm state flush
	sleep 0.1
done
echo "algorithms: try $try"
ip xfrm state flush

hostname "$GUEST_NAME"
ip link set lo up
ethtool -K vec0 tx off >/dev/null 2>&1 # finished checksums on the wire
ip addr add "$GUEST_ADDRESS" dev vec0
ip link set vec0 up
ip route add default via "$GUEST_GATEWAY"

# The mailbox: N.cmd comes, N.out and then N.rc (the exit code) go. To wait without starting a
# process each time, read from a pipe that nobody writes to.
mkfifo /run/never
exec 9<>/run/never
touch /tmp/box/ready
n=1
while [ ! -e /tmp/box/halt ]; do
	if [ -e /tmp/box/$n.cmd ]; then
		bash /tmp/box/$n.cmd >/tmp/box/$n.out 2>&1 </dev/null 9<&-
		echo $? >/tmp/box/$n.rc.new
		mv /tmp/box/$n.rc.new /tmp/box/$n.rc
		n=$((n + 1))
	else
		read -r -t 0.03 -u 9
	fi
done
busybox poweroff -f
