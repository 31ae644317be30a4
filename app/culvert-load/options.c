/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: one table of options, from which help and completion come, too. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "culvert-load/load.h"
#include "culvert-load/source.h"

enum kind {
	TEXT,    /* a char pointer */
	NUMBER,  /* an unsigned, in bounds */
	REAL,    /* a double, from 0 */
	FLAG,    /* a bool */
	ADDRESS, /* an IPv4 address, in host order */
	OTHER,   /* read by its own function */
};

struct row {
	const char *name, *argument;
	enum kind kind;
	size_t at; /* in struct options */
	unsigned least, most;
	bool (*read)(struct options *o, const char *text);
	const char *expected; /* of OTHER: what would be right */
	const char *help;
};

static bool read_port(struct options *o, const char *text);
static bool read_uplink(struct options *o, const char *text);
static bool read_from(struct options *o, const char *text);
static bool read_auth(struct options *o, const char *text);
static bool read_source_port(struct options *o, const char *text);
static bool read_size(struct options *o, const char *text);
static bool read_user(struct options *o, const char *text);

#define AT(field) offsetof(struct options, field)
#define DEVICE "af_packet:INTERFACE, xdp:INTERFACE, tap:NAME, memif:/SOCKET or pci:ADDRESS"

static const struct row rows[] = {
	{"port", "DEVICE", OTHER, 0, 0, 0, read_port, DEVICE, "where the LNS is: " DEVICE},
	{"from", "PREFIX", OTHER, 0, 0, 0, read_from, "an IPv4 prefix as 198.18.0.0/24",
		"outer addresses of the clients; with /32 all come from one, as behind a NAT"},
	{"gateway", "ADDRESS", ADDRESS, AT(gateway), 0, 0, NULL, NULL,
		"a router on the way to the LNS (default: the LNS itself is on the link)"},
	{"own", "ADDRESS", ADDRESS, AT(own), 0, 0, NULL, NULL,
		"one more address, on the link: the router that the clients are behind"},
	{"lns-port", "PORT", NUMBER, AT(lns_port), 1, 65535, NULL, NULL,
		"the LNS's UDP port (default: 1701)"},
	{"source-port", "PORT", OTHER, 0, 0, 0, read_source_port, "a UDP port, or random",
		"the clients' UDP port (default: random, another for each tunnel)"},
	{"sessions", "N", NUMBER, AT(people.sessions), 1, PEOPLE_SESSIONS_MAX, NULL, NULL,
		"how many clients (default: 2)"},
	{"per-tunnel", "N", NUMBER, AT(people.per_tunnel), 1, PEOPLE_PER_TUNNEL_MAX, NULL, NULL,
		"sessions in a tunnel: 1, as a client has, or thousands, as a LAC (default: 1)"},
	{"user", "NAME", OTHER, 0, 0, 0, read_user,
		"a name of at most 48 bytes with at most one %u",
		"PPP user; %u in it is a number from 0 (default: user%u)"},
	{"users", "N", NUMBER, AT(people.users), 1, PEOPLE_SESSIONS_MAX, NULL, NULL,
		"how many users share the sessions (default: 1; the LNS has to let one have as "
		"many)"},
	{"password-file", "FILE", TEXT, AT(password_file), 0, 0, NULL, NULL,
		"the password of all users, the file's first line"},
	{"secret-file", "FILE", TEXT, AT(secret_file), 0, 0, NULL, NULL,
		"the tunnels' secret, likewise (default: no tunnel authentication)"},
	{"auth", "METHOD", OTHER, 0, 0, 0, read_auth, "mschapv2, chap-md5 or pap",
		"how they prove themselves: mschapv2, chap-md5, pap (default: mschapv2)"},
	{"mru", "BYTES", NUMBER, AT(mtu), 576, DATA_MOST, NULL, NULL,
		"the largest IP packet inside (default: 1400)"},
	{"rate", "N", REAL, AT(people.rate), 0, 0, NULL, NULL,
		"calls a second (default: as fast as they go)"},
	{"window", "N", NUMBER, AT(people.window), 1, PEOPLE_SESSIONS_MAX, NULL, NULL,
		"calls on their way at a time, at most (default: 500)"},
	{"give-up", "SECONDS", REAL, AT(give_up), 0, 0, NULL, NULL,
		"when not all are up until then (default: 60)"},
	{"hold", "SECONDS", REAL, AT(hold), 0, 0, NULL, NULL,
		"stay up so long before data, or the end; with --trex until SIGINT (default: 0)"},
	{"churn", "N", REAL, AT(people.churn), 0, 0, NULL, NULL,
		"sessions a second that hang up and call again, when all have been up"},
	{"hello", "SECONDS", NUMBER, AT(hello_s), 0, 3600, NULL, NULL,
		"silence after which a tunnel's HELLO goes out; 0: never (default: 60)"},
	{"echo", "SECONDS", NUMBER, AT(echo_s), 0, 3600, NULL, NULL,
		"silence after which an LCP echo does; 0: never (default: 20)"},
	{"pps", "N", NUMBER, AT(pps), 1, 1000000000, NULL, NULL,
		"packets a second in all, between each two clients (default: no data)"},
	{"seconds", "N", REAL, AT(seconds), 0, 0, NULL, NULL,
		"how long; 0: until SIGINT (default: 10)"},
	{"size", "BYTES", OTHER, 0, 0, 0, read_size, "52 to 9000 bytes, or imix",
		"of the IP packet inside; imix: 64, 576, 1400, as 7 to 4 to 1 (default: 128)"},
	{"uplink-port", "DEVICE", OTHER, 0, 0, 0, read_uplink, DEVICE,
		"data goes between the clients and a host behind the LNS, on this port"},
	{"uplink-host", "ADDRESS", ADDRESS, AT(host), 0, 0, NULL, NULL, "that host"},
	{"uplink-gateway", "ADDRESS", ADDRESS, AT(uplink_gateway), 0, 0, NULL, NULL,
		"the LNS's address on that side"},
	{"trials", NULL, FLAG, AT(trials), 0, 0, NULL, NULL,
		"read `trial PPS SECONDS SIZE` and `burst PACKETS SIZE` from stdin, answer by "
		"JSON"},
	{"trex", NULL, FLAG, AT(table), 0, 0, NULL, NULL,
		"print the table of sessions for TRex (CSV), and hold them"},
	{"json", NULL, FLAG, AT(json), 0, 0, NULL, NULL, "the result as JSON"},
	{"quiet", NULL, FLAG, AT(quiet), 0, 0, NULL, NULL, "no progress on a terminal"},
	{"cpu", "N", NUMBER, AT(cpu), 0, 1023, NULL, NULL, "run on this CPU alone"},
	{"version", NULL, OTHER, 0, 0, 0, NULL, NULL, "print the version"},
	{"help", NULL, OTHER, 0, 0, 0, NULL, NULL, "print this text"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), COLUMN = 28 };

static bool
read_port(struct options *o, const char *text)
{
	o->port = text;
	return port_known(text);
}

static bool
read_uplink(struct options *o, const char *text)
{
	o->uplink = text;
	return port_known(text);
}

static bool
read_address(const char *text, uint32_t *out)
{
	struct cv_ip ip;

	if (cv_ip_parse(text, &ip) != 0 || ip.family != CV_IPV4)
		return false;
	*out = wire_get32(ip.bytes);
	return *out != 0;
}

/* The network's and the broadcast address are nobody's, where there are such. */
static bool
read_from(struct options *o, const char *text)
{
	struct cv_prefix p;
	bool both;

	if (cv_prefix_parse(text, &p) != 0 || p.ip.family != CV_IPV4 || p.length < 8)
		return false;
	both = p.length < 31;
	o->first = wire_get32(p.ip.bytes) + both;
	o->addresses = (uint32_t)((UINT64_C(1) << (32 - p.length)) - 2 * both);
	return true;
}

static bool
read_auth(struct options *o, const char *text)
{
	int method = ppp_auth_parse(text);

	o->people.auth = (enum ppp_auth)method;
	return method > PPP_AUTH_NONE;
}

/* A whole number in bounds. */
static bool
read_number(const char *text, unsigned least, unsigned most, unsigned *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (unsigned)n;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && n >= least && n <= most;
}

static bool
read_source_port(struct options *o, const char *text)
{
	unsigned port = 0;

	if (strcmp(text, "random") != 0 && !read_number(text, 1, UINT16_MAX, &port))
		return false;
	o->source_port = (uint16_t)port;
	return true;
}

static bool
read_size(struct options *o, const char *text)
{
	o->size = IMIX;
	return strcmp(text, "imix") == 0 || read_number(text, DATA_LEAST, DATA_MOST, &o->size);
}

static bool
read_user(struct options *o, const char *text)
{
	const char *percent = strchr(text, '%');

	o->people.user = text;
	return text[0] != '\0' && strlen(text) <= 48 &&
	       (percent == NULL || (percent[1] == 'u' && strchr(percent + 1, '%') == NULL));
}

static bool
read_real(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return *text != '\0' && *end == '\0' && isfinite(*out) && *out >= 0 && *out <= 1e9;
}

static int
wrong(const char *option, const char *text, const char *expected)
{
	fprintf(stderr, "culvert-load: --%s: '%s' is not %s\nTry 'culvert-load --help'.\n", option,
		text, expected);
	return EXIT_USAGE;
}

static int
set(struct options *o, const struct row *r, const char *text)
{
	void *at = (char *)o + r->at;
	char expected[48];

	switch (r->kind) {
	case TEXT:
		*(const char **)at = text;
		break;
	case FLAG:
		*(bool *)at = true;
		break;
	case REAL:
		if (!read_real(text, at))
			return wrong(r->name, text, "a number from 0");
		break;
	case ADDRESS:
		if (!read_address(text, at))
			return wrong(r->name, text, "an IPv4 address");
		break;
	case NUMBER:
		snprintf(expected, sizeof(expected), "a number from %u to %u", r->least, r->most);
		if (!read_number(text, r->least, r->most, at))
			return wrong(r->name, text, expected);
		break;
	case OTHER:
		if (!r->read(o, text))
			return wrong(r->name, text, r->expected);
		break;
	}
	return -1;
}

static void
help(void)
{
	puts("NAME\n"
	     "    culvert-load - many L2TP clients in one process, to load an LNS and check it\n"
	     "\n"
	     "SYNOPSIS\n"
	     "    culvert-load --port DEVICE --from PREFIX --password-file FILE [OPTIONS] LNS\n"
	     "\n"
	     "OPTIONS");
	for (unsigned i = 0; i < ROWS; i++) {
		char form[64];

		snprintf(form, sizeof(form), "--%s%s%s", rows[i].name,
			rows[i].argument == NULL ? "" : " ",
			rows[i].argument == NULL ? "" : rows[i].argument);
		printf("    %-*s%s\n", COLUMN, form, rows[i].help);
	}
	puts("\n"
	     "EXIT STATUS\n"
	     "    0  all came up and stayed, every packet that was due was sent and arrived as it "
	     "was\n"
	     "    1  not so: what is printed says what\n"
	     "    2  wrong usage\n"
	     "    3  it could not start: device, memory, file");
}

/* Names for completion. */
static void
names(void)
{
	for (unsigned i = 0; i < ROWS; i++)
		printf("--%s\n", rows[i].name);
}

static int
incomplete(const char *what)
{
	fprintf(stderr, "culvert-load: %s\nTry 'culvert-load --help'.\n", what);
	return EXIT_USAGE;
}

/* Whether a client would have this address. */
static bool
a_clients(const struct options *o, uint32_t address)
{
	return address - o->first < o->addresses;
}

/* What options say together. */
static int
check(struct options *o)
{
	uint32_t tunnels = (o->people.sessions + o->people.per_tunnel - 1) / o->people.per_tunnel;

	if (o->port == NULL || o->first == 0 || o->password_file == NULL)
		return incomplete("--port, --from and --password-file are needed");
	if (o->people.per_tunnel > o->people.sessions)
		o->people.per_tunnel = o->people.sessions;
	if (o->addresses > tunnels)
		o->addresses = tunnels;
	if ((tunnels - 1) / o->addresses >= UINT16_MAX)
		return incomplete("--from: an address has room for 65,535 tunnels");
	if (o->source_port == 0 && (tunnels - 1) / o->addresses >= SOURCE_PORTS)
		return incomplete("--from: an address has too few UDP ports for so many tunnels; "
				  "a larger prefix, or --source-port 1701");
	if ((o->uplink == NULL) != (o->host == 0) ||
		(o->uplink == NULL) != (o->uplink_gateway == 0))
		return incomplete("--uplink-port, --uplink-host and --uplink-gateway go together");
	if ((o->size == IMIX ? IMIX_MOST : o->size) > o->mtu)
		return incomplete("--size: larger than --mru");
	if (o->pps != 0 && o->seconds != 0 && o->pps * o->seconds < 1)
		return incomplete("--seconds: not one packet is due in so little time");
	if (o->people.churn != 0 && o->pps == 0 && o->hold == 0 && !o->trials && !o->table)
		return incomplete("--churn: goes on while data is sent, or with --hold");
	if (o->trials && o->table)
		return incomplete("--trials and --trex: one of the two");
	if (o->pps != 0 && o->uplink == NULL && o->people.sessions < 2)
		return incomplete("--pps: data between clients needs two of them");
	if (o->gateway == 0)
		o->gateway = o->lns;
	if (a_clients(o, o->lns) || a_clients(o, o->gateway))
		return incomplete(
			"--from: the address of the LNS, or of --gateway, is one of those that "
			"clients would have");
	if (o->own == o->lns || o->own == o->gateway ||
		(o->host != 0 && o->host == o->uplink_gateway))
		return incomplete("--own and --uplink-host are addresses that nobody else has");
	if (o->table && o->hold == 0)
		o->hold = -1;
	o->people.users =
		o->people.users > o->people.sessions ? o->people.sessions : o->people.users;
	o->people.addresses = o->addresses;
	o->people.mru = (uint16_t)o->mtu;
	o->people.hello_ns = o->hello_s * CV_NS_PER_S;
	o->people.echo_ns = o->echo_s * CV_NS_PER_S;
	o->people.setup_ns = 30 * CV_NS_PER_S;
	return -1;
}

int
options_read(int argc, char **argv, struct options *o)
{
	struct option options[ROWS + 2] = {0};
	int which = 0, rc = -1;

	*o = (struct options){.lns_port = 1701,
		.pps = 0,
		.size = 128,
		.mtu = 1400,
		.seconds = 10,
		.give_up = 60,
		.cpu = LOAD_ANY_CPU,
		.hello_s = 60,
		.echo_s = 20,
		.people = {.sessions = 2,
			.per_tunnel = 1,
			.users = 1,
			.user = "user%u",
			.window = 500,
			.auth = PPP_AUTH_MSCHAPV2}};
	for (unsigned i = 0; i < ROWS; i++)
		options[i] = (struct option){rows[i].name,
			rows[i].argument == NULL ? no_argument : required_argument, NULL, 1};
	options[ROWS] = (struct option){"complete", no_argument, NULL, 1};
	for (int c; rc == -1 && (c = getopt_long(argc, argv, "", options, &which)) != -1;) {
		if (c != 1) {
			fputs("Try 'culvert-load --help'.\n", stderr);
			return EXIT_USAGE;
		}
		if (strcmp(options[which].name, "help") == 0) {
			help();
			return EXIT_DONE;
		}
		if (strcmp(options[which].name, "version") == 0) {
			printf("culvert-load %s\n", CULVERT_VERSION);
			return EXIT_DONE;
		}
		if (which == ROWS) {
			names();
			return EXIT_DONE;
		}
		rc = set(o, &rows[which], optarg);
	}
	if (rc != -1)
		return rc;
	if (optind + 1 != argc)
		return incomplete(
			optind == argc ? "which LNS? An IPv4 address is needed" : "one LNS alone");
	if (!read_address(argv[optind], &o->lns))
		return incomplete("the LNS is an IPv4 address");
	return check(o);
}
