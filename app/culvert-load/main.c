/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-load: options, secrets, ports; then run.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/files.h"
#include "culvert-load/load.h"
#include "culvert-load/source.h"

enum { SECRET_MOST = 256 };

static struct load load;

static void
stop(int number)
{
	(void)number;
	load.stop = true;
}

/* A file's first line, in new memory. */
static int
read_secret(const char *path, const uint8_t **bytes, size_t *len)
{
	uint8_t *data = NULL;
	const uint8_t *end;
	unsigned mode;
	size_t n = 0;

	if (path == NULL)
		return 0;
	if (files_read(NULL, path, SECRET_MOST, &data, &n, &mode) != 0) {
		fprintf(stderr, "culvert-load: %s: %s\n", path, strerror(errno));
		return -1;
	}
	end = n == 0 ? NULL : memchr(data, '\n', n);
	*len = end == NULL ? n : (size_t)(end - data);
	*bytes = data;
	if (*len == 0)
		fprintf(stderr, "culvert-load: %s: its first line is empty\n", path);
	return *len == 0 ? -1 : 0;
}

static int
choose_ports(struct load *l)
{
	uint32_t n = people_tunnels(l->people);

	l->source_ports = calloc(n, sizeof(l->source_ports[0]));
	if (l->source_ports == NULL)
		return -1;
	for (uint32_t t = 0; t < n; t++)
		l->source_ports[t] = l->o->source_port;
	if (l->o->source_port == 0)
		source_choose(l->crypto, l->source_ports, n, l->o->addresses);
	return 0;
}

static int
set_up(struct load *l, struct people_params *people)
{
	uint8_t random[CRYPTO_SEED_BYTES + sizeof(uint32_t)];
	uint32_t run;
	char err[256] = "";

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	l->crypto = crypto_new(random, err, sizeof(err));
	memcpy(&run, random + CRYPTO_SEED_BYTES, sizeof(run));
	people->crypto = l->crypto;
	l->people = l->crypto == NULL ? NULL : people_new(people, 0);
	if (l->people == NULL || choose_ports(l) != 0 ||
		data_init(&l->data, people->sessions * (l->n_ports == 2 ? 2 : 1), run) != 0) {
		fprintf(stderr, "culvert-load: %s\n", err[0] != '\0' ? err : "out of memory");
		return -1;
	}
	return 0;
}

static int
open_ports(struct load *l)
{
	const struct options *o = l->o;
	struct ports_params p = {.device = {o->port, o->uplink},
		.n = l->n_ports,
		.mtu = o->mtu + 60, /* what is around a packet outside */
		.cpu = o->cpu == LOAD_ANY_CPU ? -1 : (int)o->cpu};
	char err[256] = "";

	if (ports_open(l->ports, &p, err, sizeof(err)) != 0) {
		fprintf(stderr, "culvert-load: %s\n", err);
		return -1;
	}
	if (o->pps != 0 && !load_fits(l, o->size)) {
		fprintf(stderr,
			"culvert-load: --size: such packets, with L2TP around them, are larger "
			"than a port's MTU\n");
		return -1;
	}
	l->sides[0] = (struct side){
		.first = o->first, .n = o->addresses, .own = o->own, .next_hop = o->gateway};
	l->sides[1] = (struct side){.first = o->host, .n = 1, .next_hop = o->uplink_gateway};
	for (unsigned i = 0; i < l->n_ports; i++)
		memcpy(l->sides[i].mac, l->ports[i].mac, WIRE_MAC);
	return 0;
}

static void
forget(const uint8_t *bytes, size_t len)
{
	if (bytes == NULL)
		return;
	cv_wipe((void *)(uintptr_t)bytes, len);
	free((void *)(uintptr_t)bytes);
}

static void
tear_down(struct load *l, const struct people_params *people)
{
	people_free(l->people);
	data_free(&l->data);
	free(l->source_ports);
	crypto_free(l->crypto);
	forget(people->password, people->password_len);
	forget(people->secret, people->secret_len);
}

int
main(int argc, char **argv)
{
	struct options o;
	int rc = options_read(argc, argv, &o);

	if (rc != -1)
		return rc;
	load = (struct load){.o = &o,
		.n_ports = o.uplink == NULL ? 1 : 2,
		.progress = !o.quiet && isatty(STDERR_FILENO)};
	if (read_secret(o.password_file, &o.people.password, &o.people.password_len) != 0 ||
		read_secret(o.secret_file, &o.people.secret, &o.people.secret_len) != 0 ||
		set_up(&load, &o.people) != 0 || open_ports(&load) != 0) {
		tear_down(&load, &o.people);
		return EXIT_SETUP;
	}
	sigaction(SIGINT, &(struct sigaction){.sa_handler = stop}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
	rc = load_run(&load);
	ports_close(load.ports, load.n_ports);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "culvert-load: what was to be printed could not be written\n");
		rc = EXIT_LOAD;
	}
	tear_down(&load, &o.people);
	return rc;
}
