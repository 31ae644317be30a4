/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns. To add one, add its row here. */
#include "control/views.h"

#include <string.h>

#include "control/rows.h"
#include "datapath/info.h"

/* clang-format off */
#define FIELD(field) _Generic((((ROW *)0)->field), \
	const char *: FIELD_STRING, char *: FIELD_CHARS, uint16_t: FIELD_U16, uint32_t: FIELD_U32, \
	uint64_t: FIELD_U64, int64_t: FIELD_I64, double: FIELD_DOUBLE, bool: FIELD_BOOL, \
	struct cv_ip: FIELD_IP, struct cv_endpoint: FIELD_ENDPOINT)
#define COLUMN(name, at, type, over, before, text, ...) \
	{.key = (name), .offset = offsetof(ROW, at), .field = FIELD(at), .kind = VIEW_##type, \
		.heading = (over), .label = (before), .help = (text), __VA_ARGS__}
#define BY(what) .filter = FILTER_##what
#define CHOICES(words) .filter = FILTER_CHOICE, .choices = (words)
#define OR_NULL .nullable = true

#define AUTOMATON_STATES \
	"Initial Starting Closed Stopped Closing Stopping Req-Sent Ack-Rcvd Ack-Sent Opened"

/* COLUMN(key, field, kind, heading of a table, label of an object, help, filter, OR_NULL) */

#define ROW struct status_row
static const struct view_column status_columns[] = {
	COLUMN("host_name", host_name, TEXT, NULL, "host name", "Host Name that peers are told"),
	COLUMN("version", version, TEXT, NULL, "version", "of culvertd"),
	COLUMN("pid", pid, NUMBER, NULL, "process", "its process ID"),
	COLUMN("uptime_s", uptime_s, DURATION, NULL, "up for", "seconds since it started"),
	COLUMN("log_level", log_level, TEXT, NULL, "log level", "error, warning, info or debug"),
	COLUMN("tunnels", s.tunnels, COUNT, NULL, "tunnels", "control connections that live"),
	COLUMN("ended_tunnels", s.ended, COUNT, NULL, "  ended, still remembered",
		"control connections that are over, kept to answer repeated messages"),
	COLUMN("half_open_tunnels", s.half_open, COUNT, NULL, "  callers, not proved yet",
		"callers that have not proved themselves by SCCCN"),
	COLUMN("draining", s.draining, YES, NULL, "draining",
		"newcomers are sent to another server: culvertctl drain"),
	COLUMN("sessions", s.sessions, COUNT, NULL, "sessions", "sessions that live"),
	COLUMN("open_sessions", s.open_sessions, COUNT, NULL, "  open", "with an open IPCP or IPV6CP"),
	COLUMN("workers", workers, NUMBER, NULL, "workers", "threads that carry packets"),
	COLUMN("shared_core", shared_core, YES, NULL, "  share control's core",
		"the control thread does the worker's work, too"),
	COLUMN("control_percent", control_percent, PERCENT, NULL, "control thread busy",
		"of a CPU, since it was asked last"),
	COLUMN("longest_answer_us", longest_answer_us, COUNT, NULL,
		"  longest answer to culvertctl, us", "CPU time of the costliest answer so far"),
	COLUMN("hugepages", setup.hugepages, YES, NULL, "hugepages", "packet buffers are in some"),
	COLUMN("packet_buffers", setup.mbufs, COUNT, NULL, "packet buffers", "in all"),
	COLUMN("free_packet_buffers", setup.mbufs_free, COUNT, NULL, "  free", "in nobody's hands"),
	COLUMN("table_bytes", setup.table_bytes, BYTES, NULL, "tables",
		"memory of the data path's tables"),
	COLUMN("pool_exhausted", s.counters[LNS_POOL_EXHAUSTED], COUNT, NULL,
		"refused for want of an address", "sessions that found no free address"),
};
#undef ROW

#define ROW struct limit_row
static const struct view_column limit_columns[] = {
	COLUMN("limit", name, TEXT, "LIMIT", NULL, "its key below limits, or a name"),
	COLUMN("used", used, COUNT, "USED", NULL,
		"what counts against it now; null where it is one for each peer, tunnel or second", OR_NULL),
	COLUMN("highest", highest, COUNT, "HIGHEST", NULL,
		"the most since the start, for one where it is one for each; null: nobody has counted",
		OR_NULL),
	COLUMN("of", of, COUNT, "OF", NULL, "the limit; null: each group has its own", OR_NULL),
	COLUMN("hit", hit, COUNT, "HIT", NULL, "how often somebody or something was refused for it"),
	COLUMN("near_or_hit", near_or_hit, YES, NULL, NULL, "it was hit, or 80 % of it are used"),
	COLUMN("help", help, TEXT, "WHAT IT MEANS", NULL, "in a line"),
};
#undef ROW

#define ROW struct pool_row
static const struct view_column pool_columns[] = {
	COLUMN("group", group, TEXT, "POOL OF", NULL, "whose pools these are"),
	COLUMN("realm", realm, TEXT, "REALM", NULL, "the group's address space"),
	COLUMN("used", used, COUNT, "USED", NULL, "addresses that clients have now"),
	COLUMN("of", of, COUNT, "OF", NULL, "addresses that clients may get"),
	COLUMN("used_percent", used_percent, PERCENT, "SHARE", NULL, "the share in use"),
	COLUMN("used6", used6, COUNT, NULL, NULL, "IPv6 /64s that clients have now"),
	COLUMN("of6", of6, COUNT, NULL, NULL, "/64s that clients may get"),
	COLUMN("delegated", delegated, COUNT, NULL, NULL, "prefixes that clients have by DHCPv6"),
	COLUMN("of_delegated", of_delegated, COUNT, NULL, NULL, "prefixes that clients may get so"),
};
#undef ROW

#define ROW struct tunnel_row
static const struct view_column tunnel_columns[] = {
	COLUMN("tunnel", id, TEXT, "TUNNEL", "tunnel",
		"our ID; @LISTENER stands behind it where other listeners have the same", BY(TUNNEL)),
	COLUMN("peer_tunnel", t.peer_tunnel_id, NUMBER, NULL, "peer's tunnel ID", "the peer's ID"),
	COLUMN("peer", t.peer, TEXT, "PEER", "peer", "the peer's address and port", BY(PEER)),
	COLUMN("host", t.peer_host_name, TEXT, "HOST", "host name", "the peer's Host Name", BY(TEXT)),
	COLUMN("state", t.state, STATE, "STATE", "state", "of the control connection (RFC 2661)",
		CHOICES("idle wait-ctl-reply wait-ctl-conn established closing closed")),
	COLUMN("listener", listener, TEXT, NULL, "listener", "where it was called", BY(LISTENER)),
	COLUMN("sessions", t.sessions, COUNT, "SESSIONS", "sessions", "that live in it"),
	COLUMN("age_s", age_s, DURATION, "AGE", "age", "seconds since it began"),
	COLUMN("retransmits", t.retransmits, COUNT, "RETRANSMITS", "retransmits",
		"messages that were sent again"),
	COLUMN("window", t.window, NUMBER, "WINDOW", "peer's window", "messages that the peer takes"),
	COLUMN("moves", t.moves, COUNT, NULL, "moves",
		"times that the peer proved to have another address or port by now"),
	COLUMN("moved_s_ago", moved_s, DURATION, "MOVED", "moved before",
		"seconds since the last of them; null: there was none", OR_NULL),
	COLUMN("cwnd", t.cwnd, NUMBER, NULL, "congestion window", "messages that we send at once"),
	COLUMN("ns", t.ns, NUMBER, NULL, "Ns", "the number of our next message"),
	COLUMN("ecn", t.ecn, YES, NULL, "ECN", "both said ECN Capability: outer headers tell it (RFC 9601)"),
	COLUMN("nr", t.nr, NUMBER, NULL, "Nr", "the number of the message that we expect"),
};
#undef ROW

#define ROW struct session_row
static const struct view_column session_columns[] = {
	COLUMN("session", id, TEXT, "SESSION", "session",
		"our TUNNEL/SESSION; @LISTENER stands behind it where other listeners have the same",
		BY(SESSION)),
	COLUMN("user", s.user, TEXT, "USER", "user", "empty before authentication", BY(USER)),
	COLUMN("group", group, TEXT, NULL, "group", "of the user", BY(GROUP)),
	COLUMN("filter", filter, TEXT, NULL, "filter", "which inner packets may pass", BY(FILTER)),
	COLUMN("address", s.address, TEXT, "ADDRESS", "inner address", "null before it has one",
		BY(ADDRESS), OR_NULL),
	COLUMN("state", s.state, STATE, "STATE", "state", "connecting, the phase of PPP (RFC 1661), or handed on to another LNS",
		CHOICES("connecting dead establish authenticate network open terminate handing-on handed-on")),
	COLUMN("peer", s.peer, TEXT, "PEER", "peer", "the peer's outer address and port", BY(PEER)),
	COLUMN("auth", s.auth, TEXT, "AUTH", "authentication", "the method; - before it is done",
		CHOICES("none pap chap-md5 mschapv2")),
	COLUMN("serial", s.serial, SERIAL, "SERIAL", "serial",
		"its own for ever: no other session has or gets it", BY(SERIAL)),
	COLUMN("lcp", s.lcp_state, TEXT, NULL, "LCP", "its automaton; - before ICCN",
		CHOICES(AUTOMATON_STATES)),
	COLUMN("ipcp", s.ipcp_state, TEXT, NULL, "IPCP", "its automaton; - before ICCN",
		CHOICES(AUTOMATON_STATES)),
	COLUMN("ipv6cp", s.ipv6cp_state, TEXT, NULL, "IPV6CP",
		"its automaton; - before ICCN, and where it has no IPv6", CHOICES(AUTOMATON_STATES)),
	COLUMN("listener", listener, TEXT, NULL, "listener", "where it was called", BY(LISTENER)),
	COLUMN("peer_session", s.peer_session_id, NUMBER, NULL, "peer's session ID", "the peer's ID"),
	COLUMN("mtu", mtu, NUMBER, NULL, "inner MTU", "the largest packet to it now"),
	COLUMN("rate_in", rate_in, TEXT, NULL, "rate from it",
		"its own or its group's for each, as the configuration says it; none: no limit"),
	COLUMN("rate_out", rate_out, TEXT, NULL, "rate to it", "likewise"),
	COLUMN("age_s", age_s, DURATION, "AGE", "age", "seconds since its call"),
	COLUMN("rx_packets", n.rx_packets, COUNT, "RX", "packets from it", "taken from the client"),
	COLUMN("rx_bytes", n.rx_bytes, BYTES, "RX BYTES", "bytes from it", "of inner IP packets"),
	COLUMN("tx_packets", n.tx_packets, COUNT, "TX", "packets to it", "sent to the client"),
	COLUMN("tx_bytes", n.tx_bytes, BYTES, "TX BYTES", "bytes to it", "of inner IP packets"),
	COLUMN("sequence_lost", sequence.lost, COUNT, NULL, "lost on the way",
		"messages from it that did not come, where sequencing is required"),
	COLUMN("sequence_old", sequence.old, COUNT, NULL, "came too late",
		"likewise, that came again or too late, and were dropped"),
	COLUMN("prefix6", prefix6, TEXT, "PREFIX6", "IPv6 prefix",
		"the /64 that it is told; null: it has no IPv6", OR_NULL),
	COLUMN("routes", routes, TEXT, NULL, "networks behind it",
		"routes of its user; null: it has none", OR_NULL),
	COLUMN("delegated", delegated, TEXT, NULL, "delegated prefix",
		"what it was given by DHCPv6; null: nothing", OR_NULL),
	COLUMN("local6", local6, TEXT, NULL, "our link-local address",
		"on its link; null: IPV6CP is not open", OR_NULL),
	COLUMN("handed_to", handed_to, TEXT, NULL, "handed on to",
		"the peer that its call went on to; null: it is one of ours", OR_NULL),
	COLUMN("other", other, TEXT, NULL, "its other half",
		"serial of the session that what comes by it leaves by; null: there is none", OR_NULL),
};
#undef ROW

/* What a load generator writes into what it sends, and expects in what it gets. */
#define ROW struct trex_row
static const struct view_column trex_columns[] = {
	COLUMN("tunnel", s.tunnel_id, NUMBER, NULL, NULL, "our ID"),
	COLUMN("session", s.session_id, NUMBER, NULL, NULL, "our ID"),
	COLUMN("lns_address", lns.ip, TEXT, NULL, NULL, "of the listener"),
	COLUMN("lns_port", lns.port, NUMBER, NULL, NULL, "of the listener"),
	COLUMN("peer_address", s.peer.ip, TEXT, NULL, NULL, "the peer's outer address"),
	COLUMN("peer_port", s.peer.port, NUMBER, NULL, NULL, "the peer's outer port"),
	COLUMN("address", s.address, TEXT, NULL, NULL, "inner address"),
};
#undef ROW

#define ROW struct ended_row
static const struct view_column ended_columns[] = {
	COLUMN("session", id, TEXT, "SESSION", "session", "its TUNNEL/SESSION, as it was", BY(SESSION)),
	COLUMN("user", user, TEXT, "USER", "user", "also who is no user", BY(TEXT)),
	COLUMN("address", address, TEXT, "ADDRESS", "inner address", "null: it got none",
		BY(ADDRESS), OR_NULL),
	COLUMN("state", state, STATE, "STATE", "state", "refused: it was never open",
		CHOICES("ended refused")),
	COLUMN("peer", peer, TEXT, "PEER", "peer", "the peer's outer address and port", BY(PEER)),
	COLUMN("serial", serial, SERIAL, "SERIAL", "serial", "its own for ever", BY(SERIAL)),
	COLUMN("listener", listener, TEXT, NULL, "listener", "where it was called", BY(LISTENER)),
	COLUMN("ended_s_ago", ended_s_ago, DURATION, "AGO", "ended before", "seconds since its end"),
	COLUMN("duration_s", duration_s, DURATION, "LASTED", "lasted", "seconds from call to end"),
	COLUMN("reason", reason, TEXT, "REASON", "reason", "why it ended", BY(TEXT)),
	COLUMN("rx_packets", n.rx_packets, COUNT, NULL, "packets from it", "taken from the client"),
	COLUMN("rx_bytes", n.rx_bytes, BYTES, NULL, "bytes from it", "of inner IP packets"),
	COLUMN("tx_packets", n.tx_packets, COUNT, NULL, "packets to it", "sent to the client"),
	COLUMN("tx_bytes", n.tx_bytes, BYTES, NULL, "bytes to it", "of inner IP packets"),
};
#undef ROW

#define ROW struct dp_counter
static const struct view_column packet_columns[] = {
	COLUMN("packets", packets, COUNT, "PACKETS", NULL, "that went this way"),
	COLUMN("name", name, TEXT, "NAME", NULL, "of the drop or edge"),
	COLUMN("help", help, TEXT, "WHAT IT MEANS", NULL, "in a line"),
};
#undef ROW

#define ROW struct counter_row
static const struct view_column counter_columns[] = {
	COLUMN("value", value, COUNT, "VALUE", NULL, "since the start"),
	COLUMN("name", name, TEXT, "NAME", NULL, "of the counter"),
	COLUMN("help", help, TEXT, "WHAT IT MEANS", NULL, "in a line"),
};
#undef ROW

#define ROW struct port_row
static const struct view_column port_columns[] = {
	COLUMN("port", p.name, TEXT, "PORT", NULL, "its name in the configuration"),
	COLUMN("device", p.device, TEXT, "DEVICE", NULL, "interface, PCI address or socket"),
	COLUMN("driver", p.driver, TEXT, "DRIVER", NULL, "of DPDK"),
	COLUMN("link", link, TEXT, "LINK", NULL, "up, down or gone"),
	COLUMN("mtu", p.mtu, NUMBER, "MTU", NULL, "IP bytes in a frame"),
	COLUMN("speed_mbps", p.speed_mbps, NUMBER, NULL, NULL, "of the link; 0: unknown"),
	COLUMN("queues", p.rx_queues, NUMBER, "QUEUES", NULL, "that workers read"),
	COLUMN("rx_packets", p.rx_packets, COUNT, "RX", NULL, "frames received"),
	COLUMN("rx_bytes", p.rx_bytes, BYTES, NULL, NULL, "bytes of them"),
	COLUMN("tx_packets", p.tx_packets, COUNT, "TX", NULL, "frames sent"),
	COLUMN("tx_bytes", p.tx_bytes, BYTES, NULL, NULL, "bytes of them"),
	COLUMN("rx_missed", p.rx_missed, COUNT, "RX MISSED", NULL,
		"lost for want of room in a ring, the device's or the kernel's for a socket"),
	COLUMN("rx_no_buffer", p.rx_no_buffer, COUNT, "RX NO BUFFER", NULL,
		"lost for want of a packet buffer"),
	COLUMN("rx_errors", p.rx_errors, COUNT, NULL, NULL, "frames that came broken"),
	COLUMN("kernel_rx_dropped", p.kernel_rx_dropped, COUNT, "KERNEL RX DROPS", NULL,
		"the kernel's, of an interface, since it was made"),
	COLUMN("kernel_rx_errors", p.kernel_rx_errors, COUNT, NULL, NULL, "the same"),
	COLUMN("tx_errors", p.tx_errors, COUNT, "TX ERRORS", NULL, "frames that could not be sent"),
	COLUMN("kernel_tx_dropped", p.kernel_tx_dropped, COUNT, "KERNEL TX DROPS", NULL,
		"the kernel's, of an interface, since it was made"),
	COLUMN("kernel_tx_errors", p.kernel_tx_errors, COUNT, NULL, NULL, "the same"),
	COLUMN("kernel_reassembled", p.kernel_reassembled, COUNT, "REASSEMBLED", NULL,
		"fragmented packets that the kernel put together first"),
	COLUMN("offloads", p.offloads, TEXT, "OFFLOADS", NULL, "what the device does for us"),
	COLUMN("hash", p.hash, TEXT, "HASH", NULL,
		"spreads frames over workers: session, addresses-ports, addresses; kernel, sender; one-queue, none"),
	COLUMN("rx_descriptors", p.rx_descriptors, NUMBER, NULL, NULL, "of a queue"),
	COLUMN("tx_descriptors", p.tx_descriptors, NUMBER, NULL, NULL, "of a queue"),
	COLUMN("mac", mac, TEXT, "MAC", NULL, "its MAC address"),
};
#undef ROW

#define ROW struct queue_row
static const struct view_column queue_columns[] = {
	COLUMN("port", port, TEXT, "PORT", NULL, "its name in the configuration", BY(PORT)),
	COLUMN("queue", queue, NUMBER, "QUEUE", NULL, "its number, which is its worker's"),
	COLUMN("rx_packets", q.rx_packets, COUNT, "RX", NULL, "frames that the worker took out"),
	COLUMN("rx_ring_full", ring_full, COUNT, "RX RING FULL", NULL,
		"that the kernel's ring had no room for (af_packet); null: see the port's rx_missed", OR_NULL),
	COLUMN("tx_packets", q.tx_packets, COUNT, "TX", NULL, "frames that the queue took"),
	COLUMN("tx_full", q.tx_full, COUNT, "TX FULL", NULL, "frames that it had no room for"),
};
#undef ROW

#define ROW struct xstat_row
static const struct view_column xstat_columns[] = {
	COLUMN("port", port, TEXT, "PORT", NULL, "its name in the configuration", BY(PORT)),
	COLUMN("value", x.value, COUNT, "VALUE", NULL, "as its driver has counted"),
	COLUMN("name", x.name, TEXT, "NAME", NULL, "as its driver calls it", BY(TEXT)),
};
#undef ROW

#define ROW struct worker_row
static const struct view_column worker_columns[] = {
	COLUMN("worker", worker, NUMBER, "WORKER", NULL, "from 0"),
	COLUMN("cpu", cpu, NUMBER, "CPU", NULL, "null: it shares the control thread's", OR_NULL),
	COLUMN("busy_percent", busy_percent, PERCENT, "BUSY", NULL, "of its time since it was asked last"),
	COLUMN("rx_packets", w.rx_packets, COUNT, "RX", NULL, "frames received"),
	COLUMN("handed_over", w.handed_over, COUNT, "HANDED OVER", NULL, "of these, to other workers"),
	COLUMN("tx_packets", w.tx_packets, COUNT, "TX", NULL, "frames sent"),
	COLUMN("rounds", w.rounds, COUNT, "ROUNDS", NULL, "times that it looked at its queues"),
	COLUMN("busy_cycles", w.busy_cycles, COUNT, NULL, NULL, "with packets"),
	COLUMN("idle_cycles", w.idle_cycles, COUNT, NULL, NULL, "without"),
};
#undef ROW

#define ROW struct neighbour_row
static const struct view_column neighbour_columns[] = {
	COLUMN("address", n.ip, TEXT, "ADDRESS", NULL, "of the next hop", BY(IP)),
	COLUMN("port", port, TEXT, "PORT", NULL, "where it is", BY(PORT)),
	COLUMN("vlan", vlan, TEXT, "VLAN", NULL, "on the port, as 200 or 30.200; null: no tag",
		BY(TEXT), OR_NULL),
	COLUMN("interface", interface, TEXT, "INTERFACE", NULL,
		"that is inside a realm by this port and VLAN; null: none is", BY(INTERFACE), OR_NULL),
	COLUMN("state", state, STATE, "STATE", NULL, "asking: it has not answered ARP or ND",
		CHOICES("asking resolved configured")),
	COLUMN("mac", mac, TEXT, "MAC", NULL, "null: unknown yet", BY(TEXT), OR_NULL),
	COLUMN("confirmed_s_ago", confirmed_s_ago, DURATION, "CONFIRMED", NULL,
		"seconds since it answered; null: it has not, or needs not", OR_NULL),
	COLUMN("sessions", n.users, COUNT, "USERS", NULL, "sessions and routes that send by it"),
};
#undef ROW

#define ROW struct interface_row
static const struct view_column interface_columns[] = {
	COLUMN("interface", name, TEXT, "INTERFACE", NULL, "its name in the configuration",
		BY(INTERFACE)),
	COLUMN("port", port, TEXT, "PORT", NULL, "that it is on", BY(PORT)),
	COLUMN("vlan", vlan, TEXT, "VLAN", NULL, "on the port, as 200 or 30.200; null: no tag",
		BY(TEXT), OR_NULL),
	COLUMN("realm", realm, TEXT, "REALM", NULL, "that it is inside", BY(REALM)),
	COLUMN("filter", filter, TEXT, "FILTER", NULL, "which packets may pass it", BY(FILTER)),
	COLUMN("proxy", proxy, TEXT, "PROXY", NULL,
		"whom ARP and ND are answered for beside ourselves: off, sessions or pools",
		CHOICES("off sessions pools")),
	COLUMN("neighbours", i.neighbours, COUNT, "NEIGHBOURS", NULL, "whose MAC addresses are known"),
	COLUMN("rx_packets", i.n.rx_packets, COUNT, "RX", NULL, "taken by it into the realm"),
	COLUMN("rx_bytes", i.n.rx_bytes, BYTES, "RX BYTES", NULL, "IP bytes of them"),
	COLUMN("tx_packets", i.n.tx_packets, COUNT, "TX", NULL, "sent by it out of the realm"),
	COLUMN("tx_bytes", i.n.tx_bytes, BYTES, "TX BYTES", NULL, "IP bytes of them"),
	COLUMN("addresses", addresses, TEXT, "ADDRESSES", NULL,
		"ours on it, with their networks, a space between"),
};
#undef ROW

#define HOP_STATES "unknown asking resolved configured"

#define ROW struct leads_row
static const struct view_column route_columns[] = {
	COLUMN("realm", realm, TEXT, "REALM", NULL, "whose route it is", BY(REALM)),
	COLUMN("prefix", prefix, TEXT, "PREFIX", NULL, "that it is for", BY(TEXT)),
	COLUMN("leads_to", leads_to, TEXT, "LEADS TO", NULL,
		"via: a next hop, each in a row; connected: an interface's network; own: an address of ours;"
		" discard; peer: one that is dialled for it; none: its next hop is not set", CHOICES("via connected own discard peer none")),
	COLUMN("next_hop", next_hop, TEXT, "NEXT HOP", NULL, "null: it has none", BY(IP), OR_NULL),
	COLUMN("interface", interface, TEXT, "INTERFACE", NULL, "by which; null: by none",
		BY(INTERFACE), OR_NULL),
	COLUMN("next_hop_state", state, TEXT, "STATE", NULL,
		"of the next hop: asking: it has not answered ARP or ND; null: it has none",
		CHOICES(HOP_STATES), OR_NULL),
	COLUMN("mac", mac, TEXT, "MAC", NULL, "of the next hop; null: none is known", BY(TEXT), OR_NULL),
};
#undef ROW

#define ROW struct lookup_row
static const struct view_column lookup_columns[] = {
	COLUMN("realm", r.realm, TEXT, NULL, "realm", "that was asked"),
	COLUMN("address", address, TEXT, NULL, "address", "that was asked for"),
	COLUMN("leads_to", r.leads_to, STATE, NULL, "leads to",
		"session; via: a next hop; connected: a host on an interface's network; own: an address"
		" of ours; discard; peer: one that is dialled for it; none: no route", CHOICES("session via connected own discard peer none")),
	COLUMN("why", why, TEXT, NULL, "why", "the same in a line"),
	COLUMN("prefix", r.prefix, TEXT, NULL, "by",
		"the prefix of the session or route that says so; null: none does", OR_NULL),
	COLUMN("session", session, TEXT, NULL, "session", "null: it leads to none", OR_NULL),
	COLUMN("serial", serial, TEXT, NULL, "serial", "likewise", OR_NULL),
	COLUMN("user", user, TEXT, NULL, "user", "likewise", OR_NULL),
	COLUMN("peer", peer, TEXT, NULL, "tunnel's peer", "likewise", OR_NULL),
	COLUMN("interface", r.interface, TEXT, NULL, "interface", "by which; null: by none", OR_NULL),
	COLUMN("next_hop", r.next_hop, TEXT, NULL, "next hop",
		"the neighbour that gets the packet; null: none does", OR_NULL),
	COLUMN("next_hop_state", r.state, TEXT, NULL, "its state",
		"unknown: nobody has asked for it yet; asking: it has not answered ARP or ND; null:"
		" there is none", OR_NULL),
	COLUMN("mac", r.mac, TEXT, NULL, "its MAC address", "null: none is known", OR_NULL),
};
#undef ROW

#define ROW struct peer_row
static const struct view_column peer_columns[] = {
	COLUMN("peer", name, TEXT, "PEER", NULL, "its name in the configuration", BY(TEXT)),
	COLUMN("state", state, STATE, "STATE", NULL,
		"resting: until traffic for it comes; pausing: until it is tried again; resolving: its"
		" name; connecting: its tunnel; calling; linking: PPP; up",
		CHOICES("resting pausing resolving connecting calling linking up")),
	COLUMN("state_s", state_s, DURATION, "FOR", NULL, "seconds since it is so"),
	COLUMN("at", at, TEXT, "AT", NULL,
		"where it is, or was tried last; null: nowhere yet", BY(TEXT), OR_NULL),
	COLUMN("session", session, TEXT, "SESSION", NULL, "null: it has none", BY(TEXT), OR_NULL),
	COLUMN("address", address, TEXT, "ADDRESS", NULL, "its own inside; null: it has none", BY(IP), OR_NULL),
	COLUMN("local", local, TEXT, "OURS", NULL,
		"our address inside, as it knows it; null: it has said none", BY(IP), OR_NULL),
	COLUMN("rounds", rounds, COUNT, "FAILED", NULL,
		"rounds of tries without success, one after the other"),
	COLUMN("next_s", next_s, DURATION, "NEXT", NULL,
		"seconds until it is tried again; null: that is not set", OR_NULL),
	COLUMN("reason", reason, TEXT, "REASON", NULL, "of the last failure; null: there is none", OR_NULL),
};
#undef ROW

#define ROW struct realm_row
static const struct view_column realm_columns[] = {
	COLUMN("realm", name, TEXT, "REALM", NULL, "its name in the configuration", BY(REALM)),
	COLUMN("groups", groups, COUNT, "GROUPS", NULL, "that are in it"),
	COLUMN("sessions", use.sessions, COUNT, "SESSIONS", NULL, "that have an address or a prefix"),
	COLUMN("addresses", use.addresses, COUNT, "ADDRESSES", NULL, "that they have"),
	COLUMN("prefixes6", use.prefixes, COUNT, "PREFIXES6", NULL, "IPv6 /64s that they have"),
	COLUMN("routes", use.routes, COUNT, "ROUTES", NULL,
		"that are no session's; our own addresses are among them"),
	COLUMN("pools", pools, TEXT, "POOLS", NULL,
		"which clients' addresses are from, a space between; ... stands for more"),
};
#undef ROW

#define ROW struct kicked_row
static const struct view_column kicked_columns[] = {
	COLUMN("ended", ended, COUNT, NULL, NULL, "how many were ended"),
	COLUMN("what", what, TEXT, NULL, NULL, "sessions or tunnels"),
};
#undef ROW

#define ROW struct drain_row
static const struct view_column drain_columns[] = {
	COLUMN("draining", s.draining, YES, NULL, "draining", "newcomers are sent to another server"),
	COLUMN("since_s", since_s, DURATION, NULL, "  since", "seconds; null: it is not", OR_NULL),
	COLUMN("left_s", left_s, DURATION, NULL, "  sessions end within",
		"seconds until all were ended; null: they go on", OR_NULL),
	COLUMN("tunnels", s.tunnels, COUNT, NULL, "tunnels", "that are left"),
	COLUMN("sessions", s.sessions, COUNT, NULL, "sessions", "that are left"),
	COLUMN("refused_tunnels", s.counters[LNS_DRAIN_TUNNELS], COUNT, NULL, "refused tunnels",
		"since the start"),
	COLUMN("refused_calls", s.counters[LNS_DRAIN_CALLS], COUNT, NULL, "refused calls",
		"since the start"),
	COLUMN("ended", s.counters[LNS_DRAIN_ENDED], COUNT, NULL, "ended sessions",
		"by it, since the start"),
};
#undef ROW

#define ROW struct change_row
static const struct view_column changes_columns[] = {
	COLUMN("what", what, TEXT, NULL, NULL,
		"error, warning, added, removed, changed, or session: what becomes of some"),
	COLUMN("about", about, TEXT, NULL, NULL, "the key or thing, or a text"),
	COLUMN("effect", effect, TEXT, NULL, NULL,
		"live, new sessions, new tunnels or restart", OR_NULL),
	COLUMN("old", old, TEXT, NULL, NULL, "the value that was", OR_NULL),
	COLUMN("new", new, TEXT, NULL, NULL, "the value that is", OR_NULL),
};
#undef ROW

#define ROW struct trace_row
static const struct view_column trace_columns[] = {
	COLUMN("packet", r.packet, NUMBER, NULL, NULL, "its number in the trace, from 1"),
	COLUMN("us", us, COUNT, NULL, NULL, "microseconds since the trace began"),
	COLUMN("worker", r.worker, NUMBER, NULL, NULL, "that had it"),
	COLUMN("way", way, TEXT, NULL, NULL, "from or to: the session's, or for it"),
	COLUMN("verdict", verdict, TEXT, NULL, NULL, "on: to the next stage, or dropped"),
	COLUMN("exit", r.exit, TEXT, NULL, NULL, "by which it left its stage: an edge or a drop"),
	COLUMN("help", r.help, TEXT, NULL, NULL, "what that means, in a line"),
	COLUMN("source", r.source, TEXT, NULL, NULL, "of the inner packet; null: it has none", OR_NULL),
	COLUMN("target", r.target, TEXT, NULL, NULL, "likewise", OR_NULL),
	COLUMN("protocol", r.protocol, NUMBER, NULL, NULL, "likewise, by its number"),
	COLUMN("length", r.len, NUMBER, NULL, NULL, "bytes of the inner packet"),
	COLUMN("ttl", r.hops, NUMBER, NULL, NULL, "its TTL or Hop Limit as it left the stage"),
};
#undef ROW

#define ROW struct level_row
static const struct view_column level_columns[] = {
	COLUMN("log_level", log_level, TEXT, NULL, NULL, "from now on"),
};
#undef ROW

#define VIEW(id, table, row, ...) \
	const struct view view_##id = { \
		.name = #id, .columns = table, .n = sizeof(table) / sizeof((table)[0]), \
		.row_bytes = sizeof(struct row), __VA_ARGS__}

VIEW(status, status_columns, status_row);
VIEW(limits, limit_columns, limit_row, .skip = "near_or_hit");
VIEW(capacities, limit_columns, limit_row);
VIEW(pools, pool_columns, pool_row);
VIEW(tunnels, tunnel_columns, tunnel_row);
VIEW(sessions, session_columns, session_row);
VIEW(trex, trex_columns, trex_row);
VIEW(ended, ended_columns, ended_row);
VIEW(packets, packet_columns, dp_counter, .skip = "packets");
VIEW(counters, counter_columns, counter_row, .skip = "value");
VIEW(ports, port_columns, port_row);
VIEW(queues, queue_columns, queue_row);
VIEW(xstats, xstat_columns, xstat_row, .skip = "value");
VIEW(workers, worker_columns, worker_row);
VIEW(neighbours, neighbour_columns, neighbour_row);
VIEW(interfaces, interface_columns, interface_row);
VIEW(routes, route_columns, leads_row);
VIEW(lookup, lookup_columns, lookup_row);
VIEW(realms, realm_columns, realm_row);
VIEW(peers, peer_columns, peer_row);
VIEW(kicked, kicked_columns, kicked_row);
VIEW(drain, drain_columns, drain_row);
VIEW(changes, changes_columns, change_row);
VIEW(trace, trace_columns, trace_row);
VIEW(level, level_columns, level_row);
/* clang-format on */

const struct view *const views[] = {&view_status, &view_limits, &view_pools, &view_tunnels,
	&view_sessions, &view_ended, &view_packets, &view_counters, &view_ports, &view_workers,
	&view_neighbours, &view_interfaces, &view_routes, &view_lookup, &view_realms, &view_peers,
	&view_kicked, &view_changes, &view_trace, &view_level, &view_trex, &view_drain,
	&view_queues, &view_xstats, &view_capacities};
const size_t view_count = sizeof(views) / sizeof(views[0]);

const struct view_column *
view_column(const struct view *view, const char *key, size_t len)
{
	for (size_t i = 0; i < view->n; i++)
		if (strlen(view->columns[i].key) == len &&
			memcmp(view->columns[i].key, key, len) == 0)
			return &view->columns[i];
	return NULL;
}
