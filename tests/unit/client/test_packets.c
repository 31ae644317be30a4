/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path of culvert-client on the loopback interface: datagrams of one size leave and arrive
 * as one, and nothing that the LNS or the kernel says of their sizes takes it out of its buffers.
 * The TUN is a pair of sockets. lib/dial has tests of its own: here a datagram is a packet with a
 * byte in front of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "culvert-client/inner6.h"

enum { MARK = 0x45, LEAST = 2, MOST = 1400, BUFFERS = 65536 };

/* What recvmmsg says instead of the kernel, once. */
static struct {
	int size;   /* of each; as the control message has it */
	size_t len; /* of all */
	int flags;  /* of the message */
	bool pending;
} said;

/* Why sendmmsg takes no train; 0: it does. */
static int no_trains;

/* ---- what packets.c stands on ---- */

uint64_t
client_now(void)
{
	return 1;
}

void
session_settle(struct session *s, uint64_t now)
{
	(void)s;
	(void)now;
}

bool
inner6_take(struct session *s, uint64_t now, const struct cv_bytes *packet)
{
	(void)s;
	(void)now;
	(void)packet;
	return false;
}

int
dial_input(struct dial *d, uint64_t now, const uint8_t *data, size_t len, struct cv_bytes *packet)
{
	(void)d;
	(void)now;
	if (len < LEAST || data[0] != MARK)
		return CV_ERR_MALFORMED;
	*packet = (struct cv_bytes){data + 1, len - 1};
	return DIAL_PACKET;
}

int
dial_write_header(const struct dial *d, struct cv_writer *w, enum cv_family family, size_t len)
{
	(void)d;
	(void)family;
	(void)len;
	cv_write_u8(w, MARK);
	return 0;
}

/* In front of the C library's. */
int
recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout)
{
	struct msghdr *m = &messages[0].msg_hdr;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!said.pending)
		return (int)syscall(SYS_recvmmsg, fd, messages, n, flags, timeout);
	said.pending = false;
	memset(m->msg_iov[0].iov_base, MARK, m->msg_iov[0].iov_len);
	messages[0].msg_len = (unsigned)said.len;
	m->msg_flags = said.flags;
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_GRO;
	c->cmsg_len = CMSG_LEN(sizeof(said.size));
	memcpy(CMSG_DATA(c), &said.size, sizeof(said.size));
	m->msg_controllen = sizeof(struct cmsghdr) + sizeof(said.size);
	return 1;
}

/* Likewise. */
int
sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	unsigned good = 0;

	while (good < n && (no_trains == 0 || messages[good].msg_hdr.msg_control == NULL))
		good++;
	if (good == 0) {
		errno = no_trains;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, messages, good, flags);
}

/* ---- two ends ---- */

struct end {
	struct session session;
	int tun; /* the other side of the session's */
};

struct pair {
	struct end a, b;
};

static int
udp_socket(struct sockaddr_in *own)
{
	socklen_t len = sizeof(*own);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*own = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)own, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)own, &len), 0);
	packets_prepare(fd);
	return fd;
}

static void
make_tun(struct end *e)
{
	int fds[2], bytes = 4 << 20;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	e->session.params.tun = fds[0];
	e->tun = fds[1];
}

static int
setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct sockaddr_in a, b;

	p->a.session.fd = udp_socket(&a);
	p->b.session.fd = udp_socket(&b);
	assert_int_equal(connect(p->a.session.fd, (struct sockaddr *)&b, sizeof(b)), 0);
	assert_int_equal(connect(p->b.session.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	make_tun(&p->a);
	make_tun(&p->b);
	p->a.session.trains = packets_have_trains(p->a.session.fd);
	*state = p;
	return 0;
}

static void
end_close(struct end *e)
{
	close(e->session.fd);
	close(e->session.params.tun);
	close(e->tun);
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	end_close(&p->a);
	end_close(&p->b);
	free(p);
	return 0;
}

/* The nth packet: its number, and bytes that follow from it. */
static void
body(unsigned n, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(n * 7 + i);
	out[0] = 0x45; /* IPv4 */
}

static void
write_tun(struct end *e, unsigned n, size_t len)
{
	uint8_t packet[MOST];

	body(n, packet, len);
	assert_int_equal(write(e->tun, packet, len), len);
}

static void
assert_tun_gives(struct end *e, unsigned n, size_t len)
{
	uint8_t want[MOST], got[BUFFERS];

	body(n, want, len);
	assert_int_equal(read(e->tun, got, sizeof(got)), len);
	assert_memory_equal(got, want, len);
}

static void
assert_tun_empty(struct end *e)
{
	uint8_t got[16];

	assert_int_equal(read(e->tun, got, sizeof(got)), -1);
}

/* What waits first: its length, and in *size that of each. */
static ssize_t
peek(int fd, int *size)
{
	static uint8_t bytes[BUFFERS];
	union {
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {bytes, sizeof(bytes)};
	struct msghdr m = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(fd, &m, MSG_PEEK);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	*size = 0;
	if (c != NULL && c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
		memcpy(size, CMSG_DATA(c), sizeof(*size));
	return len;
}

static void
need_trains(const struct pair *p)
{
	if (!p->a.session.trains)
		skip(); /* a kernel before Linux 4.18 */
}

/* ---- trains ---- */

static void
test_train(void **state)
{
	struct pair *p = *state;
	int size;

	need_trains(p);
	for (unsigned n = 0; n < 20; n++)
		write_tun(&p->a, n, 1000);
	write_tun(&p->a, 20, 300);
	packets_on_tun(p->a.session.params.tun, 0, &p->a.session);
	assert_int_equal(p->a.session.status.tx_packets, 21);
	assert_int_equal(p->a.session.status.tx_bytes, 20 * 1000 + 300);

	assert_int_equal(peek(p->b.session.fd, &size), 20 * 1001 + 301);
	assert_int_equal(size, 1001);
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	for (unsigned n = 0; n < 20; n++)
		assert_tun_gives(&p->b, n, 1000);
	assert_tun_gives(&p->b, 20, 300);
	assert_tun_empty(&p->b);
	assert_int_equal(p->b.session.status.rx_packets, 21);
	assert_int_equal(p->b.session.status.rx_bytes, 20 * 1000 + 300);
	assert_int_equal(p->b.session.status.rx_dropped, 0);
}

/* Of sizes that make trains, single ones and a train's end: all arrive, in their order. */
static void
test_mixed(void **state)
{
	static const size_t sizes[] = {
		MOST, MOST, 60, 61, 1, 1, 1, 900, 900, 899, 899, 901, 40, MOST, 5};
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };
	struct pair *p = *state;

	for (unsigned n = 0; n < N; n++)
		write_tun(&p->a, n, sizes[n]);
	packets_on_tun(p->a.session.params.tun, 0, &p->a.session);
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	for (unsigned n = 0; n < N; n++)
		assert_tun_gives(&p->b, n, sizes[n]);
	assert_tun_empty(&p->b);
	assert_int_equal(p->b.session.status.rx_packets, N);
	assert_int_equal(p->a.session.status.tx_dropped, 0);
}

/* A kernel without trains, or a way that takes none. */
static void
test_alone(void **state)
{
	struct pair *p = *state;
	int size;

	p->a.session.trains = false;
	for (unsigned n = 0; n < 10; n++)
		write_tun(&p->a, n, 500);
	packets_on_tun(p->a.session.params.tun, 0, &p->a.session);
	assert_int_equal(peek(p->b.session.fd, &size), 501);
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	for (unsigned n = 0; n < 10; n++)
		assert_tun_gives(&p->b, n, 500);
	assert_int_equal(p->b.session.status.rx_packets, 10);
}

/* Sends trains of 5, 2 and 4 between two single ones, of which the kernel takes these alone. */
static void
send_refused(struct pair *p, int why)
{
	static const size_t sizes[] = {
		50, 700, 700, 700, 700, 700, 701, 60, 800, 800, 800, 800, 900};
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };

	no_trains = why;
	for (unsigned n = 0; n < N; n++)
		write_tun(&p->a, n, sizes[n]);
	packets_on_tun(p->a.session.params.tun, 0, &p->a.session);
	no_trains = 0;
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	for (unsigned n = 0; n < N; n++) {
		bool single = sizes[n] == 50 || sizes[n] == 900;

		if (why != EAGAIN || single)
			assert_tun_gives(&p->b, n, sizes[n]);
	}
	assert_tun_empty(&p->b);
	assert_int_equal(p->a.session.status.tx_packets, p->b.session.status.rx_packets);
	assert_int_equal(p->a.session.status.tx_bytes, p->b.session.status.rx_bytes);
	assert_int_equal(p->a.session.status.tx_packets + p->a.session.status.tx_dropped, N);
}

/* A device that can't: each goes alone, and trains are not tried again. */
static void
test_device_refuses(void **state)
{
	struct pair *p = *state;

	need_trains(p);
	send_refused(p, EIO);
	assert_int_equal(p->a.session.status.tx_dropped, 0);
	assert_false(p->a.session.trains);
}

/* A way that has become too narrow for as long a one as this. */
static void
test_way_refuses(void **state)
{
	struct pair *p = *state;

	need_trains(p);
	send_refused(p, EMSGSIZE);
	assert_int_equal(p->a.session.status.tx_dropped, 0);
	assert_true(p->a.session.trains);
}

/* A full queue is full for each of them; what comes after is another matter. */
static void
test_queue_refuses(void **state)
{
	struct pair *p = *state;

	need_trains(p);
	send_refused(p, EAGAIN);
	assert_int_equal(p->a.session.status.tx_dropped, 11);
	assert_true(p->a.session.trains);
}

/* ---- hostile ---- */

/* Sends len bytes in which each datagram of `each` is MARK and a body. */
static void
send_train(int fd, uint8_t *bytes, size_t len, uint16_t each)
{
	union {
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec part = {bytes, len};
	struct msghdr m = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	control.align.cmsg_level = IPPROTO_UDP;
	control.align.cmsg_type = UDP_SEGMENT;
	control.align.cmsg_len = CMSG_LEN(sizeof(each));
	memcpy(CMSG_DATA(&control.align), &each, sizeof(each));
	assert_int_equal(sendmsg(fd, &m, 0), len);
}

/* The bad ones of a train are dropped, each for itself. */
static void
test_bad_ones(void **state)
{
	enum { EACH = 101, N = 9 };
	uint8_t bytes[N * EACH + 1];
	struct pair *p = *state;

	need_trains(p);
	for (unsigned n = 0; n < N; n++) {
		bytes[n * EACH] = n % 3 == 1 ? 0 : MARK;
		body(n, &bytes[n * EACH + 1], EACH - 1);
	}
	bytes[N * EACH] = MARK; /* the last one: too short to be any */
	send_train(p->a.session.fd, bytes, sizeof(bytes), EACH);
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	for (unsigned n = 0; n < N; n++)
		if (n % 3 != 1)
			assert_tun_gives(&p->b, n, EACH - 1);
	assert_tun_empty(&p->b);
	assert_int_equal(p->b.session.status.rx_packets, N - N / 3);
	assert_int_equal(p->b.session.status.rx_dropped, N / 3 + 1);
}

static void
test_tiny(void **state)
{
	uint8_t ones[64] = {0};
	struct pair *p = *state;

	need_trains(p);
	assert_int_equal(send(p->a.session.fd, ones, 0, 0), 0);
	send_train(p->a.session.fd, ones, sizeof(ones), 1);
	assert_int_equal(send(p->a.session.fd, ones, 0, 0), 0);
	for (unsigned i = 0; i < 8; i++)
		packets_on_socket(p->b.session.fd, 0, &p->b.session);
	assert_int_equal(p->b.session.status.rx_packets, 0);
	assert_int_equal(p->b.session.status.rx_dropped, sizeof(ones));
	assert_tun_empty(&p->b);
}

/* The largest that there are: alone, and as a train. */
static void
test_huge(void **state)
{
	enum { DATAGRAM = 65507, TRAIN = 64 * 1001 };
	static uint8_t bytes[DATAGRAM];
	struct pair *p = *state;

	need_trains(p);
	memset(bytes, MARK, sizeof(bytes));
	assert_int_equal(send(p->a.session.fd, bytes, DATAGRAM, 0), DATAGRAM);
	send_train(p->a.session.fd, bytes, TRAIN, 1001);
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	packets_on_socket(p->b.session.fd, 0, &p->b.session);
	assert_int_equal(p->b.session.status.rx_packets, 65);
	assert_int_equal(p->b.session.status.rx_bytes, DATAGRAM - 1 + 64 * 1000);
	assert_int_equal(p->b.session.status.rx_dropped, 0);
}

/* What a kernel says of a train is not trusted with our memory either. */
static void
test_kernel_says(void **state)
{
	static const struct {
		int size;
		size_t len;
		int flags;
		uint64_t packets, dropped;
	} cases[] = {
		{0, 1000, 0, 1, 0},             /* of no size: it is one */
		{-5, 1000, 0, 1, 0},            /* likewise */
		{1001, 1000, 0, 1, 0},          /* larger than what came */
		{0x7fffffff, BUFFERS, 0, 1, 0}, /* likewise, and the whole buffer */
		{300, 1000, 0, 4, 0},           /* the last is shorter */
		{1000, BUFFERS, 0, 66, 0},      /* the whole buffer */
		{999, 0, 0, 0, 0},              /* nothing */
		{1000, BUFFERS, MSG_TRUNC, 0,
			1},                     /* more than the buffer: where does the last end? */
		{1000, 3000, MSG_CTRUNC, 0, 1}, /* something about it is missing */
	};
	struct pair *p = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = cases[i].packets == 0 ? 0 : cases[i].len - cases[i].packets;
		uint8_t got[BUFFERS];

		memset(&p->b.session.status, 0, sizeof(p->b.session.status));
		said.size = cases[i].size;
		said.len = cases[i].len;
		said.flags = cases[i].flags;
		said.pending = true;
		packets_on_socket(p->b.session.fd, 0, &p->b.session);
		assert_int_equal(p->b.session.status.rx_packets, cases[i].packets);
		assert_int_equal(p->b.session.status.rx_bytes, bytes);
		assert_int_equal(p->b.session.status.rx_dropped, cases[i].dropped);
		while (read(p->b.tun, got, sizeof(got)) > 0)
			;
	}
}

/* A new network namespace, as that of a build elsewhere, has it down. */
static bool
loopback_up(void)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0;

	if (up && (lo.ifr_flags & IFF_UP) == 0) {
		lo.ifr_flags |= IFF_UP;
		up = ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	}
	if (fd >= 0)
		close(fd);
	return up;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_train, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mixed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_way_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tiny, setup, teardown),
		cmocka_unit_test_setup_teardown(test_huge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_says, setup, teardown),
	};

	if (!loopback_up()) {
		puts("1..0 # SKIP the loopback interface is down, and can't be brought up");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
