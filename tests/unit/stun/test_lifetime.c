/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a NAT keeps a silent mapping: found out through a NAT that is simulated, of chosen
 * times, with datagrams lost, and by servers that can't help. */
#include "vectors.h"

#include "stun/answer.h"
#include "stun/lifetime.h"

enum { FLIGHTS = 8, KEPT_PORT = 40001, ASKER_PORT = 40002, CLIENT_PORT = 5000 };

#define RTT_NS (50 * CV_NS_PER_MS)
#define S CV_NS_PER_S

/* A NAT that takes a mapping for a conversation after two seconds of both ways, as Linux does. */
struct nat {
	uint64_t single_ns, stream_ns;
	struct {
		bool there;
		uint64_t first, last; /* packets */
		bool both;
	} of[2];
	const char *addresses[2]; /* that the sockets have outside */
};

struct flight {
	uint64_t at;
	enum stun_lifetime_socket socket;
	uint8_t bytes[128];
	size_t len;
};

static struct world {
	uint64_t now;
	struct nat nat;
	struct stun_server server;
	bool deaf;     /* it answers nothing from now on */
	unsigned lose; /* each so many datagrams one is lost; 0: none */
	unsigned sent;
	unsigned asked; /* questions in all */
	struct flight flights[FLIGHTS];
	size_t n;
	struct stun_lifetime l;
} w;

static uint64_t
life_of(const struct nat *nat, unsigned i)
{
	return nat->of[i].both && nat->of[i].last - nat->of[i].first > 2 * S ? nat->stream_ns
									     : nat->single_ns;
}

static bool
mapped(struct nat *nat, unsigned i)
{
	if (nat->of[i].there && w.now - nat->of[i].last > life_of(nat, i))
		nat->of[i].there = false;
	return nat->of[i].there;
}

static void
out_of(struct nat *nat, unsigned i)
{
	if (!mapped(nat, i)) {
		nat->of[i].there = true;
		nat->of[i].both = false;
		nat->of[i].first = w.now; /* the same port as before, as Linux gives it */
	}
	nat->of[i].last = w.now;
}

static bool
lost(void)
{
	return w.lose != 0 && ++w.sent % w.lose == 0;
}

/* The server's answer sets out. */
static void
serve(unsigned socket, const uint8_t *bytes, size_t len)
{
	struct cv_endpoint from =
		endpoint(w.nat.addresses[socket], socket == STUN_KEPT ? KEPT_PORT : ASKER_PORT);
	struct flight *f = &w.flights[w.n];
	struct stun_reply reply;

	if (w.deaf ||
		stun_answer(&w.server, &from, (struct cv_bytes){bytes, len}, f->bytes,
			sizeof(f->bytes), &reply) != STUN_ANSWERED ||
		lost())
		return;
	assert_true(w.n < FLIGHTS);
	/* to whoever has that port outside, at the address of who asked */
	f->socket = reply.port == KEPT_PORT ? STUN_KEPT : STUN_ASKER;
	if (strcmp(w.nat.addresses[f->socket], w.nat.addresses[socket]) != 0)
		return;
	f->len = reply.len;
	f->at = w.now + RTT_NS;
	w.n++;
}

static void
land(const struct flight *f)
{
	if (!mapped(&w.nat, f->socket))
		return;
	w.nat.of[f->socket].both = true;
	w.nat.of[f->socket].last = w.now;
	assert_int_equal(
		stun_lifetime_input(&w.l, w.now, f->socket, (struct cv_bytes){f->bytes, f->len}),
		0);
}

static uint64_t
earliest(void)
{
	uint64_t at = stun_lifetime_next_timeout(&w.l);

	for (size_t i = 0; i < w.n; i++)
		at = w.flights[i].at < at ? w.flights[i].at : at;
	return at;
}

static void
measure(uint64_t deaf_at)
{
	struct stun_lifetime_send send;

	w.now = 1000 * S;
	stun_lifetime_begin(&w.l,
		&(struct stun_lifetime_params){.server = w.server.here,
			.first_ns = 25 * S,
			.longest_ns = 600 * S,
			.rto_ns = S / 2,
			.sends = 4,
			.id = "abcdefghijk"},
		w.now);
	while (!stun_lifetime_done(&w.l)) {
		while (stun_lifetime_poll(&w.l, w.now, &send)) {
			assert_true(++w.asked < 10000);
			out_of(&w.nat, send.socket);
			if (!lost())
				serve(send.socket, send.bytes, send.len);
		}
		w.now = earliest();
		assert_true(stun_lifetime_done(&w.l) || w.now != CV_TIME_NEVER);
		w.deaf |= w.now > deaf_at;
		for (size_t i = 0; i < w.n;) {
			if (w.flights[i].at > w.now) {
				i++;
				continue;
			}
			struct flight f = w.flights[i];

			w.flights[i] = w.flights[--w.n];
			land(&f);
		}
	}
	assert_false(stun_lifetime_poll(&w.l, w.now, &send));
	assert_true(stun_lifetime_next_timeout(&w.l) == CV_TIME_NEVER);
}

static void
begin(uint64_t single_ns, uint64_t stream_ns)
{
	w = (struct world){
		.nat = {single_ns, stream_ns, .addresses = {"203.0.113.1", "203.0.113.1"}},
		.server = {
			.here = endpoint("192.0.2.1", 3478), .other = endpoint("192.0.2.2", 3479)}};
}

/* What a conversation gets is found, not what a single question gets. */
static void
the_time_is_found(void **state)
{
	static const uint64_t times[] = {4 * S, 17 * S, 30 * S, 61 * S, 120 * S, 180 * S, 300 * S};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		begin(times[i] < 30 * S ? times[i] : 30 * S, times[i]);
		measure(CV_TIME_NEVER);
		assert_int_equal(w.l.state, STUN_LIFETIME_KNOWN);
		assert_true(w.l.alive_ns <= times[i] && w.l.dead_ns >= times[i]);
		assert_true(w.l.dead_ns - w.l.alive_ns <= times[i] / 8 + 2 * S);
		assert_true(stun_lifetime_keepalive(&w.l, 0) < times[i]);
		assert_true(stun_lifetime_keepalive(&w.l, 0) * 2 > times[i] - 4 * S);
	}
}

static void
longer_than_is_of_interest(void **state)
{
	(void)state;
	begin(30 * S, 3600 * S);
	measure(CV_TIME_NEVER);
	assert_int_equal(w.l.state, STUN_LIFETIME_KNOWN);
	assert_true(w.l.alive_ns == 600 * S && w.l.dead_ns == 0);
	assert_true(w.asked < 40);
}

static void
losses_are_borne(void **state)
{
	(void)state;
	for (unsigned lose = 3; lose < 8; lose++) {
		begin(30 * S, 120 * S);
		w.lose = lose;
		measure(CV_TIME_NEVER);
		assert_int_equal(w.l.state, STUN_LIFETIME_KNOWN);
		assert_true(w.l.alive_ns <= 120 * S && w.l.dead_ns >= 120 * S);
	}
}

/* Nothing is concluded from who is silent. */
static void
a_server_that_goes(void **state)
{
	(void)state;
	begin(30 * S, 120 * S);
	measure(1200 * S);
	assert_int_equal(w.l.state, STUN_LIFETIME_SILENT);
	assert_true(w.l.alive_ns <= 120 * S && (w.l.dead_ns == 0 || w.l.dead_ns >= 120 * S));
	begin(30 * S, 120 * S);
	measure(0);
	assert_int_equal(w.l.state, STUN_LIFETIME_SILENT);
	assert_true(stun_lifetime_keepalive(&w.l, 15 * S) == 15 * S);
}

static void
a_server_that_can_not(void **state)
{
	(void)state;
	begin(30 * S, 120 * S);
	w.server.other = (struct cv_endpoint){0};
	measure(CV_TIME_NEVER);
	assert_int_equal(w.l.state, STUN_LIFETIME_UNABLE);
	assert_true(stun_lifetime_keepalive(&w.l, 15 * S) == 15 * S);
	/* or a NAT of several addresses, which gives each socket another one */
	begin(30 * S, 120 * S);
	w.nat.addresses[STUN_ASKER] = "203.0.113.2";
	measure(CV_TIME_NEVER);
	assert_int_equal(w.l.state, STUN_LIFETIME_UNABLE);
}

static void
what_is_no_answer(void **state)
{
	struct stun_lifetime_send send;
	struct stun_reply reply;
	struct cv_endpoint from = endpoint("203.0.113.1", KEPT_PORT);
	uint8_t answer[128];

	(void)state;
	begin(30 * S, 120 * S);
	stun_lifetime_begin(
		&w.l, &(struct stun_lifetime_params){.first_ns = S, .rto_ns = S, .sends = 2}, 0);
	assert_true(stun_lifetime_poll(&w.l, 0, &send));
	assert_int_equal(send.socket, STUN_KEPT);
	assert_int_equal(stun_answer(&w.server, &from, (struct cv_bytes){send.bytes, send.len},
				 answer, sizeof(answer), &reply),
		STUN_ANSWERED);
	/* on the other socket, cut, of another question */
	assert_int_equal(
		stun_lifetime_input(&w.l, 0, STUN_ASKER, (struct cv_bytes){answer, reply.len}),
		CV_ERR_UNKNOWN);
	for (size_t len = 0; len < reply.len; len++)
		assert_true(stun_lifetime_input(
				    &w.l, 0, STUN_KEPT, (struct cv_bytes){answer, len}) < 0);
	answer[15] ^= 1;
	assert_int_equal(
		stun_lifetime_input(&w.l, 0, STUN_KEPT, (struct cv_bytes){answer, reply.len}),
		CV_ERR_UNKNOWN);
	answer[15] ^= 1;
	assert_int_equal(
		stun_lifetime_input(&w.l, 0, STUN_KEPT, (struct cv_bytes){answer, reply.len}), 0);
	/* once */
	assert_int_equal(
		stun_lifetime_input(&w.l, 0, STUN_KEPT, (struct cv_bytes){answer, reply.len}),
		CV_ERR_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_is_found),
		cmocka_unit_test(longer_than_is_of_interest),
		cmocka_unit_test(losses_are_borne),
		cmocka_unit_test(a_server_that_goes),
		cmocka_unit_test(a_server_that_can_not),
		cmocka_unit_test(what_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
