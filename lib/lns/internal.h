/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of lib/lns do for each other; the objects that they share are in objects.h. */
#ifndef LNS_INTERNAL_H
#define LNS_INTERNAL_H

#include "lns/objects.h"

/* configure.c */
void lns_pools_free(struct lns_pools *pools);

/* ready.c: the ready list and timers. */
void lns_ready(struct lns *lns, struct lns_object *object);
void lns_ready_first(struct lns *lns, struct lns_object *object);
void lns_unready(struct lns_object *object);

/* refusal.c: lines about refusals, LNS_LOG_PER_SECOND. */
void lns_log_tunnel_refused(struct lns *lns, uint64_t now, const struct cv_endpoint *from,
	const void *host, size_t host_len, const struct l2tp_reason *reason);
void lns_log_tunnel_delayed(struct lns *lns, uint64_t now, const struct cv_endpoint *from);
void lns_log_call_refused(
	struct lns *lns, const struct lns_tunnel *t, uint64_t now, const char *why);
/* user: escaped. */
void lns_log_session_refused(struct lns *lns, const struct lns_session *s, uint64_t now,
	const char *user, const char *method, const char *why);

/* parameters.c: what all PPP links share. One set: who the user is, and so his group, is only known
 * when LCP is done. */
void lns_link_params(const struct cfg *cfg, struct ppp_params *p);
enum ppp_auth lns_auth_method(enum cfg_auth method);
/* What differs where we prove ourselves, by the methods of a group. */
void lns_client_params(const struct cfg_group *group, struct ppp_params *p);
/* What the responder of a caller's record, or of an SCCRQ, is made with. Points into what is given.
 */
void lns_responder_params(struct lns *lns, struct l2tp_params *p, uint16_t tunnel_id,
	const uint8_t *challenge, const struct lns_secret *secret);

/* admission.c: who may have a tunnel. */
/* A control message to tunnel ID 0, or to an ID that no tunnel has. */
int lns_admission_input(struct lns *lns, uint64_t now, uint16_t listener,
	const struct cv_endpoint *from, const uint8_t *data, size_t len);
int lns_admission_connect(struct lns *lns, uint64_t now, uint16_t listener, uint16_t tunnel_id,
	const struct cv_endpoint *from, const uint8_t *data, size_t len);
void lns_admission_timeout(struct lns *lns, uint64_t now);
bool lns_admission_poll(struct lns *lns, struct lns_action *action);

/* drain.c */
void lns_drain_timeout(struct lns *lns, uint64_t now);

/* lns.c: ends every tunnel; kicked: by an administrator, for their sessions' reason. */
void lns_tunnels_close(
	struct lns *lns, uint64_t now, const struct l2tp_reason *reason, bool kicked);

/* peers.c */
/* Counted at its peer's address, or no longer; false: no memory. */
bool lns_peer_join(struct lns *lns, struct lns_tunnel *t);
void lns_peer_leave(struct lns *lns, struct lns_tunnel *t);
/* Into and out of the ring of the tunnels from its peer's address and port. */
void lns_end_join(struct lns *lns, uint64_t now, struct lns_tunnel *t);
void lns_end_leave(struct lns *lns, struct lns_tunnel *t);
/* Somebody at this address and port has no room for a tunnel: asks one that is from there. */
void lns_tunnel_doubt(
	struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *peer);
/* Whether a tunnel may be counted at this address instead, by limits.tunnels-per-peer; and it is,
 * in t->peer's place, which the caller has changed: false: no memory. */
bool lns_peer_room(const struct lns *lns, const struct lns_tunnel *t, const struct cv_ip *ip);
bool lns_peer_move(struct lns *lns, struct lns_tunnel *t);
/* How many living tunnels an address has. */
uint32_t lns_tunnels_from(const struct lns *lns, const struct cv_ip *ip);

/* tunnel.c */
/* A living tunnel that an SCCRQ's address, port and ID belong to, or NULL. */
struct lns_tunnel *lns_tunnel_of(
	const struct lns *lns, uint64_t now, const struct lns_opener *opener, uint64_t message);
/* One that gives way to a newcomer where limits are reached, of an address or of all (NULL): it
 * had no call for LNS_IDLE_NS, and no secret. NULL: none. */
struct lns_tunnel *lns_tunnel_idle(const struct lns *lns, uint64_t now, const struct cv_ip *ip);
/* It has completed a call: no blind guess does. */
void lns_tunnel_used(struct lns_tunnel *t);
/* Ends it for a newcomer. */
void lns_tunnel_give_way(struct lns *lns, struct lns_tunnel *t, uint64_t now);
/* Draws a tunnel ID that nobody has at this listener; 0 when all tries failed. */
uint16_t lns_tunnel_id_draw(struct lns *lns, uint16_t listener);
/* The tunnel of a caller that has proved itself; takes over l2tp, which is established. 0 or
 * CV_ERR_NOMEM. */
int lns_tunnel_new(
	struct lns *lns, uint64_t now, const struct lns_caller *caller, struct l2tp_tunnel *l2tp);
/* The tunnel to a peer that is dialled, whose SCCRQ is to be sent; takes over l2tp. 0 or
 * CV_ERR_NOMEM. */
int lns_tunnel_open(
	struct lns *lns, uint64_t now, struct lns_dial *d, uint16_t id, struct l2tp_tunnel *l2tp);
void lns_tunnel_input(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const uint8_t *data, size_t len);
void lns_tunnel_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now);
/* Takes the automaton's events, sets the timer, marks it ready. After every touch. */
void lns_tunnel_settle(struct lns *lns, struct lns_tunnel *t, uint64_t now);
bool lns_tunnel_poll(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, struct lns_action *action);
void lns_tunnel_free(struct lns *lns, struct lns_tunnel *t);
/* Its peer, and with it all of its sessions, is at another address from now on; false: no memory.
 */
bool lns_tunnel_move(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct cv_endpoint *at);

/* paths.c: where else a tunnel's peer may be by now. */
/* Whether what comes from elsewhere is wanted. */
bool lns_path_followed(const struct lns *lns, const struct lns_tunnel *t);
/* Something that this depends on may have changed. NULL is allowed. */
void lns_path_review(struct lns *lns, struct lns_tunnel *t);
/* A datagram from elsewhere: of a session, with a frame, or a control message (NULL). 0: it was an
 * answer that was waited for. */
int lns_path_input(struct lns *lns, struct lns_tunnel *t, uint64_t now,
	const struct cv_endpoint *from, const struct lns_session *s, struct cv_bytes frame);
uint64_t lns_path_next_timeout(const struct lns_tunnel *t);
void lns_path_timeout(struct lns *lns, struct lns_tunnel *t, uint64_t now);
/* proofs.c: what is to be sent there, and asked about answers; where it returns false the tunnel
 * may have moved. */
bool lns_path_poll(struct lns *lns, struct lns_tunnel *t, uint64_t now, struct lns_action *action);
/* lns_auth_answer for a question of lns_path_poll. */
bool lns_path_question(uint32_t number);
int lns_path_answer(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct lns_auth_answer *answer);
void lns_path_free(struct lns *lns, struct lns_tunnel *t);

/* call.c */
void lns_call_request(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event);
/* Places a call of ours: outgoing, by OCRQ, or incoming, by ICRQ, which says what a LAC told (may
 * be NULL). NULL: none can be. */
struct lns_session *lns_call_place(struct lns *lns, struct lns_tunnel *t, uint64_t now,
	bool outgoing, const struct l2tp_told *told);
void lns_call_up(
	struct lns *lns, struct lns_tunnel *t, uint64_t now, const struct l2tp_event *event);
/* A frame that overtook its ICCN, or came right behind it by another worker: a few wait.
 * CV_ERR_LIMIT: it was dropped and counted. */
int lns_session_keep_early(struct lns *lns, struct lns_session *s, struct cv_bytes frame);
/* Among them may be a password (PAP). NULL is allowed. */
void lns_early_free(struct lns_early *e);

/* session.c */
struct lns_session *lns_session_in(
	const struct lns *lns, uint16_t listener, uint16_t tunnel_id, uint16_t session_id);
/* The living session of a serial, or NULL. */
struct lns_session *lns_session_of(const struct lns *lns, uint64_t serial);
void lns_session_settle(struct lns *lns, struct lns_session *s, uint64_t now);
void lns_session_timeout(struct lns *lns, struct lns_session *s, uint64_t now);
bool lns_session_poll(
	struct lns *lns, struct lns_session *s, uint64_t now, struct lns_action *action);
/* Over, for a static reason; the peer was told, or is by somebody else. told: what the peer of its
 * other half, if it has one, is told; NULL: that the carrier is lost. */
void lns_session_over_as(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason,
	const struct l2tp_reason *told);
void lns_session_over(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason);
/* Its user has no longer to prove himself. */
void lns_session_end_wait(struct lns_session *s);
/* Without a word. */
void lns_session_free_link(struct lns_session *s);
/* A PPP frame as an L2TP data message, to its peer. */
bool lns_session_give_frame(struct lns *lns, const struct lns_session *s, struct cv_bytes frame,
	struct lns_action *action);
/* Ends a live session from our side: LCP Terminate, then CDN. */
void lns_session_close(struct lns *lns, struct lns_session *s, uint64_t now, enum ppp_down why);
void lns_session_free(struct lns *lns, struct lns_session *s);

/* handon.c: calls that go on to another LNS. */
/* At ICCN: whether it is handed on already, by what its LAC says. */
bool lns_hand_on_call(struct lns *lns, struct lns_session *s, uint64_t now);
/* At the caller's proof: whether he is. Then lns_hand_on_end_ppp, when PPP has nothing to say any
 * more: what was agreed goes along, or, where the caller has begun anew, nothing happens. */
bool lns_hand_on_asked(struct lns *lns, struct lns_session *s);
void lns_hand_on_end_ppp(struct lns *lns, struct lns_session *s, uint64_t now);
/* A peer's poll: calls that wait for it are placed, or refused. */
void lns_hand_on_serve(struct lns *lns, struct lns_dial *d, uint64_t now);
/* Its tunnel has heard something: maybe there is room for those that wait. NULL: nobody's. */
void lns_hand_on_answered(struct lns *lns, struct lns_dial *d);
/* It goes with its entry of the configuration. */
void lns_hand_on_gone(struct lns *lns, struct lns_dial *d, uint64_t now);
/* Whether it is hung up, as it has had no calls for as long as that. */
bool lns_hand_on_idle(struct lns_dial *d, uint64_t now);
/* It has waited as long as it may. */
void lns_hand_on_late(struct lns *lns, struct lns_session *s, uint64_t now);
/* The half that we placed is up. */
void lns_hand_on_up(struct lns *lns, struct lns_session *s, uint64_t now);
/* The other LNS said this of the caller's line, by SLI. */
void lns_hand_on_accm(
	struct lns *lns, struct lns_session *s, uint64_t now, uint32_t send, uint32_t receive);
/* A session is over, and with it its other half: see lns_session_over_as. */
void lns_hand_on_over(struct lns *lns, struct lns_session *s, uint64_t now, const char *reason,
	const struct l2tp_reason *told);
/* Its user is let in here: what its LAC said, maybe his password, is forgotten. */
void lns_hand_on_stays(struct lns_session *s);
/* What of it a session has, when it is freed, maybe alive. */
void lns_hand_on_free(struct lns_session *s);
/* What a half has to say: that both are to be joined, then what came before that. */
bool lns_hand_on_poll(struct lns *lns, struct lns_session *s, struct lns_action *action);
/* The peer that a call was, or is to be, handed on to, of either half; NULL: none. */
const struct lns_dial *lns_handed_to(const struct lns_session *s);

/* ipv6.c */
/* Our DUID under a configuration; CV_ERR_CRYPTO. */
int lns_duid_make(struct lns *lns, const struct cfg *cfg);
/* What a profile says of IPv6. */
void lns_ipv6_set(struct lns *lns, struct lns_session *s, const struct lns_profile *profile);
void lns_ipv6_free(struct lns_session *s);
/* Whether IPV6CP is to be negotiated: it has a prefix from now on. */
bool lns_ipv6_offer(struct lns *lns, struct lns_session *s, uint64_t now);
/* Which protocols are open; NULL: none. */
void lns_ipv6_told(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_up *up);
/* A PPP frame that the link has taken. */
void lns_ipv6_input(struct lns *lns, struct lns_session *s, uint64_t now, struct cv_bytes frame);
uint64_t lns_ipv6_next_timeout(const struct lns_session *s);
void lns_ipv6_timeout(struct lns *lns, struct lns_session *s, uint64_t now);
/* The next packet for the client: its bytes; 0: none. */
size_t lns_ipv6_poll(struct lns *lns, struct lns_session *s, uint8_t out[AUTO6_PACKET_MAX]);

/* prefixes.c: whose an IPv6 prefix is. */
/* The pools of a group, in what is zero; CV_ERR_NOMEM. */
int lns_prefix_pools(const struct cfg *cfg, const struct cfg_group *group, struct lns_pools *out);
/* Whether two configurations hand out the same: of a group, and to users of the list. */
bool lns_prefixes_same(const struct cfg_group *a, const struct cfg_group *b);
bool lns_fixed6_same(const struct cfg *a, const struct cfg *b);
/* Whether anybody may have IPv6. */
bool lns_needs_ipv6(const struct cfg *cfg);
/* The session has a /64, or a prefix to be delegated, from now on; false: there is none for it. */
bool lns_prefix_take(struct lns *lns, struct lns_session *s, uint64_t now);
bool lns_lease_take(struct lns *lns, struct lns_session *s, uint64_t now);
/* What is delegated, or all, is given back. */
void lns_lease_give(struct lns *lns, struct lns_session *s);
void lns_prefixes_give(struct lns *lns, struct lns_session *s);
/* What it has is taken in new pools. */
void lns_prefixes_again(struct lns *lns, struct lns_session *s);
/* Whether the profile says what the session's own said. */
bool lns_prefixes_fixed(const struct lns_session *s, const struct lns_profile *profile);
/* Whether it may have what it has under a profile of a configuration. */
bool lns_prefixes_still(
	const struct cfg *cfg, const struct lns_session *s, const struct lns_profile *profile);

/* auth.c: who the peer is. */
/* PPP has raised AUTH. */
void lns_auth_asked(struct lns_session *s);
/* Gives out the question that is due; false: it is none any more. */
bool lns_auth_poll(struct lns *lns, struct lns_session *s, struct lns_action *action);

/* profile.c */
/* The group of a profile; NULL: it names one, or a filter, that is not configured. */
const struct cfg_group *lns_profile_group(const struct lns *lns, const struct lns_profile *profile);
/* Networks behind a session, in place of those before; false: no memory, and it has none. */
bool lns_framed_set(struct lns_session *s, const struct cv_prefix *routes, size_t n);
bool lns_framed_same(const struct lns_session *s, const struct lns_profile *profile);
/* Whether a session has it already; cfg has its group. */
bool lns_profile_same(
	const struct cfg *cfg, const struct lns_session *s, const struct lns_profile *profile);
/* At first, and later: lns_profile_set. false: no memory. */
bool lns_profile_take(struct lns *lns, struct lns_session *s, const struct lns_profile *profile);
/* What was taken, again. */
void lns_profile_of(const struct lns_session *s, struct lns_profile *profile);
int lns_profile_change(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct lns_profile *profile);
/* Takes what is behind the session by what it had, and not by this. */
void lns_profile_withdraw(
	struct lns *lns, struct lns_session *s, const struct lns_profile *profile);

/* user.c: users with sessions, and whose an address is. */
struct lns_user *lns_user_find(const struct lns *lns, struct cv_bytes name);
/* The user of a name, with one holder more; NULL: no memory. */
struct lns_user *lns_user_hold(struct lns *lns, struct cv_bytes name);
void lns_user_drop(struct lns *lns, struct lns_user *user); /* NULL is allowed */
/* The session that has an inner address, or NULL. */
struct lns_session *lns_session_at(
	const struct lns *lns, uint16_t realm, const struct cv_ip *address);
/* The user's session is admitted and has an address, or false after refusing it. */
bool lns_user_admit(struct lns *lns, struct lns_session *s, uint64_t now);
/* Whether no other user's session has the address, and it is not ours. */
bool lns_address_free(
	const struct lns *lns, const struct lns_session *s, const struct cv_ip *address);
/* review.c: whether a group of a configuration gives the address to anybody who asks for one. */
bool lns_group_gives(
	const struct cfg *cfg, const struct cfg_group *group, const struct cv_ip *address);
/* It has this address, which its peer says, and is in; false: that is another's, or ours. */
bool lns_user_give(
	struct lns *lns, struct lns_session *s, uint64_t now, const struct cv_ip *address);
/* It gives way to another of its user. */
void lns_user_replace(struct lns *lns, struct lns_session *other, uint64_t now);
/* It gives back its address, and no longer counts as its user's. */
void lns_user_leave(struct lns *lns, struct lns_session *s);

#endif
