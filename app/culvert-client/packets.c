/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets, many at a time: a round takes as many as wait, up to a bound, so that each side, and
 * time, has its turn. The kernel is given datagrams of one size as one (UDP_SEGMENT), and gives
 * them so (UDP_GRO), where it can, and several of these at once. Of a TUN, and to it, each packet
 * is a system call: offloads there are for TCP and UDP, and what it carries is ESP. Buffers are
 * this thread's, of all sessions.
 */
#include "packets.h"
#include "inner6.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire/ipv6.h"

enum {
	ROUND = 64,     /* packets of the TUN */
	DATAGRAMS = 32, /* of the LNS, each of which may be many */
	DATAGRAM_MAX = 65536,
	PACKET_MAX = 9216, /* of the TUN */
	TRAIN_MAX = 64,    /* datagrams in one (UDP_MAX_SEGMENTS of the oldest kernels) */
	TRAIN_BYTES = 65000,
	OVERHEAD = 8 + 8 + 4, /* UDP, L2TP with a length, PPP */
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	MTU_DEFAULT = 1500, /* of a way that the kernel does not know */
	MTU_LEAST = 576,
};

uint16_t
packets_room(const struct session *s)
{
	bool v4 = s->params.lns.ip.family == CV_IPV4;
	uint16_t most = s->params.connection->mtu;
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	if (getsockopt(s->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &len) !=
			0 ||
		mtu <= 0)
		mtu = MTU_DEFAULT;
	mtu -= OVERHEAD + (v4 ? IPV4_HEADER : IPV6_HEADER);
	if (most != 0 && mtu > most)
		mtu = most;
	return mtu < MTU_LEAST ? MTU_LEAST : mtu > 9000 ? 9000 : (uint16_t)mtu;
}

bool
packets_measure(struct session *s)
{
	uint16_t before = s->status.mtu, room = packets_room(s);

	s->status.mtu = s->peer_mru != 0 && s->peer_mru < room ? s->peer_mru : room;
	return s->status.mtu != before;
}

/* What comes while another is served waits: more than the system lets anybody have, where we may.
 */
static void
set_room(int fd, int forced, int option)
{
	int bytes = 4 << 20;

	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

void
packets_prepare(int fd)
{
	int on = 1;

	set_room(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_room(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
}

/* A kernel that does not know it would send a train as one datagram. */
bool
packets_have_trains(int fd)
{
	int size;
	socklen_t len = sizeof(size);

	return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &len) == 0;
}

/* ---- from the LNS ---- */

static void
deliver(struct session *s, const struct cv_bytes *packet)
{
	if (write(s->params.tun, packet->data, packet->len) != (ssize_t)packet->len) {
		s->status.rx_dropped++;
		return;
	}
	s->status.rx_packets++;
	s->status.rx_bytes += packet->len;
}

static void
take(struct session *s, uint64_t now, const uint8_t *datagram, size_t len)
{
	struct cv_bytes packet;
	int rc = dial_input(s->dial, now, datagram, len, &packet);

	if (rc < 0) {
		s->status.rx_dropped++;
		return;
	}
	s->status.heard_ns = now;
	if (rc != DIAL_PACKET)
		session_settle(s, now);
	else if (!inner6_take(s, now, &packet))
		deliver(s, &packet);
}

/* Bytes of each datagram but the last in what was received as one. */
static size_t
size_of_each(struct msghdr *m, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		int size;

		if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(c), sizeof(size));
		if (size > 0)
			return (size_t)size;
	}
	return len == 0 ? 1 : len;
}

void
packets_on_socket(evutil_socket_t fd, short what, void *ctx)
{
	static uint8_t bytes[DATAGRAMS][DATAGRAM_MAX];
	static union {
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control[DATAGRAMS];
	struct mmsghdr messages[DATAGRAMS] = {0};
	struct iovec parts[DATAGRAMS];
	struct session *s = ctx;
	uint64_t now = client_now();
	int n;

	(void)what;
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		parts[i] = (struct iovec){bytes[i], DATAGRAM_MAX};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
			.msg_iovlen = 1,
			.msg_control = &control[i],
			.msg_controllen = sizeof(control[i])};
	}
	n = recvmmsg(fd, messages, DATAGRAMS, MSG_DONTWAIT, NULL);
	/* somebody says that nobody is there; who says so is not known */
	if (n < 0 && (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH))
		s->status.tx_dropped++;
	for (int i = 0; i < n; i++) {
		size_t len = messages[i].msg_len, each = size_of_each(&messages[i].msg_hdr, len);

		/* where a datagram ends is not known then */
		if ((messages[i].msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
			s->status.rx_dropped++;
			continue;
		}
		for (size_t at = 0; at < len && !s->done; at += each)
			take(s, now, bytes[i] + at, len - at < each ? len - at : each);
	}
	session_settle(s, now);
}

/* ---- to the LNS ---- */

/* What a round has read, with its headers. */
static struct {
	uint8_t packet[ROUND][PACKET_MAX];
	uint8_t header[ROUND][PACKETS_HEADER_MAX];
	struct iovec parts[ROUND][2];
	unsigned n;
} out;

static size_t
length(unsigned i)
{
	return out.parts[i][0].iov_len + out.parts[i][1].iov_len;
}

/* How many from `first` on go as one: of one length, the last maybe shorter. */
static unsigned
train(const struct session *s, unsigned first)
{
	size_t each = length(first), bytes = each;
	unsigned n = 1;

	while (s->trains && first + n < out.n && n < TRAIN_MAX && length(first + n) <= each &&
		bytes + length(first + n) <= TRAIN_BYTES) {
		bytes += length(first + n);
		n++;
		if (length(first + n - 1) < each)
			break;
	}
	return n;
}

/* The trains of a round, and how many packets each has. */
static struct {
	struct mmsghdr messages[ROUND];
	union {
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control[ROUND];
	unsigned first[ROUND];
	unsigned packets[ROUND];
	unsigned n;
} trains;

/* The next one: n packets from `first` on. */
static void
add_train(unsigned first, unsigned n)
{
	struct msghdr *m = &trains.messages[trains.n].msg_hdr;
	struct cmsghdr *c = &trains.control[trains.n].align;
	uint16_t each = (uint16_t)length(first);

	*m = (struct msghdr){.msg_iov = out.parts[first], .msg_iovlen = 2 * n};
	if (n > 1) {
		m->msg_control = c;
		m->msg_controllen = sizeof(trains.control[0]);
		c->cmsg_level = IPPROTO_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(each));
		memcpy(CMSG_DATA(c), &each, sizeof(each));
	}
	trains.first[trains.n] = first;
	trains.packets[trains.n++] = n;
}

static void
count_sent(struct session *s, unsigned first, unsigned n)
{
	s->status.tx_packets += n;
	for (unsigned i = first; i < first + n; i++)
		s->status.tx_bytes += out.parts[i][1].iov_len;
}

static void
send_alone(struct session *s, unsigned i)
{
	const struct msghdr m = {.msg_iov = out.parts[i], .msg_iovlen = 2};

	if (sendmsg(s->fd, &m, 0) >= 0) {
		count_sent(s, i, 1);
		return;
	}
	s->status.tx_dropped++;
	if (errno == EMSGSIZE && packets_measure(s))
		s->params.tell(
			s->params.ctx, &(struct session_event){.session = s, .type = SESSION_MTU});
}

/* What the kernel, or the device, can't cut up is sent one by one; so is what has become too long
 * for the way, of which each is told so. A queue that is full would be so for each, too. */
static void
refused(struct session *s, unsigned first, unsigned n)
{
	if (errno == EAGAIN) {
		s->status.tx_dropped += n;
		return;
	}
	if (n > 1 && (errno == EIO || errno == EOPNOTSUPP))
		s->trains = false;
	for (unsigned k = 0; k < n; k++)
		send_alone(s, first + k);
}

static void
send_all(struct session *s)
{
	unsigned at = 0;

	trains.n = 0;
	for (unsigned i = 0, n; i < out.n; i += n) {
		n = train(s, i);
		add_train(i, n);
	}
	while (at < trains.n) {
		int sent = sendmmsg(s->fd, &trains.messages[at], trains.n - at, 0);

		if (sent <= 0) { /* the first of these, and why */
			refused(s, trains.first[at], trains.packets[at]);
			at++;
			continue;
		}
		for (int i = 0; i < sent; i++, at++)
			count_sent(s, trains.first[at], trains.packets[at]);
	}
}

/* What a kernel says of itself to a link, as reports of listeners; nobody is there to hear it. */
static bool
is_chatter(const uint8_t *packet, size_t len)
{
	return len >= WIRE_IPV6 && packet[0] >> 4 == 6 &&
	       wire_ipv6_multicast(packet + WIRE_IPV6_TARGET);
}

/* Reads one and writes its header. false: there is none, for now. */
static bool
read_packet(struct session *s, int tun)
{
	uint8_t *packet = out.packet[out.n];
	struct cv_writer w = cv_writer(out.header[out.n], PACKETS_HEADER_MAX);
	ssize_t len = read(tun, packet, PACKET_MAX);

	if (len <= 0)
		return false;
	if (is_chatter(packet, (size_t)len))
		return true;
	if (dial_write_header(s->dial, &w, packet[0] >> 4 == 6 ? CV_IPV6 : CV_IPV4, (size_t)len) !=
		0) {
		s->status.tx_dropped++;
		return true;
	}
	out.parts[out.n][0] = (struct iovec){out.header[out.n], cv_written(&w)};
	out.parts[out.n][1] = (struct iovec){packet, (size_t)len};
	out.n++;
	return true;
}

void
packets_on_tun(evutil_socket_t fd, short what, void *ctx)
{
	struct session *s = ctx;

	(void)what;
	out.n = 0;
	for (unsigned i = 0; i < ROUND && read_packet(s, fd); i++)
		;
	if (out.n == 0)
		return;
	s->status.sent_ns = client_now();
	send_all(s);
}
