/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that wait to be polled: one buffer a link that exists only while something waits. */
#include <stdlib.h>

#include "ppp/private.h"

enum { FIRST_BYTES = 512, LENGTH_BYTES = 2 };

/* Frames one after the other, each behind its length; those before `head` were polled. */
struct ppp_output {
	uint16_t capacity, head, used;
	uint8_t bytes[];
};

struct cv_bytes
ppp_cut(const struct ppp_link *l, struct cv_bytes data, size_t before)
{
	size_t most = l->peer_mru < PPP_PACKET_MAX ? l->peer_mru : PPP_PACKET_MAX;

	most -= PPP_PACKET_HEADER + before;
	return (struct cv_bytes){data.data, data.len < most ? data.len : most};
}

void
ppp_packet_begin(struct ppp_frame_writer *fw, uint16_t protocol, uint8_t code, uint8_t id)
{
	fw->w = cv_writer(fw->bytes, sizeof(fw->bytes));
	cv_write_u8(&fw->w, PPP_ADDRESS);
	cv_write_u8(&fw->w, PPP_CONTROL);
	cv_write_u16(&fw->w, protocol);
	cv_write_u8(&fw->w, code);
	cv_write_u8(&fw->w, id);
	cv_write_u16(&fw->w, 0); /* length, when it is known */
}

/* Makes room for len bytes behind what waits. */
static struct ppp_output *
reserve(struct ppp_link *l, size_t len)
{
	struct ppp_output *out = l->out;
	size_t used = out == NULL ? 0 : out->used;
	size_t capacity = out == NULL ? FIRST_BYTES : out->capacity;

	if (used + len > PPP_OUTPUT_MAX)
		return NULL;
	while (capacity < used + len)
		capacity *= 2;
	if (out != NULL && capacity == out->capacity)
		return out;
	out = malloc(sizeof(*out) + capacity);
	if (out == NULL)
		return NULL;
	out->head = out->used = 0;
	if (l->out != NULL) { /* not realloc: a password may be in what it leaves behind */
		memcpy(out, l->out, sizeof(*out) + used);
		ppp_output_free(l);
	}
	out->capacity = (uint16_t)capacity;
	l->out = out;
	return out;
}

size_t
ppp_packet_end(struct ppp_frame_writer *fw)
{
	size_t len = cv_written(&fw->w);

	cv_patch_u16(&fw->w, PPP_HEADER_BYTES + 2, (uint16_t)(len - PPP_HEADER_BYTES));
	return fw->w.failed ? 0 : len;
}

void
ppp_packet_send(struct ppp_link *l, struct ppp_frame_writer *fw)
{
	size_t len = ppp_packet_end(fw);
	struct ppp_output *out = NULL;
	struct cv_writer w;

	if (len != 0)
		out = reserve(l, LENGTH_BYTES + len);
	if (out == NULL) {
		l->counters.tx_dropped++;
		return;
	}
	w = cv_writer(out->bytes + out->used, (size_t)(out->capacity - out->used));
	cv_write_u16(&w, (uint16_t)len);
	cv_write_bytes(&w, fw->bytes, len);
	out->used = (uint16_t)(out->used + cv_written(&w));
	l->counters.tx_frames++;
}

void
ppp_packet_send_data(
	struct ppp_link *l, uint16_t protocol, uint8_t code, uint8_t id, struct cv_bytes data)
{
	struct ppp_frame_writer fw;

	ppp_packet_begin(&fw, protocol, code, id);
	cv_write_bytes(&fw.w, data.data, data.len);
	ppp_packet_send(l, &fw);
}

bool
ppp_reject_allowed(struct ppp_link *l, uint64_t now)
{
	const uint64_t each = CV_NS_PER_S / PPP_REJECT_RATE;

	if (l->reject_at >= cv_time_add(now, PPP_REJECT_BURST * each)) {
		l->counters.tx_rejects_limited++;
		return false;
	}
	l->reject_at = cv_time_add(l->reject_at > now ? l->reject_at : now, each);
	return true;
}

size_t
ppp_output_memory(const struct ppp_link *l)
{
	return l->out == NULL ? 0 : sizeof(*l->out) + l->out->capacity;
}

void
ppp_output_free(struct ppp_link *l)
{
	if (l->out == NULL)
		return;
	cv_wipe(l->out->bytes, l->out->used); /* a PAP client's password may be in it */
	free(l->out);
	l->out = NULL;
}

int
ppp_link_poll_output(struct ppp_link *l, void *buf, size_t cap)
{
	struct cv_reader r;
	size_t len;

	if (l->out == NULL)
		return 0;
	r = cv_reader(l->out->bytes + l->out->head, (size_t)(l->out->used - l->out->head));
	len = cv_read_u16(&r);
	if (len > cap)
		return CV_ERR_SPACE;
	memcpy(buf, cv_read_bytes(&r, len), len);
	l->out->head = (uint16_t)(l->out->head + LENGTH_BYTES + len);
	if (l->out->head == l->out->used)
		ppp_output_free(l);
	return (int)len;
}
