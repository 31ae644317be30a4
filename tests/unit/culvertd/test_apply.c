/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration applied as a difference: for hundreds of pairs, what the data path and the server
 * have after A and then B is what they have after B alone, by names; and all that was set can be
 * cleared.
 */
#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../seeded.h"
#include "culvertd/daemon.h"
#include "culvertd/lans.h"
#include "culvertd/uplinks.h"
#include "datapath/routes.h"
#include "scenario/pairs.h"

enum {
	PAIRS = 500,
	STATE_TEXT = 32768,
	/* our own, of interfaces themselves and of their networks, of both families; others */
	ROUTES_MOST = 2 * PAIRS_GROUPS + 4 * PAIRS_INTERFACES + PAIRS_ROUTES,
	ROUTE_TEXT = 256,
};

static struct rte_ring *in, *out;
static struct dp_port_config port = {.kind = DP_PORT_ETHDEV, .name = "wan"};
static struct daemon d;
static uint64_t now = CV_NS_PER_S;

static int
read_file(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	(void)ctx;
	(void)path;
	(void)max;
	*data = (uint8_t *)strdup("secret");
	*len = strlen("secret");
	*mode = 0600;
	return *data == NULL ? CV_ERR_NOMEM : 0;
}

static struct cfg *
config(uint64_t seed, uint64_t variant)
{
	static char yaml[PAIRS_TEXT];
	struct cfg_files files = {.read = read_file};
	struct cfg_errors errors = {0};
	struct cfg *cfg = NULL;
	char text[512];

	pairs_config(seed, variant, yaml);
	if (cfg_load("pair.yaml", yaml, strlen(yaml), &files, &errors, &cfg) != 0)
		for (size_t i = 0; i < errors.n; i++)
			print_error("%s\n", cfg_error_text(&errors.items[i], text, sizeof(text)));
	cfg_errors_free(&errors);
	if (cfg == NULL)
		print_error("%s", yaml);
	assert_non_null(cfg);
	return cfg;
}

/* ---- the state, by names ---- */

struct state {
	size_t used;
	char text[STATE_TEXT];
};

static void __attribute__((format(printf, 2, 3))) say(struct state *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->used += (size_t)vsnprintf(s->text + s->used, sizeof(s->text) - s->used, fmt, ap);
	va_end(ap);
	assert_true(s->used < sizeof(s->text));
}

static void
say_prefix(struct state *s, const struct cv_prefix *p)
{
	char text[CV_PREFIX_TEXT];

	say(s, " %s", cv_prefix_text(p, text));
}

/* The name of a port or VLAN, by the interface that it is in the data path. */
static const char *
lan_of(const struct cfg *cfg, uint16_t iface)
{
	for (uint32_t lan = 0; lan < cfg->n_ports + cfg->n_vlans; lan++)
		if (lans_iface(cfg, lan) == iface)
			return cfg_lan_name(cfg, lan);
	fail_msg("interface %u is nobody's", iface);
	return NULL;
}

static void
say_lans(struct state *s, const struct cfg *cfg)
{
	struct cv_prefix address;
	struct dp_iface v;
	uint16_t iface;

	for (uint32_t lan = 0; lan < cfg->n_ports + cfg->n_vlans; lan++) {
		assert_int_equal(dp_iface_get(d.dp, lans_iface(cfg, lan), &v), 0);
		say(s, "on %s: vlan %u outer %u type %x mtu %u", cfg_lan_name(cfg, lan), v.vlan,
			v.outer, v.outer_type, v.mtu);
		if (v.inside)
			say(s, " realm %s proxy %d filter %s", cfg_realm_by_id(cfg, v.realm)->name,
				v.proxy, cfg_filter_by_id(cfg, v.filter)->name);
		/* those of configurations are in the order of the list */
		for (size_t i = 0; i < cfg->n_interfaces; i++)
			for (unsigned at = 0, k = 0; k < cfg->interfaces[i].n_addresses;
				at = 0, k++)
				while (dp_address_get(d.dp, at++, &iface, &address) == 0)
					if (iface == lans_iface(cfg, lan) &&
						cv_ip_equal(&address.ip,
							&cfg->interfaces[i].addresses[k].ip))
						say_prefix(s, &address);
		say(s, "\n");
	}
}

static void
say_services(struct state *s, const struct cfg *cfg)
{
	char ip[CV_IP_TEXT], gateway[CV_IP_TEXT];
	struct dp_service v;

	for (size_t i = 0; i < cfg->n_listeners; i++) {
		assert_int_equal(dp_service_get(d.dp, cfg->listeners[i].id, &v), 0);
		say(s, "service %s: on %s %s/%u:%u via %s\n", cfg->listeners[i].name,
			lan_of(cfg, v.iface), cv_ip_text(&v.ip, ip), v.prefix_length, v.udp_port,
			v.gateway.family == 0 ? "-" : cv_ip_text(&v.gateway, gateway));
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Where a route leads. */
static const char *
route_text(const struct cfg *cfg, uint32_t word, char text[ROUTE_TEXT / 2])
{
	struct dp_leads l;
	char hop[CV_IP_TEXT];

	dp_route_leads(d.dp, word, 0, &l);
	if (l.kind == DP_ROUTE_VIA || l.kind == DP_ROUTE_LINK)
		snprintf(text, ROUTE_TEXT / 2, "%d by %s to %s", l.kind, lan_of(cfg, l.iface),
			l.hop.family == 0 ? "-" : cv_ip_text(&l.hop, hop));
	else
		snprintf(text, ROUTE_TEXT / 2, "%d", l.kind);
	return text;
}

/* Routes in the order of their texts. */
static void
say_realms(struct state *s, const struct cfg *cfg)
{
	char routes[ROUTES_MOST][ROUTE_TEXT], text[CV_PREFIX_TEXT];
	const struct cv_prefix *pools;
	uint16_t count;
	uint32_t word;

	for (size_t i = 0; i < cfg->n_realms; i++) {
		uint16_t id = cfg->realms[i].id;
		struct cv_prefix prefix = {0};
		char led[ROUTE_TEXT / 2];
		unsigned n = 0;

		assert_int_equal(dp_realm_get(d.dp, id, &pools, &count), 0);
		say(s, "realm %s:", cfg->realms[i].name);
		for (uint16_t p = 0; p < count; p++)
			say_prefix(s, &pools[p]);
		while (dp_route_next(d.dp, id, &prefix, &word)) {
			assert_true(n < ROUTES_MOST);
			snprintf(routes[n++], ROUTE_TEXT, "%s=%s", cv_prefix_text(&prefix, text),
				route_text(cfg, word, led));
		}
		qsort(routes, n, sizeof(routes[0]), by_text);
		for (unsigned r = 0; r < n; r++)
			say(s, " %s", routes[r]);
		say(s, "\n");
	}
}

static void
say_listed(struct state *s, const struct cv_rule *r)
{
	say(s, " %s%u/%u-%u any %d way %u ports %u-%u %u-%u of", r->denies ? "deny " : "",
		r->protocol, r->port_low, r->port_high, r->any_protocol, r->way, r->peer_port.low,
		r->peer_port.high, r->client_port.low, r->client_port.high);
	say_prefix(s, &r->peer);
	say_prefix(s, &r->client);
}

static void
say_filters(struct state *s, const struct cfg *cfg)
{
	struct dp_filter f;

	for (size_t i = 0; i < cfg->n_filters; i++) {
		assert_int_equal(dp_filter_get(d.dp, cfg->filters[i].id, &f), 0);
		say(s, "filter %s: %d", cfg->filters[i].name, f.kind);
		for (uint16_t r = 0; r < f.rule_count; r++)
			say(s, " %u/%u-%u", f.rules[r].protocol, f.rules[r].port_low,
				f.rules[r].port_high);
		for (uint32_t r = 0; r < f.list_count; r++)
			say_listed(s, &f.list[r]);
		for (uint16_t g = 0; g < f.gateway_count; g++)
			say_prefix(s, &f.gateways[g]);
		say(s, "\n");
	}
}

static void
say_groups(struct state *s, const struct cfg *cfg)
{
	char ip[CV_IP_TEXT], ip6[CV_IP_TEXT];
	uint64_t used, size;
	struct dp_group g;

	for (size_t i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *group = &cfg->groups[i];

		assert_int_equal(dp_group_get(d.dp, group->id, &g), 0);
		assert_true(lns_pool_use(d.lns, group->id, &used, &size));
		say(s,
			"group %s: %s %s mtu %u reachable %d silent %d dscp %d/%u rates %u %u %u "
			"%u pool "
			"%llu/%llu\n",
			group->name, cv_ip_text(&g.lns, ip), cv_ip_text(&g.lns6, ip6), g.mtu,
			g.clients_reachable, g.refuse_silently, g.dscp_fixed, g.dscp,
			g.each.in.committed, g.each.out.committed, g.shared.in.committed,
			g.shared.out.committed, (unsigned long long)used, (unsigned long long)size);
	}
}

/* How much of all there is, also of what no name in the configuration leads to. */
static void
say_counts(struct state *s)
{
	unsigned services = 0, filters = 0, groups = 0, realms = 0, pools = 0;
	unsigned ifaces = 0, addresses = 0, vias = 0;
	struct cv_prefix address;
	struct dp_iface i;
	const struct cv_prefix *prefixes;
	struct dp_service v;
	struct dp_filter f;
	struct dp_group g;
	uint64_t used, size;
	uint16_t count;
	uint32_t word;

	for (uint16_t id = 0; id < CV_LISTENER_IDS; id++)
		services += dp_service_get(d.dp, id, &v) == 0;
	for (uint16_t id = 0; id < CV_FILTER_IDS; id++)
		filters += dp_filter_get(d.dp, id, &f) == 0;
	for (uint16_t id = 0; id < CV_REALM_IDS; id++) {
		struct cv_prefix first = {0};

		realms += dp_realm_get(d.dp, id, &prefixes, &count) == 0 ||
			  dp_route_next(d.dp, id, &first, &word);
	}
	for (uint16_t id = 0; id < CV_GROUP_IDS + CV_INTERFACE_IDS; id++)
		groups += id >= CV_GROUP_IDS && dp_group_get(d.dp, id, &g) == 0;
	for (uint16_t id = 0; id < CV_GROUP_IDS; id++) {
		groups += dp_group_get(d.dp, id, &g) == 0;
		pools += lns_pool_use(d.lns, id, &used, &size);
	}
	for (unsigned id = 0; id <= UINT16_MAX; id++)
		ifaces += dp_iface_get(d.dp, (uint16_t)id, &i) == 0;
	for (uint16_t id = 0; id < CV_ROUTE_IDS; id++)
		vias += dp_via_get(d.dp, id, NULL) != 0;
	while (dp_address_get(d.dp, addresses, &count, &address) == 0)
		addresses++;
	say(s,
		"services %u filters %u groups %u realms %u interfaces %u addresses %u vias %u "
		"pools "
		"%u\n",
		services, filters, groups, realms, ifaces, addresses, vias, pools);
}

static void
say_all(struct state *s, const struct cfg *cfg)
{
	s->used = 0;
	say_lans(s, cfg);
	say_services(s, cfg);
	say_realms(s, cfg);
	say_filters(s, cfg);
	say_groups(s, cfg);
	say_counts(s);
}

/* ---- pairs ---- */

static void
begin(struct cfg *cfg)
{
	struct lns_params params = {.cfg = cfg, .crypto = d.crypto, .log = &d.log};
	char why[APPLY_WHY] = "";

	d.cfg = cfg;
	d.lns = lns_new(&params, now);
	assert_non_null(d.lns);
	assert_int_equal(daemon_apply(&d, now, NULL, cfg, why), 0);
}

static void
go_on(struct cfg *cfg)
{
	static struct dp_rules *made[CV_FILTER_IDS];
	const struct cfg *old = d.cfg;
	char why[APPLY_WHY] = "";
	int rc;

	assert_int_equal(cfg_continue(cfg, old), 0);
	assert_int_equal(daemon_make_rules(old, cfg, made), 0);
	d.made = made;
	rc = daemon_apply(&d, now, old, cfg, why);
	d.made = NULL;
	daemon_free_rules(made);
	if (rc != 0)
		print_error("%s\n", why);
	assert_int_equal(rc, 0);
	d.cfg = cfg;
	daemon_apply_finish(&d, old);
	cfg_free(old);
}

/* Back to nothing. */
static void
end(void)
{
	static struct state s;
	const struct cfg *old = d.cfg;

	d.cfg = NULL;
	daemon_apply_finish(&d, old);
	cfg_free(old);
	dp_control_poll(d.dp, now += CV_NS_PER_S);
	s.used = 0;
	say_counts(&s);
	assert_non_null(strstr(s.text, "services 0 filters 0 groups 0 realms 0 interfaces 0 "
				       "addresses 0 vias 0"));
	lns_free(d.lns);
	d.lns = NULL;
}

static void
a_pair_is_as_its_second_alone(void **state)
{
	static struct state after, alone;

	(void)state;
	for (uint64_t pair = 1; pair <= PAIRS; pair++) {
		/* much the same, or nothing of it */
		uint64_t second = pair % 4 == 0 ? 1000 + pair : pair;

		begin(config(pair, 0));
		go_on(config(second, pair));
		say_all(&after, d.cfg);
		end();
		begin(config(second, pair));
		say_all(&alone, d.cfg);
		end();
		if (strcmp(after.text, alone.text) != 0)
			print_error("pair %u: after the first\n%s\nalone\n%s\n", (unsigned)pair,
				after.text, alone.text);
		assert_string_equal(after.text, alone.text);
	}
}

/* A chain of them, where IDs are used again. */
static void
many_in_a_row_are_as_the_last_alone(void **state)
{
	static struct state after, alone;

	(void)state;
	begin(config(1, 0));
	for (uint64_t n = 2; n <= PAIRS; n++)
		go_on(config(n / 8, n));
	say_all(&after, d.cfg);
	end();
	begin(config(PAIRS / 8, PAIRS));
	say_all(&alone, d.cfg);
	end();
	assert_string_equal(after.text, alone.text);
}

/* All has been set when the server refuses: it has no room for so many sessions. */
static void
what_fails_leaves_all_as_it_was(void **state)
{
	static struct state before, after;
	char why[APPLY_WHY] = "";

	(void)state;
	for (uint64_t pair = 1; pair <= PAIRS / 5; pair++) {
		struct cfg *cfg = config(pair % 4 == 0 ? 1000 + pair : pair, pair);

		begin(config(pair, 0));
		say_all(&before, d.cfg);
		assert_int_equal(cfg_continue(cfg, d.cfg), 0);
		cfg->limits.sessions = lns_capacity(d.lns) + 1;
		assert_int_equal(daemon_apply(&d, now, d.cfg, cfg, why), CV_ERR_LIMIT);
		assert_string_equal(why, cv_strerror(CV_ERR_LIMIT));
		cfg_free(cfg);
		say_all(&after, d.cfg);
		assert_string_equal(after.text, before.text);
		end();
	}
}

/* Next hops of nobody's by the first interface that goes: the host beside its address. False: none
 * goes. */
static bool
hold_one_that_goes(const struct cfg *before, const struct cfg *cfg, uint16_t id)
{
	for (size_t i = 0; i < before->n_interfaces; i++) {
		const struct cfg_interface *own = &before->interfaces[i];
		struct dp_via hop = {
			.iface = lans_iface(before, own->lan), .ip = own->addresses[0].ip};

		hop.ip.bytes[hop.ip.family == CV_IPV4 ? 3 : 15] ^= 8;
		if (uplinks_by_iface(cfg, hop.iface) == NULL && dp_via_set(d.dp, id, &hop, 1) == 0)
			return true;
	}
	return false;
}

/* An interface is in use that ought to go: nothing has changed, and it is said which one. */
static void
what_is_in_use_stays(void **state)
{
	static struct state before, after;
	enum { FOREIGN = CV_ROUTE_IDS + CV_DIAL_IDS + 4000 };
	char why[APPLY_WHY];
	unsigned held = 0;

	(void)state;
	for (uint64_t pair = 1; pair <= PAIRS / 5; pair++) {
		struct cfg *cfg = config(1000 + pair, pair);

		begin(config(pair, 0));
		assert_int_equal(cfg_continue(cfg, d.cfg), 0);
		say_all(&before, d.cfg);
		if (hold_one_that_goes(d.cfg, cfg, FOREIGN)) {
			why[0] = '\0';
			assert_int_equal(daemon_apply(&d, now, d.cfg, cfg, why), CV_ERR_EXISTS);
			assert_ptr_equal(strstr(why, "interface "), why);
			say_all(&after, d.cfg);
			assert_string_equal(after.text, before.text);
			assert_int_equal(dp_via_clear(d.dp, FOREIGN), 0);
			held++;
		}
		cfg_free(cfg);
		end();
	}
	assert_true(held > 5);
}

static int
up(void **state)
{
	char *args[] = {"test", "--no-pci", "--no-huge", "-m", "128", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0", NULL};
	struct dp_params params = {.ports = &port,
		.port_count = 1,
		.slot_seed = 7,
		.slot_mask = 127,
		.pool_mbufs = 1023,
		.eal_ready = true};
	int id;

	(void)state;
	if (rte_eal_init((int)RTE_DIM(args) - 1, args) < 0)
		return -1;
	in = rte_ring_create("in", 64, SOCKET_ID_ANY, 0);
	out = rte_ring_create("out", 1024, SOCKET_ID_ANY, 0);
	id = rte_eth_from_rings("wan", &in, 1, &out, 1, rte_socket_id());
	d.crypto = seeded_crypto();
	return id < 0 || d.crypto == NULL ||
			       rte_eth_dev_get_name_by_port((uint16_t)id, port.device) != 0 ||
			       dp_create(&params, &d.dp) != 0 || dp_start(d.dp, now) != 0
		       ? -1
		       : 0;
}

static int
down(void **state)
{
	(void)state;
	dp_destroy(d.dp);
	crypto_free(d.crypto);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_as_its_second_alone),
		cmocka_unit_test(many_in_a_row_are_as_the_last_alone),
		cmocka_unit_test(what_fails_leaves_all_as_it_was),
		cmocka_unit_test(what_is_in_use_stays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, up, down);
}
