/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The emulated clients: tunnels by number, in each some sessions by number, from the first ICRQ to
 * the last echo. UDP payloads and time go in, UDP payloads come out; no clock, socket or device.
 * After every call that takes `now` the caller drains people_poll_output. One thread.
 *
 * Everything is found by arithmetic: of T tunnels on A outer addresses tunnel t has address t % A
 * and Tunnel ID t / A + 1; session s is in tunnel s / per_tunnel with Session ID s % per_tunnel
 * + 1.
 */
#ifndef LOAD_PEOPLE_H
#define LOAD_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wheel.h"
#include "dial/lac.h"

enum {
	PEOPLE_SESSIONS_MAX = 1 << 20,
	PEOPLE_PER_TUNNEL_MAX = 60000,
	PEOPLE_USER = 64, /* bytes of a user's name, with its end */
};

struct people_params {
	struct crypto *crypto;
	uint32_t sessions, per_tunnel;
	uint32_t addresses;      /* outer ones, that the tunnels are spread over */
	uint32_t users;          /* how many names the sessions share */
	const char *user;        /* "name%u": the number of the user in it; or without */
	const uint8_t *password; /* the caller's, kept by pointer */
	size_t password_len;
	const uint8_t *secret; /* of tunnels; NULL: none. Kept by pointer */
	size_t secret_len;
	enum ppp_auth auth;
	uint16_t mru;
	double rate;                /* calls a second; 0: as fast as they go */
	uint32_t window;            /* calls that are being set up at a time, at most */
	double churn;               /* sessions that hang up and call again, a second */
	uint64_t setup_ns;          /* what a call may take */
	uint64_t hello_ns, echo_ns; /* silence after which we ask; 0: never */
};

/* A session, as the data needs it. */
struct person {
	uint32_t address_be; /* its inner address; 0: it is not up */
	uint16_t peer_session;
	bool acfc, pfc;
	uint8_t state; /* of people.c */
	bool stays;    /* it has been up ever since people_mark */
};

/* What has happened, since the start. */
struct people_counters {
	uint32_t up, most_up; /* sessions now */
	uint32_t pending;     /* calls being set up now */
	uint64_t calls;       /* begun */
	uint64_t ups;         /* came up */
	uint64_t failed;      /* did not */
	uint64_t fell;        /* were up, and ended without our doing */
	uint64_t hung_up;     /* ended by us */
	uint64_t tunnels_up, tunnels_failed, tunnels_fell;
	/* tunnels that were up, and whose StopCCN somebody, or nobody, has acknowledged */
	uint32_t answered, unanswered;
	uint64_t
		retransmits; /* of control messages, in tunnels that are over; people_retransmits */
};

struct people;

/* NULL: no memory, or a number is out of its bounds (both are the caller's to check). */
struct people *people_new(const struct people_params *params, uint64_t now);
void people_free(struct people *p);

uint32_t people_tunnels(const struct people *p);
/* Begins what is due by rate and window; where `churn` is on, hangs up; after people_close, ends.
 */
void people_work(struct people *p, uint64_t now, bool churn);
/* Which tunnel has an ID on the address of this number; false: none has. */
bool people_find(const struct people *p, uint32_t address, uint16_t id, uint32_t *tunnel);
/* What goes into tunnel t. 0, DIAL_PACKET (*session: whose) or CV_ERR_*. */
int people_input(struct people *p, uint64_t now, uint32_t tunnel, const uint8_t *data, size_t len,
	uint32_t *session, struct cv_bytes *packet);
/* The next UDP payload, and of which tunnel: its length; 0: none now. */
int people_poll_output(
	struct people *p, uint64_t now, uint32_t *tunnel, void *buf, size_t capacity);
uint64_t people_next_timeout(const struct people *p);
void people_handle_timeout(struct people *p, uint64_t now);
/* From now on people_work ends tunnels by StopCCN, and nobody calls any more; people_gone: each has
 * been acknowledged, or given up. */
void people_close(struct people *p);
bool people_gone(const struct people *p);

/* From now on `stays` says who has not been down meanwhile. */
void people_mark(struct people *p);

const struct person *people_person(const struct people *p, uint32_t session);
/* The server's ID of a tunnel; 0: it is not up. */
uint16_t people_peer_tunnel(const struct people *p, uint32_t tunnel);
const struct people_counters *people_counters(const struct people *p);
/* Control messages sent again, by all tunnels that there are and were. */
uint64_t people_retransmits(const struct people *p);
/* Why the last call or tunnel failed; "": none has. */
const char *people_complaint(const struct people *p);

#endif
