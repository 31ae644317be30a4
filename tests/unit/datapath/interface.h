/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface of the kernel for a test to serve, and what is logged about it. */
#ifndef DATAPATH_INTERFACE_H
#define DATAPATH_INTERFACE_H

#include "harness.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>

#define DEVICE "dut0"

static char said[4096];

static inline void
write_line(void *ctx, enum cv_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static const struct cv_log log = {.level = CV_LOG_INFO, .emit = write_line};

/* How often a line was said. */
static inline unsigned
times(const char *line)
{
	unsigned n = 0;

	for (const char *at = said; (at = strstr(at, line)) != NULL; at++)
		n++;
	return n;
}

static inline void
set_up(bool up)
{
	struct ifreq request = {.ifr_flags = up ? IFF_UP : 0};
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(request.ifr_name, DEVICE);
	assert_int_equal(ioctl(any, SIOCSIFFLAGS, &request), 0);
	close(any);
}

/* Makes it, and returns the end of its cable; it is gone when that is closed. */
static inline int
make_interface(void)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	strcpy(request.ifr_name, DEVICE);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	set_up(true);
	return fd;
}

/* A network of its own for the test, in which the kernel says nothing by itself on new interfaces:
 * no IPv6. False: it can't be had, and is skipped. */
static inline bool
own_network(void)
{
	int fd;

	if (access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("1..0 # SKIP needs root and /dev/net/tun for interfaces of its own\n");
		return false;
	}
	fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, "1", 1);
	close(fd);
	return true;
}

#endif
