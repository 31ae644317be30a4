/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose the buckets of sessions are: while a worker can't keep up with its own queues and another
 * one has time, some of them go over to that one, a few at a time, until both have the same to do;
 * they come back when it has become less. Ten times a second, of what workers count. Rings and the
 * order of packets: worker/handover.h.
 */
#include <stdlib.h>

#include <rte_malloc.h>

#include "datapath/ends.h"
#include "datapath/worker/handover.h"

#define INTERVAL_NS (CV_NS_PER_S / 10)

enum {
	/* percent of a worker's time in which bursts are full: it does not keep up; it has time */
	OVER = 80,
	UNDER = 50,
	/* intervals in a row: to be over before the first buckets go, quiet before they come back
	 */
	OVER_FOR = 2,
	QUIET_FOR = 10,
	/* after so many it must carry so many percent of what it did alone, or keep up; else all
	 * come back, and so many pass before it is tried again */
	TRY_FOR = 9,
	PAYS = 110,
	AGAIN_AFTER = 600,
	/* percent of what it carried when it was alone: it can be alone again */
	QUIET = 60,
	/* a part of what there is goes over in an interval: at first, then, and back */
	FIRST_PART = 4,
	PART = 8,
	BACK_PART = 4,
};

/* A worker since the interval before. */
struct load {
	uint64_t full_cycles, cycles, rx_packets; /* as they were */
	unsigned full;                            /* percent */
	uint64_t rx_rate;                         /* frames of its queues in a second */
	uint64_t lost, lost_rate;                 /* of them, for want of room at others */
	uint64_t alone_rate;                      /* when others began to take of it */
	unsigned tried, rests;                    /* intervals */
	unsigned over, quiet;                     /* intervals */
};

struct dp_balance {
	uint64_t at, before;
	struct rte_ring *rings; /* all of them, in one piece */
	struct load loads[DP_MAX_WORKERS];
	uint8_t to[DP_MAX_WORKERS][DP_HANDOVER_BUCKETS]; /* what was wanted last */
};

/* ---- rings ---- */

/* From each of the others. */
static unsigned
ring_size(unsigned workers)
{
	unsigned size = DP_HANDOVER_RING;

	while (size > DP_HANDOVER_RING_MIN && size * (workers - 1) > DP_HANDOVER_RING)
		size /= 2;
	return size;
}

unsigned
dp_handover_room(unsigned workers)
{
	return workers < 2 ? 0 : ring_size(workers) * (workers - 1) * workers;
}

static int
make_rings(struct dp *dp)
{
	unsigned n = dp->worker_count, size = ring_size(n);
	size_t bytes = (size_t)rte_ring_get_memsize(size);
	uint8_t *at = rte_zmalloc("culvert-handover", bytes * n * (n - 1), RTE_CACHE_LINE_SIZE);

	if (at == NULL)
		return CV_ERR_NOMEM;
	dp->balance->rings = (struct rte_ring *)(void *)at;
	for (unsigned from = 0; from < n; from++)
		for (unsigned to = 0; to < n; to++) {
			struct rte_ring *ring = (struct rte_ring *)(void *)at;

			if (to == from)
				continue;
			if (rte_ring_init(ring, "culvert-handover", size,
				    RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
				return CV_ERR_NOMEM;
			dp->workers[from]->handover->out[to].ring = ring;
			dp->workers[to]->handover->in[from].ring = ring;
			at += bytes;
		}
	return 0;
}

int
dp_handover_create(struct dp *dp)
{
	if (!dp->params.hand_over || dp->worker_count < 2)
		return 0;
	dp->balance = calloc(1, sizeof(*dp->balance));
	if (dp->balance == NULL)
		return CV_ERR_NOMEM;
	for (unsigned i = 0; i < dp->worker_count; i++) {
		struct dp_handover *h = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*h));

		if (h == NULL)
			return CV_ERR_NOMEM;
		memset(h, 0, sizeof(*h));
		memset(h->to, (int)i, sizeof(h->to));
		memset(dp->balance->to[i], (int)i, sizeof(dp->balance->to[i]));
		dp->workers[i]->handover = h;
	}
	return make_rings(dp);
}

void
dp_handover_drain(struct dp *dp)
{
	for (unsigned i = 0; dp->balance != NULL && i < dp->worker_count; i++)
		for (unsigned from = 0; from < dp->worker_count; from++) {
			struct rte_ring *ring = dp->workers[i]->handover->in[from].ring;
			void *m;

			while (ring != NULL && rte_ring_sc_dequeue(ring, &m) == 0)
				if (m != NULL) /* a mark */
					dp_drop_control(dp, m, DP_DROP_WORKER_STOPPED);
		}
}

void
dp_handover_destroy(struct dp *dp)
{
	if (dp->balance == NULL)
		return;
	for (unsigned i = 0; i < dp->worker_count; i++)
		if (dp->workers[i] != NULL) {
			free(dp->workers[i]->handover);
			dp->workers[i]->handover = NULL;
		}
	rte_free(dp->balance->rings);
	free(dp->balance);
	dp->balance = NULL;
}

/* ---- whose buckets are ---- */

static bool
in_force(const struct dp *dp, unsigned worker)
{
	const struct dp_handover *h = dp->workers[worker]->handover;

	return __atomic_load_n(&h->turn, __ATOMIC_ACQUIRE) == h->wanted_turn;
}

/* Others look at the rings of this one while there may be something in them. */
static void
tell_takers(struct dp *dp, unsigned worker, const uint8_t *to, bool add)
{
	uint64_t bit = UINT64_C(1) << worker, takers = 0;

	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS; i++)
		takers |= UINT64_C(1) << to[i];
	for (unsigned i = 0; i < dp->worker_count; i++) {
		uint64_t *givers = &dp->workers[i]->handover->givers;

		if (i == worker)
			continue;
		if ((takers >> i & 1) != 0)
			__atomic_store_n(givers, *givers | bit, __ATOMIC_RELAXED);
		else if (!add)
			__atomic_store_n(givers, *givers & ~bit, __ATOMIC_RELAXED);
	}
}

bool
dp_handover_want(struct dp *dp, unsigned worker, const uint8_t to[DP_HANDOVER_BUCKETS])
{
	struct dp_handover *h = dp->workers[worker]->handover;

	if (!in_force(dp, worker))
		return false;
	tell_takers(dp, worker, to, true);
	memcpy(h->wanted, to, sizeof(h->wanted));
	if (to != dp->balance->to[worker])
		memcpy(dp->balance->to[worker], to, sizeof(h->wanted));
	__atomic_store_n(&h->wanted_turn, h->wanted_turn + 1, __ATOMIC_RELEASE);
	return true;
}

static unsigned
buckets_of(const struct dp *dp, unsigned worker, unsigned owner)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS; i++)
		n += dp->balance->to[worker][i] == owner;
	return n;
}

/* Moves n of a worker's buckets from one owner to another. */
static void
move(struct dp *dp, unsigned worker, unsigned from, unsigned to, unsigned n)
{
	uint8_t *at = dp->balance->to[worker];

	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS && n != 0; i++)
		if (at[i] == from) {
			at[i] = (uint8_t)to;
			n--;
		}
	(void)dp_handover_want(dp, worker, at);
}

/* ---- ten times a second ---- */

static uint64_t
read_counter(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void
look_at(const struct dp_worker *w, struct load *l, uint64_t ns)
{
	uint64_t full = read_counter(&w->full_cycles), packets = read_counter(&w->rx_packets);
	uint64_t cycles = read_counter(&w->busy_cycles) + read_counter(&w->idle_cycles);
	uint64_t passed = cycles - l->cycles;
	uint64_t lost = read_counter(&w->counts.drops[DP_DROP_HANDOVER_FULL]);

	l->full = passed == 0 ? 0 : (unsigned)(100 * (full - l->full_cycles) / passed);
	l->rx_rate = (packets - l->rx_packets) * CV_NS_PER_S / ns;
	l->lost_rate = (lost - l->lost) * CV_NS_PER_S / ns;
	l->lost = lost;
	l->over = l->full >= OVER ? l->over + 1 : 0;
	l->rests -= l->rests != 0;
	l->full_cycles = full;
	l->cycles = cycles;
	l->rx_packets = packets;
}

/* Who has most time, and has some; -1: nobody. */
static int
idlest(const struct dp *dp, unsigned but)
{
	const struct load *l = dp->balance->loads;
	int best = -1;

	for (unsigned i = 0; i < dp->worker_count; i++)
		if (i != but && l[i].full < UNDER && (best < 0 || l[i].full < l[best].full))
			best = (int)i;
	return best;
}

/* Who took something and does not keep up; -1: nobody. */
static int
overladen(const struct dp *dp, unsigned worker)
{
	for (unsigned i = 0; i < dp->worker_count; i++)
		if (i != worker && dp->balance->loads[i].full >= OVER &&
			buckets_of(dp, worker, i) != 0)
			return (int)i;
	return -1;
}

static void
take_back_all(struct dp *dp, unsigned worker)
{
	memset(dp->balance->to[worker], (int)worker, DP_HANDOVER_BUCKETS);
	(void)dp_handover_want(dp, worker, dp->balance->to[worker]);
}

static unsigned
part(unsigned n, unsigned of)
{
	return (n + of - 1) / of;
}

static void
balance_alone(struct dp *dp, unsigned worker, struct load *l)
{
	int to = l->over < OVER_FOR || l->rests != 0 ? -1 : idlest(dp, worker);

	if (to < 0)
		return;
	l->alone_rate = l->rx_rate;
	l->quiet = l->tried = 0;
	move(dp, worker, worker, (unsigned)to, part(DP_HANDOVER_BUCKETS, FIRST_PART));
	cv_log_event(dp->log, CV_LOG_INFO, "hand-over",
		"worker=%u state=begins reason=\"it can't keep up alone\" packets_per_s=%llu",
		worker, (unsigned long long)l->rx_rate);
}

/* Frames that are handed over cost more, above all where workers have no CPU of their own. */
static bool
pays(const struct load *l)
{
	return l->full < OVER || (l->rx_rate - l->lost_rate) * 100 >= l->alone_rate * PAYS;
}

static void
balance(struct dp *dp, unsigned worker, struct load *l)
{
	unsigned own = buckets_of(dp, worker, worker);
	int other;

	if (own == DP_HANDOVER_BUCKETS) {
		balance_alone(dp, worker, l);
		return;
	}
	if (++l->tried == TRY_FOR && !pays(l)) {
		take_back_all(dp, worker);
		l->rests = AGAIN_AFTER;
		cv_log_event(dp->log, CV_LOG_INFO, "hand-over",
			"worker=%u state=ends reason=\"all together carry no more by it\"", worker);
		return;
	}
	l->quiet = l->rx_rate * 100 < l->alone_rate * QUIET ? l->quiet + 1 : 0;
	if (l->full >= OVER && (other = idlest(dp, worker)) >= 0 && own != 0)
		move(dp, worker, worker, (unsigned)other, part(own, PART));
	else if (l->full < UNDER && (other = overladen(dp, worker)) >= 0)
		move(dp, worker, (unsigned)other, worker,
			part(buckets_of(dp, worker, (unsigned)other), BACK_PART));
	else if (l->quiet >= QUIET_FOR)
		take_back_all(dp, worker);
	if (buckets_of(dp, worker, worker) == DP_HANDOVER_BUCKETS)
		cv_log_event(dp->log, CV_LOG_INFO, "hand-over", "worker=%u state=ends", worker);
}

void
dp_handover_poll(struct dp *dp, uint64_t now)
{
	struct dp_balance *b = dp->balance;
	uint64_t passed;

	if (b == NULL || !dp->started || now < b->at)
		return;
	passed = now - b->before;
	b->before = now;
	b->at = cv_time_add(now, INTERVAL_NS);
	for (unsigned i = 0; i < dp->worker_count; i++)
		look_at(dp->workers[i], &b->loads[i], passed);
	for (unsigned i = 0; i < dp->worker_count; i++) {
		if (!in_force(dp, i))
			continue;
		tell_takers(dp, i, b->to[i], false);
		balance(dp, i, &b->loads[i]);
	}
}

uint64_t
dp_handover_timeout(const struct dp *dp)
{
	return dp->balance == NULL || !dp->started ? CV_TIME_NEVER : dp->balance->at;
}
