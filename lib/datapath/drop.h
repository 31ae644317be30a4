/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way out of the data path has a name here: a drop <STAGE>_<CAUSE> or an edge from stage to
 * stage. The same names are shown to people. Where packets end, by them, is in ends.h.
 */
#ifndef DP_DROP_H
#define DP_DROP_H

#include <stdint.h>

#define DP_DROPS(X)                                                                                \
	X(RX_RING_FULL,                                                                            \
		"the worker was late: no room in an af_packet port's ring (rx-descriptors)")       \
	X(HANDOVER_FULL, "for another worker, where too many waited already")                      \
	X(CLASSIFY_SEGMENTED, "frame in several buffers that does not fit one")                    \
	X(CLASSIFY_RUNT, "frame shorter than its headers")                                         \
	X(CLASSIFY_MAC, "frame for another station")                                               \
	X(CLASSIFY_VLAN, "frame of a VLAN that the configuration has not")                         \
	X(CLASSIFY_ETHERTYPE, "neither IPv4 nor ARP, nor IPv6 where a listener has it")            \
	X(CLASSIFY_IP_VERSION, "outer IP version is not its frame's")                              \
	X(CLASSIFY_IP_HEADER, "outer IP header length below 20 or beyond the packet")              \
	X(CLASSIFY_IP_LENGTH, "outer IP total length beyond the frame or below its header")        \
	X(CLASSIFY_IP_CHECKSUM, "outer IP header checksum wrong")                                  \
	X(CLASSIFY_IP_EXTENSION,                                                                   \
		"outer IPv6 extension headers cut short, too many, or a route through us")         \
	X(CLASSIFY_MARTIAN,                                                                        \
		"outer source that can't be one: 0/8, 127/8, ::, ::1, multicast, broadcast")       \
	X(CLASSIFY_LAND, "outer source is an address of our own")                                  \
	X(CLASSIFY_DESTINATION, "outer destination is none of our addresses")                      \
	X(CLASSIFY_FRAGMENT,                                                                       \
		"fragment of an outer packet that no path makes: a first one too small for any "   \
		"network, one without contents, of no whole units, or beyond 65,535 bytes")        \
	X(CLASSIFY_PROTOCOL, "outer protocol neither UDP nor ICMP")                                \
	X(CLASSIFY_UDP_LENGTH, "UDP length below 8 or beyond its packet")                          \
	X(CLASSIFY_UDP_PORT, "UDP port that nothing listens on")                                   \
	X(CLASSIFY_UDP_CHECKSUM, "UDP checksum wrong")                                             \
	X(CLASSIFY_UDP_NO_CHECKSUM, "UDP over IPv6 without a checksum")                            \
	X(CLASSIFY_L2TP_SHORT, "L2TP header cut short")                                            \
	X(CLASSIFY_L2TP_LENGTH, "L2TP Length below the header's or beyond the datagram's")         \
	X(CLASSIFY_L2TP_OFFSET, "L2TP Offset beyond the end")                                      \
	X(CLASSIFY_VERSION_L2F, "version 1: L2F")                                                  \
	X(CLASSIFY_VERSION_L2TPV3, "version 3: L2TPv3")                                            \
	X(CLASSIFY_VERSION_OTHER, "L2TP version neither 1, 2 nor 3")                               \
	X(CLASSIFY_CONTROL_HEADER,                                                                 \
		"control message without Length or Ns, or with Offset or Priority")                \
	X(CLASSIFY_CONTROL_SOURCE,                                                                 \
		"control message of a tunnel from another address than its peer's")                \
	X(CLASSIFY_PPP_HEADER, "PPP header cut short")                                             \
	X(REASSEMBLE_OVERLAP, "fragments of an outer packet that overlap, or end twice")           \
	X(REASSEMBLE_DUPLICATE, "fragment of an outer packet that was there already")              \
	X(REASSEMBLE_TOO_MANY, "outer packet in more than 8 fragments")                            \
	X(REASSEMBLE_TOO_BIG, "outer packet in fragments, too big for a packet buffer")            \
	X(REASSEMBLE_TIMEOUT, "fragment of an outer packet whose others did not come in 2 s")      \
	X(REASSEMBLE_GAVE_WAY, "too many fragments of outer packets wait for their others")        \
	X(SEQUENCE_OLD, "data of such a session that came again, or after it was given up")        \
	X(INGRESS_UNKNOWN_SESSION, "data for a tunnel and session that are not here")              \
	X(INGRESS_SOURCE, "data of a session from another address or port than its peer's")        \
	X(INGRESS_UDP_CHECKSUM, "UDP checksum wrong of what would end here, or be answered")       \
	X(INGRESS_CONGESTION, "marked CE on its way, and the inner packet does not know ECN")      \
	X(INGRESS_NOT_OPEN, "IP before IPCP was open")                                             \
	X(INGRESS_IPV6, "inner IPv6, which was not negotiated, beyond what is rejected")           \
	X(INGRESS_PROTOCOL, "data of another protocol that was not negotiated, the same")          \
	X(INGRESS_INNER_SHORT, "inner packet shorter than an IP header")                           \
	X(INGRESS_INNER_VERSION, "inner IP version is not 4")                                      \
	X(INGRESS_INNER_HEADER, "inner IP header length below 20 or beyond the packet")            \
	X(INGRESS_INNER_LENGTH, "inner total length beyond the payload or below its header")       \
	X(INGRESS_INNER_CHECKSUM, "inner IP header checksum wrong")                                \
	X(INGRESS_SPOOFED, "inner source is not the session's address")                            \
	X(INGRESS_SOURCE_ROUTE, "inner packet with a source routing or malformed option")          \
	X(INGRESS_INNER_EXTENSIONS,                                                                \
		"inner IPv6 extension headers beyond the packet, too many or out of order")        \
	X(INGRESS_TO_SELF, "inner destination is the sender, or behind it")                        \
	X(INGRESS_DESTINATION, "inner destination 0/8, 127/8, multicast or broadcast")             \
	X(INGRESS_RATE, "over the rate that the session may send")                                 \
	X(INGRESS_GROUP_RATE, "over the rate that its group may send together")                    \
	X(SWITCH_ALONE, "PPP of a switched session whose other one is gone, or being changed")     \
	X(ROUTE_NO_ROUTE, "inner destination is no client, and no route leads to it")              \
	X(UPLINK_SPOOFED, "by an uplink, with an inner source that is a client's")                 \
	X(ROUTE_DISCARD, "inner destination of a route that discards")                             \
	X(ROUTE_DIAL,                                                                              \
		"behind a peer that is dialled: more than wait for it, or it was not up in time")  \
	X(ROUTE_TRANSIT, "from an uplink to an uplink: only what is a client's is carried")        \
	X(ROUTE_LNS, "to our inner address, but no echo request that may be answered")             \
	X(ROUTE_SCOPE, "inner source is link-local, and its destination not on its link")          \
	X(ROUTE_MULTICAST, "inner IPv6 multicast that nobody here listens to")                     \
	X(ROUTE_MLD, "a client's multicast listener reports: nothing is sent by them here")        \
	X(ROUTE_ND, "neighbour discovery on a client's link that is not for us, or malformed")     \
	X(ROUTE_ADDRESS_LIMIT, "router solicitations and DHCPv6, over the session's rate")         \
	X(ROUTE_ECHO_LIMIT, "echo to our inner address, over the session's rate")                  \
	X(POLICY_NO_FILTER, "the sender's or the receiver's filter was taken away")                \
	X(POLICY_NO_GROUP, "the sender's or the receiver's group was taken away")                  \
	X(POLICY_SENDER, "the sender's filter does not permit it")                                 \
	X(POLICY_RECEIVER, "the receiver's filter does not permit it")                             \
	X(POLICY_ISOLATED, "clients of these groups do not reach each other")                      \
	X(POLICY_SHORT, "too short or fragmented too small to see its ports")                      \
	X(POLICY_FRAGMENT, "later fragment whose first one did not come, or was not permitted")    \
	X(RELAY_TTL_ZERO, "inner TTL 0 on arrival")                                                \
	X(RELAY_TTL_EXCEEDED,                                                                      \
		"inner TTL ran out, and no ICMP could answer it (rate, or an error)")              \
	X(RELAY_TOO_BIG,                                                                           \
		"too big for the receiver, and neither cut (64 parts, offset, no buffer) "         \
		"nor answered with ICMP (rate, or an error)")                                      \
	X(EGRESS_NOT_YET, "to a client whose IPCP Ack has not left yet")                           \
	X(EGRESS_NEIGHBOUR, "next hop's MAC address not known yet")                                \
	X(EGRESS_RATE, "over the rate of what is sent to the session")                             \
	X(EGRESS_GROUP_RATE, "over the rate of what is sent to its group together")                \
	X(TX_FULL, "port's transmit queue full")                                                   \
	X(PUNT_TUNNEL_FULL, "too much control traffic of known tunnels waits")                     \
	X(PUNT_PPP_FULL, "too much PPP control of known sessions waits")                           \
	X(PUNT_CONNECT_FULL, "too many messages of tunnels that are being opened wait")            \
	X(PUNT_NEW_FULL, "too many new tunnel requests wait")                                      \
	X(PUNT_ELSEWHERE_FULL, "too much from other addresses of peers than theirs waits")         \
	X(PUNT_ARP_FULL, "too much ARP and ND of neighbours waits")                                \
	X(PUNT_PATH_FULL, "too much ICMP about packets of ours waits")                             \
	X(PUNT_TUNNEL_SHARE, "a tunnel or its address has its share of what waits")                \
	X(PUNT_PPP_SHARE, "a session or its address has its share of what waits")                  \
	X(PUNT_PPP_RATE, "a session's PPP control over its rate")                                  \
	X(PUNT_CONNECT_SHARE, "one address or port has its share of such messages that wait")      \
	X(PUNT_NEW_SHARE, "one address or port has its share of the new requests that wait")       \
	X(PUNT_ELSEWHERE_SHARE, "one address or port has its share of that which waits")           \
	X(PUNT_ARP_SHARE, "one neighbour has its share of the ARP and ND that waits")              \
	X(PUNT_PATH_SHARE, "one router has its share of the ICMP that waits")                      \
	X(PUNT_BFD_FULL, "too much BFD waits")                                                     \
	X(PUNT_BFD_SHARE, "one router has its share of the BFD that waits")                        \
	X(PUNT_ROUTING_FULL, "too much for the routing daemon waits")                              \
	X(PUNT_ROUTING_SHARE, "one router has its share of what waits for the routing daemon")     \
	X(KERNEL_BFD_TTL, "BFD of one hop whose TTL is not 255: it came from farther")             \
	X(KERNEL_REFUSED, "the kernel's interface took no more")                                   \
	X(KERNEL_SEND_FULL, "the kernel's to be sent: half of control's queue is full")            \
	X(PUNT_RESOLVE_FULL, "for unknown neighbours of uplinks: control's queue full")            \
	X(PUNT_RESOLVE_SHARE, "the same, of one sender or to one address more than its share")     \
	X(PATH_FORGED, "ICMP that says too big of a packet that no session was sent")              \
	X(PATH_MTU,                                                                                \
		"ICMP that says too big with an MTU below 576 (IPv6: 1280), or none that is news") \
	X(PATH_LIMIT, "ICMP that says too big over the rate, or memory is out")                    \
	X(LOCAL_ARP_MALFORMED, "ARP that is no ARP for IPv4 on Ethernet, or cut short")            \
	X(LOCAL_ARP_IGNORED, "ARP that was neither for us nor asked for")                          \
	X(LOCAL_ARP_CONFLICT, "another station claims an address of ours, or a client's")          \
	X(LOCAL_ARP_DOUBTED, "another station claims a known neighbour's address: not believed")   \
	X(LOCAL_ARP_LIMIT, "ARP requests of one station over the rate")                            \
	X(LOCAL_ND_MALFORMED, "ND that RFC 4861 has discarded: hop limit, lengths, addresses")     \
	X(LOCAL_ND_IGNORED, "ND that was neither for us nor asked for")                            \
	X(LOCAL_ND_CONFLICT, "another station claims an IPv6 address of ours, or a client's")      \
	X(LOCAL_ND_DOUBTED, "another station claims a known IPv6 neighbour: not believed")         \
	X(LOCAL_ND_LIMIT, "neighbour solicitations of one station over the rate")                  \
	X(LOCAL_ND_ROUTER, "router's ND: the gateway is what the configuration says")              \
	X(LOCAL_MLD, "MLD of others, or a query that is none of a router of the link")             \
	X(LOCAL_MLD_LIMIT, "MLD queries of one router over the rate")                              \
	X(LOCAL_ICMP_CHECKSUM, "outer ICMP with a wrong checksum or cut short")                    \
	X(LOCAL_ICMP_IGNORED, "outer ICMP that is no echo request")                                \
	X(LOCAL_ECHO_LIMIT, "outer echo request over its source's rate, or that of all")           \
	X(LOCAL_STUN_MALFORMED, "STUN that is no message: lengths, attributes, FINGERPRINT")       \
	X(LOCAL_STUN_RESPONSE, "STUN response or indication: answered, two servers would go on")   \
	X(LOCAL_STUN_METHOD, "STUN request of another method than Binding")                        \
	X(LOCAL_STUN_OLD, "STUN request of RFC 3489, which discovery.rfc3489 would permit")        \
	X(LOCAL_TEXT_SHORT, "question to discovery.echo-port that is shorter than its answer")     \
	X(LOCAL_TEXT_ANSWER, "what looks like an answer of discovery.echo-port, sent to it")       \
	X(LOCAL_DISCOVERY_FROM, "NAT discovery asked from outside discovery.from")                 \
	X(LOCAL_DISCOVERY_LIMIT, "NAT discovery over its network's rate, or that of all")          \
	X(NEIGHBOUR_QUEUE_FULL, "sent while its next hop was being resolved, and too many waited") \
	X(NEIGHBOUR_GAVE_WAY, "next hop not resolved yet, and newer ones took its place")          \
	X(NEIGHBOUR_ASK_LIMIT, "to a new next hop, of a sender that has too many asked for")       \
	X(NEIGHBOUR_NO_ROUTE, "to a peer that is not on-link, and the listener has no gateway")    \
	X(NEIGHBOUR_UNREACHABLE, "next hop answered neither ARP nor ND")                           \
	X(SEND_FULL, "control's queue to a worker full")                                           \
	X(WORKER_STOPPED, "waited in a ring when the data path stopped")

#define DP_EDGES(X)                                                                          \
	X(RX_HANDOVER, "frames given to another worker, which has their session")            \
	X(RX_CLASSIFY, "frames received")                                                    \
	X(CLASSIFY_INGRESS, "L2TP data messages")                                            \
	X(CLASSIFY_UPLINK, "packets of a realm that came by an uplink")                      \
	X(CLASSIFY_REASSEMBLE, "fragments of outer packets to us")                           \
	X(REASSEMBLE_CLASSIFY, "outer packets put together of their fragments")              \
	X(CLASSIFY_PUNT_TUNNEL, "control messages of known tunnels")                         \
	X(CLASSIFY_PUNT_NEW, "control messages of unknown tunnels and for tunnel 0")         \
	X(CLASSIFY_PUNT_ELSEWHERE, "control messages of tunnels from elsewhere, likewise")   \
	X(CLASSIFY_PUNT_BFD, "BFD for the routing daemon")                                   \
	X(CLASSIFY_PUNT_ROUTING, "BGP and OSPF for the routing daemon")                      \
	X(LOCAL_PUNT_ROUTING, "ARP and ND answers, MLD queries, copied to the kernel")       \
	X(KERNEL_SEND, "frames of the kernel that are sent")                                 \
	X(LOCAL_ARP, "ARP requests for our own addresses, answered")                         \
	X(LOCAL_ECHO, "echo requests to our own addresses, answered")                        \
	X(LOCAL_STUN, "STUN Binding requests, answered")                                     \
	X(LOCAL_TEXT, "questions to discovery.echo-port, answered")                          \
	X(LOCAL_PUNT_ARP, "ARP of neighbours")                                               \
	X(LOCAL_ND, "neighbour solicitations for our own addresses, answered")               \
	X(LOCAL_PUNT_ND, "ND of neighbours")                                                 \
	X(SEQUENCE_WAIT, "sequenced data that came early, and waited for what is before it") \
	X(SEQUENCE_MISSING, "data without Ns of a session for which sequencing is required") \
	X(SEQUENCE_LOST, "sequenced data messages that did not come")                        \
	X(LOCAL_PUNT_PATH, "ICMP that says of packets of ours that they were too big")       \
	X(PATH_FALLS, "of these, those by which a tunnel's path MTU fell, or stays low")     \
	X(LOCAL_PUNT_MLD, "MLD queries, answered by the control thread")                     \
	X(INGRESS_ROUTE, "inner IP packets taken from their session")                        \
	X(INGRESS_PUNT_PPP, "PPP control of known sessions")                                 \
	X(INGRESS_PUNT_ELSEWHERE, "data of sessions from elsewhere, for the control thread") \
	X(INGRESS_SWITCH, "PPP frames of switched sessions, for the other one")              \
	X(ROUTE_POLICY, "destination is a session")                                          \
	X(ROUTE_WAIT, "packets that waited for a peer that is dialled")                      \
	X(ROUTE_ECHO, "echo requests to our inner address, answered")                        \
	X(ROUTE_ADVERT, "neighbour solicitations of clients for us, answered")               \
	X(ROUTE_PUNT_ADDRESS, "router solicitations and DHCPv6 of clients")                  \
	X(ROUTE_UNREACHABLE, "dropped for want of a route, and answered with ICMP")          \
	X(POLICY_RELAY, "permitted by both filters")                                         \
	X(POLICY_WAIT, "later fragments that waited for their first one")                    \
	X(POLICY_PROHIBITED, "dropped by a filter or for isolation, and answered with ICMP") \
	X(RELAY_EGRESS, "relayed packets with TTL taken down")                               \
	X(RELAY_CLAMPED, "TCP connections whose MSS was lowered to what fits their tunnels") \
	X(RELAY_FRAGMENTED, "cut into fragments for the receiver")                           \
	X(RELAY_TIME_EXCEEDED, "answered with ICMP time exceeded")                           \
	X(RELAY_FRAGMENTATION_NEEDED, "answered with ICMP fragmentation needed")             \
	X(RELAY_PACKET_TOO_BIG, "answered with ICMPv6 packet too big")                       \
	X(EGRESS_TX, "packets with outgoing headers")                                        \
	X(EGRESS_PUNT_NEIGHBOUR, "packets for neighbours of uplinks that are not known yet") \
	X(EGRESS_PARTS, "IPv6 of at most 1,280 bytes whose outer packet was sent in parts")  \
	X(TX_CONTROL, "frames from the control thread")                                      \
	X(TX_SENT, "frames given to the ports")                                              \
	X(CONTROL_DONE, "punted packets that the control side has handled")

enum dp_drop_cause {
#define X(name, help) DP_DROP_##name,
	DP_DROPS(X)
#undef X
		DP_DROP_COUNT
};

enum dp_edge_name {
#define X(name, help) DP_EDGE_##name,
	DP_EDGES(X)
#undef X
		DP_EDGE_COUNT
};

/* One block a worker and one for the control thread: each has one writer. */
struct dp_counts {
	uint64_t drops[DP_DROP_COUNT];
	uint64_t edges[DP_EDGE_COUNT];
};

#endif
