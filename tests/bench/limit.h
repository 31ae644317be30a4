/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The yardstick: what relaying a plain packet needs, and nothing else. The checks are those that
 * the data path makes of it, in three passes over a burst of 64; a packet that fails one is counted
 * and left as it is. No configuration, no rings, no second header form, IPv4 only.
 */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include "scene.h"

struct limit;

/* Tables for the population of a scene; NULL: no memory. */
struct limit *limit_new(const struct scene *s);
void limit_free(struct limit *l);
/* Packets that failed a check. */
uint64_t limit_drops(const struct limit *l);
/* A scene_way's run; context: the limit. */
void limit_run(struct scene *s, void *context, struct rte_mbuf **frames, unsigned n);

#endif
