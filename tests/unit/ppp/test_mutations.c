/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole handshake, and each of its frames cut anywhere and with any byte changed, into copies of
 * both links as they were after each step of it. Under the sanitizers nothing may be read or
 * written beyond its bounds; in any build nobody gets in by it.
 */
#include <stdlib.h>

#include "harness.h"

enum { SERVER, CLIENT, FRAMES = 48, STEPS = 48 };

struct recording {
	struct wire_frame frames[FRAMES]; /* to: where it went */
	unsigned n_frames;
	struct ppp_link *links[STEPS][2];
	uint64_t at[STEPS];
	unsigned n_steps;
	unsigned long inputs;
};

/* As it is, between two calls: its events and frames were polled. */
static struct ppp_link *
copy_of(const struct ppp_link *l)
{
	struct ppp_link *copy = malloc(ppp_link_bytes(l->params));

	assert_non_null(copy);
	assert_null(l->out);
	memcpy(copy, l, ppp_link_bytes(l->params));
	if (l->auth != NULL) {
		copy->auth = malloc(sizeof(*l->auth));
		assert_non_null(copy->auth);
		*copy->auth = *l->auth;
	}
	return copy;
}

static void
record_frame(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	struct recording *r = p->tap_ctx;
	struct wire_frame *f = &r->frames[r->n_frames++];

	assert_true(r->n_frames < FRAMES);
	f->to = (uint8_t)!from;
	f->len = (uint16_t)len;
	memcpy(f->bytes, frame, len);
}

static void
record_links(struct pair *p)
{
	struct recording *r = p->tap_ctx;

	assert_true(r->n_steps < STEPS);
	for (int i = SERVER; i <= CLIENT; i++)
		r->links[r->n_steps][i] = copy_of(p->ends[i].l);
	r->at[r->n_steps++] = p->now;
}

/* From the first frame to traffic, an echo, and Terminate; the links kept after each step. */
static void
record(struct pair *p, struct recording *r, enum ppp_auth method)
{
	unsigned long carried = 0;

	p->tap = record_frame;
	p->tap_ctx = r;
	server(p)->params.n_auth = 1;
	server(p)->params.auth[0] = method;
	server(p)->params.compress_header = client(p)->params.compress_header = true;
	server(p)->hold_auth = true;
	pair_start(p);
	for (int ms = 0; ms < 30000 && server(p)->downs == 0; ms += 5) {
		pair_run(p, p->now + 5 * CV_NS_PER_MS);
		if (carried != p->carried || p->n_frames != 0)
			record_links(p);
		carried = p->carried;
		if (server(p)->auths != 0 && server(p)->auth_dones == 0) {
			ppp_auth_check(server(p)->l, p->now, &server(p)->secret);
			pair_drain(p, SERVER);
		}
		if (ms == 22000) {
			assert_true(server(p)->up && client(p)->up);
			ppp_link_close(client(p)->l, p->now, PPP_DOWN_LOCAL);
			pair_drain(p, CLIENT);
		}
	}
	assert_int_equal(server(p)->reason, PPP_DOWN_PEER_TERMINATED);
}

/* What a link says to one frame: nobody is let in, and each answer is a packet. */
static void
check(struct ppp_link *l, bool authenticated, uint64_t now)
{
	uint8_t frame[FRAME_BYTES];
	struct ppp_event ev;
	int len, n = 0;

	while (ppp_link_poll_event(l, &ev)) {
		assert_true(n++ < 16);
		if (!ppp_is_server(l))
			continue;
		assert_false(ev.type == PPP_EV_AUTH_DONE && ev.u.auth_done.ok);
		assert_int_not_equal(ev.type, PPP_EV_NETWORK);
		assert_true(ev.type != PPP_EV_UP || authenticated);
	}
	while ((len = ppp_link_poll_output(l, frame, sizeof(frame))) > 0) {
		struct ppp_packet packet;
		struct ppp_frame f;

		assert_true(n++ < 16);
		assert_int_equal(ppp_frame_parse(frame, (size_t)len, &f), 0);
		assert_int_equal(ppp_packet_parse(f.payload, &packet), 0);
		assert_int_equal(packet.whole.len, f.payload.len);
	}
	assert_int_equal(len, 0);
	now = cv_time_min(ppp_link_next_timeout(l), now + 1000 * CV_NS_PER_S);
	ppp_link_handle_timeout(l, now);
	assert_true(ppp_link_next_timeout(l) > now);
}

static void
feed(struct recording *r, const struct ppp_link *as, uint64_t now, const uint8_t *bytes, size_t len)
{
	struct ppp_link *l = copy_of(as);
	uint8_t *frame = malloc(len == 0 ? 1 : len); /* its own block, so that overruns show */

	assert_non_null(frame);
	if (len != 0)
		memcpy(frame, bytes, len);
	assert_true(ppp_link_input(l, now, frame, len) <= 0);
	free(frame);
	check(l, as->authenticated, now);
	ppp_link_free(l);
	r->inputs++;
}

static void
mutate(struct recording *r, const struct ppp_link *l, uint64_t now, struct wire_frame f)
{
	for (size_t cut = 0; cut <= f.len; cut++)
		feed(r, l, now, f.bytes, cut);
	for (size_t at = 0; at < f.len; at++) {
		uint8_t was = f.bytes[at];

		for (unsigned value = 0; value < 256; value++) {
			f.bytes[at] = (uint8_t)value;
			feed(r, l, now, f.bytes, f.len);
		}
		f.bytes[at] = was;
	}
}

/* Whether a step has the same states as one before it: then it says nothing new. */
static bool
seen(const struct recording *r, unsigned step, int which)
{
	struct ppp_link *l = r->links[step][which];

	for (unsigned i = 0; i < step; i++) {
		struct ppp_link *o = r->links[i][which];

		if (o->phase == l->phase && o->lcp.state == l->lcp.state &&
			ipcp(o)->state == ipcp(l)->state && o->auth_state == l->auth_state &&
			o->lcp.request_id == l->lcp.request_id &&
			ipcp(o)->request_id == ipcp(l)->request_id)
			return true;
	}
	return false;
}

static void
test_mutations(void **state, enum ppp_auth method)
{
	struct recording *r = calloc(1, sizeof(*r));
	struct pair *p = pair_new(*state);
	unsigned phases = 0;

	assert_non_null(r);
	record(p, r, method);
	for (unsigned step = 0; step < r->n_steps; step++) {
		for (int which = SERVER; which <= CLIENT; which++) {
			struct ppp_link *l = r->links[step][which];

			phases |= 1u << l->phase;
			for (unsigned i = 0; i < r->n_frames && !seen(r, step, which); i++)
				if (r->frames[i].to == which)
					mutate(r, l, r->at[step], r->frames[i]);
		}
	}
	/* establish, authenticate, network, terminate; a dead link was left out by the end */
	assert_int_equal(phases & 0x1e, 0x1e);
	print_message("# %u frames, %u steps, %lu inputs\n", r->n_frames, r->n_steps, r->inputs);
	for (unsigned step = 0; step < r->n_steps; step++)
		for (int which = SERVER; which <= CLIENT; which++)
			ppp_link_free(r->links[step][which]);
	free(r);
	pair_free(p);
}

static void
test_pap(void **state)
{
	test_mutations(state, PPP_AUTH_PAP);
}

static void
test_chap_md5(void **state)
{
	test_mutations(state, PPP_AUTH_CHAP_MD5);
}

static void
test_mschapv2(void **state)
{
	test_mutations(state, PPP_AUTH_MSCHAPV2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pap),
		cmocka_unit_test(test_chap_md5),
		cmocka_unit_test(test_mschapv2),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
