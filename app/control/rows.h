/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows that culvertd fills, a structure a view. What a library tells stands in them whole, so
 * that a column of it is a row in views.c and nothing else; what has to be made for people first
 * has a field of its own. Nothing of it is sent as it is.
 */
#ifndef CONTROL_ROWS_H
#define CONTROL_ROWS_H

#include "datapath/datapath.h"
#include "datapath/info.h"
#include "datapath/routes.h"
#include "lns/lns.h"

enum {
	ROW_PREFIXES = 16 * CV_PREFIX_TEXT, /* bytes of a list of them */
	ROW_ID = 16 + CV_ENDPOINT_TEXT,     /* bytes of TUNNEL/SESSION@LISTENER */
	ROW_MAC = 18,
	ROW_VLAN = 12, /* "4094.4094" */
};

struct status_row {
	const char *version, *host_name, *log_level;
	uint32_t pid;
	uint64_t uptime_s;
	struct lns_status s;
	struct dp_setup_info setup;
	uint32_t workers;
	bool shared_core;
	double control_percent;
	uint64_t longest_answer_us;
};

struct limit_row {
	const char *name, *help;
	/* below 0: it is one for each peer, tunnel or second; is not known; differs */
	int64_t used, highest, of;
	uint64_t hit;
	bool near_or_hit;
};

struct pool_row {
	const char *group, *realm;
	uint64_t used, of;
	double used_percent;
	uint64_t used6, of6, delegated, of_delegated;
};

struct tunnel_row {
	struct lns_tunnel_info t;
	char id[ROW_ID], listener[CV_ENDPOINT_TEXT];
	uint64_t age_s;
	int64_t moved_s; /* since its peer moved; -1: it never did */
};

struct session_row {
	struct lns_session_info s;
	struct dp_session_counters n;
	char id[ROW_ID], listener[CV_ENDPOINT_TEXT];
	const char *group, *filter;
	const char *prefix6, *delegated, *routes; /* NULL: none */
	char routes_text[256];
	char prefix6_text[CV_PREFIX_TEXT], delegated_text[CV_PREFIX_TEXT];
	struct cv_ip local6;
	uint16_t mtu;
	struct dp_sequence_counters sequence;
	const char *handed_to; /* NULL: it was not */
	const char *other;     /* NULL: it has none */
	char other_text[LNS_SERIAL_TEXT];
	char rate_in[CV_RATE_TEXT], rate_out[CV_RATE_TEXT];
	uint64_t age_s;
};

struct trex_row {
	struct lns_session_info s;
	struct cv_endpoint lns; /* its listener */
};

struct ended_row {
	char id[ROW_ID], listener[CV_ENDPOINT_TEXT];
	uint64_t serial;
	const char *user, *state, *reason;
	struct cv_endpoint peer;
	struct cv_ip address;
	uint64_t ended_s_ago, duration_s;
	struct dp_session_counters n;
};

struct counter_row {
	const char *name, *help;
	uint64_t value;
};

struct port_row {
	struct dp_port_info p;
	char mac[ROW_MAC];
	const char *link;
};

struct queue_row {
	struct dp_queue_info q;
	const char *port;
	uint32_t queue;
	int64_t ring_full; /* below 0: it is not known */
};

enum { ROW_XSTATS = 64 }; /* that are asked for at a time */

struct xstat_row {
	const char *port;
	struct dp_xstat x;
	/* not shown: those from `cursor` on, so that a page of rows asks a device seldom */
	struct dp_xstat some[ROW_XSTATS];
	uint64_t cursor;
	uint32_t n;
};

struct worker_row {
	struct dp_worker_info w;
	uint32_t worker;
	int64_t cpu; /* below 0: it is on control's */
	double busy_percent;
};

struct neighbour_row {
	struct dp_neighbour_info n;
	const char *port, *state;
	const char *vlan;      /* on that port; NULL: none */
	const char *interface; /* inside by both; NULL: none is */
	char vlan_text[ROW_VLAN];
	int64_t confirmed_s_ago;
	const char *mac; /* NULL: unknown */
	char mac_text[ROW_MAC];
};

struct interface_row {
	struct dp_iface_info i;
	const char *name, *port, *realm, *filter, *proxy;
	const char *vlan; /* NULL: none */
	char vlan_text[ROW_VLAN];
	char addresses[ROW_PREFIXES];
};

/* Where a route leads, or an address. */
struct leads_row {
	struct dp_leads l;
	const char *realm, *leads_to;
	char prefix_text[CV_PREFIX_TEXT];
	struct cv_ip next_hop;                        /* family 0: none */
	const char *prefix, *interface, *state, *mac; /* NULL: none */
	char mac_text[ROW_MAC];
};

struct lookup_row {
	struct leads_row r;
	struct cv_ip address;
	char why[320];
	const char *session, *serial, *user, *peer; /* NULL: it leads to none */
	char id[ROW_ID], serial_text[LNS_SERIAL_TEXT], peer_text[CV_ENDPOINT_TEXT];
};

struct peer_row {
	const char *name, *state;
	const char *at, *session, *reason; /* NULL: none */
	char at_text[CV_ENDPOINT_TEXT], session_text[ROW_ID];
	struct cv_ip address, local; /* family 0: none */
	uint64_t state_s;
	int64_t next_s; /* below 0: it is not dialled again */
	uint32_t rounds;
};

struct realm_row {
	struct dp_realm_use use;
	const char *name;
	uint32_t groups;
	char pools[ROW_PREFIXES];
};

/* Of what was done. */
struct kicked_row {
	uint32_t ended;
	const char *what;
};

struct drain_row {
	struct lns_status s;
	int64_t since_s, left_s; /* below 0: it is not; what runs goes on */
};

/* Of what another configuration means. */
struct change_row {
	const char *what, *about;
	const char *effect, *old, *new; /* NULL: there is none */
};

struct trace_row {
	struct dp_trace_row r;
	uint64_t us;
	const char *way, *verdict;
};

struct level_row {
	const char *log_level;
};

#endif
