/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server (lib/lns) and clients (lib/l2tp and lib/ppp in the client's role) in one process, with
 * a network of invented time between them that loses, doubles and delays. The server's actions
 * are carried out on a made-up data path that checks their order.
 */
#ifndef SCENARIO_WORLD_H
#define SCENARIO_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dial/dial.h"
#include "l2tp/tunnel.h"
#include "lns/lns.h"
#include "ppp/link.h"

enum {
	WORLD_CLIENTS = 4,
	WORLD_SLOTS = 1024,
	WORLD_LOG = 64,
	WORLD_OUTSIDE = 64,
	WORLD_PPP = 16,
	WORLD_ASKS = 16,
	WORLD_HEARD = 32,
};

/* The serial of a world's first session; the next ones follow. */
#define WORLD_SERIAL UINT64_C(0x5f00000000000)

/* How bad the network is, in thousandths. */
struct world_network {
	unsigned lost, doubled, delayed;
	uint64_t delay_ns, jitter_ns;
};

/* An IPv6 packet that a client got. */
struct world_packet {
	uint64_t at;
	size_t len;
	uint8_t bytes[1280];
};

struct world_client {
	struct world *world;
	struct cv_endpoint address;
	struct l2tp_params l2tp_params;
	struct ppp_params ppp_params;
	struct dial *dial;                    /* NULL: none, or freed; */
	struct l2tp_tunnel *l2tp;             /* its tunnel, */
	struct ppp_link *ppp;                 /* and its link, as it is now */
	uint16_t local_session, peer_session; /* 0: none */
	bool hang_up;                         /* CDN when PPP goes down */
	bool ipv6;                            /* it begins IPV6CP, too */
	/* what was seen */
	unsigned tunnel_ups, call_ups, ppp_ups, auth_dones, call_downs, tunnel_downs;
	bool up, tunnel_up;
	struct ppp_ev_up up_event;
	enum ppp_down ppp_reason;
	struct l2tp_reason tunnel_reason, call_reason;
	char tunnel_text[L2TP_MESSAGE_MAX], call_text[L2TP_MESSAGE_MAX], auth_text[256];
	bool auth_ok;
	struct world_packet heard[WORLD_HEARD]; /* a ring */
	unsigned n_heard;
};

/* What the data path was told. */
struct world_slot {
	bool added, open, reachable;
	bool open4, open6, reach4, reach6; /* by family */
	struct cv_prefix prefix6, delegated;
	struct cv_ip address;
	uint16_t group, filter, mtu;
	struct cv_rates rates;
	struct cv_prefix routes[4];
	size_t n_routes;
	unsigned opens, changes; /* how often it was told */
	unsigned acks;           /* of IPCP and IPV6CP, that the server had sent when it came */
	uint16_t tunnel_id, session_id;
	uint64_t removed_at; /* 0: never used */
	uint64_t rx_packets; /* what the data path counts */
};

struct world_datagram {
	struct world_datagram *next;
	uint64_t at, order;
	int to; /* -1: the server, else a client */
	struct cv_endpoint from;
	size_t len;
	uint8_t bytes[];
};

/* A control message that the server sent to an address that no client has. */
struct world_sent {
	struct cv_endpoint to;
	size_t len;
	uint8_t bytes[LNS_DATAGRAM_MAX];
};

/* A PPP frame that the server sent to such an address. */
struct world_ppp {
	struct cv_endpoint to;
	uint16_t session;
	size_t len;
	uint8_t bytes[256];
};

/* A question about a user that waits for the test to answer it; its bytes are copied. */
struct world_ask {
	struct lns_auth_ask ask;
	uint8_t name[256], password[256], challenge[256], response[64];
};

struct world {
	struct crypto *crypto;
	struct cfg *cfg;
	struct lns *lns;
	struct cv_log log;
	uint64_t now, order;
	uint16_t listener;        /* at which datagrams arrive */
	uint64_t random;          /* state; the seed of a schedule */
	uint64_t review_after_ns; /* from lns_configure to lns_review, in world_reload */
	struct world_network network;
	struct world_datagram *queue;
	struct world_client clients[WORLD_CLIENTS];
	unsigned n_clients;
	struct world_slot slots[WORLD_SLOTS];
	unsigned tunnels;   /* that the data path knows */
	bool followed;      /* what it was told last of one */
	const char *reason; /* of the session that was removed last */
	unsigned removed;
	uint32_t removed_address;   /* its address, as the last line tells it */
	char lines[WORLD_LOG][512]; /* the server's log, the last ones */
	unsigned n_lines;
	struct world_sent outside[WORLD_OUTSIDE]; /* a ring */
	unsigned n_outside, read_outside, n_data_outside, n_sequenced_outside;
	struct world_ppp ppp_outside[WORLD_PPP]; /* a ring of the PPP frames among them */
	unsigned n_ipcp_acks; /* and IPV6CP's: Configure-Acks sent by the server */
	bool (*filter)(struct world *w, int to, const uint8_t *bytes, size_t len); /* false: lost */
	void *filter_ctx;
	bool deaf;      /* nobody says how much a session has sent */
	bool hold_asks; /* questions about users wait for world_answer; else they are answered at
			   once */
	struct world_ask asks[WORLD_ASKS];
	unsigned n_asks;
	char ask_user[LNS_USER_MAX]; /* of the last one, escaped */
	bool hold; /* the server's actions wait: several datagrams come in one round */
};

/* A server for configuration `yaml`, or the standard one (NULL): secret "tunnelsecret", users
 * alice "pass-a", bob "pass-b", all three methods, pool 10.88.1.0/24. */
void world_up(struct world *w, const char *yaml, uint64_t seed);
/* Ends all, and checks that nothing is left. */
void world_down(struct world *w);

/* What became of sessions by a new configuration. */
struct world_toll {
	unsigned stay, change, end;
	const char *why; /* of the last that did not stay */
};

/* Another configuration under way. What is said of it before is what happens. */
void world_reload(struct world *w, const char *yaml, struct world_toll *toll);

/* A client at 192.0.2.(10 + index), port 40000 + index, that will use one PPP method. */
struct world_client *world_client(
	struct world *w, const char *user, const char *password, enum ppp_auth method);
/* Opens its tunnel; the call and PPP follow by themselves. */
void client_dial(struct world_client *c);
/* Sends an IPv6 packet to the server, in PPP. */
void client_say6(struct world_client *c, const void *packet, size_t len);
/* What the data path was told of its session, which it must have. */
const struct world_slot *client_slot(struct world_client *c);
/* Another tunnel after the last one is over. */
void client_free(struct world_client *c);

/* Lets invented time pass until cond holds (false: not within limit_ns), or just limit_ns. */
bool world_run(struct world *w, uint64_t limit_ns, bool (*cond)(struct world *w));
void world_sleep(struct world *w, uint64_t ns);
/* Puts a datagram from a client's address into the server at once. */
void world_inject(struct world *w, const struct cv_endpoint *from, const void *bytes, size_t len);

/* Answers a question that waits, as the users of the configuration do, or with `answer`, whose
 * number is put in. Returns what lns_auth_answer does. */
int world_answer(struct world *w, unsigned ask, struct lns_auth_answer *answer);

/* Sessions that are open in the data path. */
unsigned open_slots(const struct world *w);
uint64_t world_counter(const struct world *w, enum lns_counter counter);
/* Whether a line of the log has both words. */
bool world_logged(const struct world *w, const char *a, const char *b);
uint32_t world_random(struct world *w);

/* Conditions for world_run. */
bool all_up(struct world *w);
bool all_down(struct world *w);

#endif
