/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of peers that are dialled, asked for by libevent's DNS client, which never waits:
 * /etc/hosts, then the servers of /etc/resolv.conf, both read again when they have changed.
 */
#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon.h"

enum { FOUND_MAX = 16 };

static const char hosts_file[] = "/etc/hosts", servers_file[] = "/etc/resolv.conf";

/* A question under way. */
struct question {
	struct question *next, **link;
	struct daemon *d;
	uint16_t dial;
	uint32_t number;
};

struct resolver {
	struct evdns_base *dns;
	struct question *first;
	struct timespec hosts_at, servers_at; /* the files' changes, when they were read */
};

static struct timespec
changed_at(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mtim : (struct timespec){0};
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* A DNS client that knows the files as they are; NULL: no memory. One that still has questions is
 * kept. */
static struct evdns_base *
client(struct daemon *d)
{
	struct resolver *r = d->resolver;
	struct timespec hosts = changed_at(hosts_file), servers = changed_at(servers_file);

	if (r->dns != NULL && (r->first != NULL || (same_time(hosts, r->hosts_at) &&
							   same_time(servers, r->servers_at))))
		return r->dns;
	if (r->dns != NULL)
		evdns_base_free(r->dns, 0);
	r->dns = evdns_base_new(d->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (r->dns == NULL)
		return NULL;
	/* without the file there is a server at 127.0.0.1, as resolv.conf(5) has it */
	(void)evdns_base_resolv_conf_parse(r->dns, DNS_OPTIONS_ALL, servers_file);
	(void)evdns_base_set_option(r->dns, "timeout:", "2");
	r->hosts_at = hosts;
	r->servers_at = servers;
	return r->dns;
}

static void
forget(struct question *q)
{
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	free(q);
}

static size_t
addresses_of(const struct evutil_addrinfo *found, struct cv_ip out[FOUND_MAX])
{
	size_t n = 0;

	for (const struct evutil_addrinfo *a = found; a != NULL && n < FOUND_MAX; a = a->ai_next) {
		struct cv_ip ip = {0};

		if (a->ai_family == AF_INET) {
			const struct sockaddr_in *sin = (const void *)a->ai_addr;

			ip = cv_ipv4(ntohl(sin->sin_addr.s_addr));
		} else if (a->ai_family == AF_INET6) {
			const struct sockaddr_in6 *sin6 = (const void *)a->ai_addr;

			ip.family = CV_IPV6;
			memcpy(ip.bytes, &sin6->sin6_addr, sizeof(sin6->sin6_addr));
		}
		if (ip.family != 0)
			out[n++] = ip;
	}
	return n;
}

static void
on_found(int rc, struct evutil_addrinfo *found, void *ctx)
{
	struct question *q = ctx;
	struct daemon *d = q->d;
	struct cv_ip ips[FOUND_MAX];
	size_t n = rc == 0 ? addresses_of(found, ips) : 0;

	if (rc != 0)
		cv_log_event(&d->log, CV_LOG_DEBUG, "resolve-failed", "reason=\"%s\"",
			evutil_gai_strerror(rc));
	if (found != NULL)
		evutil_freeaddrinfo(found);
	if (rc != EVUTIL_EAI_CANCEL)
		(void)lns_dial_resolved(d->lns, daemon_now(), q->dial, q->number, ips, n);
	forget(q);
}

void
resolve_ask(struct daemon *d, uint64_t now, uint16_t dial, uint32_t number, const char *name)
{
	struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP};
	struct resolver *r = d->resolver;
	struct evdns_base *dns;
	struct question *q;

	if (r == NULL)
		r = d->resolver = calloc(1, sizeof(*r));
	dns = r == NULL ? NULL : client(d);
	q = dns == NULL ? NULL : calloc(1, sizeof(*q));
	if (q == NULL) {
		(void)lns_dial_resolved(d->lns, now, dial, number, NULL, 0);
		return;
	}
	*q = (struct question){
		.next = r->first, .link = &r->first, .d = d, .dial = dial, .number = number};
	if (r->first != NULL)
		r->first->link = &q->next;
	r->first = q;
	(void)evdns_getaddrinfo(dns, name, NULL, &hints, on_found, q); /* maybe at once */
}

void
resolve_free(struct daemon *d)
{
	struct resolver *r = d->resolver;

	if (r == NULL)
		return;
	d->resolver = NULL;
	if (r->dns != NULL)
		evdns_base_free(r->dns, 0);
	while (r->first != NULL)
		forget(r->first);
	free(r);
}
