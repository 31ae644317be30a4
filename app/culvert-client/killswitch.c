/* SPDX-License-Identifier: BSD-3-Clause */
#include "killswitch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/err.h"
#include "common/child.h"

const char *
kill_switch_name(const struct cfg_connection *c, char out[KILL_SWITCH_NAME])
{
	snprintf(out, KILL_SWITCH_NAME, "culvert-client-%s", c->name);
	return out;
}

/* ---- what nft is told ---- */

static void put(struct cv_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct cv_writer *w, const char *fmt, ...)
{
	char line[1536];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		w->failed = true;
	else
		cv_write_bytes(w, line, (size_t)n);
}

/*
 * Where there is a table its chain and sets stay, and what is in them is replaced. Another chain in
 * place of the old one is in force later than that is out of it, by the time of a packet: the
 * kernel tells them which generation counts one after the other.
 */
static const char frame[] =
	"table inet %s {\n"
	"\tset protected4 { type ipv4_addr; flags interval; auto-merge; }\n"
	"\tset protected6 { type ipv6_addr; flags interval; auto-merge; }\n"
	"\tset lns4 { type ipv4_addr; flags interval; auto-merge; }\n"
	"\tset lns6 { type ipv6_addr; flags interval; auto-merge; }\n"
	"\tset resolvers4 { type ipv4_addr; flags interval; auto-merge; }\n"
	"\tset resolvers6 { type ipv6_addr; flags interval; auto-merge; }\n"
	"\tset lns_ports { type inet_service; }\n"
	"\tchain leave { type filter hook postrouting priority -10; policy accept; }\n"
	"}\n"
	"flush chain inet %s leave\n";

/* A set's elements of one family, in place of those that it has; nft takes none without. */
static void
put_set(struct cv_writer *w, const char *table, const char *name, enum cv_family family,
	const struct cv_prefix *all, size_t n)
{
	unsigned version = family == CV_IPV4 ? 4 : 6;
	char text[CV_PREFIX_TEXT];
	bool any = false;

	put(w, "flush set inet %s %s%u\n", table, name, version);
	for (size_t i = 0; i < n; i++) {
		if (all[i].ip.family != family)
			continue;
		if (!any)
			put(w, "add element inet %s %s%u { ", table, name, version);
		put(w, "%s%s", any ? ", " : "", cv_prefix_text(&all[i], text));
		any = true;
	}
	if (any)
		put(w, " }\n");
}

static void
put_ports(struct cv_writer *w, const char *table, const struct cfg_connection *c)
{
	put(w, "flush set inet %s lns_ports\nadd element inet %s lns_ports { %u", table, table,
		c->stun_port);
	for (size_t i = 0; i < c->n_ports; i++)
		if (c->ports[i] != c->stun_port)
			put(w, ", %u", c->ports[i]);
	put(w, " }\n");
}

/* Behind the hook stands what is routed and what is ours; before encryption and, as ESP, after it.
 * A packet that has its way written in it may go on to anybody from where it goes first. */
static const char chain[] =
	"\tchain leave {\n"
	"\t\toifname \"lo\" accept\n"
	"\t\tip option lsrr exists counter drop\n"
	"\t\tip option ssrr exists counter drop\n"
	"\t\texthdr rt exists counter drop\n"
	"\t\tip daddr != @protected4 accept\n"
	"\t\tip6 daddr != @protected6 accept\n"
	"\t\trt ipsec exists accept\n"
	"\t\tmeta l4proto { esp, ah } accept\n"
	"\t\tudp dport { 500, 4500 } accept\n"
	"\t\tip daddr @lns4 udp dport @lns_ports accept\n"
	"\t\tip6 daddr @lns6 udp dport @lns_ports accept\n"
	"\t\tip daddr @resolvers4 meta l4proto { tcp, udp } th dport 53 accept\n"
	"\t\tip6 daddr @resolvers6 meta l4proto { tcp, udp } th dport 53 accept\n"
	"\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, "
	"mld-listener-report, mld2-listener-report } ip6 hoplimit { 1, 255 } accept\n"
	"\t\tudp sport 68 udp dport 67 accept\n"
	"\t\tip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept\n"
	"\t\tcounter drop\n"
	"\t}\n";

int
kill_switch_write(const struct cfg_connection *c, const struct cv_ip *lns, size_t n_lns, char *out,
	size_t capacity)
{
	struct cv_writer w = cv_writer(out, capacity);
	struct cv_prefix hosts[KILL_SWITCH_LNS_MAX];
	char name[KILL_SWITCH_NAME];

	if (n_lns > KILL_SWITCH_LNS_MAX)
		return CV_ERR_LIMIT;
	for (size_t i = 0; i < n_lns; i++)
		hosts[i] = (struct cv_prefix){
			.ip = lns[i], .length = lns[i].family == CV_IPV4 ? 32 : 128};
	kill_switch_name(c, name);
	put(&w, frame, name, name);
	for (unsigned i = 0; i < 2; i++) {
		enum cv_family family = i == 0 ? CV_IPV4 : CV_IPV6;

		put_set(&w, name, "protected", family, c->protected, c->n_protected);
		put_set(&w, name, "lns", family, hosts, n_lns);
		put_set(&w, name, "resolvers", family, c->resolvers, c->n_resolvers);
	}
	put_ports(&w, name, c);
	put(&w, "table inet %s {\n", name);
	cv_write_bytes(&w, chain, sizeof(chain) - 1);
	put(&w, "}\n");
	cv_write_u8(&w, '\0');
	return w.failed ? CV_ERR_SPACE : (int)cv_written(&w) - 1;
}

/* ---- in force ---- */

static int
tell(const char *text, size_t len, char why[KILL_SWITCH_WHY])
{
	enum { WITHIN_MS = 10000 };
	static const char *const nft[] = {"nft", "-f", "-", NULL};
	char said[KILL_SWITCH_WHY - 32];
	int rc = child_run(nft, text, len, WITHIN_MS, said, sizeof(said));

	if (rc == 0)
		return 0;
	if (rc < 0)
		snprintf(why, KILL_SWITCH_WHY, "nft: %s", strerror(errno));
	else if (said[0] != '\0')
		snprintf(why, KILL_SWITCH_WHY, "nft: %s", said);
	else
		snprintf(why, KILL_SWITCH_WHY, "nft ended with %d", rc);
	return CV_ERR_IO;
}

int
kill_switch_set(const struct cfg_connection *c, const struct cv_ip *lns, size_t n_lns,
	char why[KILL_SWITCH_WHY])
{
	static char text[KILL_SWITCH_TEXT];
	int len = kill_switch_write(c, lns, n_lns, text, sizeof(text));

	if (len < 0) {
		snprintf(why, KILL_SWITCH_WHY, "too many addresses");
		return CV_ERR_IO;
	}
	return tell(text, (size_t)len, why);
}

int
kill_switch_remove(const struct cfg_connection *c, char why[KILL_SWITCH_WHY])
{
	char name[KILL_SWITCH_NAME], text[2 * KILL_SWITCH_NAME + 64];
	int len;

	kill_switch_name(c, name);
	len = snprintf(text, sizeof(text), "table inet %s {}\ndelete table inet %s\n", name, name);
	return tell(text, (size_t)len, why);
}
