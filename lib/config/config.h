/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One YAML file as checked structures. All errors of a file are found in one run, each with its
 * place, its key and what would be right. Pure: files that the configuration names are read by
 * a function of the caller's.
 *
 * A loaded configuration is a snapshot: from cfg_load, and cfg_continue where there is one before
 * it, it never changes, and it lives until all who hold it have let go (cfg_hold, cfg_free).
 *
 * Positions in its lists (cfg_user.group, cfg_group.realm, cfg_listener.lan ...) are good inside
 * the one snapshot. Whoever remembers something beyond it, or speaks of it to another room, says
 * its ID, which a name keeps from snapshot to snapshot.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/rate.h"
#include "base/rule.h"

/* Bytes: of an IP packet on a port, and of a packet of a client on one. */
enum { CFG_MTU_MOST = 9216, CFG_MRU_MOST = 9172 };

enum { CFG_FILE_MAX = 16 << 20 }; /* bytes of the configuration */

/* Secrets: wiped when the configuration is freed, never printed. */
struct cfg_secret {
	const uint8_t *data;
	size_t len;
};

enum cfg_port_kind {
	CFG_PORT_AF_PACKET, /* a Linux interface */
	CFG_PORT_MEMIF,     /* path of a UNIX socket */
	CFG_PORT_PCI,       /* a PCI address */
	CFG_PORT_TAP,       /* name of a TAP interface that is made */
	CFG_PORT_XDP,       /* a Linux interface, by AF_XDP */
};

struct cfg_port {
	const char *name;
	uint16_t id;        /* below CV_PORT_IDS */
	const char *device; /* without its kind: the interface, socket path, PCI address */
	enum cfg_port_kind kind;
	uint16_t mtu;
	uint16_t mtu_capacity; /* that of the first snapshot, as sessions_capacity */
	uint16_t rx_descriptors, tx_descriptors; /* 0: what suits the device */
};

enum cfg_tpid { CFG_TPID_8021AD, CFG_TPID_8021Q };

/* A VLAN on a port (IEEE 802.1Q), or one in another VLAN (802.1ad). */
struct cfg_vlan {
	const char *name; /* PORT/VLAN or PORT/OUTER/VLAN: which one it is, whatever it is called */
	uint16_t id;      /* below CV_VLAN_IDS */
	const char *label;    /* its name in the file */
	uint32_t port;        /* position in ports */
	uint16_t vlan, outer; /* IDs, 1 to 4094; outer 0: none */
	enum cfg_tpid tpid;   /* of outer tags that are sent */
	uint16_t mtu;         /* 0: as cfg_lan_mtu says */
};

struct cfg_listener {
	const char *name; /* "192.0.2.1:1701" */
	uint16_t id;      /* below CV_LISTENER_IDS */
	uint32_t lan;     /* position: in ports, or behind these in vlans */
	struct cv_ip ip;
	uint8_t prefix_length;
	struct cv_ip gateway;   /* family 0: none */
	uint8_t gateway_mac[6]; /* all 0: found by ARP */
	uint16_t udp_port;
};

/* Whether proxy LCP and proxy authentication are taken (RFC 2661 section 4.4.5). */
enum cfg_proxy { CFG_PROXY_RENEGOTIATE, CFG_PROXY_ACCEPT };

/* A tunnel secret and the peers that it holds for; both conditions must hold. */
struct cfg_tunnel_secret {
	const char *host_name; /* NULL: any */
	struct cv_prefix peer; /* family 0: any */
	uint32_t listener;     /* position; UINT32_MAX: any */
	bool none;             /* "secret: none" was said: no authentication */
	enum cfg_proxy proxy;
	bool outgoing; /* OCRQ is answered */
	struct cfg_secret secret;
};

enum cfg_auth { CFG_AUTH_PAP, CFG_AUTH_CHAP_MD5, CFG_AUTH_MSCHAPV2, CFG_AUTH_METHODS };

enum cfg_user_sessions {
	CFG_USER_SESSIONS_REPLACE, /* the newest session of a user ends the older ones */
	CFG_USER_SESSIONS_LIMIT,   /* at most user_sessions_max; further ones are refused */
};

/* What proves that packets of a session that come from another outer address are its client's. */
enum cfg_rebind {
	CFG_REBIND_OFF,
	CFG_REBIND_CHALLENGE, /* CHAP or MS-CHAPv2 once more; who proved himself otherwise: off */
	CFG_REBIND_ECHO,      /* LCP's echo */
};

enum cfg_policy_kind { CFG_POLICY_IPSEC, CFG_POLICY_ANY, CFG_POLICY_RULES };

/* Where a filter comes from. */
enum cfg_filter_origin {
	CFG_FILTER_LISTED,   /* in `filters` */
	CFG_FILTER_BUILT_IN, /* "ipsec" and "any", the first two */
	CFG_FILTER_OF_GROUP, /* of the name of the group whose keys say it */
};

enum { CFG_DSCP_COPY = 64 };

/* Which inner packets of a session may pass. */
struct cfg_filter {
	const char *name;
	uint16_t id; /* below CV_FILTER_IDS; of "ipsec" 0, of "any" 1 */
	enum cfg_filter_origin origin;
	enum cfg_policy_kind policy;
	struct cv_rule *rules; /* the first that is about a packet counts */
	size_t n_rules;
	struct cv_prefix *gateways;
	size_t n_gateways;
};

/* An address space; made by the first group that names it. */
struct cfg_realm {
	const char *name;
	uint16_t id; /* below CV_REALM_IDS */
};

struct cfg_group {
	const char *name;
	uint16_t id;          /* below CV_GROUP_IDS */
	uint16_t realm;       /* position in realms */
	struct cv_ip address; /* the LNS's own inner address */
	struct cv_prefix *pool;
	size_t n_pool;
	enum cfg_auth auth[CFG_AUTH_METHODS]; /* what its users may use */
	size_t n_auth;
	bool auth_left_out; /* auth is that of ppp */
	struct cv_ip dns[2], wins[2];
	/* IPv6: without a /64, of here or the user's own, a session has none */
	struct cv_prefix *pool6; /* each session has a /64 */
	size_t n_pool6;
	struct cv_ip address6;      /* the LNS's own; family 0: no pool6, and not said */
	struct cv_prefix *delegate; /* of which sessions get prefixes of delegate_length */
	size_t n_delegate;
	uint8_t delegate_length;
	struct cv_ip dns6[2];
	uint16_t mtu; /* of inner packets to its clients; 0: no limit of the group */
	enum cfg_user_sessions user_sessions;
	uint32_t user_sessions_max;
	uint16_t filter; /* position in filters */
	struct cfg_filter
		own; /* what `policy` and `gateways` say: for the loader, filters has it */
	bool clients_reachable;
	bool mss_clamped;       /* TCP connections get an MSS that fits their tunnels */
	uint8_t dscp;           /* of outer headers; CFG_DSCP_COPY: that of the inner one */
	bool refusals_answered; /* ICMP tells its clients that a policy forbids what they send */
	enum cfg_rebind rebind;
	struct cv_rates each;   /* of each of its clients; CV_RATE_NONE where there is no limit */
	struct cv_rates shared; /* of all of them together */
};

/* For whose addresses ARP and ND are answered beside our own. */
enum cfg_proxy_addresses { CFG_PROXY_OFF, CFG_PROXY_SESSIONS, CFG_PROXY_POOLS };

/* What carries a realm's packets as they are: an uplink. */
struct cfg_interface {
	const char *name;
	uint16_t id;     /* below CV_INTERFACE_IDS */
	uint32_t lan;    /* position: in ports, or behind these in vlans */
	uint16_t realm;  /* position in realms */
	uint16_t filter; /* position in filters */
	enum cfg_proxy_addresses proxy;
	struct cv_prefix *addresses; /* our own, each with the length of its network */
	size_t n_addresses;
	const char *kernel; /* name of an interface of the kernel's beside it; NULL: none */
};

/* What of a realm is put into a table of the kernel's, for a routing daemon to redistribute. */
enum cfg_announce { CFG_ANNOUNCE_OFF, CFG_ANNOUNCE_POOLS };

/* A table of the kernel's whose routes are a realm's. */
struct cfg_kernel_table {
	const char *name; /* of the realm */
	uint16_t id;      /* below CV_KERNEL_TABLE_IDS */
	uint16_t realm;   /* position in realms */
	uint32_t table;
	enum cfg_announce announce;
	uint32_t announce_table; /* 0: table */
	uint32_t metric;         /* of what is announced */
};

/* Where a route leads: to a router, or to nobody. */
struct cfg_via {
	struct cv_ip ip;    /* family 0: discarded */
	uint16_t interface; /* position: by which it is reached */
	bool discard;       /* alone in its list */
};

/* Where a realm's addresses are that are nobody's inside tunnels. */
struct cfg_route {
	const char *name; /* REALM/PREFIX */
	uint16_t id;      /* below CV_ROUTE_IDS */
	uint16_t realm;   /* position in realms */
	struct cv_prefix to;
	struct cfg_via *via; /* a flow has one of them */
	size_t n_via;
	uint16_t interface; /* position: by which all are reached; UINT16_MAX: each by its own */
};

struct cfg_user {
	const char *name;
	size_t name_len;
	struct cfg_secret password;
	size_t group;                        /* position in groups */
	struct cv_ip address;                /* family 0: from the pool */
	struct cv_prefix prefix6, delegated; /* family 0: from the group's pools */
	struct cv_prefix *routes;            /* networks behind the user */
	size_t n_routes;
	struct cv_rates rates; /* committed 0: the group's for each */
};

/* Where a peer is that is dialled. */
struct cfg_target {
	const char *text;      /* as the file says it */
	const char *name;      /* to be resolved; NULL: it is an address */
	struct cv_endpoint at; /* of a name the port alone */
};

enum cfg_call {
	CFG_CALL_INCOMING, /* we are its LAC: ICRQ */
	CFG_CALL_OUTGOING, /* we are its LNS: OCRQ */
};
enum cfg_start { CFG_START_ALWAYS, CFG_START_TRAFFIC };

/* A peer to whom the server opens a tunnel with one session in it. Either it proves itself to us as
 * a user of ours, who brings group, address and networks, or we prove ourselves to it. */
struct cfg_dial {
	const char *name;
	uint16_t id;           /* below CV_DIAL_IDS */
	struct cfg_target *to; /* in this order */
	size_t n_to;
	uint32_t listener;     /* position; UINT32_MAX: the first of the family */
	const char *host_name; /* that it is told; NULL: identity.host-name */
	bool none;             /* "secret: none" was said */
	struct cfg_secret secret;
	enum cfg_call call;
	const char *peer_user; /* who it has to be; NULL: */
	const char *user;      /* who we are to it, */
	struct cfg_secret password;
	uint32_t group;           /* position: that the session is in, */
	struct cv_ip address;     /* its own; family 0: what it says */
	struct cv_prefix *routes; /* and what is behind it */
	size_t n_routes;
	enum cfg_start start;
	uint64_t idle_ns; /* 0: it is never hung up for that */
	bool handed;      /* calls are handed on to it: neither user nor peer_user */
};

/* Calls that are handed on to another LNS: those for which all of this holds. */
struct cfg_hand_on {
	const char *to;
	uint32_t peer; /* position in dials */
	const char **realms, **called;
	size_t n_realms, n_called; /* 0: any */
	uint32_t listener;         /* position; UINT32_MAX: any */
};

/* An address that a user has for his own. */
struct cfg_fixed {
	struct cv_ip ip;
	uint16_t realm; /* position in realms */
	uint32_t user;  /* position in users */
};

/* An IPv6 prefix that a user has for his own: the /64 of his link, or what is delegated. */
struct cfg_fixed6 {
	struct cv_prefix prefix;
	uint16_t realm; /* position in realms */
	bool delegated;
};

/* What strangers who ask how they are seen from here are told. */
struct cfg_discovery {
	uint16_t stun_port, other_port, echo_port; /* stun_port, echo_port 0: none */
	bool rfc3489, rfc5780;
	struct cv_prefix *from; /* none: everybody */
	size_t n_from;
	uint32_t per_second;
};

struct cfg_limits {
	uint32_t tunnels, tunnels_per_peer, half_open, setups_per_second;
	uint32_t sessions, sessions_per_tunnel;
};

struct cfg_tunnels {
	struct cfg_tunnel_secret *secrets;
	size_t n_secrets;
	uint64_t hello_ns; /* 0: never */
	uint64_t retransmit_first_ns, retransmit_max_ns;
	uint8_t retransmit_times;
	uint16_t receive_window;
	bool hide_avps;
};

struct cfg_ppp {
	enum cfg_auth auth[CFG_AUTH_METHODS]; /* offered in this order */
	size_t n_auth;
	uint16_t mru;
	uint64_t echo_ns; /* 0: never */
	uint8_t echo_misses;
	uint64_t restart_ns;
	uint8_t max_configure, max_terminate, max_failure;
	uint64_t lcp_timeout_ns, auth_timeout_ns, ipcp_timeout_ns;
	uint64_t rechallenge_ns; /* 0: never */
};

enum cfg_workers_idle { CFG_IDLE_AUTO, CFG_IDLE_POLL, CFG_IDLE_SLEEP };
enum cfg_hugepages { CFG_HUGEPAGES_AUTO, CFG_HUGEPAGES_NEVER, CFG_HUGEPAGES_REQUIRED };

struct cfg_workers {
	uint32_t count; /* 0: the control thread shares its core with the one worker */
	bool hand_over;
	enum cfg_workers_idle idle;
	enum cfg_hugepages hugepages;
	uint32_t memory_mib; /* 0: what suits */
};

struct cfg_control {
	const char *socket;
	const char *group; /* "": root alone */
	uint32_t mode;
};

struct cfg {
	struct {
		const char *host_name;
	} identity;
	struct {
		enum cv_log_level level;
	} log;
	struct cfg_control control;
	struct cfg_workers workers;
	struct cfg_port *ports;
	size_t n_ports;
	struct cfg_vlan *vlans;
	size_t n_vlans;
	struct cfg_listener *listeners;
	size_t n_listeners;
	struct cfg_tunnels tunnels;
	struct cfg_ppp ppp;
	struct cfg_realm *realms;
	size_t n_realms;
	struct cfg_filter *filters;
	size_t n_filters;
	struct cfg_group *groups;
	size_t n_groups;
	struct cfg_interface *interfaces;
	size_t n_interfaces;
	struct cfg_route *routes;
	size_t n_routes;
	struct cfg_discovery discovery;
	struct cfg_kernel_table *kernel_tables;
	size_t n_kernel_tables;
	struct cfg_user *users; /* sorted by name */
	size_t n_users;
	struct cfg_fixed *fixed; /* sorted by realm and address */
	size_t n_fixed;
	struct cfg_fixed6 *fixed6; /* sorted by kind, realm and address; none overlap */
	size_t n_fixed6;
	struct cfg_dial *dials;
	size_t n_dials;
	struct cfg_hand_on *hand_on; /* the first that holds counts */
	size_t n_hand_on;
	struct cfg_limits limits;
	/* Sessions that have room: limits.sessions of the first snapshot, through all that continue
	 * it. */
	uint32_t sessions_capacity;
	void *owner; /* the loader's memory, and who is where in it */
};

/*
 * Reads a file that the configuration names. Returns 0 with malloc'ed bytes that the loader
 * wipes and frees, and the file's permission bits; else a negative cv_err with errno set.
 */
struct cfg_files {
	int (*read)(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len,
		unsigned *mode);
	void *ctx;
};

enum cfg_severity { CFG_ERROR, CFG_WARNING };

struct cfg_error {
	const char *file;
	unsigned line, column; /* from 1 */
	enum cfg_severity severity;
	char *key;  /* "groups[0].pool"; "" at the top */
	char *text; /* what would be right */
};

struct cfg_errors {
	struct cfg_error *items;
	size_t n;
	size_t errors; /* of them, not warnings */
};

/*
 * Loads text (len bytes of YAML), naming it `file` in errors. Paths in it are relative to the
 * folder of `file`. Returns 0 and *out (held once: cfg_free), or CV_ERR_CONFIG with at
 * least one CFG_ERROR, or CV_ERR_NOMEM. Warnings may be there in any case. errors must be zeroed
 * by the caller and freed with cfg_errors_free.
 */
int cfg_load(const char *file, const char *text, size_t len, const struct cfg_files *files,
	struct cfg_errors *errors, struct cfg **out);
/*
 * Gives names that `old` has their IDs there, and to the others the smallest that nothing in `old`
 * has: what went and what came never share an ID, but an ID is free again one continuation later.
 * To be called at most once, before the snapshot is used. (IDs of a snapshot that continues nothing
 * are 0, 1, ... in the order of the file.) Returns 0, or CV_ERR_LIMIT where IDs have run out, which
 * the limits of base/limits.h rule out.
 */
int cfg_continue(struct cfg *cfg, const struct cfg *old);

/* What a configuration describes. All but the server, users, and what stands in lists whose order
 * counts have IDs. */
enum cfg_object {
	CFG_SERVER, /* none of the others */
	CFG_PORT,
	CFG_VLAN,
	CFG_LISTENER,
	CFG_REALM,
	CFG_GROUP,
	CFG_FILTER,
	CFG_INTERFACE,
	CFG_ROUTE,
	CFG_DIAL,
	CFG_KERNEL_TABLE,
	CFG_IDENTITIES,
	CFG_USER = CFG_IDENTITIES,
	CFG_TUNNEL_SECRET,
	CFG_HAND_ON,
};

/*
 * One more holds the snapshot, which is returned; each lets go by cfg_free. Any threads: nobody
 * changes a snapshot after cfg_continue, and they are counted atomically.
 */
const struct cfg *cfg_hold(const struct cfg *cfg);
/* The last one wipes secrets and frees all. Takes NULL. */
void cfg_free(const struct cfg *cfg);
void cfg_errors_free(struct cfg_errors *errors);

/* "file:line:column: key: text", or "... warning: key: text". Returns out. */
const char *cfg_error_text(const struct cfg_error *error, char *out, size_t capacity);

/* The user of a name (hostile bytes), or NULL. */
const struct cfg_user *cfg_user_find(const struct cfg *cfg, const char *name, size_t len);

/* What has a name, by that (a text of anybody's) in O(log n), or by its ID in O(1); NULL: nothing.
 */
const struct cfg_port *cfg_port_find(const struct cfg *cfg, const char *name);
const struct cfg_port *cfg_port_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_vlan *cfg_vlan_find(const struct cfg *cfg, const char *name);
const struct cfg_vlan *cfg_vlan_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_listener *cfg_listener_find(const struct cfg *cfg, const char *name);
const struct cfg_listener *cfg_listener_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_realm *cfg_realm_find(const struct cfg *cfg, const char *name);
const struct cfg_realm *cfg_realm_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_group *cfg_group_find(const struct cfg *cfg, const char *name);
const struct cfg_group *cfg_group_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_filter *cfg_filter_find(const struct cfg *cfg, const char *name);
const struct cfg_filter *cfg_filter_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_interface *cfg_interface_find(const struct cfg *cfg, const char *name);
const struct cfg_interface *cfg_interface_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_route *cfg_route_find(const struct cfg *cfg, const char *name);
const struct cfg_route *cfg_route_by_id(const struct cfg *cfg, uint16_t id);
const struct cfg_dial *cfg_dial_find(const struct cfg *cfg, const char *name);
const struct cfg_dial *cfg_dial_by_id(const struct cfg *cfg, uint16_t id);
/* Whose address discovery.rfc5780 gives as the other one of a listener's: the next one's of its
 * family on its port or VLAN. NULL: there is none. */
const struct cfg_listener *cfg_discovery_other(
	const struct cfg *cfg, const struct cfg_listener *listener);
const struct cfg_kernel_table *cfg_kernel_table_find(const struct cfg *cfg, const char *name);
const struct cfg_kernel_table *cfg_kernel_table_by_id(const struct cfg *cfg, uint16_t id);

/* What a position of a LAN is: its VLAN, or NULL where it is a port without tags; the port in any
 * case; its name in the file; its largest packet, which of two tags is less than the port's where
 * the device counts them. */
const struct cfg_vlan *cfg_lan_vlan(const struct cfg *cfg, uint32_t lan);
const struct cfg_port *cfg_lan_port(const struct cfg *cfg, uint32_t lan);
const char *cfg_lan_name(const struct cfg *cfg, uint32_t lan);
uint16_t cfg_lan_mtu(const struct cfg *cfg, uint32_t lan);

/* A duration as the configuration has it: "90s", "5m". CV_ERR_CONFIG: it is none. */
int cfg_duration(const char *text, uint64_t *ns);

/* Whether it can be that of a host elsewhere, to which a tunnel is opened. */
bool cfg_is_station(const struct cv_ip *ip);

/* Networks for which traffic is waited for, before their peer is dialled. */
struct cfg_networks {
	const struct cv_prefix *at;
	size_t n;
	uint16_t realm; /* its position */
};

/* Those of a peer; none, where there is no such peer, or it is there always. */
struct cfg_networks cfg_dial_networks(const struct cfg *cfg, const struct cfg_dial *dial);

/* The user who has an address of a realm (a position) for his own, or NULL. */
const struct cfg_user *cfg_address_user(
	const struct cfg *cfg, uint16_t realm, const struct cv_ip *ip);

/* The first of cfg.fixed6 of a kind and realm (a position) that does not begin before an address,
 * or what comes behind these. */
size_t cfg_fixed6_from(
	const struct cfg *cfg, bool delegated, uint16_t realm, const struct cv_ip *ip);
/* Whether a user has for his own what overlaps a prefix. */
bool cfg_fixed6_overlaps(
	const struct cfg *cfg, bool delegated, uint16_t realm, const struct cv_prefix *prefix);

/*
 * The secret for a peer (its host name is hostile bytes) of the listener with an ID: the first
 * entry in the file's order whose conditions hold, or NULL.
 */
const struct cfg_tunnel_secret *cfg_tunnel_secret_find(const struct cfg *cfg, uint16_t listener,
	const struct cv_ip *peer, const char *host_name, size_t len);

/*
 * Whether a call that came by the listener with an ID is handed on: the first entry in the file's
 * order all of whose conditions hold, or NULL. called: the number, without data where none was
 * said; name: the caller's, hostile bytes, or NULL while it is not known: then *asks says whether
 * it has to be, before anything can be said.
 */
const struct cfg_hand_on *cfg_hand_on_find(const struct cfg *cfg, uint16_t listener,
	struct cv_bytes called, const struct cv_bytes *name, bool *asks);

#endif
