/* SPDX-License-Identifier: BSD-3-Clause */
/* What the client has found out about the ways to a gateway: discover.c fills it, decide.c judges
 * it, discover_show.c prints it. */
#ifndef CLIENT_FOUND_H
#define CLIENT_FOUND_H

#include "ike/init.h"
#include "names.h"
#include "stun/behave.h"

enum { FOUND_FAMILIES = 2, FOUND_IKE_PORTS = 2 };

/* One IKE_SA_INIT. */
struct found_ike {
	bool asked, answered;
	int error; /* errno: it could not be sent, or ICMP has come back; 0: none */
	struct cv_endpoint to, from; /* from: before any NAT */
	struct ike_response said;
};

struct found_gateway {
	struct cv_ip ip;
	struct found_ike ike[FOUND_IKE_PORTS]; /* UDP 500, 4500 */
};

/* How an LNS answers SCCRQ on a port. */
enum found_l2tp {
	FOUND_NOT_ASKED,
	FOUND_SILENT,
	FOUND_ACCEPTED, /* a tunnel was there, and was closed */
	FOUND_ANSWERED, /* it speaks L2TP, and wants to be told the right secret */
	FOUND_REFUSED,  /* it ended the tunnel: `why` */
};

struct found_port {
	uint16_t port;
	enum found_l2tp l2tp;
	uint64_t rtt_ns; /* 0: not known */
	char why[128];   /* printable; "": nothing */
};

struct found_lns {
	struct names_lns who;
	int error; /* errno: there is no way to its address */
	struct stun_view stun;
	struct found_port ports[CFG_CLIENT_PORTS_MAX];
	size_t n_ports;
};

/* How the LNSs see the socket that SCCRQ was sent from, of one family: it holds for `local`, from
 * which L2TP is best dialled then. */
struct found_nat {
	bool asked;
	struct cv_endpoint local;
	struct stun_found stun;
};

struct found {
	const char *gateway_name; /* NULL: there is no gateway */
	char gateway_error[64];
	struct found_gateway gateways[NAMES_ADDRESSES];
	size_t n_gateways;
	enum names_by by;
	char lns_error[64];
	struct found_lns lns[NAMES_LNS]; /* in the order in which they are to be tried */
	size_t n_lns;
	struct found_nat nat[FOUND_FAMILIES]; /* IPv4, IPv6 */
};

#endif
