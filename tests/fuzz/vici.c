/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a charon may send to a client of vici. The first byte: bit 0: records are packets, whose
 * length is put before them, else the stream as it is. Then records (fuzz.h); one that waits first
 * gives a command of its choice.
 */
#include <string.h>

#include "fuzz.h"
#include "vici/client.h"
#include "vici/message.h"

static void
check_text(const char *text, size_t capacity)
{
	size_t len = strnlen(text, capacity);

	FUZZ_CHECK(len < capacity);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(text[i] > ' ' && text[i] < 0x7f);
}

static void
check_sa(const struct vici_sa *sa)
{
	check_text(sa->name, sizeof(sa->name));
	check_text(sa->local, sizeof(sa->local));
	check_text(sa->remote, sizeof(sa->remote));
	FUZZ_CHECK(sa->n_children <= VICI_CHILDREN);
	for (unsigned i = 0; i < sa->n_children; i++) {
		check_text(sa->children[i].name, sizeof(sa->children[i].name));
		check_text(sa->children[i].spi_in, sizeof(sa->children[i].spi_in));
	}
}

static void
check_tree(struct cv_bytes m, unsigned depth)
{
	struct cv_reader r = cv_reader(m.data, m.len);
	struct vici_element e;

	FUZZ_CHECK(depth <= VICI_DEPTH);
	while (vici_next(&r, &e)) {
		FUZZ_CHECK(e.name.len <= UINT8_MAX);
		FUZZ_CHECK(
			e.value.len == 0 ||
			(e.value.data >= m.data && e.value.data + e.value.len <= m.data + m.len));
		if (e.kind == VICI_SECTION)
			check_tree(e.value, depth + 1);
	}
	FUZZ_CHECK(!r.failed);
}

static void
command(struct vici_client *c, unsigned choice)
{
	if (choice == 0)
		(void)vici_initiate(c, "office", "net");
	else if (choice == 1)
		(void)vici_terminate(c, "office", true);
	else if (choice == 2)
		(void)vici_list(c, "office");
	else
		(void)vici_list_conns(c);
}

static bool
drain(struct vici_client *c)
{
	struct vici_event ev;
	int rc;

	while ((rc = vici_poll_event(c, &ev)) == 1) {
		FUZZ_CHECK(ev.type <= VICI_EV_MOVED);
		check_text(ev.text, sizeof(ev.text));
		check_sa(&ev.sa);
	}
	FUZZ_CHECK(rc <= 0);
	vici_sent(c, vici_output(c).len);
	return rc == 0;
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct cv_reader in = cv_reader(data, len);
	bool packets = (cv_read_u8(&in) & 1) != 0;
	struct vici_client *c = vici_client_new();
	struct fuzz_record r;
	bool whole = true;

	FUZZ_CHECK(c != NULL);
	vici_sent(c, vici_output(c).len);
	while (whole && fuzz_next(&in, &r)) {
		struct cv_bytes m = {r.bytes, r.len};
		uint8_t length[4] = {0, 0, (uint8_t)(r.len >> 8), (uint8_t)r.len};

		if (vici_check(m) == 0)
			check_tree(m, 0);
		if (r.wait)
			command(c, r.choice);
		if (packets)
			FUZZ_CHECK(vici_input(c, length, sizeof(length)) == 0);
		FUZZ_CHECK(vici_input(c, r.bytes, r.len) == 0);
		whole = drain(c);
		fuzz_done(&r);
	}
	vici_client_free(c);
	return 0;
}
