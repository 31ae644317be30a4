/* SPDX-License-Identifier: BSD-3-Clause */
/* What a LAC says of a call: see told.h. */
#include "l2tp/told.h"

#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "l2tp/private.h"

enum { HEADER = 3 }; /* bytes in front of each value: the AVP's number, and its length */

struct l2tp_told {
	size_t used;
	uint8_t bytes[];
};

static void
put(struct l2tp_told *told, const struct l2tp_said *said)
{
	struct cv_writer w = cv_writer(told->bytes + told->used, HEADER + said->value.len);

	cv_write_u8(&w, (uint8_t)said->avp);
	cv_write_u16(&w, (uint16_t)said->value.len);
	cv_write_bytes(&w, said->value.data, said->value.len);
	told->used += cv_written(&w);
}

static bool
is_among(enum l2tp_avp avp, const struct l2tp_said *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].avp == avp)
			return true;
	return false;
}

struct l2tp_told *
l2tp_told_new(const struct l2tp_told *before, const struct l2tp_said *more, size_t n)
{
	size_t room = before == NULL ? 0 : before->used, at = 0;
	struct l2tp_told *told;
	struct l2tp_said said;

	for (size_t i = 0; i < n; i++)
		room += HEADER + more[i].value.len;
	told = calloc(1, sizeof(*told) + room);
	if (told == NULL)
		return NULL;
	while (l2tp_told_next(before, &at, &said))
		if (!is_among(said.avp, more, n))
			put(told, &said);
	for (size_t i = 0; i < n; i++)
		if (more[i].value.data != NULL)
			put(told, &more[i]);
	return told;
}

void
l2tp_told_free(struct l2tp_told *told)
{
	if (told == NULL)
		return;
	cv_wipe(told->bytes, told->used);
	free(told);
}

bool
l2tp_told_next(const struct l2tp_told *told, size_t *at, struct l2tp_said *said)
{
	struct cv_reader r;

	if (told == NULL || *at >= told->used)
		return false;
	r = cv_reader(told->bytes + *at, told->used - *at);
	said->avp = (enum l2tp_avp)cv_read_u8(&r);
	said->value.len = cv_read_u16(&r);
	said->value.data = cv_read_bytes(&r, said->value.len);
	*at += HEADER + said->value.len;
	return true;
}

bool
l2tp_told_get(const struct l2tp_told *told, enum l2tp_avp avp, struct cv_bytes *value)
{
	struct l2tp_said said;
	size_t at = 0;

	while (l2tp_told_next(told, &at, &said))
		if (said.avp == avp) {
			*value = said.value;
			return true;
		}
	*value = (struct cv_bytes){0};
	return false;
}

uint16_t
l2tp_told_u16(const struct l2tp_told *told, enum l2tp_avp avp)
{
	struct cv_bytes value;
	struct cv_reader r;

	if (!l2tp_told_get(told, avp, &value) || value.len != 2)
		return 0;
	r = cv_reader(value.data, value.len);
	return cv_read_u16(&r);
}

struct l2tp_told *
l2tp_told_of(const struct l2tp_message *m)
{
	static const enum l2tp_avp kept[] = {L2TP_AVP_BEARER_TYPE, L2TP_AVP_CALLED_NUMBER,
		L2TP_AVP_CALLING_NUMBER, L2TP_AVP_SUB_ADDRESS, L2TP_AVP_FRAMING_TYPE,
		L2TP_AVP_CONNECT_SPEED, L2TP_AVP_RX_CONNECT_SPEED, L2TP_AVP_INITIAL_RECEIVED_LCP,
		L2TP_AVP_LAST_SENT_LCP, L2TP_AVP_LAST_RECEIVED_LCP, L2TP_AVP_PROXY_AUTHEN_TYPE,
		L2TP_AVP_PROXY_AUTHEN_NAME, L2TP_AVP_PROXY_AUTHEN_CHALLENGE,
		L2TP_AVP_PROXY_AUTHEN_ID, L2TP_AVP_PROXY_AUTHEN_RESPONSE,
		L2TP_AVP_PRIVATE_GROUP_ID};
	struct l2tp_said said[sizeof(kept) / sizeof(kept[0])];
	size_t n = 0;

	if (m->type != L2TP_ICRQ && m->type != L2TP_ICCN)
		return NULL;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (l2tp_has(m, kept[i]))
			said[n++] = (struct l2tp_said){kept[i], m->value[kept[i]]};
	return n == 0 ? NULL : l2tp_told_new(NULL, said, n);
}
