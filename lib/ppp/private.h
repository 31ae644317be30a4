/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this library share: the link itself, and the calls between its layers. */
#ifndef PPP_PRIVATE_H
#define PPP_PRIVATE_H

#include <inttypes.h>

#include "crypto/crypto.h"
#include "ppp/cp.h"
#include "ppp/link.h"
#include "ppp/mschapv2.h"

enum {
	PPP_MRU_MIN = 128,        /* a peer that asks for less is asked to think again */
	PPP_PACKET_MAX = 1500,    /* longest control packet, in and out */
	PPP_OUTPUT_MAX = 8192,    /* bytes that may wait to be polled */
	PPP_LOOPS_MAX = 4,        /* own magic numbers seen before the line counts as looped */
	PPP_CHALLENGE_BYTES = 16, /* of our own challenges, */
	PPP_CHALLENGE_MAX = 255,  /* and of those of others (RFC 1994 section 4.1) */
	PPP_MESSAGE_MAX = 255,    /* of the text in a server's verdict that we keep */
	/* Code- and Protocol-Rejects. A router that speaks all there is begins some 16 network
	 * protocols at once, ends and begins them again, and repeats each every 3 s. */
	PPP_REJECT_BURST = 64,
	PPP_REJECT_RATE = 8,           /* a second */
	PPP_CHAP_MD5_ALGORITHM = 5,    /* RFC 1994 section 3 */
	PPP_MSCHAPV2_ALGORITHM = 0x81, /* RFC 2759 section 3 */
};

#define PPP_LATE_PEER_NS (500 * CV_NS_PER_MS)
/* So long after Opened the peer's very same request is a packet that came twice. */
#define PPP_DOUBLED_NS (3 * CV_NS_PER_S)

enum ppp_phase { /* RFC 1661 section 3.2 */
	PPP_PHASE_DEAD,
	PPP_PHASE_ESTABLISH,
	PPP_PHASE_AUTHENTICATE,
	PPP_PHASE_NETWORK,
	PPP_PHASE_TERMINATE,
};

enum ppp_auth_state {
	PPP_AUTH_IDLE,    /* not begun */
	PPP_AUTH_ASKED,   /* challenge or request sent, or (PAP server) awaited */
	PPP_AUTH_JUDGING, /* server: the caller has the peer's proof; client: ours is on its way */
	PPP_AUTH_OK,
	PPP_AUTH_FAILED,
};

/* What only lives while authentication goes on; wiped when it is freed. */
struct ppp_auth_block {
	uint8_t challenge[PPP_CHALLENGE_MAX];        /* a LAC's may have another length than ours */
	uint8_t peer_challenge[PPP_CHALLENGE_BYTES]; /* client, MS-CHAPv2: ours in the response */
	uint8_t response[PPP_MSCHAPV2_RESPONSE_BYTES];
	uint8_t challenge_len, response_len, name_len, password_len, message_len;
	uint8_t name[PPP_NAME_MAX], password[PPP_NAME_MAX], message[PPP_MESSAGE_MAX];
};

struct ppp_output;

/* IPCP's: what the caller gave, and what was agreed since. IPv4 addresses in host order, 0: none.
 */
struct ppp_ipcp_values {
	uint32_t local_ip, peer_ip;
	uint32_t dns[2], wins[2];
};

/* IPV6CP's: interface identifiers; 0: none (yet). */
struct ppp_ipv6cp_values {
	uint8_t local[PPP_IPV6_ID], peer[PPP_IPV6_ID];
};

struct ppp_link {
	const struct ppp_params *params;
	struct ppp_auth_block *auth;   /* NULL most of the time */
	struct ppp_output *out;        /* NULL when nothing waits */
	const struct ppp_proxy *proxy; /* only within ppp_link_adopt */
	struct ppp_cp lcp;
	uint64_t auth_timer, auth_deadline, rechallenge_at;
	uint64_t prove_by; /* the same however often LCP begins anew meanwhile */
	uint64_t echo_timer, last_activity;
	uint64_t reject_at; /* when the next reject may go at their rate */
	struct ppp_ipcp_values net;
	struct ppp_ipv6cp_values net6;
	uint32_t magic, peer_magic, peer_accm;
	uint32_t peer_ip; /* acknowledged */
	struct ppp_counters counters;
	uint16_t mru_ask, peer_mru;
	struct ppp_scope scope;
	uint8_t authenticator_response[PPP_MSCHAPV2_AUTH_BYTES];
	uint8_t name_digest[8];  /* who authenticated; a rechallenge must show the same name */
	uint8_t events;          /* bits of enum ppp_event_type that are pending */
	uint8_t phase;           /* enum ppp_phase */
	uint8_t reason;          /* enum ppp_down, when `finishing` */
	uint8_t method;          /* enum ppp_auth: asked for or agreed */
	uint8_t methods_refused; /* server: bits of enum ppp_auth that the peer naked */
	uint8_t auth_state;      /* enum ppp_auth_state */
	uint8_t auth_id, auth_tries;
	uint8_t echo_id, echoes_open; /* Echo-Requests without answer */
	uint8_t loops;
	bool finishing, closed, down_told, up_told;
	bool auth_ok;         /* what AUTH_DONE says */
	bool authenticated;   /* once, on this LCP */
	bool network_started; /* the caller answered NETWORK */
	bool peer_acfc, peer_pfc;
	struct ppp_cp layers[]; /* one for each of params->networks */
};

enum { PPP_NOT_CARRIED = 1 };

/* A network control protocol (RFC 1661 section 2): its automaton, and what is its own. */
struct ppp_ncp {
	struct ppp_cp_ops cp; /* first: the automaton's calls give it back */
	uint16_t carries;     /* the protocol of its packets */
	/* why a link ends that carries nothing but this, and does not come up */
	enum ppp_down timeout, rejected, disagreed;
	/* Takes what the caller gives; CV_ERR_MALFORMED: with this it can't be begun;
	 * PPP_NOT_CARRIED: the caller does not want it on this link. */
	int (*offer)(struct ppp_link *l, const struct ppp_network *net);
	/* Whether what was agreed can be used. */
	bool (*usable)(const struct ppp_link *l);
	/* Its part of UP. */
	void (*tell)(const struct ppp_link *l, struct ppp_ev_up *up);
};

/* Bytes of a link of these parameters. */
static inline size_t
ppp_link_bytes(const struct ppp_params *p)
{
	return sizeof(struct ppp_link) + p->n_networks * sizeof(struct ppp_cp);
}

static inline bool
ppp_is_server(const struct ppp_link *l)
{
	return l->params->role == PPP_SERVER;
}

/* Debug lines; at least one value after the format. */
#define PPP_DEBUG(l, event, fmt, ...)                                              \
	cv_log_event((l)->params->log, CV_LOG_DEBUG, event,                        \
		"tunnel=%u session=%u serial=%" PRIx64 " " fmt, (l)->scope.tunnel, \
		(l)->scope.session, (l)->scope.serial, __VA_ARGS__)

/* output.c: frames that wait to be polled. */
struct ppp_frame_writer {
	struct cv_writer w;
	uint8_t bytes[PPP_HEADER_BYTES + PPP_PACKET_MAX];
};
/* Begins a control packet; the caller writes its data through fw->w, then sends it. */
void ppp_packet_begin(struct ppp_frame_writer *fw, uint16_t protocol, uint8_t code, uint8_t id);
/* Its bytes when all are written; 0: it overran its buffer. */
size_t ppp_packet_end(struct ppp_frame_writer *fw);
/* Queues it; a packet that overran its buffer or finds the queue full is dropped and counted. */
void ppp_packet_send(struct ppp_link *l, struct ppp_frame_writer *fw);
/* A whole packet. */
void ppp_packet_send_data(
	struct ppp_link *l, uint16_t protocol, uint8_t code, uint8_t id, struct cv_bytes data);
size_t ppp_output_memory(const struct ppp_link *l);
void ppp_output_free(struct ppp_link *l);
/* What of data fits the peer's MRU behind a packet header and `before` more bytes. */
struct cv_bytes ppp_cut(const struct ppp_link *l, struct cv_bytes data, size_t before);
/* Whether one more Code- or Protocol-Reject may be sent. */
bool ppp_reject_allowed(struct ppp_link *l, uint64_t now);

/* link.c: composition. */
void ppp_raise(struct ppp_link *l, enum ppp_event_type type);
/* The link is to end; the first reason counts. Takes effect when the present call is done. */
void ppp_finish(struct ppp_link *l, enum ppp_down reason);
/* Does what ppp_finish asked for; the last step of every public call. */
void ppp_settle(struct ppp_link *l, uint64_t now);
void ppp_set_phase(struct ppp_link *l, enum ppp_phase phase);
void ppp_enter_network(struct ppp_link *l, uint64_t now);
/* From now on the peer has the time of two phases to be authenticated. */
void ppp_expect_proof(struct ppp_link *l, uint64_t now);
/* LCP left Opened: everything above it ends. */
void ppp_layers_down(struct ppp_link *l, uint64_t now);
void ppp_tell_down(struct ppp_link *l, enum ppp_down reason);
void ppp_withdraw(struct ppp_link *l, enum ppp_event_type type);

/* names.c */
const char *ppp_phase_name(enum ppp_phase phase);

/* lcp.c */
extern const struct ppp_cp_ops ppp_lcp;
void ppp_lcp_reset(struct ppp_link *l);
uint16_t ppp_lcp_our_mru(const struct ppp_link *l);

/* The options of the peer's request that holds, as it could have sent them. */
void ppp_lcp_accepted(const struct ppp_link *l, struct cv_writer *w);
/* Whether our request could have had these options and no others; what it asked for holds then. */
bool ppp_lcp_asked(struct ppp_link *l, struct cv_bytes list);

/* proxy.c: goes on with the peer's answer to a LAC, in the block; false: the peer is asked. */
bool ppp_proxy_answer(struct ppp_link *l);

/* echo.c: LCP's codes above Code-Reject, and who hears himself. */
int ppp_lcp_extra(struct ppp_link *l, uint64_t now, const struct ppp_packet *p);
void ppp_count_loop(struct ppp_link *l);
void ppp_protocol_reject(struct ppp_link *l, uint64_t now, const struct ppp_frame *f);
void ppp_echo_timeout(struct ppp_link *l, uint64_t now);

/* network.c: what network protocols have in common. */
void ppp_ncp_up(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now);
void ppp_ncp_down(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_cause cause);
void ppp_ncp_finished(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_cause cause);
void ppp_ncp_nak_war(struct ppp_link *l, const struct ppp_cp_ops *ops);
/* It will not come up: the link ends with this reason where it carries, and waits for, no other. */
void ppp_ncp_fail(struct ppp_link *l, const struct ppp_cp_ops *ops, enum ppp_down reason);
/* The row of a control protocol's number, or of its packets'; NULL: none, or not on this link. */
const struct ppp_ncp *ppp_ncp_find(const struct ppp_link *l, uint16_t protocol);
/* All at once: before the first use; they may be begun; begun; LCP is gone. */
void ppp_networks_init(struct ppp_link *l);
void ppp_networks_expect(struct ppp_link *l, uint64_t now);
int ppp_networks_start(struct ppp_link *l, uint64_t now, const struct ppp_network *net);
void ppp_networks_reset(struct ppp_link *l, uint64_t now);
/* Ends politely those that failed alone. */
void ppp_networks_settle(struct ppp_link *l, uint64_t now);
/* Bits of those that are open, as in struct ppp_ev_up. */
unsigned ppp_networks_open(const struct ppp_link *l);
uint64_t ppp_networks_next_timeout(const struct ppp_link *l);
/* Those whose time to come up is over; the Restart timers. */
void ppp_networks_deadline(struct ppp_link *l, uint64_t now);
void ppp_networks_timeout(struct ppp_link *l, uint64_t now);
/* A packet of one: a control packet, or one that it carries. CV_ERR_UNKNOWN: nobody's. */
int ppp_networks_input(struct ppp_link *l, uint64_t now, const struct ppp_frame *f);
/* The peer does not take a protocol (section 5.7). */
void ppp_networks_rejected(struct ppp_link *l, uint64_t now, uint16_t protocol);

/* auth.c: what PAP and CHAP have in common. */
void ppp_auth_start(struct ppp_link *l, uint64_t now);
void ppp_auth_stop(struct ppp_link *l);
void ppp_auth_timeout(struct ppp_link *l, uint64_t now);
/* Frees what authentication no longer needs. */
void ppp_auth_reap(struct ppp_link *l);
/* The transient block, or NULL, and then the link is finishing. */
struct ppp_auth_block *ppp_auth_block(struct ppp_link *l);
/* Server: the peer's proof is in the block; asks the caller. */
void ppp_auth_ask_caller(struct ppp_link *l);
void ppp_auth_fill(const struct ppp_link *l, struct ppp_ev_auth *e);
/* The verdict is known (and, on a server, said). */
void ppp_auth_passed(struct ppp_link *l, uint64_t now);
void ppp_auth_refused(struct ppp_link *l, enum ppp_down reason);
/* Client: keeps what the server said. */
void ppp_auth_keep_message(struct ppp_link *l, struct cv_bytes message);

/* pap.c */
int ppp_pap_input(struct ppp_link *l, uint64_t now, const struct ppp_packet *p);
void ppp_pap_request(struct ppp_link *l, uint64_t now);
void ppp_pap_verdict(struct ppp_link *l, bool ok);
int ppp_pap_verify(struct ppp_link *l, const struct ppp_secret *secret);

/* chap.c */
int ppp_chap_input(struct ppp_link *l, uint64_t now, const struct ppp_packet *p);
void ppp_chap_challenge(struct ppp_link *l, uint64_t now);
void ppp_chap_verdict(struct ppp_link *l, bool ok);
/* ours: what proves us to the peer, of MS-CHAPv2. */
int ppp_chap_verify(struct ppp_link *l, const struct ppp_ev_auth *e,
	const struct ppp_secret *secret, uint8_t ours[PPP_MSCHAPV2_AUTH_BYTES]);
void ppp_chap_write_challenge(const struct ppp_link *l, struct ppp_frame_writer *fw, uint8_t id,
	const uint8_t value[PPP_CHALLENGE_BYTES]);
void ppp_chap_write_success(
	const struct ppp_link *l, struct ppp_frame_writer *fw, uint8_t id, const uint8_t *ours);
/* CV_ERR_UNKNOWN: it is no Response; else 0 or what is wrong with it. */
int ppp_chap_read_response(const struct ppp_link *l, const struct ppp_packet *p,
	struct cv_bytes *response, struct cv_bytes *name);

#endif
