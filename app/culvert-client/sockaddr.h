/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as sockets have them. */
#ifndef CLIENT_SOCKADDR_H
#define CLIENT_SOCKADDR_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"

/* Fills *to; returns how long it is. */
static inline socklen_t
sockaddr_from(const struct cv_endpoint *ep, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (ep->ip.family == CV_IPV4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(ep->port);
		memcpy(&v4->sin_addr, ep->ip.bytes, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(ep->port);
	memcpy(&v6->sin6_addr, ep->ip.bytes, 16);
	return sizeof(*v6);
}

/* family 0: it is of another family. */
static inline struct cv_endpoint
sockaddr_read(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	struct cv_endpoint ep = {.port = 0};

	if (from->ss_family == AF_INET) {
		ep.ip.family = CV_IPV4;
		ep.port = ntohs(v4->sin_port);
		memcpy(ep.ip.bytes, &v4->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		ep.ip.family = CV_IPV6;
		ep.port = ntohs(v6->sin6_port);
		memcpy(ep.ip.bytes, &v6->sin6_addr, 16);
	}
	return ep;
}

#endif
