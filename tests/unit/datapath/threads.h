/* SPDX-License-Identifier: BSD-3-Clause */
/* A data path with two workers in threads of their own, between a pair of rings each. */
#ifndef DATAPATH_THREADS_H
#define DATAPATH_THREADS_H

#include "harness.h"

enum { THREADS = 2, PACKET = 100 };

extern struct rte_ring *threads_in[THREADS], *threads_out[THREADS];

/* Once a program. */
int threads_eal(void);
/* Leaves DPDK's memory out of what ThreadSanitizer looks at. */
void threads_leave_out_dpdk(void);
/* All but the workers' start; service 0 on interface 0. */
void threads_create(struct bench *b);
/* Checks that no buffer was lost. */
void threads_destroy(struct bench *b);
void threads_stop(struct bench *b);
/* A frame for a worker. */
void threads_give(struct bench *b, unsigned worker, const uint8_t *frame, size_t len);
/* Frees what came out; returns how many were relayed packets of 100 bytes and their headers. */
unsigned threads_collect(void);
bool threads_neighbours_known(const struct bench *b);
/* The NATs of A and B answer by way of worker 0. */
void threads_answer_arp(struct bench *b);

#endif
