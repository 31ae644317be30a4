/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 on a session's link, once IPV6CP is open: router advertisements, and what the client asks
 * for by router solicitation and DHCPv6 (lib/auto6). What it floods us with costs itself: it has a
 * rate, and one answer at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "lns/internal.h"

enum {
	ASK_COST_MS = 250, /* messages of a client that are heard: four a second, */
	ASK_MOST_MS = 2500 /* and ten at once */
};

/* ---- the server ---- */

/* DUID-UUID (RFC 6355) of the host name, by the rule of RFC 4122 section 4.3 in its name space of
 * host names: the same as long as that is. */
int
lns_duid_make(struct lns *lns, const struct cfg *cfg)
{
	static const uint8_t space[] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4,
		0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	const char *name = cfg->identity.host_name;
	const struct cv_bytes parts[] = {
		{space, sizeof(space)}, {(const uint8_t *)name, strlen(name)}};
	uint8_t *uuid = lns->duid + 2;
	int rc = crypto_md5(lns->crypto, parts, 2, uuid);

	lns->duid[1] = 4;
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x30);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return rc;
}

/* ---- a session's life ---- */

void
lns_ipv6_set(struct lns *lns, struct lns_session *s, const struct lns_profile *profile)
{
	const struct cfg_group *group = lns->groups[profile->group].cfg;
	bool wanted = profile->prefix6.ip.family != 0 || group->n_pool6 != 0;

	if (!wanted && !cv_linked(&s->of_user))
		lns_ipv6_free(s);
	if (s->v6 == NULL && wanted && !cv_linked(&s->of_user)) {
		s->v6 = calloc(1, sizeof(*s->v6));
		if (s->v6 == NULL) {
			lns_count(lns, LNS_MEMORY);
			return;
		}
		auto6_schedule_stop(&s->v6->adverts);
		s->v6->bound_until = CV_TIME_NEVER;
		s->info.ipv6 = &s->v6->info;
	}
	if (s->v6 == NULL)
		return;
	s->v6->fixed_prefix = profile->prefix6;
	s->v6->fixed_delegated = profile->delegated;
}

void
lns_ipv6_free(struct lns_session *s)
{
	if (s->v6 == NULL)
		return;
	free(s->v6->answer);
	free(s->v6);
	s->v6 = NULL;
	s->info.ipv6 = NULL;
}

bool
lns_ipv6_offer(struct lns *lns, struct lns_session *s, uint64_t now)
{
	struct ppp_info info;

	if (s->v6 == NULL)
		return false;
	/* RFC 8200 section 5: a link of less can't carry it */
	ppp_link_info(s->ppp, &info);
	return info.mru >= AUTO6_PACKET_MAX && info.our_mru >= AUTO6_PACKET_MAX &&
	       lns_prefix_take(lns, s, now);
}

static void
opened(struct lns *lns, struct lns_session *s, uint64_t now)
{
	char local[CV_IP_TEXT], peer[CV_IP_TEXT], prefix[CV_PREFIX_TEXT];

	auto6_schedule_begin(&s->v6->adverts, now);
	cv_log_event(lns->log, CV_LOG_INFO, "session-ipv6",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL
		" user=%s prefix=%s local=%s client=%s",
		s->info.tunnel_id, s->info.session_id, s->info.serial, s->info.user,
		cv_prefix_text(&s->v6->info.prefix, prefix), cv_ip_text(&s->v6->info.local, local),
		cv_ip_text(&s->v6->info.peer, peer));
}

void
lns_ipv6_told(struct lns *lns, struct lns_session *s, uint64_t now, const struct ppp_ev_up *up)
{
	struct lns_ipv6 *v6 = s->v6;
	bool was, is = up != NULL && up->local_ip6.family != 0;

	if (v6 == NULL)
		return;
	was = v6->info.open;
	v6->info.open = is;
	v6->info.local = is ? up->local_ip6 : (struct cv_ip){0};
	v6->info.peer = is ? up->peer_ip6 : (struct cv_ip){0};
	if (is)
		v6->mtu = up->our_mru;
	if (is && !was)
		opened(lns, s, now);
	if (!is) {
		auto6_schedule_stop(&v6->adverts);
		v6->advert_due = false;
	}
}

/* The prefix is the client's, or no longer: the data path must know of it first. */
static void
bind(struct lns *lns, struct lns_session *s, bool bound)
{
	struct lns_ipv6 *v6 = s->v6;
	struct cv_prefix *told = &v6->info.delegated;
	char text[CV_PREFIX_TEXT];

	if (bound == (told->ip.family != 0))
		return;
	cv_log_event(lns->log, CV_LOG_INFO, bound ? "session-delegated" : "session-released",
		"tunnel=%u session=%u serial=%" LNS_PRI_SERIAL " user=%s prefix=%s",
		s->info.tunnel_id, s->info.session_id, s->info.serial, s->info.user,
		cv_prefix_text(&v6->lease, text));
	*told = bound ? v6->lease : (struct cv_prefix){0};
	s->routes_changed = true;
}

static void
release(struct lns *lns, struct lns_session *s)
{
	bind(lns, s, false);
	lns_lease_give(lns, s);
}

/* ---- what comes in ---- */

static void
terms_of(const struct lns *lns, const struct lns_session *s, struct auto6_terms *t)
{
	const struct cfg_group *group = lns->groups[s->info.group].cfg;
	const struct lns_ipv6 *v6 = s->v6;
	uint16_t mtu = v6->mtu;

	*t = (struct auto6_terms){.duid = {lns->duid, sizeof(lns->duid)},
		.local = v6->info.local,
		.prefix = v6->info.prefix,
		.delegated = v6->lease};
	if (group == NULL)
		return;
	for (unsigned i = 0; i < AUTO6_DNS; i++)
		t->dns[i] = group->dns6[i];
	if (group->mtu != 0 && group->mtu < mtu)
		mtu = group->mtu;
	if (s->info.mtu != 0 && s->info.mtu < mtu)
		mtu = s->info.mtu;
	t->mtu = mtu < AUTO6_PACKET_MAX ? 0 : mtu;
}

static void
answer(struct lns *lns, struct lns_session *s, uint64_t now, const struct auto6_message *m)
{
	enum auto6_effect effect = auto6_effect(m, &s->v6->lease);
	struct lns_ipv6 *v6 = s->v6;
	uint8_t packet[AUTO6_PACKET_MAX];
	struct auto6_terms terms;
	size_t len;

	if (effect == AUTO6_OFFERS || effect == AUTO6_BINDS)
		(void)lns_lease_take(lns, s, now);
	terms_of(lns, s, &terms);
	len = auto6_write_answer(packet, &terms, m);
	if (len == 0)
		return;
	v6->answer = malloc(len);
	if (v6->answer == NULL) {
		lns_count(lns, LNS_MEMORY);
		return;
	}
	memcpy(v6->answer, packet, len);
	v6->answer_len = (uint16_t)len;
	if (effect == AUTO6_BINDS && v6->lease.ip.family != 0) {
		v6->bound_until = cv_time_add(now, AUTO6_VALID_S * CV_NS_PER_S);
		bind(lns, s, true);
	} else if (effect == AUTO6_RELEASES) {
		release(lns, s);
	}
}

void
lns_ipv6_input(struct lns *lns, struct lns_session *s, uint64_t now, struct cv_bytes frame)
{
	struct lns_ipv6 *v6 = s->v6;
	struct auto6_message m;
	struct ppp_frame f;
	int rc;

	if (v6 == NULL || !v6->info.open || ppp_frame_parse(frame.data, frame.len, &f) != 0 ||
		f.protocol != PPP_IPV6)
		return;
	if (v6->answer != NULL || !cv_limit_take(&v6->asked, (uint32_t)(now / CV_NS_PER_MS),
					  ASK_COST_MS, ASK_MOST_MS)) {
		lns_count(lns, LNS_IPV6_LIMITED);
		return;
	}
	rc = auto6_read(
		f.payload.data, f.payload.len, (struct cv_bytes){lns->duid, sizeof(lns->duid)}, &m);
	if (rc != 0)
		lns_count(lns, rc == CV_ERR_UNKNOWN ? LNS_IPV6_UNHEARD : LNS_IPV6_MALFORMED);
	else if (m.kind == AUTO6_ROUTER_SOLICIT)
		v6->advert_due = true;
	else
		answer(lns, s, now, &m);
}

/* ---- time, and what goes out ---- */

uint64_t
lns_ipv6_next_timeout(const struct lns_session *s)
{
	return s->v6 == NULL ? CV_TIME_NEVER : cv_time_min(s->v6->adverts.at, s->v6->bound_until);
}

void
lns_ipv6_timeout(struct lns *lns, struct lns_session *s, uint64_t now)
{
	if (s->v6 == NULL)
		return;
	if (auto6_schedule_due(&s->v6->adverts, now, crypto_random_u32(lns->crypto)))
		s->v6->advert_due = true;
	if (s->v6->bound_until <= now)
		release(lns, s);
}

size_t
lns_ipv6_poll(struct lns *lns, struct lns_session *s, uint8_t out[AUTO6_PACKET_MAX])
{
	struct lns_ipv6 *v6 = s->v6;
	struct auto6_terms terms;
	size_t len = 0;

	if (v6 == NULL || !v6->info.open)
		return 0;
	if (v6->advert_due) {
		v6->advert_due = false;
		terms_of(lns, s, &terms);
		return auto6_write_advert(out, &terms);
	}
	if (v6->answer != NULL) {
		len = v6->answer_len;
		memcpy(out, v6->answer, len);
		free(v6->answer);
		v6->answer = NULL;
	}
	return len;
}
