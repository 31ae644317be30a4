/* SPDX-License-Identifier: BSD-3-Clause */
/* MS-CHAPv2: the computations of RFC 2759 section 8. */
#include "ppp/mschapv2.h"

#include <stdio.h>

#include "base/err.h"
#include "crypto/crypto.h"

enum { CHALLENGE_HASH_BYTES = 8, REPLACEMENT_FIRST = 0x10000 };

/* One character of UTF-8, or -1: overlong, surrogate, beyond Unicode or cut. */
static int32_t
read_utf8(struct cv_reader *r)
{
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint8_t lead = cv_read_u8(r);
	unsigned more = lead < 0x80 ? 0 : lead < 0xc0 ? 4 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
	int32_t value = more == 0 ? lead : lead & (0x3f >> more);

	if (more == 4 || lead >= 0xf8)
		return -1;
	for (unsigned i = 0; i < more; i++) {
		uint8_t next = cv_read_u8(r);

		if (r->failed || (next & 0xc0) != 0x80)
			return -1;
		value = value << 6 | (next & 0x3f);
	}
	if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return -1;
	return value;
}

static void
write_utf16le(struct cv_writer *w, int32_t value)
{
	cv_write_u8(w, (uint8_t)value);
	cv_write_u8(w, (uint8_t)(value >> 8));
}

int
ppp_nt_hash(struct crypto *c, struct cv_bytes password, uint8_t hash[PPP_NT_HASH_BYTES])
{
	uint8_t unicode[PPP_NT_PASSWORD_CHARS * 2];
	struct cv_writer w = cv_writer(unicode, sizeof(unicode));
	struct cv_reader r = cv_reader(password.data, password.len);
	struct cv_bytes part = {.data = unicode};
	int rc = 0;

	while (rc == 0 && cv_remaining(&r) != 0) {
		int32_t value = read_utf8(&r);

		if (value < 0) {
			rc = CV_ERR_MALFORMED;
		} else if (value < REPLACEMENT_FIRST) {
			write_utf16le(&w, value);
		} else {
			write_utf16le(&w, 0xd800 | (value - REPLACEMENT_FIRST) >> 10);
			write_utf16le(&w, 0xdc00 | (value & 0x3ff));
		}
		if (w.failed)
			rc = CV_ERR_MALFORMED;
	}
	part.len = cv_written(&w);
	if (rc == 0)
		rc = crypto_md4(c, &part, 1, hash);
	cv_wipe(unicode, sizeof(unicode));
	return rc;
}

/* Section 8.2, ChallengeHash: "Only the user name (as presented by the peer and excluding any
 * prepended domain name) is used as input". */
static struct cv_bytes
without_domain(struct cv_bytes name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.data[i - 1] == '\\')
			return (struct cv_bytes){name.data + i, name.len - i};
	return name;
}

static int
challenge_hash(struct crypto *c, const struct ppp_mschapv2 *m, uint8_t out[CHALLENGE_HASH_BYTES])
{
	struct cv_bytes parts[] = {
		{m->peer_challenge, PPP_MSCHAPV2_CHALLENGE_BYTES},
		{m->authenticator_challenge, PPP_MSCHAPV2_CHALLENGE_BYTES},
		m->with_domain ? m->name : without_domain(m->name),
	};
	uint8_t sum[CRYPTO_SHA1_BYTES];
	int rc = crypto_sha1(c, parts, 3, sum);

	memcpy(out, sum, CHALLENGE_HASH_BYTES);
	return rc;
}

int
ppp_mschapv2_nt_response(struct crypto *c, const struct ppp_mschapv2 *m,
	const uint8_t hash[PPP_NT_HASH_BYTES], uint8_t out[PPP_MSCHAPV2_NT_BYTES])
{
	/* section 8.5: the hash with five zeros behind it makes three DES keys */
	uint8_t keys[3 * CRYPTO_DES_KEY_BYTES] = {0}, challenge[CHALLENGE_HASH_BYTES];
	int rc = challenge_hash(c, m, challenge);

	memcpy(keys, hash, PPP_NT_HASH_BYTES);
	for (size_t i = 0; i < 3 && rc == 0; i++)
		rc = crypto_des_ecb(c, keys + i * CRYPTO_DES_KEY_BYTES, challenge,
			out + i * CRYPTO_DES_BLOCK_BYTES);
	cv_wipe(keys, sizeof(keys));
	return rc;
}

int
ppp_mschapv2_authenticator(struct crypto *c, const struct ppp_mschapv2 *m,
	const uint8_t hash[PPP_NT_HASH_BYTES], const uint8_t nt_response[PPP_MSCHAPV2_NT_BYTES],
	uint8_t out[PPP_MSCHAPV2_AUTH_BYTES])
{
	/* section 8.7, Magic1 and Magic2 */
	static const char sign[] = "Magic server to client signing constant";
	static const char pad[] = "Pad to make it do more than one iteration";
	uint8_t hash_hash[CRYPTO_MD4_BYTES], challenge[CHALLENGE_HASH_BYTES];
	uint8_t digest[CRYPTO_SHA1_BYTES];
	struct cv_bytes password_hash = {hash, PPP_NT_HASH_BYTES};
	struct cv_bytes first[] = {{hash_hash, sizeof(hash_hash)},
		{nt_response, PPP_MSCHAPV2_NT_BYTES}, {(const uint8_t *)sign, sizeof(sign) - 1}};
	struct cv_bytes second[] = {{digest, sizeof(digest)}, {challenge, sizeof(challenge)},
		{(const uint8_t *)pad, sizeof(pad) - 1}};
	int rc = crypto_md4(c, &password_hash, 1, hash_hash);

	if (rc == 0)
		rc = crypto_sha1(c, first, 3, digest);
	if (rc == 0)
		rc = challenge_hash(c, m, challenge);
	if (rc == 0)
		rc = crypto_sha1(c, second, 3, out);
	cv_wipe(hash_hash, sizeof(hash_hash));
	return rc;
}

static void
write_hex(char *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static const char success_before[] = "S=", success_after[] = " M=Access granted";

void
ppp_mschapv2_success_text(const uint8_t auth[PPP_MSCHAPV2_AUTH_BYTES], char out[PPP_MSCHAPV2_TEXT])
{
	char hex[2 * PPP_MSCHAPV2_AUTH_BYTES + 1];

	write_hex(hex, auth, PPP_MSCHAPV2_AUTH_BYTES);
	snprintf(out, PPP_MSCHAPV2_TEXT, "%s%s%s", success_before, hex, success_after);
}

bool
ppp_mschapv2_success_matches(struct cv_bytes message, const uint8_t auth[PPP_MSCHAPV2_AUTH_BYTES])
{
	char text[PPP_MSCHAPV2_TEXT];
	size_t len = sizeof(success_before) - 1 + 2 * PPP_MSCHAPV2_AUTH_BYTES;

	ppp_mschapv2_success_text(auth, text);
	return message.len >= len && crypto_equal(message.data, text, len);
}

void
ppp_mschapv2_failure_text(
	const uint8_t challenge[PPP_MSCHAPV2_CHALLENGE_BYTES], char out[PPP_MSCHAPV2_TEXT])
{
	char hex[2 * PPP_MSCHAPV2_CHALLENGE_BYTES + 1];

	write_hex(hex, challenge, PPP_MSCHAPV2_CHALLENGE_BYTES);
	snprintf(out, PPP_MSCHAPV2_TEXT, "E=691 R=0 C=%s V=3 M=Authentication failed", hex);
}
