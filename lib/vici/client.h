/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of charon, strongSwan's IKE daemon, over the stream of its vici socket: asks for its
 * version, registers the events that say what becomes of SAs, and gives commands, one after the
 * other. Sans-IO: bytes go in and come out. After vici_input the caller drains vici_poll_event;
 * what vici_output has is to be sent. Connections of what swanctl has loaded are used by their
 * names; none are loaded here. One thread at a time.
 *
 * charon says nothing of a peer that never answers, and nothing in answer while it hangs: how long
 * to wait is the caller's to say.
 */
#ifndef VICI_CLIENT_H
#define VICI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"

enum {
	VICI_PACKET_MAX = 512 * 1024, /* bytes, as charon has it */
	VICI_TEXT = 128,              /* bytes of a text, with its NUL */
	VICI_ADDRESS = 48,
	VICI_CHILDREN = 8, /* CHILD_SAs of an IKE_SA, or of a connection, that are told of */
	VICI_WAITING = 8,  /* commands that may wait */
};

enum vici_command { VICI_VERSION, VICI_INITIATE, VICI_TERMINATE, VICI_LIST_SAS, VICI_LIST_CONNS };

/* Texts are charon's, escaped by cv_escape; names that are words are as they were. */
struct vici_child {
	char name[VICI_TEXT];
	char state[VICI_ADDRESS], mode[VICI_ADDRESS];
	char protocol[VICI_ADDRESS]; /* ESP, AH */
	char spi_in[VICI_ADDRESS], spi_out[VICI_ADDRESS];
	bool encap; /* in UDP */
	uint64_t bytes_in, bytes_out, installed_s;
};

struct vici_sa {
	char name[VICI_TEXT]; /* the connection's */
	char state[VICI_ADDRESS];
	char local[VICI_ADDRESS], remote[VICI_ADDRESS]; /* addresses */
	uint16_t local_port, remote_port;
	uint64_t id, established_s;
	unsigned n_children; /* at most VICI_CHILDREN */
	struct vici_child children[VICI_CHILDREN];
};

enum vici_event_type {
	VICI_EV_READY,  /* events are registered; `text`: charon's version */
	VICI_EV_ANSWER, /* `command` was carried out, or not (`ok`), and then `text` may say why */
	VICI_EV_SA,     /* one of those that vici_list asked for; its answer comes behind them */
	VICI_EV_IKE,    /* an IKE_SA is `up`, or gone, or came to nothing */
	VICI_EV_CHILD,  /* a CHILD_SA, the only one in `sa` */
	VICI_EV_CONN,   /* one of those that vici_list_conns asked for: names alone, in `sa` */
	VICI_EV_MOVED,  /* an IKE_SA has other addresses: those in `sa` */
};

struct vici_event {
	enum vici_event_type type;
	enum vici_command command;
	bool ok, up;
	char text[VICI_TEXT];
	struct vici_sa sa;
};

struct vici_client;

/* Connected, with the first requests to be sent. NULL: no memory. vici_client_free takes NULL. */
struct vici_client *vici_client_new(void);
void vici_client_free(struct vici_client *c);

/* Commands may be given at once, and wait until it is their turn. 0, CV_ERR_LIMIT (VICI_WAITING
 * wait already), CV_ERR_SPACE (a name is longer than VICI_TEXT) or CV_ERR_STATE (broken). */
/* Answered at once: events say what has come of it. */
int vici_initiate(struct vici_client *c, const char *connection, const char *child);
/* All IKE_SAs of a connection. force: without waiting for the peer. */
int vici_terminate(struct vici_client *c, const char *connection, bool force);
int vici_list(struct vici_client *c, const char *connection);
/* Connections that charon knows, with their children. */
int vici_list_conns(struct vici_client *c);

/* What came. 0; CV_ERR_NOMEM, or CV_ERR_STATE: broken before. */
int vici_input(struct vici_client *c, const uint8_t *data, size_t len);
/* 1: *ev is one; 0: none now; else the connection is of no use any more: CV_ERR_MALFORMED or
 * CV_ERR_TRUNCATED (what came is not vici), CV_ERR_LIMIT (too large), CV_ERR_UNKNOWN (charon does
 * not know an event that is needed), CV_ERR_STATE (broken before). */
int vici_poll_event(struct vici_client *c, struct vici_event *ev);

/* What is to be sent, good until the next call on c; then how much of it was. */
struct cv_bytes vici_output(const struct vici_client *c);
void vici_sent(struct vici_client *c, size_t len);
/* Whether an answer is being waited for. */
bool vici_busy(const struct vici_client *c);

#endif
