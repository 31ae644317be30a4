/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets, one by one. A round ends after some, so that each side, and time, has its turn. */
#include "packets.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	ROUND = 64,
	PACKET_MAX = 65536,
	HEADER_MAX = 16,      /* of L2TP and PPP; most have 12 */
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

/* ---- from the LNS ---- */

/* false: nothing is left for now. */
static bool
receive(struct session *s, uint64_t now)
{
	uint8_t buf[PACKET_MAX];
	struct cv_bytes packet;
	ssize_t n = recv(s->fd, buf, sizeof(buf), 0);
	int rc;

	if (n < 0) {
		/* somebody says that nobody is there; who says so is not known */
		if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH)
			s->status.tx_dropped++;
		return errno == EINTR;
	}
	rc = dial_input(s->dial, now, buf, (size_t)n, &packet);
	if (rc < 0) {
		s->status.rx_dropped++;
		return true;
	}
	s->status.heard_ns = now;
	if (rc != DIAL_PACKET) {
		session_settle(s, now);
		return !s->done;
	}
	if (write(s->params.tun, packet.data, packet.len) != (ssize_t)packet.len) {
		s->status.rx_dropped++;
		return true;
	}
	s->status.rx_packets++;
	s->status.rx_bytes += packet.len;
	return true;
}

void
packets_on_socket(evutil_socket_t fd, short what, void *ctx)
{
	struct session *s = ctx;
	uint64_t now = client_now();

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < ROUND && receive(s, now); i++)
		;
	session_settle(s, now);
}

/* ---- to the LNS ---- */

static void
put(struct session *s, uint64_t now, const uint8_t *packet, size_t len)
{
	uint8_t header[HEADER_MAX];
	struct cv_writer w = cv_writer(header, sizeof(header));
	enum cv_family family = packet[0] >> 4 == 6 ? CV_IPV6 : CV_IPV4;
	struct iovec parts[2] = {{header, 0}, {(void *)(uintptr_t)packet, len}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

	if (dial_write_header(s->dial, &w, family, len) != 0) {
		s->status.tx_dropped++;
		return;
	}
	parts[0].iov_len = cv_written(&w);
	if (sendmsg(s->fd, &m, 0) < 0) {
		s->status.tx_dropped++;
		if (errno == EMSGSIZE && packets_measure(s))
			s->params.tell(s->params.ctx,
				&(struct session_event){.session = s, .type = SESSION_MTU});
		return;
	}
	s->status.sent_ns = now;
	s->status.tx_packets++;
	s->status.tx_bytes += len;
}

void
packets_on_tun(evutil_socket_t fd, short what, void *ctx)
{
	struct session *s = ctx;
	uint64_t now = client_now();
	uint8_t buf[PACKET_MAX];

	(void)what;
	for (unsigned i = 0; i < ROUND && !s->over; i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			return;
		put(s, now, buf, (size_t)n);
	}
}
