/* SPDX-License-Identifier: BSD-3-Clause */
/* The IKE_SA_INIT request (RFC 7296 sections 1.2 and 3.1 to 3.10). */
#include "ike/private.h"

enum { TRANSFORM_ENCR = 1, TRANSFORM_PRF, TRANSFORM_INTEG, TRANSFORM_DH };
enum {
	GROUP_MODP768 = 1,
	MODP768_BYTES = 96,
	GROUP_MODP2048 = 14,
	PROTOCOL_IKE = 1,
	KEY_LENGTH = 0x800e
};

struct transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits; /* 0: has no key length */
};

/* What gateways commonly take. What they don't is answered too, and that is all that is asked. */
static const struct transform with_integrity[] = {
	{TRANSFORM_ENCR, 12, 256},                        /* AES-CBC */
	{TRANSFORM_ENCR, 12, 128}, {TRANSFORM_PRF, 5, 0}, /* HMAC-SHA2-256, -384, -512, HMAC-SHA1 */
	{TRANSFORM_PRF, 6, 0}, {TRANSFORM_PRF, 7, 0}, {TRANSFORM_PRF, 2, 0},
	{TRANSFORM_INTEG, 12, 0}, /* the same, cut */
	{TRANSFORM_INTEG, 13, 0}, {TRANSFORM_INTEG, 14, 0}, {TRANSFORM_INTEG, 2, 0},
	{TRANSFORM_DH, GROUP_MODP2048, 0},
	{TRANSFORM_DH, 31, 0}, /* Curve25519, P-256, P-384, MODP 3072 */
	{TRANSFORM_DH, 19, 0}, {TRANSFORM_DH, 20, 0}, {TRANSFORM_DH, 15, 0},
	{TRANSFORM_DH, GROUP_MODP768, 0}, /* the last one, and only where it is `stateless` */
};
/* Ciphers that have an integrity of their own go without one (section 3.3). */
static const struct transform combined[] = {
	{TRANSFORM_ENCR, 20, 256}, /* AES-GCM with 16 bytes of ICV */
	{TRANSFORM_ENCR, 20, 128}, {TRANSFORM_PRF, 5, 0}, {TRANSFORM_PRF, 6, 0},
	{TRANSFORM_PRF, 7, 0}, {TRANSFORM_DH, GROUP_MODP2048, 0}, {TRANSFORM_DH, 31, 0},
	{TRANSFORM_DH, 19, 0}, {TRANSFORM_DH, 20, 0}, {TRANSFORM_DH, 15, 0},
	{TRANSFORM_DH, GROUP_MODP768, 0}, /* the last one, and only where it is `stateless` */
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
ike_nat_hash(struct crypto *c, const uint8_t spis[2 * IKE_SPI_BYTES], const struct cv_endpoint *ep,
	uint8_t out[CRYPTO_SHA1_BYTES])
{
	uint8_t port[2] = {(uint8_t)(ep->port >> 8), (uint8_t)ep->port};
	struct cv_bytes parts[] = {
		{spis, 2 * IKE_SPI_BYTES},
		{ep->ip.bytes, ep->ip.family == CV_IPV6 ? 16 : 4},
		{port, sizeof(port)},
	};

	return crypto_sha1(c, parts, COUNT(parts), out);
}

/* A payload's header; its length is filled in by `end`. Returns where it starts. */
static size_t
begin(struct cv_writer *w, enum ike_payload next)
{
	size_t start = cv_written(w);

	cv_write_u8(w, (uint8_t)next);
	cv_write_u8(w, 0);
	cv_write_u16(w, 0);
	return start;
}

static void
end(struct cv_writer *w, size_t start)
{
	cv_patch_u16(w, start + 2, (uint16_t)(cv_written(w) - start));
}

/* Section 3.3.1: more says whether another one follows. */
static void
write_proposal(struct cv_writer *w, uint8_t number, bool more, const struct transform *transforms,
	size_t n)
{
	size_t start = begin(w, 0);

	if (more && !w->failed)
		w->start[start] = 2;
	cv_write_u8(w, number);
	cv_write_u8(w, PROTOCOL_IKE);
	cv_write_u8(w, 0); /* no SPI */
	cv_write_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		size_t transform = begin(w, 0);

		if (i + 1 < n && !w->failed)
			w->start[transform] = 3;
		cv_write_u8(w, transforms[i].type);
		cv_write_u8(w, 0);
		cv_write_u16(w, transforms[i].id);
		if (transforms[i].key_bits != 0) {
			cv_write_u16(w, KEY_LENGTH);
			cv_write_u16(w, transforms[i].key_bits);
		}
		end(w, transform);
	}
	end(w, start);
}

static int
write_nat_detection(struct crypto *c, struct cv_writer *w, const struct ike_ask *ask,
	enum ike_notify type, enum ike_payload next)
{
	uint8_t hash[CRYPTO_SHA1_BYTES], spis[2 * IKE_SPI_BYTES] = {0};
	size_t start = begin(w, next);
	int rc;

	memcpy(spis, ask->spi, IKE_SPI_BYTES);
	rc = ike_nat_hash(
		c, spis, type == IKE_NAT_DETECTION_SOURCE_IP ? &ask->from : &ask->to, hash);
	cv_write_u16(w, 0); /* neither protocol nor SPI */
	cv_write_u16(w, (uint16_t)type);
	cv_write_bytes(w, hash, sizeof(hash));
	end(w, start);
	return rc;
}

/* Section 3.4. */
static void
write_ke(struct cv_writer *w, const struct ike_ask *ask)
{
	size_t start = begin(w, IKE_PAYLOAD_NONCE);

	cv_write_u16(w, ask->stateless ? GROUP_MODP768 : GROUP_MODP2048);
	cv_write_u16(w, 0);
	if (ask->stateless) {
		cv_write_u8(w, ask->ke[0] & 0x7f); /* below the prime */
		cv_write_bytes(w, ask->ke + 1, MODP768_BYTES - 1);
	} else {
		cv_write_bytes(w, ask->ke, IKE_KE_BYTES);
	}
	end(w, start);
}

static void
write_header(struct cv_writer *w, const struct ike_ask *ask)
{
	static const uint8_t none[IKE_SPI_BYTES];

	if (ask->marker)
		cv_write_u32(w, 0);
	cv_write_bytes(w, ask->spi, IKE_SPI_BYTES);
	cv_write_bytes(w, none, IKE_SPI_BYTES);
	cv_write_u8(w, IKE_PAYLOAD_SA);
	cv_write_u8(w, IKE_VERSION_2);
	cv_write_u8(w, IKE_EXCHANGE_SA_INIT);
	cv_write_u8(w, IKE_FLAG_INITIATOR);
	cv_write_u32(w, 0); /* Message ID */
	cv_write_u32(w, 0); /* Length */
}

int
ike_write_request(struct crypto *c, const struct ike_ask *ask, uint8_t *out, size_t capacity)
{
	struct cv_writer w = cv_writer(out, capacity);
	size_t marker = ask->marker ? IKE_MARKER_BYTES : 0, start;
	int rc;

	write_header(&w, ask);
	start = begin(&w, IKE_PAYLOAD_KE);
	write_proposal(&w, 1, true, with_integrity, COUNT(with_integrity) - !ask->stateless);
	write_proposal(&w, 2, false, combined, COUNT(combined) - !ask->stateless);
	end(&w, start);
	write_ke(&w, ask);
	start = begin(&w, IKE_PAYLOAD_NOTIFY);
	cv_write_bytes(&w, ask->nonce, IKE_NONCE_BYTES);
	end(&w, start);
	rc = write_nat_detection(c, &w, ask, IKE_NAT_DETECTION_SOURCE_IP, IKE_PAYLOAD_NOTIFY);
	if (rc == 0)
		rc = write_nat_detection(
			c, &w, ask, IKE_NAT_DETECTION_DESTINATION_IP, IKE_PAYLOAD_NONE);
	if (rc != 0)
		return rc;
	if (w.failed)
		return CV_ERR_SPACE;
	/* of 32 bits, the upper 16 of which are zeros */
	cv_patch_u16(&w, marker + IKE_HEADER - 2, (uint16_t)(cv_written(&w) - marker));
	return (int)cv_written(&w);
}
