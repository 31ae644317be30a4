/* SPDX-License-Identifier: BSD-3-Clause */
/* What outlives a configuration: see terms.h. */
#include "lns/terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "crypto/crypto.h"
#include "lns/internal.h"

static struct lns_terms *
new_terms(const struct cfg *cfg, const char *host_name, struct crypto *crypto,
	const struct cv_log *log)
{
	size_t len = strlen(host_name) + 1;
	struct lns_terms *terms = calloc(1, sizeof(*terms));

	if (terms == NULL)
		return NULL;
	terms->users = 1;
	terms->host_name = malloc(len);
	if (terms->host_name == NULL) {
		free(terms);
		return NULL;
	}
	memcpy(terms->host_name, host_name, len);
	lns_link_params(cfg, &terms->ppp);
	terms->ppp.crypto = crypto;
	terms->ppp.log = log;
	terms->ppp.name = terms->host_name;
	return terms;
}

struct lns_terms *
lns_terms_new(const struct cfg *cfg, struct crypto *crypto, const struct cv_log *log)
{
	return new_terms(cfg, cfg->identity.host_name, crypto, log);
}

static bool
copy(struct cfg_secret *out, const void *bytes, size_t len)
{
	uint8_t *data = malloc(len == 0 ? 1 : len);

	if (data == NULL)
		return false;
	if (len != 0)
		memcpy(data, bytes, len);
	*out = (struct cfg_secret){data, len};
	return true;
}

static void
wipe(struct cfg_secret *s)
{
	uint8_t *data = (uint8_t *)(uintptr_t)s->data;

	if (data != NULL)
		cv_wipe(data, s->len);
	free(data);
}

struct lns_terms *
lns_terms_dial(const struct cfg *cfg, const struct cfg_dial *entry, struct crypto *crypto,
	const struct cv_log *log)
{
	struct lns_terms *terms = new_terms(cfg,
		entry->host_name != NULL ? entry->host_name : cfg->identity.host_name, crypto, log);

	if (terms == NULL || entry->user == NULL)
		return terms;
	if (!copy(&terms->user, entry->user, strlen(entry->user)) ||
		!copy(&terms->password, entry->password.data, entry->password.len)) {
		lns_terms_drop(terms);
		return NULL;
	}
	lns_client_params(&cfg->groups[entry->group], &terms->ppp);
	terms->ppp.user = (struct cv_bytes){terms->user.data, terms->user.len};
	terms->ppp.password = (struct cv_bytes){terms->password.data, terms->password.len};
	return terms;
}

static bool
same_bytes(const struct cfg_secret *a, const struct cfg_secret *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

bool
lns_terms_same(const struct lns_terms *a, const struct lns_terms *b)
{
	return strcmp(a->host_name, b->host_name) == 0 && same_bytes(&a->user, &b->user) &&
	       same_bytes(&a->password, &b->password);
}

void
lns_terms_drop(struct lns_terms *terms)
{
	if (terms == NULL || --terms->users != 0)
		return;
	wipe(&terms->user);
	wipe(&terms->password);
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
		.outgoing = secret->outgoing,
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
