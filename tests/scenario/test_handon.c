/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that are handed on: a caller (A), who dials a server (B), which has them go on to another
 * LNS (C). What the one says the other hears, and ends are passed on. */
#include <stdio.h>
#include <string.h>

#include "twins.h"

#define SERVER(host, address, secrets, more)               \
	"identity: {host-name: " host "}\n"                \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n" \
	"listeners: [{address: " address "/24}]\n"         \
	"tunnels: {secrets: [{" secrets "}], hello: 10s}\n" more

#define CALLER_OF(user, auth, address)                                                      \
	SERVER("caller", "192.0.2.1", "secret-file: shared",                                \
		"limits: {sessions: 20, tunnels: 20}\n"                                     \
		"ppp: {auth: [" auth "]}\n"                                                 \
		"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24, auth: [" auth \
		"]}]\n"                                                                     \
		"dial: [{name: hub, to: 192.0.2.2, secret-file: shared, user: '" user       \
		"', password-file: pass-a, address: " address "}]\n")
#define CALLER_AS(user, auth) CALLER_OF(user, auth, "10.88.0.1")
#define CALLER CALLER_AS("alice@isp.example", "chap-md5")

/* auth: what B asks callers for; peer: more keys of the LNS; calls: entries of hand-on. */
#define MIDDLE_WITH(limits, auth, peer, calls)                                                     \
	SERVER("middle", "192.0.2.2", "secret-file: shared, proxy: accept",                        \
		"limits: {" limits ", tunnels: 20}\n"                                              \
		"ppp: {auth: [" auth "]}\n"                                                        \
		"groups: [{name: own, address: 10.77.0.1, pool: 10.77.1.0/24, auth: [" auth        \
		"]}]\n"                                                                            \
		"users: [{name: bob, password-file: pass-a}]\n"                                    \
		"dial: [{name: isp, to: 192.0.2.3, secret-file: other" peer "}]\nhand-on: [" calls \
		"]\n")
#define MIDDLE(auth, peer, calls) MIDDLE_WITH("sessions: 20", auth, peer, calls)
#define BY_REALM "{to: isp, realm: isp.example}"

#define LNS(proxy, auth)                                                                        \
	SERVER("lns", "192.0.2.3", "secret-file: other, proxy: " proxy,                         \
		"limits: {sessions: 20, tunnels: 20}\n"                                         \
		"ppp: {auth: [" auth "]}\n"                                                     \
		"groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24, auth: [" auth \
		"]}]\n"                                                                         \
		"users: [{name: alice@isp.example, password-file: pass-a}]\n")

#define A (&t.twin[0])
#define B (&t.twin[1])
#define C (&t.twin[2])

static bool
is_up(struct twins *t)
{
	return twin_open(&t->twin[0]) == 1;
}

static bool
is_down(struct twins *t)
{
	return twin_open(&t->twin[0]) == 0;
}

static bool
is_refused(struct twins *t)
{
	return twin_counter(&t->twin[1], LNS_HAND_ON_FAILED) != 0;
}

/* Both halves of the only call of B's. */
static void
halves(const struct twin *w, const struct twin_slot **from, const struct twin_slot **to)
{
	*from = *to = NULL;
	for (unsigned i = 0; i < TWIN_SLOTS; i++) {
		const struct twin_slot *s = &w->slots[i];

		if (s->added && s->info.peer.ip.bytes[3] == 1)
			*from = s;
		else if (s->added)
			*to = s;
	}
	assert_non_null(*from);
	assert_non_null(*to);
	assert_ptr_equal((*from)->other, *to);
	assert_ptr_equal((*to)->other, *from);
}

static void
check_call(const struct twins *all)
{
	const struct twin *a = &all->twin[0], *b = &all->twin[1], *c = &all->twin[2];
	const struct twin_slot *caller = twin_session(a), *server = twin_session(c), *from, *to;
	struct lns_session_info info;
	char ip[CV_IP_TEXT];

	halves(b, &from, &to);
	assert_int_equal(twin_open(b), 0);
	assert_int_equal(caller->info.peer_session_id, from->info.session_id);
	assert_int_equal(from->info.peer_session_id, caller->info.session_id);
	assert_int_equal(to->info.peer_session_id, server->info.session_id);
	assert_int_equal(server->info.peer_session_id, to->info.session_id);
	assert_string_equal(server->info.user, "alice@isp.example");
	assert_string_equal(cv_ip_text(&server->info.address, ip), "10.88.1.1");
	assert_string_equal(cv_ip_text(&caller->info.address, ip), "10.88.0.1");
	assert_true(lns_find_serial(b->lns, from->info.serial, &info));
	assert_string_equal(info.state, "handed-on");
	assert_string_equal(info.half->to, "isp");
	assert_int_equal(info.half->other, to->info.serial);
	assert_true(lns_find_serial(b->lns, to->info.serial, &info));
	assert_string_equal(info.half->to, "isp");
	assert_int_equal(info.half->other, from->info.serial);
}

static void
up(struct twins *t, const char *caller, const char *middle, const char *lns)
{
	const char *yaml[TWINS] = {caller, middle, lns};

	twins_up(t, yaml);
	assert_true(twins_run(t, 20 * CV_NS_PER_S, is_up));
	twins_run(t, CV_NS_PER_S, NULL);
	check_call(t);
}

static void
by_the_callers_realm(void **state)
{
	static const struct {
		const char *caller, *middle, *lns;
		unsigned taken, anew;
	} ways[] = {
		{CALLER, MIDDLE("chap-md5", "", BY_REALM), LNS("accept", "chap-md5"), 1, 0},
		{CALLER_AS("alice@isp.example", "pap"), MIDDLE("pap", "", BY_REALM),
			LNS("accept", "pap"), 1, 0},
		/* no proof of MS-CHAPv2 can be told: the LNS challenges anew, with LCP as it is */
		{CALLER_AS("alice@isp.example", "mschapv2"), MIDDLE("mschapv2", "", BY_REALM),
			LNS("accept", "mschapv2"), 1, 0},
		/* LCP as it is would not be the LNS's: it begins anew, with the caller */
		{CALLER_AS("alice@isp.example", "chap-md5, pap"), MIDDLE("chap-md5", "", BY_REALM),
			LNS("accept", "pap"), 0, 1},
		{CALLER, MIDDLE("chap-md5", "", BY_REALM), LNS("renegotiate", "chap-md5"), 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct twin_slot *from, *to;
		struct twins t;

		up(&t, ways[i].caller, ways[i].middle, ways[i].lns);
		assert_int_equal(twin_counter(C, LNS_PROXY_TAKEN), ways[i].taken);
		assert_int_equal(twin_counter(C, LNS_PROXY_ANEW), ways[i].anew);
		assert_int_equal(twin_counter(B, LNS_HANDED_ON), 1);
		halves(B, &from, &to);
		assert_string_equal(from->info.user, "alice@isp.example");
		assert_true(twin_said(B, "session-handed-on", "user=alice@isp.example to=isp"));
		/* echoes of PPP and HELLOs hold it */
		twins_run(&t, 600 * CV_NS_PER_S, NULL);
		check_call(&t);
		assert_true(from->carried > 10 && to->carried > 10);
		assert_int_equal(B->switched, 1);
		twins_down(&t);
	}
}

/* Without a word of PPP here: what the caller says while the other half is on its way waits. */
static void
by_the_listener(void **state)
{
	const struct twin_slot *from, *to;
	struct twins t;

	(void)state;
	up(&t, CALLER, MIDDLE("pap", "", "{to: isp, listener: '192.0.2.2:1701'}"),
		LNS("accept", "chap-md5"));
	halves(B, &from, &to);
	assert_string_equal(from->info.user, "");
	assert_int_equal(twin_counter(C, LNS_PROXY_TAKEN), 0);
	assert_int_equal(twin_counter(B, LNS_DATA_EARLY), 0);
	/* its first request was not lost: nothing had to wait for a second */
	assert_true(twin_session(A)->info.opened_at - twin_session(A)->info.created_at <
		    2 * CV_NS_PER_S);
	twins_down(&t);
}

enum { CALL = 5 };

/* A LAC calls for a caller who has proved himself to it, with PAP. */
static void
call_by_lac(struct twins *t, const char *called, const char *name)
{
	static const uint8_t sent[] = {3, 4, 0xc0, 0x23, 5, 6, 1, 2, 3, 4};
	static const uint8_t received[] = {1, 4, 5, 0x78, 5, 6, 9, 8, 7, 6}, type[] = {0, 3},
			     id[] = {0, 9};
	const struct l2tp_said said[] = {
		{L2TP_AVP_CALLED_NUMBER, {(const uint8_t *)called, strlen(called)}},
		{L2TP_AVP_LAST_SENT_LCP, {sent, sizeof(sent)}},
		{L2TP_AVP_LAST_RECEIVED_LCP, {received, sizeof(received)}},
		{L2TP_AVP_PROXY_AUTHEN_TYPE, {type, sizeof(type)}},
		{L2TP_AVP_PROXY_AUTHEN_ID, {id, sizeof(id)}},
		{L2TP_AVP_PROXY_AUTHEN_NAME, {(const uint8_t *)name, strlen(name)}},
		{L2TP_AVP_PROXY_AUTHEN_RESPONSE, {(const uint8_t *)"pass-a", 6}}};
	struct l2tp_told *told = l2tp_told_new(NULL, said, sizeof(said) / sizeof(said[0]));

	twin_lac_up(&t->twin[1], "shared");
	assert_int_equal(l2tp_call_dial(t->lac.tunnel, t->now, CALL, told), 0);
	l2tp_told_free(told);
	twins_run(t, 2 * CV_NS_PER_S, NULL);
}

/* Tunnel switching: what a LAC that is believed said goes along as it said it, whatever would be
 * asked for here. */
static void
a_lacs_call(void **state)
{
	static const struct {
		const char *calls, *called, *name;
		bool goes_on;
	} calls[] = {{"{to: isp, called: '0800*'}", "0800555", "alice@isp.example", true},
		{BY_REALM, "112", "alice@isp.example", true},
		{"{to: isp, called: '0800*', realm: isp.example}", "0800555", "alice@isp.example",
			true},
		{"{to: isp, called: '0800*', realm: isp.example}", "112", "alice@isp.example",
			false},
		{"{to: isp, called: '0800'}", "0800555", "alice@isp.example", false},
		{BY_REALM, "0800", "alice", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const char *yaml[TWINS] = {NULL, NULL, LNS("accept", "pap")}; /* B's is below */
		char middle[4096];
		uint64_t cursor = 0;
		struct lns_session_info info;
		struct twins t;

		snprintf(middle, sizeof(middle), "%s", MIDDLE("chap-md5", "", "@"));
		snprintf(strchr(middle, '@'), 1024, "%s]\n", calls[i].calls);
		yaml[1] = middle;
		twins_up(&t, yaml);
		call_by_lac(&t, calls[i].called, calls[i].name);
		assert_int_equal(B->switched, calls[i].goes_on);
		assert_int_equal(twin_counter(C, LNS_PROXY_TAKEN), calls[i].goes_on);
		assert_int_equal(
			lns_next_session(C->lns, &cursor, UINT64_MAX, &info), calls[i].goes_on);
		if (calls[i].goes_on) {
			assert_string_equal(info.user, "alice@isp.example");
			assert_string_equal(info.state, "network");
			assert_true(t.lac.frames >= 2); /* PAP's Ack, and what IPCP asks */
		}
		twins_down(&t);
	}
}

static void
who_is_of_no_such_realm_stays(void **state)
{
	const char *yaml[TWINS] = {CALLER_OF("bob", "chap-md5", "10.77.0.1"),
		MIDDLE("chap-md5", ", start: traffic", BY_REALM), LNS("accept", "chap-md5")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	assert_string_equal(twin_session(B)->info.user, "bob");
	assert_int_equal(B->switched, 0);
	assert_int_equal(B->sccrqs, 0);
	twins_down(&t);
}

enum way_out { THE_CALLER, THE_LNS, HALF_FROM, HALF_TO, CALLERS_TUNNEL, LNS_TUNNEL };

static void
end_call(struct twins *all, enum way_out how)
{
	const struct twin_slot *from, *to, *s;
	struct twin *w = &all->twin[how == THE_CALLER || how == CALLERS_TUNNEL ? 0
				    : how == THE_LNS || how == LNS_TUNNEL      ? 2
									       : 1];

	halves(&all->twin[1], &from, &to);
	s = how == HALF_FROM ? from : how == HALF_TO ? to : twin_session(w);
	if (how == CALLERS_TUNNEL || how == LNS_TUNNEL)
		assert_int_equal(lns_kick_tunnel(w->lns, all->now, 0, s->info.tunnel_id), 1);
	else
		assert_int_equal(lns_kick_session(w->lns, all->now, 0, s->info.tunnel_id,
					 s->info.session_id, PPP_DOWN_KICKED),
			1);
}

static void
ends_are_passed_on(void **state)
{
	static const struct {
		enum way_out how;
		unsigned ear;   /* hears of it; 1: nobody in particular, as PPP's end was heard */
		const char *is; /* and why */
	} ends[] = {{THE_CALLER, 1, ""}, {THE_LNS, 1, ""}, {HALF_FROM, 0, "result=3"},
		{HALF_FROM, 2, "result=3"}, {HALF_TO, 0, "result=3"}, {HALF_TO, 2, "result=3"},
		{CALLERS_TUNNEL, 2, "result=1"}, {LNS_TUNNEL, 0, "result=1"}};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct twins t;

		up(&t, CALLER, MIDDLE("chap-md5", "", BY_REALM), LNS("accept", "chap-md5"));
		t.twin[ends[i].ear].log.level = CV_LOG_DEBUG;
		end_call(&t, ends[i].how);
		assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_down));
		twins_run(&t, CV_NS_PER_S / 4, NULL);
		assert_int_equal(twin_open(C), 0);
		assert_int_equal(B->removed, 2);
		if (ends[i].ear != 1)
			assert_true(
				twin_said(&t.twin[ends[i].ear], "call-disconnected", ends[i].is));
		if (ends[i].ear != 1 && ends[i].how < CALLERS_TUNNEL)
			assert_true(twin_said(&t.twin[ends[i].ear], "call-disconnected",
				"message=ended\\x20by\\x20the\\x20administrator"));
		/* and once more */
		assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_up));
		assert_int_equal(twin_open(C), 1);
		assert_int_equal(B->switched, 2);
		twins_down(&t);
	}
}

static bool
is_called_off(struct twins *t)
{
	return twin_said(&t->twin[0], "call-disconnected", "result=4");
}

/* With its words. */
static void
a_refusal_is_passed_on(void **state)
{
	const char *yaml[TWINS] = {
		SERVER("caller", "192.0.2.1", "secret-file: shared",
			"limits: {sessions: 20, tunnels: 20}\n"
			"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24}]\n"
			"dial: [{name: one, to: 192.0.2.2, secret-file: shared, user: "
			"'alice@isp.example', password-file: pass-a, address: 10.88.0.1},\n"
			"{name: two, to: 192.0.2.2, secret-file: shared, user: "
			"'alice@isp.example', password-file: pass-a}]\n"),
		MIDDLE("chap-md5", "", BY_REALM),
		SERVER("lns", "192.0.2.3", "secret-file: other",
			"limits: {sessions: 20, tunnels: 20, sessions-per-tunnel: 1}\n"
			"groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24}]\n"
			"users: [{name: alice@isp.example, password-file: pass-a}]\n")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	A->log.level = CV_LOG_DEBUG;
	assert_true(twins_run(&t, 120 * CV_NS_PER_S, is_called_off));
	assert_true(twin_said(A, "call-disconnected", "message=too\\x20many\\x20sessions\\x20in"));
	twins_down(&t);
}

static void
an_lns_that_dies_is_noticed(void **state)
{
	struct twins t;

	(void)state;
	up(&t, CALLER, MIDDLE("chap-md5", "", BY_REALM), LNS("accept", "chap-md5"));
	A->log.level = CV_LOG_DEBUG;
	twin_restart(C, NULL);
	assert_true(twins_run(&t, 120 * CV_NS_PER_S, is_down));
	assert_true(twin_said(A, "call-disconnected", "result=1"));
	/* calls that come now are refused at once, or when it does not answer */
	assert_true(twins_run(&t, 60 * CV_NS_PER_S, is_refused));
	twin_restart(C, LNS("accept", "chap-md5"));
	assert_true(twins_run(&t, 240 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	check_call(&t);
	twins_down(&t);
}

static void
an_lns_that_does_not_answer(void **state)
{
	const char *yaml[TWINS] = {CALLER, MIDDLE("chap-md5", ", start: traffic", BY_REALM),
		LNS("accept", "chap-md5")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	A->log.level = CV_LOG_DEBUG;
	C->deaf = true;
	assert_true(twins_run(&t, 60 * CV_NS_PER_S, is_refused));
	twins_run(&t, CV_NS_PER_S, NULL);
	assert_true(twin_said(A, "call-disconnected", "result=4"));
	assert_int_equal(B->switched, 0);
	C->deaf = false;
	assert_true(twins_run(&t, 300 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	check_call(&t);
	twins_down(&t);
}

static bool
is_hung_up(struct twins *t)
{
	return strcmp(twin_dial(&t->twin[1]).state, "resting") == 0;
}

static void
a_tunnel_is_there_while_there_are_calls(void **state)
{
	struct twins t;

	(void)state;
	up(&t, CALLER, MIDDLE("chap-md5", ", start: traffic, idle: 60s", BY_REALM),
		LNS("accept", "chap-md5"));
	assert_int_equal(B->sccrqs, 1);
	twins_run(&t, 600 * CV_NS_PER_S, NULL);
	assert_false(is_hung_up(&t));
	twin_reload(A, SERVER("caller", "192.0.2.1", "secret-file: shared",
			       "limits: {sessions: 20, tunnels: 20}\n"
			       "groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24}]\n"));
	assert_true(twins_run(&t, 90 * CV_NS_PER_S, is_hung_up));
	twins_run(&t, 200 * CV_NS_PER_S, NULL);
	assert_int_equal(C->tunnels, 0);
	twin_reload(A, CALLER);
	assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_up));
	assert_int_equal(B->sccrqs, 2);
	twins_down(&t);
}

static void
another_configuration(void **state)
{
	uint64_t cursor = 0;
	struct lns_fate fate;
	struct cfg *none;
	struct twins t;

	(void)state;
	up(&t, CALLER, MIDDLE("chap-md5", "", BY_REALM), LNS("accept", "chap-md5"));
	/* other calls are handed on from now on: what runs goes on */
	twin_reload(B, MIDDLE("chap-md5", "", "{to: isp, realm: elsewhere.example}"));
	twins_run(&t, 60 * CV_NS_PER_S, NULL);
	check_call(&t);
	/* the peer goes */
	twin_reload(B, SERVER("middle", "192.0.2.2", "secret-file: shared",
			       "groups: [{name: own, address: 10.77.0.1, pool: 10.77.1.0/24}]\n"
			       "limits: {sessions: 20, tunnels: 20}\n"));
	none = B->cfg;
	assert_int_equal(none->n_dials, 0);
	while (lns_next_fate(B->lns, none, &cursor, UINT64_MAX, &fate))
		assert_int_equal(fate.outcome, LNS_STAYS);
	assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_down));
	assert_int_equal(B->removed, 2);
	twins_run(&t, 200 * CV_NS_PER_S, NULL);
	assert_int_equal(C->tunnels, 0);
	twins_down(&t);
}

/* What would end is known before, and is what ends. */
static void
a_peer_that_moves(void **state)
{
	static const char middle[] = MIDDLE("chap-md5", "", BY_REALM), caller[] = CALLER;
	char moved[sizeof(middle)], other[sizeof(caller)];
	struct twins t;

	(void)state;
	memcpy(moved, middle, sizeof(middle));
	strstr(moved, "to: 192.0.2.3")[strlen("to: 192.0.2.")] = '9';
	memcpy(other, caller, sizeof(caller));
	strstr(other, "to: 192.0.2.2")[strlen("to: 192.0.2.")] = '9';
	up(&t, caller, middle, LNS("accept", "chap-md5"));
	assert_int_equal(twin_would_end(B, middle), 0);
	assert_int_equal(
		twin_would_end(B, MIDDLE("chap-md5", ", start: traffic, idle: 60s", BY_REALM)), 0);
	assert_int_equal(twin_would_end(B, moved), 2);
	assert_int_equal(twin_would_end(A, caller), 0);
	assert_int_equal(twin_would_end(A, other), 1);
	twin_reload(B, moved);
	assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_down));
	assert_int_equal(B->removed, 2);
	twins_down(&t);
}

/* While a call waits for it. */
static void
a_peer_that_goes_while_a_call_waits(void **state)
{
	const char *yaml[TWINS] = {CALLER, MIDDLE("chap-md5", ", start: traffic", BY_REALM),
		LNS("accept", "chap-md5")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	C->deaf = true;
	twins_run(&t, 2 * CV_NS_PER_S, NULL);
	assert_string_equal(twin_dial(B).state, "connecting");
	assert_false(is_refused(&t));
	twin_reload(B, SERVER("middle", "192.0.2.2", "secret-file: shared",
			       "groups: [{name: own, address: 10.77.0.1, pool: 10.77.1.0/24}]\n"
			       "limits: {sessions: 20, tunnels: 20}\n"));
	assert_true(is_refused(&t));
	twins_down(&t);
}

/* And the end of all, with a call that waits. */
static void
an_end_while_a_call_waits(void **state)
{
	const char *yaml[TWINS] = {CALLER, MIDDLE("chap-md5", ", start: traffic", BY_REALM),
		LNS("accept", "chap-md5")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	C->deaf = true;
	twins_run(&t, 2 * CV_NS_PER_S, NULL);
	assert_string_equal(twin_dial(B).state, "connecting");
	twin_restart(B, NULL);
	twins_down(&t);
}

static void
no_call_goes_back_to_where_it_came_from(void **state)
{
	const char *yaml[TWINS] = {
		CALLER, SERVER("middle", "192.0.2.2", "secret-file: shared",
				"limits: {sessions: 20, tunnels: 20}\n"
				"groups: [{name: own, address: 10.77.0.1, pool: 10.77.1.0/24}]\n"
				"dial: [{name: isp, to: 192.0.2.1, secret-file: shared}]\n"
				"hand-on: [{to: isp, listener: '192.0.2.2:1701'}]\n")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_refused));
	assert_true(twin_said(B, "call-refused", "the call came from the peer"));
	assert_int_equal(B->switched, 0);
	twins_down(&t);
}

static void
no_more_than_there_is_room_for(void **state)
{
	const char *yaml[TWINS] = {CALLER, MIDDLE_WITH("sessions: 2", "chap-md5", "", BY_REALM),
		LNS("accept", "chap-md5")};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	/* one is kept for the peer that is dialled */
	twin_reload(B, MIDDLE_WITH("sessions: 2", "chap-md5", "",
			       "{to: isp, realm: isp.example}, {to: isp, called: '1*'}"));
	assert_true(twins_run(&t, 20 * CV_NS_PER_S, is_up));
	twins_run(&t, CV_NS_PER_S, NULL);
	check_call(&t);
	twins_down(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_callers_realm),
		cmocka_unit_test(by_the_listener),
		cmocka_unit_test(a_lacs_call),
		cmocka_unit_test(who_is_of_no_such_realm_stays),
		cmocka_unit_test(ends_are_passed_on),
		cmocka_unit_test(a_refusal_is_passed_on),
		cmocka_unit_test(an_lns_that_dies_is_noticed),
		cmocka_unit_test(an_lns_that_does_not_answer),
		cmocka_unit_test(a_tunnel_is_there_while_there_are_calls),
		cmocka_unit_test(another_configuration),
		cmocka_unit_test(a_peer_that_moves),
		cmocka_unit_test(a_peer_that_goes_while_a_call_waits),
		cmocka_unit_test(an_end_while_a_call_waits),
		cmocka_unit_test(no_call_goes_back_to_where_it_came_from),
		cmocka_unit_test(no_more_than_there_is_room_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
