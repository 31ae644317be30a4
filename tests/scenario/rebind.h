/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients send from elsewhere, and the configuration for that. */
#ifndef SCENARIO_REBIND_H
#define SCENARIO_REBIND_H

#include "judge.h"
#include "l2tp/header.h"

#define SECOND CV_NS_PER_S
#define MS CV_NS_PER_MS

#define BASE                                                                              \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"                                \
	"listeners: [{address: 192.0.2.1/24}]\n"                                          \
	"ppp: {auth: [mschapv2, chap-md5, pap]}\n"                                        \
	"users: [{name: alice, password-file: alice}, {name: bob, password-file: bob}]\n" \
	"limits: {sessions: 100, tunnels: 100, tunnels-per-peer: 2}\n"
#define GROUP(more) "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24" more "}]\n"
#define OPEN "tunnels: {secrets: [{peer: 192.0.2.0/24, secret: none}]}\n"

static const char challenge[] = BASE OPEN GROUP("");

static const struct cv_endpoint forger = {
	.ip = {.family = CV_IPV4, .bytes = {192, 0, 2, 99}}, .port = 777};

static inline void
say(struct world *w, const struct lns_session_info *s, const struct cv_endpoint *from,
	const void *frame, size_t len)
{
	uint8_t bytes[512];
	struct cv_writer out = cv_writer(bytes, sizeof(bytes));

	l2tp_data_header_write(&out, s->tunnel_id, s->session_id, len);
	cv_write_bytes(&out, frame, len);
	assert_false(out.failed);
	world_inject(w, from, bytes, cv_written(&out));
}

/* A packet, as any that a client sends. */
static inline void
speak(struct world *w, const struct lns_session_info *s, const struct cv_endpoint *from)
{
	static const uint8_t packet[] = {0xff, 0x03, 0x00, 0x21, 0x45, 0, 0, 20};

	say(w, s, from, packet, sizeof(packet));
}

static inline struct lns_session_info
session_of(const struct world *w, const struct world_client *c)
{
	struct lns_session_info info;

	assert_true(info_of(w, c, &info));
	return info;
}

/* Its NAT has another port for it; what it says next shows it. */
static inline void
rebind(struct world_client *c, uint16_t port)
{
	struct lns_session_info s = session_of(c->world, c);

	c->address.port = port;
	speak(c->world, &s, &c->address);
}

static inline bool
is_at(const struct world_client *c)
{
	struct lns_session_info info;

	return info_of(c->world, c, &info);
}

static inline struct world_client *
begin(struct world *w, const char *yaml_text, const char *user, enum ppp_auth method)
{
	struct world_client *c;

	if (w->lns == NULL)
		world_up(w, yaml_text, 7);
	c = dial(w, user, strcmp(user, "alice") == 0 ? "pass-a" : "pass-b", method);
	assert_true(c->up);
	return c;
}

#endif
