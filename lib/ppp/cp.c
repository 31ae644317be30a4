/* SPDX-License-Identifier: BSD-3-Clause */
/* Control protocol packets (RFC 1661 section 5) on the automaton of section 4. */
#include "ppp/cp.h"

#include "ppp/private.h"

/* What a peer's Configure-Request is answered with. */
struct reply {
	struct cv_writer nak, reject;
	unsigned seen;
	bool nak_first;
	uint8_t nak_bytes[PPP_PACKET_MAX], reject_bytes[PPP_PACKET_MAX];
};

/* One option of a list, checked. */
struct option_bytes {
	uint8_t type;
	struct cv_bytes value, whole;
};

void
ppp_cp_init(struct ppp_cp *cp)
{
	*cp = (struct ppp_cp){.timer = CV_TIME_NEVER, .deadline = CV_TIME_NEVER};
}

int
ppp_packet_parse(struct cv_bytes bytes, struct ppp_packet *p)
{
	struct cv_reader r = cv_reader(bytes.data, bytes.len);
	uint16_t length;

	p->code = cv_read_u8(&r);
	p->id = cv_read_u8(&r);
	length = cv_read_u16(&r);
	if (r.failed || length > bytes.len)
		return CV_ERR_TRUNCATED;
	if (length < PPP_PACKET_HEADER || length > PPP_PACKET_MAX)
		return CV_ERR_MALFORMED;
	p->data = (struct cv_bytes){r.pos, (size_t)length - PPP_PACKET_HEADER};
	p->whole = (struct cv_bytes){bytes.data, length};
	return 0;
}

/* The next option of a list: 1, 0 at its end, CV_ERR_MALFORMED. */
static int
next_option(struct cv_reader *r, struct option_bytes *o)
{
	uint8_t length;

	if (cv_remaining(r) == 0)
		return 0;
	o->whole.data = r->pos;
	o->type = cv_read_u8(r);
	length = cv_read_u8(r);
	if (r->failed || length < PPP_OPTION_HEADER)
		return CV_ERR_MALFORMED;
	o->whole.len = length;
	o->value.len = (size_t)length - PPP_OPTION_HEADER;
	o->value.data = cv_read_bytes(r, o->value.len);
	return o->value.data == NULL ? CV_ERR_MALFORMED : 1;
}

int
ppp_option_next(struct cv_reader *r, uint8_t *type, struct cv_bytes *value)
{
	struct option_bytes o;
	int rc = next_option(r, &o);

	if (rc > 0) {
		*type = o.type;
		*value = o.value;
	}
	return rc;
}

static bool
options_well_formed(struct cv_bytes list)
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct option_bytes o;
	int rc;

	while ((rc = next_option(&r, &o)) > 0)
		;
	return rc == 0;
}

/* The row of a type, and its bit; NULL: unknown. */
static const struct ppp_option *
find_row(const struct ppp_cp_ops *ops, uint8_t type, unsigned *bit)
{
	for (unsigned i = 0; i < ops->n_options; i++) {
		if (ops->options[i].type == type) {
			*bit = 1u << i;
			return &ops->options[i];
		}
	}
	return NULL;
}

/* Writes one option whose value a row's function gives; nothing when there is no such value. */
static void
write_option(struct ppp_link *l, const struct ppp_option *row, struct cv_writer *w, bool asking)
{
	struct cv_writer before = *w;
	bool wanted = true;

	cv_write_u8(w, row->type);
	cv_write_u8(w, 0);
	if (asking)
		wanted = row->ask(l, row, w);
	else
		row->counter(l, row, w);
	if (!wanted)
		*w = before;
	else if (!w->failed)
		before.pos[1] = (uint8_t)(w->pos - before.pos);
}

static void
write_request(struct ppp_link *l, const struct ppp_cp_ops *ops, struct ppp_frame_writer *fw)
{
	const struct ppp_cp *cp = ppp_cp_of(l, ops);

	ppp_packet_begin(fw, ops->protocol, PPP_CONFIGURE_REQUEST, cp->request_id);
	for (unsigned i = 0; i < ops->n_options; i++)
		if (ops->options[i].ask != NULL && (cp->rejected & 1u << i) == 0)
			write_option(l, &ops->options[i], &fw->w, true);
}

struct cv_bytes
ppp_cp_requested(struct ppp_link *l, const struct ppp_cp_ops *ops, struct ppp_frame_writer *fw)
{
	size_t header = PPP_HEADER_BYTES + PPP_PACKET_HEADER;

	write_request(l, ops, fw);
	return (struct cv_bytes){fw->bytes + header, cv_written(&fw->w) - header};
}

/* Section 4.6, Max-Failure: no more Naks, only Rejects, and nothing of our own is appended. */
static bool
naks_used_up(struct ppp_link *l, const struct ppp_cp_ops *ops)
{
	return ppp_cp_of(l, ops)->naks_sent >= l->params->max_failure;
}

/* Sorts one option of the peer's request into the reply. */
static void
judge_option(struct ppp_link *l, const struct ppp_cp_ops *ops, const struct option_bytes *o,
	struct reply *reply)
{
	unsigned bit = 0;
	const struct ppp_option *row = find_row(ops, o->type, &bit);
	enum ppp_verdict verdict = PPP_REJECT;

	if (row != NULL && row->judge != NULL && (reply->seen & bit) == 0) {
		verdict = PPP_NAK; /* a length that the option does not have */
		if (row->value_len == PPP_OPTION_ANY_LENGTH || row->value_len == o->value.len)
			verdict = row->judge(l, row, o->value);
		reply->seen |= bit;
	}
	if (verdict == PPP_NAK && (row->counter == NULL || naks_used_up(l, ops)))
		verdict = PPP_REJECT;
	if (verdict == PPP_NAK_FIRST)
		reply->nak_first = true;
	if (verdict == PPP_NAK || verdict == PPP_NAK_FIRST)
		write_option(l, row, &reply->nak, false);
	if (verdict == PPP_REJECT)
		cv_write_bytes(&reply->reject, o->whole.data, o->whole.len);
}

/* Judges a well-formed list; returns whether all of it is acceptable. */
static bool
judge_request(
	struct ppp_link *l, const struct ppp_cp_ops *ops, struct cv_bytes list, struct reply *reply)
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct option_bytes o;

	reply->nak = cv_writer(reply->nak_bytes, sizeof(reply->nak_bytes));
	reply->reject = cv_writer(reply->reject_bytes, sizeof(reply->reject_bytes));
	reply->seen = 0;
	reply->nak_first = false;
	while (next_option(&r, &o) > 0)
		judge_option(l, ops, &o, reply);
	if (ops->missing != NULL && !naks_used_up(l, ops))
		ops->missing(l, reply->seen, &reply->nak);
	return cv_written(&reply->nak) == 0 && cv_written(&reply->reject) == 0;
}

static void
accept_options(struct ppp_link *l, const struct ppp_cp_ops *ops, struct cv_bytes list)
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct option_bytes o;
	unsigned bit;

	ops->reset_peer(l);
	while (next_option(&r, &o) > 0) {
		const struct ppp_option *row = find_row(ops, o.type, &bit);

		if (row != NULL && row->accept != NULL)
			row->accept(l, row, o.value);
	}
}

/* SCA: from here on the peer's values hold. */
static void
acknowledge(struct ppp_link *l, const struct ppp_cp_ops *ops, const struct ppp_packet *p)
{
	accept_options(l, ops, p->data);
	ppp_cp_of(l, ops)->naks_sent = ppp_cp_of(l, ops)->refusals = 0;
	ppp_packet_send_data(l, ops->protocol, PPP_CONFIGURE_ACK, p->id, p->data);
}

/* SCN: what can't be had at all goes first (section 5.4). */
static void
refuse(struct ppp_link *l, const struct ppp_cp_ops *ops, const struct ppp_packet *p,
	const struct reply *reply)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	bool reject = cv_written(&reply->reject) != 0 && !reply->nak_first;
	const struct cv_writer *w = reject ? &reply->reject : &reply->nak;

	if (!reject)
		cp->naks_sent++;
	if (++cp->refusals > 2 * l->params->max_failure)
		ops->nak_war(l, ops);
	ppp_packet_send_data(l, ops->protocol, reject ? PPP_CONFIGURE_REJECT : PPP_CONFIGURE_NAK,
		p->id, (struct cv_bytes){w->start, cv_written(w)});
}

static void
send_request(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, bool repeat)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	struct ppp_frame_writer fw;

	/* section 5.1: a new one after any valid reply, and whenever the options may differ */
	if (!repeat)
		cp->request_id = ++cp->next_id;
	cp->answered = false;
	if (cp->restarts > 0)
		cp->restarts--;
	cp->timer = cv_time_add(now, l->params->restart_ns);
	write_request(l, ops, &fw);
	ppp_packet_send(l, &fw);
}

static void
send_terminate(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	const char *why = ppp_down_text((enum ppp_down)l->reason);
	struct cv_bytes text = {(const uint8_t *)why, l->finishing ? strlen(why) : 0};

	cp->terminate_id = ++cp->next_id;
	if (cp->restarts > 0)
		cp->restarts--;
	cp->timer = cv_time_add(now, l->params->restart_ns);
	ppp_packet_send_data(l, ops->protocol, PPP_TERMINATE_REQUEST, cp->terminate_id, text);
}

/* Steps the automaton and does what it says. p and reply: what arrived, where actions need it. */
static void
step(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_fsm_event event,
	const struct ppp_packet *p, const struct reply *reply)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	enum ppp_state state = ppp_cp_state(cp), old = state;
	unsigned actions = ppp_fsm_step(&state, event);

	cp->state = (uint8_t)state;
	if (state != old)
		PPP_DEBUG(l, "ppp-state", "layer=%s from=%s to=%s", ops->name, ppp_state_name(old),
			ppp_state_name(state));
	if (actions & PPP_TLD)
		ops->down(l, ops, now, (enum ppp_cause)cp->cause);
	if (actions & PPP_IRC)
		cp->restarts =
			actions & PPP_STR ? l->params->max_terminate : l->params->max_configure;
	if (actions & PPP_ZRC) {
		cp->restarts = 0;
		cp->timer = cv_time_add(now, l->params->restart_ns);
	}
	if (actions & PPP_SCR)
		send_request(l, ops, now, event == PPP_FSM_TO_PLUS && !cp->answered);
	if (actions & PPP_SCA)
		acknowledge(l, ops, p);
	if (actions & PPP_SCN)
		refuse(l, ops, p, reply);
	if (actions & PPP_STR)
		send_terminate(l, ops, now);
	if (actions & PPP_STA)
		ppp_packet_send_data(
			l, ops->protocol, PPP_TERMINATE_ACK, p->id, (struct cv_bytes){0});
	if ((actions & PPP_SCJ) && ppp_reject_allowed(l, now))
		ppp_packet_send_data(
			l, ops->protocol, PPP_CODE_REJECT, ++cp->next_id, ppp_cut(l, p->whole, 0));
	if (state < PPP_CLOSING || state > PPP_ACK_SENT)
		cp->timer = CV_TIME_NEVER;
	if (actions & PPP_TLU) {
		cp->opened_at = now;
		ops->up(l, ops, now);
	}
	if (actions & PPP_TLF)
		ops->finished(l, ops, now, (enum ppp_cause)cp->cause);
}

/* A value that two different requests hardly share (FNV-1a); 0 stands for none. */
static uint32_t
check_value(struct cv_bytes b)
{
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.data[i]) * UINT32_C(16777619);
	return h | 1;
}

/*
 * A peer that opens after us never saw our first request. Once its own shows that it is there, the
 * answer to ours gets the time of a long way and no more; a whole Restart timer is what a user
 * would wait for each call.
 */
static void
expect_answer(struct ppp_cp *cp, uint64_t now)
{
	if (!cp->heard && (cp->state == PPP_REQ_SENT || cp->state == PPP_ACK_SENT) &&
		cv_time_add(now, PPP_LATE_PEER_NS) < cp->timer && cp->restarts < UINT8_MAX) {
		cp->timer = cv_time_add(now, PPP_LATE_PEER_NS);
		cp->restarts++; /* one more, so that the whole takes no less time */
	}
	cp->heard = true;
}

static int
receive_request(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, const struct ppp_packet *p)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	uint32_t check = check_value(p->whole);
	struct reply reply;
	bool good;

	if (!options_well_formed(p->data))
		return CV_ERR_MALFORMED;
	if (cp->state == PPP_CLOSING || cp->state == PPP_STOPPING)
		return 0;
	/* A network that doubles packets, or lost our Ack, shows us the very request that we
	 * acknowledged: the RFC's table would tear a running link down for it. Later it is a peer
	 * that begins anew, even if it is so simple that it says the same as before. */
	if (cp->state == PPP_OPENED && cp->acked == check &&
		now <= cv_time_add(cp->opened_at, PPP_DOUBLED_NS)) {
		ppp_packet_send_data(l, ops->protocol, PPP_CONFIGURE_ACK, p->id, p->data);
		return PPP_CP_REPEATED;
	}
	good = judge_request(l, ops, p->data, &reply);
	cp->acked = good ? check : 0;
	step(l, ops, now, good ? PPP_FSM_RCR_PLUS : PPP_FSM_RCR_MINUS, p, &reply);
	expect_answer(cp, now);
	return 0;
}

/* Whether a Configure-Reject names only options that our request had, as it had them. */
static bool
reject_is_ours(struct ppp_link *l, const struct ppp_cp_ops *ops, struct cv_bytes list)
{
	struct ppp_frame_writer fw;
	struct cv_bytes ours = ppp_cp_requested(l, ops, &fw);
	struct cv_reader r = cv_reader(list.data, list.len);
	struct option_bytes o, own;

	if (list.len == 0)
		return false;
	while (next_option(&r, &o) > 0) {
		struct cv_reader mine = cv_reader(ours.data, ours.len);
		bool found = false;

		while (!found && next_option(&mine, &own) > 0)
			found = own.whole.len == o.whole.len &&
				memcmp(own.whole.data, o.whole.data, o.whole.len) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* Applies a Nak or a Reject to what we ask for. */
static void
learn(struct ppp_link *l, const struct ppp_cp_ops *ops, const struct ppp_packet *p)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	struct cv_reader r = cv_reader(p->data.data, p->data.len);
	struct option_bytes o;
	unsigned bit = 0;

	while (next_option(&r, &o) > 0) {
		const struct ppp_option *row = find_row(ops, o.type, &bit);

		if (row == NULL || row->ask == NULL || (cp->rejected & bit) != 0)
			continue;
		if (p->code == PPP_CONFIGURE_NAK) {
			row->naked(l, row, o.value);
			continue;
		}
		cp->rejected = (uint16_t)(cp->rejected | bit);
		if (row->rejected != NULL)
			row->rejected(l, row);
	}
	if (++cp->naks_received > 2 * l->params->max_failure)
		ops->nak_war(l, ops);
}

/* Configure-Ack, -Nak, -Reject. */
static int
receive_answer(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, const struct ppp_packet *p)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	bool ack = p->code == PPP_CONFIGURE_ACK;
	struct ppp_frame_writer fw;

	if (cp->state >= PPP_REQ_SENT) {
		if (p->id != cp->request_id || cp->answered)
			return CV_ERR_UNKNOWN;
		if (ack) {
			struct cv_bytes ours = ppp_cp_requested(l, ops, &fw);

			if (ours.len != p->data.len ||
				memcmp(ours.data, p->data.data, ours.len) != 0)
				return CV_ERR_MALFORMED;
			cp->naks_received = 0;
		} else {
			if (!options_well_formed(p->data) ||
				(p->code == PPP_CONFIGURE_REJECT &&
					!reject_is_ours(l, ops, p->data)))
				return CV_ERR_MALFORMED;
			learn(l, ops, p);
		}
		cp->answered = true;
	}
	step(l, ops, now, ack ? PPP_FSM_RCA : PPP_FSM_RCN, p, NULL);
	return 0;
}

static int
receive_code_reject(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, const struct ppp_packet *p)
{
	bool vital;

	if (p->data.len == 0)
		return CV_ERR_TRUNCATED;
	vital = p->data.data[0] >= PPP_CONFIGURE_REQUEST && p->data.data[0] <= PPP_CODE_REJECT;
	ppp_cp_of(l, ops)->cause = vital ? PPP_CAUSE_REJECTED : PPP_CAUSE_NONE;
	step(l, ops, now, vital ? PPP_FSM_RXJ_MINUS : PPP_FSM_RXJ_PLUS, p, NULL);
	return 0;
}

int
ppp_cp_input(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, const struct ppp_packet *p)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	int rc;

	if (cp->state < PPP_CLOSED)
		return CV_ERR_STATE;
	cp->cause = PPP_CAUSE_NONE;
	switch (p->code) {
	case PPP_CONFIGURE_REQUEST:
		return receive_request(l, ops, now, p);
	case PPP_CONFIGURE_ACK:
	case PPP_CONFIGURE_NAK:
	case PPP_CONFIGURE_REJECT:
		return receive_answer(l, ops, now, p);
	case PPP_TERMINATE_REQUEST:
		cp->cause = PPP_CAUSE_TERMINATED;
		step(l, ops, now, PPP_FSM_RTR, p, NULL);
		return 0;
	case PPP_TERMINATE_ACK:
		if ((cp->state == PPP_CLOSING || cp->state == PPP_STOPPING) &&
			p->id != cp->terminate_id)
			return CV_ERR_UNKNOWN;
		step(l, ops, now, PPP_FSM_RTA, p, NULL);
		return 0;
	case PPP_CODE_REJECT:
		return receive_code_reject(l, ops, now, p);
	default:
		rc = ops->extra == NULL ? CV_ERR_UNKNOWN : ops->extra(l, now, p);
		if (rc == CV_ERR_UNKNOWN) {
			l->counters.rx_unknown++;
			step(l, ops, now, PPP_FSM_RUC, p, NULL);
			return 0;
		}
		return rc;
	}
}

void
ppp_cp_event(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_fsm_event event)
{
	ppp_cp_of(l, ops)->cause = event == PPP_FSM_RXJ_MINUS ? PPP_CAUSE_REJECTED : PPP_CAUSE_NONE;
	step(l, ops, now, event, NULL, NULL);
}

void
ppp_cp_stop(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	bool open = cp->state == PPP_OPENED;

	if (cp->state <= PPP_STOPPED)
		return;
	cp->state = PPP_STOPPED;
	cp->timer = CV_TIME_NEVER;
	cp->cause = PPP_CAUSE_REJECTED;
	if (open)
		ops->down(l, ops, now, PPP_CAUSE_REJECTED);
	ops->finished(l, ops, now, PPP_CAUSE_REJECTED);
}

int
ppp_cp_adopt(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, struct cv_bytes received)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	struct reply reply;

	if (!options_well_formed(received) || !judge_request(l, ops, received, &reply))
		return CV_ERR_CONFIG;
	accept_options(l, ops, received);
	PPP_DEBUG(l, "ppp-state", "layer=%s from=%s to=%s", ops->name,
		ppp_state_name(ppp_cp_state(cp)), ppp_state_name(PPP_OPENED));
	cp->state = PPP_OPENED;
	cp->answered = cp->heard = true; /* no request of ours is under way */
	cp->opened_at = now;
	ops->up(l, ops, now);
	return 0;
}

void
ppp_cp_timeout(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);

	if (cp->timer > now)
		return;
	cp->timer = CV_TIME_NEVER;
	cp->cause = cp->state >= PPP_REQ_SENT ? PPP_CAUSE_TIMEOUT : PPP_CAUSE_NONE;
	step(l, ops, now, cp->restarts > 0 ? PPP_FSM_TO_PLUS : PPP_FSM_TO_MINUS, NULL, NULL);
}

void
ppp_cp_reset(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now)
{
	struct ppp_cp *cp = ppp_cp_of(l, ops);
	bool open = cp->state == PPP_OPENED;

	cp->state = PPP_INITIAL;
	cp->timer = cp->deadline = CV_TIME_NEVER;
	cp->rejected = cp->naks_sent = cp->refusals = cp->naks_received = 0;
	cp->heard = false;
	cp->acked = 0;
	cp->cause = PPP_CAUSE_NONE;
	if (open)
		ops->down(l, ops, now, PPP_CAUSE_NONE);
}
