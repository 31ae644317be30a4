/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertd: arguments, and the order in which the parts come and go. */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "config/reference.h"
#include "config/schema.h"
#include "daemon.h"
#include "kernel.h"
#include "reload.h"

enum { EXIT_USAGE = 2, EXIT_CONFIG = 3 };

#define LOG_BOUND_NS (200 * CV_NS_PER_MS) /* for a reader that is only slow */

static const char usage[] = "usage: culvertd [-c] FILE\n"
			    "       culvertd --check | --try FILE\n"
			    "       culvertd --schema | --config-reference[=scdoc]\n"
			    "       culvertd --help | --version\n";

static const char help[] =
	"NAME\n"
	"    culvertd - L2TP network server that relays IPsec between its clients\n"
	"\n"
	"SYNOPSIS\n"
	"    culvertd [-c] FILE\n"
	"    culvertd --check | --try FILE\n"
	"    culvertd --schema | --config-reference[=scdoc]\n"
	"\n"
	"DESCRIPTION\n"
	"    Runs in the foreground and writes its log to stderr, one line an event.\n"
	"    Watch and steer it with culvertctl.\n"
	"\n"
	"OPTIONS\n"
	"    -c, --config FILE   the configuration, in YAML\n"
	"    -k, --check         check the configuration, print every error, and exit\n"
	"    -s, --schema        print the configuration's JSON schema, for editors, and exit\n"
	"    --config-reference[=scdoc]\n"
	"                        print what each key of the configuration is, in Markdown or as\n"
	"                        source of a man page, and exit\n"
	"    -t, --try           set everything up, as for serving, and exit: what would go wrong\n"
	"    -V, --version       print the version\n"
	"    -h, --help          print this text\n"
	"\n"
	"SIGNALS\n"
	"    SIGTERM, SIGINT\n"
	"                        end all tunnels with StopCCN and exit within 3 seconds;\n"
	"                        a second one: exit at once\n"
	"    SIGHUP              read the configuration again and apply what is different: all of\n"
	"                        it, or nothing, which the log says (see culvertctl reload)\n"
	"    SIGUSR1             print all counters that are not 0\n"
	"\n"
	"EXIT STATUS\n"
	"    0  stopped by a signal, or the configuration is right (--check) and can be served\n"
	"       (--try)\n"
	"    1  could not start, go on or stop in order; the log says why\n"
	"    2  wrong usage\n"
	"    3  errors in the configuration, all printed as FILE:LINE:COLUMN\n"
	"\n"
	"EXAMPLE\n"
	"    culvertd --check /etc/culvert/culvert.yaml\n";

struct arguments {
	const char *config;
	bool check, try;
};

static int
print_schema(void)
{
	static char schema[CFG_SCHEMA_BYTES];

	if (cfg_schema(schema, sizeof(schema)) < 0)
		return 1;
	fputs(schema, stdout);
	return 0;
}

static int
print_reference(const char *form)
{
	static char reference[CFG_REFERENCE_BYTES];
	bool scdoc = form != NULL && strcmp(form, "scdoc") == 0;

	if (form != NULL && !scdoc) {
		fprintf(stderr,
			"culvertd: --config-reference has the forms '' and scdoc, not '%s'\n",
			form);
		return EXIT_USAGE;
	}
	if (cfg_reference(scdoc ? CFG_REFERENCE_SCDOC : CFG_REFERENCE_MARKDOWN, reference,
		    sizeof(reference)) < 0)
		return 1;
	fputs(reference, stdout);
	return 0;
}

/* -1: go on; else the exit status. */
static int
parse_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"try", no_argument, NULL, 't'},
		{"schema", no_argument, NULL, 's'},
		{"config-reference", optional_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:ktsVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			args->config = optarg;
			break;
		case 'k':
			args->check = true;
			break;
		case 't':
			args->try = true;
			break;
		case 's':
			return print_schema();
		case 'r':
			return print_reference(optarg);
		case 'V':
			printf("culvertd %s\n", CULVERT_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (args->config == NULL && optind < argc)
		args->config = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "culvertd: unexpected argument '%s'\n%s", argv[optind], usage);
		return EXIT_USAGE;
	}
	if (args->config == NULL) {
		fprintf(stderr, "culvertd: no configuration given\n%s", usage);
		return EXIT_USAGE;
	}
	return -1;
}

static struct crypto *
new_crypto(const struct cv_log *log)
{
	uint8_t seed[CRYPTO_SEED_BYTES];
	char err[256] = "";
	struct crypto *crypto;

	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
		cv_log_event(log, CV_LOG_ERROR, "start-failed", "reason=\"getrandom: %s\"",
			strerror(errno));
		return NULL;
	}
	crypto = crypto_new(seed, err, sizeof(err));
	cv_wipe(seed, sizeof(seed));
	if (crypto == NULL)
		cv_log_event(log, CV_LOG_ERROR, "start-failed", "reason=\"%s\"", err);
	return crypto;
}

static int
start_control(struct daemon *d)
{
	const struct cfg_control *cfg = &d->cfg->control;
	const struct group *group = cfg->group[0] == '\0' ? NULL : getgrnam(cfg->group);
	char err[256] = "";

	if (cfg->group[0] != '\0' && group == NULL)
		snprintf(err, sizeof(err), "control.group: there is no group '%s'", cfg->group);
	else
		d->control = control_server_new(d->base, cfg->socket, (mode_t)cfg->mode,
			group == NULL ? (gid_t)-1 : group->gr_gid, daemon_handle, d, err,
			sizeof(err));
	if (d->control != NULL)
		return 0;
	cv_log_event(&d->log, CV_LOG_ERROR, "start-failed", "reason=\"%s\"", err);
	return CV_ERR_IO;
}

static uint64_t
first_serial(void)
{
	struct timespec wall = {0};

	clock_gettime(CLOCK_REALTIME, &wall);
	return lns_serial_at((uint64_t)wall.tv_sec * CV_NS_PER_S + (uint64_t)wall.tv_nsec);
}

static int
start_and_run(struct daemon *d, const char *path, bool try)
{
	struct lns_params params = {.cfg = d->cfg, .log = &d->log};

	params.first_serial = first_serial();
	d->started_at = daemon_now();
	d->base = event_base_new();
	params.crypto = d->crypto = new_crypto(&d->log);
	if (d->base == NULL || d->crypto == NULL)
		return CV_ERR_IO;
	d->lns = lns_new(&params, d->started_at);
	if (d->lns == NULL) {
		cv_log_event(&d->log, CV_LOG_ERROR, "start-failed",
			"reason=\"out of memory for limits.sessions and limits.tunnels\"");
		return CV_ERR_NOMEM;
	}
	/* first: a second culvertd must not touch the first one's ports */
	if (start_control(d) != 0)
		return CV_ERR_IO;
	if (reload_init(d, path) != 0 || daemon_create_datapath(d) != 0)
		return CV_ERR_IO;
	return try ? 0 : daemon_run(d);
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void
tear_down(struct daemon *d)
{
	control_server_free(d->control);
	reload_free(d);
	trace_free(d->trace);
	kernel_free(d);
	free_event(d->wake);
	free_event(d->timer);
	free_event(d->on_term);
	free_event(d->on_int);
	free_event(d->on_hup);
	free_event(d->on_usr1);
	free_event(d->log_writable);
	resolve_free(d);
	dp_destroy(d->dp);
	lns_free(d->lns);
	crypto_free(d->crypto);
	if (d->base != NULL)
		event_base_free(d->base);
	cfg_free(d->cfg);
	libevent_global_shutdown();
}

int
main(int argc, char **argv)
{
	struct arguments args = {0};
	static struct daemon d = {.stop_by = CV_TIME_NEVER}; /* too large for a stack */
	int rc = parse_arguments(argc, argv, &args);

	if (rc >= 0)
		return rc;
	d.cfg = daemon_load_config(args.config);
	if (d.cfg == NULL)
		return EXIT_CONFIG;
	if (args.check) {
		printf("%s: the configuration is right\n", args.config);
		cfg_free(d.cfg);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (daemon_log_init(&d, d.cfg->log.level) != 0) {
		fputs("culvertd: out of memory\n", stderr);
		cfg_free(d.cfg);
		return 1;
	}
	d.ending_end = &d.ending;
	rc = start_and_run(&d, args.config, args.try);
	tear_down(&d);
	daemon_log_finish(&d, LOG_BOUND_NS);
	return rc == 0 ? 0 : 1;
}
