/* SPDX-License-Identifier: BSD-3-Clause */
/* What real clients and servers said: read, their proofs computed again, cut and damaged. */
#include "capture.h"

#include <stdlib.h>
#include <string.h>

#include "../seeded.h"
#include "crypto/crypto.h"
#include "l2tp/header.h"
#include "l2tp/message.h"

static const char *folder;
static const char *const names[] = {
	"chap-kernel-refusals.pcap", "pap-userspace.pcap", "mschapv2-kernel.pcap"};
static const struct cv_bytes secret = {(const uint8_t *)"tunnelsecret", 12};
enum { CAPTURES = 3 };

static void
every_message_is_read(void **state)
{
	struct crypto *crypto = seeded_crypto();
	unsigned control = 0, data = 0;

	(void)state;
	for (size_t n = 0; n < CAPTURES; n++) {
		struct capture *c = capture_read(folder, names[n]);

		for (size_t i = 0; i < c->n; i++) {
			struct l2tp_message m;
			struct l2tp_fault fault = {.text = ""};
			struct l2tp_header h = {0};
			int rc = l2tp_header_parse(c->datagrams[i].bytes, c->datagrams[i].len, &h);

			assert_int_equal(rc, 0);
			data += !h.is_control;
			if (!h.is_control || h.payload.len == 0)
				continue;
			rc = l2tp_message_parse(crypto, secret, h.payload, &m, &fault);
			if (rc != 0)
				print_error("%s datagram %zu: %s\n", names[n], i, fault.text);
			assert_int_equal(rc, 0);
			control++;
		}
		free(c);
	}
	assert_int_equal(control, 36);
	assert_true(data > 40);
	crypto_free(crypto);
}

struct exchange {
	bool has_challenge;
	uint8_t challenge[64];
	size_t len;
};

/* A response is the MD5 of its message's type, the secret, and the other side's challenge. */
static bool
proof_is_right(struct crypto *crypto, const struct l2tp_message *m, const struct exchange *other)
{
	uint8_t type = (uint8_t)m->type, digest[CRYPTO_MD5_BYTES];
	struct cv_bytes parts[] = {{&type, 1}, secret, {other->challenge, other->len}};

	assert_true(other->has_challenge);
	assert_int_equal(crypto_md5(crypto, parts, 3, digest), 0);
	return memcmp(digest, m->value[L2TP_AVP_CHALLENGE_RESPONSE].data, sizeof(digest)) == 0;
}

static void
challenge_responses_are_computed_again(void **state)
{
	struct crypto *crypto = seeded_crypto();
	unsigned right = 0, wrong = 0;

	(void)state;
	for (size_t n = 0; n < CAPTURES; n++) {
		struct capture *c = capture_read(folder, names[n]);
		struct exchange sides[2] = {0}; /* 0: what the server said, 1: the client */

		for (size_t i = 0; i < c->n; i++) {
			const struct capture_datagram *d = &c->datagrams[i];
			unsigned client = d->to_ip == 0xc0000201;
			struct l2tp_message m;
			struct l2tp_fault fault;
			struct l2tp_header h = {0};

			if (l2tp_header_parse(d->bytes, d->len, &h) != 0 || !h.is_control ||
				h.payload.len == 0 ||
				l2tp_message_parse(crypto, secret, h.payload, &m, &fault) != 0)
				continue;
			if (l2tp_has(&m, L2TP_AVP_CHALLENGE)) {
				struct cv_bytes v = m.value[L2TP_AVP_CHALLENGE];

				sides[client] =
					(struct exchange){.has_challenge = true, .len = v.len};
				memcpy(sides[client].challenge, v.data, v.len);
			}
			if (!l2tp_has(&m, L2TP_AVP_CHALLENGE_RESPONSE))
				continue;
			if (proof_is_right(crypto, &m, &sides[!client]))
				right++;
			else
				wrong++;
		}
		free(c);
	}
	/* the client with a wrong secret saw from the server's proof that they do not agree */
	assert_int_equal(right, 7);
	assert_int_equal(wrong, 0);
	crypto_free(crypto);
}

/* Exactly sized copies, so that a sanitizer sees a byte read too many. */
static void
parse_copy(struct crypto *crypto, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	struct l2tp_message m;
	struct l2tp_fault fault;
	struct l2tp_header h = {0};
	int rc;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	if (l2tp_header_parse(copy, len, &h) == 0 && h.is_control && h.payload.len != 0) {
		rc = l2tp_message_parse(crypto, secret, h.payload, &m, &fault);
		assert_true(rc == 0 || rc == CV_ERR_UNKNOWN || rc == CV_ERR_MALFORMED);
		if (rc == CV_ERR_MALFORMED) {
			assert_int_not_equal(fault.error, 0);
			assert_true(strlen(fault.text) > 4);
		}
	}
	free(copy);
}

static void
cut_anywhere_or_any_byte_changed(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x3f, 0x80, 0xc0, 0xff};
	struct crypto *crypto = seeded_crypto();

	(void)state;
	for (size_t n = 0; n < CAPTURES; n++) {
		struct capture *c = capture_read(folder, names[n]);

		for (size_t i = 0; i < c->n; i++) {
			struct capture_datagram *d = &c->datagrams[i];

			for (size_t cut = 0; cut < d->len; cut++)
				parse_copy(crypto, d->bytes, cut);
			if ((d->bytes[0] & 0x80) == 0)
				continue;
			for (size_t at = 0; at < d->len; at++)
				for (size_t v = 0; v < sizeof(values); v++) {
					uint8_t kept = d->bytes[at];

					d->bytes[at] = values[v];
					parse_copy(crypto, d->bytes, d->len);
					d->bytes[at] = kept;
				}
		}
		free(c);
	}
	crypto_free(crypto);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_read),
		cmocka_unit_test(challenge_responses_are_computed_again),
		cmocka_unit_test(cut_anywhere_or_any_byte_changed),
	};

	folder = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
