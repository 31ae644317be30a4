/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of vici, with a charon that is played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vici/client.h"
#include "vici/message.h"

enum { COMMAND, RESPONSE, UNKNOWN_COMMAND, REGISTER, UNREGISTER, CONFIRMED, UNKNOWN_EVENT, EVENT };

struct played {
	struct vici_client *c;
	uint8_t buf[4096];
	struct cv_writer w;
};

/* What the client asks: takes it all, as it must be one packet. */
static struct cv_bytes
asked(struct played *p, int type, const char *name)
{
	static uint8_t copy[512];
	struct cv_bytes out = vici_output(p->c);
	struct cv_reader r;
	size_t len;

	assert_in_range(out.len, 6, sizeof(copy));
	memcpy(copy, out.data, out.len);
	vici_sent(p->c, out.len);
	assert_int_equal(vici_output(p->c).len, 0);
	r = cv_reader(copy, out.len);
	assert_int_equal(cv_read_u32(&r), out.len - 4);
	assert_int_equal(cv_read_u8(&r), type);
	len = cv_read_u8(&r);
	assert_int_equal(len, strlen(name));
	assert_memory_equal(cv_read_bytes(&r, len), name, len);
	assert_int_equal(vici_check((struct cv_bytes){r.pos, cv_remaining(&r)}), 0);
	return (struct cv_bytes){r.pos, cv_remaining(&r)};
}

static void
begin(struct played *p, int type, const char *event)
{
	p->w = cv_writer(p->buf, sizeof(p->buf));
	cv_write_u32(&p->w, 0);
	cv_write_u8(&p->w, (uint8_t)type);
	if (event == NULL)
		return;
	cv_write_u8(&p->w, (uint8_t)strlen(event));
	cv_write_bytes(&p->w, event, strlen(event));
}

static void
say(struct played *p)
{
	assert_false(p->w.failed);
	cv_patch_u16(&p->w, 2, (uint16_t)(cv_written(&p->w) - 4));
	assert_int_equal(vici_input(p->c, p->buf, cv_written(&p->w)), 0);
}

static void
say_empty(struct played *p, int type)
{
	begin(p, type, NULL);
	say(p);
}

static void
nothing(struct played *p)
{
	struct vici_event ev;

	assert_int_equal(vici_poll_event(p->c, &ev), 0);
}

/* Registers, asks for the version, and is ready. */
static void
begin_client(struct played *p)
{
	static const char *const events[] = {
		"ike-updown", "child-updown", "ike-update", "list-sa", "list-conn"};
	struct vici_event ev;

	p->c = vici_client_new();
	assert_non_null(p->c);
	for (unsigned i = 0; i < 5; i++) {
		(void)asked(p, REGISTER, events[i]);
		assert_true(vici_busy(p->c));
		say_empty(p, CONFIRMED);
		nothing(p);
	}
	(void)asked(p, COMMAND, "version");
	begin(p, RESPONSE, NULL);
	vici_write_value(&p->w, "version", "5.9.8");
	say(p);
	assert_int_equal(vici_poll_event(p->c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_READY);
	assert_string_equal(ev.text, "5.9.8");
	assert_false(vici_busy(p->c));
}

static void
write_sa(struct played *p, const char *connection, const char *state)
{
	vici_write_section(&p->w, connection);
	vici_write_value(&p->w, "uniqueid", "7");
	vici_write_value(&p->w, "state", state);
	vici_write_value(&p->w, "local-host", "10.88.1.2");
	vici_write_value(&p->w, "local-port", "4500");
	vici_write_value(&p->w, "remote-host", "10.88.0.1");
	vici_write_value(&p->w, "remote-port", "99999");
	vici_write_value(&p->w, "established", "12");
}

static void
write_child(struct played *p, const char *id)
{
	vici_write_section(&p->w, "child-sas");
	vici_write_section(&p->w, id);
	vici_write_value(&p->w, "name", "net");
	vici_write_value(&p->w, "state", "INSTALLED");
	vici_write_value(&p->w, "mode", "TUNNEL");
	vici_write_value(&p->w, "protocol", "ESP");
	vici_write_value(&p->w, "encap", "yes");
	vici_write_value(&p->w, "spi-in", "c0ffee01");
	vici_write_value(&p->w, "bytes-in", "123456789012");
	vici_write_section_end(&p->w);
	vici_write_section_end(&p->w);
}

static bool
has(struct cv_bytes m, const char *name, const char *want)
{
	struct cv_bytes value;

	return vici_value(m, name, &value) && value.len == strlen(want) &&
	       memcmp(value.data, want, value.len) == 0;
}

static void
test_up(void **state)
{
	struct played p;
	struct vici_event ev;
	struct cv_bytes m;

	(void)state;
	begin_client(&p);
	assert_int_equal(vici_initiate(p.c, "office", "net"), 0);
	m = asked(&p, COMMAND, "initiate");
	assert_true(has(m, "ike", "office") && has(m, "child", "net") && has(m, "timeout", "-1"));
	/* events come before the answer */
	begin(&p, EVENT, "ike-updown");
	vici_write_value(&p.w, "up", "yes");
	write_sa(&p, "office", "ESTABLISHED");
	vici_write_section_end(&p.w);
	say(&p);
	begin(&p, RESPONSE, NULL);
	vici_write_value(&p.w, "success", "yes");
	say(&p);
	begin(&p, EVENT, "child-updown");
	vici_write_value(&p.w, "up", "yes");
	write_sa(&p, "office", "ESTABLISHED");
	write_child(&p, "net-1");
	vici_write_section_end(&p.w);
	say(&p);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_IKE);
	assert_true(ev.up);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_ANSWER);
	assert_int_equal(ev.command, VICI_INITIATE);
	assert_true(ev.ok);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_CHILD);
	assert_true(ev.up);
	assert_string_equal(ev.sa.name, "office");
	assert_string_equal(ev.sa.local, "10.88.1.2");
	assert_int_equal(ev.sa.local_port, 4500);
	assert_int_equal(ev.sa.remote_port, 0); /* which is none */
	assert_int_equal(ev.sa.n_children, 1);
	assert_string_equal(ev.sa.children[0].name, "net");
	assert_true(ev.sa.children[0].encap);
	assert_int_equal(ev.sa.children[0].bytes_in, 123456789012);
	nothing(&p);
	vici_client_free(p.c);
}

static void
test_refused(void **state)
{
	struct played p;
	struct vici_event ev;

	(void)state;
	begin_client(&p);
	assert_int_equal(vici_initiate(p.c, "none", "net"), 0);
	(void)asked(&p, COMMAND, "initiate");
	begin(&p, RESPONSE, NULL);
	vici_write_value(&p.w, "success", "no");
	vici_write_value(&p.w, "errmsg", "CHILD_SA config 'net' not found");
	say(&p);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_ANSWER);
	assert_false(ev.ok);
	assert_string_equal(ev.text, "CHILD_SA\\x20config\\x20'net'\\x20not\\x20found");
	/* a refusal of the peer: an IKE_SA that is not up */
	begin(&p, EVENT, "ike-updown");
	write_sa(&p, "none", "CONNECTING");
	vici_write_section_end(&p.w);
	say(&p);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_IKE);
	assert_false(ev.up);
	assert_string_equal(ev.sa.state, "CONNECTING");
	vici_client_free(p.c);
}

static void
test_list(void **state)
{
	struct played p;
	struct vici_event ev;

	(void)state;
	begin_client(&p);
	assert_int_equal(vici_list(p.c, "office"), 0);
	assert_int_equal(vici_terminate(p.c, "office", true), 0);
	assert_true(has(asked(&p, COMMAND, "list-sas"), "ike", "office"));
	begin(&p, EVENT, "list-sa");
	write_sa(&p, "office", "ESTABLISHED");
	vici_write_section(&p.w, "child-sas");
	for (unsigned i = 0; i < VICI_CHILDREN + 2; i++) {
		vici_write_section(&p.w, "net-1");
		vici_write_value(&p.w, "name", "net");
		vici_write_section_end(&p.w);
	}
	vici_write_section_end(&p.w);
	vici_write_section_end(&p.w);
	say(&p);
	say_empty(&p, RESPONSE);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_SA);
	assert_int_equal(ev.sa.established_s, 12);
	assert_int_equal(ev.sa.n_children, VICI_CHILDREN);
	assert_int_equal(vici_output(p.c).len, 0); /* not before the answer */
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_ANSWER);
	assert_int_equal(ev.command, VICI_LIST_SAS);
	assert_true(ev.ok);
	assert_true(has(asked(&p, COMMAND, "terminate"), "force", "yes"));
	say_empty(&p, UNKNOWN_COMMAND);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.command, VICI_TERMINATE);
	assert_false(ev.ok);
	assert_string_equal(ev.text, "unknown-command");
	vici_client_free(p.c);
}

static void
test_connections(void **state)
{
	struct played p;
	struct vici_event ev;

	(void)state;
	begin_client(&p);
	assert_int_equal(vici_list_conns(p.c), 0);
	(void)asked(&p, COMMAND, "list-conns");
	begin(&p, EVENT, "list-conn");
	vici_write_section(&p.w, "office");
	vici_write_value(&p.w, "version", "IKEv2");
	vici_write_section(&p.w, "children");
	vici_write_section(&p.w, "net");
	vici_write_value(&p.w, "mode", "TUNNEL");
	vici_write_section_end(&p.w);
	vici_write_section(&p.w, "voice");
	vici_write_section_end(&p.w);
	vici_write_section_end(&p.w);
	vici_write_section_end(&p.w);
	say(&p);
	say_empty(&p, RESPONSE);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_CONN);
	assert_string_equal(ev.sa.name, "office");
	assert_int_equal(ev.sa.n_children, 2);
	assert_string_equal(ev.sa.children[0].name, "net");
	assert_string_equal(ev.sa.children[1].name, "voice");
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.command, VICI_LIST_CONNS);
	vici_client_free(p.c);
}

static void
test_moved(void **state)
{
	struct played p;
	struct vici_event ev;

	(void)state;
	begin_client(&p);
	begin(&p, EVENT, "ike-update");
	vici_write_value(&p.w, "local-host", "192.168.1.2");
	vici_write_value(&p.w, "local-port", "4500");
	vici_write_value(&p.w, "remote-host", "192.0.2.1");
	vici_write_value(&p.w, "remote-port", "4500");
	write_sa(&p, "office", "ESTABLISHED");
	vici_write_section_end(&p.w);
	say(&p);
	assert_int_equal(vici_poll_event(p.c, &ev), 1);
	assert_int_equal(ev.type, VICI_EV_MOVED);
	assert_string_equal(ev.sa.name, "office");
	assert_string_equal(ev.sa.local, "192.168.1.2");
	assert_string_equal(ev.sa.remote, "192.0.2.1");
	/* of no use: without a section, of a name that was not asked for */
	begin(&p, EVENT, "ike-update");
	say(&p);
	begin(&p, EVENT, "log");
	write_sa(&p, "office", "ESTABLISHED");
	vici_write_section_end(&p.w);
	say(&p);
	nothing(&p);
	vici_client_free(p.c);
}

/* A stream comes in whatever pieces it likes. */
static void
test_pieces(void **state)
{
	struct played p;
	struct vici_event ev;
	size_t len;

	(void)state;
	begin_client(&p);
	begin(&p, EVENT, "child-updown");
	write_sa(&p, "office", "ESTABLISHED");
	write_child(&p, "net-1");
	vici_write_section_end(&p.w);
	len = cv_written(&p.w);
	cv_patch_u16(&p.w, 2, (uint16_t)(len - 4));
	for (unsigned turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < len; i++) {
			nothing(&p);
			assert_int_equal(vici_input(p.c, p.buf + i, 1), 0);
		}
		assert_int_equal(vici_poll_event(p.c, &ev), 1);
		assert_int_equal(ev.type, VICI_EV_CHILD);
		assert_false(ev.up);
	}
	vici_client_free(p.c);
}

static void
broken(const char *bytes, size_t len, int want)
{
	struct played p;
	struct vici_event ev;

	begin_client(&p);
	assert_int_equal(vici_input(p.c, (const uint8_t *)bytes, len), 0);
	assert_int_equal(vici_poll_event(p.c, &ev), want);
	assert_int_equal(vici_poll_event(p.c, &ev), CV_ERR_STATE);
	assert_int_equal(vici_input(p.c, (const uint8_t *)bytes, len), CV_ERR_STATE);
	assert_int_equal(vici_list(p.c, "office"), CV_ERR_STATE);
	vici_client_free(p.c);
}

#define BROKEN(bytes, want) broken(bytes, sizeof(bytes) - 1, want)

static void
test_broken(void **state)
{
	(void)state;
	BROKEN("\0\0\0\0", CV_ERR_TRUNCATED);
	BROKEN("\0\10\0\1", CV_ERR_LIMIT);
	BROKEN("\0\0\0\3\7\5a", CV_ERR_TRUNCATED);
	BROKEN("\0\0\0\1\10", CV_ERR_MALFORMED);
	BROKEN("\0\0\0\2\0\0", CV_ERR_MALFORMED);
	BROKEN("\0\0\0\1\1", CV_ERR_MALFORMED); /* an answer that nobody waits for */
	BROKEN("\0\0\0\1\5", CV_ERR_MALFORMED);
	BROKEN("\0\0\0\4\7\1a\2", CV_ERR_MALFORMED);
}

/* An event that charon does not know: it is no charon that could say what becomes of SAs. */
static void
test_unknown_event(void **state)
{
	struct played p = {.c = vici_client_new()};
	struct vici_event ev;

	(void)state;
	(void)asked(&p, REGISTER, "ike-updown");
	say_empty(&p, UNKNOWN_EVENT);
	assert_int_equal(vici_poll_event(p.c, &ev), CV_ERR_UNKNOWN);
	vici_client_free(p.c);
}

static void
test_limits(void **state)
{
	char name[VICI_TEXT + 1];
	struct played p;

	(void)state;
	begin_client(&p);
	memset(name, 'n', VICI_TEXT);
	name[VICI_TEXT] = '\0';
	assert_int_equal(vici_list(p.c, name), CV_ERR_SPACE);
	name[VICI_TEXT - 1] = '\0';
	assert_int_equal(vici_initiate(p.c, name, name), 0);
	assert_true(has(asked(&p, COMMAND, "initiate"), "child", name));
	for (unsigned i = 1; i < VICI_WAITING; i++)
		assert_int_equal(vici_list(p.c, "office"), 0);
	assert_int_equal(vici_list(p.c, "office"), CV_ERR_LIMIT);
	vici_client_free(p.c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_unknown_event),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
