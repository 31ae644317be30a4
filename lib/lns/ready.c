/* SPDX-License-Identifier: BSD-3-Clause */
/* The ready list: which objects lns_poll must ask. First in, first out, but for an object whose
 * end has to reach the data path before its successor's beginning. */
#include "lns/internal.h"

void
lns_ready(struct lns *lns, struct lns_object *object)
{
	if (object->ready)
		return;
	object->ready = true;
	object->ready_next = NULL;
	object->ready_prev = lns->ready_last;
	if (lns->ready_last != NULL)
		lns->ready_last->ready_next = object;
	else
		lns->ready_first = object;
	lns->ready_last = object;
}

void
lns_ready_first(struct lns *lns, struct lns_object *object)
{
	lns_unready(lns, object);
	object->ready = true;
	object->ready_prev = NULL;
	object->ready_next = lns->ready_first;
	if (lns->ready_first != NULL)
		lns->ready_first->ready_prev = object;
	else
		lns->ready_last = object;
	lns->ready_first = object;
}

void
lns_unready(struct lns *lns, struct lns_object *object)
{
	if (!object->ready)
		return;
	if (object->ready_prev != NULL)
		object->ready_prev->ready_next = object->ready_next;
	else
		lns->ready_first = object->ready_next;
	if (object->ready_next != NULL)
		object->ready_next->ready_prev = object->ready_prev;
	else
		lns->ready_last = object->ready_prev;
	object->ready = false;
}
