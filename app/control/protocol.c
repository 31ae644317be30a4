/* SPDX-License-Identifier: BSD-3-Clause */
/* What both ends of the control socket say. */
#include <stdarg.h>
#include <stdio.h>

#include "control/control.h"

const char *
control_code_name(enum control_code code)
{
	static const char *const names[] = {
#define X(id, name) name,
		CONTROL_ERRORS(X)
#undef X
	};

	return code < CONTROL_CODES ? names[code] : "failed";
}

void
control_fail(struct control_error *error, enum control_code code, const char *fmt, ...)
{
	va_list args;

	error->code = code;
	va_start(args, fmt);
	vsnprintf(error->message, sizeof(error->message), fmt, args);
	va_end(args);
}
