/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets to the LNS. */
#include <sys/socket.h>
#include <unistd.h>

#include "packets.h"
#include "sockaddr.h"

int
packets_open(const struct session *s, struct cv_endpoint *local)
{
	struct sockaddr_storage to, own;
	socklen_t len = sockaddr_from(&s->params.lns, &to), own_len = sizeof(own);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		(s->params.mark != 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &s->params.mark,
						sizeof(s->params.mark)) != 0) ||
		connect(fd, (struct sockaddr *)&to, len) != 0 ||
		getsockname(fd, (struct sockaddr *)&own, &own_len) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	packets_prepare(fd);
	*local = sockaddr_read(&own);
	return fd;
}

/* Two sockets may have one address and port while both say so: only for as long as the second one
 * needs to take them, since what any other process asks for counts as much. */
int
session_beside(const struct session *s, uint16_t port)
{
	const struct cv_endpoint to = {s->params.lns.ip, port};
	struct sockaddr_storage own, sa;
	socklen_t own_len = sockaddr_from(&s->status.local, &own), len = sockaddr_from(&to, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1,
	    off = 0, rc;

	if (fd < 0)
		return -1;
	(void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	rc = bind(fd, (struct sockaddr *)&own, own_len);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	if (rc == 0 && connect(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	close(fd);
	return -1;
}
