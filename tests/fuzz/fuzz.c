/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

const uint8_t fuzz_secret[FUZZ_SECRET_BYTES] = {
	't', 'u', 'n', 'n', 'e', 'l', 's', 'e', 'c', 'r', 'e', 't'};

bool
fuzz_next(struct cv_reader *in, struct fuzz_record *r)
{
	uint16_t head = cv_read_u16(in);

	if (in->failed)
		return false;
	r->wait = (head & 0x8000) != 0;
	r->fix = (head & 0x4000) != 0;
	r->choice = head >> 11 & 7u;
	r->len = head & FUZZ_RECORD_BYTES;
	if (r->len > cv_remaining(in))
		r->len = cv_remaining(in);
	r->bytes = malloc(r->len == 0 ? 1 : r->len);
	FUZZ_CHECK(r->bytes != NULL);
	memcpy(r->bytes, cv_read_bytes(in, r->len), r->len);
	return true;
}

void
fuzz_done(struct fuzz_record *r)
{
	free(r->bytes);
}

struct crypto *
fuzz_crypto(void)
{
	static const uint8_t seed[CRYPTO_SEED_BYTES] = {4, 2};
	static struct crypto *crypto;
	char err[256] = "";

	if (crypto == NULL)
		crypto = crypto_new(seed, err, sizeof(err));
	FUZZ_CHECK(crypto != NULL);
	crypto_reseed(crypto, seed);
	return crypto;
}

void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

static void
on_cpu_spent(int sig)
{
	static const char text[] = "does not hold: an input takes bounded CPU time\n";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort(); /* libFuzzer then keeps the input */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct itimerval bound;
	int rc;

	if (bound.it_value.tv_sec == 0) {
		const char *seconds = getenv("FUZZ_INPUT_CPU_S");

		bound.it_value.tv_sec = seconds == NULL ? 10 : atoi(seconds);
		signal(SIGPROF, on_cpu_spent);
	}
	setitimer(ITIMER_PROF, &bound, NULL);
	rc = fuzz_one(data, len);
	setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
	return rc;
}
