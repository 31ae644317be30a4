/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams to a STUN server and to the plain echo, and as responses to a client. The first byte:
 * bits 0 to 2 which RFCs the server speaks beside RFC 8489: 1 RFC 3489, 2 RFC 5780; 4: it is asked
 * over IPv6. Bit 3: FINGERPRINT, where there is one at the end, is put right. Bit 4: little room
 * for PADDING.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "stun/answer.h"
#include "stun/ask.h"
#include "stun/behave.h"
#include "stun/echo.h"

enum { CLASSIC = 1, BEHAVIOUR = 2, SIX = 4, FIX = 8, LITTLE = 16, ROOM = 4096 };

static struct cv_endpoint
endpoint(const char *ip, uint16_t port)
{
	struct cv_endpoint ep = {.port = port};

	FUZZ_CHECK(cv_ip_parse(ip, &ep.ip) == 0);
	return ep;
}

static void
put_right(uint8_t *bytes, size_t len)
{
	struct cv_writer w;

	if (len < STUN_HEADER + STUN_FINGERPRINT_BYTES)
		return;
	len -= STUN_FINGERPRINT_BYTES;
	w = cv_writer(bytes + len, STUN_FINGERPRINT_BYTES);
	if ((bytes[len] << 8 | bytes[len + 1]) != STUN_FINGERPRINT)
		return;
	cv_write_u32(&w, (uint32_t)STUN_FINGERPRINT << 16 | 4);
	cv_write_u32(&w, stun_fingerprint(bytes, len));
}

static void
check_reading(struct cv_bytes datagram)
{
	struct stun_response response;
	struct stun_attribute a;
	struct stun_message m;
	struct stun_cursor c;

	if (stun_parse(datagram, &m) != 0)
		return;
	FUZZ_CHECK(m.method < 4096 && m.class <= STUN_ERROR);
	for (c = stun_attributes(&m); stun_next(&c, &a);)
		FUZZ_CHECK(a.value.data >= datagram.data + STUN_HEADER + 4 &&
			   a.value.data + a.value.len <= datagram.data + datagram.len);
	if (stun_read_response(datagram, m.id + STUN_ID - STUN_TRANSACTION, &response) != 0)
		return;
	FUZZ_CHECK(m.cookie && m.method == STUN_BINDING);
	FUZZ_CHECK((response.error != 0) == (m.class == STUN_ERROR));
	FUZZ_CHECK(response.error != 0 || response.mapped.ip.family != 0);
}

static void
check_answer(const struct stun_server *s, const struct cv_endpoint *from, struct cv_bytes datagram,
	size_t room)
{
	size_t growth = from->ip.family == CV_IPV4 ? STUN_GROWTH_IPV4 : STUN_GROWTH_IPV6;
	uint8_t *out = malloc(room), again[STUN_ANSWER_MAX];
	struct stun_response response;
	struct stun_reply reply, second;
	struct stun_message m;

	FUZZ_CHECK(out != NULL);
	if (stun_answer(s, from, datagram, out, room, &reply) == STUN_ANSWERED) {
		struct cv_bytes answer = {out, reply.len};

		FUZZ_CHECK(reply.len <= room && reply.port != 0);
		FUZZ_CHECK(stun_parse(answer, &m) == 0 &&
			   memcmp(m.id, datagram.data + 4, STUN_ID) == 0);
		if (m.cookie) {
			FUZZ_CHECK(stun_read_response(answer, m.id + 4, &response) == 0);
			FUZZ_CHECK(response.error == 0 || response.error == 420 ||
				   (response.error == 400 && s->other.ip.family != 0));
			FUZZ_CHECK(
				response.error != 0 || cv_endpoint_equal(&response.mapped, from));
		}
		if (s->other.ip.family != 0 && m.cookie && m.class == STUN_SUCCESS)
			growth *= 4;
		else
			FUZZ_CHECK(
				!reply.other_ip && !reply.other_port && reply.port == from->port);
		FUZZ_CHECK(reply.len <= datagram.len + growth);
		FUZZ_CHECK(stun_answer(s, from, answer, again, sizeof(again), &second) ==
			   STUN_NOT_REQUEST);
	}
	free(out);
}

/* A client's discovery, to whose first question it is the answer: it ends, sends a bounded number
 * of datagrams, and says no address that is none. */
static void
check_behave(const struct cv_endpoint *server, const struct cv_endpoint *from,
	struct cv_bytes datagram, bool echo)
{
	struct stun_behave_params p = {.places = {{.at = *server, .echo = echo}},
		.count = 1,
		.local = *from,
		.second = true,
		.rto_ns = 1,
		.sends = 2};
	unsigned sends = 0;
	struct stun_behave b;
	struct stun_found f;
	struct stun_send s;
	uint64_t now = 1;

	if (datagram.len >= STUN_HEADER)
		memcpy(p.ids[0], datagram.data + STUN_HEADER - STUN_TRANSACTION, STUN_TRANSACTION);
	stun_behave_begin(&b, &p, now);
	FUZZ_CHECK(stun_behave_poll(&b, now, &s));
	(void)stun_behave_input(&b, now, STUN_MAIN, server, datagram);
	while (!stun_behave_done(&b)) {
		while (stun_behave_poll(&b, now, &s))
			FUZZ_CHECK(++sends <= 2 * 6 && s.len <= sizeof(s.bytes) && s.to.port != 0);
		FUZZ_CHECK(stun_behave_done(&b) || stun_behave_next_timeout(&b) > now);
		now = stun_behave_next_timeout(&b);
	}
	stun_behave_found(&b, &f);
	FUZZ_CHECK(!f.answered ||
		   (f.seen.port != 0 && f.seen.ip.family == from->ip.family && !f.mapping_sure) ||
		   !f.nat);
	FUZZ_CHECK(f.filtering == STUN_UNKNOWN);
}

static void
check_echo(const struct cv_endpoint *from, struct cv_bytes datagram)
{
	char out[STUN_ECHO_MAX], again[STUN_ECHO_MAX];
	struct cv_endpoint read;
	size_t len, second;

	if (stun_read_echo(datagram, &read) == 0)
		FUZZ_CHECK(read.port != 0 && read.ip.family != 0);
	if (stun_echo(from, datagram, out, &len) != STUN_ECHO_ANSWERED)
		return;
	FUZZ_CHECK(len <= datagram.len && len <= sizeof(out));
	FUZZ_CHECK(stun_read_echo((struct cv_bytes){(const uint8_t *)out, len}, &read) == 0 &&
		   cv_endpoint_equal(&read, from));
	FUZZ_CHECK(stun_echo(from, (struct cv_bytes){(const uint8_t *)out, len}, again, &second) ==
		   STUN_ECHO_ANSWER);
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct cv_reader in = cv_reader(data, len);
	uint8_t first = cv_read_u8(&in);
	size_t bytes = cv_remaining(&in);
	bool six = (first & SIX) != 0;
	struct cv_endpoint from =
		six ? endpoint("2001:db8::1", 40001) : endpoint("192.0.2.11", 40001);
	struct stun_server s = {.classic = (first & CLASSIC) != 0};
	uint8_t *copy = malloc(bytes == 0 ? 1 : bytes);
	struct cv_bytes datagram = {copy, bytes};

	FUZZ_CHECK(copy != NULL);
	if (bytes != 0)
		memcpy(copy, in.pos, bytes);
	s.here = six ? endpoint("2001:db8::7", 3478) : endpoint("192.0.2.1", 3478);
	if ((first & BEHAVIOUR) != 0)
		s.other = six ? endpoint("2001:db8::8", 3479) : endpoint("192.0.2.129", 3479);
	if ((first & FIX) != 0)
		put_right(copy, bytes);
	check_reading(datagram);
	check_answer(&s, &from, datagram, (first & LITTLE) != 0 ? STUN_ANSWER_MAX : ROOM);
	check_echo(&from, datagram);
	check_behave(&s.here, &from, datagram, (first & LITTLE) != 0);
	free(copy);
	return 0;
}
