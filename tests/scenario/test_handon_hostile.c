/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that are handed on, from a LAC that a stranger writes: it is no server of ours (A), but
 * says by hand what it likes to B, which hands calls on to C. */
#include <stdlib.h>
#include <string.h>

#include "twins.h"

#include "base/cursor.h"
#include "l2tp/header.h"
#include "l2tp/told.h"
#include "l2tp/tunnel.h"
#include "lns/internal.h"

#define B (&lac.t.twin[1])
#define C (&lac.t.twin[2])

enum { FRAMES = 16, FRAME_MAX = 256, LCP = 0xc021, PAP = 0xc023 };

struct lac {
	struct twins t;
	struct l2tp_tunnel *l2tp;
	uint16_t tunnel, session; /* B's IDs */
	unsigned up, down;        /* calls that came up, or were ended by B */
	unsigned accms;           /* SLIs that came, */
	uint32_t accm;            /* and what the last one said of what is sent */
	uint8_t frames[FRAMES][FRAME_MAX];
	size_t len[FRAMES];
	unsigned n; /* PPP frames that came, since it was set to 0 */
};

static struct lac lac;

#define SERVER(host, address, secret, more)                                            \
	"identity: {host-name: " host "}\n"                                            \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"                             \
	"listeners: [{address: " address "/24}]\n"                                     \
	"tunnels: {secrets: [{secret-file: " secret "}]}\n"                            \
	"limits: {sessions: 20, tunnels: 20}\n"                                        \
	"ppp: {auth: [pap]}\n"                                                         \
	"groups: [{name: own, address: 10.77.0.1, pool: 10.77.1.0/24, auth: [pap]}]\n" \
	"users: [{name: bob, password-file: pass-b}]\n" more

#define MIDDLE(calls) MIDDLE_OF("shared", calls)
#define MIDDLE_OF(secret, calls)                                           \
	SERVER("middle", "192.0.2.2", secret,                              \
		"dial: [{name: isp, to: 192.0.2.3, secret-file: other}]\n" \
		"hand-on: [" calls "]\n")
#define LNS SERVER("lns", "192.0.2.3", "other", "")

/* ---- what it says and hears ---- */

static void
hear(const struct twin_datagram *d)
{
	struct l2tp_header h = {0};

	assert_int_equal(l2tp_header_parse(d->bytes, d->len, &h), 0);
	if (h.is_control) {
		l2tp_tunnel_input(lac.l2tp, lac.t.now, d->bytes, d->len);
		return;
	}
	assert_true(h.payload.len <= FRAME_MAX);
	memcpy(lac.frames[lac.n % FRAMES], h.payload.data, h.payload.len);
	lac.len[lac.n++ % FRAMES] = h.payload.len;
}

static bool
hear_all(void)
{
	struct cv_ip own = twin_ip("192.0.2.1");
	bool heard = false;

	for (struct twin_datagram **at = &lac.t.queue; *at != NULL;) {
		struct twin_datagram *d = *at;

		if (!cv_ip_equal(&d->to.ip, &own)) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		hear(d);
		free(d);
		heard = true;
	}
	return heard;
}

static void
turn(void)
{
	struct l2tp_event event;
	uint8_t bytes[1500];
	bool more = true;
	int len;

	while (more) {
		more = hear_all();
		while ((len = l2tp_tunnel_poll_output(lac.l2tp, lac.t.now, bytes, sizeof(bytes))) >
			0) {
			twin_inject(B, "192.0.2.1", bytes, (size_t)len);
			more = true;
		}
		while (l2tp_tunnel_poll_event(lac.l2tp, &event)) {
			lac.up += event.type == L2TP_EV_CALL_UP;
			lac.down += event.type == L2TP_EV_CALL_DOWN;
			if (event.type == L2TP_EV_CALL_ACCM) {
				lac.accms++;
				lac.accm = event.accm.send;
			}
			if (event.type == L2TP_EV_CALL_UP)
				lac.session = event.remote_session;
			more = true;
		}
	}
}

static void
begin(const char *middle, const char *lns)
{
	const char *yaml[TWINS] = {NULL, middle, lns};
	struct l2tp_params params;
	struct l2tp_tunnel_info info;

	memset(&lac, 0, sizeof(lac));
	twins_up(&lac.t, yaml);
	l2tp_params_default(&params);
	params.crypto = lac.t.crypto;
	params.host_name = "stranger";
	params.local_tunnel_id = 77;
	params.secret = "shared";
	params.secret_len = strlen("shared");
	lac.l2tp = l2tp_tunnel_new(L2TP_INITIATOR, &params, lac.t.now);
	assert_int_equal(l2tp_tunnel_connect(lac.l2tp, lac.t.now), 0);
	turn();
	l2tp_tunnel_info(lac.l2tp, &info);
	assert_string_equal(info.state, "established");
	lac.tunnel = info.remote_tunnel_id;
	twins_run(&lac.t, CV_NS_PER_S, NULL);
	assert_string_equal(twin_dial(B).state, "up");
}

static void
end(void)
{
	l2tp_tunnel_free(lac.l2tp);
	twins_down(&lac.t);
}

static void
call(uint16_t id)
{
	unsigned before = lac.up;

	assert_int_equal(l2tp_call_dial(lac.l2tp, lac.t.now, id, NULL), 0);
	turn();
	assert_int_equal(lac.up, before + 1);
}

static void
hang_up(uint16_t id)
{
	static const struct l2tp_reason reason = {.result = L2TP_CDN_ADMINISTRATIVE};

	assert_int_equal(l2tp_call_close(lac.l2tp, lac.t.now, id, &reason), 0);
	turn();
}

/* A PPP packet of the caller's. */
static void
say(uint16_t protocol, uint8_t code, uint8_t id, const void *data, size_t len)
{
	uint8_t bytes[FRAME_MAX];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	l2tp_data_header_write(&w, lac.tunnel, lac.session, len + 8);
	cv_write_u16(&w, 0xff03);
	cv_write_u16(&w, protocol);
	cv_write_u8(&w, code);
	cv_write_u8(&w, id);
	cv_write_u16(&w, (uint16_t)(len + 4));
	cv_write_bytes(&w, data, len);
	assert_false(w.failed);
	twin_inject(B, "192.0.2.1", bytes, cv_written(&w));
	turn();
}

/* The last frame of this kind that came since something was said; NULL: none. */
static const uint8_t *
heard(uint16_t protocol, uint8_t code)
{
	for (unsigned i = lac.n; i-- > 0;) {
		const uint8_t *f = lac.frames[i % FRAMES];

		if (f[2] == protocol >> 8 && f[3] == (protocol & 0xff) && f[4] == code)
			return f;
	}
	return NULL;
}

/* LCP, from either's beginning: it asks for nothing, and takes what B asks for. */
static void
negotiate(uint8_t id)
{
	const uint8_t *f;
	uint8_t copy[FRAME_MAX];

	say(LCP, 1, id, NULL, 0);
	assert_non_null(heard(LCP, 2));
	f = heard(LCP, 1);
	assert_non_null(f);
	memcpy(copy, f, sizeof(copy));
	lac.n = 0;
	say(LCP, 2, copy[5], copy + 8, (size_t)(copy[6] << 8 | copy[7]) - 4);
}

static void
prove(uint8_t id, const char *name, const char *password)
{
	uint8_t bytes[FRAME_MAX];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	cv_write_u8(&w, (uint8_t)strlen(name));
	cv_write_bytes(&w, name, strlen(name));
	cv_write_u8(&w, (uint8_t)strlen(password));
	cv_write_bytes(&w, password, strlen(password));
	say(PAP, 1, id, bytes, cv_written(&w));
}

/* ---- */

/* Who was let in here stays here until his call ends, whatever name he says later: what he has here
 * is his. */
static void
who_is_in_is_not_handed_on(void **state)
{
	(void)state;
	begin(MIDDLE("{to: isp, realm: isp.example}"), LNS);
	call(5);
	negotiate(1);
	prove(1, "bob", "pass-b");
	assert_non_null(heard(PAP, 2));
	negotiate(2);
	prove(2, "alice@isp.example", "secret");
	assert_non_null(heard(PAP, 3));
	twins_run(&lac.t, 60 * CV_NS_PER_S, NULL);
	assert_int_equal(B->switched, 0);
	assert_int_equal(lns_kick_user(B->lns, lac.t.now, "bob", PPP_DOWN_KICKED), 0);
	end();
}

/* What the LAC of a user who stays said of him is forgotten: his password may be in it. */
static void
what_was_told_of_who_stays_is_forgotten(void **state)
{
	static const uint8_t type[2] = {0, L2TP_PROXY_NONE};
	const struct l2tp_said said[] = {{L2TP_AVP_PROXY_AUTHEN_TYPE, {type, sizeof(type)}},
		{L2TP_AVP_PROXY_AUTHEN_RESPONSE, {(const uint8_t *)"pass-b", 6}}};
	struct l2tp_told *told = l2tp_told_new(NULL, said, sizeof(said) / sizeof(said[0]));
	const struct lns_session *s;

	(void)state;
	begin(MIDDLE("{to: isp, realm: isp.example}"), LNS);
	assert_int_equal(l2tp_call_dial(lac.l2tp, lac.t.now, 5, told), 0);
	turn();
	s = lns_session_in(B->lns, 0, lac.tunnel, lac.session);
	assert_non_null(s);
	assert_non_null(s->told); /* his realm may be one that is handed on */
	negotiate(1);
	prove(1, "bob", "pass-b");
	assert_non_null(heard(PAP, 2));
	assert_null(s->told);
	l2tp_told_free(told);
	end();
}

/* A LAC that is not believed here is not believed elsewhere for our sake: a proof that it says may
 * be another's. */
static void
what_is_not_believed_is_not_told_on(void **state)
{
	static const uint8_t type[2] = {0, L2TP_PROXY_PAP}, id[2] = {0, 1};
	static const uint8_t sent[] = {3, 4, 0xc0, 0x23}, received[] = {5, 6, 1, 2, 3, 4};
	const struct l2tp_said said[] = {{L2TP_AVP_CALLED_NUMBER, {(const uint8_t *)"123", 3}},
		{L2TP_AVP_LAST_SENT_LCP, {sent, sizeof(sent)}},
		{L2TP_AVP_LAST_RECEIVED_LCP, {received, sizeof(received)}},
		{L2TP_AVP_PROXY_AUTHEN_TYPE, {type, sizeof(type)}},
		{L2TP_AVP_PROXY_AUTHEN_ID, {id, sizeof(id)}},
		{L2TP_AVP_PROXY_AUTHEN_NAME, {(const uint8_t *)"bob@isp.example", 15}},
		{L2TP_AVP_PROXY_AUTHEN_RESPONSE, {(const uint8_t *)"pass-b", 6}}};
	static const char *const calls[] = {MIDDLE("{to: isp, realm: isp.example}"),
		MIDDLE("{to: isp, called: '123'}"),
		MIDDLE_OF("shared, proxy: accept", "{to: isp, realm: isp.example}"),
		MIDDLE_OF("shared, proxy: accept", "{to: isp, called: '123'}")};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct l2tp_told *told = l2tp_told_new(NULL, said, sizeof(said) / sizeof(said[0]));

		begin(calls[i], SERVER("lns", "192.0.2.3", "other, proxy: accept", ""));
		assert_int_equal(l2tp_call_dial(lac.l2tp, lac.t.now, 5, told), 0);
		l2tp_told_free(told);
		turn();
		twins_run(&lac.t, CV_NS_PER_S, NULL);
		assert_int_equal(B->switched, 1);
		assert_int_equal(twin_counter(C, LNS_PROXY_TAKEN) + twin_counter(C, LNS_PROXY_ANEW),
			i < 2 ? 0 : 1);
		end();
	}
}

/* Calls that come and go faster than the LNS answers fill no tunnel that others' calls are in. */
static void
calls_in_a_rush_end_no_tunnel(void **state)
{
	(void)state;
	begin(MIDDLE("{to: isp, listener: '192.0.2.2:1701'}"), LNS);
	C->deaf = true; /* for a moment */
	for (uint16_t i = 1; i <= 60; i++) {
		call(i);
		hang_up(i);
		twins_run(&lac.t, CV_NS_PER_S / 10, NULL);
	}
	assert_string_equal(twin_dial(B).state, "up");
	C->deaf = false;
	call(400);
	twins_run(&lac.t, 5 * CV_NS_PER_S, NULL);
	assert_string_equal(twin_dial(B).state, "up");
	assert_int_equal(twin_counter(B, LNS_HANDED_ON), 1);
	end();
}

/* What the LNS says of the caller's line is for his LAC; of many such, some. */
static void
slis_are_passed_on(void **state)
{
	uint64_t cursor = 0;
	struct lns_session_info info;
	struct lns_session *s;

	(void)state;
	begin(MIDDLE("{to: isp, listener: '192.0.2.2:1701'}"), LNS);
	call(5);
	twins_run(&lac.t, CV_NS_PER_S, NULL);
	assert_true(lns_next_session(C->lns, &cursor, UINT64_MAX, &info));
	s = lns_session_of(C->lns, info.serial);
	for (uint32_t i = 0; i < 2 * LNS_ACCM_TELLS; i++) {
		assert_int_equal(l2tp_call_set_accm(s->tunnel->l2tp, lac.t.now, info.session_id,
					 0x000a0000 + i, 0),
			0);
		lns_ready(C->lns, &s->tunnel->object);
		twins_run(&lac.t, 15 * CV_NS_PER_MS, NULL); /* to B, and no farther */
		turn();
	}
	assert_int_equal(lac.accms, LNS_ACCM_TELLS);
	assert_int_equal(lac.accm, 0x000a0000 + LNS_ACCM_TELLS - 1);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_in_a_rush_end_no_tunnel),
		cmocka_unit_test(slis_are_passed_on),
		cmocka_unit_test(what_is_not_believed_is_not_told_on),
		cmocka_unit_test(what_was_told_of_who_stays_is_forgotten),
		cmocka_unit_test(who_is_in_is_not_handed_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
