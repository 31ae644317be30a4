#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The one door to Culvert: installs what it needs, builds, tests, prepares the machine.
set -eu

TOP=$(cd "$(dirname "$0")" && pwd)
BUILD=$TOP/build
BUILD_SAN=$TOP/build-san
BUILD_FUZZ=$TOP/build-fuzz
BUILD_TSAN=$TOP/build-tsan
BUILD_OTHER=$TOP/build-other

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libdpdk-dev libyaml-dev libssl-dev
	libc-ares-dev libcmocka-dev libevent-dev libjansson-dev libmnl-dev python3"
TEST_PACKAGES="clang-format clang libclang-rt-dev iproute2 nftables conntrack coturn ethtool iputils-ping
	tcpdump tshark iperf3 user-mode-linux busybox-static kmod xl2tpd ppp charon-systemd
	strongswan-swanctl openssl dhcpcd-base wide-dhcpv6-client procps python3-yaml python3-jsonschema
	python3-scapy scdoc man-db frr"
# LNSs by others, which Debian 13 has no longer
OTHER_LNS="l2tpns freeradius"
ROOT_TOOLS="mmdebstrap"
OTHER_PACKAGES="$BUILD_PACKAGES procps python3-yaml python3-jsonschema scdoc man-db"

usage() {
	cat <<'EOF'
NAME
    dpdk-setup.sh - installs, builds, tests and shows Culvert

SYNOPSIS
    ./dpdk-setup.sh install         get what Culvert needs from Debian (root)
    ./dpdk-setup.sh build           compile into build/
    ./dpdk-setup.sh test [--quick | --other]
                                    all tests; --quick: build, unit tests, rules of the tree;
                                    --other: only build and unit tests on the other Debian, in a
                                    root that is made once in ~/.cache/culvert (600 MB)
    ./dpdk-setup.sh demo [SCENE] [--keep] | demo --help
                                    two clients behind two NATs exchange IPsec (root); scene-1:
                                    gateways in realms of their own (config/SCENE-1.md); scene-2:
                                    a gateway that knows nothing of L2TP (config/SCENE-2.md);
                                    scene-3: any two of four clients (config/SCENE-3.md);
                                    two-lns: two that route to each other (config/TWO-LNS.md);
                                    nat: culvert-client finds the way at three sites, and a NAT
                                    reboots under a transfer (config/REBINDING.md);
                                    --keep leaves it running and says how to look around
    ./dpdk-setup.sh bench [--quick] [--json] [--help]
                                    cycles a packet, set-ups a second, memory a session; as root
                                    with hugepages, which are given back at the end
    ./dpdk-setup.sh bench --against l2tpns [--json] | bench --against --help
                                    calls and packets a second beside another LNS (root)
    ./dpdk-setup.sh throughput [OPTIONS] -- culvert-load ... | compare A B | machine | --help
                                    the rates that a server relays, searched as RFC 9971 says, with
                                    culvert-load or TRex (tests/throughput/README.md)
    ./dpdk-setup.sh hugepages [N]   set N hugepages of 2 MiB aside (default 512: 1 GiB) (root)
    ./dpdk-setup.sh bind PCI        give a network port to DPDK (vfio-pci) (root)
    ./dpdk-setup.sh unbind PCI      give it back to the kernel's driver (root)
    ./dpdk-setup.sh doctor [FILE]   what this machine has and lacks for culvertd, and for the
                                    configuration FILE; exit code 0: culvertd could start
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

# Those of the packages that this Debian has.
known() {
	local p
	ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || [ "$(id -u)" != 0 ] || apt-get update -qq >&2 || true
	for p in "$@"; do
		apt-cache policy "$p" 2>/dev/null | grep -E '^ +Candidate: [0-9]' >/dev/null && echo "$p"
	done
}

# What only tests need.
install_test_packages() {
	local others
	others=$(missing $OTHER_LNS)
	[ -z "$others" ] || others=$(known $others) || true
	install_packages $BUILD_PACKAGES $TEST_PACKAGES $others "$@"
}

command_install() {
	[ $# = 0 ] || usage_error "install: unexpected '$1'"
	install_test_packages $ROOT_TOOLS
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
	[ $# = 0 ] || usage_error "build: unexpected '$1'"
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

PATIENCE="--timeout-multiplier 4" # meson's time is the wall's, and a machine may have other work

# run_suites DIRECTORY MESON-ARGUMENTS: failures are counted at the end.
run_suites() {
	local dir=$1
	shift
	meson test $PATIENCE -C "$dir" --no-rebuild "$@" 2>&1 | grep -E '^ *[0-9]+/[0-9]+ ' || true
}

# ---- the other Debian release: another DPDK, another compiler ----

OTHER=trixie OTHER_NAME="Debian 13" OTHER_MAKER=
if [ "$(. /etc/os-release && echo "${VERSION_CODENAME-}")" = trixie ]; then
	OTHER=bookworm OTHER_NAME="Debian 12"
fi
ROOTS=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/culvert
OTHER_LOG=$BUILD_OTHER/meson-logs/testlog-other.json

# other_root COMMAND WORDS...: tests/debian/root.sh, which ends when this script does.
other_root() {
	setpriv --pdeathsig TERM "$TOP/tests/debian/root.sh" "$1" "$OTHER" "$ROOTS" "${@:2}"
}

# Begins to make the root, while other things are built: most of it is waiting for the network.
start_other() {
	(install_packages $ROOT_TOOLS) || true # without them it is skipped
	mkdir -p "$BUILD" "$BUILD_OTHER/meson-logs"
	rm -f "$OTHER_LOG"
	trap stop_other EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	other_root make $OTHER_PACKAGES >"$BUILD_OTHER/root.log" 2>&1 &
	OTHER_MAKER=$!
}

stop_other() {
	[ -z "$OTHER_MAKER" ] || kill "$OTHER_MAKER" 2>/dev/null || true
	wait
}

# other_result OK|SKIP|FAIL TEXT < OUTPUT: for the count.
other_result() {
	python3 -c 'import json, sys
print(json.dumps({"name": sys.argv[1], "result": sys.argv[2], "stdout": sys.stdin.read() + sys.argv[3] + "\n"}))' \
		"$OTHER_NAME" "$@" >>"$OTHER_LOG"
}

run_other() {
	local rc=0 log=$BUILD_OTHER/root.log waited=0
	while kill -0 "$OTHER_MAKER" 2>/dev/null; do
		[ $((waited % 20)) != 0 ] || say "waiting for a root of $OTHER_NAME ($waited s)"
		sleep 1
		waited=$((waited + 1))
	done
	wait "$OTHER_MAKER" || rc=$?
	OTHER_MAKER=
	if [ $rc = 77 ]; then
		say "$OTHER_NAME is skipped: $(tail -1 "$log")"
		other_result SKIP "ok - build and unit tests # SKIP $(tail -1 "$log")" </dev/null
		return
	elif [ $rc != 0 ]; then
		other_result FAIL "not ok - a root is made" <"$log"
		return
	fi
	# another root is another compiler, of which ninja knows nothing
	[ "$BUILD_OTHER/build.ninja" -nt "$ROOTS/$OTHER.packages" ] ||
		find "$BUILD_OTHER" -mindepth 1 -maxdepth 1 ! -name meson-logs ! -name root.log -exec rm -rf {} +
	say "compiling ${BUILD_OTHER#$TOP/} on $OTHER_NAME"
	other_root run "$TOP" "$BUILD_OTHER" "
		[ -f build/build.ninja ] || meson setup build
		ninja -C build --quiet" >"$log" 2>&1 || {
		tail -20 "$log"
		other_result FAIL "not ok - it is built" <"$log"
		return
	}
	other_root run "$TOP" "$BUILD_OTHER" \
		"meson test $PATIENCE -C build --no-rebuild --suite unit --logbase testlog-other" 2>&1 |
		grep -E '^ *[0-9]+/[0-9]+ ' || true
	[ -s "$OTHER_LOG" ] || other_result FAIL "not ok - the tests are run" <"$log"
}

command_test() {
	local how=${1-}
	case $how in
	--quick | --other | '') ;;
	*) usage_error "test: unknown option '$1'" ;;
	esac
	if [ "$how" = --other ]; then
		start_other
		run_other
		python3 "$TOP/tests/tools/count.py" "$OTHER_LOG"
		return
	fi
	command_build
	rm -f {"$BUILD","$BUILD_SAN","$BUILD_FUZZ","$BUILD_TSAN"}/meson-logs/testlog-*.json
	if [ "$how" = --quick ]; then
		run_suites "$BUILD" --suite unit --suite lint --logbase testlog-quick
		python3 "$TOP/tests/tools/count.py" "$BUILD"/meson-logs/testlog-*.json
		return
	fi
	install_test_packages
	start_other
	build_sanitized
	build_fuzz
	build_threads
	run_other
	run_suites "$BUILD" --suite unit --suite lint --logbase testlog-plain
	run_suites "$BUILD_SAN" --suite unit --logbase testlog-san
	# they wait for one another and for timers most of the time
	run_suites "$BUILD_SAN" --suite net --logbase testlog-net --num-processes "$(($(nproc) + 1))"
	run_suites "$BUILD_FUZZ" --suite fuzz --logbase testlog-fuzz
	run_suites "$BUILD_TSAN" --suite threads --logbase testlog-threads
	python3 "$TOP/tests/tools/count.py" "$OTHER_LOG" \
		{"$BUILD","$BUILD_SAN","$BUILD_FUZZ","$BUILD_TSAN"}/meson-logs/testlog-*.json
}

command_demo() {
	case ${1-} in
	--help | -h) exec "$TOP/tests/net/demo.sh" --help ;;
	--run | --end) ;;
	*) "$TOP/tests/net/demo.sh" --knows "$@" || exit ;;
	esac
	install_test_packages
	command_build
	CULVERTD=$BUILD/app/culvertd/culvertd exec "$TOP/tests/net/demo.sh" "$@"
}

BENCH_PAGES=96 # what it takes for buffers and rings: tests/bench/machine.c

# Hugepages for as long as it runs, where there are too few and they can be had.
command_bench() {
	local had free
	if [ "${1-}" = --against ]; then
		shift
		[ "${1-}" != l2tpns ] || install_test_packages >&2
		command_build >&2
		exec "$TOP/tests/bench/against.sh" "$@"
	fi
	command_build >&2
	had=$(read_file "$SYSFS/$PAGES/nr_hugepages") free=$(read_file "$SYSFS/$PAGES/free_hugepages")
	if [ -n "$had" ] && [ "${free:-0}" -lt $BENCH_PAGES ] && [ -w "$SYSFS/$PAGES/nr_hugepages" ]; then
		trap 'echo '"$had"' >"$SYSFS/$PAGES/nr_hugepages"' EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
		echo $((had + BENCH_PAGES - free)) >"$SYSFS/$PAGES/nr_hugepages"
	fi
	"$BUILD/tests/bench/bench" "$@"
}

# Its files are named from where it is called.
command_throughput() {
	cd "$CALLER"
	exec python3 "$TOP/tests/throughput/throughput.py" "$@"
}

# ---- the machine ----

# What the kernel says of itself; a test puts a made-up one here.
SYSFS=${CULVERT_SYSFS:-/sys}
PROCFS=${CULVERT_PROCFS:-/proc}
PAGES=kernel/mm/hugepages/hugepages-2048kB

need_root() {
	[ "$(id -u)" = 0 ] || die "$1 needs root"
}

# read_file FILE: its text, or nothing.
read_file() {
	cat "$1" 2>/dev/null || true
}

command_hugepages() {
	local want=${1:-512} have
	[ $# -le 1 ] || usage_error "hugepages: one number at most"
	[[ $want =~ ^[0-9]{1,7}$ ]] || usage_error "hugepages: a number of pages of 2 MiB, not '$want'"
	need_root hugepages
	[ -e "$SYSFS/$PAGES/nr_hugepages" ] || die "this kernel has no hugepages of 2 MiB"
	echo "$want" >"$SYSFS/$PAGES/nr_hugepages"
	have=$(read_file "$SYSFS/$PAGES/nr_hugepages")
	say "hugepages of 2 MiB: $have of the $want asked for, $(read_file "$SYSFS/$PAGES/free_hugepages") free"
	[ "$have" -ge "$want" ] ||
		die "memory is too fragmented for more: try again after a restart, or put hugepages=$want on the kernel's command line"
	say "until the next restart; to keep them: echo vm.nr_hugepages=$want >/etc/sysctl.d/80-culvert.conf"
}

# pci_address TEXT: with its domain.
pci_address() {
	case $1 in
	[0-9a-f][0-9a-f][0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f].[0-7]) echo "$1" ;;
	[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f].[0-7]) echo "0000:$1" ;;
	*) usage_error "a PCI address looks like 0000:3b:00.0, not '$1'" ;;
	esac
}

# pci_port ADDRESS: fails, in words, unless it is a network port.
pci_port() {
	local class
	[ -d "$SYSFS/bus/pci/devices/$1" ] || die "there is no PCI device $1 (./dpdk-setup.sh doctor lists the network ports)"
	class=$(read_file "$SYSFS/bus/pci/devices/$1/class")
	[[ $class == 0x02* ]] || die "$1 is no network port (class $class)"
}

pci_driver() {
	local link
	link=$(readlink "$SYSFS/bus/pci/devices/$1/driver" 2>/dev/null) && basename "$link" || true
}

# The interfaces that this machine is reached by: default routes, and where logins by SSH come from.
own_interfaces() {
	local peer
	{
		ip -o -4 route show default
		ip -o -6 route show default
		for peer in ${SSH_CONNECTION%% *} $(ss -tnH state established '( sport = :22 )' |
			awk '{sub(/:[0-9]+$/, "", $4); gsub(/[][]/, "", $4); print $4}' | sort -u); do
			ip -o route get "$peer"
		done
	} 2>/dev/null | grep -oE ' dev [^ ]+' | awk '{print $2}' | sort -u
}

# below INTERFACE: it, and what it stands on (VLAN, bond, bridge).
below() {
	local lower
	echo "$1"
	for lower in "$SYSFS/class/net/$1"/lower_* "$SYSFS/class/net/$1/brif"/*; do
		[ ! -e "$lower" ] || below "$(basename "$lower" | sed 's/^lower_//')"
	done
}

# in_use PCI: the interface by which this machine is reached over this port, or nothing.
in_use() {
	local interface mine
	for interface in $(own_interfaces); do
		for mine in $(below "$interface"); do
			if [ -e "$SYSFS/bus/pci/devices/$1/net/$mine" ]; then
				echo "$interface"
				return
			fi
		done
	done
}

has_iommu() {
	[ -n "$(ls "$SYSFS/kernel/iommu_groups" 2>/dev/null)" ]
}

# rebind PCI DRIVER-OR-NOTHING: the kernel's own way (driver_override), as dpdk-devbind.py goes it.
rebind() {
	local device=$SYSFS/bus/pci/devices/$1
	printf '%s\n' "$2" >"$device/driver_override"
	[ ! -e "$device/driver/unbind" ] || echo "$1" >"$device/driver/unbind"
	echo "$1" >"$SYSFS/bus/pci/drivers_probe"
}

command_bind() {
	local pci interface
	[ $# = 1 ] || usage_error "bind: one PCI address"
	pci=$(pci_address "$1") || exit
	need_root bind
	pci_port "$pci"
	if [ "$(pci_driver "$pci")" = vfio-pci ]; then
		say "$pci belongs to vfio-pci already"
		return
	fi
	interface=$(in_use "$pci")
	[ -z "$interface" ] ||
		die "$pci carries $interface, by which this machine is reached (default route or SSH): it would be cut off. Nothing was changed"
	has_iommu || die "no IOMMU: switch VT-d on in the firmware, and put intel_iommu=on iommu=pt on the kernel's command line. Nothing was changed"
	[ -d "$SYSFS/bus/pci/drivers/vfio-pci" ] || modprobe vfio-pci || die "the kernel has no module vfio-pci"
	rebind "$pci" vfio-pci
	[ "$(pci_driver "$pci")" = vfio-pci ] || die "$pci did not go to vfio-pci; dmesg says why"
	say "$pci belongs to vfio-pci; in the configuration: device: \"pci:$pci\""
}

command_unbind() {
	local pci
	[ $# = 1 ] || usage_error "unbind: one PCI address"
	pci=$(pci_address "$1") || exit
	need_root unbind
	pci_port "$pci"
	if [ "$(pci_driver "$pci")" != vfio-pci ]; then
		say "$pci does not belong to vfio-pci but to $(pci_driver "$pci" | grep . || echo 'no driver'): nothing to give back"
		return
	fi
	rebind "$pci" ''
	say "$pci belongs to $(pci_driver "$pci" | grep . || echo 'no driver: the kernel has none for it')"
}

# ---- doctor ----

DOCTOR_FAILED=0

# report ok|warn|FAIL WHAT [COMMAND THAT MENDS IT]
report() {
	printf '%-5s %s\n' "$1" "$2"
	[ -z "${3-}" ] || printf '      mend: %s\n' "$3"
	[ "$1" != FAIL ] || DOCTOR_FAILED=1
}

doctor_cpu() {
	local n
	n=$(grep -c ^processor "$PROCFS/cpuinfo" || true)
	if ! grep -m1 ^flags "$PROCFS/cpuinfo" | grep -qw sse4_2; then
		report FAIL "CPU: without SSE 4.2, which DPDK needs"
	elif [ "$n" -lt 2 ]; then
		report warn "CPU: $n, which control and worker share"
	else
		report ok "CPU: $n of $(sed -n 's/^model name[^:]*: //p' "$PROCFS/cpuinfo" | head -1)"
	fi
}

doctor_memory() {
	local pages free
	pages=$(read_file "$SYSFS/$PAGES/nr_hugepages") free=$(read_file "$SYSFS/$PAGES/free_hugepages")
	if [ "${pages:-0}" = 0 ]; then
		report warn "hugepages: none; culvertd runs without, slower with many sessions" "./dpdk-setup.sh hugepages"
	else
		report ok "hugepages of 2 MiB: $pages, $free free"
	fi
}

doctor_iommu() {
	if has_iommu; then
		report ok "IOMMU: $(ls "$SYSFS/kernel/iommu_groups" | wc -l) groups"
	else
		report warn "IOMMU: none; ports can't be given to DPDK by PCI address" \
			"VT-d on in the firmware, intel_iommu=on iommu=pt on the kernel's command line"
	fi
}

doctor_ports() {
	local device pci driver nets node used found=
	for device in "$SYSFS"/bus/pci/devices/*; do
		[[ $(read_file "$device/class") == 0x02* ]] || continue
		found=yes
		pci=$(basename "$device") driver=$(pci_driver "$pci") node=$(read_file "$device/numa_node")
		nets=$(for net in "$device"/net/*; do
			[ ! -e "$net" ] || echo "$(basename "$net") (MTU $(read_file "$net/mtu"), $(read_file "$net/operstate"))"
		done)
		used=$(in_use "$pci")
		report ok "port $pci: driver ${driver:-none}, NUMA node ${node:--}${nets:+, $nets}${used:+; this machine is reached by it}"
	done
	[ -n "$found" ] || report warn "no network port on the PCI bus; af_packet, memif and tap work"
}

doctor_software() {
	local want
	want=$(missing $BUILD_PACKAGES)
	if [ -n "$want" ]; then
		report FAIL "packages missing: ${want//$'\n'/ }" "./dpdk-setup.sh install"
	elif [ ! -x "$BUILD/app/culvertd/culvertd" ]; then
		report FAIL "culvertd is not built" "./dpdk-setup.sh build"
	elif ! "$BUILD/app/culvertd/culvertd" --version >/dev/null 2>&1; then
		report FAIL "culvertd does not start: $("$BUILD/app/culvertd/culvertd" --version 2>&1 | head -1)" "./dpdk-setup.sh build"
	else
		report ok "$("$BUILD/app/culvertd/culvertd" --version), DPDK $(pkg-config --modversion libdpdk)"
	fi
	[ "$(id -u)" = 0 ] || report warn "not root: culvertd needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_IPC_LOCK"
}

# The configuration, and whether the devices that it names are there.
doctor_config() {
	local file=$1 device culvertd_says
	[[ $file == /* ]] || file=$CALLER/$file
	if ! "$BUILD/app/culvertd/culvertd" --check "$file" >/dev/null 2>&1; then
		report FAIL "$file has errors" "culvertd --check $file"
		return
	fi
	report ok "$file is right"
	if [ "$(id -u)" = 0 ] && [ "$SYSFS" = /sys ] &&
		! culvertd_says=$("$BUILD/app/culvertd/culvertd" --try "$file" 2>&1); then
		report FAIL "culvertd does not start with it: $(grep -oE '(start|port)-failed .*' <<<"$culvertd_says" | head -1)"
	fi
	for device in $(sed 's/\(^\|[[:space:]]\)#.*//' "$file" | grep -oE '(af_packet|pci):[A-Za-z0-9_.:-]+' | sort -u); do
		case $device in
		af_packet:*)
			if [ -e "$SYSFS/class/net/${device#*:}" ]; then
				report ok "interface ${device#*:} is there"
			else
				report FAIL "there is no interface ${device#*:}" "ip link"
			fi
			;;
		pci:*)
			device=$(pci_address "${device#*:}")
			if [ "$(pci_driver "$device")" = vfio-pci ]; then
				report ok "$device belongs to vfio-pci"
			else
				report FAIL "$device does not belong to DPDK" "./dpdk-setup.sh bind $device"
			fi
			;;
		esac
	done
}

command_doctor() {
	[ $# -le 1 ] || usage_error "doctor: one configuration at most"
	doctor_software
	doctor_cpu
	doctor_memory
	doctor_iommu
	doctor_ports
	[ $# = 0 ] || doctor_config "$1"
	[ $DOCTOR_FAILED = 0 ] || die "culvertd could not start here"
	say "culvertd could start here"
}

usage_error() {
	printf "dpdk-setup.sh: %s\nTry './dpdk-setup.sh --help'.\n" "$*" >&2
	exit 2
}

umask 022
CALLER=$PWD # relative paths of the command line are from here
cd "$TOP"
case ${1-} in
install | build | test | demo | bench | throughput | hugepages | bind | unbind | doctor)
	command=$1
	shift
	"command_$command" "$@"
	;;
--help | -h | help) usage ;;
'') usage_error "a command is needed" ;;
*) usage_error "unknown command '$1'" ;;
esac
