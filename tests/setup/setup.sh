#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# dpdk-setup.sh's hugepages, bind, unbind and doctor on a made-up sysfs: what they write, refuse and
# say. usage: setup.sh SOURCE (speaks TAP)
set -u
[ "$(id -u)" = 0 ] || {
	echo "1..0 # SKIP not root"
	exit 0
}
DOOR=$1/dpdk-setup.sh
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
NUMBER=0

# check TEXT COMMAND...: ok if the command succeeds.
check() {
	local text=$1
	shift
	NUMBER=$((NUMBER + 1))
	if "$@" >"$WORK/last" 2>&1; then
		echo "ok $NUMBER - $text"
	else
		echo "not ok $NUMBER - $text"
		tail -20 "$WORK/last" "$WORK/out" 2>/dev/null | sed 's/^/# /'
	fi
}

# said CODE TEXT ARGUMENTS...: the command ends with this exit code and says this.
said() {
	local code=$1 text=$2 rc=0
	shift 2
	CULVERT_SYSFS=$WORK/sys CULVERT_PROCFS=$WORK/proc PATH=$WORK/bin:$PATH \
		"$DOOR" "$@" >"$WORK/out" 2>&1 || rc=$?
	[ $rc = "$code" ] || {
		echo "exit code $rc, not $code"
		return 1
	}
	grep -qF -- "$text" "$WORK/out" || {
		echo "does not say: $text"
		return 1
	}
}

# port PCI CLASS DRIVER INTERFACE: a device of the made-up bus.
port() {
	local device=$WORK/sys/bus/pci/devices/$1
	mkdir -p "$device/net/$4" "$WORK/sys/bus/pci/drivers/$3" "$WORK/sys/class/net/$4"
	echo "$2" >"$device/class"
	echo 1 >"$device/numa_node"
	echo 1500 >"$device/net/$4/mtu"
	echo up >"$device/net/$4/operstate"
	: >"$WORK/sys/bus/pci/drivers/$3/unbind"
	ln -sfn "$WORK/sys/bus/pci/drivers/$3" "$device/driver"
}

machine() {
	rm -rf "$WORK/sys" "$WORK/proc" "$WORK/bin"
	mkdir -p "$WORK/sys/kernel/iommu_groups/0" "$WORK/sys/bus/pci/drivers/vfio-pci" \
		"$WORK/sys/kernel/mm/hugepages/hugepages-2048kB" "$WORK/proc" "$WORK/bin"
	echo 0 >"$WORK/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
	echo 0 >"$WORK/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
	printf 'processor : 0\nmodel name : Some CPU\nflags : sse4_2 avx2\nprocessor : 1\n' >"$WORK/proc/cpuinfo"
	: >"$WORK/sys/bus/pci/drivers_probe"
	port 0000:3b:00.0 0x020000 ice ens1
	port 0000:3b:00.1 0x020000 ice ens2
	port 0000:00:1f.2 0x010601 ahci none
	# the machine is reached by a VLAN on a bond of ens2
	mkdir -p "$WORK/sys/class/net/bond0.7/lower_bond0" "$WORK/sys/class/net/bond0/lower_ens2"
	cat >"$WORK/bin/ip" <<'SH'
#!/bin/sh
case "$*" in
*"-4 route show default"*) echo "default via 192.0.2.254 dev bond0.7 proto static" ;;
*"route get 198.51.100.9"*) echo "198.51.100.9 via 10.0.0.1 dev ${SSH_DEVICE:-bond0.7} src 10.0.0.2" ;;
esac
SH
	printf '#!/bin/sh\n' >"$WORK/bin/ss"
	chmod +x "$WORK/bin/ip" "$WORK/bin/ss"
}

# What the kernel would do: the driver of driver_override, or its own.
kernel_binds() {
	local device=$WORK/sys/bus/pci/devices/$1
	ln -sfn "$WORK/sys/bus/pci/drivers/$2" "$device/driver"
}

machine
check "hugepages are set" said 0 "128 of the 128 asked for" hugepages 128
check "hugepages: the number is written" grep -qx 128 "$WORK/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
check "hugepages: no number" said 2 "a number of pages of 2 MiB, not 'many'" hugepages many
rm "$WORK/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
check "hugepages: a kernel without" said 1 "no hugepages of 2 MiB" hugepages

machine
check "bind: no address" said 2 "bind: one PCI address" bind
check "bind: a wrong address" said 2 "looks like 0000:3b:00.0, not 'eth0'" bind eth0
check "bind: no such device" said 1 "there is no PCI device 0000:77:00.0" bind 77:00.0
check "bind: a disk is no port" said 1 "0000:00:1f.2 is no network port" bind 0000:00:1f.2
check "bind: the port of the default route, below VLAN and bond, is refused" \
	said 1 "carries bond0.7, by which this machine is reached" bind 0000:3b:00.1
check "bind: and nothing was written" test ! -e "$WORK/sys/bus/pci/devices/0000:3b:00.1/driver_override"
check "bind: the port of the SSH login is refused" \
	env SSH_CONNECTION="198.51.100.9 5000 10.0.0.2 22" SSH_DEVICE=ens1 bash -c "$(declare -f said); DOOR=$DOOR WORK=$WORK; said 1 'carries ens1' bind 3b:00.0"
rm -r "$WORK/sys/kernel/iommu_groups/0"
check "bind: without an IOMMU it says what to switch on" said 1 "intel_iommu=on" bind 3b:00.0

machine
check "bind: the kernel is asked, and its refusal said" said 1 "did not go to vfio-pci" bind 3b:00.0
check "bind: by driver_override" grep -qx vfio-pci "$WORK/sys/bus/pci/devices/0000:3b:00.0/driver_override"
check "bind: the old driver lets go" grep -qx 0000:3b:00.0 "$WORK/sys/bus/pci/drivers/ice/unbind"
check "bind: the bus looks again" grep -qx 0000:3b:00.0 "$WORK/sys/bus/pci/drivers_probe"
kernel_binds 0000:3b:00.0 vfio-pci
check "bind: a second time changes nothing" said 0 "belongs to vfio-pci already" bind 3b:00.0
check "doctor: the driver and NUMA node of a port" said 0 "port 0000:3b:00.0: driver vfio-pci, NUMA node 1" doctor
check "doctor: by which port the machine is reached" grep -q "3b:00.1.*this machine is reached by it" "$WORK/out"
check "doctor: no hugepages, and what mends it" grep -q "mend: ./dpdk-setup.sh hugepages" "$WORK/out"
: >"$WORK/sys/bus/pci/drivers/vfio-pci/unbind"
check "unbind: the kernel's driver may come back" said 0 "0000:3b:00.0 belongs to vfio-pci" unbind 3b:00.0
check "unbind: a port that the kernel has is left alone" said 0 "nothing to give back" unbind 3b:00.1
check "unbind: and no driver was changed" test ! -e "$WORK/sys/bus/pci/devices/0000:3b:00.1/driver_override"
check "unbind: no driver is forced any more" \
	test "$(cat "$WORK/sys/bus/pci/devices/0000:3b:00.0/driver_override")" = ""

cat >"$WORK/c.yaml" <<'YAML'
ports: [{name: wan, device: "pci:0000:3b:00.1"}]
listeners: [{address: 192.0.2.1/24}]
tunnels: {secrets: [{secret: none}]}
groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]
YAML
check "doctor FILE: a port that DPDK does not have" said 1 "mend: ./dpdk-setup.sh bind 0000:3b:00.1" doctor "$WORK/c.yaml"
kernel_binds 0000:3b:00.1 vfio-pci
check "doctor FILE: and once it has" said 0 "culvertd could start here" doctor "$WORK/c.yaml"
sed -i 's/pci:[^"]*/af_packet:nosuch/' "$WORK/c.yaml"
check "doctor FILE: an interface that is not there" said 1 "there is no interface nosuch" doctor "$WORK/c.yaml"
sed -i 's/nosuch/ens1/; s/^listeners/# or af_packet:other, pci:00:00.0\n&/' "$WORK/c.yaml"
relative() {
	cd "$WORK" && said 0 "culvertd could start here" doctor c.yaml
}
check "doctor FILE: a relative path, and comments are no devices" relative
echo "nonsense: 1" >>"$WORK/c.yaml"
check "doctor FILE: a wrong file" said 1 "has errors" doctor "$WORK/c.yaml"
printf 'processor : 0\nflags : sse2\n' >"$WORK/proc/cpuinfo"
check "doctor: a CPU that is too old" said 1 "without SSE 4.2" doctor
check "an unknown command" said 2 "unknown command 'frobnicate'" frobnicate
check "build takes no more words" said 2 "unexpected 'x'" build x
check "no command" said 2 "a command is needed" 
check "demo: what can't be shown" said 2 "'scene-9' can't be shown; there are: clients scene-1 scene-2 scene-3 two-lns nat" demo scene-9
check "demo: one at a time" said 2 "'clients' can't be shown" demo scene-2 --keep clients
check "demo: nat is one, and nothing beside it" said 2 "'tan' can't be shown" demo nat --keep tan
check "demo --help says what there is" said 0 "scene-2    two clients behind one NAT" demo --help
check "--help" said 0 "SYNOPSIS" --help
echo "1..$NUMBER"
