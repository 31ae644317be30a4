/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 8415 section 18.3, message by message. */
#include "client.h"

enum { SUCCESS, NO_ADDRESSES = 2, NO_BINDING = 3, NOT_ON_LINK = 4, NO_PREFIX = 6 };

static const char *const right[] = {"2001:db8:100::/56", NULL};
static const char *const wrong[] = {"2001:db8:200::/56", NULL};

static uint8_t packet[AUTO6_PACKET_MAX];

/* What is said to s, which must be heard; type 0: nothing. */
static struct heard
answer(struct said *s, const struct auto6_terms *t)
{
	struct auto6_message m;
	size_t len;

	assert_int_equal(read_said(s, &m), 0);
	memset(packet, 0xaa, sizeof(packet));
	len = auto6_write_answer(packet, t, &m);
	return len == 0 ? (struct heard){0} : hear(packet, len, t, m.client_id.len != 0);
}

static struct heard
answer_one(uint8_t type, uint16_t code, const char *const *leases, const struct auto6_terms *t)
{
	struct said s;

	say(&s, type);
	say_ia(&s, code, 0x0a0b0c0d, leases);
	return answer(&s, t);
}

/* The n-th prefix of an IA with its lifetimes. */
static void
assert_prefix(struct cv_bytes ia, unsigned n, const char *text, uint32_t preferred, uint32_t valid)
{
	struct cv_bytes p = find(in_ia(ia), AUTO6_OPT_PREFIX, n);
	struct cv_prefix want;

	assert_int_equal(cv_prefix_parse(text, &want), 0);
	assert_non_null(p.data);
	assert_int_equal(p.len, AUTO6_PREFIX_BYTES);
	assert_int_equal(wire_get32(p.data), preferred);
	assert_int_equal(wire_get32(p.data + 4), valid);
	assert_int_equal(p.data[8], want.length);
	assert_memory_equal(p.data + 9, want.ip.bytes, 16);
}

static void
assert_given(const struct heard *a)
{
	struct cv_bytes ia = find(a->options, AUTO6_OPT_IA_PD, 0);

	assert_prefix(ia, 0, right[0], AUTO6_PREFERRED_S, AUTO6_VALID_S);
	assert_int_equal(wire_get32(ia.data), 0x0a0b0c0d);
	assert_int_equal(wire_get32(ia.data + 4), AUTO6_PREFERRED_S / 2);
	assert_int_equal(wire_get32(ia.data + 8), AUTO6_PREFERRED_S / 5 * 4);
	assert_int_equal(status_in(in_ia(ia)), -1);
}

static void
assert_dns(const struct heard *a)
{
	struct auto6_terms t = terms();
	struct cv_bytes dns = find(a->options, AUTO6_OPT_DNS, 0);

	assert_int_equal(dns.len, 32);
	assert_memory_equal(dns.data, t.dns[0].bytes, 16);
	assert_memory_equal(dns.data + 16, t.dns[1].bytes, 16);
}

static void
test_four_messages(void **state)
{
	struct auto6_terms t = terms();
	struct cv_bytes preference;
	struct heard a;

	(void)state;
	a = answer_one(AUTO6_SOLICIT, AUTO6_OPT_IA_PD, NULL, &t);
	assert_int_equal(a.type, AUTO6_ADVERTISE);
	assert_given(&a);
	assert_dns(&a);
	preference = find(a.options, AUTO6_OPT_PREFERENCE, 0);
	assert_int_equal(preference.len, 1);
	assert_int_equal(preference.data[0], 255);
	/* a hint is heard and not followed */
	a = answer_one(AUTO6_SOLICIT, AUTO6_OPT_IA_PD, wrong, &t);
	assert_given(&a);
	a = answer_one(AUTO6_REQUEST, AUTO6_OPT_IA_PD, right, &t);
	assert_int_equal(a.type, AUTO6_REPLY);
	assert_given(&a);
	assert_dns(&a);
	assert_null(find(a.options, AUTO6_OPT_PREFERENCE, 0).data);
}

static void
test_rapid_commit(void **state)
{
	struct auto6_terms t = terms();
	struct heard a;
	struct said s;

	(void)state;
	say(&s, AUTO6_SOLICIT);
	option(&s, AUTO6_OPT_RAPID_COMMIT, "", 0);
	say_ia(&s, AUTO6_OPT_IA_PD, 0x0a0b0c0d, NULL);
	a = answer(&s, &t);
	assert_int_equal(a.type, AUTO6_REPLY);
	assert_given(&a);
	assert_non_null(find(a.options, AUTO6_OPT_RAPID_COMMIT, 0).data);
	assert_int_equal(find(a.options, AUTO6_OPT_RAPID_COMMIT, 0).len, 0);
}

/* The lease is the link's: with another prefix in its hands the client gets the right one, and
 * that is taken from it. */
static void
test_renewed(void **state)
{
	static const uint8_t types[] = {AUTO6_RENEW, AUTO6_REBIND};
	struct auto6_terms t = terms();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct heard a = answer_one(types[i], AUTO6_OPT_IA_PD, right, &t);
		struct cv_bytes ia;

		assert_int_equal(a.type, AUTO6_REPLY);
		assert_given(&a);
		assert_null(
			find(in_ia(find(a.options, AUTO6_OPT_IA_PD, 0)), AUTO6_OPT_PREFIX, 1).data);
		a = answer_one(types[i], AUTO6_OPT_IA_PD, wrong, &t);
		assert_given(&a);
		ia = find(a.options, AUTO6_OPT_IA_PD, 0);
		assert_prefix(ia, 1, wrong[0], 0, 0);
		assert_null(find(in_ia(ia), AUTO6_OPT_PREFIX, 2).data);
		/* addresses were never given */
		a = answer_one(types[i], AUTO6_OPT_IA_NA, NULL, &t);
		assert_int_equal(status_in(in_ia(find(a.options, AUTO6_OPT_IA_NA, 0))), NO_BINDING);
	}
}

static void
test_nothing_to_give(void **state)
{
	static const struct {
		uint8_t type;
		int pd, na;
	} rows[] = {{AUTO6_SOLICIT, NO_PREFIX, NO_ADDRESSES},
		{AUTO6_REQUEST, NO_PREFIX, NO_ADDRESSES}, {AUTO6_RENEW, NO_BINDING, NO_BINDING},
		{AUTO6_REBIND, NO_BINDING, NO_BINDING}};
	struct auto6_terms t = terms();

	(void)state;
	t.delegated = (struct cv_prefix){0};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct heard a = answer_one(rows[i].type, AUTO6_OPT_IA_PD, right, &t);
		struct cv_bytes ia = find(a.options, AUTO6_OPT_IA_PD, 0);

		assert_int_equal(status_in(in_ia(ia)), rows[i].pd);
		assert_null(find(in_ia(ia), AUTO6_OPT_PREFIX, 0).data);
		assert_memory_equal(ia.data + 4, "\0\0\0\0\0\0\0\0", 8);
		a = answer_one(rows[i].type, AUTO6_OPT_IA_NA, NULL, &t);
		ia = find(a.options, AUTO6_OPT_IA_NA, 0);
		assert_int_equal(wire_get32(ia.data), 0x0a0b0c0d);
		assert_int_equal(status_in(in_ia(ia)), rows[i].na);
	}
}

/* One prefix a link: of several associations the one that names it has it, else the first. */
static void
test_several(void **state)
{
	struct auto6_terms t = terms();
	struct heard a;
	struct said s;

	(void)state;
	for (unsigned named = 0; named < 3; named++) {
		say(&s, AUTO6_REQUEST);
		say_ia(&s, AUTO6_OPT_IA_NA, 9, NULL);
		for (uint32_t i = 0; i < 3; i++)
			say_ia(&s, AUTO6_OPT_IA_PD, i, named != 0 && i == named ? right : NULL);
		a = answer(&s, &t);
		for (unsigned i = 0; i < 3; i++) {
			struct cv_bytes ia = find(a.options, AUTO6_OPT_IA_PD, i);

			assert_int_equal(wire_get32(ia.data), i);
			if (i == named)
				assert_prefix(ia, 0, right[0], AUTO6_PREFERRED_S, AUTO6_VALID_S);
			else
				assert_int_equal(status_in(in_ia(ia)), NO_PREFIX);
		}
		assert_int_equal(
			status_in(in_ia(find(a.options, AUTO6_OPT_IA_NA, 0))), NO_ADDRESSES);
	}
}

static void
test_released_and_declined(void **state)
{
	struct auto6_terms t = terms();
	struct heard a = answer_one(AUTO6_RELEASE, AUTO6_OPT_IA_PD, right, &t);

	(void)state;
	assert_int_equal(a.type, AUTO6_REPLY);
	assert_int_equal(status_in(a.options), SUCCESS);
	assert_null(find(a.options, AUTO6_OPT_IA_PD, 0).data);
	a = answer_one(AUTO6_RELEASE, AUTO6_OPT_IA_PD, wrong, &t);
	assert_int_equal(status_in(a.options), SUCCESS);
	assert_int_equal(status_in(in_ia(find(a.options, AUTO6_OPT_IA_PD, 0))), NO_BINDING);
	a = answer_one(AUTO6_DECLINE, AUTO6_OPT_IA_NA, NULL, &t);
	assert_int_equal(status_in(a.options), SUCCESS);
	assert_int_equal(status_in(in_ia(find(a.options, AUTO6_OPT_IA_NA, 0))), NO_BINDING);
}

static void
test_confirmed(void **state)
{
	static const char *const here[] = {"2001:db8:0:7::5/128", NULL};
	static const char *const not_here[] = {"2001:db8:0:7::5/128", "2001:db8:0:8::5/128", NULL};
	struct auto6_terms t = terms();
	struct heard a = answer_one(AUTO6_CONFIRM, AUTO6_OPT_IA_NA, here, &t);

	(void)state;
	assert_int_equal(a.type, AUTO6_REPLY);
	assert_int_equal(status_in(a.options), SUCCESS);
	a = answer_one(AUTO6_CONFIRM, AUTO6_OPT_IA_NA, not_here, &t);
	assert_int_equal(status_in(a.options), NOT_ON_LINK);
	/* without addresses there is nothing to say */
	assert_int_equal(answer_one(AUTO6_CONFIRM, AUTO6_OPT_IA_NA, NULL, &t).type, 0);
	assert_int_equal(answer_one(AUTO6_CONFIRM, AUTO6_OPT_IA_PD, right, &t).type, 0);
}

static void
test_information(void **state)
{
	struct auto6_terms t = terms();
	struct heard a;
	struct said s;

	(void)state;
	say(&s, AUTO6_INFORMATION);
	a = answer(&s, &t);
	assert_int_equal(a.type, AUTO6_REPLY);
	assert_dns(&a);
	assert_int_equal(wire_get32(find(a.options, AUTO6_OPT_REFRESH, 0).data), AUTO6_VALID_S);
	t.dns[1].family = 0;
	say(&s, AUTO6_INFORMATION);
	a = answer(&s, &t);
	assert_int_equal(find(a.options, AUTO6_OPT_DNS, 0).len, 16);
	t.dns[0].family = 0;
	say(&s, AUTO6_INFORMATION);
	a = answer(&s, &t);
	assert_null(find(a.options, AUTO6_OPT_DNS, 0).data);
}

/* The longest that may be asked for has room. */
static void
test_longest(void **state)
{
	static const char *const four[] = {
		"2001:db8:100::/56", "2001:db8:1::/56", "2001:db8:2::/56", "2001:db8:3::/56", NULL};
	static const uint8_t bytes[AUTO6_DUID_MAX] = {0, 1};
	struct auto6_terms t = terms();
	struct auto6_message m;
	struct said s;

	(void)state;
	say(&s, AUTO6_INFORMATION);
	s.w.start[0] = AUTO6_REBIND;
	option(&s, AUTO6_OPT_CLIENT_ID, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < AUTO6_IAS; i++)
		say_ia(&s, AUTO6_OPT_IA_PD, i, four);
	assert_int_equal(read_said(&s, &m), 0);
	t.duid = (struct cv_bytes){bytes, sizeof(bytes)};
	assert_true(auto6_write_answer(packet, &t, &m) > 0);
}

/* What a message does with the prefix. */
static void
test_effects(void **state)
{
	static const struct {
		uint8_t type;
		enum auto6_effect with_right, with_wrong, of_address;
	} rows[] = {
		{AUTO6_SOLICIT, AUTO6_OFFERS, AUTO6_OFFERS, AUTO6_NOTHING},
		{AUTO6_REQUEST, AUTO6_BINDS, AUTO6_BINDS, AUTO6_NOTHING},
		{AUTO6_RENEW, AUTO6_BINDS, AUTO6_BINDS, AUTO6_NOTHING},
		{AUTO6_REBIND, AUTO6_BINDS, AUTO6_BINDS, AUTO6_NOTHING},
		{AUTO6_RELEASE, AUTO6_RELEASES, AUTO6_NOTHING, AUTO6_NOTHING},
		{AUTO6_DECLINE, AUTO6_NOTHING, AUTO6_NOTHING, AUTO6_NOTHING},
		{AUTO6_CONFIRM, AUTO6_NOTHING, AUTO6_NOTHING, AUTO6_NOTHING},
	};
	struct auto6_terms t = terms();
	struct auto6_message m;
	struct said s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say(&s, rows[i].type);
		say_ia(&s, AUTO6_OPT_IA_PD, 1, right);
		assert_int_equal(read_said(&s, &m), 0);
		assert_int_equal(auto6_effect(&m, &t.delegated), rows[i].with_right);
		say(&s, rows[i].type);
		say_ia(&s, AUTO6_OPT_IA_PD, 1, wrong);
		assert_int_equal(read_said(&s, &m), 0);
		assert_int_equal(auto6_effect(&m, &t.delegated), rows[i].with_wrong);
		say(&s, rows[i].type);
		say_ia(&s, AUTO6_OPT_IA_NA, 1, NULL);
		assert_int_equal(read_said(&s, &m), 0);
		assert_int_equal(auto6_effect(&m, &t.delegated), rows[i].of_address);
	}
	say(&s, AUTO6_SOLICIT);
	option(&s, AUTO6_OPT_RAPID_COMMIT, "", 0);
	say_ia(&s, AUTO6_OPT_IA_PD, 1, NULL);
	assert_int_equal(read_said(&s, &m), 0);
	assert_int_equal(auto6_effect(&m, &t.delegated), AUTO6_BINDS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_four_messages),
		cmocka_unit_test(test_rapid_commit),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_nothing_to_give),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_released_and_declined),
		cmocka_unit_test(test_confirmed),
		cmocka_unit_test(test_information),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_effects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
