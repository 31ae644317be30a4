/* SPDX-License-Identifier: BSD-3-Clause */
/* A host: solicitations out, advertisements in. */
#include "auto6/host.h"

#include "wire/nd.h"

enum {
	HEADER = 16, /* bytes of an advertisement before its options */
	OPT_PREFIX = 3,
	OPT_RDNSS = 25, /* RFC 8106 section 5.1 */
	PREFIX_BYTES = 32,
	RDNSS_HEADER = 8,
	FLAG_AUTONOMOUS = 0x40,
	PREFIX_BITS = 64, /* that leave room for an identifier (RFC 4862 section 5.5.3 d) */
	INFINITY_S = -1,  /* as 32 bits: for ever (RFC 4861 section 4.6.2) */
};

/* ---- what is said ---- */

/* Section 5.5.3: one that addresses are formed in, or nothing. */
static void
read_prefix(const uint8_t *o, struct auto6_advert *a)
{
	uint32_t valid = wire_get32(o + 4), preferred = wire_get32(o + 8);
	struct cv_prefix p = {.ip.family = CV_IPV6, .length = PREFIX_BITS};

	memcpy(p.ip.bytes, o + 16, PREFIX_BITS / 8);
	if ((o[3] & FLAG_AUTONOMOUS) == 0 || o[2] != PREFIX_BITS || preferred > valid ||
		wire_ipv6_link_local(p.ip.bytes) || wire_ipv6_unspecified(p.ip.bytes) ||
		wire_ipv6_multicast(p.ip.bytes) || a->n_prefixes == AUTO6_PREFIXES)
		return;
	a->prefixes[a->n_prefixes].prefix = p;
	a->prefixes[a->n_prefixes].valid_s = valid;
	a->prefixes[a->n_prefixes].preferred_s = preferred;
	a->n_prefixes++;
}

static void
read_dns(const uint8_t *o, size_t len, struct auto6_advert *a)
{
	if (wire_get32(o + 4) == 0)
		return;
	for (size_t at = RDNSS_HEADER; at + WIRE_IPV6_ADDRESS <= len; at += WIRE_IPV6_ADDRESS) {
		struct cv_ip *dns = &a->dns[a->n_dns];

		if (a->n_dns == AUTO6_DNS)
			return;
		dns->family = CV_IPV6;
		memcpy(dns->bytes, o + at, WIRE_IPV6_ADDRESS);
		a->n_dns++;
	}
}

bool
auto6_is_advert(const uint8_t *ip, size_t len)
{
	return len > WIRE_IPV6 && ip[0] >> 4 == 6 && ip[WIRE_IPV6_NEXT] == WIRE_ICMPV6 &&
	       ip[WIRE_IPV6] == WIRE_ND_ROUTER_ADVERT;
}

int
auto6_read_advert(const uint8_t *ip, size_t len, struct auto6_advert *a)
{
	const uint8_t *icmp = ip + WIRE_IPV6;
	struct wire_ipv6 h;

	*a = (struct auto6_advert){0};
	if (!auto6_is_advert(ip, len))
		return CV_ERR_UNKNOWN;
	if (!wire_ipv6_read(ip, len, &h))
		return CV_ERR_TRUNCATED;
	if (h.payload < HEADER || h.hops != WIRE_ND_HOPS || icmp[WIRE_ICMP_CODE] != 0 ||
		!wire_ipv6_link_local(h.source) ||
		!wire_icmpv6_sum_right(icmp, h.payload, h.source, h.target))
		return CV_ERR_MALFORMED;
	memcpy(a->source, h.source, sizeof(a->source));
	for (size_t at = HEADER; at < h.payload;) {
		size_t left = h.payload - at, bytes = left < 2 ? 0 : (size_t)icmp[at + 1] * 8;

		if (bytes == 0 || bytes > left)
			return CV_ERR_MALFORMED;
		if (icmp[at] == OPT_PREFIX && bytes == PREFIX_BYTES)
			read_prefix(icmp + at, a);
		else if (icmp[at] == OPT_RDNSS)
			read_dns(icmp + at, bytes, a);
		at += bytes;
	}
	return 0;
}

/* ---- what is made of it ---- */

void
auto6_host_begin(struct auto6_host *h, const struct cv_ip *local, uint64_t now)
{
	*h = (struct auto6_host){.local = *local, .until = CV_TIME_NEVER, .solicit_at = now};
}

/* Not on-link, nobody to ask: no option tells a link-layer address. */
size_t
auto6_host_poll(struct auto6_host *h, uint64_t now, uint8_t out[AUTO6_SOLICIT_BYTES])
{
	struct wire_ipv6 ip = {.next = WIRE_ICMPV6,
		.hops = WIRE_ND_HOPS,
		.payload = AUTO6_SOLICIT_BYTES - WIRE_IPV6,
		.target = {0xff, 0x02, [15] = 2}};

	if (now >= h->until) {
		h->address = (struct cv_ip){0};
		h->until = CV_TIME_NEVER;
		h->solicit_at = now;
		h->solicits = 0;
	}
	if (now < h->solicit_at)
		return 0;
	if (h->solicits == AUTO6_SOLICITS) {
		h->solicit_at = CV_TIME_NEVER;
		return 0;
	}
	h->solicits++;
	h->solicit_at = cv_time_add(now, AUTO6_SOLICIT_S * CV_NS_PER_S);
	memcpy(ip.source, h->local.bytes, sizeof(ip.source));
	memset(out, 0, AUTO6_SOLICIT_BYTES);
	wire_ipv6_write(out, &ip);
	out[WIRE_IPV6] = WIRE_ND_ROUTER_SOLICIT;
	wire_icmpv6_finish(out + WIRE_IPV6, ip.payload, ip.source, ip.target);
	return AUTO6_SOLICIT_BYTES;
}

/* The one that we have an address in, as long as it is preferred; else the first that is. */
static unsigned
choose(const struct auto6_host *h, const struct auto6_advert *a)
{
	unsigned chosen = AUTO6_PREFIXES;

	for (unsigned i = 0; i < a->n_prefixes; i++) {
		bool ours = h->address.family != 0 &&
			    cv_prefix_contains(&a->prefixes[i].prefix, &h->address);

		if (a->prefixes[i].preferred_s != 0 && (ours || chosen == AUTO6_PREFIXES))
			chosen = i;
		if (a->prefixes[i].preferred_s != 0 && ours)
			break;
	}
	return chosen;
}

int
auto6_host_input(struct auto6_host *h, uint64_t now, const uint8_t *ip, size_t len)
{
	struct auto6_advert a;
	int rc = auto6_read_advert(ip, len, &a);
	unsigned chosen;

	if (rc != 0)
		return rc;
	chosen = choose(h, &a);
	if (chosen < AUTO6_PREFIXES) {
		uint32_t valid = a.prefixes[chosen].valid_s;

		h->address = h->local;
		memcpy(h->address.bytes, a.prefixes[chosen].prefix.ip.bytes, PREFIX_BITS / 8);
		h->until = valid == (uint32_t)INFINITY_S ? CV_TIME_NEVER
							 : cv_time_add(now, valid * CV_NS_PER_S);
		h->solicit_at = CV_TIME_NEVER;
	}
	if (a.n_dns != 0)
		memcpy(h->dns, a.dns, sizeof(h->dns));
	return 0;
}

uint64_t
auto6_host_next_timeout(const struct auto6_host *h)
{
	return cv_time_min(h->solicit_at, h->until);
}

bool
auto6_host_alone(const struct auto6_host *h)
{
	return h->address.family == 0 && h->solicit_at == CV_TIME_NEVER;
}
