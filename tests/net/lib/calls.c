/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded, counts a program's system calls as they go by in libc: epoll_wait, and reads and
 * writes of 8 bytes (of an eventfd). The three counts are in the file that CALLS_FILE names, as
 * 64-bit integers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

enum { EPOLL_WAIT, READ_8, WRITE_8, COUNTS };

static uint64_t nowhere[COUNTS], *counts = nowhere;

__attribute__((constructor)) static void
start(void)
{
	const char *name = getenv("CALLS_FILE");
	int fd = name == NULL ? -1 : open(name, O_RDWR | O_CREAT, 0600);
	void *shared = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(nowhere)) == 0)
		shared = mmap(NULL, sizeof(nowhere), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared != MAP_FAILED)
		counts = shared;
	if (fd >= 0)
		close(fd);
}

int
epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
	static int (*next)(int, struct epoll_event *, int, int);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "epoll_wait");
	__atomic_fetch_add(&counts[EPOLL_WAIT], 1, __ATOMIC_RELAXED);
	return next(fd, events, most, timeout);
}

ssize_t
read(int fd, void *to, size_t len)
{
	static ssize_t (*next)(int, void *, size_t);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "read");
	if (len == sizeof(uint64_t))
		__atomic_fetch_add(&counts[READ_8], 1, __ATOMIC_RELAXED);
	return next(fd, to, len);
}

ssize_t
write(int fd, const void *from, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "write");
	if (len == sizeof(uint64_t))
		__atomic_fetch_add(&counts[WRITE_8], 1, __ATOMIC_RELAXED);
	return next(fd, from, len);
}
