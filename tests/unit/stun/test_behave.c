/* SPDX-License-Identifier: BSD-3-Clause */
/* A client asks our own server through a NAT of each kind, in invented time. */
#include "server.h"

#include "stun/behave.h"
#include "stun/echo.h"

enum { HELD = 64, ROUND_TRIP_MS = 10 };

/* What the network is like. */
static struct {
	enum stun_behaviour mapping, filtering; /* STUN_UNKNOWN: no NAT; no filter */
	bool rfc5780, ignores_change;
	unsigned lose;          /* so many datagrams at first get lost */
	bool deaf;              /* nothing reaches the second socket */
	bool no_other;          /* the server's other address is not reached */
	struct cv_endpoint lie; /* OTHER-ADDRESS of its answers, where family is not 0 */
} net;

static struct stun_behave b;
static struct stun_found found;
static struct cv_endpoint local[2], server, other;
static uint64_t now;
static unsigned sends;

/* What the NAT has noted of a socket's datagrams: to whom, and as which outer port. */
static struct {
	enum stun_socket socket;
	struct cv_endpoint to;
	uint16_t port;
} held[HELD];
static unsigned n_held;

static bool
same_mapping(unsigned i, enum stun_socket socket, const struct cv_endpoint *to)
{
	if (held[i].socket != socket)
		return false;
	if (net.mapping != STUN_ENDPOINT_INDEPENDENT && !cv_ip_equal(&held[i].to.ip, &to->ip))
		return false;
	return net.mapping != STUN_PORT_DEPENDENT || held[i].to.port == to->port;
}

static struct cv_endpoint
outer(enum stun_socket socket, const struct cv_endpoint *to)
{
	struct cv_endpoint as = endpoint("192.0.2.11", 0);

	for (unsigned i = 0; i < n_held && as.port == 0; i++)
		if (same_mapping(i, socket, to))
			as.port = held[i].port;
	if (as.port == 0)
		as.port = (uint16_t)(40000 + n_held);
	assert_true(n_held < HELD);
	held[n_held].socket = socket;
	held[n_held].to = *to;
	held[n_held++].port = as.port;
	if (net.mapping == STUN_UNKNOWN)
		return local[socket];
	return as;
}

static bool
let_in(enum stun_socket socket, const struct cv_endpoint *from)
{
	for (unsigned i = 0; i < n_held; i++) {
		if (held[i].socket != socket)
			continue;
		if (net.filtering <= STUN_ENDPOINT_INDEPENDENT ||
			(cv_ip_equal(&held[i].to.ip, &from->ip) &&
				(net.filtering == STUN_ADDRESS_DEPENDENT ||
					held[i].to.port == from->port)))
			return true;
	}
	return false;
}

/* The answer that a datagram gets, and from where. */
static size_t
serve(const struct stun_send *s, const struct cv_endpoint *from, uint8_t answer[256],
	struct cv_endpoint *source)
{
	struct stun_server as = {.here = s->to};
	struct cv_bytes question = {s->bytes, s->len};
	bool at_other = cv_ip_equal(&s->to.ip, &other.ip);
	struct stun_reply r;
	size_t len;

	*source = s->to;
	if (!cv_ip_equal(&s->to.ip, &server.ip) && (!at_other || net.no_other))
		return 0;
	if (s->to.port == 7)
		return stun_echo(from, question, (char *)answer, &len) == STUN_ECHO_ANSWERED ? len
											     : 0;
	if (net.rfc5780) {
		as.other = at_other ? server : other;
		as.other.port = s->to.port == server.port ? other.port : server.port;
	}
	if (stun_answer(&as, from, question, answer, 256, &r) != STUN_ANSWERED)
		return 0;
	if (r.other_ip && !net.ignores_change)
		source->ip = as.other.ip;
	if (r.other_port && !net.ignores_change)
		source->port = as.other.port;
	return r.len;
}

/* OTHER-ADDRESS of an answer becomes a lie. */
static void
forge(uint8_t *answer, size_t len)
{
	struct cv_bytes value;
	struct stun_message m;

	if (net.lie.ip.family == 0 || stun_parse((struct cv_bytes){answer, len}, &m) != 0 ||
		!find(&m, STUN_OTHER_ADDRESS, &value))
		return;
	answer[value.data - answer + 2] = (uint8_t)(net.lie.port >> 8);
	answer[value.data - answer + 3] = (uint8_t)net.lie.port;
	memcpy(answer + (value.data - answer) + 4, net.lie.ip.bytes, 4);
}

static void
carry(const struct stun_send *s)
{
	struct cv_endpoint from = outer(s->socket, &s->to), source;
	uint8_t answer[256];
	size_t len;

	sends++;
	if (net.lose != 0) {
		net.lose--;
		return;
	}
	len = serve(s, &from, answer, &source);
	forge(answer, len);
	if (len == 0 || !let_in(s->socket, &source) || (net.deaf && s->socket == STUN_SECOND))
		return;
	now += ROUND_TRIP_MS * CV_NS_PER_MS;
	(void)stun_behave_input(&b, now, s->socket, &source, (struct cv_bytes){answer, len});
}

static struct stun_behave_params
params(void)
{
	struct stun_behave_params p = {.places = {{.at = server}},
		.count = 1,
		.local = local[STUN_MAIN],
		.second = true,
		.rto_ns = 200 * CV_NS_PER_MS,
		.sends = 3};

	for (unsigned i = 0; i < STUN_QUESTIONS; i++)
		memset(p.ids[i], (int)(i + 1), STUN_TRANSACTION);
	return p;
}

/* To its end, which comes within 2 * 7 intervals, and what else the round trips take. */
static void
run(const struct stun_behave_params *p)
{
	uint64_t start = now = 1000 * CV_NS_PER_S;
	struct stun_send s;

	n_held = sends = 0;
	stun_behave_begin(&b, p, now);
	while (!stun_behave_done(&b)) {
		uint64_t next;

		while (stun_behave_poll(&b, now, &s))
			carry(&s);
		next = stun_behave_next_timeout(&b);
		if (stun_behave_done(&b))
			break;
		assert_true(next != CV_TIME_NEVER);
		now = next > now ? next : now;
	}
	assert_int_equal(stun_behave_next_timeout(&b), CV_TIME_NEVER);
	assert_true(now - start <= 2 * 7 * p->rto_ns + 100 * CV_NS_PER_MS);
	stun_behave_found(&b, &found);
}

static int
setup_net(void **state)
{
	memset(&net, 0, sizeof(net));
	net.rfc5780 = true;
	server = endpoint("192.0.2.1", 3478);
	other = endpoint("192.0.2.129", 3479);
	local[STUN_MAIN] = endpoint("10.0.0.2", 1701);
	local[STUN_SECOND] = endpoint("10.0.0.2", 1702);
	return setup(state);
}

static void
test_each_kind(void **state)
{
	struct stun_behave_params p = params();

	(void)state;
	for (unsigned m = STUN_ENDPOINT_INDEPENDENT; m <= STUN_PORT_DEPENDENT; m++)
		for (unsigned f = STUN_ENDPOINT_INDEPENDENT; f <= STUN_PORT_DEPENDENT; f++) {
			net.mapping = (enum stun_behaviour)m;
			net.filtering = (enum stun_behaviour)f;
			run(&p);
			assert_true(found.answered && found.nat && found.mapping_sure);
			assert_int_equal(found.mapping, m);
			assert_int_equal(found.filtering, f);
			assert_int_equal(found.seen.port, held[0].port);
			assert_int_equal(found.places[0].rtt_ns, ROUND_TRIP_MS * CV_NS_PER_MS);
		}
}

static void
test_no_nat(void **state)
{
	struct stun_behave_params p = params();

	(void)state;
	run(&p);
	assert_true(found.answered && !found.nat && found.mapping_sure);
	assert_int_equal(found.mapping, STUN_ENDPOINT_INDEPENDENT);
	assert_int_equal(found.filtering, STUN_ENDPOINT_INDEPENDENT);
	assert_true(cv_endpoint_equal(&found.seen, &local[STUN_MAIN]));
	/* a filter without a NAT */
	net.filtering = STUN_PORT_DEPENDENT;
	run(&p);
	assert_false(found.nat);
	assert_int_equal(found.filtering, STUN_PORT_DEPENDENT);
}

/* Each datagram is sent three times, and then nothing more. */
static void
test_blocked(void **state)
{
	struct stun_behave_params p = params();

	(void)state;
	net.lose = 100;
	run(&p);
	assert_false(found.answered || found.nat);
	assert_int_equal(found.mapping, STUN_UNKNOWN);
	assert_int_equal(found.filtering, STUN_UNKNOWN);
	assert_int_equal(sends, 3);
	assert_int_equal(now, 1000 * CV_NS_PER_S + 7 * p.rto_ns);
}

static void
test_loss(void **state)
{
	struct stun_behave_params p = params();

	(void)state;
	net.mapping = STUN_PORT_DEPENDENT;
	net.filtering = STUN_ADDRESS_DEPENDENT;
	net.lose = 2;
	run(&p);
	assert_int_equal(found.mapping, STUN_PORT_DEPENDENT);
	assert_int_equal(found.filtering, STUN_ADDRESS_DEPENDENT);
	assert_int_equal(found.places[0].rtt_ns, 0); /* which of the three was answered? */
}

/* Without RFC 5780 from several places: what they have in common. */
static void
test_places(void **state)
{
	static const struct {
		enum stun_behaviour nat;
		bool same_ip;
		enum stun_behaviour mapping;
		bool sure;
	} cases[] = {
		{STUN_ENDPOINT_INDEPENDENT, true, STUN_ENDPOINT_INDEPENDENT, false},
		{STUN_ENDPOINT_INDEPENDENT, false, STUN_ENDPOINT_INDEPENDENT, true},
		{STUN_ADDRESS_DEPENDENT, true, STUN_ENDPOINT_INDEPENDENT, false},
		{STUN_ADDRESS_DEPENDENT, false, STUN_ADDRESS_DEPENDENT, false},
		{STUN_PORT_DEPENDENT, true, STUN_PORT_DEPENDENT, true},
		{STUN_PORT_DEPENDENT, false, STUN_ADDRESS_DEPENDENT, false},
	};
	struct stun_behave_params p = params();

	(void)state;
	net.rfc5780 = false;
	net.filtering = STUN_PORT_DEPENDENT;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		net.mapping = cases[i].nat;
		p.count = 2;
		p.places[1] = (struct stun_place){
			.at = cases[i].same_ip ? endpoint("192.0.2.1", 7) : other,
			.echo = cases[i].same_ip};
		run(&p);
		assert_true(found.places[0].answered && found.places[1].answered);
		assert_int_equal(found.mapping, cases[i].mapping);
		assert_int_equal(found.mapping_sure, cases[i].sure);
		assert_int_equal(found.filtering, STUN_UNKNOWN);
	}
	/* one alone says that there is a NAT */
	p.count = 1;
	run(&p);
	assert_true(found.nat && !found.mapping_sure);
	assert_int_equal(found.mapping, STUN_UNKNOWN);
	/* all three kinds of question, one of which is not answered */
	net.mapping = STUN_ADDRESS_DEPENDENT;
	p.count = 4;
	p.places[1] = (struct stun_place){.at = endpoint("192.0.2.1", 7), .echo = true};
	p.places[2] = (struct stun_place){.at = other};
	p.places[3] = (struct stun_place){.at = endpoint("192.0.2.129", 7), .echo = true};
	run(&p);
	assert_int_equal(found.mapping, STUN_ADDRESS_DEPENDENT);
	assert_true(found.mapping_sure);
	net.no_other = true;
	run(&p);
	assert_true(found.places[1].answered && !found.places[2].answered);
	assert_int_equal(found.mapping, STUN_ENDPOINT_INDEPENDENT);
	assert_false(found.mapping_sure);
}

/* A server that promises RFC 5780 and does not keep it: nothing wrong is said of the filter. */
static void
test_half_a_server(void **state)
{
	struct stun_behave_params p = params();

	(void)state;
	net.mapping = STUN_ENDPOINT_INDEPENDENT;
	net.filtering = STUN_PORT_DEPENDENT;
	net.ignores_change = true;
	run(&p);
	assert_int_equal(found.mapping, STUN_ENDPOINT_INDEPENDENT);
	assert_true(found.mapping_sure);
	assert_int_equal(found.filtering, STUN_UNKNOWN);
	/* silence says nothing where the usual answer does not come, either */
	net.ignores_change = false;
	net.deaf = true;
	run(&p);
	assert_int_equal(found.filtering, STUN_UNKNOWN);
	net.deaf = false;
	net.no_other = true;
	run(&p);
	assert_int_equal(found.mapping, STUN_UNKNOWN);
	p.second = false;
	run(&p);
	assert_int_equal(found.filtering, STUN_UNKNOWN);
}

/* OTHER-ADDRESS has us send to nobody who can't be a server; to another at most six datagrams. */
static void
test_hostile_other(void **state)
{
	static const struct {
		const char *ip;
		uint16_t port;
	} lies[] = {{"0.0.0.0", 3479}, {"224.0.0.1", 3479}, {"255.255.255.255", 3479},
		{"127.0.0.1", 3479}, {"192.0.2.1", 3479}, {"192.0.2.129", 3478},
		{"192.0.2.129", 0}};
	struct stun_behave_params p = params();

	(void)state;
	net.mapping = STUN_ENDPOINT_INDEPENDENT;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		net.lie = endpoint(lies[i].ip, lies[i].port);
		run(&p);
		assert_int_equal(sends, 1);
		assert_true(found.answered);
		assert_int_equal(found.filtering, STUN_UNKNOWN);
	}
	net.lie = endpoint("198.51.100.7", 53);
	run(&p);
	for (unsigned i = sends = 0; i < n_held; i++)
		sends += cv_ip_equal(&held[i].to.ip, &net.lie.ip);
	assert_int_equal(sends, 6);
}

/* What does not answer is not taken for an answer. */
static void
test_hostile_answers(void **state)
{
	static const uint8_t junk[] = "192.0.2.99:99\n";
	struct stun_behave_params p = params();
	struct cv_endpoint elsewhere = endpoint("192.0.2.66", 3478);
	uint8_t answer[256];
	struct cv_endpoint source;
	struct stun_send s;
	size_t len;

	(void)state;
	net.rfc5780 = false;
	now = 1;
	stun_behave_begin(&b, &p, now);
	/* before anything was asked */
	assert_int_equal(
		stun_behave_input(&b, now, STUN_MAIN, &server, BYTES(junk)), CV_ERR_UNKNOWN);
	assert_true(stun_behave_poll(&b, now, &s));
	assert_false(stun_behave_poll(&b, now, &s));
	assert_true(cv_endpoint_equal(&s.to, &server));
	len = serve(&s, &elsewhere, answer, &source);
	/* from elsewhere; on the other socket; with another ID; of no address; text */
	assert_int_equal(
		stun_behave_input(&b, now, STUN_MAIN, &elsewhere, (struct cv_bytes){answer, len}),
		CV_ERR_UNKNOWN);
	assert_int_equal(
		stun_behave_input(&b, now, STUN_SECOND, &server, (struct cv_bytes){answer, len}),
		CV_ERR_UNKNOWN);
	answer[8] ^= 1;
	assert_int_equal(
		stun_behave_input(&b, now, STUN_MAIN, &server, (struct cv_bytes){answer, len}),
		CV_ERR_UNKNOWN);
	assert_true(stun_behave_input(&b, now, STUN_MAIN, &server, BYTES(junk)) < 0);
	len = serve(&s, &server, answer, &source);
	memcpy(answer + STUN_HEADER + 4, "\0\1\x21\x12\x21\x12\xa4\x42", 8); /* 0.0.0.0:0 */
	assert_int_equal(
		stun_behave_input(&b, now, STUN_MAIN, &server, (struct cv_bytes){answer, len}),
		CV_ERR_MALFORMED);
	assert_false(stun_behave_done(&b));
	stun_behave_found(&b, &found);
	assert_false(found.answered);
}

static void
test_read_echo(void **state)
{
	static const char *const wrong[] = {"", "\n", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0",
		"192.0.2.1:65536", "192.0.2.1:999999", "192.0.2.1:1x", "192.0.2.1: 1",
		"2001:db8::1:7", "[192.0.2.1]:7", "[2001:db8::1:7", "2001:db8::1]:7",
		"[2001:db8::1]7", "192.0.2.1:7\n\n", "192.0.2:7",
		"[2001:0db8:0000:0000:0000:0000:0000:0001]:000000000000000000000007"};
	struct cv_endpoint ep, want = endpoint("192.0.2.11", 40001);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct cv_bytes copy = copy_of(wrong[i], strlen(wrong[i]));

		if (stun_read_echo(copy, &ep) != CV_ERR_MALFORMED)
			fail_msg("taken: '%s'", wrong[i]);
		drop_copy(copy);
	}
	for (unsigned six = 0; six < 2; six++) {
		char text[STUN_ECHO_MAX];
		uint8_t question[STUN_ECHO_MAX] = "?";
		size_t len;

		if (six)
			want = endpoint("2001:db8::11", 1);
		assert_int_equal(stun_echo(&want, BYTES(question), text, &len), STUN_ECHO_ANSWERED);
		assert_int_equal(stun_read_echo((struct cv_bytes){(uint8_t *)text, len}, &ep), 0);
		assert_true(cv_endpoint_equal(&ep, &want));
		text[2] = '\0';
		assert_int_equal(stun_read_echo((struct cv_bytes){(uint8_t *)text, len}, &ep),
			CV_ERR_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_kind, setup_net),
		cmocka_unit_test_setup(test_no_nat, setup_net),
		cmocka_unit_test_setup(test_blocked, setup_net),
		cmocka_unit_test_setup(test_loss, setup_net),
		cmocka_unit_test_setup(test_places, setup_net),
		cmocka_unit_test_setup(test_half_a_server, setup_net),
		cmocka_unit_test_setup(test_hostile_other, setup_net),
		cmocka_unit_test_setup(test_hostile_answers, setup_net),
		cmocka_unit_test_setup(test_read_echo, setup_net),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
