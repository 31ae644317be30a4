/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of each mapping: the loader reads by them, the schema is printed from them. */
#include "config/private.h"
#include "config/rows.h"

enum { VLAN_LAST = 4094 }; /* IEEE 802.1Q table 9-2 */

static const char *const idle_ways[] = {"auto", "poll", "sleep", NULL};
static const char *const hugepage_ways[] = {"auto", "never", "required", NULL};
static const char *const refusal_ways[] = {"silent", "answered", NULL};
static const char *const rebind_ways[] = {"off", "challenge", "echo", NULL};
static const char *const proxy_ways[] = {"renegotiate", "accept", NULL};
static const char *const outgoing_ways[] = {"refuse", "accept", NULL};
static const char *const clamp_ways[] = {"off", "on", NULL};
static const char *const address_proxies[] = {"off", "sessions", "pools", NULL};
static const char *const tpids[] = {"802.1ad", "802.1q", NULL};
static const char *const announce_ways[] = {"off", "pools", NULL};
static const char *const client_ways[] = {"isolated", "reachable", NULL};
static const char *const call_ways[] = {"incoming", "outgoing", NULL};
static const char *const start_ways[] = {"always", "traffic", NULL};

const char *const cfg_log_levels[] = {"error", "warning", "info", "debug", NULL};
const char *const cfg_auth_methods[] = {"pap", "chap-md5", "mschapv2", NULL};

static const struct cfg_key identity_keys[] = {
	VALUE("host-name", struct cfg, identity.host_name, TEXT(1, 64), "culvert", NEW_TUNNELS,
		"Host Name that peers are told"),
};

static const struct cfg_key log_keys[] = {
	VALUE("level", struct cfg, log.level, CHOICE(cfg_log_levels), "info", LIVE,
		"the least important that is logged"),
};

static const struct cfg_key control_keys[] = {
	VALUE("socket", struct cfg_control, socket, PATH(1, CV_DEVICE_MAX),
		"/run/culvert/control.sock", RESTART, "where culvertctl finds the daemon"),
	VALUE("mode", struct cfg_control, mode, KIND(MODE), "0660", RESTART,
		"permission bits of the socket, in octal"),
	VALUE("group", struct cfg_control, group, TEXT(0, 32), "", RESTART,
		"group that may use the socket; empty: root alone"),
};

static const struct cfg_key workers_keys[] = {
	VALUE("count", struct cfg_workers, count, NUMBER(0, CV_WORKERS_MAX), "1", RESTART,
		"worker threads; 0: one that shares the control thread's core"),
	VALUE("hand-over", struct cfg_workers, hand_over, KIND(BOOL), "false", RESTART,
		"whether a worker with too much gives sessions to others; each should have a CPU "
		"of its own"),
	VALUE("idle", struct cfg_workers, idle, CHOICE(idle_ways), "auto", RESTART,
		"what a worker does without packets"),
	VALUE("hugepages", struct cfg_workers, hugepages, CHOICE(hugepage_ways), "auto", RESTART,
		"whether huge pages are used"),
	VALUE("memory", struct cfg_workers, memory_mib, NUMBER(0, 1024 * 1024), "0", RESTART,
		"MiB for packets, more where their buffers need it; 0: what suits"),
};

static const struct cfg_key port_keys[] = {
	VALUE("name", struct cfg_port, name, NEEDED(NAME(1, CV_PORT_NAME_MAX)), NULL,
		NAMES(RESTART), "name by which listeners refer to the port"),
	WHOLE("device", NEEDED(KIND(DEVICE)), NULL, RESTART,
		"af_packet:INTERFACE, xdp:INTERFACE, memif:/SOCKET, pci:ADDRESS or tap:NAME"),
	VALUE("mtu", struct cfg_port, mtu, NUMBER(576, CFG_MTU_MOST), "1500", WITHIN(cfg_fits_mtu),
		"largest IP packet in bytes"),
	VALUE("rx-descriptors", struct cfg_port, rx_descriptors, NUMBER(0, 32768), "0", RESTART,
		"frames that wait for a worker, in each queue; 0: what suits the device"),
	VALUE("tx-descriptors", struct cfg_port, tx_descriptors, NUMBER(0, 32768), "0", RESTART,
		"frames that wait to be sent, in each queue; 0: what suits the device"),
};

static const struct cfg_key vlan_keys[] = {
	VALUE("name", struct cfg_vlan, label, NEEDED(NAME(1, CFG_GROUP_NAME_MAX)), NULL, LIVE,
		"name by which listeners and interfaces refer to the VLAN, as to a port"),
	VALUE("port", struct cfg_vlan, port, KIND(PORT), NULL, NAMES(LIVE),
		"name of the port that it is on; may be left out when there is one"),
	VALUE("vlan", struct cfg_vlan, vlan, NEEDED(NUMBER(1, VLAN_LAST)), NULL, NAMES(LIVE),
		"VLAN ID; frames without a tag are the port's own"),
	VALUE("outer", struct cfg_vlan, outer, NUMBER(1, VLAN_LAST), NULL, NAMES(LIVE),
		"VLAN ID of the outer tag, where there are two (QinQ)"),
	VALUE("tpid", struct cfg_vlan, tpid, CHOICE(tpids), "802.1ad", LIVE,
		"type of the outer tags that are sent: 802.1ad (0x88a8) or 802.1q (0x8100); both "
		"are taken"),
	VALUE("mtu", struct cfg_vlan, mtu, NUMBER(576, CFG_MTU_MOST), NULL, LIVE,
		"largest IP packet in bytes; left out: the most, which is the port's, or, of two "
		"tags by af_packet, 8 bytes less (with tpid 802.1q: 4)"),
};

static const struct cfg_key listener_keys[] = {
	VALUE("port", struct cfg_listener, lan, KIND(LAN), NULL, LIVE,
		"name of a port or VLAN; may be left out when there is one port"),
	WHOLE("address", NEEDED(KIND(LISTENER_ADDRESS)), NULL, LIVE,
		"own address with its prefix length, as 192.0.2.1/24 or 2001:db8::1/64"),
	VALUE("gateway", struct cfg_listener, gateway, KIND(GATEWAY), NULL, LIVE,
		"router for addresses outside the prefix; over IPv6 it may be link-local"),
	VALUE("gateway-mac", struct cfg_listener, gateway_mac, KIND(MAC), NULL, LIVE,
		"the router's MAC address; left out: found by ARP or ND, which can be forged"),
	VALUE("udp-port", struct cfg_listener, udp_port, NUMBER(1, 65535), "1701", NAMES(LIVE),
		"UDP port of L2TP"),
};

static const struct cfg_key retransmit_keys[] = {
	VALUE("first", struct cfg_tunnels, retransmit_first_ns,
		DURATION(100 * CV_NS_PER_MS, SECONDS(60)), "1s", NEW_TUNNELS,
		"wait before the first repetition; doubles each time"),
	VALUE("max", struct cfg_tunnels, retransmit_max_ns,
		DURATION(100 * CV_NS_PER_MS, SECONDS(600)), "8s", NEW_TUNNELS, "longest wait"),
	VALUE("times", struct cfg_tunnels, retransmit_times, NUMBER(1, 20), "5", NEW_TUNNELS,
		"repetitions before the tunnel is given up"),
};

static const struct cfg_table retransmit_table = {
	TABLE(retransmit_keys), .check = cfg_check_retransmit};

static const struct cfg_key secret_keys[] = {
	VALUE("peer", struct cfg_tunnel_secret, peer, KIND(PEERS), NULL, LIVE,
		"condition: prefix of the peer's address"),
	VALUE("host", struct cfg_tunnel_secret, host_name, TEXT(1, 255), NULL, LIVE,
		"condition: the peer's Host Name"),
	VALUE("listener", struct cfg_tunnel_secret, listener, KIND(LISTENER), NULL, LIVE,
		"condition: ADDRESS:UDP-PORT of a listener, [ADDRESS]:UDP-PORT over IPv6"),
	VALUE("secret-file", struct cfg_tunnel_secret, secret, KIND(SECRET_FILE), NULL, LIVE,
		"file with the secret"),
	VALUE("secret", struct cfg_tunnel_secret, none, KIND(SECRET_NONE), NULL, LIVE,
		"none: such peers need no secret"),
	VALUE("proxy", struct cfg_tunnel_secret, proxy, CHOICE(proxy_ways), "renegotiate",
		NEW_TUNNELS,
		"accept: what such LACs negotiated and were told by callers is taken where it "
		"fits, and told on where their calls are handed on"),
	VALUE("outgoing", struct cfg_tunnel_secret, outgoing, CHOICE(outgoing_ways), "refuse",
		NEW_TUNNELS, "accept: who asks us to place a call (OCRQ) has us for its other end"),
};

static const char *const secret_ways[] = {"secret-file", "secret", NULL};

static const struct cfg_table secret_table = {TABLE(secret_keys), .object = CFG_TUNNEL_SECRET,
	.secret = true, .one_of = secret_ways, .check = cfg_check_secret};

static const struct cfg_key tunnels_keys[] = {
	VALUE("hello", struct cfg_tunnels, hello_ns, NEVER_OR_DURATION, "60s", NEW_TUNNELS,
		"silence after which a peer is asked whether it is there; 0s: never"),
	WHOLE("retransmit", SUBMAP(retransmit_table), NULL, OF_KEYS,
		"repetition of control messages"),
	VALUE("receive-window", struct cfg_tunnels, receive_window, NUMBER(1, 1024), "128",
		NEW_TUNNELS, "control messages that a peer may send ahead"),
	VALUE("hide-avps", struct cfg_tunnels, hide_avps, KIND(BOOL), "false", NEW_TUNNELS,
		"whether AVPs are hidden where there is a secret"),
	LISTED("secrets", CFG_MANY, LIST(struct cfg_tunnels, secrets), NEEDED(SUBMAP(secret_table)),
		1, CFG_LISTED_MAX, NULL, LIVE,
		"who may open a tunnel, and with which secret; the first that fits counts"),
};

static const struct cfg_key ppp_keys[] = {
	LISTED("auth", CFG_ARRAY, LIST(struct cfg_ppp, auth), DISTINCT(CHOICE(cfg_auth_methods)), 1,
		CFG_AUTH_METHODS, "mschapv2, chap-md5", NEW_SESSIONS,
		"how users prove who they are, in the order of offer"),
	VALUE("mru", struct cfg_ppp, mru, NUMBER(576, CFG_MRU_MOST), "1400", NEW_SESSIONS,
		"largest packet that a client may send, in bytes; above 1500 where ports have the "
		"mtu "
		"for it"),
	VALUE("echo", struct cfg_ppp, echo_ns, NEVER_OR_DURATION, "20s", NEW_SESSIONS,
		"silence after which a client is asked whether it is there; 0s: never"),
	VALUE("echo-misses", struct cfg_ppp, echo_misses, NUMBER(1, 100), "4", NEW_SESSIONS,
		"unanswered echoes that end a session"),
	VALUE("restart", struct cfg_ppp, restart_ns, DURATION(100 * CV_NS_PER_MS, SECONDS(60)),
		"3s", NEW_SESSIONS, "wait before a request is repeated"),
	VALUE("max-configure", struct cfg_ppp, max_configure, NUMBER(1, 100), "10", NEW_SESSIONS,
		"requests and challenges without an answer that end a session"),
	VALUE("max-terminate", struct cfg_ppp, max_terminate, NUMBER(1, 100), "2", NEW_SESSIONS,
		"times that the end is told to a client that does not answer"),
	VALUE("max-failure", struct cfg_ppp, max_failure, NUMBER(1, 100), "5", NEW_SESSIONS,
		"times that a client is told what would be right before its wish is rejected"),
	VALUE("lcp-timeout", struct cfg_ppp, lcp_timeout_ns, TIMEOUT, "30s", NEW_SESSIONS,
		"time for the link to be negotiated"),
	VALUE("auth-timeout", struct cfg_ppp, auth_timeout_ns, TIMEOUT, "30s", NEW_SESSIONS,
		"time for the user to be authenticated"),
	VALUE("ipcp-timeout", struct cfg_ppp, ipcp_timeout_ns, TIMEOUT, "30s", NEW_SESSIONS,
		"time for the address to be negotiated"),
	VALUE("rechallenge", struct cfg_ppp, rechallenge_ns, NEVER_OR_DURATION, "0s", NEW_SESSIONS,
		"CHAP again at this interval; 0s: never"),
};

static const struct cfg_key filter_keys[] = {
	VALUE("name", struct cfg_filter, name, NEEDED(NAME(1, CFG_GROUP_NAME_MAX)), NULL,
		NAMES(LIVE), "name by which groups refer to the filter"),
	WHOLE("policy", POLICY_TOLD(CV_RULES_MAX), "ipsec", LIVE,
		"what may pass: ipsec, any, or a list of rules, as [esp, udp/500]"),
	LISTED("gateways", CFG_ONE_OR_MANY, LIST(struct cfg_filter, gateways), GATEWAYS, 0,
		CV_GATEWAYS_MAX, NULL, LIVE,
		"prefixes of the security gateways that clients use, or any; beyond clients they "
		"reach nothing else"),
};

static const struct cfg_key group_keys[] = {
	VALUE("name", struct cfg_group, name, NEEDED(NAME(1, CFG_GROUP_NAME_MAX)), NULL,
		NAMES(LIVE), "name by which users refer to the group"),
	WHOLE("realm", RANGE(REALM, 1, 63), "default", LIVE,
		"address space; clients of different realms never meet"),
	VALUE("address", struct cfg_group, address, KIND(ADDRESS), NULL, LIVE,
		"the server's own address inside the tunnels; may be left out without a pool"),
	LISTED("pool", CFG_ONE_OR_MANY, LIST(struct cfg_group, pool), PREFIX(8, 32), 0, 1024, NULL,
		LIVE,
		"prefixes of addresses for clients; left out, where there is pool6: clients have "
		"IPv6 alone"),
	LISTED("auth", CFG_ARRAY, LIST(struct cfg_group, auth), DISTINCT(CHOICE(cfg_auth_methods)),
		1, CFG_AUTH_METHODS, NULL,
		OR_LEFT_OUT(NEW_SESSIONS, struct cfg_group, auth_left_out),
		"which of ppp.auth its users may use; left out: all"),
	LISTED("dns", CFG_ARRAY, SLOTS(struct cfg_group, dns), KIND(ADDRESS), 0, 2, NULL,
		NEW_SESSIONS, "DNS servers for clients"),
	LISTED("wins", CFG_ARRAY, SLOTS(struct cfg_group, wins), KIND(ADDRESS), 0, 2, NULL,
		NEW_SESSIONS, "WINS servers for clients"),
	LISTED("pool6", CFG_ONE_OR_MANY, LIST(struct cfg_group, pool6), PREFIX6(16, 64), 0, 1024,
		NULL, LIVE, "IPv6 prefixes, of which each client gets a /64; left out: no IPv6"),
	VALUE("address6", struct cfg_group, address6, KIND(ADDRESS6), NULL, LIVE,
		"the server's own IPv6 address inside; left out: the first of pool6"),
	LISTED("delegate", CFG_ONE_OR_MANY, LIST(struct cfg_group, delegate), PREFIX6(16, 64), 0,
		1024, NULL, LIVE, "IPv6 prefixes, of which clients that ask get one by DHCPv6"),
	VALUE("delegate-length", struct cfg_group, delegate_length, NUMBER(40, 64), "56", LIVE,
		"length of what delegate gives each"),
	LISTED("dns6", CFG_ARRAY, SLOTS(struct cfg_group, dns6), KIND(ADDRESS6), 0, 2, NULL, LIVE,
		"DNS servers that clients are told by router advertisement and DHCPv6"),
	VALUE("mtu", struct cfg_group, mtu, NUMBER(576, CFG_MTU_MOST), NULL, LIVE,
		"largest packet to its clients; left out: no limit of the group"),
	WHOLE("user-sessions", RANGE(USER_SESSIONS, 1, 1000), "replace", NEW_SESSIONS,
		"replace: a user's new session ends the old one; or how many there may be"),
	VALUE("filter", struct cfg_group, filter, KIND(FILTER), "ipsec", LIVE,
		"which packets of its clients may pass: a name in filters, ipsec or any"),
	VALUE("policy", struct cfg_group, own, POLICY(CV_RULES_MAX), "ipsec", OF_FILTER,
		"in place of filter, with gateways: a filter of the group's own, and name"),
	LISTED("gateways", CFG_ONE_OR_MANY, LIST_IN(struct cfg_group, own, gateways), GATEWAYS, 0,
		CV_GATEWAYS_MAX, NULL, OF_FILTER,
		"in place of filter, with policy: prefixes of the security gateways, or any"),
	VALUE("clients", struct cfg_group, clients_reachable, CHOICE(client_ways), "isolated", LIVE,
		"whether clients reach each other"),
	VALUE("refusals", struct cfg_group, refusals_answered, CHOICE(refusal_ways), "answered",
		LIVE, "whether clients learn by ICMP that a policy forbids what they send"),
	VALUE("mss-clamp", struct cfg_group, mss_clamped, CHOICE(clamp_ways), "on", LIVE,
		"whether TCP connections that a policy permits get an MSS that fits their tunnels"),
	VALUE("rebind", struct cfg_group, rebind, CHOICE(rebind_ways), "challenge", LIVE,
		"how a client whose NAT has changed proves that it is he: challenge, by CHAP or "
		"MS-CHAPv2 where he has one of them; echo, by LCP's echo; off: he dials again"),
	VALUE("dscp", struct cfg_group, dscp, KIND(DSCP), "copy", LIVE,
		"DSCP of outer headers to its clients; copy: that of the packet inside"),
	VALUE("rate-in", struct cfg_group, each.in, KIND(RATE), "none", LIVE,
		"what each client may send: COMMITTED[/PEAK] [BURST[/BURST]], as 10Mbit/20Mbit"),
	VALUE("rate-out", struct cfg_group, each.out, KIND(RATE), "none", LIVE,
		"what is sent to each client at most, likewise"),
	VALUE("shared-rate-in", struct cfg_group, shared.in, KIND(RATE), "none", LIVE,
		"what its clients may send together"),
	VALUE("shared-rate-out", struct cfg_group, shared.out, KIND(RATE), "none", LIVE,
		"what is sent to its clients together at most"),
};

static const struct cfg_key interface_keys[] = {
	VALUE("name", struct cfg_interface, name, NEEDED(NAME(1, CFG_GROUP_NAME_MAX)), NULL,
		NAMES(LIVE), "name by which routes refer to the interface"),
	VALUE("port", struct cfg_interface, lan, KIND(LAN), NULL, LIVE,
		"name of a port or VLAN, each one's; may be left out when there is one port"),
	VALUE("realm", struct cfg_interface, realm, KIND(OF_REALM), NULL, LIVE,
		"realm of a group whose packets it carries; may be left out when there is one"),
	LISTED("addresses", CFG_ONE_OR_MANY, LIST(struct cfg_interface, addresses),
		NEEDED(KIND(OWN)), 1, CV_INTERFACE_ADDRESSES, NULL, LIVE,
		"own addresses there with their prefix lengths: the realm leads to these networks"),
	VALUE("filter", struct cfg_interface, filter, KIND(FILTER), "any", LIVE,
		"which packets may pass by it, beside what groups say: a name in filters, ipsec "
		"or any"),
	VALUE("proxy", struct cfg_interface, proxy, CHOICE(address_proxies), "sessions", LIVE,
		"whose addresses are answered for by ARP and ND there: off, of sessions, or of "
		"all of pool and pool6 in the realm, too"),
	VALUE("kernel", struct cfg_interface, kernel, NAME(1, 15), NULL, LIVE,
		"name of an interface that the kernel gets beside it, by which a routing daemon "
		"speaks BGP, BFD and OSPF; left out: none"),
};

static const struct cfg_key route_keys[] = {
	VALUE("realm", struct cfg_route, realm, KIND(OF_REALM), NULL, NAMES(LIVE),
		"realm of a group; may be left out when there is one"),
	VALUE("to", struct cfg_route, to, NEEDED(KIND(PEERS)), NULL, NAMES(LIVE),
		"prefix that it leads to; 0.0.0.0/0 or ::/0: all that is no client's"),
	LISTED("via", CFG_ONE_OR_MANY, LIST(struct cfg_route, via), NEEDED(KIND(VIA)), 1,
		CV_HOPS_MAX, NULL, LIVE,
		"router in the network of an interface of the realm, or several, of which each "
		"flow has one that answers; or discard: dropped in silence"),
	VALUE("interface", struct cfg_route, interface, KIND(INTERFACE), NULL, LIVE,
		"by which routers are reached; needed where their addresses are link-local"),
};

static const struct cfg_key kernel_table_keys[] = {
	VALUE("realm", struct cfg_kernel_table, realm, KIND(OF_REALM), NULL, NAMES(LIVE),
		"realm of a group; may be left out when there is one"),
	VALUE("table", struct cfg_kernel_table, table, NUMBER(1, UINT32_MAX), "254", LIVE,
		"number of the table whose routes are the realm's, too; 254: the main one"),
	VALUE("announce", struct cfg_kernel_table, announce, CHOICE(announce_ways), "off", LIVE,
		"pools: the realm's pools, and networks behind sessions that are there, are routes "
		"there that discard, of protocol 201, to be redistributed"),
	VALUE("announce-table", struct cfg_kernel_table, announce_table, NUMBER(1, UINT32_MAX),
		NULL, LIVE, "number of the table for these; left out: the same"),
	VALUE("announce-metric", struct cfg_kernel_table, metric, NUMBER(1, UINT32_MAX), "1701",
		LIVE, "their metric"),
};

static const struct cfg_key user_keys[] = {
	WHOLE("name", NEEDED(RANGE(USER_NAME, 1, CV_USER_NAME_MAX)), NULL, NAMES(LIVE),
		"name that the user gives"),
	VALUE("password-file", struct cfg_user, password, NEEDED(KIND(SECRET_FILE)), NULL, LIVE,
		"file with the password"),
	WHOLE("password", KIND(SECRET_REFUSED), NULL, LIVE, "not here: passwords come from files"),
	VALUE("group", struct cfg_user, group, KIND(GROUP), NULL, LIVE,
		"name of a group; may be left out when there is one"),
	VALUE("address", struct cfg_user, address, KIND(ADDRESS), NULL, LIVE,
		"fixed address; left out: one of the group's pool"),
	VALUE("prefix6", struct cfg_user, prefix6, PREFIX6(64, 64), NULL, LIVE,
		"fixed IPv6 /64; left out: one of the group's pool6"),
	VALUE("delegated", struct cfg_user, delegated, PREFIX6(CFG_DELEGATED_SHORTEST, 64), NULL,
		LIVE, "fixed IPv6 prefix by DHCPv6; left out: one of the group's delegate"),
	LISTED("routes", CFG_ONE_OR_MANY, LIST(struct cfg_user, routes), KIND(PEERS), 0,
		CV_FRAMED_MAX, NULL, LIVE,
		"networks behind the user: they lead to the session, and may be sent from"),
	VALUE("rate-in", struct cfg_user, rates.in, KIND(RATE), NULL, LIVE,
		"what the user may send in each session; left out: as the group says"),
	VALUE("rate-out", struct cfg_user, rates.out, KIND(RATE), NULL, LIVE,
		"what is sent to each session of the user at most; left out: as the group says"),
};

static const struct cfg_key dial_keys[] = {
	VALUE("name", struct cfg_dial, name, NEEDED(NAME(1, CV_USER_NAME_MAX)), NULL, NAMES(LIVE),
		"name by which it is shown; its session's user, where we prove ourselves"),
	LISTED("to", CFG_ONE_OR_MANY, LIST(struct cfg_dial, to), NEEDED(DISTINCT(KIND(TARGET))), 1,
		CV_DIAL_TARGETS_MAX, NULL, LIVE,
		"where it is, one after the other: address or DNS name, with :PORT unless 1701"),
	VALUE("listener", struct cfg_dial, listener, KIND(LISTENER), NULL, LIVE,
		"listener that it is dialled from; left out: the first of the family"),
	VALUE("host-name", struct cfg_dial, host_name, TEXT(1, 64), NULL, NEW_TUNNELS,
		"Host Name that it is told; left out: identity.host-name"),
	VALUE("secret-file", struct cfg_dial, secret, KIND(SECRET_FILE), NULL, NEW_TUNNELS,
		"file with the tunnel's secret"),
	VALUE("secret", struct cfg_dial, none, KIND(SECRET_NONE), NULL, NEW_TUNNELS,
		"none: the tunnel needs no secret"),
	VALUE("call", struct cfg_dial, call, CHOICE(call_ways), "incoming", LIVE,
		"incoming: we are its LAC, which any LNS takes; outgoing: we are the LNS that it "
		"places a call for, where it wants that: xl2tpd and l2tpns end the tunnel"),
	VALUE("peer-user", struct cfg_dial, peer_user, TEXT(1, CV_USER_NAME_MAX), NULL, LIVE,
		"user whom it must prove to be; who brings group, address and networks along"),
	VALUE("user", struct cfg_dial, user, TEXT(1, 255), NULL, NEW_SESSIONS,
		"in place of peer-user: the name that we give to it"),
	VALUE("password-file", struct cfg_dial, password, KIND(SECRET_FILE), NULL, NEW_SESSIONS,
		"file with the password for it"),
	WHOLE("password", KIND(SECRET_REFUSED), NULL, LIVE, "not here: passwords come from files"),
	VALUE("group", struct cfg_dial, group, OPTIONAL(KIND(GROUP)), NULL, LIVE,
		"with user: group that its session is in; may be left out when there is one"),
	VALUE("address", struct cfg_dial, address, KIND(ADDRESS), NULL, LIVE,
		"with user: its own address inside; left out: what it says, where that is of the "
		"group's pool"),
	LISTED("routes", CFG_ONE_OR_MANY, LIST(struct cfg_dial, routes), KIND(PEERS), 0,
		CV_FRAMED_MAX, NULL, LIVE,
		"with user: networks behind it, that lead to it and may be sent from"),
	VALUE("start", struct cfg_dial, start, CHOICE(start_ways), "always", LIVE,
		"always, or when traffic for the networks behind it comes, whose first packets "
		"wait, or a call that is handed on to it, which waits, too"),
	VALUE("idle", struct cfg_dial, idle_ns, NEVER_OR_DURATION, "0s", LIVE,
		"time without traffic, or without calls that were handed on to it, after which it "
		"is hung up; 0s: never"),
};

static const struct cfg_key hand_on_keys[] = {
	VALUE("to", struct cfg_hand_on, to, NEEDED(NAME(1, CV_USER_NAME_MAX)), NULL, LIVE,
		"name of the peer in dial that such calls go on to"),
	LISTED("realm", CFG_ONE_OR_MANY, LIST(struct cfg_hand_on, realms), DISTINCT(TEXT(1, 253)),
		1, CV_HAND_ON_WORDS_MAX, NULL, LIVE,
		"condition: what stands behind the @ of the user's name, or before a backslash"),
	LISTED("called", CFG_ONE_OR_MANY, LIST(struct cfg_hand_on, called), DISTINCT(TEXT(1, 64)),
		1, CV_HAND_ON_WORDS_MAX, NULL, LIVE,
		"condition: the number that was called, as the LAC says it; * at its end: all "
		"that begin so"),
	VALUE("listener", struct cfg_hand_on, listener, KIND(LISTENER), NULL, LIVE,
		"condition: ADDRESS:UDP-PORT of a listener, [ADDRESS]:UDP-PORT over IPv6"),
};

static const struct cfg_key discovery_keys[] = {
	VALUE("stun-port", struct cfg_discovery, stun_port, NUMBER(0, 65535), "3478", LIVE,
		"UDP port of each listener's address on which STUN is answered; 0: none"),
	VALUE("echo-port", struct cfg_discovery, echo_port, NUMBER(0, 65535), "0", LIVE,
		"likewise a line of text: the address and port that the question came from"),
	VALUE("rfc3489", struct cfg_discovery, rfc3489, KIND(BOOL), "false", LIVE,
		"old STUN clients are answered, too: with more bytes than they have sent"),
	VALUE("rfc5780", struct cfg_discovery, rfc5780, KIND(BOOL), "false", LIVE,
		"answers come from other-port and the next listener's address where the client "
		"asks "
		"for it, which tells what its NAT does; needs two listeners' addresses of a "
		"family"),
	VALUE("other-port", struct cfg_discovery, other_port, NUMBER(1, 65535), "3479", LIVE,
		"the other UDP port of rfc5780"),
	LISTED("from", CFG_ONE_OR_MANY, LIST(struct cfg_discovery, from), KIND(PEERS), 0,
		CV_DISCOVERY_FROM_MAX, NULL, LIVE,
		"prefixes of those who are answered; left out: everybody"),
	VALUE("per-second", struct cfg_discovery, per_second, NUMBER(1, 1000), "50", LIVE,
		"answers to a /24 or a /56, on each worker"),
};
static const struct cfg_table discovery_table = {
	TABLE(discovery_keys), .check = cfg_check_discovery};
static const struct cfg_key limits_keys[] = {
	VALUE("tunnels", struct cfg_limits, tunnels, NUMBER(1, 65535 * CV_LISTENERS_MAX), "10000",
		LIVE, "tunnels at a time; at most 65535 for each listener"),
	VALUE("tunnels-per-peer", struct cfg_limits, tunnels_per_peer, NUMBER(1, 65535), "1000",
		LIVE, "of them from one address, over IPv6 from one /64"),
	VALUE("half-open", struct cfg_limits, half_open, NUMBER(1, 65535), "32768", LIVE,
		"callers remembered until they answer; full, others are forgotten at random"),
	VALUE("setups-per-second", struct cfg_limits, setups_per_second, NUMBER(1, 1000 * 1000),
		"2000", LIVE, "tunnels and sessions begun in a second"),
	VALUE("sessions", struct cfg_limits, sessions, NUMBER(1, 4 * 1000 * 1000), "100000",
		WITHIN(cfg_fits_sessions), "sessions at a time"),
	VALUE("sessions-per-tunnel", struct cfg_limits, sessions_per_tunnel, NUMBER(1, 65535),
		"1000", LIVE, "of them in one tunnel"),
};

static const struct cfg_table identity_table = {TABLE(identity_keys)};
static const struct cfg_table log_table = {TABLE(log_keys)};
static const struct cfg_table control_table = {TABLE(control_keys)};
static const struct cfg_table workers_table = {TABLE(workers_keys)};
static const struct cfg_table port_table = {TABLE(port_keys), .object = CFG_PORT};
static const struct cfg_table vlan_table = {
	TABLE(vlan_keys), .object = CFG_VLAN, .check = cfg_check_vlan};
static const struct cfg_table listener_table = {
	TABLE(listener_keys), .object = CFG_LISTENER, .check = cfg_check_listener};
static const struct cfg_table tunnels_table = {TABLE(tunnels_keys)};
static const struct cfg_table ppp_table = {TABLE(ppp_keys), .check = cfg_check_ppp};
static const struct cfg_table filter_table = {TABLE(filter_keys), .object = CFG_FILTER};
static const char *const group_families[] = {"address", "pool6", NULL};
static const struct cfg_table group_table = {
	TABLE(group_keys), .object = CFG_GROUP, .any_of = group_families, .check = cfg_check_group};
static const struct cfg_table interface_table = {TABLE(interface_keys), .object = CFG_INTERFACE};
static const struct cfg_table route_table = {TABLE(route_keys), .object = CFG_ROUTE};
static const struct cfg_table kernel_table_table = {
	TABLE(kernel_table_keys), .object = CFG_KERNEL_TABLE};
static const struct cfg_table user_table = {TABLE(user_keys), .object = CFG_USER, .secret = true};
static const struct cfg_table dial_table = {TABLE(dial_keys), .object = CFG_DIAL, .secret = true,
	.one_of = secret_ways, .check = cfg_check_dial};
static const char *const hand_on_ways[] = {"realm", "called", "listener", NULL};
static const struct cfg_table hand_on_table = {TABLE(hand_on_keys), .object = CFG_HAND_ON,
	.any_of = hand_on_ways, .check = cfg_check_hand_on};
static const struct cfg_table limits_table = {TABLE(limits_keys)};

/* In the order of reading: what is referred to comes before what refers to it. */
static const struct cfg_key root_keys[] = {
	WHOLE("identity", SUBMAP(identity_table), NULL, OF_KEYS, "who this server says it is"),
	WHOLE("log", SUBMAP(log_table), NULL, OF_KEYS, "what is logged"),
	VALUE("control", struct cfg, control, SUBMAP(control_table), NULL, OF_KEYS,
		"the socket for culvertctl"),
	VALUE("workers", struct cfg, workers, SUBMAP(workers_table), NULL, OF_KEYS,
		"threads that carry packets"),
	LISTED("ports", CFG_MANY, LIST(struct cfg, ports), NEEDED(SUBMAP(port_table)), 1,
		CV_PORTS_MAX, NULL, RESTART, "network devices that packets come from"),
	LISTED("vlans", CFG_MANY, LIST(struct cfg, vlans), SUBMAP(vlan_table), 0, CV_VLANS_MAX,
		NULL, LIVE, "VLANs on ports, each to be used as a port of its own"),
	LISTED("listeners", CFG_MANY, LIST(struct cfg, listeners), NEEDED(SUBMAP(listener_table)),
		1, CV_LISTENERS_MAX, NULL, LIVE, "own addresses that peers open tunnels to"),
	VALUE("tunnels", struct cfg, tunnels, SUBMAP(tunnels_table), NULL, OF_KEYS,
		"L2TP control connections"),
	VALUE("ppp", struct cfg, ppp, SUBMAP(ppp_table), NULL, OF_KEYS, "PPP inside the tunnels"),
	LISTED("filters", CFG_MANY, LIST(struct cfg, filters), SUBMAP(filter_table), 0,
		CFG_FILTERS_LISTED, NULL, LIVE,
		"which packets may pass; the filters ipsec and any are always there"),
	LISTED("groups", CFG_MANY, LIST(struct cfg, groups), NEEDED(SUBMAP(group_table)), 1,
		CV_GROUPS_MAX, NULL, LIVE, "addresses and rules that users share"),
	LISTED("interfaces", CFG_MANY, LIST(struct cfg, interfaces), SUBMAP(interface_table), 0,
		CV_INTERFACES_MAX, NULL, LIVE,
		"by which packets of a realm come and go as they are: uplinks"),
	LISTED("routes", CFG_MANY, LIST(struct cfg, routes), SUBMAP(route_table), 0, CV_ROUTES_MAX,
		NULL, LIVE, "where addresses of a realm are that are no client's"),
	VALUE("discovery", struct cfg, discovery, SUBMAP(discovery_table), NULL, OF_KEYS,
		"what strangers are told who ask how they are seen from here, as through a NAT"),
	LISTED("kernel-tables", CFG_MANY, LIST(struct cfg, kernel_tables),
		SUBMAP(kernel_table_table), 0, CV_KERNEL_TABLES_MAX, NULL, LIVE,
		"tables of the kernel's that a routing daemon writes what it has learned to"),
	LISTED("users", CFG_MANY, LIST(struct cfg, users), SUBMAP(user_table), 0, CFG_LISTED_MAX,
		NULL, LIVE, "who may have a session"),
	WHOLE("users-file", RANGE(USERS_FILE, 1, 4096), NULL, LIVE,
		"file of further users, a line NAME:PASSWORD[:GROUP[:ADDRESS,PREFIX6,DELEGATED]] "
		"each"),
	LISTED("dial", CFG_MANY, LIST(struct cfg, dials), SUBMAP(dial_table), 0, CV_DIALS_MAX, NULL,
		LIVE, "peers that the server opens tunnels to"),
	LISTED("hand-on", CFG_MANY, LIST(struct cfg, hand_on), SUBMAP(hand_on_table), 0,
		CV_HAND_ON_MAX, NULL, LIVE,
		"calls that go on to another LNS; the first whose conditions all hold counts"),
	VALUE("limits", struct cfg, limits, SUBMAP(limits_table), NULL, OF_KEYS,
		"bounds against overload"),
};

const struct cfg_table cfg_root_table = {TABLE(root_keys)};
