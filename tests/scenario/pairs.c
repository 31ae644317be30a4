/* SPDX-License-Identifier: BSD-3-Clause */
#include "pairs.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { OTHERS = 12 }; /* one of so many choices is another in a variant */

struct text {
	char *out;
	size_t used;
	uint64_t seed;
	uint64_t random, other; /* of the choices; of the variant's own, 0: it has none */
	unsigned vlans, realms; /* that there are, as bits */
	const char *lans[1 + PAIRS_VLANS];
};

/* xorshift64* */
static unsigned
draw(uint64_t *random)
{
	*random ^= *random >> 12;
	*random ^= *random << 25;
	*random ^= *random >> 27;
	return (unsigned)(*random * UINT64_C(2685821657736338717) >> 33);
}

/* The choices about a thing begin, which are the same whatever was chosen of others. */
static void
about(struct text *t, unsigned kind, unsigned i)
{
	t->random = ((t->seed * 31 + kind) * 31 + i + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	(void)draw(&t->random);
}

/* 0 to n - 1 */
static unsigned
any(struct text *t, unsigned n)
{
	unsigned choice = draw(&t->random) % n;

	if (t->other != 0 && draw(&t->other) % OTHERS == 0)
		return draw(&t->other) % n;
	return choice;
}

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(t->out + t->used, PAIRS_TEXT - t->used, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= PAIRS_TEXT - t->used)
		abort();
	t->used += (size_t)len;
}

/* Some of n, at least one, as bits. */
static unsigned
some(struct text *t, unsigned n)
{
	unsigned bits = any(t, 1u << n);

	return bits == 0 ? 1u << any(t, n) : bits;
}

static void
put_policy(struct text *t)
{
	static const char *const policies[] = {"ipsec", "any", "[esp, udp/4500]",
		"[esp, ah, udp/500-600]",
		"[{permit: [esp, udp/500], peer: [10.0.0.0/8, '2001:db8::/32']}, ah]",
		"[{deny: udp, peer-port: [53, 70-80], direction: in}, {permit: any, client: "
		"10.0.0.0/8}]"};

	put(t, ", policy: %s", policies[any(t, 6)]);
	if (any(t, 2) == 0)
		put(t, ", gateways: [10.99.%u.0/24, '2001:db8:%u::/48']", any(t, 2), any(t, 2));
}

/* Some may be another under the same name, or the same under another. */
static void
put_vlans(struct text *t)
{
	static const char *const names[] = {"v0", "v1", "v2", "v3"}, *const others[] = {"w0", "w1",
									     "w2", "w3"};

	about(t, 7, 0);
	t->vlans = any(t, 1u << PAIRS_VLANS);
	t->lans[0] = "wan";
	if (t->vlans != 0)
		put(t, "vlans:\n");
	for (unsigned i = 0; i < PAIRS_VLANS; i++) {
		about(t, 8, i);
		t->lans[1 + i] = any(t, 2) == 0 ? names[i] : others[i];
		if ((t->vlans >> i & 1) == 0)
			continue;
		put(t, "  - {name: %s, vlan: %u", t->lans[1 + i], 100 * (i + 1) + any(t, 2));
		if (any(t, 2) == 0)
			put(t, ", outer: %u, tpid: 802.1%s", 7 + any(t, 2),
				any(t, 2) == 0 ? "ad" : "q");
		if (any(t, 3) == 0)
			put(t, ", mtu: 1400");
		put(t, "}\n");
	}
}

/* A port or VLAN that is there, not among `taken`. 1 + PAIRS_VLANS: none is left. */
static unsigned
a_lan(struct text *t, unsigned taken)
{
	unsigned start = any(t, 1 + PAIRS_VLANS);

	for (unsigned i = 0; i <= PAIRS_VLANS; i++) {
		unsigned lan = (start + i) % (1 + PAIRS_VLANS);

		if ((taken >> lan & 1) == 0 && (lan == 0 || (t->vlans >> (lan - 1) & 1) != 0))
			return lan;
	}
	return 1 + PAIRS_VLANS;
}

static unsigned
a_realm(struct text *t)
{
	unsigned realm = any(t, PAIRS_REALMS);

	while ((t->realms >> realm & 1) == 0)
		realm = (realm + 1) % PAIRS_REALMS;
	return realm;
}

/* Each realm has the same networks, each of them on one interface; routes by them. */
static void
put_uplinks(struct text *t)
{
	unsigned there, taken = 0, networks[PAIRS_REALMS] = {0};

	about(t, 9, 0);
	there = any(t, 1u << PAIRS_INTERFACES);
	put(t, "interfaces: [");
	for (unsigned i = 0; i < PAIRS_INTERFACES; i++) {
		unsigned lan, realm, net;

		about(t, 10, i);
		if ((there >> i & 1) == 0)
			continue;
		lan = a_lan(t, taken);
		if (lan > PAIRS_VLANS)
			continue;
		taken |= 1u << lan;
		realm = a_realm(t);
		net = any(t, PAIRS_INTERFACES);
		while ((networks[realm] >> net & 1) != 0)
			net = (net + 1) % PAIRS_INTERFACES;
		networks[realm] |= 1u << net;
		put(t, "%s{name: n%u, port: %s, realm: r%u, addresses: [198.18.%u.1/24",
			taken == 1u << lan ? "" : ",\n  ", i, t->lans[lan], realm, net);
		if (any(t, 2) == 0)
			put(t, ", '2001:db8:ff%u::1/64'", net);
		put(t, "], proxy: %s}", any(t, 2) == 0 ? "pools" : "sessions");
	}
	put(t, "]\nroutes:\n");
	for (unsigned i = 0; i < PAIRS_ROUTES; i++) {
		unsigned realm, net, other;

		about(t, 11, i);
		realm = a_realm(t);
		net = any(t, PAIRS_INTERFACES);
		other = any(t, PAIRS_INTERFACES);
		if (other != net && (networks[realm] & 1u << net) != 0 &&
			(networks[realm] & 1u << other) != 0)
			put(t,
				"  - {realm: r%u, to: 203.0.%u.0/24, via: [198.18.%u.9, "
				"198.18.%u.9]}\n",
				realm, i, net, other);
		else if ((networks[realm] >> net & 1) != 0)
			put(t, "  - {realm: r%u, to: 203.0.%u.0/24, via: 198.18.%u.9}\n", realm, i,
				net);
		else
			put(t, "  - {realm: r%u, to: 203.0.%u.0/24, via: discard}\n", realm, i);
	}
}

/* Of a group. */
static void
put_ipv6(struct text *t, unsigned i)
{
	about(t, 6, i);
	if (any(t, 3) == 0)
		return;
	put(t, ", pool6: ['2001:db8:%u:%u00::/%u']", i, any(t, 2), 60 + any(t, 2));
	if (any(t, 2) == 0)
		put(t, ", address6: 'fd00::%u'", 1 + any(t, 2));
	if (any(t, 2) == 0)
		put(t, ", delegate: 'fd%02u::/40', delegate-length: %u", i + 1, 56 + 4 * any(t, 2));
	if (any(t, 2) == 0)
		put(t, ", dns6: ['2001:db8::%u']", 53 + any(t, 2));
}

static void
put_groups(struct text *t, unsigned groups, unsigned filters)
{
	put(t, "groups:\n");
	for (unsigned i = 0; i < PAIRS_GROUPS; i++) {
		unsigned filter, realm;

		about(t, 1, i);
		filter = any(t, PAIRS_FILTERS + 3);
		if ((groups >> i & 1) == 0)
			continue;
		realm = any(t, PAIRS_REALMS);
		t->realms |= 1u << realm;
		put(t, "  - {name: g%u, realm: r%u, address: 10.%u.0.1, pool: [10.%u.%u.0/%u]", i,
			realm, i, i, 1 + any(t, 2), 24 + any(t, 2));
		if (any(t, 2) == 0)
			put(t, ", mtu: %u", 1300 + 10 * any(t, 3));
		if (any(t, 2) == 0)
			put(t, ", clients: reachable");
		if (any(t, 4) == 0)
			put(t, ", dscp: %u", any(t, 2));
		if (any(t, 3) == 0)
			put(t, ", rate-out: %uMbit", 1 + any(t, 2));
		if (any(t, 3) == 0)
			put(t, ", shared-rate-in: %uMbit", 1 + any(t, 2));
		if (filter < PAIRS_FILTERS && (filters >> filter & 1) != 0)
			put(t, ", filter: f%u", filter);
		else if (filter == PAIRS_FILTERS)
			put(t, ", filter: any");
		else if (filter == PAIRS_FILTERS + 1)
			put_policy(t);
		put_ipv6(t, i);
		put(t, "}\n");
	}
}

static void
put_users(struct text *t, unsigned groups)
{
	unsigned users;

	about(t, 2, 0);
	users = some(t, PAIRS_USERS) | some(t, PAIRS_USERS);
	put(t, "users:\n");
	for (unsigned i = 0; i < PAIRS_USERS; i++) {
		unsigned group;

		about(t, 3, i);
		group = any(t, PAIRS_GROUPS);
		if ((users >> i & 1) == 0)
			continue;
		while ((groups >> group & 1) == 0)
			group = (group + 1) % PAIRS_GROUPS;
		put(t, "  - {name: u%u, group: g%u, password-file: alice", i, group);
		if (any(t, 3) == 0)
			put(t, ", address: 10.%u.%u.%u", group, 1 + any(t, 2), 100 + i);
		put(t, "}\n");
	}
}

void
pairs_config(uint64_t seed, uint64_t variant, char *out)
{
	struct text t = {.out = out, .seed = seed};
	unsigned listeners, groups, filters;

	about(&t, 0, 0);
	if (variant != 0) {
		t.other = variant * UINT64_C(0x9e3779b97f4a7c15) | 1;
		(void)draw(&t.other);
	}
	listeners = some(&t, PAIRS_LISTENERS);
	groups = some(&t, PAIRS_GROUPS);
	filters = any(&t, 1u << PAIRS_FILTERS);
	put(&t, "log: {level: %s}\n", any(&t, 2) == 0 ? "info" : "warning");
	put(&t, "ports: [{name: wan, device: 'af_packet:lns0'}]\n");
	put_vlans(&t);
	put(&t, "listeners:\n");
	for (unsigned i = 0; i < PAIRS_LISTENERS; i++) {
		about(&t, 4, i);
		if ((listeners >> i & 1) != 0)
			put(&t, "  - {address: 192.0.2.%u/%u%s, port: %s}\n", i + 1,
				24 + any(&t, 2), any(&t, 2) == 0 ? ", gateway: 192.0.2.99" : "",
				t.lans[a_lan(&t, 0)]);
	}
	put(&t, "tunnels: {secrets: [{secret-file: tunnel}]}\n");
	put(&t, "limits: {sessions: %u, tunnels: 100}\n", 40 + 10 * any(&t, 3));
	if (filters != 0)
		put(&t, "filters:\n");
	for (unsigned i = 0; i < PAIRS_FILTERS; i++) {
		if ((filters >> i & 1) == 0)
			continue;
		about(&t, 5, i);
		put(&t, "  - {name: f%u", i);
		put_policy(&t);
		put(&t, "}\n");
	}
	put_groups(&t, groups, filters);
	put_uplinks(&t);
	put_users(&t, groups);
}
