/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of IPsec, as a charon says that is played here, behind a socket. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "culvert-client/ipsec.h"
#include "culvert-client/session.h"
#include "vici/message.h"

enum { COMMAND, RESPONSE, REGISTER = 3, CONFIRMED = 5, EVENT = 7, TOLD = 16 };

struct played {
	struct event_base *base;
	struct cfg_ipsec cfg;
	struct ipsec *ipsec;
	char folder[64], socket[96];
	int listens, fd;
	enum ipsec_event_type told[TOLD]; /* by the client, and not looked at yet */
	unsigned n_told;
	unsigned commands;
};

uint64_t
client_now(void)
{
	return CV_NS_PER_S;
}

static void
tell(void *ctx, enum ipsec_event_type type, const char *text)
{
	struct played *p = ctx;

	assert_non_null(text);
	assert_in_range(p->n_told, 0, TOLD - 1);
	p->told[p->n_told++] = type;
}

static void
keep_quiet(void *ctx, enum cv_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	(void)line;
}

static void
say(struct played *p, const uint8_t *bytes, size_t len)
{
	uint8_t head[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};

	assert_int_equal(send(p->fd, head, 4, 0), 4);
	assert_int_equal(send(p->fd, bytes, len, 0), (ssize_t)len);
}

/* Answers whatever is asked, and lets the client read, until it has nothing more to say. */
static void
talk(struct played *p)
{
	uint8_t buf[1024], answer[64];
	struct cv_writer w;
	ssize_t n;

	for (;;) {
		event_base_loop(p->base, EVLOOP_NONBLOCK);
		n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			return;
		assert_in_range(n, 6, sizeof(buf) - 1); /* one packet: it waits for its answer */
		w = cv_writer(answer, sizeof(answer));
		cv_write_u8(&w, buf[4] == REGISTER ? CONFIRMED : RESPONSE);
		if (buf[4] == COMMAND)
			vici_write_value(&w, "success", "yes");
		p->commands += buf[4] == COMMAND;
		say(p, answer, cv_written(&w));
	}
}

/* An event of the connection's IKE_SA of that number; all but ike-updown have its CHILD_SA. */
static void
happens(struct played *p, const char *event, const char *id, bool up)
{
	static const char *const addresses[] = {
		"local-host", "10.88.1.2", "remote-host", "192.0.2.9"};
	uint8_t bytes[512];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	cv_write_u8(&w, EVENT);
	cv_write_u8(&w, (uint8_t)strlen(event));
	cv_write_bytes(&w, event, strlen(event));
	if (up)
		vici_write_value(&w, "up", "yes");
	vici_write_section(&w, "peer");
	vici_write_value(&w, "uniqueid", id);
	for (unsigned i = 0; i < 4; i += 2)
		vici_write_value(&w, addresses[i], addresses[i + 1]);
	vici_write_section(&w, "child-sas");
	if (strcmp(event, "ike-updown") != 0) {
		vici_write_section(&w, "net-1");
		vici_write_value(&w, "name", "net");
		vici_write_section_end(&w);
	}
	vici_write_section_end(&w);
	vici_write_section_end(&w);
	assert_false(w.failed);
	say(p, bytes, cv_written(&w));
	talk(p);
}

static void
expect(struct played *p, unsigned n, enum ipsec_event_type type)
{
	assert_int_equal(p->n_told, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(p->told[i], type);
	p->n_told = 0;
}

static int
setup(void **state)
{
	static const struct cv_log log = {keep_quiet, NULL, CV_LOG_ERROR};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct played *p = calloc(1, sizeof(*p));
	struct ipsec_params params = {.log = &log, .tell = tell, .ctx = p};

	assert_non_null(p);
	*state = p;
	strcpy(p->folder, "/tmp/culvert-ipsec.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->socket, sizeof(p->socket), "%s/vici", p->folder);
	strcpy(sa.sun_path, p->socket);
	p->listens = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listens, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(p->listens, 1), 0);
	p->cfg = (struct cfg_ipsec){.start = CFG_IPSEC_STRONGSWAN,
		.socket = p->socket,
		.connection = "peer",
		.child = "net",
		.timeout_ns = 30 * CV_NS_PER_S};
	params.cfg = &p->cfg;
	params.base = p->base = event_base_new();
	p->ipsec = ipsec_new(&params);
	assert_non_null(p->ipsec);
	p->fd = accept(p->listens, NULL, NULL);
	assert_true(p->fd >= 0);
	talk(p);
	return 0;
}

static int
teardown(void **state)
{
	struct played *p = *state;

	ipsec_free(p->ipsec);
	event_base_free(p->base);
	close(p->fd);
	close(p->listens);
	(void)unlink(p->socket);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static void
start(struct played *p)
{
	ipsec_start(p->ipsec);
	talk(p);
	expect(p, 0, 0);
	happens(p, "child-updown", "5", true);
	expect(p, 1, IPSEC_UP);
}

static void
test_comes_and_goes(void **state)
{
	struct ipsec_status st;
	struct played *p = *state;

	p->commands = 0;
	start(p);
	assert_int_equal(p->commands, 3); /* what was there ends first */
	ipsec_status(p->ipsec, &st);
	assert_true(st.up && st.has_sa);
	assert_string_equal(st.sa.local, "10.88.1.2");
	happens(p, "ike-updown", "5", false);
	expect(p, 1, IPSEC_DOWN);
	happens(p, "ike-updown", "5", false);
	expect(p, 0, 0);
}

/* An IKE_SA takes the place of another one, whose end is none of ours (reauthentication, made
 * before the old one is broken). */
static void
test_replaced(void **state)
{
	struct ipsec_status st;
	struct played *p = *state;

	start(p);
	happens(p, "ike-updown", "6", true);
	happens(p, "child-updown", "6", true);
	expect(p, 1, IPSEC_UP);
	happens(p, "list-sa", "5", false); /* it is there for a while */
	happens(p, "child-updown", "5", false);
	happens(p, "ike-updown", "5", false);
	expect(p, 0, 0);
	ipsec_status(p->ipsec, &st);
	assert_true(st.up && st.has_sa && st.sa.id == 6);
	happens(p, "child-updown", "6", false);
	expect(p, 1, IPSEC_DOWN);
}

/* One that has another number by rekeying, of which no event told, is ours. */
static void
test_rekeyed(void **state)
{
	struct played *p = *state;

	start(p);
	happens(p, "ike-updown", "9", false);
	expect(p, 1, IPSEC_DOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rekeyed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
