/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 Control Protocol (RFC 5072): an interface identifier for each end, which makes its
 * link-local address. Addresses come later, by router advertisement. Compression is refused.
 */
#include "ppp/private.h"

enum option_type { OPT_IDENTIFIER = 1 };

enum row { ROW_IDENTIFIER, ROWS };

static bool
is_zero(const uint8_t id[PPP_IPV6_ID])
{
	static const uint8_t zero[PPP_IPV6_ID];

	return memcmp(id, zero, sizeof(zero)) == 0;
}

static bool
is_equal(const uint8_t a[PPP_IPV6_ID], const uint8_t b[PPP_IPV6_ID])
{
	return memcmp(a, b, PPP_IPV6_ID) == 0;
}

/* Neither 0 nor the other's; it says that it is not globally unique (section 4.1: the "u" bit). */
static void
draw(struct ppp_link *l, const uint8_t other[PPP_IPV6_ID], uint8_t out[PPP_IPV6_ID])
{
	do {
		crypto_random(l->params->crypto, out, PPP_IPV6_ID);
		out[0] &= 0xfd;
	} while (is_zero(out) || is_equal(out, other));
}

/* Interface-Identifier, section 4.1 */

static bool
identifier_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_bytes(value, l->net6.local, PPP_IPV6_ID);
	return true;
}

static enum ppp_verdict
identifier_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	return is_zero(value.data) || is_equal(value.data, l->net6.local) ? PPP_NAK : PPP_ACK;
}

static void
identifier_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	uint8_t id[PPP_IPV6_ID];

	(void)o;
	draw(l, l->net6.local, id);
	cv_write_bytes(value, id, sizeof(id));
}

static void
identifier_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	memcpy(l->net6.peer, value.data, PPP_IPV6_ID);
}

/* What the peer suggests is as good as any other; what can't be used shows that it has the same as
 * we, or that we hear ourselves. */
static void
identifier_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	if (value.len == PPP_IPV6_ID && !is_zero(value.data) && !is_equal(value.data, l->net6.peer))
		memcpy(l->net6.local, value.data, PPP_IPV6_ID);
	else
		draw(l, l->net6.peer, l->net6.local);
}

static const struct ppp_option options[ROWS] = {
	[ROW_IDENTIFIER] = {OPT_IDENTIFIER, PPP_IPV6_ID, 0, identifier_ask, identifier_judge,
		identifier_counter, identifier_accept, identifier_naked, NULL},
};

static void
reset_peer(struct ppp_link *l)
{
	memset(l->net6.peer, 0, sizeof(l->net6.peer));
}

/* Who does not speak of it is told to, and may go on without in the end. */
static void
missing(struct ppp_link *l, unsigned seen, struct cv_writer *nak)
{
	if (!ppp_is_server(l) || (seen & 1u << ROW_IDENTIFIER) != 0)
		return;
	cv_write_u8(nak, OPT_IDENTIFIER);
	cv_write_u8(nak, PPP_OPTION_HEADER + PPP_IPV6_ID);
	identifier_counter(l, &options[ROW_IDENTIFIER], nak);
}

/* The same identifier as long as the link lives: our link-local address stays what it is. */
static int
offer(struct ppp_link *l, const struct ppp_network *net)
{
	if (!net->ipv6)
		return PPP_NOT_CARRIED;
	if (is_zero(l->net6.local))
		memcpy(l->net6.local, net->local_id, PPP_IPV6_ID);
	if (is_zero(l->net6.local))
		draw(l, l->net6.peer, l->net6.local);
	return 0;
}

static bool
usable(const struct ppp_link *l)
{
	(void)l;
	return true;
}

static struct cv_ip
link_local(const uint8_t id[PPP_IPV6_ID])
{
	struct cv_ip ip = {.family = CV_IPV6, .bytes = {0xfe, 0x80}};

	if (is_zero(id))
		return (struct cv_ip){0};
	memcpy(ip.bytes + 16 - PPP_IPV6_ID, id, PPP_IPV6_ID);
	return ip;
}

static void
tell(const struct ppp_link *l, struct ppp_ev_up *up)
{
	up->local_ip6 = link_local(l->net6.local);
	up->peer_ip6 = link_local(l->net6.peer);
}

const struct ppp_ncp ppp_ipv6cp = {
	.cp =
		{
			.protocol = PPP_IPV6CP,
			.name = "ipv6cp",
			.options = options,
			.n_options = ROWS,
			.reset_peer = reset_peer,
			.missing = missing,
			.up = ppp_ncp_up,
			.down = ppp_ncp_down,
			.finished = ppp_ncp_finished,
			.nak_war = ppp_ncp_nak_war,
		},
	.carries = PPP_IPV6,
	.timeout = PPP_DOWN_IPV6CP_TIMEOUT,
	.rejected = PPP_DOWN_IPV6CP_REJECTED,
	.disagreed = PPP_DOWN_IPV6CP_NAK_WAR,
	.offer = offer,
	.usable = usable,
	.tell = tell,
};
