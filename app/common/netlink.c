/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests by rtnetlink, and their answers. */
#include "common/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "rtnl/rtnl.h"

struct mnl_socket *
netlink_open(void)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (s != NULL && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0)
		return s;
	if (s != NULL)
		mnl_socket_close(s);
	return NULL;
}

int
netlink_ask(struct mnl_socket *socket, struct nlmsghdr *request)
{
	char answer[1024];
	struct cv_reader r;
	struct rtnl_message m;
	ssize_t n;

	request->nlmsg_flags |= NLM_F_ACK;
	if (socket == NULL || mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return socket == NULL ? ENOTCONN : errno;
	n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
	if (n < 0)
		return errno;
	r = cv_reader(answer, (size_t)n);
	return rtnl_next(&r, &m) == 1 && m.kind == RTNL_ERROR ? -m.error : EPROTO;
}
