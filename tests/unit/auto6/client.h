/* SPDX-License-Identifier: BSD-3-Clause */
/* A client that says anything, and hears answers; with the checks that each answer must stand. */
#ifndef AUTO6_CLIENT_H
#define AUTO6_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auto6/private.h"
#include "wire/nd.h"
#include "wire/udp.h"

#define DUID "\x00\x04server"
#define CLIENT_ID "\x00\x03\x00\x01\x02\x00\x00\x00\x00\x07"

enum { DUID_BYTES = 8, CLIENT_ID_BYTES = 10 };

static const struct cv_bytes duid = {(const uint8_t *)DUID, DUID_BYTES};
static const uint8_t client_address[16] = {0xfe, 0x80, [15] = 7};
static const uint8_t all_servers[16] = {0xff, 0x02, [13] = 1, [15] = 2};

/* A packet that is being made, and what a test wants of it otherwise than right. */
struct said {
	struct cv_writer w;
	uint8_t source[16], target[16], hops;
	uint16_t target_port;
	uint8_t bytes[2048];
};

static inline void
option(struct said *s, uint16_t code, const void *value, size_t len)
{
	cv_write_u16(&s->w, code);
	cv_write_u16(&s->w, (uint16_t)len);
	cv_write_bytes(&s->w, value, len);
}

/* A message of a type, with identifiers as they belong to it. */
static inline void
say(struct said *s, uint8_t type)
{
	*s = (struct said){.hops = 1, .target_port = AUTO6_SERVER};
	memcpy(s->source, client_address, 16);
	memcpy(s->target, all_servers, 16);
	s->w = cv_writer(s->bytes + WIRE_IPV6 + WIRE_UDP_HEADER,
		sizeof(s->bytes) - WIRE_IPV6 - WIRE_UDP_HEADER);
	cv_write_u32(&s->w, (uint32_t)type << 24 | 0xabcdef);
	if (type != AUTO6_INFORMATION)
		option(s, AUTO6_OPT_CLIENT_ID, CLIENT_ID, CLIENT_ID_BYTES);
	if (type == AUTO6_REQUEST || type == AUTO6_RENEW || type == AUTO6_RELEASE ||
		type == AUTO6_DECLINE)
		option(s, AUTO6_OPT_SERVER_ID, DUID, DUID_BYTES);
}

/* An IA with leases as text ("2001:db8::/56"), up to a NULL. */
static inline void
say_ia(struct said *s, uint16_t code, uint32_t iaid, const char *const *leases)
{
	size_t at = cv_written(&s->w) + 2;

	cv_write_u16(&s->w, code);
	cv_write_u16(&s->w, 0);
	cv_write_u32(&s->w, iaid);
	cv_write_u32(&s->w, 0);
	cv_write_u32(&s->w, 0);
	for (; leases != NULL && *leases != NULL; leases++) {
		struct cv_prefix p;
		uint8_t value[AUTO6_PREFIX_BYTES] = {0};

		assert_int_equal(cv_prefix_parse(*leases, &p), 0);
		if (code == AUTO6_OPT_IA_PD) {
			value[8] = p.length;
			memcpy(value + 9, p.ip.bytes, 16);
			option(s, AUTO6_OPT_PREFIX, value, AUTO6_PREFIX_BYTES);
		} else {
			memcpy(value, p.ip.bytes, 16);
			option(s, AUTO6_OPT_ADDRESS, value, AUTO6_ADDRESS_BYTES);
		}
	}
	cv_patch_u16(&s->w, at, (uint16_t)(cv_written(&s->w) - at - 2));
}

/* Puts the headers in front and returns the packet's bytes. */
static inline size_t
finish(struct said *s)
{
	size_t len = WIRE_UDP_HEADER + cv_written(&s->w);
	struct wire_ipv6 h = {.next = WIRE_UDP, .hops = s->hops, .payload = (uint16_t)len};
	uint8_t *udp = s->bytes + WIRE_IPV6;

	assert_false(s->w.failed);
	memcpy(h.source, s->source, 16);
	memcpy(h.target, s->target, 16);
	wire_ipv6_write(s->bytes, &h);
	wire_udp_write(udp, AUTO6_CLIENT, s->target_port, (uint16_t)len);
	wire_udp_finish6(udp, h.source, h.target);
	return WIRE_IPV6 + len;
}

/* From a block of its own, so that overruns show; m->client_id is good until the next call. */
static inline int
read_packet(const uint8_t *bytes, size_t len, struct auto6_message *m)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(len == 0 ? 1 : len);
	assert_non_null(copy);
	if (len != 0)
		memcpy(copy, bytes, len);
	return auto6_read(copy, len, duid, m);
}

static inline int
read_said(struct said *s, struct auto6_message *m)
{
	return read_packet(s->bytes, finish(s), m);
}

/* An answer of the server. */
struct heard {
	uint8_t type;
	struct cv_bytes options;
};

/* Checks headers, sums, identifiers, and takes it apart. */
static inline struct heard
hear(const uint8_t *packet, size_t len, const struct auto6_terms *terms, bool has_client_id)
{
	struct wire_ipv6 h;
	const uint8_t *udp = packet + WIRE_IPV6, *message = udp + WIRE_UDP_HEADER;
	struct heard a = {0};

	assert_true(len > WIRE_IPV6 + WIRE_UDP_HEADER + 4 && len <= AUTO6_PACKET_MAX);
	assert_true(wire_ipv6_read(packet, len, &h));
	assert_int_equal(h.next, WIRE_UDP);
	assert_int_equal(h.payload, len - WIRE_IPV6);
	assert_memory_equal(h.source, terms->local.bytes, 16);
	assert_memory_equal(h.target, client_address, 16);
	assert_int_equal(wire_get16(udp), AUTO6_SERVER);
	assert_int_equal(wire_get16(udp + 2), AUTO6_CLIENT);
	assert_int_equal(wire_udp_length(udp), h.payload);
	assert_true(wire_udp_sum_right6(udp, h.source, h.target));
	a.type = message[0];
	assert_memory_equal(message + 1, "\xab\xcd\xef", 3);
	a.options = (struct cv_bytes){message + 4, (size_t)h.payload - WIRE_UDP_HEADER - 4};
	assert_memory_equal(a.options.data, "\x00\x02\x00\x08" DUID, 4 + DUID_BYTES);
	if (has_client_id)
		assert_memory_equal(a.options.data + 4 + DUID_BYTES, "\x00\x01\x00\x0a" CLIENT_ID,
			4 + CLIENT_ID_BYTES);
	return a;
}

/* The n-th option of a code, from 0; data NULL: there is none. All options must be well-formed. */
static inline struct cv_bytes
find(struct cv_bytes list, uint16_t code, unsigned n)
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct cv_bytes found = {0};

	while (cv_remaining(&r) != 0) {
		uint16_t is = cv_read_u16(&r);
		size_t len = cv_read_u16(&r);
		const uint8_t *value = cv_read_bytes(&r, len);

		assert_false(r.failed);
		if (is == code && n-- == 0 && found.data == NULL)
			found = (struct cv_bytes){value, len};
	}
	return found;
}

/* The status in a list of options; -1: none. */
static inline int
status_in(struct cv_bytes list)
{
	struct cv_bytes s = find(list, AUTO6_OPT_STATUS, 0);

	return s.data == NULL ? -1 : wire_get16(s.data);
}

/* The options in an IA. */
static inline struct cv_bytes
in_ia(struct cv_bytes ia)
{
	assert_non_null(ia.data);
	assert_true(ia.len >= AUTO6_IA_BYTES);
	return (struct cv_bytes){ia.data + AUTO6_IA_BYTES, ia.len - AUTO6_IA_BYTES};
}

/* The link that answers are about. */
static inline struct auto6_terms
terms(void)
{
	struct auto6_terms t = {.duid = duid, .mtu = 1400};

	assert_int_equal(cv_ip_parse("fe80::1", &t.local), 0);
	assert_int_equal(cv_prefix_parse("2001:db8:0:7::/64", &t.prefix), 0);
	assert_int_equal(cv_prefix_parse("2001:db8:100::/56", &t.delegated), 0);
	assert_int_equal(cv_ip_parse("2001:db8::53", &t.dns[0]), 0);
	assert_int_equal(cv_ip_parse("2001:db8::54", &t.dns[1]), 0);
	return t;
}

#endif
