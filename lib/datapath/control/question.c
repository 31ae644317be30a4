/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has an address: asked by ARP (RFC 826) or by a neighbour solicitation (RFC 4861 section 4.3).
 */
#include "datapath/control/control.h"
#include "datapath/table/outside.h"
#include "wire/nd.h"

/* only: whom to ask, else all. Returns the frame's bytes. */
static size_t
write_arp(const uint8_t *mac, const struct cv_ip *from, const struct cv_ip *about,
	const uint8_t *only, uint8_t *frame)
{
	static const uint8_t all[WIRE_MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	wire_ether_write(frame, only != NULL ? only : all, mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REQUEST, mac, wire_load32(from->bytes), NULL,
		wire_load32(about->bytes));
	return WIRE_ETHER + WIRE_ARP;
}

/* Likewise. Who has a link-local address may know no way back to any other than ours of that kind.
 */
static size_t
write_solicit(const uint8_t *mac, const struct cv_ip *from, const struct cv_ip *about,
	const uint8_t *only, uint8_t *frame)
{
	uint8_t group[WIRE_IPV6_ADDRESS], to[WIRE_MAC], ours[WIRE_IPV6_ADDRESS];

	wire_ipv6_solicited(about->bytes, group);
	wire_ipv6_multicast_mac(group, to);
	memcpy(ours, from->bytes, sizeof(ours));
	if (wire_ipv6_link_local(about->bytes))
		wire_ipv6_of_mac(mac, ours);
	wire_ether_write(frame, only != NULL ? only : to, mac, WIRE_TYPE_IPV6);
	return WIRE_ETHER + wire_nd_write_solicit(frame + WIRE_ETHER, ours, mac,
				    only != NULL ? about->bytes : NULL, about->bytes);
}

/* For all, who may have known it at another station (RFC 5227 section 2.3, RFC 4861 section 7.2.6).
 */
static size_t
write_announcement6(const uint8_t *mac, const struct cv_ip *ours, uint8_t *frame)
{
	static const uint8_t nobody[WIRE_IPV6_ADDRESS],
		all_nodes[WIRE_MAC] = {0x33, 0x33, 0, 0, 0, 1};
	const struct wire_nd nd = {.source = nobody, .about = ours->bytes};

	wire_ether_write(frame, all_nodes, mac, WIRE_TYPE_IPV6);
	return WIRE_ETHER + wire_nd_write_advert(frame + WIRE_ETHER, &nd, mac, WIRE_ND_OVERRIDE);
}

static void
send(struct dp *dp, uint16_t lan, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = dp_control_mbuf(dp);

	if (m == NULL)
		return;
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	dp_send_frame(dp, lan, m);
}

void
dp_announce(struct dp *dp, uint16_t lan, const struct cv_ip *ours)
{
	uint8_t frame[WIRE_ETHER + WIRE_ND_PACKET];

	if (ours->family == CV_IPV4)
		send(dp, lan, frame, write_arp(dp_lan_mac(dp, lan), ours, ours, NULL, frame));
	else
		send(dp, lan, frame, write_announcement6(dp_lan_mac(dp, lan), ours, frame));
}

void
dp_question_send(struct dp *dp, uint16_t lan, const struct cv_ip *from, const struct cv_ip *about,
	const uint8_t *only)
{
	uint8_t frame[WIRE_ETHER + WIRE_ND_PACKET];
	size_t len;

	if (about->family == CV_IPV4)
		len = write_arp(dp_lan_mac(dp, lan), from, about, only, frame);
	else
		len = write_solicit(dp_lan_mac(dp, lan), from, about, only, frame);
	send(dp, lan, frame, len);
}
