/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ETHER = 14, TYPE_IPV4 = 0x0800, UDP = 17 };

static uint32_t
little_u32(struct cv_reader *r)
{
	return __builtin_bswap32(cv_read_u32(r));
}

static void
take_frame(struct capture *c, struct cv_reader f)
{
	struct capture_datagram *d = &c->datagrams[c->n];
	struct cv_reader ip, udp;
	uint8_t first;
	uint16_t total;

	cv_read_bytes(&f, 12);
	if (cv_read_u16(&f) != TYPE_IPV4)
		return;
	first = f.pos[0];
	total = (uint16_t)(f.pos[2] << 8 | f.pos[3]);
	ip = cv_read_sub(&f, total);
	cv_read_bytes(&ip, 9);
	if (cv_read_u8(&ip) != UDP)
		return;
	cv_read_bytes(&ip, 2);
	d->from_ip = cv_read_u32(&ip);
	d->to_ip = cv_read_u32(&ip);
	cv_read_bytes(&ip, (first & 15u) * 4 - 20);
	d->from_port = cv_read_u16(&ip);
	d->to_port = cv_read_u16(&ip);
	udp = cv_read_sub(&ip, (size_t)cv_read_u16(&ip) - 8 + 2);
	cv_read_u16(&udp);
	assert_false(udp.failed);
	d->len = cv_remaining(&udp);
	assert_true(d->len <= sizeof(d->bytes) && c->n + 1 < CAPTURE_MAX);
	memcpy(d->bytes, udp.pos, d->len);
	c->n++;
}

struct capture *
capture_read(const char *folder, const char *name)
{
	static uint8_t bytes[1 << 16];
	struct capture *c = calloc(1, sizeof(*c));
	struct cv_reader r;
	char path[1024];
	FILE *f;

	assert_non_null(c);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (f == NULL)
		print_error("can't open %s\n", path);
	assert_non_null(f);
	r = cv_reader(bytes, fread(bytes, 1, sizeof(bytes), f));
	fclose(f);
	cv_read_bytes(&r, FILE_HEADER);
	while (cv_remaining(&r) >= RECORD_HEADER) {
		cv_read_bytes(&r, 8);
		uint32_t len = little_u32(&r);
		cv_read_bytes(&r, 4);
		take_frame(c, cv_read_sub(&r, len));
	}
	assert_false(r.failed);
	assert_int_not_equal(c->n, 0);
	return c;
}
