/* SPDX-License-Identifier: BSD-3-Clause */
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A setting that a kernel may lack is left as it is. */
static void
set_option(const char *name, const char *option, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", name, option);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, value, strlen(value));
	close(fd);
}

int
tun_open(struct tun *t, const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int error = 0;

	snprintf(t->name, sizeof(t->name), "%s", name);
	memcpy(r.ifr_name, t->name, sizeof(t->name));
	t->fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return errno;
	if (ioctl(t->fd, TUNSETIFF, &r) != 0)
		error = errno == EINVAL && if_nametoindex(name) != 0 ? EEXIST : errno;
	t->index = error == 0 ? if_nametoindex(name) : 0;
	if (error == 0 && t->index == 0)
		error = ENODEV;
	if (error != 0) {
		tun_close(t);
		return error;
	}
	set_option(name, "addr_gen_mode", "1"); /* none but those that it is given */
	set_option(name, "accept_ra", "0");     /* session.c hears the router */
	return 0;
}

void
tun_close(struct tun *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
