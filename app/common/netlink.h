/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to the kernel by rtnetlink that are carried out at once. One thread at a time. */
#ifndef COMMON_NETLINK_H
#define COMMON_NETLINK_H

struct mnl_socket;
struct nlmsghdr;

/* NETLINK_PROTOCOL: of routes and rules that are ours; 200 and above are nobody's in particular. */
enum { NETLINK_PROTOCOL = 201 };

/* A socket that does not wait; NULL: errno says why. To be closed by mnl_socket_close. */
struct mnl_socket *netlink_open(void);
/* Carries out a request at once, which rtnetlink does before sending it returns. 0 or an errno;
 * ENOTCONN: there is no socket. */
int netlink_ask(struct mnl_socket *socket, struct nlmsghdr *request);

#endif
