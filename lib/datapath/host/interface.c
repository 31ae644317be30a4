/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel knows of the interface behind an af_packet, xdp or tap port, and DPDK's driver
 * does not tell: whether its link is up, whether it is still there, what was lost on the way. And a
 * lock, so that no two processes serve one interface. All on the control thread; nothing here
 * waits once it serves.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include <rte_common.h>

#include "datapath/dp.h"
#include "datapath/host/host.h"
#include "datapath/packet_socket.h"
#include "datapath/table/uplink.h"

enum {
	LOCK_BACKLOG = 16,
	ASK_TRIES = 15, /* longer than DP_PORTS_POLL_NS: a culvertd has made room by then */
	ASK_AGAIN_NS = 100 * 1000 * 1000,
	MESSAGES_MAX = 64, /* of the kernel, read in one round */
	MESSAGE_BYTES = 16384,
};

static bool
is_interface(const struct dp_port *port)
{
	return port->kind == DP_PORT_AF_PACKET || port->kind == DP_PORT_XDP ||
	       port->kind == DP_PORT_TAP;
}

/* ---- the lock ---- */

/*
 * The lock is a name of a UNIX socket without a file: such names belong to the network namespace,
 * as interfaces do, and go with the process, however it ends. An interface that is there is named
 * by its number, which stays when it is renamed.
 */
static socklen_t
lock_address(const struct dp_port *port, struct sockaddr_un *to)
{
	size_t capacity = sizeof(to->sun_path) - 1;
	unsigned index = if_nametoindex(port->device);
	int len;

	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (port->kind == DP_PORT_TAP)
		len = snprintf(to->sun_path + 1, capacity, "culvertd/tap/%s", port->device);
	else
		len = snprintf(to->sun_path + 1, capacity, "culvertd/interface/%u", index);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   RTE_MIN((size_t)len, capacity));
}

/* Who has the lock's name; false: nobody who answers. A culvertd does: it listens, and hangs up on
 * those that asked. */
static bool
ask_holder(const struct sockaddr_un *name, socklen_t name_len, struct ucred *who)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*who);
	bool known = fd >= 0 && connect(fd, (const struct sockaddr *)name, name_len) == 0 &&
		     getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len) == 0;

	if (fd >= 0)
		close(fd);
	return known;
}

static int
held_by(const struct dp *dp, const struct dp_port *port, const struct ucred *who)
{
	if (who->uid != 0 && who->uid != geteuid()) {
		cv_log_event(dp->log, CV_LOG_WARNING, "port-unlocked",
			"port=%s device=%s reason=\"process %d of user %u has the lock's name, and "
			"is no culvertd of ours\"",
			port->name, port->device, (int)who->pid, (unsigned)who->uid);
		return 0;
	}
	cv_log_event(dp->log, CV_LOG_ERROR, "port-failed",
		"port=%s device=%s pid=%d reason=\"another culvertd serves this interface\"",
		port->name, port->device, (int)who->pid);
	return CV_ERR_EXISTS;
}

/* 0: it is ours. Else errno. */
static int
take_lock(struct dp_port *port, const struct sockaddr_un *name, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd >= 0 && bind(fd, (const struct sockaddr *)name, len) == 0 &&
		listen(fd, LOCK_BACKLOG) == 0) {
		port->lock = fd;
		return 0;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Any user may take any such name, listen or not, and have its queue full: that must not keep us
 * from serving. */
int
dp_interface_claim(const struct dp *dp, struct dp_port *port)
{
	struct sockaddr_un name;
	struct ucred who;
	socklen_t len;
	int error;

	port->lock = -1;
	if (!is_interface(port))
		return 0;
	len = lock_address(port, &name);
	for (unsigned tries = 0;; tries++) {
		error = take_lock(port, &name, len);
		if (error == 0)
			return 0;
		if (error == EADDRINUSE && ask_holder(&name, len, &who))
			return held_by(dp, port, &who);
		if (error != EADDRINUSE || tries == ASK_TRIES)
			break;
		nanosleep(&(struct timespec){.tv_nsec = ASK_AGAIN_NS}, NULL);
	}
	cv_log_event(dp->log, CV_LOG_WARNING, "port-unlocked",
		"port=%s device=%s reason=\"no lock: %s\"", port->name, port->device,
		error == EADDRINUSE ? "who has its name does not answer, as a culvertd would"
				    : strerror(error));
	return 0;
}

void
dp_interface_release(struct dp_port *port)
{
	if (port->lock >= 0)
		close(port->lock);
	port->lock = -1;
}

/* Who asks for our process ID has it once it is connected. */
static void
hang_up_on_askers(const struct dp_port *port)
{
	for (unsigned i = 0; port->lock >= 0 && i < LOCK_BACKLOG; i++) {
		int fd = accept4(port->lock, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		close(fd);
	}
}

/* ---- the link ---- */

static enum dp_link
link_of_flags(unsigned flags)
{
	return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0 ? DP_LINK_UP : DP_LINK_DOWN;
}

/* A packet socket whose interface was set down keeps that as an error, which the next frame would
 * get, long after the interface is up again. */
static void
forget_errors(const struct dp_port *port)
{
	for (uint16_t i = 0; i < port->socket_count; i++) {
		int error;
		socklen_t len = sizeof(error);

		(void)getsockopt(port->sockets[i], SOL_SOCKET, SO_ERROR, &error, &len);
	}
}

void
dp_port_set_link(struct dp *dp, struct dp_port *port, enum dp_link link)
{
	if (link == port->link || port->link == DP_LINK_GONE)
		return;
	port->announces = link == DP_LINK_UP && port->link == DP_LINK_DOWN;
	port->link = link;
	dp_vias_aim(dp);
	forget_errors(port);
	if (link == DP_LINK_UP)
		cv_log_event(dp->log, CV_LOG_INFO, "port-up", "port=%s device=%s", port->name,
			port->device);
	else if (link == DP_LINK_DOWN)
		cv_log_event(dp->log, CV_LOG_WARNING, "port-down", "port=%s device=%s", port->name,
			port->device);
	else
		cv_log_event(dp->log, CV_LOG_ERROR, "port-gone",
			"port=%s device=%s reason=\"the device was removed: start culvertd anew "
			"when "
			"it is there again\"",
			port->name, port->device);
}

/* Asks, where the kernel's messages do not tell: at the start, and when some were lost. By its
 * number, since the name may have changed. */
static void
ask_link(struct dp *dp, struct dp_port *port)
{
	struct ifreq request = {.ifr_ifindex = port->interface};

	if (port->interface == 0 || dp->link_fd < 0)
		return;
	if (ioctl(dp->link_fd, SIOCGIFNAME, &request) == 0 &&
		ioctl(dp->link_fd, SIOCGIFFLAGS, &request) == 0)
		dp_port_set_link(dp, port, link_of_flags((unsigned short)request.ifr_flags));
	else if (errno == ENODEV)
		dp_port_set_link(dp, port, DP_LINK_GONE);
}

static void
ask_all_links(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->port_count; i++)
		ask_link(dp, &dp->ports[i]);
}

/* ---- what is lost ---- */

static void
find_sockets(const struct dp *dp, struct dp_port *port)
{
	port->socket_count = 0;
	for (int fd = -1; port->socket_count < dp->worker_count &&
			  (fd = packet_socket_find(fd + 1, port->interface)) >= 0;)
		port->sockets[port->socket_count++] = fd;
	if (port->socket_count < dp->worker_count)
		cv_log_event(dp->log, CV_LOG_WARNING, "port-uncounted",
			"port=%s device=%s reason=\"the driver's sockets were not found: what "
			"their "
			"rings lose is not counted\"",
			port->name, port->device);
}

/* A packet socket of our own, which gets nothing: by it the interface takes groups as long as we
 * serve. */
static void
open_socket(struct dp_port *port)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	port->socket_count = fd < 0 ? 0 : 1;
	port->sockets[0] = fd;
}

/* Frames in queues that nobody takes are the kernel's, which has no use for them. */
static void
look_at_queues(const struct dp *dp, const struct dp_port *port)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};
	unsigned queues;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.*s", IFNAMSIZ - 1, port->device);
	if (port->socket_count == 0 || ioctl(port->sockets[0], SIOCETHTOOL, &request) != 0)
		return;
	queues = channels.rx_count + channels.combined_count;
	if (queues > dp->worker_count)
		cv_log_event(dp->log, CV_LOG_WARNING, "port-queues",
			"port=%s device=%s reason=\"it has %u receive queues for %u workers, and "
			"what comes in the others is lost: ethtool -L %s combined %u\"",
			port->name, port->device, queues, dp->worker_count, port->device,
			dp->worker_count);
}

/* Reading takes the kernel's count to 0, so that no loss is counted twice, whoever reads. */
static void
count_losses(struct dp *dp, struct dp_port *port)
{
	for (uint16_t i = 0; i < port->socket_count; i++) {
		uint64_t lost = packet_socket_lost(port->sockets[i]);

		port->ring_full[i] += lost;
		dp->counts.drops[DP_DROP_RX_RING_FULL] += lost;
	}
}

void
dp_losses_read(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->port_count; i++)
		count_losses(dp, &dp->ports[i]);
}

/* The network namespace's number of IPv4 packets that were put together from fragments. */
static uint64_t
kernel_reassembled(void)
{
	FILE *f = fopen("/proc/self/net/snmp", "re");
	char names[1024], values[1024], *name, *value, *more_names, *more_values;
	uint64_t n = 0;

	/* a line of names, and one of values */
	if (f != NULL && fgets(names, sizeof(names), f) != NULL &&
		fgets(values, sizeof(values), f) != NULL) {
		name = strtok_r(names, " ", &more_names);
		value = strtok_r(values, " ", &more_values);
		while (name != NULL && value != NULL) {
			if (strcmp(name, "ReasmOKs") == 0)
				n = strtoull(value, NULL, 10);
			name = strtok_r(NULL, " ", &more_names);
			value = strtok_r(NULL, " ", &more_values);
		}
	}
	if (f != NULL)
		fclose(f);
	return n;
}

/* As `ip -s link` shows them. */
static void
read_counters(const char *name, struct dp_port_info *out)
{
	FILE *f = fopen("/proc/self/net/dev", "re");
	size_t len = strlen(name);
	char line[512];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *at = line + strspn(line, " ");
		unsigned long long n[12];

		if (strncmp(at, name, len) != 0 || at[len] != ':')
			continue;
		if (sscanf(at + len + 1, "%llu%llu%llu%llu%llu%llu%llu%llu%llu%llu%llu%llu", &n[0],
			    &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8], &n[9], &n[10],
			    &n[11]) == 12) {
			out->kernel_rx_errors = n[2];
			out->kernel_rx_dropped = n[3];
			out->kernel_tx_errors = n[10];
			out->kernel_tx_dropped = n[11];
		}
		break;
	}
	if (f != NULL)
		fclose(f);
}

void
dp_interface_info(const struct dp *dp, const struct dp_port *port, struct dp_port_info *out)
{
	struct ifreq request = {.ifr_ifindex = port->interface};

	for (uint16_t i = 0; i < dp->worker_count; i++)
		out->rx_missed += port->ring_full[i];
	if (port->interface == 0 || dp->link_fd < 0)
		return;
	if (ioctl(dp->link_fd, SIOCGIFNAME, &request) == 0)
		read_counters(request.ifr_name, out);
	if (port->kind == DP_PORT_AF_PACKET)
		out->kernel_reassembled = kernel_reassembled() - dp->reassembled_before;
}

void
dp_interfaces_start(struct dp *dp)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	bool any = false;

	for (uint16_t i = 0; i < dp->port_count; i++) {
		struct dp_port *port = &dp->ports[i];

		port->interface = is_interface(port) ? (int)if_nametoindex(port->device) : 0;
		any |= port->interface != 0;
		if (port->kind == DP_PORT_AF_PACKET)
			find_sockets(dp, port);
		if (port->kind != DP_PORT_XDP)
			continue;
		open_socket(port);
		look_at_queues(dp, port);
	}
	if (!any)
		return;
	dp->link_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (dp->link_fd < 0 || bind(dp->link_fd, (struct sockaddr *)&name, sizeof(name)) != 0)
		cv_log_event(dp->log, CV_LOG_WARNING, "links-unwatched", "reason=\"netlink: %s\"",
			strerror(errno));
	ask_all_links(dp);
	dp->reassembled_before = kernel_reassembled();
}

void
dp_interfaces_stop(struct dp *dp)
{
	for (uint16_t i = 0; i < dp->port_count; i++) {
		count_losses(dp, &dp->ports[i]);
		if (dp->ports[i].kind == DP_PORT_XDP && dp->ports[i].socket_count != 0)
			close(dp->ports[i].sockets[0]);
		dp->ports[i].socket_count = 0; /* others the driver closes */
	}
	if (dp->link_fd >= 0)
		close(dp->link_fd);
	dp->link_fd = -1;
}

/* One message about an interface. A bridge's messages about its ports are of another family. */
static void
link_message(struct dp *dp, const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_family != AF_UNSPEC ||
		(h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK))
		return;
	for (uint16_t i = 0; i < dp->port_count; i++)
		if (dp->ports[i].interface != 0 && dp->ports[i].interface == info->ifi_index)
			dp_port_set_link(dp, &dp->ports[i],
				h->nlmsg_type == RTM_DELLINK ? DP_LINK_GONE
							     : link_of_flags(info->ifi_flags));
}

void
dp_interfaces_poll(struct dp *dp)
{
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_BYTES];
	unsigned i;

	for (i = 0; i < dp->port_count; i++) {
		hang_up_on_askers(&dp->ports[i]);
		count_losses(dp, &dp->ports[i]);
	}
	for (i = 0; dp->link_fd >= 0 && i < MESSAGES_MAX; i++) {
		ssize_t n = recv(dp->link_fd, buffer, sizeof(buffer), 0);
		unsigned left = n > 0 ? (unsigned)n : 0;

		if (n < 0 && errno == ENOBUFS) /* some are lost */
			ask_all_links(dp);
		else if (n < 0)
			return;
		for (const struct nlmsghdr *h = (const void *)buffer; NLMSG_OK(h, left);
			h = NLMSG_NEXT(h, left))
			link_message(dp, h);
	}
}
