/* SPDX-License-Identifier: BSD-3-Clause */
/* What paths.c and proofs.c share: places where the peer of a tunnel may be, and what its sessions
 * were asked there. */
#ifndef LNS_PATHS_H
#define LNS_PATHS_H

#include "lns/internal.h"

enum {
	LNS_AUTHENTICATOR = 20, /* bytes that prove us to a peer (RFC 2759 section 8.7) */
	LNS_RESPONSE_MAX = 49,  /* bytes of a response (section 4) */
};
/* In the number of a question about what was answered there. */
#define LNS_PATH_QUESTION (UINT32_C(1) << 31)
#define LNS_PATH_MS(now) ((uint32_t)((now) / CV_NS_PER_MS)) /* for cv_limit_take */

/* What a user has answered, while it is judged. */
struct lns_response {
	uint8_t response[LNS_RESPONSE_MAX], response_len;
	uint8_t name[PPP_NAME_MAX], name_len;
};

/* What one session was asked at a candidate. */
struct lns_proof {
	uint64_t serial;
	struct ppp_proof asked;
	struct lns_response *response; /* NULL: none waits for its judge */
	uint32_t number;               /* of the question to the judge */
	uint8_t wrong;                 /* answers to this question */
	uint8_t ours[LNS_AUTHENTICATOR];
	bool waits;                           /* for an answer */
	bool ask_due, judge_due, success_due; /* to be given out */
	bool right;
};

struct lns_path {
	struct cv_endpoint at;
	uint64_t again_at, forget_at;
	uint8_t tries, n;
	struct lns_proof proofs[]; /* of the sessions that there were */
};

/* paths.c: how a session is asked; false: not at all. */
bool lns_path_kind(const struct lns *lns, const struct lns_session *s, enum ppp_proof_kind *kind);
/* Whether the tunnel's peer may be there: by a secret that is the same, and the limits. */
bool lns_path_allowed(
	const struct lns *lns, const struct lns_tunnel *t, const struct cv_endpoint *at);
void lns_path_forget(struct lns *lns, struct lns_tunnel *t, unsigned place);
void lns_path_drop_response(struct lns_proof *p);
/* One session has shown that it is there: so the place receives, and the others are asked, all. */
void lns_path_right(struct lns_path *path, struct lns_proof *p, uint64_t now);
void lns_path_wrong(struct lns *lns, struct lns_proof *p);

#endif
