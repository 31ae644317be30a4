/* SPDX-License-Identifier: BSD-3-Clause */
/* Router advertisements (RFC 4861 section 6.2) on a link with one client. */
#include "auto6/private.h"
#include "base/time.h"
#include "wire/nd.h"

enum {
	OPT_PREFIX = 3,
	OPT_MTU = 5,
	OPT_RDNSS = 25, /* RFC 8106 section 5.1 */
	FLAG_OTHER = 0x40,
	FLAG_AUTONOMOUS = 0x40, /* of a prefix; it is not on-link: nobody else is there */
	HOPS = 64,              /* that clients are to send with */
	SOON_S = 4,             /* to the second of the first; to the third four times that */
};

static void
write_prefix(struct cv_writer *w, const struct cv_prefix *p)
{
	cv_write_u8(w, OPT_PREFIX);
	cv_write_u8(w, 4);
	cv_write_u8(w, p->length);
	cv_write_u8(w, FLAG_AUTONOMOUS);
	cv_write_u32(w, AUTO6_VALID_S);
	cv_write_u32(w, AUTO6_PREFERRED_S);
	cv_write_u32(w, 0);
	cv_write_bytes(w, p->ip.bytes, sizeof(p->ip.bytes));
}

static void
write_dns(struct cv_writer *w, const struct auto6_terms *t)
{
	uint8_t n = 0;

	while (n < AUTO6_DNS && t->dns[n].family != 0)
		n++;
	if (n == 0)
		return;
	cv_write_u8(w, OPT_RDNSS);
	cv_write_u8(w, (uint8_t)(1 + 2 * n));
	cv_write_u16(w, 0);
	cv_write_u32(w, AUTO6_VALID_S);
	for (unsigned i = 0; i < n; i++)
		cv_write_bytes(w, t->dns[i].bytes, sizeof(t->dns[i].bytes));
}

size_t
auto6_write_advert(uint8_t out[AUTO6_PACKET_MAX], const struct auto6_terms *t)
{
	uint8_t *icmp = out + WIRE_IPV6;
	struct cv_writer w = cv_writer(icmp, AUTO6_PACKET_MAX - WIRE_IPV6);
	struct wire_ipv6 h = {
		.next = WIRE_ICMPV6, .hops = WIRE_ND_HOPS, .target = {0xff, 0x02, [15] = 1}};

	cv_write_u8(&w, WIRE_ND_ROUTER_ADVERT);
	cv_write_u8(&w, 0);
	cv_write_u16(&w, 0); /* checksum */
	cv_write_u8(&w, HOPS);
	cv_write_u8(&w, FLAG_OTHER);
	cv_write_u16(&w, AUTO6_ROUTER_S);
	cv_write_u32(&w, 0); /* reachable time, */
	cv_write_u32(&w, 0); /* retransmit timer: there are no neighbours */
	if (t->mtu != 0) {
		cv_write_u16(&w, OPT_MTU << 8 | 1);
		cv_write_u16(&w, 0);
		cv_write_u32(&w, t->mtu);
	}
	write_prefix(&w, &t->prefix);
	write_dns(&w, t);
	h.payload = (uint16_t)cv_written(&w);
	memcpy(h.source, t->local.bytes, sizeof(h.source));
	wire_ipv6_write(out, &h);
	wire_icmpv6_finish(icmp, h.payload, h.source, h.target);
	return WIRE_IPV6 + (size_t)h.payload;
}

void
auto6_schedule_begin(struct auto6_schedule *s, uint64_t now)
{
	*s = (struct auto6_schedule){.at = now, .soon = AUTO6_ADVERTS};
}

void
auto6_schedule_stop(struct auto6_schedule *s)
{
	s->at = CV_TIME_NEVER;
}

bool
auto6_schedule_due(struct auto6_schedule *s, uint64_t now, uint32_t random)
{
	uint32_t span = AUTO6_ADVERT_MOST_S - AUTO6_ADVERT_LEAST_S;
	uint64_t wait_s = AUTO6_ADVERT_LEAST_S + random % span;

	if (s->at > now)
		return false;
	if (s->soon > 0)
		s->soon--;
	if (s->soon > 0)
		wait_s = s->soon == AUTO6_ADVERTS - 1 ? SOON_S : 4 * SOON_S;
	s->at = cv_time_add(now, wait_s * CV_NS_PER_S);
	return true;
}
