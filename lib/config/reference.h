/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration's keys as a text for people, printed from the tables that it is read by. */
#ifndef CONFIG_REFERENCE_H
#define CONFIG_REFERENCE_H

#include <stddef.h>

enum { CFG_REFERENCE_BYTES = 64 * 1024 }; /* enough for either form and its NUL */

enum cfg_reference_form {
	CFG_REFERENCE_MARKDOWN,
	CFG_REFERENCE_SCDOC, /* the source of the man page culvert.yaml(5) */
};

/* Writes the reference with a NUL behind it. Returns its length, or CV_ERR_SPACE. */
int cfg_reference(enum cfg_reference_form form, char *out, size_t capacity);

#endif
