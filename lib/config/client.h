/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of culvert-client: one YAML file, read by tables of keys as the server's is
 * (config.h, whose errors and files are the same).
 */
#ifndef CONFIG_CLIENT_H
#define CONFIG_CLIENT_H

#include "config/config.h"

enum {
	CFG_CONNECTIONS_MAX = 64,
	CFG_CLIENT_LNS_MAX = 8,   /* of a connection */
	CFG_CLIENT_PORTS_MAX = 8, /* of each LNS */
	CFG_CLIENT_PREFIXES_MAX = 256,
	CFG_ARGUMENTS_MAX = 32,
	CFG_CLIENT_SCHEMA_BYTES = 16 * 1024, /* enough for the schema and its NUL */
	CFG_CLIENT_PAGE_BYTES = 16 * 1024,
};

/* A host elsewhere. */
struct cfg_host {
	const char *text; /* as the file says it */
	const char *name; /* to be resolved; NULL: it is an address */
	struct cv_ip ip;
};

/* Which way IPsec goes. */
enum cfg_client_way {
	CFG_WAY_NEEDED, /* directly, where that works; else through the relay */
	CFG_WAY_RELAY,
	CFG_WAY_DIRECT,
	CFG_WAY_RELAY_FIRST, /* through the relay at once; directly, when that has proved itself */
};

enum cfg_ipsec_start { CFG_IPSEC_NONE, CFG_IPSEC_STRONGSWAN, CFG_IPSEC_COMMAND };

struct cfg_ipsec {
	enum cfg_ipsec_start start;
	const char *socket;     /* of vici */
	const char *connection; /* strongSwan's name; NULL: any that has the child */
	const char *child;
	const char **up, **down; /* a command's arguments, the program first */
	size_t n_up, n_down;
	uint64_t timeout_ns; /* until it is up, or up has failed */
};

struct cfg_connection {
	const char *name;
	struct cfg_host gateway; /* text NULL: there is none, the peers are other clients */
	struct cfg_host *lns;    /* n 0: found by the gateway's name */
	size_t n_lns;
	uint16_t *ports; /* of each LNS */
	size_t n_ports;
	uint16_t stun_port; /* of each LNS */
	enum cfg_client_way way;
	struct cfg_tunnel_client {
		const char *host_name;
		struct cfg_secret secret; /* len 0: "secret: none" */
		bool none;
	} tunnel;
	const char *user;
	struct cfg_secret password;
	enum cfg_auth
		auth[CFG_AUTH_METHODS]; /* proofs that we give; the rest is CFG_AUTH_METHODS */
	size_t n_auth;
	struct cv_prefix *peers; /* beside the gateway, to whom IPsec goes through the relay */
	size_t n_peers;
	const char *interface; /* of the TUN; NULL: "l2tp-" and the name, cut */
	uint32_t table;        /* of routes; 0: CFG_CLIENT_TABLE and the position */
	uint16_t mtu;          /* 0: what the way to the LNS has room for */
	bool dns;              /* the LNS's DNS servers are used */
	uint64_t dead_ns;      /* of silence, after which an LNS counts as dead */
	uint64_t look_ns;      /* between two looks whether the direct way works; 0: never */
	struct cfg_ipsec ipsec;
	bool kill_switch;
	struct cv_prefix *protected; /* networks that are reached by IPsec alone */
	size_t n_protected;
	struct cv_prefix *resolvers; /* DNS servers among them that may be asked directly */
	size_t n_resolvers;
};

struct cfg_client {
	struct cfg_client_owner *owner;
	enum cv_log_level level;
	const char *directory; /* of sockets */
	const char *user;      /* who it runs as once it has begun; NULL: root */
	struct cfg_connection *connections;
	size_t n_connections;
};

/* As cfg_load; *out is to be given to cfg_client_free, which wipes it and takes NULL. */
int cfg_client_load(const char *file, const char *text, size_t len, const struct cfg_files *files,
	struct cfg_errors *errors, struct cfg_client **out);
void cfg_client_free(struct cfg_client *cfg);

/* By its name; NULL: there is none. */
const struct cfg_connection *cfg_connection_find(const struct cfg_client *cfg, const char *name);

/* As cfg_schema, of this configuration. */
int cfg_client_schema(char *out, size_t capacity);
/* The source of its man page, for scdoc, with a NUL. Its length, or CV_ERR_SPACE. */
int cfg_client_page(char *out, size_t capacity);

#endif
