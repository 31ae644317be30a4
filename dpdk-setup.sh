#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The one door to Culvert: installs what it needs, builds, tests.
set -eu

TOP=$(cd "$(dirname "$0")" && pwd)
BUILD=$TOP/build
BUILD_SAN=$TOP/build-san
BUILD_FUZZ=$TOP/build-fuzz
BUILD_TSAN=$TOP/build-tsan

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libdpdk-dev libyaml-dev libssl-dev
	libcmocka-dev libevent-dev libjansson-dev python3"
TEST_PACKAGES="clang-format clang libclang-rt-14-dev iproute2 nftables ethtool iputils-ping
	tcpdump tshark user-mode-linux busybox-static kmod xl2tpd ppp charon-systemd
	strongswan-swanctl procps python3-yaml python3-jsonschema"

usage() {
	cat <<'EOF'
NAME
    dpdk-setup.sh - installs, builds, tests and shows Culvert

SYNOPSIS
    ./dpdk-setup.sh install         get what Culvert needs from Debian (root)
    ./dpdk-setup.sh build           compile into build/
    ./dpdk-setup.sh test [--quick]  all tests; --quick: build, unit tests, rules of the tree
    ./dpdk-setup.sh demo [--keep]   two clients behind two NATs exchange IPsec (root);
                                    --keep leaves it running and says how to look around
    ./dpdk-setup.sh bench [--json]  cycles a packet, set-ups a second, memory a session
    ./dpdk-setup.sh --help

DESCRIPTION
    Every command does by itself what is missing before it, asks for nothing,
    and can be given again at any time.

EXIT STATUS
    0  done
    1  something failed; the lines above say what
    2  wrong usage
EOF
}

say() {
	printf '== %s\n' "$*"
}

die() {
	printf 'dpdk-setup.sh: %s\n' "$*" >&2
	exit 1
}

# Those of the packages that are not installed.
missing() {
	local p
	for p in "$@"; do
		dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done
}

# Installs packages without a question and without starting the daemons in them.
install_packages() {
	local want policy=/usr/sbin/policy-rc.d made=
	want=$(missing "$@")
	[ -n "$want" ] || return 0
	[ "$(id -u)" = 0 ] || die "these packages are missing, and installing them needs root:" $want
	say "installing:" $want
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
		made=yes
	fi
	local rc=0
	{
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $want >/dev/null
	} || rc=$?
	[ -z "$made" ] || rm -f $policy
	[ $rc = 0 ] || die "apt-get failed with exit code $rc"
}

command_install() {
	install_packages $BUILD_PACKAGES $TEST_PACKAGES
	say "everything is installed"
}

# configure DIRECTORY [meson options]
configure() {
	local dir=$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		return
	fi
	say "configuring ${dir#$TOP/}"
	meson setup "$dir" "$TOP" "$@" >"$dir.log" 2>&1 || {
		cat "$dir.log"
		die "meson setup failed"
	}
	rm -f "$dir.log"
}

# compile DIRECTORY [TARGET...]
compile() {
	say "compiling ${1#$TOP/}"
	ninja -C "$1" --quiet "${@:2}"
}

command_build() {
	install_packages $BUILD_PACKAGES
	configure "$BUILD"
	compile "$BUILD"
}

# The sanitizers' build: what fails there is a bug, also where the result was right.
build_sanitized() {
	configure "$BUILD_SAN" -Db_sanitize=address,undefined -Doptimization=1 -Db_lundef=false
	compile "$BUILD_SAN"
}

# The fuzz targets: libFuzzer comes with clang.
build_fuzz() {
	CC=clang configure "$BUILD_FUZZ" -Dfuzz=true -Dtests=false \
		-Db_sanitize=address,undefined -Doptimization=1 -Db_lundef=false
	compile "$BUILD_FUZZ" fuzz
}

# What has threads, alone: a data race is a failure.
build_threads() {
	configure "$BUILD_TSAN" -Db_sanitize=thread -Doptimization=1 -Db_lundef=false
	compile "$BUILD_TSAN" threads
}

# run_suites DIRECTORY MESON-ARGUMENTS: failures are counted at the end.
run_suites() {
	local dir=$1
	shift
	meson test -C "$dir" --no-rebuild "$@" 2>&1 | grep -E '^ *[0-9]+/[0-9]+ ' || true
}

command_test() {
	local quick=
	case ${1-} in
	--quick) quick=yes ;;
	'') ;;
	*) usage_error "test: unknown option '$1'" ;;
	esac
	command_build
	rm -f {"$BUILD","$BUILD_SAN","$BUILD_FUZZ","$BUILD_TSAN"}/meson-logs/testlog-*.json
	if [ -n "$quick" ]; then
		run_suites "$BUILD" --suite unit --suite lint --logbase testlog-quick
		python3 "$TOP/tests/tools/count.py" "$BUILD"/meson-logs/testlog-*.json
		return
	fi
	install_packages $TEST_PACKAGES
	build_sanitized
	build_fuzz
	build_threads
	run_suites "$BUILD" --suite unit --suite lint --logbase testlog-plain
	run_suites "$BUILD_SAN" --suite unit --logbase testlog-san
	run_suites "$BUILD_SAN" --suite net --logbase testlog-net
	run_suites "$BUILD_FUZZ" --suite fuzz --logbase testlog-fuzz
	run_suites "$BUILD_TSAN" --suite threads --logbase testlog-threads
	python3 "$TOP/tests/tools/count.py" \
		{"$BUILD","$BUILD_SAN","$BUILD_FUZZ","$BUILD_TSAN"}/meson-logs/testlog-*.json
}

command_demo() {
	install_packages $BUILD_PACKAGES $TEST_PACKAGES
	command_build
	CULVERTD=$BUILD/app/culvertd/culvertd exec "$TOP/tests/net/demo.sh" "$@"
}

command_bench() {
	command_build >&2
	exec "$BUILD/tests/bench/bench" "$@"
}

usage_error() {
	printf 'dpdk-setup.sh: %s\n' "$*" >&2
	usage >&2
	exit 2
}

umask 022
cd "$TOP"
case ${1-} in
install | build | test | demo | bench)
	command=$1
	shift
	"command_$command" "$@"
	;;
--help | -h | help) usage ;;
'') usage_error "a command is needed" ;;
*) usage_error "unknown command '$1'" ;;
esac
