/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzz targets share. Targets that need a conversation read their input as records: two
 * bytes that say what to do, and how many bytes follow. Everything else is the same in each run,
 * random numbers too, so that an input alone repeats what it found.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/time.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A target: what it does with one input. More than FUZZ_INPUT_CPU_S seconds of CPU time for it (an
 * environment variable; 10 by default) are a finding, however busy the machine is. */
int fuzz_one(const uint8_t *data, size_t len);

enum { FUZZ_RECORD_BYTES = 0x7ff, FUZZ_SECRET_BYTES = 12 };

/* The tunnel secret of tests/captures. */
extern const uint8_t fuzz_secret[FUZZ_SECRET_BYTES];

struct fuzz_record {
	bool wait;       /* bit 15: first let time pass until the next timeout */
	bool fix;        /* bit 14: what a peer knows about us is put right in it */
	unsigned choice; /* bits 11 to 13 */
	uint8_t *bytes;  /* a block of its own, so that overruns show */
	size_t len;      /* bits 0 to 10, cut to what is there */
};

/* The next record, to be freed with fuzz_done; false at the end. */
bool fuzz_next(struct cv_reader *in, struct fuzz_record *r);
void fuzz_done(struct fuzz_record *r);

/* One for the whole program, whose random numbers start anew with each call. */
struct crypto *fuzz_crypto(void);

/* Ends the program when what must hold does not. */
#define FUZZ_CHECK(what) ((what) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #what))
void fuzz_fail(const char *file, int line, const char *what) __attribute__((noreturn));

#endif
