/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP datagrams out of a small capture file. */
#ifndef L2TP_CAPTURE_H
#define L2TP_CAPTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CAPTURE_MAX = 256, CAPTURE_BYTES = 1600 };

struct capture_datagram {
	uint32_t from_ip, to_ip;
	uint16_t from_port, to_port;
	size_t len;
	uint8_t bytes[CAPTURE_BYTES];
};

struct capture {
	size_t n;
	struct capture_datagram datagrams[CAPTURE_MAX];
};

/* Reads `folder`/`name`; fails the test where that can't be. The caller frees it. */
struct capture *capture_read(const char *folder, const char *name);

#endif
