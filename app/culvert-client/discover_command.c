/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-client discover: of a connection, or of any gateway without a configuration. */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "client.h"
#include "discover.h"
#include "discover_show.h"
#include "run.h"

struct asking {
	struct event_base *base;
	const struct client_options *o;
	const struct cfg_connection *c;
	struct discover *discover;
	int rc;
};

static void
on_found(void *ctx, const struct found *f)
{
	struct asking *a = ctx;
	struct decision d;

	decide(f, a->c->way, &d);
	a->rc = d.way == DECIDE_NONE ? EXIT_FAILED : d.way == DECIDE_RELAY ? EXIT_RELAY : EXIT_DONE;
	if (!a->o->json)
		discover_table(stdout, f, &d);
	else if (discover_json(stdout, f, &d) != 0)
		a->rc = EXIT_FAILED;
	event_base_loopbreak(a->base);
}

/* mark: of what is not to go by the relay, which may be up; 0: none. */
static int
ask(const struct client_options *o, const struct cfg_connection *c, uint32_t mark)
{
	struct asking a = {.o = o, .c = c, .rc = EXIT_FAILED};
	struct discover_params p = {.connection = c, .mark = mark, .tell = on_found, .ctx = &a};
	uint8_t seed[CRYPTO_SEED_BYTES];
	char err[256] = "no random numbers";

	if (getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed))
		p.crypto = crypto_new(seed, err, sizeof(err));
	cv_wipe(seed, sizeof(seed));
	a.base = event_base_new();
	p.base = a.base;
	if (p.crypto != NULL && p.base != NULL) {
		snprintf(err, sizeof(err), "discovery can't begin");
		a.discover = discover_begin(&p);
	}
	if (a.discover == NULL)
		fprintf(stderr, "culvert-client: %s\n", err);
	else
		event_base_dispatch(a.base);
	discover_free(a.discover);
	if (a.base != NULL)
		event_base_free(a.base);
	crypto_free(p.crypto);
	return a.rc;
}

/* An address, or what may be a name. */
static bool
read_host(const char *text, struct cfg_host *out)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(text);

	*out = (struct cfg_host){.text = text};
	if (cv_ip_parse(text, &out->ip) == 0)
		return true;
	out->name = text;
	return len != 0 && len <= 253 && text[0] != '.' && strspn(text, letters) == len;
}

/* A gateway that no configuration has. */
static int
ask_gateway(const struct client_options *o)
{
	static const uint16_t usual = 1701;
	uint16_t ports[CFG_CLIENT_PORTS_MAX] = {usual};
	struct cfg_host lns[CFG_CLIENT_LNS_MAX];
	struct cfg_connection c = {.lns = lns,
		.n_lns = o->n_lns,
		.ports = ports,
		.n_ports = o->n_ports == 0 ? 1 : o->n_ports,
		.stun_port = STUN_PORT,
		.tunnel = {.host_name = "culvert-client", .none = true}};

	memcpy(ports, o->ports, o->n_ports * sizeof(ports[0]));
	if (!read_host(o->word, &c.gateway))
		return client_usage_error("neither an address nor a name", o->word);
	for (size_t i = 0; i < o->n_lns; i++)
		if (!read_host(o->lns[i], &lns[i]))
			return client_usage_error("neither an address nor a name", o->lns[i]);
	return ask(o, &c, 0);
}

int
discover_run(const struct client_options *o)
{
	bool given = strcmp(o->config, CLIENT_DEFAULT_CONFIG) != 0;
	const struct cfg_connection *c = NULL;
	struct cfg_client *cfg = NULL;
	int rc;

	if (given || access(o->config, R_OK) == 0) {
		cfg = client_load(o);
		if (cfg == NULL)
			return EXIT_CONFIG;
		c = cfg_connection_find(cfg, o->word);
	}
	if (c != NULL && (o->n_lns != 0 || o->n_ports != 0))
		rc = client_usage_error(
			"--lns and --port are for a gateway, and the configuration has", o->word);
	else
		rc = c != NULL ? ask(o, c, run_table(cfg, c)) : ask_gateway(o);
	cfg_client_free(cfg);
	return rc;
}
