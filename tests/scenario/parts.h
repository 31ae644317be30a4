/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of a world call of each other: world.c, server.c, client.c. No test does. */
#ifndef SCENARIO_PARTS_H
#define SCENARIO_PARTS_H

#include "world.h"

/* Puts a datagram on its way, as the network is; to: as in struct world_datagram. */
void world_send(struct world *w, int to, struct cv_endpoint from, const void *bytes, size_t len);
/* Carries out what the server asks for. */
void world_act(struct world *w);
/* Takes what the client's parts have to say. */
void client_settle(struct world_client *c);
void client_input(struct world_client *c, const struct world_datagram *d);

#endif
