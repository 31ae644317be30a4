/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl limits: what may run out, how much of it is used, and whom that has refused. */
#include "commands.h"
#include "datapath/info.h"

enum {
	NEAR_PERCENT = 80, /* of a limit: worth to be said */
	EACH = -1,         /* for `used`: it is one for each peer, tunnel or second */
	UNKNOWN = -1,
};

static void
add(json_t *rows, struct limit_row row)
{
	row.near_or_hit = row.hit != 0 ||
			  (row.used > 0 && row.of > 0 && row.used * 100 >= row.of * NEAR_PERCENT);
	json_array_append_new(rows, view_row(&view_limits, &row));
}

/* Full is how it is: the oldest gives way. */
static void
add_kept(json_t *rows, const char *name, const char *help, uint64_t used, int64_t of)
{
	struct limit_row row = {.name = name,
		.help = help,
		.used = (int64_t)used < of ? (int64_t)used : of,
		.highest = UNKNOWN,
		.of = of};

	json_array_append_new(rows, view_row(&view_limits, &row));
}

/* Below `limits` of the configuration. */
static void
add_limits(json_t *rows, const struct daemon *d, const struct lns_status *s)
{
	const struct cfg_limits *l = &d->cfg->limits;
	const struct lns_highest *high = &s->highest;
	const uint64_t *hit = s->counters;

	add(rows, (struct limit_row){"tunnels", "control connections that live", s->tunnels,
			  high->tunnels, l->tunnels, hit[LNS_LIMIT_TUNNELS], false});
	add(rows, (struct limit_row){"tunnels-per-peer", "of one address", EACH,
			  high->tunnels_per_peer, l->tunnels_per_peer, hit[LNS_LIMIT_PEER], false});
	add(rows, (struct limit_row){"half-open", "callers that have not proved themselves",
			  s->half_open, high->half_open, l->half_open, hit[LNS_LIMIT_HALF_OPEN],
			  false});
	add(rows,
		(struct limit_row){"setups-per-second", "tunnels, and calls likewise", EACH,
			high->setups_per_second, l->setups_per_second, hit[LNS_LIMIT_RATE], false});
	add(rows, (struct limit_row){"sessions", "that live", s->sessions, high->sessions,
			  l->sessions, hit[LNS_LIMIT_SESSIONS], false});
	add(rows, (struct limit_row){"sessions-per-tunnel", "of one control connection", EACH,
			  high->sessions_per_tunnel, l->sessions_per_tunnel,
			  hit[LNS_LIMIT_TUNNEL_SESSIONS], false});
	add(rows, (struct limit_row){"sessions-per-user", "user-sessions of his group", EACH,
			  UNKNOWN, UNKNOWN, hit[LNS_USER_SESSIONS], false});
	add(rows, (struct limit_row){"session-places",
			  "the most that limits.sessions may be without a new start", s->sessions,
			  high->sessions, lns_capacity(d->lns), 0, false});
}

/* Of all groups; culvertctl pools has each. */
static void
add_pools(json_t *rows, const struct daemon *d, const struct lns_status *s)
{
	uint64_t used[3] = {0}, of[3] = {0};

	for (size_t i = 0; i < d->cfg->n_groups; i++) {
		uint64_t u[3] = {0}, n[3] = {0};
		uint16_t group = d->cfg->groups[i].id;

		lns_pool_use(d->lns, group, &u[0], &n[0]);
		(void)lns_prefix_use(d->lns, group, false, &u[1], &n[1]);
		(void)lns_prefix_use(d->lns, group, true, &u[2], &n[2]);
		for (unsigned k = 0; k < 3; k++) {
			used[k] += u[k];
			of[k] += n[k];
		}
	}
	add(rows, (struct limit_row){"pool-addresses", "of all groups' pools", (int64_t)used[0],
			  UNKNOWN, (int64_t)of[0], s->counters[LNS_POOL_EXHAUSTED], false});
	add(rows,
		(struct limit_row){"pool-prefixes6", "/64s of all groups' pools", (int64_t)used[1],
			UNKNOWN, (int64_t)of[1], s->counters[LNS_POOL6_EXHAUSTED], false});
	add(rows, (struct limit_row){"delegated-prefixes", "of all groups, by DHCPv6",
			  (int64_t)used[2], UNKNOWN, (int64_t)of[2],
			  s->counters[LNS_DELEGATE_EXHAUSTED], false});
}

static uint64_t
tx_full(const struct daemon *d, unsigned port, uint16_t queues)
{
	struct dp_queue_info q;
	uint64_t n = 0;

	for (unsigned i = 0; i < queues; i++)
		if (dp_queue_info(d->dp, port, i, &q) == 0)
			n += q.tx_full;
	return n;
}

static void
add_ports(json_t *rows, struct daemon *d, const struct dp_setup_info *setup)
{
	uint64_t no_buffer = 0, missed = 0, full = 0;
	int64_t rx = 0, tx = 0;
	struct dp_port_info p;

	dp_losses_read(d->dp);
	for (unsigned i = 0; i < dp_port_count(d->dp); i++) {
		if (dp_port_info(d->dp, i, &p) != 0)
			continue;
		no_buffer += p.rx_no_buffer;
		missed += p.rx_missed;
		full += tx_full(d, i, p.tx_queues);
		rx += (int64_t)p.rx_queues * p.rx_descriptors;
		tx += (int64_t)p.tx_queues * p.tx_descriptors;
	}
	add(rows,
		(struct limit_row){"packet-buffers", "frames without one are lost",
			setup->mbufs - setup->mbufs_free, UNKNOWN, setup->mbufs, no_buffer, false});
	add(rows, (struct limit_row){"rx-rings", "of all ports: RX MISSED of culvertctl ports",
			  UNKNOWN, UNKNOWN, rx, missed, false});
	add(rows, (struct limit_row){"tx-queues", "of all ports: TX FULL of culvertctl queues",
			  UNKNOWN, UNKNOWN, tx, full, false});
}

json_t *
command_limits(struct daemon *d, const struct lns_status *s, const struct dp_setup_info *setup)
{
	json_t *rows = json_array();
	struct dp_ring_info ring;

	add_limits(rows, d, s);
	add_pools(rows, d, s);
	add_ports(rows, d, setup);
	for (unsigned i = 0; dp_ring_info(d->dp, i, &ring); i++)
		add(rows, (struct limit_row){ring.name, ring.help, ring.waiting, UNKNOWN,
				  ring.places, ring.full, false});
	add_kept(rows, "ended-tunnels", "kept to answer repeated messages; the oldest gives way",
		s->ended, LNS_ENDED_MAX);
	add_kept(rows, "ended-sessions", "that culvertctl ended shows; the oldest gives way",
		d->ended.count, ENDED_MAX);
	return rows;
}

json_t *
cmd_limits(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct dp_setup_info setup;
	struct lns_status s;

	(void)arguments;
	(void)error;
	lns_status(d->lns, &s);
	dp_setup_info(d->dp, &setup);
	return json_pack("{s:o, s:i}", "rows", command_limits(d, &s, &setup), "next", 0);
}
