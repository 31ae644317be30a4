/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client and its server say to each other in IPv6. */
#include "talk6.h"

#include <string.h>

#include "wire/nd.h"
#include "wire/udp.h"

const struct world_packet *
last(const struct world_client *c, unsigned n)
{
	assert_true(n < c->n_heard && n < WORLD_HEARD);
	return &c->heard[(c->n_heard - 1 - n) % WORLD_HEARD];
}

bool
is_advert(const struct world_packet *p)
{
	return p->len > WIRE_IPV6 && p->bytes[WIRE_IPV6_NEXT] == WIRE_ICMPV6 &&
	       p->bytes[WIRE_IPV6] == WIRE_ND_ROUTER_ADVERT;
}

struct cv_prefix
advertised(const struct world_packet *p)
{
	const uint8_t *o = p->bytes + WIRE_IPV6 + 16;
	struct cv_prefix prefix = {.ip.family = CV_IPV6, .length = 64};

	assert_true(is_advert(p));
	assert_int_equal(o[0], 5);
	assert_int_equal(wire_get32(o + 4), 1400);
	assert_int_equal(o[8], 3);
	memcpy(prefix.ip.bytes, o + 8 + 16, 16);
	return prefix;
}

void
assert_prefix(const struct cv_prefix *a, const struct cv_prefix *b)
{
	char text[2][CV_PREFIX_TEXT];

	assert_string_equal(cv_prefix_text(a, text[0]), cv_prefix_text(b, text[1]));
}

bool
is_in(const struct cv_prefix *p, const char *pool)
{
	struct cv_prefix outer;

	assert_int_equal(cv_prefix_parse(pool, &outer), 0);
	return p->ip.family == CV_IPV6 && cv_prefix_contains(&outer, &p->ip);
}

size_t
make_router_solicit(struct world_client *c, uint8_t *out)
{
	struct wire_ipv6 h = {
		.next = WIRE_ICMPV6, .hops = 255, .payload = 8, .target = {0xff, 2, [15] = 2}};

	memcpy(h.source, c->up_event.local_ip6.bytes, 16);
	wire_ipv6_write(out, &h);
	memset(out + WIRE_IPV6, 0, 8);
	out[WIRE_IPV6] = WIRE_ND_ROUTER_SOLICIT;
	wire_icmpv6_finish(out + WIRE_IPV6, 8, h.source, h.target);
	return WIRE_IPV6 + 8;
}

void
solicit_router(struct world_client *c)
{
	uint8_t packet[64];

	client_say6(c, packet, make_router_solicit(c, packet));
}

/* The server's DUID, as the last answer had it. */
static struct cv_bytes server_id;
static uint8_t server_id_bytes[AUTO6_DUID_MAX];

void
dhcp(struct world_client *c, uint8_t type, const struct cv_prefix *prefix)
{
	uint8_t packet[512], *udp = packet + WIRE_IPV6;
	struct cv_writer m =
		cv_writer(udp + WIRE_UDP_HEADER, sizeof(packet) - WIRE_IPV6 - WIRE_UDP_HEADER);
	struct wire_ipv6 h = {
		.next = WIRE_UDP, .hops = 1, .target = {0xff, 0x02, [13] = 1, [15] = 2}};
	bool to_us = type == AUTO6_REQUEST || type == AUTO6_RENEW || type == AUTO6_RELEASE;

	cv_write_u32(&m, (uint32_t)type << 24 | 7);
	cv_write_u32(&m, AUTO6_OPT_CLIENT_ID << 16 | 4);
	cv_write_u32(&m, 0x00030001);
	if (to_us) {
		cv_write_u32(&m, (uint32_t)(AUTO6_OPT_SERVER_ID << 16 | server_id.len));
		cv_write_bytes(&m, server_id.data, server_id.len);
	}
	cv_write_u32(&m, (uint32_t)(AUTO6_OPT_IA_PD << 16 | (prefix == NULL ? 12 : 41)));
	cv_write_u32(&m, 1);
	cv_write_u32(&m, 0);
	cv_write_u32(&m, 0);
	if (prefix != NULL) {
		cv_write_u32(&m, AUTO6_OPT_PREFIX << 16 | 25);
		cv_write_u32(&m, 0);
		cv_write_u32(&m, 0);
		cv_write_u8(&m, prefix->length);
		cv_write_bytes(&m, prefix->ip.bytes, 16);
	}
	assert_false(m.failed);
	h.payload = (uint16_t)(WIRE_UDP_HEADER + cv_written(&m));
	memcpy(h.source, c->up_event.local_ip6.bytes, 16);
	wire_ipv6_write(packet, &h);
	wire_udp_write(udp, AUTO6_CLIENT, AUTO6_SERVER, h.payload);
	wire_udp_finish6(udp, h.source, h.target);
	client_say6(c, packet, WIRE_IPV6 + h.payload);
}

static void
read_ia(struct cv_reader *r, struct reply *reply)
{
	cv_read_bytes(r, 12);
	while (cv_remaining(r) != 0) {
		uint16_t code = cv_read_u16(r);
		struct cv_reader o = cv_read_sub(r, cv_read_u16(r));

		if (code == AUTO6_OPT_STATUS)
			reply->status = cv_read_u16(&o);
		if (code != AUTO6_OPT_PREFIX || reply->prefix.ip.family != 0)
			continue;
		cv_read_u32(&o);
		reply->valid = cv_read_u32(&o);
		reply->prefix.length = cv_read_u8(&o);
		reply->prefix.ip.family = CV_IPV6;
		memcpy(reply->prefix.ip.bytes, cv_read_bytes(&o, 16), 16);
	}
	assert_false(r->failed);
}

struct reply
ask(struct world_client *c, uint8_t type, const struct cv_prefix *prefix)
{
	struct reply reply = {.status = -1};
	const struct world_packet *p = NULL;
	unsigned before = c->n_heard;
	struct cv_reader r;

	dhcp(c, type, prefix);
	world_sleep(c->world, CV_NS_PER_S);
	for (unsigned n = c->n_heard - before; n > 0; n--)
		if (last(c, n - 1)->bytes[WIRE_IPV6_NEXT] == WIRE_UDP)
			p = last(c, n - 1);
	if (p == NULL)
		return reply;
	assert_memory_equal(p->bytes + WIRE_IPV6_TARGET, c->up_event.local_ip6.bytes, 16);
	assert_memory_equal(p->bytes + WIRE_IPV6_SOURCE, c->up_event.peer_ip6.bytes, 16);
	r = cv_reader(p->bytes + WIRE_IPV6 + WIRE_UDP_HEADER, p->len - WIRE_IPV6 - WIRE_UDP_HEADER);
	reply.type = cv_read_u8(&r);
	cv_read_bytes(&r, 3);
	while (cv_remaining(&r) != 0) {
		uint16_t code = cv_read_u16(&r);
		struct cv_reader o = cv_read_sub(&r, cv_read_u16(&r));

		if (code == AUTO6_OPT_SERVER_ID) {
			server_id = (struct cv_bytes){server_id_bytes, cv_remaining(&o)};
			memcpy(server_id_bytes, o.pos, cv_remaining(&o));
		}
		if (code == AUTO6_OPT_IA_PD)
			read_ia(&o, &reply);
	}
	assert_false(r.failed);
	return reply;
}
