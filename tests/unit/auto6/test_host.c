/* SPDX-License-Identifier: BSD-3-Clause */
/* A host: what it asks, what it takes for an advertisement, and the address that it makes of it. */
#include "auto6/host.h"
#include "client.h"

static uint8_t packet[AUTO6_PACKET_MAX];

/* An advertisement of our own, and its body, which reseal() makes right again. */
static size_t
advert(const char *prefix, const char *dns)
{
	struct auto6_terms t = {.mtu = 1400};

	assert_int_equal(cv_ip_parse("fe80::1", &t.local), 0);
	assert_int_equal(cv_prefix_parse(prefix, &t.prefix), 0);
	if (dns != NULL)
		assert_int_equal(cv_ip_parse(dns, &t.dns[0]), 0);
	return auto6_write_advert(packet, &t);
}

static void
reseal(size_t len)
{
	wire_icmpv6_finish(packet + WIRE_IPV6, len - WIRE_IPV6, packet + WIRE_IPV6_SOURCE,
		packet + WIRE_IPV6_TARGET);
}

/* The prefix option of what advert() has written: behind header and MTU. */
static uint8_t *
prefix_option(void)
{
	uint8_t *o = packet + WIRE_IPV6 + 16 + 8;

	assert_int_equal(o[0], 3);
	return o;
}

static struct auto6_host
begun(uint64_t now)
{
	struct auto6_host h;
	struct cv_ip local;

	assert_int_equal(cv_ip_parse("fe80::1234:5678:9abc:def0", &local), 0);
	auto6_host_begin(&h, &local, now);
	return h;
}

static void
assert_address(const struct auto6_host *h, const char *text)
{
	struct cv_ip ip;

	if (text == NULL) {
		assert_int_equal(h->address.family, 0);
		return;
	}
	assert_int_equal(cv_ip_parse(text, &ip), 0);
	assert_true(cv_ip_equal(&h->address, &ip));
}

/* A server's reader takes it, three times, four seconds apart; then it is alone. */
static void
test_solicits(void **state)
{
	struct auto6_host h = begun(100);
	uint8_t out[AUTO6_SOLICIT_BYTES];
	struct auto6_message m;
	uint64_t now = 100;

	(void)state;
	for (unsigned i = 0; i < AUTO6_SOLICITS; i++) {
		assert_int_equal(auto6_host_next_timeout(&h), now);
		assert_false(auto6_host_alone(&h));
		assert_int_equal(auto6_host_poll(&h, now - 1, out), 0);
		assert_int_equal(auto6_host_poll(&h, now, out), sizeof(out));
		assert_int_equal(auto6_host_poll(&h, now, out), 0);
		assert_int_equal(auto6_read(out, sizeof(out), duid, &m), 0);
		assert_int_equal(m.kind, AUTO6_ROUTER_SOLICIT);
		assert_memory_equal(m.source, h.local.bytes, 16);
		now += AUTO6_SOLICIT_S * CV_NS_PER_S;
	}
	assert_int_equal(auto6_host_poll(&h, now, out), 0);
	assert_int_equal(auto6_host_next_timeout(&h), CV_TIME_NEVER);
	assert_true(auto6_host_alone(&h));
	/* one that comes late is heard */
	assert_int_equal(auto6_host_input(&h, now, packet, advert("2001:db8:7::/64", NULL)), 0);
	assert_address(&h, "2001:db8:7::1234:5678:9abc:def0");
	assert_false(auto6_host_alone(&h));
}

static void
test_address(void **state)
{
	struct auto6_host h = begun(0);
	uint8_t out[AUTO6_SOLICIT_BYTES];
	struct cv_ip dns;
	uint64_t now = 5 * CV_NS_PER_S;
	size_t len = advert("2001:db8:7::/64", "2001:db8::53");

	(void)state;
	assert_true(auto6_is_advert(packet, len));
	assert_int_equal(auto6_host_input(&h, now, packet, len), 0);
	assert_address(&h, "2001:db8:7::1234:5678:9abc:def0");
	assert_int_equal(cv_ip_parse("2001:db8::53", &dns), 0);
	assert_true(cv_ip_equal(&h.dns[0], &dns));
	assert_int_equal(h.dns[1].family, 0);
	assert_int_equal(auto6_host_poll(&h, now, out), 0); /* it knows */
	assert_int_equal(auto6_host_next_timeout(&h), now + AUTO6_VALID_S * CV_NS_PER_S);
	/* refreshed */
	now += 600 * CV_NS_PER_S;
	assert_int_equal(auto6_host_input(&h, now, packet, len), 0);
	assert_int_equal(auto6_host_next_timeout(&h), now + AUTO6_VALID_S * CV_NS_PER_S);
	/* over, and asked for again */
	now += AUTO6_VALID_S * CV_NS_PER_S;
	assert_int_equal(auto6_host_poll(&h, now - 1, out), 0);
	assert_address(&h, "2001:db8:7::1234:5678:9abc:def0");
	assert_int_equal(auto6_host_poll(&h, now, out), sizeof(out));
	assert_address(&h, NULL);
	/* for ever */
	len = advert("2001:db8:7::/64", NULL);
	memset(prefix_option() + 4, 0xff, 8);
	reseal(len);
	assert_int_equal(auto6_host_input(&h, now, packet, len), 0);
	assert_address(&h, "2001:db8:7::1234:5678:9abc:def0");
	assert_int_equal(auto6_host_next_timeout(&h), CV_TIME_NEVER);
}

/* Another prefix takes the place of one that is no longer preferred, and of no other. */
static void
test_renumbered(void **state)
{
	struct auto6_host h = begun(0);
	size_t len = advert("2001:db8:7::/64", NULL);

	(void)state;
	assert_int_equal(auto6_host_input(&h, 0, packet, len), 0);
	/* deprecated alone: it stays until it is over */
	memset(prefix_option() + 8, 0, 4);
	reseal(len);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), 0);
	assert_address(&h, "2001:db8:7::1234:5678:9abc:def0");
	/* and no address is formed in it any more */
	h = begun(0);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), 0);
	assert_address(&h, NULL);
	assert_int_equal(auto6_host_input(&h, 0, packet, advert("2001:db8:7::/64", NULL)), 0);
	/* two, of which the second is ours */
	len = advert("2001:db8:8::/64", NULL);
	memcpy(packet + len, prefix_option(), 32);
	packet[len + 21] = 7;
	len += 32;
	wire_put16(packet + WIRE_IPV6_LENGTH, (uint16_t)(len - WIRE_IPV6));
	reseal(len);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), 0);
	assert_address(&h, "2001:db8:7::1234:5678:9abc:def0");
	/* ours is gone */
	assert_int_equal(auto6_host_input(&h, 0, packet, advert("2001:db8:8::/64", NULL)), 0);
	assert_address(&h, "2001:db8:8::1234:5678:9abc:def0");
}

/* What no address is formed in. */
static void
test_prefixes(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
	} wrong[] = {{3, 0x80}, {2, 63}, {2, 65}, {16, 0xfe}, {16, 0xff}, {8, 0xff}, {1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct auto6_host h = begun(0);
		size_t len = advert("2001:db8:7::/64", NULL);

		prefix_option()[wrong[i].at] = wrong[i].value;
		if (wrong[i].value == 0xfe)
			prefix_option()[17] = 0x80;
		reseal(len);
		assert_int_equal(auto6_host_input(&h, 0, packet, len),
			wrong[i].at == 1 ? CV_ERR_MALFORMED : 0);
		assert_address(&h, NULL);
	}
}

/* RFC 4861 section 6.1.2. */
static void
test_discarded(void **state)
{
	struct auto6_host h = begun(0);
	size_t len = advert("2001:db8:7::/64", "2001:db8::53");

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		int rc = auto6_host_input(&h, 0, packet, cut);

		assert_int_equal(rc, cut <= WIRE_IPV6 ? CV_ERR_UNKNOWN : CV_ERR_TRUNCATED);
	}
	packet[WIRE_IPV6_HOPS] = 254;
	assert_int_equal(auto6_host_input(&h, 0, packet, len), CV_ERR_MALFORMED);
	packet[WIRE_IPV6_HOPS] = 255;
	packet[WIRE_IPV6 + 1] = 1;
	reseal(len);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), CV_ERR_MALFORMED);
	packet[WIRE_IPV6 + 1] = 0;
	packet[WIRE_IPV6_SOURCE] = 0x20;
	reseal(len);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), CV_ERR_MALFORMED);
	packet[WIRE_IPV6_SOURCE] = 0xfe;
	assert_int_equal(auto6_host_input(&h, 0, packet, len), CV_ERR_MALFORMED);
	packet[WIRE_IPV6] = WIRE_ND_ROUTER_SOLICIT;
	reseal(len);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), CV_ERR_UNKNOWN);
	assert_address(&h, NULL);
	packet[WIRE_IPV6] = WIRE_ND_ROUTER_ADVERT;
	reseal(len);
	assert_int_equal(auto6_host_input(&h, 0, packet, len), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_solicits),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_discarded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
