/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reliable delivery of control messages (RFC 2661 section 5.8 and appendix A): sequence numbers,
 * the sliding window with slow start and congestion avoidance, retransmission, duplicates, and
 * messages that come early. No I/O and no clock. Embedded in a tunnel.
 */
#ifndef L2TP_RELIABLE_H
#define L2TP_RELIABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/time.h"

struct l2tp_sent;  /* a message of ours until it is acknowledged */
struct l2tp_early; /* a message of the peer's that came before its turn */

struct l2tp_reliable {
	uint64_t initial_ns, max_ns; /* retransmission: initial, doubled up to max */
	uint64_t retransmit_at;      /* CV_TIME_NEVER: nothing in flight */
	uint64_t retransmits;        /* in all, for people */
	struct l2tp_sent *first, *last, *next_send;
	struct l2tp_early *early;
	uint16_t ns_acked; /* oldest Ns without acknowledgement */
	uint16_t ns_sent;  /* one beyond the highest Ns ever sent: the next new message's */
	uint16_t nr;       /* the next Ns expected of the peer */
	uint32_t queued;   /* messages that are not acknowledged, sent or not */
	uint16_t in_flight;
	uint16_t cwnd, ssthresh, cwnd_acks;
	uint16_t peer_window, our_window;
	uint16_t early_count;
	uint32_t early_bytes;
	uint8_t attempts, max_attempts;
	bool ack_due; /* the peer waits for an acknowledgement */
	bool dead;    /* the last retransmission was not answered */
};

struct l2tp_reliable_params {
	uint64_t initial_ns, max_ns;
	uint8_t max_retransmits;
	uint16_t window;   /* how many early messages are kept, and what we announce */
	uint16_t first_ns; /* 0 but in tests of the wrap-around */
};

void l2tp_reliable_init(struct l2tp_reliable *r, const struct l2tp_reliable_params *params);
/* As if one message had gone each way, ours without acknowledgement yet; at the start only. */
void l2tp_reliable_resume(struct l2tp_reliable *r);
void l2tp_reliable_fini(struct l2tp_reliable *r);

/* What the peer's Receive Window Size AVP said; 4 before (section 4.4.3). */
void l2tp_reliable_set_peer_window(struct l2tp_reliable *r, uint16_t window);

/* Queues a message body for a session of the peer (0: none); it gets its Ns when it first goes
 * out. 0 or CV_ERR_NOMEM. */
int l2tp_reliable_queue(struct l2tp_reliable *r, uint16_t session_id, const void *body, size_t len);
/* The same in front of all that waits for the window to open: what was sent already it can't
 * overtake, the peer takes messages in order of Ns. */
int l2tp_reliable_queue_first(
	struct l2tp_reliable *r, uint16_t session_id, const void *body, size_t len);
/* Forgets what was queued but never sent: the connection ends. */
void l2tp_reliable_drop_unsent(struct l2tp_reliable *r);

enum l2tp_arrival {
	L2TP_ARRIVED_IN_TURN,   /* process it; then take the early ones that follow */
	L2TP_ARRIVED_ZLB,       /* an acknowledgement only */
	L2TP_ARRIVED_DUPLICATE, /* acknowledged again, not to be processed */
	L2TP_ARRIVED_EARLY,     /* kept (or dropped: the peer sends it again) */
};

/* Takes Ns and Nr of a control message with its body. */
enum l2tp_arrival l2tp_reliable_receive(struct l2tp_reliable *r, uint64_t now, uint16_t ns,
	uint16_t nr, uint16_t session_id, struct cv_bytes body);

/* An early message whose turn it is now: true, and *body points to it until the next call. */
bool l2tp_reliable_next_early(struct l2tp_reliable *r, uint16_t *session_id, struct cv_bytes *body);

/* Writes the next datagram to tunnel_id: a message, or an acknowledgement that nothing carries.
 * Its length, 0 when there is nothing to send now, CV_ERR_SPACE when buf is too small. */
int l2tp_reliable_poll(
	struct l2tp_reliable *r, uint64_t now, uint16_t tunnel_id, void *buf, size_t capacity);

/* To be called at retransmit_at; sets dead when the peer is beyond hope. */
void l2tp_reliable_timeout(struct l2tp_reliable *r, uint64_t now);

static inline bool
l2tp_reliable_all_acked(const struct l2tp_reliable *r)
{
	return r->first == NULL;
}

/* How long a message may be on its way, from first sending to giving up: the time for which an
 * ended tunnel is remembered (section 5.7). */
uint64_t l2tp_reliable_cycle(const struct l2tp_reliable *r);

#endif
