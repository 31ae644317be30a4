/* SPDX-License-Identifier: BSD-3-Clause */
/* PPP as the configuration says, and names as clients present them. */
#include "world.h"

#include <string.h>

#include "l2tp/header.h"

#define WITH(ppp, users)                                              \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"            \
	"listeners: [{address: 192.0.2.1/24}]\n"                      \
	"tunnels: {secrets: [{secret: none}]}\n"                      \
	"ppp: {" ppp "}\n"                                            \
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n" \
	"users: [" users "]\n"                                        \
	"limits: {sessions: 30, tunnels: 100}\n"

#define ALICE "{name: alice, password-file: alice}"

/* Frames of one protocol and code that went to the client, and whether the client is heard. */
struct watch {
	uint16_t protocol;
	uint8_t code;
	bool deaf;
	unsigned seen;
};

static bool
watched(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	struct watch *watch = w->filter_ctx;

	if ((bytes[0] & 0x80) != 0 || len < 14)
		return true;
	if (to < 0)
		return !watch->deaf;
	watch->seen += bytes[10] == watch->protocol >> 8 && bytes[11] == (watch->protocol & 0xff) &&
		       bytes[12] == watch->code;
	return true;
}

static void
watch(struct world *w, struct watch *watch, uint16_t protocol, uint8_t code)
{
	*watch = (struct watch){.protocol = protocol, .code = code};
	w->filter = watched;
	w->filter_ctx = watch;
}

static struct world_client *
dial(struct world *w, const char *user, const char *password, enum ppp_auth method)
{
	struct world_client *c = world_client(w, user, password, method);

	c->l2tp_params.secret = NULL;
	client_dial(c);
	world_sleep(w, 3 * CV_NS_PER_S);
	return c;
}

/* A frame of the client's that its link knows nothing of. */
static void
say(struct world_client *c, const void *frame, size_t len)
{
	uint8_t bytes[256];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));
	struct l2tp_tunnel_info info;

	l2tp_tunnel_info(c->l2tp, &info);
	l2tp_data_header_write(&w, info.remote_tunnel_id, c->peer_session, len);
	cv_write_bytes(&w, frame, len);
	assert_false(w.failed);
	world_inject(c->world, &c->address, bytes, cv_written(&w));
}

static void
max_configure_is_a_key(void **state)
{
	struct watch requests;
	struct world w;

	(void)state;
	world_up(&w, WITH("max-configure: 3, restart: 1s, lcp-timeout: 60s", ALICE), 61);
	watch(&w, &requests, PPP_LCP, 1);
	requests.deaf = true;
	dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(requests.seen, 3);
	assert_string_equal(w.reason, "LCP: no agreement in time");
	world_down(&w);
}

static void
max_terminate_is_a_key(void **state)
{
	struct world_client *c;
	struct watch requests;
	struct world w;

	(void)state;
	world_up(&w, WITH("max-terminate: 4, restart: 1s", ALICE), 62);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	assert_true(c->up);
	c->hang_up = false;
	watch(&w, &requests, PPP_LCP, 5);
	requests.deaf = true;
	assert_int_equal(lns_kick_user(w.lns, w.now, "alice", PPP_DOWN_KICKED), 1);
	world_sleep(&w, 10 * CV_NS_PER_S);
	assert_int_equal(requests.seen, 4);
	assert_string_equal(w.reason, "ended by the administrator");
	world_down(&w);
}

static void
max_failure_is_a_key(void **state)
{
	static const uint8_t mru_0[] = {0xff, 3, 0xc0, 0x21, 1, 9, 0, 8, 1, 4, 0, 0};
	struct world_client *c;
	struct watch answers;
	struct world w;

	(void)state;
	world_up(&w, WITH("max-failure: 3", ALICE), 63);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	watch(&w, &answers, PPP_LCP, 3);
	for (unsigned i = 0; i < 5; i++)
		say(c, mru_0, sizeof(mru_0));
	assert_int_equal(answers.seen, 3); /* Naks, and two Rejects */
	world_down(&w);
}

/* Loses what the client says of one protocol; 0: of all. */
static bool
silent(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	uint16_t protocol = *(const uint16_t *)w->filter_ctx;

	if (to >= 0 || (bytes[0] & 0x80) != 0 || len < 12)
		return true;
	return protocol != 0 && (bytes[10] << 8 | bytes[11]) != protocol;
}

/* A peer that stops to speak in any phase: each has its time and its reason, and what it held is
 * free again. */
static void
each_silence_is_bounded_and_has_its_reason(void **state)
{
	static const struct {
		uint16_t protocol;
		enum ppp_auth method;
		unsigned seconds;
		const char *reason;
	} cases[] = {
		{0, PPP_AUTH_PAP, 10, "LCP: no agreement in time"},
		{PPP_LCP, PPP_AUTH_PAP, 10, "LCP: no agreement in time"},
		{PPP_PAP, PPP_AUTH_PAP, 15, "authentication: no answer in time"},
		{PPP_CHAP, PPP_AUTH_CHAP_MD5, 15, "authentication: no answer in time"},
		{PPP_CHAP, PPP_AUTH_MSCHAPV2, 15, "authentication: no answer in time"},
		{PPP_IPCP, PPP_AUTH_CHAP_MD5, 20, "IPCP: no agreement in time"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t protocol = cases[i].protocol;
		struct world_client *c;
		struct world w;

		world_up(&w,
			WITH("auth: [mschapv2, chap-md5, pap], lcp-timeout: 10s, auth-timeout: "
			     "15s, "
			     "ipcp-timeout: 20s, echo: 0s",
				ALICE),
			66);
		w.filter = silent;
		w.filter_ctx = &protocol;
		c = dial(&w, "alice", "pass-a", cases[i].method);
		world_sleep(&w, (cases[i].seconds - 4) * CV_NS_PER_S);
		assert_int_equal(w.removed, 0);
		world_sleep(&w, 8 * CV_NS_PER_S); /* and to say good-bye */
		assert_int_equal(w.removed, 1);
		assert_string_equal(w.reason, cases[i].reason);
		assert_false(c->up);
		w.filter = NULL;
		client_free(c);
		w.n_clients = 0;
		assert_true(dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5)->up);
		world_down(&w);
	}
}

/* Protocol-Reject of IPCP or of IP: traffic stops, the call does not; IPCP brings it back with the
 * same address. Left at that, the session ends in IPCP's time and says why. */
static void
protocol_reject_of_ip_leaves_the_call(void **state)
{
	static const uint8_t rejects[][12] = {{0xff, 3, 0xc0, 0x21, 8, 1, 0, 8, 0x80, 0x21, 1, 1},
		{0xff, 3, 0xc0, 0x21, 8, 1, 0, 8, 0x00, 0x21, 0x45, 0}};
	static const uint8_t request[] = {0xff, 3, 0x80, 0x21, 1, 99, 0, 10, 3, 6, 10, 0, 0, 77};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool again = i >= 2;
		struct world_client *c;
		struct world w;

		world_up(&w,
			WITH("auth: [chap-md5]",
				"{name: alice, password-file: alice, address: 10.0.0.77}"),
			67);
		c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
		assert_int_equal(open_slots(&w), 1);
		say(c, rejects[i % 2], sizeof(rejects[0]));
		assert_int_equal(open_slots(&w), 0);
		world_sleep(&w, 25 * CV_NS_PER_S);
		assert_int_equal(w.removed, 0);
		if (again) {
			say(c, request, sizeof(request));
			world_sleep(&w, 60 * CV_NS_PER_S);
			assert_int_equal(open_slots(&w), 1);
			assert_true(c->up);
		} else if (i == 0) { /* after IP's the client ends it first */
			world_sleep(&w, 15 * CV_NS_PER_S);
			assert_int_equal(w.removed, 1);
			assert_string_equal(w.reason, "the peer does not take IPCP");
		}
		world_down(&w);
	}
}

/* What the data path shows of inner IPv6 is answered by Protocol-Reject, and the session stays. */
static void
inner_ipv6_is_rejected(void **state)
{
	static const uint8_t packets[][6] = {
		{0xff, 3, 0x00, 0x57, 0x60, 0}, {0x57, 0x60}, {0xff, 3, 0x80, 0x57, 1, 1}};
	struct world_client *c;
	struct watch rejects;
	struct world w;

	(void)state;
	world_up(&w, WITH("auth: [chap-md5]", ALICE), 65);
	c = dial(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	watch(&w, &rejects, PPP_LCP, 8);
	for (unsigned i = 0; i < 3; i++)
		say(c, packets[i], sizeof(packets[i]));
	assert_int_equal(rejects.seen, 3);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(c->up);
	world_down(&w);
}

/* Windows sends DOMAIN\user; the user is known by his name, and by the whole where it is one. */
static void
a_domain_before_the_name_is_left_out(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		static const struct {
			const char *name, *password;
			bool in;
		} cases[] = {{"CORP\\alice", "pass-a", true}, {"A\\B\\alice", "pass-a", true},
			{"\\alice", "pass-a", true}, {"CORP\\alice", "pass-b", false},
			{"LAB\\alice", "pass-b", true}, /* a user of his own */
			{"LAB\\alice", "pass-a", false}, {"alice\\CORP", "pass-a", false},
			{"CORP\\", "pass-a", false}, {"CORP/alice", "pass-a", false}};
		struct world_client *c;
		struct world w;

		(void)state;
		world_up(&w,
			WITH("auth: [mschapv2, chap-md5, pap]",
				ALICE ", {name: 'LAB\\alice', password-file: bob}"),
			64);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			c = dial(&w, cases[i].name, cases[i].password, (enum ppp_auth)method);
			assert_int_equal(c->up, cases[i].in);
			if (i < 2) { /* shown and ended under the user's name */
				assert_true(world_logged(&w, "session-up", "user=alice "));
				assert_int_equal(
					lns_kick_user(w.lns, w.now, "alice", PPP_DOWN_KICKED), 1);
				world_sleep(&w, 2 * CV_NS_PER_S);
			}
			client_free(c);
			w.n_clients = 0;
		}
		world_down(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_configure_is_a_key),
		cmocka_unit_test(max_terminate_is_a_key),
		cmocka_unit_test(max_failure_is_a_key),
		cmocka_unit_test(each_silence_is_bounded_and_has_its_reason),
		cmocka_unit_test(protocol_reject_of_ip_leaves_the_call),
		cmocka_unit_test(inner_ipv6_is_rejected),
		cmocka_unit_test(a_domain_before_the_name_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
