/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kill switch: a table of nftables of its own for a connection, by which nothing leaves for the
 * networks of `protected` but what IPsec has encrypted, IKE, the tunnel to the LNS, and what a host
 * needs to have a link at all. It stays when the client goes, however it goes.
 */
#ifndef CLIENT_KILLSWITCH_H
#define CLIENT_KILLSWITCH_H

#include <stddef.h>

#include "config/client.h"

enum {
	KILL_SWITCH_LNS_MAX = 64,     /* addresses of LNSs */
	KILL_SWITCH_TEXT = 32 * 1024, /* enough for any connection, with the NUL */
	KILL_SWITCH_WHY = 256,
	KILL_SWITCH_NAME = 16 + 64,
};

/* The table's name, in the family inet; out is returned. */
const char *kill_switch_name(const struct cfg_connection *c, char out[KILL_SWITCH_NAME]);

/*
 * Writes what nft is to be told: the whole table in place of what there was, in one transaction.
 * lns: addresses of LNSs that may be reached on the connection's ports and that of STUN. Returns
 * its length, CV_ERR_LIMIT: too many addresses, or CV_ERR_SPACE.
 */
int kill_switch_write(const struct cfg_connection *c, const struct cv_ip *lns, size_t n_lns,
	char *out, size_t capacity);

/* Puts it in force. 0, or CV_ERR_IO and why, for people. Waits for nft, some 10 ms. */
int kill_switch_set(const struct cfg_connection *c, const struct cv_ip *lns, size_t n_lns,
	char why[KILL_SWITCH_WHY]);
/* Takes it away, where there is one. As above. */
int kill_switch_remove(const struct cfg_connection *c, char why[KILL_SWITCH_WHY]);

#endif
