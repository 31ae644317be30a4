/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients send, with all checks that RFC 4861 section 6.1.1 and RFC 8415 section 16 demand. */
#include "auto6/private.h"
#include "wire/nd.h"
#include "wire/udp.h"

/* All_DHCP_Relay_Agents_and_Servers (RFC 8415 section 7.1) */
static const uint8_t servers[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [13] = 1, [15] = 2};

/* Which identifiers a message must have, and must not (sections 16.2 to 16.12). */
enum id_rule { ID_NONE, ID_MAY, ID_MUST };

static const struct kind {
	const char *name;
	bool known;
	enum id_rule client, server;
	bool no_ia;
} kinds[] = {
	[AUTO6_ROUTER_SOLICIT] = {"router-solicit", false, ID_NONE, ID_NONE, true},
	[AUTO6_SOLICIT] = {"solicit", true, ID_MUST, ID_NONE, false},
	[AUTO6_REQUEST] = {"request", true, ID_MUST, ID_MUST, false},
	[AUTO6_CONFIRM] = {"confirm", true, ID_MUST, ID_NONE, false},
	[AUTO6_RENEW] = {"renew", true, ID_MUST, ID_MUST, false},
	[AUTO6_REBIND] = {"rebind", true, ID_MUST, ID_NONE, false},
	[AUTO6_RELEASE] = {"release", true, ID_MUST, ID_MUST, false},
	[AUTO6_DECLINE] = {"decline", true, ID_MUST, ID_MUST, false},
	[AUTO6_INFORMATION] = {"information-request", true, ID_MAY, ID_MAY, true},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *
auto6_kind_name(enum auto6_kind kind)
{
	return kind < KINDS && kinds[kind].name != NULL ? kinds[kind].name : "unknown";
}

/* ---- router solicitation ---- */

static int
read_solicitation(const struct wire_ipv6 *h, const uint8_t *icmp, struct auto6_message *m)
{
	bool source_option = false;

	if (h->payload < AUTO6_ROUTER_SOLICITATION || h->hops != WIRE_ND_HOPS ||
		icmp[WIRE_ICMP_CODE] != 0 ||
		!wire_icmpv6_sum_right(icmp, h->payload, h->source, h->target))
		return CV_ERR_MALFORMED;
	for (size_t at = AUTO6_ROUTER_SOLICITATION; at < h->payload;) {
		size_t left = h->payload - at;

		if (left < 2 || icmp[at + 1] == 0 || (size_t)icmp[at + 1] * 8 > left)
			return CV_ERR_MALFORMED;
		source_option = source_option || icmp[at] == WIRE_ND_OPTION_SOURCE;
		at += (size_t)icmp[at + 1] * 8;
	}
	if (wire_ipv6_unspecified(h->source) ? source_option : !wire_ipv6_link_local(h->source))
		return CV_ERR_MALFORMED;
	m->kind = AUTO6_ROUTER_SOLICIT;
	return 0;
}

/* ---- DHCPv6 ---- */

enum { LIFETIMES = 8 }; /* bytes of both that an address or prefix has */

struct option {
	uint16_t code;
	struct cv_bytes value;
};

/* The next option: 1, 0 at the end, CV_ERR_MALFORMED. */
static int
next_option(struct cv_reader *r, struct option *o)
{
	if (cv_remaining(r) == 0)
		return 0;
	o->code = cv_read_u16(r);
	o->value.len = cv_read_u16(r);
	o->value.data = cv_read_bytes(r, o->value.len);
	return r->failed ? CV_ERR_MALFORMED : 1;
}

/* Sets the bits beyond its length to 0: who writes them means nothing by it (section 21.22). */
static void
cut(struct cv_prefix *p)
{
	unsigned whole = p->length / 8u, bits = p->length % 8u;

	if (bits != 0)
		p->ip.bytes[whole++] &= (uint8_t)(0xff00u >> bits);
	for (; whole < sizeof(p->ip.bytes); whole++)
		p->ip.bytes[whole] = 0;
}

/* The lifetimes that a client writes are ignored, whatever they are (sections 21.6, 21.22). */
static int
read_lease(struct cv_bytes value, bool delegation, struct cv_prefix *out)
{
	struct cv_reader r = cv_reader(value.data, value.len);
	const uint8_t *ip;

	*out = (struct cv_prefix){.ip.family = CV_IPV6, .length = 128};
	if (delegation) {
		(void)cv_read_bytes(&r, LIFETIMES);
		out->length = cv_read_u8(&r);
	}
	ip = cv_read_bytes(&r, sizeof(out->ip.bytes));
	if (!delegation)
		(void)cv_read_bytes(&r, LIFETIMES);
	if (r.failed || out->length > 128)
		return CV_ERR_MALFORMED;
	memcpy(out->ip.bytes, ip, sizeof(out->ip.bytes));
	cut(out);
	return 0;
}

static int
read_ia(struct cv_bytes value, bool delegation, struct auto6_message *m)
{
	struct cv_reader r = cv_reader(value.data, value.len);
	uint16_t wanted = delegation ? AUTO6_OPT_PREFIX : AUTO6_OPT_ADDRESS;
	struct auto6_ia *ia;
	struct option o;
	unsigned n = 0;
	int rc;

	if (value.len < AUTO6_IA_BYTES)
		return CV_ERR_MALFORMED;
	if (m->n == AUTO6_IAS)
		return CV_ERR_LIMIT;
	ia = &m->ias[m->n++];
	*ia = (struct auto6_ia){.iaid = cv_read_u32(&r), .delegation = delegation};
	r.pos += 8; /* T1, T2: nothing for a server (sections 21.4, 21.21) */
	while ((rc = next_option(&r, &o)) > 0) {
		if (++n > AUTO6_OPTIONS)
			return CV_ERR_LIMIT;
		if (o.code != wanted)
			continue;
		if (ia->n == AUTO6_LEASES)
			return CV_ERR_LIMIT;
		if (read_lease(o.value, delegation, &ia->leases[ia->n]) != 0)
			return CV_ERR_MALFORMED;
		ia->n++;
	}
	return rc;
}

/* An identifier may be there once. */
static int
take_id(const struct option *o, struct cv_bytes *id)
{
	if (id->len != 0 || o->value.len < AUTO6_DUID_LEAST || o->value.len > AUTO6_DUID_MAX)
		return CV_ERR_MALFORMED;
	*id = o->value;
	return 0;
}

static int
read_option(const struct option *o, struct auto6_message *m, struct cv_bytes *server_id)
{
	switch (o->code) {
	case AUTO6_OPT_CLIENT_ID:
		return take_id(o, &m->client_id);
	case AUTO6_OPT_SERVER_ID:
		return take_id(o, server_id);
	case AUTO6_OPT_IA_NA:
	case AUTO6_OPT_IA_PD:
		if (kinds[m->kind].no_ia)
			return CV_ERR_MALFORMED;
		return read_ia(o->value, o->code == AUTO6_OPT_IA_PD, m);
	case AUTO6_OPT_IA_TA:
		return kinds[m->kind].no_ia ? CV_ERR_MALFORMED : 0;
	case AUTO6_OPT_RAPID_COMMIT:
		m->rapid = true;
		return o->value.len == 0 ? 0 : CV_ERR_MALFORMED;
	default:
		return 0;
	}
}

static bool
id_right(enum id_rule rule, struct cv_bytes id)
{
	return rule == ID_MAY || (rule == ID_MUST) == (id.len != 0);
}

static int
read_dhcp(struct cv_reader *r, struct cv_bytes duid, struct auto6_message *m)
{
	struct cv_bytes server_id = {0};
	uint8_t type = cv_read_u8(r);
	const uint8_t *transaction = cv_read_bytes(r, sizeof(m->transaction));
	struct option o;
	unsigned n = 0;
	int rc;

	if (r->failed)
		return CV_ERR_TRUNCATED;
	if (type >= KINDS || !kinds[type].known)
		return CV_ERR_UNKNOWN;
	m->kind = (enum auto6_kind)type;
	memcpy(m->transaction, transaction, sizeof(m->transaction));
	while ((rc = next_option(r, &o)) > 0) {
		if (++n > AUTO6_OPTIONS)
			return CV_ERR_LIMIT;
		rc = read_option(&o, m, &server_id);
		if (rc != 0)
			return rc;
	}
	if (rc != 0 || !id_right(kinds[type].client, m->client_id) ||
		!id_right(kinds[type].server, server_id))
		return CV_ERR_MALFORMED;
	if (server_id.len != 0 &&
		(server_id.len != duid.len || memcmp(server_id.data, duid.data, duid.len) != 0))
		return CV_ERR_UNKNOWN;
	return 0;
}

/* To the servers' group alone: nobody was told that he may ask us by ourselves (section 16). */
static int
read_udp(const struct wire_ipv6 *h, const uint8_t *udp, struct cv_bytes duid,
	struct auto6_message *m)
{
	struct cv_reader r;

	if (h->payload < WIRE_UDP_HEADER)
		return CV_ERR_TRUNCATED;
	if (wire_get16(udp + WIRE_UDP_TARGET) != AUTO6_SERVER ||
		!wire_ipv6_equal(h->target, servers))
		return CV_ERR_UNKNOWN;
	if (wire_udp_length(udp) != h->payload || !wire_ipv6_link_local(h->source) ||
		!wire_udp_sum_right6(udp, h->source, h->target))
		return CV_ERR_MALFORMED;
	r = cv_reader(udp + WIRE_UDP_HEADER, (size_t)h->payload - WIRE_UDP_HEADER);
	return read_dhcp(&r, duid, m);
}

int
auto6_read(const uint8_t *ip, size_t len, struct cv_bytes duid, struct auto6_message *m)
{
	const uint8_t *body;
	struct wire_ipv6 h;

	*m = (struct auto6_message){0};
	if (!wire_ipv6_read(ip, len, &h))
		return CV_ERR_TRUNCATED;
	body = ip + WIRE_IPV6;
	memcpy(m->source, h.source, sizeof(m->source));
	/* neither has extension headers from anybody who means it */
	if (h.next == WIRE_UDP)
		return read_udp(&h, body, duid, m);
	if (h.next == WIRE_ICMPV6 && h.payload != 0 && body[0] == WIRE_ND_ROUTER_SOLICIT)
		return read_solicitation(&h, body, m);
	return CV_ERR_UNKNOWN;
}
