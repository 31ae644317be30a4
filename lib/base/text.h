/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that strangers wrote, made fit for a terminal, a log line or a table. */
#ifndef CV_TEXT_H
#define CV_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes bytes as printable ASCII into out (always terminated): letters, digits and punctuation
 * as they are, everything else, with space, '"', '\\' and '=', as \xNN. What does not fit is
 * cut and ends with "...". capacity must be at least 8. Returns out.
 */
const char *cv_escape(char *out, size_t capacity, const void *bytes, size_t len);
/* The same of whole sentences, within quotation marks: space and '=' stay as they are. */
const char *cv_escape_words(char *out, size_t capacity, const void *bytes, size_t len);

/* Number of single-character edits between two words (Levenshtein with transposition), at most
 * max + 1. For suggestions on misspelt words of up to 63 characters. */
unsigned cv_edit_distance(const char *a, const char *b, unsigned max);

#endif
