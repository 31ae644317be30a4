/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes back for an IKE_SA_INIT request (RFC 7296 sections 1.2, 2.5, 2.6, 2.21.1, 2.23). */
#include "ike/private.h"

struct header {
	const uint8_t *spis; /* the initiator's, then the responder's */
	uint8_t next, version, exchange, flags;
	uint32_t message_id;
};

/* What is collected while the payloads are gone through. */
struct reading {
	struct ike_response *out;
	uint8_t here[CRYPTO_SHA1_BYTES], there[CRYPTO_SHA1_BYTES]; /* without a NAT */
	bool sa, ke, nonce;
	bool source, destination;             /* such hashes came */
	bool source_right, destination_right; /* one of them is as without a NAT */
};

static int
read_header(struct cv_reader *r, const struct ike_ask *ask, struct header *h)
{
	size_t whole = cv_remaining(r);
	uint32_t len;

	h->spis = cv_read_bytes(r, 2 * IKE_SPI_BYTES);
	h->next = cv_read_u8(r);
	h->version = cv_read_u8(r);
	h->exchange = cv_read_u8(r);
	h->flags = cv_read_u8(r);
	h->message_id = cv_read_u32(r);
	len = cv_read_u32(r);
	if (r->failed)
		return CV_ERR_TRUNCATED;
	if (memcmp(h->spis, ask->spi, IKE_SPI_BYTES) != 0)
		return CV_ERR_UNKNOWN;
	if (h->version >> 4 != IKE_VERSION_2 >> 4 && h->version >> 4 != IKE_VERSION_1 >> 4)
		return CV_ERR_VERSION;
	if (len != whole)
		return len > whole ? CV_ERR_TRUNCATED : CV_ERR_MALFORMED;
	return 0;
}

static void
take_error(struct ike_response *out, uint16_t type)
{
	if (type != 0 && type < IKE_ERRORS_BELOW && out->error == 0)
		out->error = type;
}

/* Section 3.10. */
static int
take_notify(struct reading *g, struct cv_reader *body)
{
	uint8_t spi_len;
	uint16_t type;
	bool source;

	(void)cv_read_u8(body); /* protocol */
	spi_len = cv_read_u8(body);
	type = cv_read_u16(body);
	(void)cv_read_bytes(body, spi_len);
	if (body->failed)
		return CV_ERR_MALFORMED;
	take_error(g->out, type);
	if (type == IKE_COOKIE)
		g->out->cookie = true;
	if (type != IKE_NAT_DETECTION_SOURCE_IP && type != IKE_NAT_DETECTION_DESTINATION_IP)
		return 0;
	source = type == IKE_NAT_DETECTION_SOURCE_IP;
	*(source ? &g->source : &g->destination) = true;
	/* one for each address that the sender may have: one that is right is enough */
	if (cv_remaining(body) == CRYPTO_SHA1_BYTES &&
		memcmp(body->pos, source ? g->there : g->here, CRYPTO_SHA1_BYTES) == 0)
		*(source ? &g->source_right : &g->destination_right) = true;
	return 0;
}

/* RFC 2408 section 3.14. */
static int
take_notify_1(struct reading *g, struct cv_reader *body)
{
	uint16_t type;

	(void)cv_read_u32(body); /* DOI */
	(void)cv_read_u16(body); /* protocol, SPI's size */
	type = cv_read_u16(body);
	if (body->failed)
		return CV_ERR_MALFORMED;
	take_error(g->out, type);
	return 0;
}

static int
take(struct reading *g, uint8_t kind, struct cv_reader *body)
{
	if (g->out->version1)
		return kind == IKE_PAYLOAD_NOTIFY_1 ? take_notify_1(g, body) : 0;
	switch (kind) {
	case IKE_PAYLOAD_SA:
		g->sa = true;
		return 0;
	case IKE_PAYLOAD_KE:
		g->ke = true;
		return 0;
	case IKE_PAYLOAD_NONCE:
		g->nonce = true;
		return 0;
	case IKE_PAYLOAD_NOTIFY:
		return take_notify(g, body);
	default:
		return 0;
	}
}

/* Section 3.2; IKEv1's look the same. */
static int
read_payloads(struct reading *g, struct cv_reader *r, uint8_t next)
{
	for (unsigned n = 0; next != IKE_PAYLOAD_NONE; n++) {
		uint8_t kind = next;
		struct cv_reader body;
		uint16_t len;
		int rc;

		next = cv_read_u8(r);
		(void)cv_read_u8(r);
		len = cv_read_u16(r);
		if (r->failed || len < IKE_PAYLOAD_HEADER || n == IKE_PAYLOADS_MAX)
			return CV_ERR_MALFORMED;
		body = cv_read_sub(r, len - (size_t)IKE_PAYLOAD_HEADER);
		if (body.failed)
			return CV_ERR_MALFORMED;
		rc = take(g, kind, &body);
		if (rc != 0)
			return rc;
	}
	return cv_remaining(r) == 0 ? 0 : CV_ERR_MALFORMED;
}

int
ike_read_response(struct crypto *c, const struct ike_ask *ask, struct cv_bytes datagram,
	struct ike_response *out)
{
	struct cv_reader r = cv_reader(datagram.data, datagram.len);
	struct reading g = {.out = out};
	struct header h;
	int rc;

	*out = (struct ike_response){0};
	if (ask->marker && cv_read_u32(&r) != 0)
		return CV_ERR_UNKNOWN; /* ESP */
	rc = read_header(&r, ask, &h);
	if (rc != 0)
		return rc;
	out->version1 = h.version >> 4 == IKE_VERSION_1 >> 4;
	/* who speaks IKEv1 alone says so in an exchange of its own */
	if (!out->version1 &&
		(h.exchange != IKE_EXCHANGE_SA_INIT || (h.flags & IKE_FLAG_RESPONSE) == 0 ||
			(h.flags & IKE_FLAG_INITIATOR) != 0 || h.message_id != 0))
		return CV_ERR_UNKNOWN;
	if (ike_nat_hash(c, h.spis, &ask->from, g.here) != 0 ||
		ike_nat_hash(c, h.spis, &ask->to, g.there) != 0)
		return CV_ERR_CRYPTO;
	rc = read_payloads(&g, &r, h.next);
	if (rc != 0)
		return rc;
	out->accepted = g.sa && g.ke && g.nonce && out->error == 0;
	out->nat_detection = g.source && g.destination;
	out->nat_here = out->nat_detection && !g.destination_right;
	out->nat_there = out->nat_detection && !g.source_right;
	return 0;
}

const char *
ike_error_name(uint16_t error)
{
	switch (error) {
	case IKE_INVALID_MAJOR_VERSION:
		return "INVALID_MAJOR_VERSION";
	case IKE_INVALID_SYNTAX:
		return "INVALID_SYNTAX";
	case IKE_NO_PROPOSAL_CHOSEN:
		return "NO_PROPOSAL_CHOSEN";
	case IKE_INVALID_KE_PAYLOAD:
		return "INVALID_KE_PAYLOAD";
	default:
		return NULL;
	}
}
