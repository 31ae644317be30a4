/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces of the kernel's (TAPs) for interfaces of ours: with their MAC address, MTU, addresses
 * and link. What the kernel sends by one leaves by ours, and the data path hands up what is for a
 * routing daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/info.h"
#include "kernel.h"
#include "lans.h"

enum {
	READ_MOST = 64, /* frames in a round */
	FRAME_MOST = 14 + CFG_MTU_MOST,
	IFACES = UINT16_MAX + 1,
};

struct taps {
	struct tap *first;
	struct tap *by_iface[IFACES];
	bool links[CV_PORT_IDS]; /* of ports, as they were looked at last */
};

struct taps *
taps_new(void)
{
	return calloc(1, sizeof(struct taps));
}

struct tap *
taps_first(const struct taps *t)
{
	return t->first;
}

struct tap *
taps_by_index(const struct taps *t, unsigned index)
{
	struct tap *tap = t->first;

	while (tap != NULL && tap->index != index)
		tap = tap->next;
	return tap;
}

static void
free_tap(struct taps *t, struct tap *tap)
{
	struct tap **at = &t->first;

	while (*at != NULL && *at != tap)
		at = &(*at)->next;
	if (*at != NULL)
		*at = tap->next;
	if (t->by_iface[tap->iface] == tap)
		t->by_iface[tap->iface] = NULL;
	if (tap->read != NULL)
		event_free(tap->read);
	if (tap->fd >= 0)
		close(tap->fd); /* which ends it, as it is not persistent */
	free(tap);
}

void
taps_lose(struct taps *t, struct tap *tap)
{
	cv_log_event(&tap->d->log, CV_LOG_WARNING, "kernel-interface",
		"name=%s result=gone reason=\"somebody has removed it\"", tap->name);
	free_tap(t, tap);
}

void
taps_free(struct taps *t)
{
	while (t != NULL && t->first != NULL)
		free_tap(t, t->first);
	free(t);
}

/* ---- frames ---- */

/* What the data path does not take is gone, and it counts that: a routing daemon sends again. */
static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct tap *tap = ctx;
	uint8_t frame[FRAME_MOST];

	(void)what;
	for (unsigned i = 0; i < READ_MOST; i++) {
		ssize_t n = read(fd, frame, sizeof(frame));

		if (n <= 0)
			return;
		(void)dp_send_kernel(tap->d->dp, tap->iface, frame, (size_t)n);
	}
}

void
taps_write(struct taps *t, struct daemon *d, struct dp_punt *punt)
{
	const struct tap *tap = t == NULL ? NULL : t->by_iface[punt->service];

	if (tap != NULL && write(tap->fd, punt->data, punt->len) == (ssize_t)punt->len)
		dp_punt_release(d->dp, punt);
	else
		dp_punt_refuse(d->dp, punt);
}

/* ---- one of them ---- */

static bool
control(const struct tap *tap, unsigned long request, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", tap->name);
	done = fd >= 0 && ioctl(fd, request, r) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

/* Settings that a machine may lack are left as they are. */
static void
set_option(const struct tap *tap, const char *option, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", tap->name, option);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, value, strlen(value));
	close(fd);
}

/* Its addresses are there at once and stay when a link goes, and it believes no advertisements:
 * who has the address on the LAN the data path looks after. */
static void
set_options(const struct tap *tap)
{
	set_option(tap, "accept_dad", "0");
	set_option(tap, "accept_ra", "0");
	set_option(tap, "router_solicitations", "0");
	set_option(tap, "keep_addr_on_down", "1");
}

static bool
set_mtu(struct tap *tap, uint16_t mtu)
{
	struct ifreq r = {.ifr_mtu = mtu};

	tap->mtu = mtu;
	return control(tap, SIOCSIFMTU, &r);
}

static bool
set_up(struct tap *tap, const uint8_t mac[6])
{
	struct ifreq r = {.ifr_hwaddr = {.sa_family = ARPHRD_ETHER}};

	memcpy(r.ifr_hwaddr.sa_data, mac, 6);
	if (!control(tap, SIOCSIFHWADDR, &r))
		return false;
	set_options(tap);
	memset(&r, 0, sizeof(r));
	if (!control(tap, SIOCGIFFLAGS, &r))
		return false;
	r.ifr_flags |= IFF_UP;
	tap->up = control(tap, SIOCSIFFLAGS, &r);
	tap->index = if_nametoindex(tap->name);
	return tap->up && tap->index != 0;
}

static bool
set_carrier(struct tap *tap, bool carrier)
{
	int on = carrier;

	tap->carrier = carrier;
	return ioctl(tap->fd, TUNSETCARRIER, &on) == 0;
}

/* Adds or takes away an address. 0 or an errno. */
static int
tell_address(const struct tap *tap, const struct cv_prefix *p, bool add, struct mnl_socket *ask)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *m;
	size_t len = p->ip.family == CV_IPV4 ? 4 : 16;

	h->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifa_family = p->ip.family == CV_IPV4 ? AF_INET : AF_INET6;
	m->ifa_prefixlen = p->length;
	m->ifa_flags = p->ip.family == CV_IPV4 ? 0 : IFA_F_NODAD;
	m->ifa_index = tap->index;
	mnl_attr_put(h, IFA_LOCAL, len, p->ip.bytes);
	mnl_attr_put(h, IFA_ADDRESS, len, p->ip.bytes);
	return netlink_ask(ask, h);
}

static bool
has(const struct cv_prefix *list, size_t n, const struct cv_prefix *p)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].length == p->length && cv_ip_equal(&list[i].ip, &p->ip))
			return true;
	return false;
}

/* It speaks IPv6 where it has an address of it, whatever others do by default. */
static bool
speaks_ipv6(const struct cfg_interface *i)
{
	for (size_t k = 0; k < i->n_addresses; k++)
		if (i->addresses[k].ip.family == CV_IPV6)
			return true;
	return false;
}

static int
set_addresses(struct tap *tap, const struct cfg_interface *i, struct mnl_socket *ask)
{
	int rc = 0;

	set_option(tap, "disable_ipv6", speaks_ipv6(i) ? "0" : "1");

	for (size_t k = 0; k < tap->n_addresses; k++)
		if (!has(i->addresses, i->n_addresses, &tap->addresses[k]))
			(void)tell_address(tap, &tap->addresses[k], false, ask);
	for (size_t k = 0; k < i->n_addresses; k++)
		if (!has(tap->addresses, tap->n_addresses, &i->addresses[k])) {
			int error = tell_address(tap, &i->addresses[k], true, ask);

			rc = rc == 0 ? error : rc;
		}
	memcpy(tap->addresses, i->addresses, i->n_addresses * sizeof(tap->addresses[0]));
	tap->n_addresses = i->n_addresses;
	return rc;
}

static int
fail(struct daemon *d, const char *name, const char *what, int error)
{
	cv_log_event(&d->log, CV_LOG_ERROR, "kernel-interface",
		"name=%s result=failed reason=\"%s: %s\"", name, what, strerror(error));
	return CV_ERR_IO;
}

static int
open_tap(struct tap *tap)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	struct ifreq other;

	if (if_nametoindex(tap->name) != 0) {
		errno = EEXIST; /* somebody else's */
		return -1;
	}
	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0)
		return -1;
	memcpy(r.ifr_name, tap->name, sizeof(r.ifr_name));
	other = r;
	return ioctl(tap->fd, TUNSETIFF, &other);
}

static int
make(struct taps *t, struct daemon *d, const struct cfg *cfg, const struct cfg_interface *i)
{
	struct tap *tap = calloc(1, sizeof(*tap));
	struct dp_port_info info;
	int rc = 0;

	if (tap == NULL)
		return CV_ERR_NOMEM;
	tap->d = d;
	tap->fd = -1;
	tap->iface = lans_iface(cfg, i->lan);
	tap->realm = cfg->realms[i->realm].id;
	tap->port = cfg_lan_port(cfg, i->lan)->id;
	snprintf(tap->name, sizeof(tap->name), "%s", i->kernel);
	tap->next = t->first;
	t->first = tap;
	if (open_tap(tap) != 0)
		rc = fail(d, tap->name, "/dev/net/tun", errno);
	else if (dp_port_info(d->dp, tap->port, &info) != 0 || !set_up(tap, info.mac))
		rc = fail(d, tap->name, "can't be set up", errno);
	if (rc == 0) {
		tap->read = event_new(d->base, tap->fd, EV_READ | EV_PERSIST, on_readable, tap);
		rc = tap->read == NULL || event_add(tap->read, NULL) != 0 ? CV_ERR_NOMEM : 0;
	}
	if (rc != 0) {
		free_tap(t, tap);
		return rc;
	}
	t->by_iface[tap->iface] = tap;
	(void)set_carrier(tap, dp_port_link(d->dp, tap->port) == DP_LINK_UP);
	cv_log_event(&d->log, CV_LOG_INFO, "kernel-interface", "name=%s result=made interface=%s",
		tap->name, i->name);
	return 0;
}

/* ---- all of them ---- */

static struct tap *
find(const struct taps *t, const struct cfg *cfg, const struct cfg_interface *i)
{
	struct tap *tap = t->first;

	while (tap != NULL &&
		(strcmp(tap->name, i->kernel) != 0 || tap->iface != lans_iface(cfg, i->lan) ||
			tap->realm != cfg->realms[i->realm].id))
		tap = tap->next;
	return tap;
}

static int
follow_one(struct taps *t, struct daemon *d, const struct cfg *cfg, const struct cfg_interface *i,
	struct mnl_socket *ask)
{
	struct tap *tap = find(t, cfg, i);
	uint16_t mtu = cfg_lan_mtu(cfg, i->lan);
	int rc = tap != NULL ? 0 : make(t, d, cfg, i), error;

	if (rc != 0)
		return rc;
	tap = find(t, cfg, i);
	if (tap->mtu != mtu && !set_mtu(tap, mtu))
		rc = fail(d, tap->name, "mtu", errno);
	error = set_addresses(tap, i, ask);
	return error == 0 ? rc : fail(d, tap->name, "addresses", error);
}

bool
taps_mark(struct taps *t, const struct cfg *cfg)
{
	bool all = true;

	for (struct tap *tap = t->first; tap != NULL; tap = tap->next)
		tap->wanted = false;
	for (size_t k = 0; cfg != NULL && k < cfg->n_interfaces; k++) {
		struct tap *tap = cfg->interfaces[k].kernel == NULL
					  ? NULL
					  : find(t, cfg, &cfg->interfaces[k]);

		if (tap != NULL)
			tap->wanted = true;
	}
	for (struct tap *tap = t->first; tap != NULL; tap = tap->next)
		all &= tap->wanted;
	return all;
}

int
taps_follow(struct taps *t, struct daemon *d, const struct cfg *cfg, struct mnl_socket *ask)
{
	int rc = 0;

	(void)taps_mark(t, cfg);
	/* first, as another may get the name */
	for (struct tap *tap = t->first, *next; tap != NULL; tap = next) {
		next = tap->next;
		if (!tap->wanted)
			free_tap(t, tap);
	}
	for (size_t k = 0; cfg != NULL && k < cfg->n_interfaces; k++) {
		int one = cfg->interfaces[k].kernel == NULL
				  ? 0
				  : follow_one(t, d, cfg, &cfg->interfaces[k], ask);

		rc = rc == 0 ? one : rc;
	}
	return rc;
}

void
taps_tell(const struct taps *t, struct mnl_socket *ask)
{
	for (const struct tap *tap = t->first; tap != NULL; tap = tap->next)
		for (size_t k = 0; k < tap->n_addresses; k++)
			(void)tell_address(tap, &tap->addresses[k], true, ask);
}

bool
taps_carry(struct taps *t, struct daemon *d)
{
	bool changed = false;

	if (t == NULL || t->first == NULL)
		return false;
	for (unsigned port = 0; port < CV_PORT_IDS; port++) {
		bool link = dp_port_link(d->dp, port) == DP_LINK_UP;

		if (port >= dp_port_count(d->dp))
			break;
		if (link == t->links[port])
			continue;
		t->links[port] = link;
		for (struct tap *tap = t->first; tap != NULL; tap = tap->next)
			if (tap->port == port && tap->carrier != link)
				(void)set_carrier(tap, link);
		changed = true;
	}
	return changed;
}
