/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that start, end and ask what runs for a connection. */
#ifndef CLIENT_UP_H
#define CLIENT_UP_H

#include "client.h"

int up_run(const struct client_options *o); /* in the foreground */
int up_up(const struct client_options *o);  /* in the background, once it works */
int up_down(const struct client_options *o);
int up_status(const struct client_options *o); /* of one, or all */

#endif
