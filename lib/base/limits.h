/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits that more than one room of lib/ keeps: what the configuration takes (lib/config), the
 * server and the data path have room for. Each has its one home here, so they can't disagree.
 */
#ifndef CV_LIMITS_H
#define CV_LIMITS_H

enum {
	CV_PORTS_MAX = 16,      /* network devices */
	CV_VLANS_MAX = 2048,    /* on all ports */
	CV_LISTENERS_MAX = 256, /* pairs of a local address and a UDP port */
	CV_WORKERS_MAX = 64,
	CV_GROUPS_MAX = 1024,
	CV_REALMS_MAX = CV_GROUPS_MAX,
	CV_INTERFACES_MAX = 1024,    /* inside realms */
	CV_INTERFACE_ADDRESSES = 16, /* of each */
	CV_ROUTES_MAX = 16384,       /* that the configuration says, of all realms */
	CV_DIALS_MAX = 1024,         /* peers that are dialled */
	CV_DIAL_TARGETS_MAX = 8,     /* addresses and names of each */
	CV_KERNEL_TABLES_MAX = 16,   /* of the kernel's, one a realm */
	/* One a group, two that are always there, and others. */
	CV_FILTERS_MAX = 2 * CV_GROUPS_MAX,
	CV_RULES_MAX = 16384,       /* of a filter */
	CV_RULES_ALL = 262144,      /* of all together */
	CV_GATEWAYS_MAX = 16384,    /* prefixes of a filter */
	CV_HOPS_MAX = 16,           /* next hops of a route */
	CV_HAND_ON_MAX = 1024,      /* entries of calls that are handed on, */
	CV_HAND_ON_WORDS_MAX = 64,  /* and realms, or numbers, of one */
	CV_DISCOVERY_FROM_MAX = 64, /* prefixes of those whom NAT discovery answers */
	CV_FRAMED_MAX = 64,         /* networks behind a session, which its user brings along */

	/*
	 * IDs of what has a name are below these. A configuration and the one before it may have
	 * nothing in common, and no ID of the one is another's in the other: hence twice as many.
	 */
	CV_PORT_IDS = 2 * CV_PORTS_MAX,
	CV_VLAN_IDS = 2 * CV_VLANS_MAX,
	CV_LISTENER_IDS = 2 * CV_LISTENERS_MAX,
	CV_REALM_IDS = 2 * CV_REALMS_MAX,
	CV_INTERFACE_IDS = 2 * CV_INTERFACES_MAX,
	CV_ROUTE_IDS = 2 * CV_ROUTES_MAX,
	CV_DIAL_IDS = 2 * CV_DIALS_MAX,
	CV_KERNEL_TABLE_IDS = 2 * CV_KERNEL_TABLES_MAX,
	CV_GROUP_IDS = 2 * CV_GROUPS_MAX,
	CV_FILTER_IDS = 2 * CV_FILTERS_MAX,

	/* Texts, in bytes without a NUL. */
	CV_PORT_NAME_MAX = 32,
	CV_DEVICE_MAX = 107, /* of a socket's path: what fits into a sockaddr_un */
	CV_USER_NAME_MAX = 63,
};

#endif
