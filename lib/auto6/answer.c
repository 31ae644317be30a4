/* SPDX-License-Identifier: BSD-3-Clause */
/* The answers of a DHCPv6 server (RFC 8415 section 18.3) that delegates one prefix a link and gives
 * no addresses: these come by router advertisement. */
#include "auto6/private.h"
#include "wire/ipv6.h"
#include "wire/udp.h"

enum status { /* section 21.13 */
	SUCCESS = 0,
	NO_ADDRESSES = 2,
	NO_BINDING = 3,
	NOT_ON_LINK = 4,
	NO_PREFIX = 6,
};

enum { PREFERENCE_MOST = 255 }; /* nobody else is on the link: no need to wait (section 18.2.1) */

static bool
same(const struct cv_prefix *a, const struct cv_prefix *b)
{
	return a->length == b->length && cv_ip_equal(&a->ip, &b->ip);
}

static bool
names(const struct auto6_ia *ia, const struct cv_prefix *prefix)
{
	for (unsigned i = 0; i < ia->n; i++)
		if (same(&ia->leases[i], prefix))
			return true;
	return false;
}

/* The association that the link's prefix goes with: the one that names it, else the first of its
 * kind; NULL: the message has none. */
static const struct auto6_ia *
delegation_of(const struct auto6_message *m, const struct cv_prefix *delegated)
{
	const struct auto6_ia *first = NULL;

	for (unsigned i = 0; i < m->n; i++) {
		if (!m->ias[i].delegation)
			continue;
		if (names(&m->ias[i], delegated))
			return &m->ias[i];
		if (first == NULL)
			first = &m->ias[i];
	}
	return first;
}

enum auto6_effect
auto6_effect(const struct auto6_message *m, const struct cv_prefix *delegated)
{
	const struct auto6_ia *ia = delegation_of(m, delegated);

	if (ia == NULL)
		return AUTO6_NOTHING;
	switch (m->kind) {
	case AUTO6_SOLICIT:
		return m->rapid ? AUTO6_BINDS : AUTO6_OFFERS;
	case AUTO6_REQUEST:
	case AUTO6_RENEW:
	case AUTO6_REBIND:
		return AUTO6_BINDS;
	case AUTO6_RELEASE:
		return delegated->ip.family != 0 && names(ia, delegated) ? AUTO6_RELEASES
									 : AUTO6_NOTHING;
	default:
		return AUTO6_NOTHING;
	}
}

/* ---- options ---- */

/* Begins an option; what it returns is for end_option. */
static size_t
begin_option(struct cv_writer *w, uint16_t code)
{
	cv_write_u16(w, code);
	cv_write_u16(w, 0);
	return cv_written(w);
}

static void
end_option(struct cv_writer *w, size_t begun)
{
	cv_patch_u16(w, begun - 2, (uint16_t)(cv_written(w) - begun));
}

static void
write_bytes(struct cv_writer *w, uint16_t code, struct cv_bytes value)
{
	size_t at = begin_option(w, code);

	cv_write_bytes(w, value.data, value.len);
	end_option(w, at);
}

static void
write_status(struct cv_writer *w, enum status status, const char *text)
{
	size_t at = begin_option(w, AUTO6_OPT_STATUS);

	cv_write_u16(w, (uint16_t)status);
	cv_write_bytes(w, text, strlen(text));
	end_option(w, at);
}

static void
write_prefix(struct cv_writer *w, const struct cv_prefix *p, uint32_t preferred, uint32_t valid)
{
	size_t at = begin_option(w, AUTO6_OPT_PREFIX);

	cv_write_u32(w, preferred);
	cv_write_u32(w, valid);
	cv_write_u8(w, p->length);
	cv_write_bytes(w, p->ip.bytes, sizeof(p->ip.bytes));
	end_option(w, at);
}

/* What the client has and has no right to is taken from it by lifetimes of 0 (section 18.3.4). */
static void
write_delegation(struct cv_writer *w, const struct auto6_terms *t, const struct auto6_message *m,
	const struct auto6_ia *ia)
{
	bool keeps = m->kind == AUTO6_RENEW || m->kind == AUTO6_REBIND;

	write_prefix(w, &t->delegated, AUTO6_PREFERRED_S, AUTO6_VALID_S);
	for (unsigned i = 0; keeps && i < ia->n; i++)
		if (!same(&ia->leases[i], &t->delegated))
			write_prefix(w, &ia->leases[i], 0, 0);
}

static void
write_ia(struct cv_writer *w, const struct auto6_terms *t, const struct auto6_message *m,
	const struct auto6_ia *ia)
{
	bool given = ia->delegation && t->delegated.ip.family != 0 &&
		     ia == delegation_of(m, &t->delegated);
	bool has = m->kind == AUTO6_RENEW || m->kind == AUTO6_REBIND;
	size_t at = begin_option(w, ia->delegation ? AUTO6_OPT_IA_PD : AUTO6_OPT_IA_NA);

	cv_write_u32(w, ia->iaid);
	cv_write_u32(w, given ? AUTO6_PREFERRED_S / 2 : 0);     /* T1, */
	cv_write_u32(w, given ? AUTO6_PREFERRED_S / 5 * 4 : 0); /* T2: section 21.21 */
	if (given)
		write_delegation(w, t, m, ia);
	else if (has)
		write_status(w, NO_BINDING, "not of this link");
	else if (ia->delegation)
		write_status(w, NO_PREFIX, "no prefix for this link");
	else
		write_status(w, NO_ADDRESSES, "addresses come by router advertisement");
	end_option(w, at);
}

/* Associations of a Release that we know nothing of (section 18.3.7), and of any Decline (18.3.8):
 * there is no address that anybody else could have. */
static void
write_unknown(struct cv_writer *w, const struct auto6_terms *t, const struct auto6_message *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct auto6_ia *ia = &m->ias[i];
		size_t at;

		if (ia->delegation && t->delegated.ip.family != 0 && names(ia, &t->delegated))
			continue;
		at = begin_option(w, ia->delegation ? AUTO6_OPT_IA_PD : AUTO6_OPT_IA_NA);
		cv_write_u32(w, ia->iaid);
		cv_write_u32(w, 0);
		cv_write_u32(w, 0);
		write_status(w, NO_BINDING, "");
		end_option(w, at);
	}
}

static void
write_dns(struct cv_writer *w, const struct auto6_terms *t)
{
	size_t at = cv_written(w);

	if (t->dns[0].family == 0)
		return;
	at = begin_option(w, AUTO6_OPT_DNS);
	for (unsigned i = 0; i < AUTO6_DNS && t->dns[i].family != 0; i++)
		cv_write_bytes(w, t->dns[i].bytes, sizeof(t->dns[i].bytes));
	end_option(w, at);
}

/* ---- messages ---- */

/* Whether a Confirm has addresses, and whether all are of the link's /64. */
static bool
has_addresses(const struct auto6_message *m, const struct cv_prefix *prefix, bool *on_link)
{
	bool any = false;

	*on_link = true;
	for (unsigned i = 0; i < m->n; i++)
		for (unsigned k = 0; !m->ias[i].delegation && k < m->ias[i].n; k++) {
			any = true;
			if (!cv_prefix_contains(prefix, &m->ias[i].leases[k].ip))
				*on_link = false;
		}
	return any;
}

/* What is particular to a kind of message; false: no answer is due. */
static bool
write_body(struct cv_writer *w, const struct auto6_terms *t, const struct auto6_message *m)
{
	bool on_link;
	size_t at;

	switch (m->kind) {
	case AUTO6_SOLICIT:
		if (m->rapid) {
			write_bytes(w, AUTO6_OPT_RAPID_COMMIT, (struct cv_bytes){0});
			break;
		}
		at = begin_option(w, AUTO6_OPT_PREFERENCE);
		cv_write_u8(w, PREFERENCE_MOST);
		end_option(w, at);
		break;
	case AUTO6_REQUEST:
	case AUTO6_RENEW:
	case AUTO6_REBIND:
		break;
	case AUTO6_CONFIRM:
		if (!has_addresses(m, &t->prefix, &on_link))
			return false;
		write_status(w, on_link ? SUCCESS : NOT_ON_LINK, "");
		return true;
	case AUTO6_RELEASE:
	case AUTO6_DECLINE:
		write_status(w, SUCCESS, "");
		write_unknown(w, t, m);
		return true;
	case AUTO6_INFORMATION:
		at = begin_option(w, AUTO6_OPT_REFRESH);
		cv_write_u32(w, AUTO6_VALID_S);
		end_option(w, at);
		write_dns(w, t);
		return true;
	default:
		return false;
	}
	for (unsigned i = 0; i < m->n; i++)
		write_ia(w, t, m, &m->ias[i]);
	write_dns(w, t);
	return true;
}

size_t
auto6_write_answer(
	uint8_t out[AUTO6_PACKET_MAX], const struct auto6_terms *t, const struct auto6_message *m)
{
	uint8_t *udp = out + WIRE_IPV6, *message = udp + WIRE_UDP_HEADER;
	struct cv_writer w = cv_writer(message, AUTO6_PACKET_MAX - WIRE_IPV6 - WIRE_UDP_HEADER);
	bool advertise = m->kind == AUTO6_SOLICIT && !m->rapid;
	struct wire_ipv6 h = {.next = WIRE_UDP, .hops = 64};
	uint16_t len;

	cv_write_u8(&w, advertise ? AUTO6_ADVERTISE : AUTO6_REPLY);
	cv_write_bytes(&w, m->transaction, sizeof(m->transaction));
	write_bytes(&w, AUTO6_OPT_SERVER_ID, t->duid);
	if (m->client_id.len != 0)
		write_bytes(&w, AUTO6_OPT_CLIENT_ID, m->client_id);
	if (!write_body(&w, t, m) || w.failed)
		return 0;
	len = (uint16_t)(WIRE_UDP_HEADER + cv_written(&w));
	h.payload = len;
	memcpy(h.source, t->local.bytes, sizeof(h.source));
	memcpy(h.target, m->source, sizeof(h.target));
	wire_ipv6_write(out, &h);
	wire_udp_write(udp, AUTO6_SERVER, AUTO6_CLIENT, len);
	wire_udp_finish6(udp, h.source, h.target);
	return WIRE_IPV6 + (size_t)len;
}
