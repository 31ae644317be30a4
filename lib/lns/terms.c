/* SPDX-License-Identifier: BSD-3-Clause */
/* What outlives a configuration: see terms.h. */
#include "lns/terms.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "lns/internal.h"

struct lns_terms *
lns_terms_new(const struct cfg *cfg, struct crypto *crypto, const struct cv_log *log)
{
	size_t len = strlen(cfg->identity.host_name) + 1;
	struct lns_terms *terms = calloc(1, sizeof(*terms));

	if (terms == NULL)
		return NULL;
	terms->users = 1;
	terms->host_name = malloc(len);
	if (terms->host_name == NULL) {
		free(terms);
		return NULL;
	}
	memcpy(terms->host_name, cfg->identity.host_name, len);
	lns_link_params(cfg, &terms->ppp);
	terms->ppp.crypto = crypto;
	terms->ppp.log = log;
	terms->ppp.name = terms->host_name;
	return terms;
}

void
lns_terms_drop(struct lns_terms *terms)
{
	if (terms == NULL || --terms->users != 0)
		return;
	free(terms->host_name);
	free(terms);
}

struct lns_secret *
lns_secret_new(const struct cfg_tunnel_secret *secret)
{
	struct lns_secret *s = malloc(sizeof(*s) + secret->secret.len);

	if (s == NULL)
		return NULL;
	*s = (struct lns_secret){.users = 1,
		.none = secret->none,
		.proxy = secret->proxy,
		.len = secret->secret.len};
	if (s->len != 0)
		memcpy(s->bytes, secret->secret.data, s->len);
	return s;
}

void
lns_secret_drop(struct lns_secret *secret)
{
	if (secret == NULL || --secret->users != 0)
		return;
	cv_wipe(secret, sizeof(*secret) + secret->len);
	free(secret);
}
