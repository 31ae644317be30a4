/* SPDX-License-Identifier: BSD-3-Clause */
/* Control side and data path in one process, as in culvertd. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "scene.h"
#include "server.h"

enum { WORLD_LISTENERS = 20 };

struct world {
	struct scene scene;
	struct server server;
	struct client *client; /* who dials, by world_wire */
	uint64_t open, failed; /* sessions that packets may go to; what the data path refused */
};

/* 0, or -1 after a message. What the server wants done for sessions and tunnels is done in the data
 * path. */
int world_create(struct world *w, unsigned sessions);
/* From now on datagrams go by the data path's port, in frames, in both directions; server.cycles
 * are those of data path and server together. */
void world_wire(struct world *w);
void world_destroy(struct world *w);

#endif
