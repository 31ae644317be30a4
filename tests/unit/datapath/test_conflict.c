/* SPDX-License-Identifier: BSD-3-Clause */
/* Another station of the LAN has an address of ours, or of a client's for whom we answer: it is
 * said once, counted each time, and what is ours of IPv4 is told anew to all. */
#include "inner6.h"

enum { LAN = 7 /* group and filter of the interface */ };

#define OURS UINT32_C(0xc0a80501) /* 192.168.5.1 */
#define HOST UINT32_C(0xc0a80509)
#define POOL_FREE (INNER_A + 77) /* nobody's */
#define OURS_6 "2001:db8:5::1"

static const uint8_t other_mac[WIRE_MAC] = {2, 0, 0, 0, 5, 9};
static char said[8192];

static void
write_line(void *ctx, enum cv_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static const struct cv_log keeps = {.level = CV_LOG_WARNING, .emit = write_line};

static unsigned
lines(const char *with)
{
	unsigned n = 0;

	for (const char *at = said; (at = strstr(at, with)) != NULL; at++)
		n++;
	return n;
}

static void
drain(struct bench *b)
{
	while (take_frame(b).len != 0)
		;
}

static void
set_proxy(struct bench *b, enum dp_proxy proxy)
{
	const struct dp_iface inside = {
		.inside = true, .group = LAN, .filter = LAN, .proxy = proxy};

	assert_int_equal(dp_iface_set(b->dp, 0, &inside), 0);
}

static void
up(struct bench *b, enum dp_proxy proxy)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct cv_prefix pool = {.ip = cv_ipv4(INNER_A & 0xffffff00), .length = 24};
	const struct cv_prefix ours = {.ip = cv_ipv4(OURS), .length = 24},
			       ours6 = {.ip = address6(OURS_6), .length = 64};

	bench6_up(b, 0, 0);
	assert_int_equal(dp_realm_set(b->dp, 0, &pool, 1), 0);
	assert_int_equal(set_policy(b->dp, LAN, &any), 0);
	set_proxy(b, proxy);
	assert_int_equal(dp_address_set(b->dp, 0, &ours), 0);
	assert_int_equal(dp_address_set(b->dp, 0, &ours6), 0);
	b->dp->log = &keeps;
	said[0] = '\0';
	bench_pass(b, 5000);
	pass_time(b, 5 * CV_NS_PER_S);
	drain(b);
}

/* Both clocks. */
static void
pass(struct bench *b, unsigned ms)
{
	bench_pass(b, ms);
	pass_time(b, ms * CV_NS_PER_MS);
}

/* An ARP packet of a station that says that the address is its. */
static void
arp(struct bench *b, uint16_t operation, uint32_t ip, const uint8_t mac[WIRE_MAC], uint32_t about)
{
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, operation, mac, wire_swap32(ip),
		(const uint8_t *)"\0\0\0\0\0\0", wire_swap32(about));
	put_frame(b, frame, WIRE_ETHER + WIRE_ARP);
	dp_worker_round(b->dp->workers[0]);
}

static void
advert(struct bench *b, const char *about, const uint8_t mac[WIRE_MAC])
{
	const struct cv_ip ip = address6(about), all = address6("ff02::1");
	uint8_t frame[FRAME_MAX], *packet = frame + WIRE_ETHER, to[WIRE_MAC];
	struct wire_ipv6 h = {.next = ICMPV6, .hops = WIRE_ND_HOPS, .payload = 32};
	uint8_t *nd = packet + WIRE_IPV6;

	memcpy(h.source, ip.bytes, sizeof(h.source));
	memcpy(h.target, all.bytes, sizeof(h.target));
	wire_ipv6_multicast_mac(h.target, to);
	wire_ether_write(frame, to, mac, WIRE_TYPE_IPV6);
	wire_ipv6_write(packet, &h);
	memset(nd, 0, 32);
	nd[0] = WIRE_ND_ADVERT;
	nd[4] = WIRE_ND_OVERRIDE;
	memcpy(nd + WIRE_ND_TARGET, ip.bytes, WIRE_IPV6_ADDRESS);
	nd[WIRE_ND_OPTIONS] = WIRE_ND_OPTION_TARGET;
	nd[WIRE_ND_OPTIONS + 1] = 1;
	memcpy(nd + WIRE_ND_OPTIONS + 2, mac, WIRE_MAC);
	finish6(packet, WIRE_IPV6, WIRE_IPV6 + 32);
	put_frame(b, frame, WIRE_ETHER + WIRE_IPV6 + 32);
	dp_worker_round(b->dp->workers[0]);
}

/* How many frames tell all stations that OURS is here. */
static unsigned
announcements(struct bench *b)
{
	struct frame_bytes f;
	unsigned n = 0;

	while ((f = take_frame(b)).len != 0)
		n += f.bytes[0] == 0xff && wire_ether_type_be(f.bytes) == WIRE_TYPE_ARP_BE &&
		     wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_SENDER_IP) == OURS &&
		     wire_get32(f.bytes + WIRE_ETHER + WIRE_ARP_TARGET_IP) == OURS;
	return n;
}

static void
an_address_of_ours(void **state)
{
	struct bench b;

	(void)state;
	up(&b, DP_PROXY_OFF);
	arp(&b, WIRE_ARP_REPLY, OURS, other_mac, OURS);
	assert_string_equal(said, "address-conflict address=192.168.5.1 port=wan "
				  "mac=02:00:00:00:05:09 of=ours\n");
	assert_int_equal(announcements(&b), 1);
	/* however often, in whatever form: it is counted */
	for (unsigned i = 0; i < 80; i++) {
		arp(&b, i % 2 == 0 ? WIRE_ARP_REQUEST : WIRE_ARP_REPLY, OURS, other_mac, HOST);
		pass(&b, 100);
	}
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_CONFLICT), 81);
	assert_int_equal(lines("address-conflict"), 1);
	assert_int_equal(announcements(&b), 0);
	/* all are told again while it goes on, once in 10 s */
	for (unsigned i = 0; i < 20; i++) {
		arp(&b, WIRE_ARP_REPLY, OURS, other_mac, OURS);
		pass(&b, 1000);
	}
	assert_int_equal(announcements(&b), 2);
	assert_int_equal(lines("address-conflict"), 1);
	pass(&b, 600 * 1000);
	arp(&b, WIRE_ARP_REPLY, OURS, other_mac, OURS);
	assert_int_equal(lines("address-conflict"), 2);
	drain(&b);
	bench_down(&b);
}

static void
an_address_of_a_client(void **state)
{
	struct bench b;

	(void)state;
	up(&b, DP_PROXY_OFF);
	arp(&b, WIRE_ARP_REPLY, INNER_A, other_mac, INNER_A);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_IGNORED), 1); /* nobody answers for it there */
	set_proxy(&b, DP_PROXY_SESSIONS);
	arp(&b, WIRE_ARP_REPLY, POOL_FREE, other_mac, POOL_FREE);
	arp(&b, WIRE_ARP_REQUEST, 0, other_mac, HOST);
	arp(&b, WIRE_ARP_REPLY, HOST, other_mac, OURS);
	assert_string_equal(said, "");
	pass(&b, 1000);
	arp(&b, WIRE_ARP_REQUEST, INNER_A, other_mac, OURS);
	assert_int_equal(take_frame(&b).len, 0);
	assert_string_equal(strchr(said, ' '), " address=10.88.1.1 port=wan mac=02:00:00:00:05:09 "
					       "of=client\n");
	set_proxy(&b, DP_PROXY_POOLS);
	arp(&b, WIRE_ARP_REPLY, POOL_FREE, other_mac, POOL_FREE);
	assert_int_equal(lines("of=client"), 2);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_CONFLICT), 2);
	assert_int_equal(announcements(&b), 0);
	bench_down(&b);
}

static void
addresses_of_ipv6(void **state)
{
	struct bench b;

	(void)state;
	up(&b, DP_PROXY_SESSIONS);
	advert(&b, OURS_6, other_mac);
	assert_string_equal(said, "address-conflict address=" OURS_6 " port=wan "
				  "mac=02:00:00:00:05:09 of=ours\n");
	advert(&b, A_6, other_mac);
	assert_int_equal(lines("address=" A_6 " port=wan mac=02:00:00:00:05:09 of=client"), 1);
	advert(&b, "2001:db8:5::77", other_mac);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ND_CONFLICT), 2);
	assert_int_equal(lines("address-conflict"), 2);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

/* What a port of ours says and another one hears is no conflict. */
static void
our_own_voice(void **state)
{
	struct bench b;

	(void)state;
	up(&b, DP_PROXY_SESSIONS);
	arp(&b, WIRE_ARP_REPLY, OURS, b.dp->ports[0].mac, OURS);
	assert_string_equal(said, "");
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_CONFLICT), 1);
	assert_int_equal(announcements(&b), 0);
	bench_down(&b);
}

/* Who makes it up, from ever other MAC addresses, fills no log, and has us say no more. */
static void
a_flood_of_claims(void **state)
{
	uint8_t mac[WIRE_MAC] = {2, 0, 0, 1, 0, 0};
	struct bench b;

	(void)state;
	up(&b, DP_PROXY_POOLS);
	for (unsigned i = 0; i < 2000; i++) {
		mac[4] = (uint8_t)(i >> 8);
		mac[5] = (uint8_t)i;
		arp(&b, WIRE_ARP_REPLY, i % 2 == 0 ? OURS : (INNER_A & 0xffffff00) + i / 2 % 250,
			mac, OURS);
		pass(&b, 10);
	}
	assert_in_range(lines("address-conflict"), 10, 15);
	assert_true(lines(" unsaid=") >= 1);
	assert_in_range(announcements(&b), 2, 3);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_of_ours),
		cmocka_unit_test(an_address_of_a_client),
		cmocka_unit_test(addresses_of_ipv6),
		cmocka_unit_test(our_own_voice),
		cmocka_unit_test(a_flood_of_claims),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
