/* SPDX-License-Identifier: BSD-3-Clause */
/* What is heard of clients, and what is not. */
#include "captured.h"
#include "client.h"

#define READ(bytes, m) read_packet(bytes, sizeof(bytes), m)

static void
test_real_clients(void **state)
{
	/* the server that they spoke to */
	static const struct cv_bytes theirs = {
		(const uint8_t *)"\x00\x03\x00\x01\x02\x00\x00\x00\x00\x01", 10};
	struct auto6_message m;

	(void)state;
	assert_int_equal(READ(router_solicit, &m), 0);
	assert_int_equal(m.kind, AUTO6_ROUTER_SOLICIT);
	assert_int_equal(READ(listener_report, &m), CV_ERR_UNKNOWN);

	assert_int_equal(READ(dhcpcd_solicit, &m), 0);
	assert_int_equal(m.kind, AUTO6_SOLICIT);
	assert_memory_equal(m.transaction, "\x0b\xb7\xfe", 3);
	assert_int_equal(m.client_id.len, 14);
	assert_false(m.rapid);
	assert_int_equal(m.n, 1);
	assert_true(m.ias[0].delegation);
	assert_int_equal(m.ias[0].iaid, 1);
	assert_int_equal(m.ias[0].n, 1);
	assert_int_equal(m.ias[0].leases[0].length, 56); /* a hint without a prefix */

	assert_int_equal(READ(dhcpcd_request, &m), CV_ERR_UNKNOWN); /* another server's */
	assert_int_equal(auto6_read(dhcpcd_request, sizeof(dhcpcd_request), theirs, &m), 0);
	assert_int_equal(m.kind, AUTO6_REQUEST);
	assert_int_equal(auto6_read(dhcpcd_renew, sizeof(dhcpcd_renew), theirs, &m), 0);
	assert_int_equal(m.kind, AUTO6_RENEW);
	assert_int_equal(m.ias[0].leases[0].length, 56);
	assert_memory_equal(m.ias[0].leases[0].ip.bytes, "\x20\x01\x0d\xb8\x01\0\0\0", 8);
	assert_int_equal(READ(dhcpcd_rebind, &m), 0);
	assert_int_equal(m.kind, AUTO6_REBIND);

	assert_int_equal(READ(wide_solicit, &m), 0);
	assert_int_equal(m.ias[0].n, 0);
	assert_int_equal(READ(wide_request, &m), CV_ERR_UNKNOWN);
	assert_int_equal(READ(wide_release, &m), CV_ERR_UNKNOWN);
	assert_int_equal(READ(wide_information, &m), 0);
	assert_int_equal(m.kind, AUTO6_INFORMATION);
	assert_int_equal(m.client_id.len, 14);
}

/* Nothing that is cut short anywhere, or has a bit wrong, is heard, and nothing is read beyond. */
static void
test_cut_and_broken(void **state)
{
	uint8_t copy[sizeof(dhcpcd_solicit)];
	struct auto6_message m;

	(void)state;
	for (size_t len = 0; len < sizeof(dhcpcd_solicit); len++)
		assert_int_not_equal(read_packet(dhcpcd_solicit, len, &m), 0);
	for (size_t len = 0; len < sizeof(router_solicit); len++)
		assert_int_not_equal(read_packet(router_solicit, len, &m), 0);
	for (size_t i = WIRE_IPV6; i < sizeof(copy); i++) {
		memcpy(copy, dhcpcd_solicit, sizeof(copy));
		copy[i] ^= 0x10;
		assert_int_not_equal(READ(copy, &m), 0);
	}
	/* UDP without a checksum */
	memcpy(copy, dhcpcd_solicit, sizeof(copy));
	wire_store16(copy + WIRE_IPV6 + WIRE_UDP_SUM, 0);
	assert_int_equal(READ(copy, &m), CV_ERR_MALFORMED);
}

static int
solicitation(const char *source, uint8_t hops, uint8_t code, const char *options, size_t len)
{
	uint8_t packet[128] = {0}, *icmp = packet + WIRE_IPV6;
	struct wire_ipv6 h = {.next = WIRE_ICMPV6,
		.hops = hops,
		.payload = (uint16_t)(8 + len),
		.target = {0xff, 2, [15] = 2}};
	struct auto6_message m;
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(source, &ip), 0);
	memcpy(h.source, ip.bytes, 16);
	wire_ipv6_write(packet, &h);
	icmp[0] = WIRE_ND_ROUTER_SOLICIT;
	icmp[1] = code;
	memcpy(icmp + 8, options, len);
	wire_icmpv6_finish(icmp, h.payload, h.source, h.target);
	return read_packet(packet, WIRE_IPV6 + h.payload, &m);
}

static void
test_solicitations(void **state)
{
	static const char mac[] = "\x01\x01\x02\x00\x00\x00\x00\x07";

	(void)state;
	assert_int_equal(solicitation("fe80::7", 255, 0, "", 0), 0);
	assert_int_equal(solicitation("fe80::7", 255, 0, mac, 8), 0);
	assert_int_equal(solicitation("::", 255, 0, "", 0), 0);
	assert_int_equal(solicitation("::", 255, 0, mac, 8), CV_ERR_MALFORMED);
	assert_int_equal(solicitation("fe80::7", 64, 0, "", 0), CV_ERR_MALFORMED);
	assert_int_equal(solicitation("fe80::7", 255, 1, "", 0), CV_ERR_MALFORMED);
	assert_int_equal(solicitation("2001:db8::7", 255, 0, "", 0), CV_ERR_MALFORMED);
	assert_int_equal(solicitation("fe80::7", 255, 0, "\x01\x00\x00\x00\x00\x00\x00\x00", 8),
		CV_ERR_MALFORMED);
	assert_int_equal(solicitation("fe80::7", 255, 0, "\x01\x02\x00\x00\x00\x00\x00\x00", 8),
		CV_ERR_MALFORMED);
	assert_int_equal(solicitation("fe80::7", 255, 0, "\x01", 1), CV_ERR_MALFORMED);
}

/* RFC 8415 section 16: who must say who he is, and whom he means. */
static void
test_identifiers(void **state)
{
	static const struct {
		uint8_t type;
		int both, client, server, neither; /* what a message with these gets */
	} rules[] = {
		{AUTO6_SOLICIT, CV_ERR_MALFORMED, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_REQUEST, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_CONFIRM, CV_ERR_MALFORMED, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_RENEW, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_REBIND, CV_ERR_MALFORMED, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_RELEASE, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_DECLINE, 0, CV_ERR_MALFORMED, CV_ERR_MALFORMED, CV_ERR_MALFORMED},
		{AUTO6_INFORMATION, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (unsigned has = 0; has < 4; has++) {
			int want = has == 3   ? rules[i].both
				   : has == 1 ? rules[i].client
				   : has == 2 ? rules[i].server
					      : rules[i].neither;
			struct auto6_message m;
			struct said s;

			say(&s, AUTO6_INFORMATION);
			s.w.start[0] = rules[i].type;
			if (has & 1)
				option(&s, AUTO6_OPT_CLIENT_ID, CLIENT_ID, CLIENT_ID_BYTES);
			if (has & 2)
				option(&s, AUTO6_OPT_SERVER_ID, DUID, DUID_BYTES);
			assert_int_equal(read_said(&s, &m), want);
		}
	}
	/* what servers and relays send; what there is not */
	for (unsigned type = 0; type < 256; type++) {
		struct auto6_message m;
		struct said s;

		if (type != 2 && type != 7 && type != 10 && type < 12 && type != 0)
			continue;
		say(&s, AUTO6_SOLICIT);
		s.w.start[0] = (uint8_t)type;
		assert_int_equal(read_said(&s, &m), CV_ERR_UNKNOWN);
	}
}

static void
test_duids(void **state)
{
	static const uint8_t bytes[200] = {0, 1};
	static const size_t lengths[] = {0, 2, 3, 130, 131, 200};
	struct auto6_message m;
	struct said s;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		say(&s, AUTO6_INFORMATION);
		option(&s, AUTO6_OPT_CLIENT_ID, bytes, lengths[i]);
		assert_int_equal(read_said(&s, &m),
			lengths[i] >= 3 && lengths[i] <= 130 ? 0 : CV_ERR_MALFORMED);
	}
	/* twice */
	say(&s, AUTO6_SOLICIT);
	option(&s, AUTO6_OPT_CLIENT_ID, CLIENT_ID, CLIENT_ID_BYTES);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	say(&s, AUTO6_REQUEST);
	option(&s, AUTO6_OPT_SERVER_ID, DUID, DUID_BYTES);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
}

/* Associations and what is in them: bounded, and right. */
static void
test_associations(void **state)
{
	static const char *const four[] = {
		"2001:db8:1::/56", "2001:db8:2::/48", "::/60", "2001:db8:3::/64", NULL};
	static const char *const five[] = {"::/56", "::/56", "::/56", "::/56", "::/56", NULL};
	static const char *const address[] = {"2001:db8:0:7::9/128", NULL};
	uint8_t lease[AUTO6_PREFIX_BYTES] = {
		0, 0, 0, 60, 0, 0, 0, 60, 61, 0x20, 1, 0xd, 0xb8, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct auto6_message m;
	struct said s;

	(void)state;
	say(&s, AUTO6_REQUEST);
	say_ia(&s, AUTO6_OPT_IA_NA, 5, address);
	say_ia(&s, AUTO6_OPT_IA_PD, 6, four);
	say_ia(&s, AUTO6_OPT_IA_TA, 7, NULL); /* none that we know of, and no harm */
	assert_int_equal(read_said(&s, &m), 0);
	assert_int_equal(m.n, 2);
	assert_false(m.ias[0].delegation);
	assert_int_equal(m.ias[0].leases[0].length, 128);
	assert_int_equal(m.ias[0].leases[0].ip.bytes[15], 9);
	assert_true(m.ias[1].delegation);
	assert_int_equal(m.ias[1].iaid, 6);
	assert_int_equal(m.ias[1].n, 4);
	assert_int_equal(m.ias[1].leases[2].length, 60);

	say(&s, AUTO6_REQUEST);
	say_ia(&s, AUTO6_OPT_IA_PD, 6, five);
	assert_int_equal(read_said(&s, &m), CV_ERR_LIMIT);
	say(&s, AUTO6_REQUEST);
	for (unsigned i = 0; i <= AUTO6_IAS; i++)
		say_ia(&s, AUTO6_OPT_IA_PD, i, NULL);
	assert_int_equal(read_said(&s, &m), CV_ERR_LIMIT);
	say(&s, AUTO6_SOLICIT);
	for (unsigned i = 0; i < AUTO6_OPTIONS; i++)
		option(&s, 6, "\x00\x17", 2);
	assert_int_equal(read_said(&s, &m), CV_ERR_LIMIT);

	/* bits beyond its length mean nothing, nor do lifetimes, even where no server could give
	 * them (RFC 8415 section 21.22) */
	for (unsigned i = 0; i < 3; i++) {
		uint8_t value[AUTO6_IA_BYTES + 4 + AUTO6_PREFIX_BYTES] = {0};

		lease[8] = i == 1 ? 129 : 61;
		lease[3] = i == 2 ? 61 : 60; /* preferred longer than valid */
		value[13] = AUTO6_OPT_PREFIX;
		value[15] = AUTO6_PREFIX_BYTES;
		memcpy(value + 16, lease, sizeof(lease));
		say(&s, AUTO6_SOLICIT);
		option(&s, AUTO6_OPT_IA_PD, value, sizeof(value));
		assert_int_equal(read_said(&s, &m), i == 1 ? CV_ERR_MALFORMED : 0);
		if (i != 1)
			assert_memory_equal(m.ias[0].leases[0].ip.bytes,
				"\x20\x01\x0d\xb8\xff\xff\xff\xf8\0\0\0\0\0\0\0\0", 16);
	}
	/* too short for what it is; longer than what it is in */
	say(&s, AUTO6_SOLICIT);
	option(&s, AUTO6_OPT_IA_PD, lease, AUTO6_IA_BYTES - 1);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	say(&s, AUTO6_SOLICIT);
	option(&s, AUTO6_OPT_IA_PD, "\0\0\0\1\0\0\0\0\0\0\0\0\x00\x1a\x00\x19\0", 17);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	say(&s, AUTO6_SOLICIT);
	cv_write_u32(&s.w, AUTO6_OPT_IA_PD << 16 | 2000);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	say(&s, AUTO6_SOLICIT);
	cv_write_u8(&s.w, 0);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	say(&s, AUTO6_SOLICIT);
	option(&s, AUTO6_OPT_RAPID_COMMIT, "", 1);
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	/* an Information-request asks for nothing that is leased (section 16.12) */
	for (unsigned i = 0; i < 3; i++) {
		static const uint16_t codes[] = {AUTO6_OPT_IA_NA, AUTO6_OPT_IA_TA, AUTO6_OPT_IA_PD};

		say(&s, AUTO6_INFORMATION);
		say_ia(&s, codes[i], 1, NULL);
		assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	}
}

/* Whom it is from and to. */
static void
test_addresses(void **state)
{
	struct auto6_message m;
	struct said s;

	(void)state;
	say(&s, AUTO6_SOLICIT);
	assert_int_equal(read_said(&s, &m), 0);
	assert_memory_equal(m.source, client_address, 16);
	say(&s, AUTO6_SOLICIT);
	s.source[0] = 0x20;
	assert_int_equal(read_said(&s, &m), CV_ERR_MALFORMED);
	say(&s, AUTO6_SOLICIT);
	s.target_port = AUTO6_CLIENT;
	assert_int_equal(read_said(&s, &m), CV_ERR_UNKNOWN);
	say(&s, AUTO6_SOLICIT);
	memcpy(s.target, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_int_equal(read_said(&s, &m), CV_ERR_UNKNOWN);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(auto6_kind_name(AUTO6_REBIND), "rebind");
	assert_string_equal(auto6_kind_name((enum auto6_kind)2), "unknown");
	assert_string_equal(auto6_kind_name((enum auto6_kind)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_clients),
		cmocka_unit_test(test_cut_and_broken),
		cmocka_unit_test(test_solicitations),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_duids),
		cmocka_unit_test(test_associations),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
