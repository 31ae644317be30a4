/* SPDX-License-Identifier: BSD-3-Clause */
/* Link Control Protocol (RFC 1661 section 6, RFC 1662 section 7.1): its options, and what follows
 * from its state. */
#include "ppp/private.h"

enum option_type {
	OPT_MRU = 1,
	OPT_ACCM = 2,
	OPT_AUTH = 3,
	OPT_MAGIC = 5,
	OPT_PFC = 7,
	OPT_ACFC = 8,
};

/* The order of the rows below, for the bits of ppp_cp.rejected. */
enum row { ROW_MRU, ROW_ACCM, ROW_AUTH, ROW_MAGIC, ROW_PFC, ROW_ACFC, ROWS };

/* Maximum-Receive-Unit, section 6.1 */

static bool
mru_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u16(value, l->mru_ask);
	return l->mru_ask != PPP_DEFAULT_MRU;
}

static enum ppp_verdict
mru_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)l;
	(void)o;
	return ppp_value_u16(value) < PPP_MRU_MIN ? PPP_NAK : PPP_ACK;
}

static void
mru_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u16(value, l->params->mru);
}

static void
mru_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	l->peer_mru = ppp_value_u16(value);
}

/* Less is fine. A peer that wants to send more than the path carries gets no agreement about it
 * and may send the default. */
static void
mru_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	uint16_t mru = ppp_value_u16(value);

	(void)o;
	l->mru_ask = mru >= PPP_MRU_MIN && mru <= l->params->mru ? mru : PPP_DEFAULT_MRU;
}

uint16_t
ppp_lcp_our_mru(const struct ppp_link *l)
{
	return (l->lcp.rejected & 1u << ROW_MRU) != 0 ? PPP_DEFAULT_MRU : l->mru_ask;
}

/* Async-Control-Character-Map: means nothing over L2TP, any will do. A LAC with an asynchronous
 * line behind it has to know what was agreed. */

static enum ppp_verdict
any_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)l;
	(void)o;
	(void)value;
	return PPP_ACK;
}

static void
accm_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)l;
	(void)o;
	cv_write_u32(value, 0);
}

static void
accm_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	l->peer_accm = ppp_value_u32(value);
}

/* Authentication-Protocol, section 6.2: a server demands, a client consents. */

static enum ppp_auth
auth_of(struct cv_bytes value)
{
	struct cv_reader r = ppp_value(value);
	uint16_t protocol = cv_read_u16(&r);
	uint8_t algorithm = value.len == 3 ? cv_read_u8(&r) : 0;

	if (protocol == PPP_PAP && value.len == 2)
		return PPP_AUTH_PAP;
	if (protocol == PPP_CHAP && algorithm == PPP_CHAP_MD5_ALGORITHM)
		return PPP_AUTH_CHAP_MD5;
	if (protocol == PPP_CHAP && algorithm == PPP_MSCHAPV2_ALGORITHM)
		return PPP_AUTH_MSCHAPV2;
	return PPP_AUTH_NONE;
}

static void
auth_write(enum ppp_auth method, struct cv_writer *value)
{
	cv_write_u16(value, method == PPP_AUTH_PAP ? PPP_PAP : PPP_CHAP);
	if (method == PPP_AUTH_CHAP_MD5)
		cv_write_u8(value, PPP_CHAP_MD5_ALGORITHM);
	else if (method == PPP_AUTH_MSCHAPV2)
		cv_write_u8(value, PPP_MSCHAPV2_ALGORITHM);
}

static bool
auth_configured(const struct ppp_link *l, enum ppp_auth method)
{
	for (unsigned i = 0; i < l->params->n_auth; i++)
		if (method != PPP_AUTH_NONE && l->params->auth[i] == method)
			return true;
	return false;
}

static bool
auth_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	auth_write((enum ppp_auth)l->method, value);
	return ppp_is_server(l);
}

/* A server does not prove itself to a client: section 6.2 lets us reject that. */
static enum ppp_verdict
auth_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	if (ppp_is_server(l) || l->params->n_auth == 0)
		return PPP_REJECT;
	return auth_configured(l, auth_of(value)) ? PPP_ACK : PPP_NAK;
}

static void
auth_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	auth_write(l->params->auth[0], value);
}

static void
auth_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	l->method = (uint8_t)auth_of(value);
}

/* The peer's wish, where it is configured and was not refused before, else the next in order. A
 * client never asked: a server that prompts it to (section 5.3) changes nothing. */
static void
auth_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	enum ppp_auth wish = auth_of(value);

	(void)o;
	if (!ppp_is_server(l))
		return;
	l->methods_refused = (uint8_t)(l->methods_refused | 1u << l->method);
	if (auth_configured(l, wish) && (l->methods_refused & 1u << wish) == 0) {
		l->method = (uint8_t)wish;
		return;
	}
	for (unsigned i = 0; i < l->params->n_auth; i++) {
		if ((l->methods_refused & 1u << l->params->auth[i]) == 0) {
			l->method = (uint8_t)l->params->auth[i];
			return;
		}
	}
	ppp_finish(l, PPP_DOWN_AUTH_REFUSED);
}

static void
auth_rejected(struct ppp_link *l, const struct ppp_option *o)
{
	(void)o;
	ppp_finish(l, PPP_DOWN_AUTH_REFUSED);
}

/* Magic-Number, section 6.4 */

static uint32_t
new_magic(struct ppp_link *l)
{
	uint32_t magic;

	do
		magic = crypto_random_u32(l->params->crypto);
	while (magic == 0 || magic == l->magic);
	return magic;
}

static bool
magic_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u32(value, l->magic);
	return true;
}

static enum ppp_verdict
magic_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	uint32_t magic = ppp_value_u32(value);

	(void)o;
	if (magic == l->magic) {
		ppp_count_loop(l);
		return PPP_NAK_FIRST; /* the request may be our own: its Reject would be ours too */
	}
	return magic == 0 ? PPP_NAK : PPP_ACK;
}

static void
magic_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u32(value, new_magic(l));
}

static void
magic_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	l->peer_magic = ppp_value_u32(value);
	l->loops = 0;
}

static void
magic_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)o;
	(void)value;
	l->magic = new_magic(l);
}

static void
magic_rejected(struct ppp_link *l, const struct ppp_option *o)
{
	(void)o;
	l->magic = 0; /* section 6.4: what Echo then carries */
}

/* Protocol- and Address-and-Control-Field-Compression, sections 6.5 and 6.6: values of no
 * length. We take both compressed at any time. */

static bool
compression_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	(void)value;
	return l->params->compress_header;
}

static void
compression_counter(struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)l;
	(void)o;
	(void)value;
}

static void
compression_accept(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)value;
	if (o->type == OPT_PFC)
		l->peer_pfc = true;
	else
		l->peer_acfc = true;
}

/* There is nothing to haggle over: it is not asked for again. */
static void
compression_naked(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)value;
	l->lcp.rejected =
		(uint16_t)(l->lcp.rejected | 1u << (o->type == OPT_PFC ? ROW_PFC : ROW_ACFC));
}

static const struct ppp_option options[ROWS] = {
	[ROW_MRU] = {OPT_MRU, 2, 0, mru_ask, mru_judge, mru_counter, mru_accept, mru_naked, NULL},
	[ROW_ACCM] = {OPT_ACCM, 4, 0, NULL, any_judge, accm_counter, accm_accept, NULL, NULL},
	[ROW_AUTH] = {OPT_AUTH, PPP_OPTION_ANY_LENGTH, 0, auth_ask, auth_judge, auth_counter,
		auth_accept, auth_naked, auth_rejected},
	[ROW_MAGIC] = {OPT_MAGIC, 4, 0, magic_ask, magic_judge, magic_counter, magic_accept,
		magic_naked, magic_rejected},
	[ROW_PFC] = {OPT_PFC, 0, 0, compression_ask, any_judge, compression_counter,
		compression_accept, compression_naked, NULL},
	[ROW_ACFC] = {OPT_ACFC, 0, 0, compression_ask, any_judge, compression_counter,
		compression_accept, compression_naked, NULL},
};

/* What we ask for anew, at the start and when the peer negotiates again. */
void
ppp_lcp_reset(struct ppp_link *l)
{
	l->lcp.rejected = l->lcp.naks_sent = l->lcp.refusals = l->lcp.naks_received = 0;
	l->mru_ask = l->params->mru;
	l->magic = new_magic(l);
	l->method = (uint8_t)(ppp_is_server(l) ? l->params->auth[0] : PPP_AUTH_NONE);
	l->methods_refused = 0;
	l->loops = 0;
}

void
ppp_lcp_accepted(const struct ppp_link *l, struct cv_writer *w)
{
	if (l->peer_mru != PPP_DEFAULT_MRU) {
		cv_write_u16(w, OPT_MRU << 8 | 4);
		cv_write_u16(w, l->peer_mru);
	}
	if (l->peer_accm != PPP_DEFAULT_ACCM) {
		cv_write_u16(w, OPT_ACCM << 8 | 6);
		cv_write_u32(w, l->peer_accm);
	}
	if (l->peer_magic != 0) {
		cv_write_u16(w, OPT_MAGIC << 8 | 6);
		cv_write_u32(w, l->peer_magic);
	}
	if (l->peer_pfc)
		cv_write_u16(w, OPT_PFC << 8 | 2);
	if (l->peer_acfc)
		cv_write_u16(w, OPT_ACFC << 8 | 2);
}

bool
ppp_lcp_asked(struct ppp_link *l, struct cv_bytes list)
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct cv_bytes value;
	uint8_t type;
	int rc;

	l->mru_ask = PPP_DEFAULT_MRU;
	l->magic = 0;
	l->method = PPP_AUTH_NONE;
	while ((rc = ppp_option_next(&r, &type, &value)) > 0) {
		if (type == OPT_AUTH && auth_configured(l, auth_of(value)))
			l->method = (uint8_t)auth_of(value);
		else if (type == OPT_MRU && value.len == 2 && ppp_value_u16(value) != 0)
			l->mru_ask = ppp_value_u16(value);
		else if (type == OPT_MAGIC && value.len == 4)
			l->magic = ppp_value_u32(value);
		else if (!(type == OPT_ACCM && value.len == 4) &&
			 !((type == OPT_PFC || type == OPT_ACFC) && value.len == 0))
			return false;
	}
	return rc == 0 && l->method != PPP_AUTH_NONE;
}

static void
reset_peer(struct ppp_link *l)
{
	l->peer_mru = PPP_DEFAULT_MRU;
	l->peer_accm = PPP_DEFAULT_ACCM;
	l->peer_magic = 0;
	l->peer_acfc = l->peer_pfc = false;
	if (!ppp_is_server(l))
		l->method = PPP_AUTH_NONE;
}

static void
lcp_up(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now)
{
	(void)ops;
	l->lcp.deadline = CV_TIME_NEVER;
	l->echoes_open = 0;
	l->last_activity = now;
	if (l->params->echo_interval_ns != 0)
		l->echo_timer = cv_time_add(now, l->params->echo_interval_ns);
	ppp_raise(l, PPP_EV_LCP_UP);
	ppp_auth_start(l, now);
}

static void
lcp_down(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_cause cause)
{
	(void)ops;
	if (l->authenticated)
		ppp_expect_proof(l, now);
	l->echo_timer = CV_TIME_NEVER;
	ppp_layers_down(l, now);
	if (cause == PPP_CAUSE_TERMINATED)
		ppp_finish(l, PPP_DOWN_PEER_TERMINATED);
	if (cause == PPP_CAUSE_REJECTED)
		ppp_finish(l, PPP_DOWN_LCP_REJECTED);
	if (l->lcp.state < PPP_REQ_SENT) {
		ppp_set_phase(l, PPP_PHASE_TERMINATE);
		return;
	}
	l->counters.renegotiations++;
	ppp_lcp_reset(l);
	l->lcp.deadline = cv_time_add(now, l->params->lcp_timeout_ns);
	ppp_set_phase(l, PPP_PHASE_ESTABLISH);
}

static void
lcp_finished(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_cause cause)
{
	(void)ops;
	(void)now;
	ppp_tell_down(
		l, cause == PPP_CAUSE_REJECTED ? PPP_DOWN_LCP_REJECTED : PPP_DOWN_LCP_TIMEOUT);
}

static void
lcp_nak_war(struct ppp_link *l, const struct ppp_cp_ops *ops)
{
	(void)ops;
	ppp_finish(l, PPP_DOWN_LCP_NAK_WAR);
}

const struct ppp_cp_ops ppp_lcp = {
	.protocol = PPP_LCP,
	.name = "lcp",
	.options = options,
	.n_options = ROWS,
	.reset_peer = reset_peer,
	.up = lcp_up,
	.down = lcp_down,
	.finished = lcp_finished,
	.nak_war = lcp_nak_war,
	.extra = ppp_lcp_extra,
};
