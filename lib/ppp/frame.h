/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PPP frame as a data message of L2TP carries it (RFC 1661 section 2, RFC 1662 section 3.1
 * without flags and FCS): address and control field present or compressed, protocol field of two
 * bytes or, compressed, one.
 */
#ifndef PPP_FRAME_H
#define PPP_FRAME_H

#include "base/cursor.h"
#include "base/err.h"

enum ppp_protocol {
	PPP_IP = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_IPCP = 0x8021,
	PPP_IPV6CP = 0x8057,
	PPP_ECP = 0x8053,
	PPP_CCP = 0x80fd,
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_CHAP = 0xc223,
};

enum {
	PPP_ADDRESS = 0xff,
	PPP_CONTROL = 0x03,
	PPP_HEADER_BYTES = 4,   /* address, control, protocol: what our control frames start with */
	PPP_PACKET_HEADER = 4,  /* code, identifier, length: of every control packet */
	PPP_DEFAULT_MRU = 1500, /* RFC 1661 section 6.1 */
	PPP_MAX_CONTROL = 1504, /* bytes that a buffer for ppp_link_poll_output must have */
};

struct ppp_frame {
	uint16_t protocol;
	struct cv_bytes payload; /* inside the frame's bytes */
};

/* Takes a frame apart. Returns 0 or CV_ERR_TRUNCATED (no whole protocol field). A number whose
 * octets break the rule of RFC 1661 section 2 (even start, odd end) is that of an unknown protocol.
 */
static inline int
ppp_frame_parse(const void *bytes, size_t len, struct ppp_frame *f)
{
	struct cv_reader r = cv_reader(bytes, len);

	if (cv_remaining(&r) >= 2 && r.pos[0] == PPP_ADDRESS && r.pos[1] == PPP_CONTROL)
		r.pos += 2;
	f->protocol = cv_read_u8(&r);
	if ((f->protocol & 1) == 0)
		f->protocol = (uint16_t)(f->protocol << 8 | cv_read_u8(&r));
	f->payload = (struct cv_bytes){.data = r.pos, .len = cv_remaining(&r)};
	return r.failed ? CV_ERR_TRUNCATED : 0;
}

#endif
