/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvert-load/port.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "datapath/packet_socket.h"

enum {
	BUFFERS = 16383,
	BUFFER_CACHE = 256,
	DESCRIPTORS = 1024,
	SLOTS = 4096, /* of a packet socket */
	SLOT_ALIGN = 256,
	MEMORY_MIB = 64, /* beside the buffers */
	ARGS_MAX = 16,
};

static struct rte_mempool *pool;

/* How each kind is named, and what its driver is told of it. %1: what is behind the colon. */
static const struct kind {
	const char *prefix, *driver, *arguments;
} kinds[] = {
	{"af_packet:", "net_af_packet", "iface=%s,qpairs=1,framesz=%u,blocksz=%u,framecnt=%u"},
	{"xdp:", "net_af_xdp", "iface=%s"},
	{"tap:", "net_tap", "iface=%s"},
	{"memif:", "net_memif", "socket=%s,socket-abstract=no,role=client,id=0"},
	{"pci:", NULL, NULL},
};

static const struct kind *
kind_of(const char *device)
{
	for (size_t i = 0; i < RTE_DIM(kinds); i++)
		if (strncmp(device, kinds[i].prefix, strlen(kinds[i].prefix)) == 0 &&
			device[strlen(kinds[i].prefix)] != '\0')
			return &kinds[i];
	return NULL;
}

bool
port_known(const char *device)
{
	return kind_of(device) != NULL;
}

/* A slot of a packet socket, and a buffer's data. */
static unsigned
frame_bytes(unsigned mtu)
{
	return RTE_MAX(RTE_ALIGN(mtu + 128u, (unsigned)SLOT_ALIGN), 2048u);
}

static unsigned
free_hugepages_mib(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	unsigned pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%u", &pages) != 1)
		pages = 0;
	fclose(f);
	return 2 * pages;
}

/* DPDK takes the first CPU that it may use for itself alone, and this thread with it; where no CPU
 * was named the scheduler is to choose among all. */
static int
start_eal(const struct ports_params *params, char *err, size_t err_len)
{
	unsigned need = MEMORY_MIB + (unsigned)((uint64_t)BUFFERS *
						(frame_bytes(params->mtu) + 512) / (1 << 20));
	char memory[16], lcores[32];
	char *args[ARGS_MAX] = {"culvert-load", "--no-telemetry", "--log-level=*:error", lcores};
	int n = 4, rc, cpu = params->cpu;
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned i = 0; cpu < 0 && i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &allowed))
			cpu = (int)i;
	if (cpu < 0 || !CPU_ISSET((unsigned)cpu, &allowed)) {
		snprintf(err, err_len, "CPU %d is none that this may run on", cpu);
		return -1;
	}
	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", cpu);
	snprintf(memory, sizeof(memory), "%u", need);
	if (free_hugepages_mib() >= need) {
		args[n++] = "--in-memory";
	} else {
		args[n++] = "--no-huge";
		args[n++] = "--no-shconf";
		args[n++] = "-m";
		args[n++] = memory;
	}
	for (unsigned i = 0; i < params->n; i++) {
		if (strncmp(params->device[i], "pci:", 4) != 0)
			continue;
		args[n++] = "-a";
		args[n++] = (char *)params->device[i] + 4;
	}
	if (strcmp(args[n - 2], "-a") != 0)
		args[n++] = "--no-pci";
	rc = rte_eal_init(n, args);
	if (params->cpu < 0)
		sched_setaffinity(0, sizeof(allowed), &allowed);
	if (rc < 0)
		snprintf(err, err_len, "DPDK does not start: %s", rte_strerror(rte_errno));
	return rc < 0 ? -1 : 0;
}

static int
fail(char *err, size_t err_len, const struct port *p, const char *step, int rc)
{
	snprintf(err, err_len, "%s: %s: %s", p->device, step, rte_strerror(rc < 0 ? -rc : rc));
	return -1;
}

/* Makes a virtual device, or finds a real one. */
static int
find(struct port *p, unsigned index, unsigned mtu, char *err, size_t err_len)
{
	const struct kind *kind = kind_of(p->device);
	const char *rest = p->device + strlen(kind->prefix);
	unsigned frame = frame_bytes(mtu), block = (unsigned)getpagesize() / SLOT_ALIGN;
	char name[64], arguments[256];
	int rc;

	snprintf(name, sizeof(name), "%s", rest);
	if (kind->driver != NULL) {
		snprintf(name, sizeof(name), "%s%u", kind->driver, index);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(arguments, sizeof(arguments), kind->arguments, rest, frame, frame * block,
			SLOTS);
#pragma GCC diagnostic pop
		rc = rte_vdev_init(name, arguments);
		if (rc != 0)
			return fail(err, err_len, p, "the device can't be made", rc);
		p->made = true;
	}
	rc = rte_eth_dev_get_port_by_name(name, &p->id);
	return rc == 0 ? 0 : fail(err, err_len, p, "no such device of DPDK's", rc);
}

/* 0: it can't be told. The kernel drops what is larger, and its packet socket does not say so. */
static unsigned
interface_mtu(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	rc = ioctl(fd, SIOCGIFMTU, &request);
	close(fd);
	return rc < 0 || request.ifr_mtu < 0 ? 0 : (unsigned)request.ifr_mtu;
}

static bool
is_packet_socket(const struct port *p)
{
	return strncmp(p->device, "af_packet:", 10) == 0;
}

static int
set_up(struct port *p, unsigned mtu, char *err, size_t err_len)
{
	struct rte_eth_conf conf = {0};
	uint16_t rx = is_packet_socket(p) ? SLOTS : DESCRIPTORS, tx = rx;
	struct rte_ether_addr mac;
	unsigned socket;
	int rc = rte_eth_dev_configure(p->id, 1, 1, &conf);

	if (rc != 0)
		return fail(err, err_len, p, "configure", rc);
	socket = (unsigned)rte_eth_dev_socket_id(p->id);
	rc = is_packet_socket(p) ? 0 : rte_eth_dev_set_mtu(p->id, (uint16_t)mtu);
	if (rc != 0 && rc != -ENOTSUP)
		return fail(err, err_len, p, "MTU", rc);
	rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(p->id, 0, rx, socket, NULL, pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(p->id, 0, tx, socket, NULL);
	if (rc != 0)
		return fail(err, err_len, p, "queues", rc);
	rc = rte_eth_dev_start(p->id);
	if (rc == 0)
		rc = rte_eth_macaddr_get(p->id, &mac);
	if (rc != 0)
		return fail(err, err_len, p, "start", rc);
	memcpy(p->mac, mac.addr_bytes, sizeof(p->mac));
	/* the kernel's end of a TAP has that address, and a bridge gives it nothing that is for it
	 */
	p->mac[5] ^= strncmp(p->device, "tap:", 4) == 0;
	rte_eth_promiscuous_enable(p->id);
	if (is_packet_socket(p)) {
		const char *name = strchr(p->device, ':') + 1;

		p->mtu = interface_mtu(name);
		p->socket = packet_socket_find(0, (int)if_nametoindex(name));
	}
	return 0;
}

int
ports_open(
	struct port ports[PORTS_MAX], const struct ports_params *params, char *err, size_t err_len)
{
	if (start_eal(params, err, err_len) != 0)
		return -1;
	pool = rte_pktmbuf_pool_create("culvert-load", BUFFERS, BUFFER_CACHE, 0,
		(uint16_t)(RTE_PKTMBUF_HEADROOM + frame_bytes(params->mtu)), SOCKET_ID_ANY);
	if (pool == NULL) {
		snprintf(err, err_len, "no memory for packet buffers: %s", rte_strerror(rte_errno));
		return -1;
	}
	for (unsigned i = 0; i < params->n; i++) {
		ports[i] = (struct port){.device = params->device[i], .socket = -1};
		if (find(&ports[i], i, params->mtu, err, err_len) != 0 ||
			set_up(&ports[i], params->mtu, err, err_len) != 0)
			return -1;
	}
	return 0;
}

void
ports_close(struct port *ports, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char name[RTE_ETH_NAME_MAX_LEN];

		rte_eth_dev_stop(ports[i].id);
		if (rte_eth_dev_get_name_by_port(ports[i].id, name) != 0)
			continue;
		rte_eth_dev_close(ports[i].id);
		if (ports[i].made)
			rte_vdev_uninit(name);
	}
}

uint64_t
port_missed(struct port *p)
{
	struct rte_eth_stats s;

	if (p->socket >= 0)
		p->missed += packet_socket_lost(p->socket);
	return rte_eth_stats_get(p->id, &s) == 0 ? p->missed + s.imissed + s.rx_nombuf : p->missed;
}

struct rte_mbuf *
port_buffer(void)
{
	return rte_pktmbuf_alloc(pool);
}
