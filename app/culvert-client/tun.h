/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface of the kernel's (TUN), which goes with who has it open. */
#ifndef CLIENT_TUN_H
#define CLIENT_TUN_H

#define TUN_DEVICE "/dev/net/tun"

enum { TUN_NAME = 16 }; /* bytes of its name, with its NUL */

struct tun {
	int fd;         /* reads and writes IP packets as they are, and does not wait */
	unsigned index; /* of the kernel's */
	char name[TUN_NAME];
};

/* Makes one. IPv6 addresses come from nobody but who asks for them, and routes never. 0 or an
 * errno: EBUSY: somebody has one of this name open; EEXIST: it is no TUN. */
int tun_open(struct tun *t, const char *name);
/* Takes it away; one that is not open (fd -1) is taken. */
void tun_close(struct tun *t);

#endif
