/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the clients send to each other, or to a host behind the LNS and back: IPv4 with protocol
 * ESP, numbered by flow, stamped, and filled with what follows from the number, so that whoever
 * receives it can tell that it is whole, whose it is, how old, and what is missing. Writes and
 * reads bytes that somebody else has room for; no clock, no device. One thread.
 */
#ifndef LOAD_DATA_H
#define LOAD_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "culvert-load/histogram.h"

enum {
	DATA_TTL = 64,
	DATA_LEAST = 52, /* bytes of an IP packet with all that is looked at */
	DATA_MOST = 9000,
};

/* From one end to another. */
struct flow {
	uint64_t sent, received;
	uint64_t next; /* the number expected next: one more than the highest seen */
	uint64_t seen; /* bits of the 64 before it */
};

struct data_counters {
	uint64_t sent, received;             /* received: each number once */
	uint64_t sent_bytes, received_bytes; /* of IP packets */
	uint64_t reordered, doubled;
	uint64_t wrong_content, wrong_ttl, wrong_place; /* none of them counts as received */
	uint64_t old;    /* of a run, or a session, before this one */
	uint64_t others; /* no ESP: an ICMP of the LNS's */
};

struct data {
	uint32_t run; /* which one packets belong to; data_begin */
	uint32_t n;   /* flows */
	struct flow *flows;
	struct data_counters counters;
	struct histogram latency; /* ns */
};

/* 0, or CV_ERR_NOMEM. */
int data_init(struct data *d, uint32_t flows, uint32_t run);
void data_free(struct data *d);
/* A new run: all numbers and counters begin again, what is on its way still counts as old. */
void data_begin(struct data *d);
/* It is over: what comes from now on is too late, and counts as old. */
void data_end(struct data *d);

/* Writes the flow's next packet, of `size` bytes from DATA_LEAST to DATA_MOST, the addresses in
 * network order; it counts as sent. What nothing took is taken back, the last one first. */
void data_write(struct data *d, uint8_t *ip, size_t size, uint32_t flow, uint32_t source_be,
	uint32_t target_be, uint64_t now);
void data_take_back(struct data *d, uint32_t flow, size_t size);
/* Which flow a packet of DATA_LEAST bytes says that it is of; anything, where it is none of ours.
 */
uint32_t data_flow_of(const uint8_t *ip);
/* A packet that has come to where `flow` ends. */
void data_read(struct data *d, const uint8_t *ip, size_t len, uint32_t flow, uint64_t now);
/* What was sent in a flow and has not come. */
uint64_t data_lost(const struct data *d, uint32_t flow);

#endif
