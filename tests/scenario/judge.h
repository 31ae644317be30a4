/* SPDX-License-Identifier: BSD-3-Clause */
/* A world whose questions about users a test answers itself. */
#ifndef SCENARIO_JUDGE_H
#define SCENARIO_JUDGE_H

#include <string.h>

#include "world.h"

static const char yaml[] =
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
	"listeners: [{address: 192.0.2.1/24}]\n"
	"tunnels: {secrets: [{secret: none}]}\n"
	"ppp: {auth: [mschapv2, chap-md5, pap]}\n"
	"groups:\n"
	"- {name: a, address: 10.0.0.1, pool: 10.0.0.8/30, user-sessions: 4}\n"
	"- {name: b, address: 10.0.1.1, pool: 10.0.1.0/24, policy: [esp]}\n"
	"- {name: c, realm: other, address: 10.0.0.1, pool: 10.0.0.0/24, auth: [mschapv2]}\n"
	"users: [{name: alice, password-file: alice, group: a},\n"
	"  {name: bob, password-file: bob, group: b}]\n"
	"limits: {sessions: 30, tunnels: 100}\n";

enum { A, B, C, NO_GROUP = 17 };
/* IDs of filters: those that are always there, and that of group b. */
enum { IPSEC, ANY, OF_B };

/* An address of pool a, as a number. */
#define POOL_A(n) (0x0a000008u + (n))

static inline struct world_client *
dial(struct world *w, const char *user, const char *password, enum ppp_auth method)
{
	struct world_client *c = world_client(w, user, password, method);

	c->l2tp_params.secret = NULL;
	c->ppp_params.auth_timeout_ns = 100 * CV_NS_PER_S; /* the server's is to be seen */
	c->ppp_params.max_configure = 100;
	client_dial(c);
	world_sleep(w, CV_NS_PER_S);
	return c;
}

static inline void
up(struct world *w, bool hold)
{
	world_up(w, yaml, 7);
	w->hold_asks = hold;
}

static inline struct lns_auth_answer
accept_as(const char *user, uint16_t group)
{
	return (struct lns_auth_answer){.verdict = LNS_AUTH_ACCEPTED,
		.profile = {.user = {(const uint8_t *)user, strlen(user)},
			.group = group,
			.filter = LNS_GROUPS_FILTER}};
}

/* What the server says of a client's session; false: it has none. */
static inline bool
info_of(const struct world *w, const struct world_client *c, struct lns_session_info *info)
{
	uint64_t cursor = 0;

	while (lns_next_session(w->lns, &cursor, UINT64_MAX, info))
		if (cv_endpoint_equal(&info->peer, &c->address))
			return true;
	return false;
}

#endif
