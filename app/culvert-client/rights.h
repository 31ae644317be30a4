/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving up root's rights. */
#ifndef CLIENT_RIGHTS_H
#define CLIENT_RIGHTS_H

#include <stddef.h>

/* Becomes a user, for good, who may go on telling the kernel of interfaces, routes and rules, and
 * use raw sockets (CAP_NET_ADMIN, CAP_NET_RAW), and nothing else that he may not; also gives him a
 * folder, where there is one (else NULL). One who is root stays so; who is not root stays who he
 * is. 0, or -1 and err says why. */
int rights_drop(const char *user, const char *folder, char *err, size_t err_len);

#endif
