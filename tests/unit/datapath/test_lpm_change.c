/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes by the longest prefix change whole or not at all: where memory lacks, and under a thread
 * that looks them up. Under ThreadSanitizer each word that changes in a way that it may see half is
 * a failure. */
#include <pthread.h>
#include <stdlib.h>

#include "prefixes.h"

/* ---- memory that lacks ---- */

void *__real_dp_shared_new(struct dp *dp, size_t bytes);
void *__wrap_dp_shared_new(struct dp *dp, size_t bytes);

static unsigned allocations, failing; /* which of them fails, from 1; 0: none */

void *
__wrap_dp_shared_new(struct dp *dp, size_t bytes)
{
	return ++allocations == failing ? NULL : __real_dp_shared_new(dp, bytes);
}

/* ---- no memory ---- */

/* Each change with each of its allocations failing in its turn, and then with none. Returns how
 * many failed. */
static unsigned
fail_each(struct prefixes *b, const struct cv_prefix *p, bool is_set)
{
	uint32_t word = 1 + prefixes_below(1 << 28), count = b->t.count;
	size_t bytes = b->dp->table_bytes;
	int rc;

	for (unsigned n = 1;; n++) {
		failing = n;
		allocations = 0;
		rc = is_set ? dp_lpm_set(b->dp, &b->t, p, word) : dp_lpm_clear(b->dp, &b->t, p);
		failing = 0;
		dp_graces_poll(b->dp);
		if (rc != CV_ERR_NOMEM) {
			assert_int_equal(rc, 0);
			prefixes_model_set(&b->m, p, is_set ? word : 0);
			return n - 1;
		}
		assert_int_equal(b->t.count, count);
		assert_int_equal(b->dp->table_bytes, bytes);
		for (unsigned k = 0; k < 8; k++)
			prefixes_check_address(b);
		if (count < 64)
			prefixes_check_list(b);
	}
}

static void
without_memory_nothing_changes(void **state)
{
	unsigned failed[2] = {0};
	struct prefixes b;

	(void)state;
	for (unsigned f = 0; f < 2; f++) {
		prefixes_up(&b, f == 0 ? CV_IPV4 : CV_IPV6, 20000);
		for (unsigned i = 0; i < 6000; i++) {
			struct cv_prefix p = prefixes_some_route(&b);
			bool sets = prefixes_below(8) < (i / 1000 % 2 == 0 ? 5 : 3);

			if (sets || prefixes_place(&b.m, &p)->word != 0)
				failed[sets] += fail_each(&b, &p, sets);
			prefixes_check_address(&b);
		}
		prefixes_check_list(&b);
		prefixes_down(&b);
	}
	assert_true(failed[true] > 1000 && failed[false] > 1000);
}

/* The table of first bits is for speed alone: without it all is found, and it is made when there is
 * memory. */
static void
without_memory_for_first_bits_all_is_found(void **state)
{
	struct cv_prefix p;
	struct prefixes b;

	(void)state;
	prefixes_up(&b, CV_IPV4, 1 << 17);
	prefixes_grow(&b, 16383);
	do {
		p = prefixes_of_internet(&b);
	} while (prefixes_place(&b.m, &p)->word != 0);
	for (failing = 1;; failing++) {
		allocations = 0;
		if (prefixes_set(&b, &p, 7) == 0)
			break;
	}
	assert_int_equal(allocations, failing);
	failing = 0;
	assert_null(b.t.direct);
	for (unsigned i = 0; i < 10000; i++)
		prefixes_check_address(&b);
	assert_int_equal(prefixes_set(&b, &p, 8), 0);
	assert_non_null(b.t.direct);
	for (unsigned i = 0; i < 10000; i++)
		prefixes_check_address(&b);
	prefixes_down(&b);
}

/* ---- a thread that looks up ---- */

enum { LASTING = 64, PASSING = 512, FILLING = 17000 };

/* Routes that last, in each other; others come and go around and in them. A word is the number of
 * its route, and 1. */
struct looked_up {
	struct prefixes b;
	struct cv_prefix routes[LASTING + PASSING + FILLING];
	struct cv_ip asked[1024];
	unsigned least[1024]; /* the longest of those that last; LASTING: none */
	bool ends;
	uint64_t rounds; /* over all of these */
	unsigned wrong;
};

static bool
is_right(const struct looked_up *l, unsigned which, uint32_t word)
{
	const struct cv_prefix *least =
		l->least[which] == LASTING ? NULL : &l->routes[l->least[which]];
	const struct cv_prefix *found;

	if (word == 0)
		return least == NULL;
	found = word > RTE_DIM(l->routes) ? NULL : &l->routes[word - 1];
	if (found == NULL || !cv_prefix_contains(found, &l->asked[which]))
		return false;
	return least == NULL || found == least || (found->length > least->length && word > LASTING);
}

static void *
look_up(void *arg)
{
	struct looked_up *l = arg;

	rte_rcu_qsbr_thread_online(l->b.dp->rcu, 0);
	while (!__atomic_load_n(&l->ends, __ATOMIC_ACQUIRE)) {
		for (unsigned i = 0; i < RTE_DIM(l->asked); i++) {
			if (!is_right(l, i, prefixes_find(&l->b, &l->asked[i])))
				l->wrong++;
			if (i % 64 == 0)
				rte_rcu_qsbr_quiescent(l->b.dp->rcu, 0);
		}
		__atomic_fetch_add(&l->rounds, 1, __ATOMIC_RELEASE);
	}
	rte_rcu_qsbr_thread_offline(l->b.dp->rcu, 0);
	return NULL;
}

static void
choose_routes(struct looked_up *l)
{
	struct prefixes_model *m = &l->b.m;

	for (unsigned i = 0; i < RTE_DIM(l->routes);) {
		struct cv_ip ip = prefixes_some_address(&l->b);

		l->routes[i] = i < LASTING + PASSING
				       ? prefixes_cut(&ip, prefixes_below(l->b.bits + 1))
				       : prefixes_of_internet(&l->b);
		if (prefixes_place(m, &l->routes[i])->word != 0)
			continue;
		prefixes_model_set(m, &l->routes[i], i + 1);
		i++;
	}
	for (unsigned i = 0; i < RTE_DIM(l->asked); i++) {
		l->asked[i] = prefixes_address_to_ask(&l->b);
		l->least[i] = LASTING;
		for (unsigned k = 0; k < LASTING; k++)
			if (cv_prefix_contains(&l->routes[k], &l->asked[i]) &&
				(l->least[i] == LASTING ||
					l->routes[k].length > l->routes[l->least[i]].length))
				l->least[i] = k;
	}
}

static void
tell(struct looked_up *l, unsigned which, bool is_there)
{
	struct prefixes *b = &l->b;

	if (is_there)
		assert_int_equal(dp_lpm_set(b->dp, &b->t, &l->routes[which], which + 1), 0);
	else
		assert_int_equal(dp_lpm_clear(b->dp, &b->t, &l->routes[which]), 0);
	dp_graces_poll(b->dp);
}

/* Routes come and go until the other thread has been through all of its addresses some times. */
static void
come_and_go(struct looked_up *l, bool there[PASSING])
{
	uint64_t until = __atomic_load_n(&l->rounds, __ATOMIC_ACQUIRE) + 20;

	for (unsigned n = 0; n < 4000 || __atomic_load_n(&l->rounds, __ATOMIC_ACQUIRE) < until;
		n++) {
		unsigned which = prefixes_below(PASSING);

		there[which] = !there[which];
		tell(l, LASTING + which, there[which]);
	}
}

static void
change_under_a_thread(enum cv_family family)
{
	enum { TURNS = 3 };
	static struct looked_up l;
	bool there[PASSING] = {false};
	pthread_t thread;
	size_t size = RTE_ALIGN_CEIL(rte_rcu_qsbr_get_memsize(1), (size_t)DP_LINE), bytes;

	l = (struct looked_up){.ends = false};
	prefixes_up(&l.b, family, RTE_DIM(l.routes));
	choose_routes(&l);
	l.b.dp->rcu = aligned_alloc(DP_LINE, size);
	assert_non_null(l.b.dp->rcu);
	assert_int_equal(rte_rcu_qsbr_init(l.b.dp->rcu, 1), 0);
	assert_int_equal(rte_rcu_qsbr_thread_register(l.b.dp->rcu, 0), 0);
	for (unsigned i = 0; i < LASTING; i++)
		tell(&l, i, true);
	bytes = l.b.dp->table_bytes;
	l.b.dp->started = true;
	assert_int_equal(pthread_create(&thread, NULL, look_up, &l), 0);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		come_and_go(&l, there);
		for (unsigned i = LASTING + PASSING; i < RTE_DIM(l.routes); i++)
			tell(&l, i, true);
		assert_int_equal(l.b.t.direct != NULL, family == CV_IPV4);
		come_and_go(&l, there);
		for (unsigned i = LASTING + PASSING; i < RTE_DIM(l.routes); i++)
			tell(&l, i, false);
		assert_null(l.b.t.direct);
	}
	for (unsigned i = 0; i < PASSING; i++)
		if (there[i])
			tell(&l, LASTING + i, false);
	__atomic_store_n(&l.ends, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(l.wrong, 0);
	dp_graces_poll(l.b.dp);
	assert_null(l.b.dp->old);
	assert_int_equal(l.b.dp->table_bytes, bytes);
	l.b.dp->started = false;
	free(l.b.dp->rcu);
	prefixes_down(&l.b);
}

static void
ipv4_changes_under_a_thread(void **state)
{
	(void)state;
	change_under_a_thread(CV_IPV4);
}

static void
ipv6_changes_under_a_thread(void **state)
{
	(void)state;
	change_under_a_thread(CV_IPV6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_nothing_changes),
		cmocka_unit_test(without_memory_for_first_bits_all_is_found),
		cmocka_unit_test(ipv4_changes_under_a_thread),
		cmocka_unit_test(ipv6_changes_under_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
