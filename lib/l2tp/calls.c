/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of a tunnel: the tables that find one by our and by the peer's session ID, and the list
 * of those that are not up yet. Their automata are in call.c. */
#include <stdlib.h>
#include <string.h>

#include "l2tp/private.h"

void
l2tp_calls_init(struct l2tp_tunnel *t)
{
	memset(t->few, 0, sizeof(t->few));
	t->by_local = t->few;
	t->by_remote = t->few + L2TP_FEW_CALLS;
	t->chains = L2TP_FEW_CALLS;
	t->calls = 0;
	t->setups = (struct cv_list){0};
}

void
l2tp_calls_free(struct l2tp_tunnel *t)
{
	for (uint32_t i = 0; i < t->chains; i++)
		while (t->by_remote[i] != NULL) {
			struct l2tp_call *c = t->by_remote[i];

			t->by_remote[i] = c->next_remote;
			l2tp_told_free(c->told);
			free(c);
		}
	if (t->by_local != t->few)
		free(t->by_local);
	t->by_local = t->by_remote = NULL;
	t->chains = 0;
}

/* The chain of an ID; of one that is not known yet, that of the other side's: thousands of calls
 * being dialled are not one long chain. */
static uint32_t
chain(const struct l2tp_tunnel *t, uint16_t id, uint16_t other)
{
	return (id != 0 ? id : other) & (t->chains - 1);
}

static void
link_call(struct l2tp_tunnel *t, struct l2tp_call *c)
{
	struct l2tp_call **local = &t->by_local[chain(t, c->local, c->remote)];
	struct l2tp_call **remote = &t->by_remote[chain(t, c->remote, c->local)];

	c->next_local = *local;
	*local = c;
	c->next_remote = *remote;
	*remote = c;
}

static void
unlink_call(struct l2tp_tunnel *t, struct l2tp_call *c)
{
	struct l2tp_call **at = &t->by_local[chain(t, c->local, c->remote)];

	while (*at != c)
		at = &(*at)->next_local;
	*at = c->next_local;
	at = &t->by_remote[chain(t, c->remote, c->local)];
	while (*at != c)
		at = &(*at)->next_remote;
	*at = c->next_remote;
}

/* Twice the chains when calls have become many; staying with fewer is slow but right. */
static void
grow(struct l2tp_tunnel *t)
{
	struct l2tp_call **old = t->by_local, **old_remote = t->by_remote;
	uint32_t old_chains = t->chains;
	struct l2tp_call **chains;

	if (t->calls < 2 * t->chains)
		return;
	chains = calloc((size_t)t->chains * 4, sizeof(chains[0]));
	if (chains == NULL)
		return;
	t->by_local = chains;
	t->chains *= 2;
	t->by_remote = chains + t->chains;
	for (uint32_t i = 0; i < old_chains; i++)
		for (struct l2tp_call *c = old_remote[i], *next; c != NULL; c = next) {
			next = c->next_remote;
			link_call(t, c);
		}
	if (old != t->few)
		free(old);
}

/* Calls in set-up are in order of deadline: each has the same time. */
static void
start_setup(struct l2tp_tunnel *t, struct l2tp_call *c, uint64_t now)
{
	c->deadline = cv_time_add(now, t->params.setup_timeout_ns);
	cv_list_append(&t->setups, &c->setup);
}

struct l2tp_call *
l2tp_calls_first_setup(const struct l2tp_tunnel *t)
{
	struct cv_link *first = cv_list_first(&t->setups);

	return first == NULL ? NULL : CV_OBJECT(struct l2tp_call, setup, first);
}

struct l2tp_call *
l2tp_call_new(struct l2tp_tunnel *t, uint64_t now, uint16_t local, uint16_t remote,
	enum l2tp_call_state state)
{
	struct l2tp_call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->local = local;
	c->remote = remote;
	c->state = (uint8_t)state;
	t->calls++;
	if (t->calls > t->calls_most)
		t->calls_most = t->calls;
	grow(t);
	link_call(t, c);
	start_setup(t, c, now);
	return c;
}

void
l2tp_call_free(struct l2tp_tunnel *t, struct l2tp_call *c)
{
	unlink_call(t, c);
	cv_unlink(&c->setup);
	t->calls--;
	l2tp_told_free(c->told);
	free(c);
}

/* IDs of a call change its chains. */
void
l2tp_call_set_ids(struct l2tp_tunnel *t, struct l2tp_call *c, uint16_t local, uint16_t remote)
{
	unlink_call(t, c);
	c->local = local;
	c->remote = remote;
	link_call(t, c);
}

struct l2tp_call *
l2tp_call_local(const struct l2tp_tunnel *t, uint16_t id)
{
	struct l2tp_call *c = id == 0 ? NULL : t->by_local[id & (t->chains - 1)];

	while (c != NULL && c->local != id)
		c = c->next_local;
	return c;
}

struct l2tp_call *
l2tp_call_remote(const struct l2tp_tunnel *t, uint16_t id)
{
	struct l2tp_call *c = id == 0 ? NULL : t->by_remote[id & (t->chains - 1)];

	while (c != NULL && c->remote != id)
		c = c->next_remote;
	return c;
}
