/* SPDX-License-Identifier: BSD-3-Clause */
/* The server: its life, what comes in, what is due, what goes out. */
#include "lns/lns.h"

#include <stdlib.h>
#include <string.h>

#include "base/slot.h"
#include "l2tp/header.h"
#include "lns/dial.h"

static int
new_tables(struct lns *lns, const struct cfg *cfg)
{
	uint64_t key[2];

	lns->slot_mask = cv_slot_mask(cfg->limits.sessions);
	crypto_random(lns->crypto, &lns->slot_seed, sizeof(lns->slot_seed));
	lns->slots = calloc((size_t)lns->slot_mask + 1, sizeof(lns->slots[0]));
	if (lns->slots == NULL)
		return CV_ERR_NOMEM;
	crypto_random(lns->crypto, key, sizeof(key));
	if (cv_table_init(&lns->openers, cfg->limits.tunnels, key) != 0)
		return CV_ERR_NOMEM;
	crypto_random(lns->crypto, key, sizeof(key));
	if (cv_table_init(&lns->ends, cfg->limits.tunnels, key) != 0)
		return CV_ERR_NOMEM;
	crypto_random(lns->crypto, key, sizeof(key));
	if (cv_table_init(&lns->peers, cfg->limits.tunnels, key) != 0)
		return CV_ERR_NOMEM;
	if (cv_table_init(&lns->serials, cfg->limits.sessions, (uint64_t[2]){0}) != 0)
		return CV_ERR_NOMEM;
	crypto_random(lns->crypto, key, sizeof(key));
	if (cv_table_init(&lns->users, cfg->limits.sessions, key) != 0)
		return CV_ERR_NOMEM;
	if (cv_table_init(&lns->addresses, cfg->limits.sessions, key) != 0)
		return CV_ERR_NOMEM;
	crypto_random(lns->crypto, key, sizeof(key));
	return cv_table_init(&lns->dialling, CV_DIALS_MAX / 8, key);
}

struct lns *
lns_new(const struct lns_params *params, uint64_t now)
{
	struct lns *lns = calloc(1, sizeof(*lns));

	if (lns == NULL)
		return NULL;
	lns->params = *params;
	lns->crypto = params->crypto;
	lns->log = params->log;
	lns->next_serial =
		params->first_serial > LNS_SERIAL_MIN ? params->first_serial : LNS_SERIAL_MIN;
	cv_wheel_init(&lns->wheel, now);
	cv_bucket_init(&lns->setups.all, 0, CV_NS_PER_S, now);
	cv_bucket_init(&lns->calls.all, 0, CV_NS_PER_S, now);
	cv_bucket_init(&lns->refusal_lines, LNS_LOG_PER_SECOND, CV_NS_PER_S, now);
	lns->admission.object.kind = LNS_KIND_ADMISSION;
	lns->drain.object.kind = LNS_KIND_DRAIN;
	if (new_tables(lns, params->cfg) != 0 || lns_configure(lns, now, params->cfg) != 0) {
		lns_free(lns);
		return NULL;
	}
	return lns;
}

void
lns_free(struct lns *lns)
{
	if (lns == NULL)
		return;
	for (size_t i = 0; i < CV_DIAL_IDS; i++)
		lns_dial_free(lns, lns->dials[i]);
	for (size_t i = 0; i < lns->listener_ids; i++) {
		if (lns->by_id[i] == NULL)
			continue;
		for (size_t id = 0; lns->tunnels + lns->ended_count != 0 && id < LNS_TUNNEL_IDS;
			id++)
			if (lns->by_id[i][id] != NULL)
				lns_tunnel_free(lns, lns->by_id[i][id]);
		free(lns->by_id[i]);
	}
	/* sessions that are over have left their tunnels */
	for (size_t i = 0; lns->slots != NULL && i <= lns->slot_mask; i++)
		if (lns->slots[i] != NULL)
			lns_session_free(lns, lns->slots[i]);
	for (size_t i = 0; i < CV_GROUP_IDS; i++)
		lns_pools_free(&lns->groups[i].pools);
	lns_callers_fini(&lns->admission.callers);
	for (size_t i = 0; lns->secrets != NULL && i < lns->cfg->tunnels.n_secrets; i++)
		lns_secret_drop(lns->secrets[i]);
	free(lns->secrets);
	lns_terms_drop(lns->terms);
	cv_table_fini(&lns->openers);
	cv_table_fini(&lns->ends);
	cv_table_fini(&lns->peers);
	cv_table_fini(&lns->serials);
	free(lns->slots);
	cv_table_fini(&lns->users);
	cv_table_fini(&lns->addresses);
	cv_table_fini(&lns->dialling);
	cfg_free(lns->cfg);
	free(lns);
}

uint64_t
lns_slot_seed(const struct lns *lns)
{
	return lns->slot_seed;
}

uint32_t
lns_capacity(const struct lns *lns)
{
	return (lns->slot_mask + 1) / 2;
}

uint32_t
lns_slot_mask(const struct lns *lns)
{
	return lns->slot_mask;
}

static int
count_bad_header(struct lns *lns, int rc, const uint8_t *data, size_t len)
{
	unsigned version = len >= 2 ? data[1] & 15u : 0;

	if (rc != CV_ERR_VERSION)
		lns_count(lns, LNS_INPUT_MALFORMED);
	else if (version == 1)
		lns_count(lns, LNS_INPUT_VERSION_L2F);
	else if (version == 3)
		lns_count(lns, LNS_INPUT_VERSION_L2TPV3);
	else
		lns_count(lns, LNS_INPUT_VERSION_OTHER);
	return rc;
}

static int
data_input(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	const struct l2tp_header *header)
{
	struct lns_session *s =
		lns_session_in(lns, listener, header->tunnel_id, header->session_id);
	int rc;

	if (s == NULL) {
		lns_count(lns, LNS_DATA_NO_SESSION);
		return CV_ERR_UNKNOWN;
	}
	if (!cv_endpoint_equal(&s->info.peer, from)) {
		lns_count(lns, LNS_DATA_SOURCE);
		return lns_path_input(lns, s->tunnel, now, from, s, header->payload);
	}
	if (s->ppp == NULL)
		return lns_session_keep_early(lns, s, header->payload);
	rc = ppp_link_input(s->ppp, now, header->payload.data, header->payload.len);
	if (rc != 0)
		lns_count(lns, LNS_PPP_MALFORMED);
	else
		lns_ipv6_input(lns, s, now, header->payload);
	lns_session_settle(lns, s, now);
	return rc;
}

int
lns_input(struct lns *lns, uint64_t now, uint16_t listener, const struct cv_endpoint *from,
	const uint8_t *data, size_t len)
{
	struct l2tp_header header;
	struct lns_tunnel *t;
	int rc = l2tp_header_parse(data, len, &header);

	if (rc != 0)
		return count_bad_header(lns, rc, data, len);
	if (listener >= lns->listener_ids || lns->by_id[listener] == NULL)
		return CV_ERR_UNKNOWN;
	if (!header.is_control)
		return data_input(lns, now, listener, from, &header);
	t = lns->by_id[listener][header.tunnel_id]; /* none has ID 0 */
	if (t == NULL && cfg_listener_by_id(lns->cfg, listener) == NULL) {
		lns_count(lns, LNS_CONTROL_NO_TUNNEL);
		return CV_ERR_UNKNOWN;
	}
	if (header.tunnel_id == 0)
		return lns_admission_input(lns, now, listener, from, data, len);
	if (t == NULL)
		return lns_admission_connect(lns, now, listener, header.tunnel_id, from, data, len);
	if (!cv_endpoint_equal(&t->peer, from)) {
		lns_count(lns, LNS_CONTROL_SOURCE);
		return lns_path_input(lns, t, now, from, NULL, (struct cv_bytes){0});
	}
	lns_tunnel_input(lns, t, now, data, len);
	return 0;
}

uint64_t
lns_next_timeout(const struct lns *lns)
{
	return cv_wheel_next(&lns->wheel);
}

void
lns_handle_timeout(struct lns *lns, uint64_t now)
{
	struct cv_timer *timer;

	while ((timer = cv_wheel_pop(&lns->wheel, now)) != NULL) {
		struct lns_object *object = (struct lns_object *)timer;

		switch (object->kind) {
		case LNS_KIND_TUNNEL:
			lns_tunnel_timeout(lns, (struct lns_tunnel *)object, now);
			break;
		case LNS_KIND_SESSION:
			lns_session_timeout(lns, (struct lns_session *)object, now);
			break;
		case LNS_KIND_ADMISSION:
			lns_admission_timeout(lns, now);
			break;
		case LNS_KIND_DIAL:
			lns_dial_timeout(lns, (struct lns_dial *)object, now);
			break;
		case LNS_KIND_DRAIN:
			lns_drain_timeout(lns, now);
			break;
		}
	}
}

bool
lns_poll(struct lns *lns, uint64_t now, struct lns_action *action)
{
	struct cv_link *first;

	while ((first = cv_list_first(&lns->ready)) != NULL) {
		struct lns_object *object = CV_OBJECT(struct lns_object, ready, first);
		bool more = false;

		switch (object->kind) {
		case LNS_KIND_TUNNEL:
			more = lns_tunnel_poll(lns, (struct lns_tunnel *)object, now, action);
			break;
		case LNS_KIND_SESSION:
			more = lns_session_poll(lns, (struct lns_session *)object, now, action);
			break;
		case LNS_KIND_ADMISSION:
			more = lns_admission_poll(lns, action);
			break;
		case LNS_KIND_DIAL:
			more = lns_dial_poll(lns, (struct lns_dial *)object, now, action);
			break;
		case LNS_KIND_DRAIN: /* it has nothing to say */
			break;
		}
		if (more)
			return true;
		lns_unready(object);
	}
	return false;
}

void
lns_tunnels_close(struct lns *lns, uint64_t now, const struct l2tp_reason *reason, bool kicked)
{
	uint32_t left = lns->tunnels; /* that live, not yet found */

	for (size_t i = 0; i < lns->listener_ids; i++)
		for (size_t id = 0; left != 0 && lns->by_id[i] != NULL && id < LNS_TUNNEL_IDS;
			id++) {
			struct lns_tunnel *t = lns->by_id[i][id];

			if (t == NULL || t->over)
				continue;
			left--;
			t->kicked = t->kicked || kicked;
			l2tp_tunnel_close(t->l2tp, now, reason);
			lns_tunnel_settle(lns, t, now);
		}
}

void
lns_shutdown(struct lns *lns, uint64_t now)
{
	static const struct l2tp_reason reason = {
		.result = L2TP_STOPCCN_SHUTTING_DOWN, .message = "the server shuts down"};

	lns->stopping = true;
	lns_tunnels_close(lns, now, &reason, false);
}

bool
lns_idle(const struct lns *lns)
{
	return lns->tunnels == 0 && lns->closing == 0;
}
