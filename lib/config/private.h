/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of lib/config share: memory, errors, the tree of a file, tables of keys. */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "config/client.h"
#include "config/config.h"
#include "config/diff.h"

enum {
	CFG_DEPTH_MAX = 32,          /* of nested lists and mappings */
	CFG_NODES_MAX = 2 << 20,     /* values in a file */
	CFG_ERRORS_MAX = 1000,       /* further ones are not kept */
	CFG_SECRET_MAX = 255,        /* bytes */
	CFG_SECRET_FILE_MAX = 4096,  /* bytes */
	CFG_USERS_MAX = 1000 * 1000, /* of the configuration and the users file together */
	CFG_LISTED_MAX = 100 * 1000, /* of users or secrets that the configuration itself lists */
	/* A line of the users file: NAME:PASSWORD:GROUP:ADDRESS,PREFIX6,DELEGATED, CR and LF. */
	CFG_GROUP_NAME_MAX = 63,
	CFG_IPV4_TEXT_MAX = 15,
	CFG_PREFIX6_TEXT_MAX = 39 + 3,
	CFG_USERS_LINE_MAX = CV_USER_NAME_MAX + 1 + CFG_SECRET_MAX + 1 + CFG_GROUP_NAME_MAX + 1 +
			     CFG_IPV4_TEXT_MAX + 2 * (1 + CFG_PREFIX6_TEXT_MAX) + 2,
	CFG_USERS_FILE_MAX = CFG_USERS_MAX * CFG_USERS_LINE_MAX,
	CFG_KEYS_MAX = 32,           /* rows of a table */
	CFG_RULE_TEXT = 224,         /* bytes of a rule as text, with its NUL */
	CFG_DELEGATED_SHORTEST = 40, /* length of a user's prefix */
	CFG_OUTSIDE_TEXT = 160,
	CFG_WORD_TEXT = 80, /* bytes of a value shown in an error, with its NUL */
};

/* A list as long as may be, of maps of four values, takes no more than half of the values. */
_Static_assert(CFG_LISTED_MAX *(1 + 4) <= CFG_NODES_MAX / 2, "room for a full list of users");

/* What is referred to by name: ports, LANs, groups, filters, interfaces, realms, listeners. */
enum { CFG_REFERENCES = 7 };

/* Filters that there always are. */
enum {
	CFG_FILTERS_BUILT_IN = 2,
	CFG_FILTERS_LISTED = CV_FILTERS_MAX - CV_GROUPS_MAX - CFG_FILTERS_BUILT_IN
};

/* The length of a gateway's prefix that stands for `any` until filters are finished. */
enum { CFG_GATEWAYS_ANY = 255 };

/* The position of something that is not there; an error has been reported. */
#define CFG_NO_INDEX UINT32_MAX

/* Blocks that are freed, and wiped, together. */
struct cfg_arena {
	struct cfg_block *blocks;
};

/* Zeroed and aligned for anything, or NULL. len may be 0. */
void *cfg_arena_alloc(struct cfg_arena *arena, size_t n, size_t size);
void cfg_arena_free(struct cfg_arena *arena);

struct cfg_positions {
	uint16_t *by_name; /* sorted */
	uint16_t *by_id;   /* UINT16_MAX: nothing has it */
};

/* What cfg.owner points to. */
struct cfg_owner {
	struct cfg_arena arena;
	atomic_uint holders;
	struct cfg_positions identities[CFG_IDENTITIES];
};

enum cfg_node_type { CFG_SCALAR, CFG_LIST, CFG_MAP };

/* A value in the file. */
struct cfg_node {
	enum cfg_node_type type;
	bool plain;                    /* a scalar without quotes */
	unsigned line, column;         /* from 1 */
	unsigned key_line, key_column; /* of its key, when it is in a mapping */
	const char *text;              /* of a scalar: no control characters, no NUL */
	size_t len;
	const char *key; /* when it is in a mapping */
	size_t index;    /* when it is in a list */
	const struct cfg_node *parent;
	struct cfg_node *first, *last, *next;
	size_t n; /* of children */
};

/* A name and its place among those of its kind. */
struct cfg_named {
	const char *name;
	size_t at;
};

/* A rule of a policy as the file says it. */
struct cfg_said {
	struct cv_rule *permit, *deny; /* one of them: protocols, and ports of either side */
	struct cv_prefix *peer, *client;
	struct cv_port_range *peer_port, *client_port;
	size_t n_permit, n_deny, n_peer, n_client, n_peer_port, n_client_port;
	enum cv_way way;
	struct cv_rule word; /* where it is one word */
};

/* A prefix of a pool and where it is said. */
struct cfg_pool {
	const struct cfg_node *node;
	const struct cv_prefix *prefix;
	size_t group, order;
	uint16_t realm;
};

/* A user and where it was said. */
struct cfg_entry {
	struct cfg_user user;
	const char *file;
	unsigned line, column;
	const struct cfg_node *node; /* NULL: from the users file */
	size_t order;
};

struct cfg_loader {
	const char *file;
	const struct cfg_files *files;
	struct cfg_errors *errors;
	struct cfg_arena *keep;   /* lives as long as the configuration */
	struct cfg_arena scratch; /* until the end of cfg_load */
	struct cfg *cfg;
	const struct cfg_node *root;
	const struct cfg_node *users_file;        /* its name, or NULL */
	const char **names[CFG_REFERENCES];       /* what references may say, when the first does */
	struct cfg_named *sorted[CFG_REFERENCES]; /* those of them that are right, by name */
	size_t n_sorted[CFG_REFERENCES];
	const struct cfg_pool *pools; /* sorted by realm and address, when all are sound */
	size_t n_pools;
	size_t n_rules; /* of all policies */
	bool nomem;
};

/* Like cfg_arena_alloc, and remember when memory was short. */
void *cfg_keep(struct cfg_loader *l, size_t n, size_t size);
void *cfg_scratch(struct cfg_loader *l, size_t n, size_t size);
/* A copy with a NUL behind it. */
char *cfg_copy(struct cfg_loader *l, struct cfg_arena *arena, const void *bytes, size_t len);
/* A path from the file: relative ones are from the file's folder. */
char *cfg_path(struct cfg_loader *l, const char *path);

/* Report at a node, or at the key `child` of it that is not there (NULL: the node itself). */
void cfg_fail(struct cfg_loader *l, const struct cfg_node *node, const char *child, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* At a key of a mapping that is there, or at the mapping for one that is not. */
void cfg_fail_key(
	struct cfg_loader *l, const struct cfg_node *map, const char *key, const char *text);
void cfg_warn(struct cfg_loader *l, const struct cfg_node *node, const char *child, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* Reports an error at any place. */
void cfg_fail_at(struct cfg_loader *l, const char *file, unsigned line, unsigned column,
	const char *key, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Warns at any place. */
void cfg_warn_at(struct cfg_loader *l, const char *file, unsigned line, unsigned column,
	const char *key, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Whether so many errors were found that it is not worth to make more texts. */
bool cfg_enough(const struct cfg_loader *l);

/* The name that a misspelt word is nearest to, or NULL. */
const char *cfg_nearest(const char *word, const char *const *names, size_t n);
/* "a, b, c", cut when it is long; out is returned. */
const char *cfg_join(char *out, size_t capacity, const char *const *names, size_t n);
/* A scalar made fit for an error text; out is returned. Not for what may be a secret. */
const char *cfg_word(char out[CFG_WORD_TEXT], const struct cfg_node *node);

/* The text as a tree in l->scratch and l->root, or an error. */
void cfg_tree_load(struct cfg_loader *l, const char *text, size_t len);
const struct cfg_node *cfg_node_get(const struct cfg_node *map, const char *key);
bool cfg_node_null(const struct cfg_node *node);

/* Bytes of one UTF-8 character at text that is fit for a configuration, or 0. */
size_t cfg_utf8_length(const uint8_t *text, size_t len);

enum cfg_kind {
	CFG_KIND_MAP, /* a mapping of its own table */
	CFG_KIND_NUMBER,
	CFG_KIND_BOOL,
	CFG_KIND_CHOICE,   /* its place in `choices` is stored */
	CFG_KIND_DURATION, /* nanoseconds */
	CFG_KIND_TEXT,     /* printable ASCII */
	CFG_KIND_NAME,     /* letters, digits, '.', '_', '-' */
	CFG_KIND_PATH,
	CFG_KIND_MODE,     /* permission bits in octal */
	CFG_KIND_ADDRESS,  /* IPv4, of a host */
	CFG_KIND_MAC,      /* of one station */
	CFG_KIND_PREFIX,   /* IPv4; lengths from min to max */
	CFG_KIND_ADDRESS6, /* IPv6, global or unique local */
	CFG_KIND_GATEWAY,  /* of either family, of a host */
	CFG_KIND_PEERS,    /* a prefix of either family */
	CFG_KIND_GATEWAYS, /* the same of what clients may reach inside */
	CFG_KIND_PREFIX6,  /* likewise; lengths from min to max */
	CFG_KIND_OWN,      /* an address of ours with the length of its network */
	CFG_KIND_RATE,     /* struct cv_rate */
	CFG_KIND_RULE,     /* struct cv_rule: a protocol, maybe with ports */
	CFG_KIND_PORTS,    /* struct cv_port_range */
	CFG_KIND_DSCP,     /* uint8_t */
	CFG_KIND_PORT,     /* position of a port; left out: the only one */
	CFG_KIND_LAN,      /* of a port, or of a VLAN behind these; left out: the only port */
	CFG_KIND_GROUP,    /* the same as of a port, of a group */
	CFG_KIND_FILTER,   /* of a filter */
	CFG_KIND_INTERFACE,
	CFG_KIND_OF_REALM, /* of a realm that a group has named */
	CFG_KIND_LISTENER, /* of a listener, by address and UDP port; left out: CFG_NO_INDEX */
	/* These are about a whole structure. */
	CFG_KIND_DEVICE,           /* cfg_port */
	CFG_KIND_LISTENER_ADDRESS, /* cfg_listener */
	CFG_KIND_REALM,            /* cfg_group */
	CFG_KIND_USER_SESSIONS,    /* cfg_group */
	CFG_KIND_POLICY,           /* cfg_filter */
	CFG_KIND_VIA,              /* cfg_via */
	CFG_KIND_TARGET,           /* cfg_target */
	CFG_KIND_HOST,             /* cfg_host */
	CFG_KIND_USER_NAME,        /* cfg_user */
	CFG_KIND_SECRET_FILE,      /* cfg_secret */
	CFG_KIND_SECRET_NONE,      /* bool */
	CFG_KIND_SECRET_REFUSED,   /* nothing: an error that does not show the value */
	CFG_KIND_USERS_FILE,       /* cfg_loader */
	CFG_KINDS,
};

enum cfg_shape {
	CFG_ONE,
	CFG_MANY,        /* a list: pointer and count */
	CFG_ONE_OR_MANY, /* the same; one value alone may stand for a list of it */
	CFG_ARRAY,       /* a list into an array in place */
};

struct cfg_table;

/* A key of a mapping: what it is, where its value goes, what stands for it when it is absent, what
 * a change of it does. */
struct cfg_key {
	const char *name;
	const char *help;              /* one line */
	const char *fallback;          /* read when the key is absent; NULL: the place stays zero */
	const struct cfg_table *table; /* of CFG_KIND_MAP, and of rules where that tells of them */
	const char *const *choices;    /* ends with NULL */
	uint64_t min, max;             /* of the number, duration, length */
	size_t offset;                 /* of the place in the mapping's structure */
	size_t size;                   /* of one value in its place */
	size_t count;                  /* offset of a list's size_t; 0: there is none */
	uint32_t min_items, max_items;
	size_t left_out; /* offset of a bool: other keys stand for it; 0: none */
	enum cfg_kind kind;
	enum cfg_shape shape;
	/* Of a list of mappings: what their coming and going does. Not said of one mapping. */
	enum cfg_effect effect;
	/* Whether what runs has room for the value; where not, the effect is a restart. May be
	 * NULL. */
	bool (*fits)(const struct cfg *cfg, const void *in); /* in: the structure that has it */
	bool filter; /* of a group: it is that of its own filter, and compared there */
	bool naming; /* makes up the name: another value is another thing */
	bool required;
	bool zero;     /* 0 means never and is allowed besides min to max */
	bool distinct; /* no value twice in the list */
	bool optional; /* of a reference: may be left out though there are several */
};

struct cfg_table {
	const struct cfg_key *keys;
	size_t n;
	enum cfg_object object; /* that a mapping describes */
	bool secret; /* a misplaced secret may be taken for a key here: unknown ones are not shown
		      */
	/* Keys of which there must be exactly one, with NULL behind them; `check` says so. */
	const char *const *one_of;
	const char *const *any_of; /* the same of keys of which there must be at least one */
	/* Called when all keys are read. May be NULL. */
	void (*check)(struct cfg_loader *l, const struct cfg_node *map, void *base);
};

extern const struct cfg_table cfg_root_table;
extern const struct cfg_table cfg_rule_table;

/* The JSON Schema of a file that is read by this table; as cfg_schema. */
int cfg_table_schema(const struct cfg_table *table, const char *title, char *out, size_t capacity);

/* Its keys as the source of a man page for scdoc, between a beginning and an end of its own. As
 * cfg_reference. */
int cfg_table_page(const struct cfg_table *table, const char *begin, const char *end, char *out,
	size_t capacity);

/* Reads a mapping into its structure. */
void cfg_read_map(struct cfg_loader *l, const struct cfg_table *table, const struct cfg_node *map,
	void *base);

/* Reads one value into its place; the node is of any type. */
typedef void cfg_read_fn(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at);

cfg_read_fn cfg_read_number, cfg_read_bool, cfg_read_choice, cfg_read_duration, cfg_read_text,
	cfg_read_name, cfg_read_path, cfg_read_mode, cfg_read_address, cfg_read_mac,
	cfg_read_prefix, cfg_read_gateway, cfg_read_peers, cfg_read_gateways, cfg_read_address6,
	cfg_read_prefix6, cfg_read_rate, cfg_read_rule, cfg_read_ports, cfg_read_dscp,
	cfg_read_device, cfg_read_listener_address, cfg_read_own, cfg_read_via, cfg_read_target,
	cfg_read_host, cfg_read_user_sessions, cfg_read_policy, cfg_read_reference, cfg_read_realm,
	cfg_read_user_name, cfg_read_secret_file, cfg_read_secret_none, cfg_read_secret_refused,
	cfg_read_users_file;

/* Whether the node is one value and not empty; if not, that is reported. */
bool cfg_want_scalar(struct cfg_loader *l, const struct cfg_node *node);
/* A number of decimal digits alone, at most UINT32_MAX. */
bool cfg_digits(const char *text, size_t len, uint64_t *value);
void cfg_store(void *at, size_t size, uint64_t value);
/* copy, its name, or its number; out is returned, or a constant. */
const char *cfg_dscp_text(uint8_t dscp, char *out, size_t capacity);
/* Names of code points by index from 0, NULL past the last. */
const char *cfg_dscp_name(size_t index);
/* In the largest unit that gives a whole number; out is returned. */
const char *cfg_duration_text(char *out, size_t capacity, uint64_t ns);
const char *cfg_rule_text(const struct cv_rule *rule, char out[CFG_RULE_TEXT]);
/* Whether a host can have the IPv4 address. */
bool cfg_is_host(uint32_t address);
/* Whether an IPv6 address is global or unique local. */
bool cfg_is_routed(const struct cv_ip *ip);
/* Splits ADDRESS/LENGTH of IPv4; without a slash length is 32. False when it is not that. */
bool cfg_split_prefix(const char *text, struct cv_ip *ip, uint8_t *length);

static inline uint32_t
cfg_mask(uint8_t length)
{
	return length == 0 ? 0 : UINT32_MAX << (32 - length);
}

bool cfg_is_user_name(const char *name, size_t len);
/* The place of a reference that is left out: the only one of its kind, else an error. */
void cfg_leave_reference(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *map, void *at);
/* Where a name is among them, the first of several; SIZE_MAX: nowhere. */
size_t cfg_name_at(struct cfg_loader *l, enum cfg_kind kind, const void *name, size_t len);
/* The names that a reference of the kind may say, NULL among them where one is wrong. */
const char **cfg_names(struct cfg_loader *l, enum cfg_kind kind, size_t *n);

/* Checks of one mapping (tables.c) and across the file. */
void cfg_check_retransmit(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_vlan(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_listener(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_secret(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_ppp(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_group(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_rule(struct cfg_loader *l, const struct cfg_node *map, void *base);
/* Interfaces against listeners, pools and each other; routes among themselves. */
void cfg_check_uplinks(struct cfg_loader *l);
/* The order of routes by where they lead: realm and prefix. */
int cfg_compare_places(const struct cfg_route *a, const struct cfg_route *b);
/* What is said in vain of tables of the kernel's, in a configuration without errors. */
void cfg_check_kernel_tables(struct cfg_loader *l);
/* Our addresses on interfaces against those of users, when these are known. */
void cfg_check_interface_users(struct cfg_loader *l);
/* VLANs against ports and each other. */
void cfg_check_vlans(struct cfg_loader *l);
/* A peer that is dialled: its own keys; and, when users are known, all against the others. */
void cfg_check_dial(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_check_dials(struct cfg_loader *l);
/* Calls that are handed on: an entry's own keys; and, before the peers are checked, to whom. */
void cfg_check_hand_on(struct cfg_loader *l, const struct cfg_node *map, void *base);
void cfg_find_hand_on(struct cfg_loader *l);
void cfg_check_discovery(struct cfg_loader *l, const struct cfg_node *map, void *base);
/* Networks behind users and behind peers that are dialled. */
void cfg_check_networks(struct cfg_loader *l, const struct cfg_entry *users, size_t n);
void cfg_check_all(struct cfg_loader *l);
/* Pools against listeners and each other; keeps them for cfg_in_pools when they are sound. */
void cfg_check_pools(struct cfg_loader *l);
/* Whether a pool of the realm has the IPv4 address; only when l->pools are there. */
bool cfg_in_pools(const struct cfg_loader *l, uint16_t realm, const struct cv_ip *ip);

/*
 * The value of a row in the structures of two snapshots: whether it is the same, and as the file
 * says it (NULL: there is none, or it is a secret).
 */
bool cfg_value_same(const struct cfg *old_cfg, const void *old, const struct cfg *new_cfg,
	const void *new, const struct cfg_key *k);
const char *cfg_value_text(const struct cfg *cfg, const void *base, const struct cfg_key *k,
	char *out, size_t capacity);

/* Whether what was started has room for limits.sessions. */
bool cfg_fits_sessions(const struct cfg *cfg, const void *in);
bool cfg_fits_mtu(const struct cfg *cfg, const void *in);

/* Of ports, VLANs, listeners, realms, groups: the thing of this name or NULL, by the kind of thing.
 */
const void *cfg_find(const struct cfg *cfg, enum cfg_object object, const char *name);
uint16_t cfg_id_of(enum cfg_object object, const void *thing);
const char *cfg_name_of(enum cfg_object object, const void *thing);

/* The order of cfg.users, as memcmp. */
int cfg_compare_users(const struct cfg_user *a, const struct cfg_user *b);

extern const char *const cfg_built_in_filters[CFG_FILTERS_BUILT_IN];
/* A group has either a filter's name or a filter of its own. */
void cfg_check_group_filter(
	struct cfg_loader *l, const struct cfg_node *map, struct cfg_group *group);
/* The IPv6 keys of a group; the address6 that is left out. */
void cfg_check_group6(struct cfg_loader *l, const struct cfg_node *map, struct cfg_group *group);
/* IPv6 prefixes of groups and of the users whom the configuration itself lists, in its order. */
void cfg_check_pools6(struct cfg_loader *l, const struct cfg_entry *users, size_t n);
/* framed.c: networks behind users, what each may be and that nobody else has it. */
void cfg_check_framed(struct cfg_loader *l, const struct cfg_entry *users, size_t n);
/* Of an IPv6 prefix that no table of routes has. */
bool cfg_is_odd_length(const struct cv_prefix *p);
/* Whether an address of IPv4 is that of its network, or the broadcast address there. */
bool cfg_is_end(const struct cv_prefix *prefix, const struct cv_ip *ip);
/* Why no realm may lead to a prefix; NULL: it may. */
const char *cfg_no_network(const struct cv_prefix *p);
#define CFG_ODD_LENGTH "has a length of more than 64 bits, and not 128"
/* Makes cfg.fixed6 of cfg.users. */
void cfg_keep_fixed6(struct cfg_loader *l);
/* Sets what stands beyond its length to 0. */
void cfg_mask6(struct cv_prefix *prefix);
/* ADDRESS/LENGTH of what may be a client's, of a length in these bounds; false: it is not that. */
bool cfg_parse_prefix6(
	const char *text, unsigned shortest, unsigned longest, struct cv_prefix *out);
/* What of a listener a prefix has in it, address, gateway or network, as an error says it. False:
 * nothing. */
bool cfg_meets_outside(
	const struct cfg_loader *l, const struct cv_prefix *p, char out[CFG_OUTSIDE_TEXT]);
/* No filter has the name of another, whoever made it. */
void cfg_check_filters(struct cfg_loader *l);
/* All filters in one list, and where each group's is in it. */
void cfg_filters_finish(struct cfg_loader *l);
/* Warns of clients that may send anywhere without bounds, and of interfaces that nobody may use. */
void cfg_check_beyond(struct cfg_loader *l);

/* Their names, which are made up of port and IDs. */
void cfg_name_vlans(struct cfg_loader *l);
/* Names of listeners, IDs, and where each is. */
void cfg_identify(struct cfg_loader *l);

/* The users file, the order of users, and what must hold among them. */
void cfg_users_finish(struct cfg_loader *l);

/* What an editor may have put into a secret unseen, in words that do not show it; NULL: nothing. */
const char *cfg_secret_oddity(const uint8_t *bytes, size_t len);
/* A named file's bytes, to be given to cfg_file_free; warns when everybody may read it. */
bool cfg_file_read(struct cfg_loader *l, const struct cfg_node *node, const char *path, size_t max,
	const char *too_long, struct cfg_secret *bytes);
void cfg_file_free(struct cfg_secret *bytes);

#endif
