/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

/* 1.28 and later have others for what 1.18 has, and ask for them */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "events.h"

enum { SOCKETS = 16, TRY_MS = 800, TRIES = 3 };

/* What an address is asked for. */
struct name_question {
	struct names *n;
	size_t lns; /* which one; NAMES_LNS: the gateway */
};

struct names {
	struct names_params p;
	struct names_found found;
	ares_channel channel;
	bool channel_open;
	struct event *sockets[SOCKETS]; /* one for each that c-ares has open */
	struct event *timer, *deadline, *told;
	bool over;                     /* it was told */
	struct cv_ip twins[NAMES_LNS]; /* an LNS's address of the other family */
	unsigned waiting;              /* questions that c-ares has */
	struct name_question questions[NAMES_LNS + 1];
};

static void
arm(struct names *n)
{
	struct timeval most = {.tv_sec = 1}, tv, *next;

	next = ares_timeout(n->channel, &most, &tv);
	if (n->waiting == 0)
		event_del(n->timer);
	else
		event_add(n->timer, next);
}

/* What is known is told, from the loop and not from where it was found. */
static void
settle(struct names *n)
{
	if (n->over)
		return;
	if (n->waiting == 0)
		event_active(n->told, EV_TIMEOUT, 0);
	else
		arm(n);
}

static void
on_socket(evutil_socket_t fd, short what, void *ctx)
{
	struct names *n = ctx;

	ares_process_fd(n->channel, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
		(what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	settle(n);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct names *n = ctx;

	(void)fd;
	(void)what;
	ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	settle(n);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct names *n = ctx;

	(void)fd;
	(void)what;
	ares_cancel(n->channel);
	settle(n);
}

/* c-ares has opened or closed a socket, or waits for something else on it. */
static void
on_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct names *n = ctx;
	short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST);
	size_t at = SOCKETS;

	for (size_t i = 0; i < SOCKETS; i++) {
		if (n->sockets[i] != NULL && event_get_fd(n->sockets[i]) == fd) {
			event_free(n->sockets[i]);
			n->sockets[i] = NULL;
		}
		if (n->sockets[i] == NULL && at == SOCKETS)
			at = i;
	}
	/* where there are too many, time finds what has come */
	if (!readable && !writable)
		return;
	if (at < SOCKETS)
		n->sockets[at] = event_new(n->p.base, fd, what, on_socket, n);
	if (at < SOCKETS && n->sockets[at] != NULL)
		event_add(n->sockets[at], NULL);
}

/* ---- addresses ---- */

static struct cv_ip
address_of(const struct sockaddr *sa)
{
	struct cv_ip ip = {0};

	if (sa->sa_family == AF_INET) {
		ip.family = CV_IPV4;
		memcpy(ip.bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		ip.family = CV_IPV6;
		memcpy(ip.bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	}
	return ip;
}

static void
on_addresses(void *ctx, int status, int timeouts, struct ares_addrinfo *found)
{
	struct name_question *q = ctx;
	struct names *n = q->n;
	struct cv_ip ips[NAMES_ADDRESSES] = {{0}};
	bool gateway = q->lns == NAMES_LNS;

	(void)timeouts;
	n->waiting--;
	for (const struct ares_addrinfo_node *a = found == NULL ? NULL : found->nodes; a != NULL;
		a = a->ai_next) {
		struct cv_ip ip = address_of(a->ai_addr), *place = &ips[ip.family == CV_IPV6];

		if (ip.family != 0 && place->family == 0)
			*place = ip;
	}
	if (found != NULL)
		ares_freeaddrinfo(found);
	if (ips[0].family == 0) {
		ips[0] = ips[1];
		ips[1] = (struct cv_ip){0};
	}
	if (ips[0].family == 0)
		snprintf(gateway ? n->found.gateway_error : n->found.lns_error,
			sizeof(n->found.lns_error), "%s", ares_strerror(status));
	if (gateway) {
		memcpy(n->found.gateway, ips, sizeof(ips));
		return;
	}
	n->found.lns[q->lns].ip = ips[0];
	n->twins[q->lns] = ips[1];
}

static void
ask_addresses(struct names *n, const char *name, size_t lns)
{
	static const struct ares_addrinfo_hints hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct name_question *q = &n->questions[lns];

	*q = (struct name_question){n, lns};
	n->waiting++;
	ares_getaddrinfo(n->channel, name, NULL, &hints, on_addresses, q);
}

static struct names_lns *
add_lns(struct names *n, enum names_by by, const char *name)
{
	struct names_lns *lns;

	if (n->found.n_lns == NAMES_LNS || strlen(name) >= NAMES_TEXT)
		return NULL;
	lns = &n->found.lns[n->found.n_lns++];
	*lns = (struct names_lns){0};
	snprintf(lns->name, sizeof(lns->name), "%s", name);
	n->found.by = by;
	return lns;
}

/* ---- SRV ---- */

/* There are as many as there is room for: the last of those that are to be asked after one of this
 * priority. NULL: none. */
static struct names_lns *
give_way(struct names *n, uint16_t priority)
{
	struct names_lns *last = NULL;

	for (size_t i = 0; i < n->found.n_lns; i++)
		if (n->found.lns[i].priority > (last == NULL ? priority : last->priority))
			last = &n->found.lns[i];
	return last;
}

/* Whether there were any. "." as a target: the service is decidedly not there (RFC 2782). */
static bool
take_records(struct names *n, const struct ares_srv_reply *records)
{
	uint32_t random[NAMES_LNS];
	bool any = records != NULL;

	for (; records != NULL; records = records->next) {
		struct names_lns *lns;

		if (records->host == NULL || records->host[0] == '\0' || records->port == 0 ||
			strcmp(records->host, ".") == 0 || strlen(records->host) >= NAMES_TEXT)
			continue;
		lns = add_lns(n, NAMES_BY_SRV, records->host);
		if (lns == NULL)
			lns = give_way(n, records->priority);
		if (lns == NULL)
			continue;
		snprintf(lns->name, sizeof(lns->name), "%s", records->host);
		lns->port = records->port;
		lns->priority = records->priority;
		lns->weight = records->weight;
	}
	crypto_random(n->p.crypto, random, sizeof(random));
	names_order(n->found.lns, n->found.n_lns, random);
	if (any && n->found.n_lns == 0)
		snprintf(n->found.lns_error, sizeof(n->found.lns_error),
			"SRV says that there is none");
	return any;
}

static void
on_srv(void *ctx, int status, int timeouts, unsigned char *answer, int len)
{
	struct names *n = ctx;
	struct ares_srv_reply *records = NULL;
	char name[NAMES_TEXT];
	bool any;

	(void)timeouts;
	n->waiting--;
	if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION) {
		snprintf(n->found.lns_error, sizeof(n->found.lns_error), "no answer in time");
		return;
	}
	if (status == ARES_SUCCESS)
		status = ares_parse_srv_reply(answer, len, &records);
	any = status == ARES_SUCCESS && take_records(n, records);
	if (records != NULL)
		ares_free_data(records);
	if (!any && names_by_rule(n->p.gateway->name, name))
		(void)add_lns(n, NAMES_BY_RULE, name);
	else if (!any)
		snprintf(n->found.lns_error, sizeof(n->found.lns_error), "no SRV record: %s",
			ares_strerror(status));
	for (size_t i = 0; i < n->found.n_lns; i++)
		ask_addresses(n, n->found.lns[i].name, i);
}

/* ---- all of it ---- */

static void
ask_lns(struct names *n)
{
	for (size_t i = 0; i < n->p.n_lns; i++) {
		struct names_lns *lns = add_lns(n, NAMES_BY_CONFIG, n->p.lns[i].text);

		if (lns == NULL)
			break;
		lns->priority = (uint16_t)i; /* who has written the list has said so */
		if (n->p.lns[i].name == NULL)
			lns->ip = n->p.lns[i].ip;
	}
	for (size_t i = 0; i < n->found.n_lns; i++)
		if (n->found.lns[i].ip.family == 0)
			ask_addresses(n, n->found.lns[i].name, i);
	if (n->p.n_lns == 0 && n->p.gateway->name != NULL) {
		char name[NAMES_TEXT + 16];

		snprintf(name, sizeof(name), "_l2tp._udp.%s", n->p.gateway->name);
		n->waiting++;
		ares_query(n->channel, name, ns_c_in, ns_t_srv, on_srv, n);
	}
}

/* A name with an address of each family is two LNSs. */
static void
part_twins(struct names *n)
{
	struct names_found whole = n->found;

	n->found.n_lns = 0;
	for (size_t i = 0; i < whole.n_lns; i++) {
		struct names_lns *to = &n->found.lns[n->found.n_lns];

		if (n->found.n_lns < NAMES_LNS) {
			*to++ = whole.lns[i];
			n->found.n_lns++;
		}
		if (n->twins[i].family != 0 && n->found.n_lns < NAMES_LNS) {
			*to = whole.lns[i];
			to->ip = n->twins[i];
			n->found.n_lns++;
		}
	}
}

static void
on_told(evutil_socket_t fd, short what, void *ctx)
{
	struct names *n = ctx;

	(void)fd;
	(void)what;
	n->over = true;
	event_del(n->timer);
	event_del(n->deadline);
	part_twins(n);
	n->p.tell(n->p.ctx, &n->found);
}

static bool
begin(struct names *n)
{
	struct ares_options options = {.timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = on_state,
		.sock_state_cb_data = n};

	n->timer = event_new(n->p.base, -1, 0, on_timer, n);
	n->deadline = event_new(n->p.base, -1, 0, on_deadline, n);
	n->told = event_new(n->p.base, -1, 0, on_told, n);
	if (n->timer == NULL || n->deadline == NULL || n->told == NULL ||
		ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return false;
	n->channel_open = ares_init_options(&n->channel, &options,
				  ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) ==
			  ARES_SUCCESS;
	return n->channel_open && client_set_timer(n->deadline, n->p.timeout_ns) == 0;
}

struct names *
names_ask(const struct names_params *p)
{
	struct names *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->p = *p;
	if (!begin(n)) {
		names_free(n);
		return NULL;
	}
	if (p->gateway->name != NULL)
		ask_addresses(n, p->gateway->name, NAMES_LNS);
	else if (p->gateway->text != NULL)
		n->found.gateway[0] = p->gateway->ip;
	ask_lns(n);
	settle(n);
	return n;
}

void
names_free(struct names *n)
{
	if (n == NULL)
		return;
	if (n->channel_open)
		ares_destroy(n->channel);
	for (size_t i = 0; i < SOCKETS; i++)
		if (n->sockets[i] != NULL)
			event_free(n->sockets[i]);
	if (n->timer != NULL)
		event_free(n->timer);
	if (n->deadline != NULL)
		event_free(n->deadline);
	if (n->told != NULL)
		event_free(n->told);
	ares_library_cleanup();
	free(n);
}
