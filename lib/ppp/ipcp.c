/* SPDX-License-Identifier: BSD-3-Clause */
/* IP Control Protocol (RFC 1332) with the name servers of RFC 1877. A server gives addresses, a
 * client takes them. Compression (VJ) and the old IP-Addresses option are refused. */
#include "ppp/private.h"

enum option_type {
	OPT_ADDRESS = 3,
	OPT_DNS1 = 129,
	OPT_WINS1 = 130,
	OPT_DNS2 = 131,
	OPT_WINS2 = 132,
};

enum row { ROW_ADDRESS, ROW_DNS1, ROW_WINS1, ROW_DNS2, ROW_WINS2, ROWS };

/* Whether a host may have this address: not 0/8, 127/8, multicast, reserved or broadcast. */
static bool
is_host(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip >> 28 < 0xe;
}

/* IP-Address, RFC 1332 section 3.3 */

static bool
address_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u32(value, l->net.local_ip);
	return true;
}

/* A client gets an address only if it is its own; a server may have any that a host can have. */
static enum ppp_verdict
address_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	uint32_t ip = ppp_value_u32(value);

	(void)o;
	if (ppp_is_server(l))
		return ip == l->net.peer_ip ? PPP_ACK : PPP_NAK;
	if (is_host(ip))
		return PPP_ACK;
	return l->net.peer_ip != 0 ? PPP_NAK : PPP_REJECT;
}

static void
address_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u32(value, l->net.peer_ip);
}

static void
address_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	l->peer_ip = ppp_value_u32(value);
}

/* A client does as it is told, a server keeps its own. */
static void
address_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	uint32_t ip = ppp_value_u32(value);

	(void)o;
	if (!ppp_is_server(l) && is_host(ip))
		l->net.local_ip = ip;
}

/* A server can do without its own address in the peer's table, a client can't. */
static void
address_rejected(struct ppp_link *l, const struct ppp_option *o)
{
	(void)o;
	if (!ppp_is_server(l))
		ppp_ncp_fail(l, &ppp_ipcp.cp, PPP_DOWN_IPCP_REJECTED);
}

/* Name servers, RFC 1877 sections 1.1 to 1.4; o->index: which of the four. */

static uint32_t *
server_of(struct ppp_link *l, const struct ppp_option *o)
{
	return o->index < 2 ? &l->net.dns[o->index] : &l->net.wins[o->index - 2];
}

/* Only a client asks, and only for what it was told to. */
static bool
server_wanted(const struct ppp_link *l, const struct ppp_option *o)
{
	return !ppp_is_server(l) &&
	       (o->index < 2 ? l->params->request_dns : l->params->request_wins);
}

static bool
server_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	cv_write_u32(value, o->index < 2 ? l->net.dns[o->index] : l->net.wins[o->index - 2]);
	return server_wanted(l, o);
}

static enum ppp_verdict
server_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	uint32_t ip = *server_of(l, o);

	if (!ppp_is_server(l) || ip == 0)
		return PPP_REJECT;
	return ppp_value_u32(value) == ip ? PPP_ACK : PPP_NAK;
}

static void
server_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	uint32_t ip = ppp_is_server(l) ? *server_of(l, o) : 0;

	/* a wrong length is answered like a wrong value; what we don't have stays 0 */
	cv_write_u32(value, ip);
}

/* What a server has to offer is not for a client to say, and a client that did not ask is not
 * prompted to (RFC 1661 section 5.3). */
static void
server_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	uint32_t ip = ppp_value_u32(value);

	if (server_wanted(l, o) && is_host(ip))
		*server_of(l, o) = ip;
}

static void
server_rejected(struct ppp_link *l, const struct ppp_option *o)
{
	*server_of(l, o) = 0;
}

static const struct ppp_option options[ROWS] = {
	[ROW_ADDRESS] = {OPT_ADDRESS, 4, 0, address_ask, address_judge, address_counter,
		address_accept, address_naked, address_rejected},
	[ROW_DNS1] = {OPT_DNS1, 4, 0, server_ask, server_judge, server_counter, NULL, server_naked,
		server_rejected},
	[ROW_WINS1] = {OPT_WINS1, 4, 2, server_ask, server_judge, server_counter, NULL,
		server_naked, server_rejected},
	[ROW_DNS2] = {OPT_DNS2, 4, 1, server_ask, server_judge, server_counter, NULL, server_naked,
		server_rejected},
	[ROW_WINS2] = {OPT_WINS2, 4, 3, server_ask, server_judge, server_counter, NULL,
		server_naked, server_rejected},
};

static void
reset_peer(struct ppp_link *l)
{
	/* a client may keep silent about the address that it was given */
	l->peer_ip = ppp_is_server(l) ? l->net.peer_ip : 0;
}

/* A client that does not speak of its address is told to (RFC 1661 section 5.3). */
static void
missing(struct ppp_link *l, unsigned seen, struct cv_writer *nak)
{
	if (!ppp_is_server(l) || (seen & 1u << ROW_ADDRESS) != 0)
		return;
	cv_write_u8(nak, OPT_ADDRESS);
	cv_write_u8(nak, PPP_OPTION_HEADER + 4);
	cv_write_u32(nak, l->net.peer_ip);
}

/* Whether it is an IPv4 address, or none; and which. */
static bool
value_of(const struct cv_ip *ip, uint32_t *value)
{
	*value = cv_ipv4_value(ip);
	return ip->family == 0 || ip->family == CV_IPV4;
}

static int
offer(struct ppp_link *l, const struct ppp_network *net)
{
	struct ppp_ipcp_values v;
	bool good = value_of(&net->local_ip, &v.local_ip) && value_of(&net->peer_ip, &v.peer_ip);

	for (unsigned i = 0; i < 2; i++)
		good = good && value_of(&net->dns[i], &v.dns[i]) &&
		       value_of(&net->wins[i], &v.wins[i]);
	if (!good)
		return CV_ERR_MALFORMED;
	if (ppp_is_server(l) && v.peer_ip == 0)
		return PPP_NOT_CARRIED;
	if (ppp_is_server(l) && v.local_ip == 0)
		return CV_ERR_MALFORMED;
	l->net = v;
	return 0;
}

/* Not with a server that acknowledged 0.0.0.0. */
static bool
usable(const struct ppp_link *l)
{
	return is_host(l->net.local_ip);
}

static struct cv_ip
ip_of(uint32_t value)
{
	return value == 0 ? (struct cv_ip){0} : cv_ipv4(value);
}

static void
tell(const struct ppp_link *l, struct ppp_ev_up *up)
{
	up->local_ip = ip_of(l->net.local_ip);
	up->peer_ip = ip_of(l->peer_ip);
	for (unsigned i = 0; i < 2; i++) {
		up->dns[i] = ip_of(l->net.dns[i]);
		up->wins[i] = ip_of(l->net.wins[i]);
	}
}

const struct ppp_ncp ppp_ipcp = {
	.cp =
		{
			.protocol = PPP_IPCP,
			.name = "ipcp",
			.options = options,
			.n_options = ROWS,
			.reset_peer = reset_peer,
			.missing = missing,
			.up = ppp_ncp_up,
			.down = ppp_ncp_down,
			.finished = ppp_ncp_finished,
			.nak_war = ppp_ncp_nak_war,
		},
	.carries = PPP_IP,
	.timeout = PPP_DOWN_IPCP_TIMEOUT,
	.rejected = PPP_DOWN_IPCP_REJECTED,
	.disagreed = PPP_DOWN_IPCP_NAK_WAR,
	.offer = offer,
	.usable = usable,
	.tell = tell,
};
