/* SPDX-License-Identifier: BSD-3-Clause */
/* The ready list: which objects lns_poll must ask. First in, first out, but for an object whose
 * end has to reach the data path before its successor's beginning. */
#include "lns/internal.h"

void
lns_ready(struct lns *lns, struct lns_object *object)
{
	if (!cv_linked(&object->ready))
		cv_list_append(&lns->ready, &object->ready);
}

void
lns_ready_first(struct lns *lns, struct lns_object *object)
{
	cv_unlink(&object->ready);
	cv_list_push(&lns->ready, &object->ready);
}

void
lns_unready(struct lns_object *object)
{
	cv_unlink(&object->ready);
}
