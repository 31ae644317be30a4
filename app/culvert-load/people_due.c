/* SPDX-License-Identifier: BSD-3-Clause */
/* Who calls, and who hangs up, when. */
#include "culvert-load/people_private.h"

enum {
	CALLS_A_ROUND = 64, /* so that what has come in is not kept waiting */
	LOOKED_MOST = 4096, /* likewise */
};

/* How many are due since `since`, of which `done` are. */
static uint64_t
due(double rate, uint64_t since, uint64_t now, uint64_t done)
{
	double all = (double)(now - since) / CV_NS_PER_S * rate;

	return all > (double)done ? (uint64_t)all - done : 0;
}

/* False: not now; a tunnel that ends, and has one ID alone, has it as long as anything is left. */
static bool
call(struct people *p, uint64_t now, uint32_t session)
{
	uint32_t number = tunnel_of(p, session);
	struct tunnel *t = &p->tunnel[number];

	if ((t->lac != NULL && t->dead) || (t->lac == NULL && !people_dial(p, now, number)) ||
		(t->up && !people_call_in(p, now, session)))
		return false;
	people_set_state(p, session, CALLS);
	p->counters.calls++;
	people_list(p, number);
	return true;
}

static void
begin_calls(struct people *p, uint64_t now)
{
	uint64_t n =
		p->params.rate == 0 ? p->n_ready : due(p->params.rate, p->begun_at, now, p->called);

	for (unsigned i = 0; i < n && i < CALLS_A_ROUND && p->n_ready > 0 &&
			     p->counters.pending < p->params.window;
		i++) {
		uint32_t session = p->ready[p->ready_at];

		p->ready_at = (p->ready_at + 1) % p->n;
		p->n_ready--;
		if (call(p, now, session))
			p->called++;
		else
			people_wait(p, now, session);
	}
}

static void
hang_up(struct people *p, uint64_t now)
{
	uint64_t n = due(p->params.churn, p->churn_at, now, p->churned);

	if (n > CALLS_A_ROUND)
		n = CALLS_A_ROUND;
	for (uint32_t looked = 0; n > 0 && looked < p->n && looked < LOOKED_MOST; looked++) {
		uint32_t session = p->next_churn;

		p->next_churn = (session + 1) % p->n;
		if (p->persons[session].state != UP)
			continue;
		people_set_state(p, session, ENDS);
		lac_hang_up(p->tunnel[tunnel_of(p, session)].lac, now, session_id(p, session));
		people_list(p, tunnel_of(p, session));
		p->churned++;
		n--;
	}
}

/* Some at a time, and no more of them unanswered than calls: all answers at once would be too many
 * for whoever takes them. */
static void
close_some(struct people *p, uint64_t now)
{
	static const struct l2tp_reason over = {.result = L2TP_STOPCCN_CLEAR};

	for (unsigned i = 0; i < CALLS_A_ROUND && p->next_close < p->tunnels &&
			     p->counters.unanswered < p->params.window;
		p->next_close++) {
		struct tunnel *t = &p->tunnel[p->next_close];

		if (t->lac == NULL)
			continue;
		if (t->up) {
			t->left = true;
			p->counters.unanswered++;
		}
		lac_close(t->lac, now, &over);
		people_list(p, p->next_close);
		i++;
	}
}

void
people_work(struct people *p, uint64_t now, bool churn)
{
	if (p->closing) {
		close_some(p, now);
		return;
	}
	if (p->begun_at == 0)
		p->begun_at = now;
	begin_calls(p, now);
	if (!churn || p->params.churn == 0)
		return;
	if (p->churn_at == 0)
		p->churn_at = now;
	hang_up(p, now);
}
