/* SPDX-License-Identifier: BSD-3-Clause */
/* The proxy AVPs of an ICCN, kept until its event is taken. */
#include "l2tp/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "l2tp/private.h"

static void
keep(struct l2tp_proxy *p, const struct l2tp_message *m, enum l2tp_avp avp, struct cv_bytes *view)
{
	if (!l2tp_has(m, avp))
		return;
	*view = (struct cv_bytes){p->bytes + p->used, m->value[avp].len};
	if (view->len != 0)
		memcpy(p->bytes + p->used, m->value[avp].data, view->len);
	p->used += view->len;
}

struct l2tp_proxy *
l2tp_proxy_keep(const struct l2tp_message *m)
{
	static const enum l2tp_avp avps[] = {L2TP_AVP_LAST_SENT_LCP, L2TP_AVP_LAST_RECEIVED_LCP,
		L2TP_AVP_PROXY_AUTHEN_NAME, L2TP_AVP_PROXY_AUTHEN_CHALLENGE,
		L2TP_AVP_PROXY_AUTHEN_RESPONSE};
	struct l2tp_proxy *p;
	size_t len = 0;

	if (!l2tp_has(m, L2TP_AVP_LAST_SENT_LCP) && !l2tp_has(m, L2TP_AVP_LAST_RECEIVED_LCP) &&
		!l2tp_has(m, L2TP_AVP_PROXY_AUTHEN_TYPE))
		return NULL;
	for (size_t i = 0; i < sizeof(avps) / sizeof(avps[0]); i++)
		len += l2tp_has(m, avps[i]) ? m->value[avps[i]].len : 0;
	p = calloc(1, sizeof(*p) + len);
	if (p == NULL)
		return NULL; /* all is negotiated anew */
	p->has_lcp = l2tp_has(m, avps[0]) && l2tp_has(m, avps[1]);
	p->authen_type = l2tp_get_u16(m, L2TP_AVP_PROXY_AUTHEN_TYPE);
	p->authen_id = (uint8_t)l2tp_get_u16(m, L2TP_AVP_PROXY_AUTHEN_ID);
	keep(p, m, L2TP_AVP_LAST_SENT_LCP, &p->sent);
	keep(p, m, L2TP_AVP_LAST_RECEIVED_LCP, &p->received);
	keep(p, m, L2TP_AVP_PROXY_AUTHEN_NAME, &p->name);
	keep(p, m, L2TP_AVP_PROXY_AUTHEN_CHALLENGE, &p->challenge);
	keep(p, m, L2TP_AVP_PROXY_AUTHEN_RESPONSE, &p->response);
	return p;
}

void
l2tp_proxy_free(struct l2tp_proxy *p)
{
	if (p == NULL)
		return;
	cv_wipe(p->bytes, p->used); /* a password may be among them */
	free(p);
}
