/* SPDX-License-Identifier: BSD-3-Clause */
/* What systemd is told. Any thread. */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdint.h>

/* A line for systemd, where it listens; never waits. */
void notify_tell(const char *state);
/* How often systemd wants to hear of us at least, in ns; 0: it does not. */
uint64_t notify_every(void);

#endif
