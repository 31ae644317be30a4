/* SPDX-License-Identifier: BSD-3-Clause */
/* What culvertctl may be asked for: a row a command. */
#ifndef CULVERTCTL_TABLES_H
#define CULVERTCTL_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

enum shape { SHAPE_ROWS, SHAPE_OBJECT, SHAPE_DONE };

struct command {
	const char *name;
	const char *argument; /* its name in the request; NULL: it takes none */
	const char *needs;    /* what it cannot go without, in words */
	bool filters;         /* takes any number of filters */
	enum shape shape;
	const struct view_column *columns;
	const struct view_part *parts; /* of an object: tables in it */
	const char *skip_zero;
	const char *nothing, *none_left; /* said for no rows; where filters leave none */
};

extern const struct command commands[];
extern const size_t command_count;

#endif
