/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * herd LNS SESSIONS RATE: so many sessions of users u0, u1, ... (password "p", CHAP-MD5) in one
 * tunnel, of which each two exchange numbered ESP packets, RATE a second in all. ESP of others goes
 * back to them. Prints "up N" when all are there; sends until its input ends, then prints "sent N
 * received N lost N down N", and fails where packets were lost between two sessions that both
 * stayed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/wheel.h"
#include "crypto/crypto.h"
#include "l2tp/header.h"
#include "l2tp/tunnel.h"
#include "ppp/link.h"

enum {
	IPV4_BYTES = 20,
	PACKET_BYTES = IPV4_BYTES + 12,
	SOCKET_BYTES = 8 << 20,
	DIALS_A_ROUND = 32
};

#define UP_BOUND_NS (90 * CV_NS_PER_S)
#define LAST_NS (500 * CV_NS_PER_MS) /* for what is on its way */

struct member {
	struct cv_timer timer; /* first: the wheel gives it back */
	struct ppp_params params;
	struct ppp_link *ppp;
	char user[16];
	uint16_t peer_session;
	uint32_t address; /* 0: it is not up */
	bool fell;        /* it was up once */
	uint32_t sent, seen;
};

static struct herd {
	int socket;
	uint64_t now;
	struct crypto *crypto;
	struct l2tp_params params;
	struct l2tp_tunnel *tunnel;
	uint16_t peer_tunnel;
	struct member *members;
	unsigned n, dialled, up;
	bool over;
	struct cv_wheel wheel;
	uint64_t sent, received, lost;
} h;

static void
die(const char *what)
{
	fprintf(stderr, "herd: %s\n", what);
	exit(1);
}

static void
read_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	h.now = (uint64_t)t.tv_sec * CV_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
put(const void *bytes, size_t len)
{
	if (send(h.socket, bytes, len, 0) < 0 && errno != ECONNREFUSED)
		die(strerror(errno));
}

/* ---- PPP ---- */

static void
link_event(struct member *m, const struct ppp_event *e)
{
	struct ppp_network net = {0};

	switch (e->type) {
	case PPP_EV_NETWORK:
		ppp_network_start(m->ppp, h.now, &net);
		break;
	case PPP_EV_UP:
		memcpy(&m->address, e->u.up.local_ip.bytes, sizeof(m->address));
		h.up++;
		break;
	case PPP_EV_NETWORK_DOWN:
	case PPP_EV_DOWN:
		h.up -= m->address != 0;
		m->fell |= m->address != 0;
		m->address = 0;
		break;
	case PPP_EV_LCP_UP:
	case PPP_EV_AUTH:
	case PPP_EV_AUTH_DONE:
		break;
	}
}

static void
put_frame(const struct member *m, const uint8_t *frame, size_t len)
{
	uint8_t bytes[2048];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	l2tp_data_header_write(&w, h.peer_tunnel, m->peer_session, len);
	cv_write_bytes(&w, frame, len);
	put(bytes, cv_written(&w));
}

static void
settle(struct member *m)
{
	uint8_t bytes[2048];
	struct ppp_event e;
	int len;

	if (m->ppp == NULL)
		return;
	while (ppp_link_poll_event(m->ppp, &e))
		link_event(m, &e);
	while ((len = ppp_link_poll_output(m->ppp, bytes, sizeof(bytes))) > 0)
		put_frame(m, bytes, (size_t)len);
	cv_wheel_arm(&h.wheel, &m->timer, ppp_link_next_timeout(m->ppp));
}

static void
call_up(uint16_t session, uint16_t peer_session)
{
	struct member *m = &h.members[session - 1];

	m->peer_session = peer_session;
	ppp_params_default(&m->params, PPP_CLIENT);
	m->params.crypto = h.crypto;
	m->params.auth[0] = PPP_AUTH_CHAP_MD5;
	m->params.n_auth = 1;
	m->params.user = (struct cv_bytes){(const uint8_t *)m->user,
		(size_t)snprintf(m->user, sizeof(m->user), "u%u", session - 1u)};
	m->params.password = (struct cv_bytes){(const uint8_t *)"p", 1};
	m->ppp = ppp_link_new(&m->params, (struct ppp_scope){0}, h.now);
	if (m->ppp == NULL)
		die("no memory");
	ppp_link_open(m->ppp, h.now);
	settle(m);
}

static void
call_down(uint16_t session)
{
	struct member *m = &h.members[session - 1];

	h.up -= m->address != 0;
	m->fell |= m->address != 0;
	m->address = 0;
	cv_wheel_cancel(&h.wheel, &m->timer);
	ppp_link_free(m->ppp);
	m->ppp = NULL;
}

/* ---- L2TP ---- */

static void
settle_tunnel(void)
{
	uint8_t bytes[2048];
	struct l2tp_event e;
	struct l2tp_tunnel_info info;
	int len;

	while (l2tp_tunnel_poll_event(h.tunnel, &e)) {
		if (e.type == L2TP_EV_UP) {
			l2tp_tunnel_info(h.tunnel, &info);
			h.peer_tunnel = info.remote_tunnel_id;
		} else if (e.type == L2TP_EV_CALL_UP) {
			call_up(e.local_session, e.remote_session);
		} else if (e.type == L2TP_EV_CALL_DOWN) {
			call_down(e.local_session);
		} else if (e.type == L2TP_EV_DOWN || e.type == L2TP_EV_DONE) {
			h.over = true;
		}
	}
	while ((len = l2tp_tunnel_poll_output(h.tunnel, h.now, bytes, sizeof(bytes))) > 0)
		put(bytes, (size_t)len);
}

static void
dial(void)
{
	for (unsigned i = 0; i < DIALS_A_ROUND && h.peer_tunnel != 0 && h.dialled < h.n; i++)
		if (l2tp_call_dial(h.tunnel, h.now, (uint16_t)++h.dialled, NULL) != 0)
			die("a call could not be dialled");
}

/* ---- packets ---- */

static void
put_packet(struct member *from, const struct member *to)
{
	static const uint8_t ppp[] = {0xff, 0x03, 0x00, 0x21};
	uint8_t frame[sizeof(ppp) + PACKET_BYTES] = {0}, *ip = frame + sizeof(ppp);
	uint32_t number = htonl(++from->sent), sum = 0;
	uint16_t folded;

	memcpy(frame, ppp, sizeof(ppp));
	ip[0] = 0x45;
	ip[3] = PACKET_BYTES;
	ip[8] = 64;
	ip[9] = 50;
	memcpy(ip + 12, &from->address, 4);
	memcpy(ip + 16, &to->address, 4);
	memcpy(ip + IPV4_BYTES + 4, &number, 4); /* ESP's sequence number */
	for (unsigned i = 0; i < IPV4_BYTES; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	folded = htons((uint16_t) ~(sum + (sum >> 16)));
	memcpy(ip + 10, &folded, 2);
	put_frame(from, frame, sizeof(frame));
	h.sent++;
}

/* Of somebody who is none of the herd: it goes back as it is. The sum of both addresses stays. */
static void
turn_back(const struct member *m, const uint8_t *packet, size_t len)
{
	uint8_t frame[2048] = {0xff, 0x03, 0x00, 0x21}, *ip = frame + 4;

	if (len > sizeof(frame) - 4)
		return;
	memcpy(ip, packet, len);
	memcpy(ip + 12, packet + 16, 4);
	memcpy(ip + 16, packet + 12, 4);
	put_frame(m, frame, len + 4);
}

static void
take_packet(struct member *m, const uint8_t *ip, size_t len)
{
	uint32_t number;

	if (len < PACKET_BYTES || ip[9] != 50)
		return;
	if (memcmp(ip + 12, &h.members[(m - h.members) ^ 1].address, 4) != 0) {
		turn_back(m, ip, len);
		return;
	}
	memcpy(&number, ip + IPV4_BYTES + 4, 4);
	number = ntohl(number);
	h.received++;
	if (number > m->seen + 1)
		h.lost += number - m->seen - 1;
	m->seen = number;
}

static void
take(const uint8_t *bytes, size_t len)
{
	struct l2tp_header header;
	struct cv_bytes p;
	struct member *m;

	if (l2tp_header_parse(bytes, len, &header) != 0)
		return;
	if (header.is_control) {
		l2tp_tunnel_input(h.tunnel, h.now, bytes, len);
		settle_tunnel();
		return;
	}
	if (header.session_id == 0 || header.session_id > h.n)
		return;
	m = &h.members[header.session_id - 1];
	p = header.payload;
	if (p.len > 4 && p.data[0] == 0xff && p.data[2] == 0 && p.data[3] == 0x21) {
		take_packet(m, p.data + 4, p.len - 4);
	} else if (m->ppp != NULL) {
		ppp_link_input(m->ppp, h.now, p.data, p.len);
		settle(m);
	}
}

static void
round_of(int wait_ms)
{
	struct pollfd fd = {.fd = h.socket, .events = POLLIN};
	uint8_t bytes[2048];
	struct cv_timer *timer;
	ssize_t len;

	poll(&fd, 1, wait_ms);
	read_clock();
	while ((len = recv(h.socket, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		take(bytes, (size_t)len);
	while ((timer = cv_wheel_pop(&h.wheel, h.now)) != NULL) {
		struct member *m = (struct member *)timer;

		ppp_link_handle_timeout(m->ppp, h.now);
		settle(m);
	}
	if (l2tp_tunnel_next_timeout(h.tunnel) <= h.now)
		l2tp_tunnel_handle_timeout(h.tunnel, h.now);
	dial();
	settle_tunnel();
}

/* Until its input ends. */
static void
exchange(unsigned rate)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	uint64_t start = h.now, due;
	unsigned next = 0;
	char c;

	while (!h.over && (poll(&input, 1, 0) == 0 || read(STDIN_FILENO, &c, 1) > 0)) {
		due = (h.now - start) / (CV_NS_PER_S / rate);
		for (unsigned tries = 0; h.sent < due && tries < h.n; tries++) {
			struct member *from = &h.members[next], *to = &h.members[next ^ 1];

			next = (next + 1) % h.n;
			if (from->address != 0 && to->address != 0)
				put_packet(from, to);
		}
		round_of(1);
	}
	for (uint64_t end = h.now + LAST_NS; !h.over && h.now < end;)
		round_of(1);
}

/* What was sent to the end and never came counts as lost, too, where both have stayed. */
static unsigned
count_lost(void)
{
	unsigned down = 0;

	for (unsigned i = 0; i < h.n; i++) {
		const struct member *to = &h.members[i], *from = &h.members[i ^ 1];

		down += to->address == 0;
		if (!to->fell && !from->fell)
			h.lost += from->sent - to->seen;
	}
	return down;
}

static void
set_up(const char *lns)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1701)};
	int bytes = SOCKET_BYTES;
	uint8_t seed[CRYPTO_SEED_BYTES];
	char err[256] = "";

	read_clock();
	if (inet_pton(AF_INET, lns, &to.sin_addr) != 1)
		die("an IPv4 address is needed");
	h.socket = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(h.socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (connect(h.socket, (struct sockaddr *)&to, sizeof(to)) != 0 ||
		getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		die(strerror(errno));
	h.crypto = crypto_new(seed, err, sizeof(err));
	h.members = calloc(h.n, sizeof(h.members[0]));
	if (h.crypto == NULL || h.members == NULL)
		die(h.crypto == NULL ? err : "no memory");
	cv_wheel_init(&h.wheel, h.now);
	l2tp_params_default(&h.params);
	h.params.crypto = h.crypto;
	h.params.host_name = "herd";
	h.params.local_tunnel_id = 1;
	h.params.setup_timeout_ns = UP_BOUND_NS;
	h.tunnel = l2tp_tunnel_new(L2TP_INITIATOR, &h.params, h.now);
	if (h.tunnel == NULL || l2tp_tunnel_connect(h.tunnel, h.now) != 0)
		die("no tunnel");
	settle_tunnel();
}

int
main(int argc, char **argv)
{
	static const struct l2tp_reason done = {.result = L2TP_STOPCCN_CLEAR};
	unsigned rate = argc == 4 ? (unsigned)atoi(argv[3]) : 0, down;
	uint64_t bound;

	h.n = argc == 4 ? (unsigned)atoi(argv[2]) : 0;
	if (h.n < 2 || h.n % 2 != 0 || h.n > UINT16_MAX || rate == 0)
		die("usage: herd LNS SESSIONS RATE");
	set_up(argv[1]);
	for (bound = h.now + UP_BOUND_NS; h.up < h.n && !h.over;) {
		round_of(2);
		if (h.now > bound)
			break;
	}
	printf("up %u\n", h.up);
	fflush(stdout);
	if (h.up < h.n)
		return 1;
	exchange(rate);
	down = count_lost();
	printf("sent %llu received %llu lost %llu down %u\n", (unsigned long long)h.sent,
		(unsigned long long)h.received, (unsigned long long)h.lost, down);
	l2tp_tunnel_close(h.tunnel, h.now, &done);
	settle_tunnel();
	return h.lost == 0 ? 0 : 1;
}
