/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-load: what its files share. One thread does all of it. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "culvert-load/data.h"
#include "culvert-load/people.h"
#include "culvert-load/port.h"
#include "culvert-load/side.h"

enum { EXIT_DONE = 0, EXIT_LOAD = 1, EXIT_USAGE = 2, EXIT_SETUP = 3 };

enum {
	IMIX = 0,         /* as a size */
	IMIX_MOST = 1400, /* the largest of the mix */
};
#define LOAD_ANY_CPU UINT_MAX

/* What was asked for, by options.c. Addresses in host order. */
struct options {
	const char *port, *uplink; /* devices; uplink NULL: clients send to each other */
	uint32_t lns, first, addresses, own, gateway; /* gateway: the next hop to the LNS */
	unsigned lns_port;
	uint16_t source_port; /* 0: a random one for each tunnel */
	uint32_t host, uplink_gateway;
	struct people_params people; /* but for what is the program's own */
	const char *password_file, *secret_file;
	unsigned pps, size, mtu, hello_s, echo_s;
	double seconds, hold, give_up; /* give_up: when not all are up */
	unsigned cpu;                  /* or LOAD_ANY_CPU */
	bool json, trials, table, quiet;
};

/* -1: go on; else the exit code. */
int options_read(int argc, char **argv, struct options *o);

/* What was seen of one run of data. */
struct trial {
	unsigned pps, size;
	uint64_t packets;       /* of a burst; 0: pps for so many seconds */
	double seconds, took_s; /* seconds 0: until a signal comes */
	uint64_t planned;
	uint64_t missed;          /* that our own port had no room for */
	uint64_t lost_to_changes; /* where an end was not up all the time */
};

struct load {
	const struct options *o;
	struct port ports[PORTS_MAX];
	struct side sides[PORTS_MAX]; /* of the clients; of the host behind the LNS */
	unsigned n_ports;
	struct crypto *crypto;
	struct people *people;
	uint16_t *source_ports; /* of tunnels */
	struct data data;
	uint64_t now, start;
	uint64_t dialled_at, up_at; /* when the first call was due, and all were up; 0: not yet */
	uint32_t next;              /* who sends next */
	uint64_t imix;              /* how many of a mix were sent */
	uint64_t strays;            /* frames that nobody here is for */
	uint64_t control_refused;   /* frames of the control side that a port did not take */
	struct people_counters end; /* before all were told to go */
	bool progress;              /* somebody looks on */
	bool stop;                  /* a signal has come */
};

/* ---- loop.c: frames in and out ---- */

/* One round: what has come, what is due, what is to be said. Returns how many frames came. */
unsigned load_round(struct load *l, bool churn);
/* Writes and sends up to PORT_BURST packets of data; returns how many a port took, *tried: how many
 * there were to send (0: nobody can). */
unsigned load_send(struct load *l, unsigned n, unsigned size, unsigned *tried);
/* Frames that our own ports had no room for, since the start, as far as their drivers tell. */
uint64_t load_missed(struct load *l);
/* Whether packets of this size, or IMIX, fit through all ports; where an MTU is not known, they do.
 */
bool load_fits(const struct load *l, unsigned size);
/* Rests when there was nothing to do. */
void load_rest(struct load *l, unsigned frames);

/* ---- run.c: what is done when ---- */

int load_run(struct load *l);

/* ---- trial.c ---- */

void trial_run(struct load *l, struct trial *t);
/* Reads commands from stdin until it ends. */
void trials_run(struct load *l);

/* ---- report.c ---- */

void report_progress(struct load *l, const char *what);
void report_table(const struct load *l); /* --trex */
void report_up(const struct load *l);    /* --trials: the first line */
void report_trial(const struct load *l, const struct trial *t, const char *event);
/* The last word; t NULL: no data was sent. */
void report_end(const struct load *l, const struct trial *t);
/* Whether all is as it should be. */
bool report_good(const struct load *l, const struct trial *t);

#endif
