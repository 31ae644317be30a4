#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# root.sh - another Debian release as a place to build and test in. As root:
#
#   root.sh make SUITE FOLDER PACKAGE...   FOLDER/SUITE has these packages; it is made once, and anew
#                                          when the packages change
#   root.sh run SUITE FOLDER TREE BUILD COMMAND
#                                          runs shell text there: /culvert is TREE and can't be written,
#                                          /culvert/build is BUILD; nothing else of the machine is there
#
# Exit code 77: the release can't be had here; the last line says why. Mounts and processes are in
# namespaces of their own and go with this script, however it ends.
set -eu

CHILD=''

cannot() {
	printf '%s\n' "$*"
	exit 77
}

# Ends what this script runs, and with it the namespaces, and what is half done.
end() {
	trap '' HUP INT TERM
	[ -z "$CHILD" ] || kill -KILL "$CHILD" 2>/dev/null || true
	wait
	[ -z "${PART-}" ] || rm -rf --one-file-system "$PART" "$PART".*
}

# apart UNSHARE-WORDS COMMAND...: in namespaces that end with it; returns its exit code.
apart() {
	local rc=0
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --ipc --uts "$@" \
		</dev/null 9>&- &
	CHILD=$!
	wait $CHILD || rc=$?
	CHILD=''
	return $rc
}

# The mirrors that this machine's own release comes from.
mirrors() {
	local release
	release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	apt-get --print-uris update |
		awk -F "'" -v end="/dists/$release/" '{ at = index($2, end) } at > 0 { print substr($2, 1, at - 1) }' |
		sort -u
}

# is_made ROOT PACKAGES
is_made() {
	[ -d "$1" ] && [ "$(cat "$1.packages" 2>/dev/null)" = "$2" ]
}

make_root() {
	local suite=$1 folder=$2 packages mirror
	shift 2
	packages=$(printf '%s\n' "$@" | sort -u | paste -sd ,)
	[ "$(id -u)" = 0 ] || cannot "not root"
	for tool in mmdebstrap unshare setpriv apt-get; do
		command -v $tool >/dev/null || cannot "$tool is missing (./dpdk-setup.sh install gets it)"
	done
	mkdir -p "$folder"
	exec 9>"$folder/$suite.lock"
	flock -s 9
	! is_made "$folder/$suite" "$packages" || return 0
	flock 9 # another run may be making it
	! is_made "$folder/$suite" "$packages" || return 0
	[ "$(df --output=avail -m "$folder" | tail -1)" -ge "$NEEDS_MIB" ] ||
		cannot "less than $NEEDS_MIB MiB are free in $folder"
	mirror=$(mirrors)
	[ -n "$mirror" ] || cannot "apt has no source of this machine's own Debian release"
	echo "a root of Debian $suite is made in $folder, once: 600 MB"
	PART=$folder/$suite.part
	rm -rf --one-file-system "$PART" "$PART".*
	# Proxy and the like are the machine's own; they do not stay in the root.
	apt-config dump | grep -E '^Acquire::(http|https|ftp|Force|Retries|Check-Valid)' >"$PART.apt" || true
	# shellcheck disable=SC2016,SC2086 # expanded by mmdebstrap's shell; one mirror a word
	apart --mount-proc mmdebstrap --variant=minbase --include="$packages" --aptopt="$PART.apt" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
		--customize-hook='rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap"' \
		--customize-hook='mkdir "$1/culvert"' \
		"$suite" "$PART" $mirror >"$PART.log" 2>&1 || {
		tail -20 "$PART.log"
		cannot "no Debian $suite from here: $(grep -m1 ^E: "$PART.log" || tail -n 1 "$PART.log")"
	}
	rm -rf --one-file-system "${folder:?}/$suite"
	mv "$PART" "$folder/$suite"
	echo "$packages" >"$folder/$suite.packages"
	echo "the root of Debian $suite is made"
}

# The first process of a run, in the new namespaces: its arguments are run_in_root's.
# shellcheck disable=SC2016 # expanded in there
INSIDE='set -eu
root=$1 tree=$2 build=$3 text=$4
mount --make-rprivate /
mount --bind "$root" "$root" # a mount of its own, as pivot_root wants it
mount --bind "$tree" "$root/culvert"
mount -o remount,bind,ro "$root/culvert"
mount --bind "$build" "$root/culvert/build"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/net" "$root/dev/shm"
for node in null zero full random urandom net/tun; do
	[ -c "/dev/$node" ] || continue
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
mount -o remount,bind,ro "$root"
cd "$root"
pivot_root . .
umount -l .
cd /culvert
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 bash -euc "$text"'

run_in_root() {
	local suite=$1 folder=$2 tree=$3 build=$4 text=$5
	exec 9>"$folder/$suite.lock"
	flock -s 9 # nobody replaces it meanwhile
	[ -d "$folder/$suite" ] || cannot "there is no root of Debian $suite"
	apart --net bash -c "$INSIDE" inside "$folder/$suite" "$tree" "$build" "$text"
}

NEEDS_MIB=3000 # of the disk: the root, the packages that it is made of, a build
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
command=$1
shift
case $command in
make) make_root "$@" ;;
run) run_in_root "$@" ;;
*) exit 2 ;;
esac
