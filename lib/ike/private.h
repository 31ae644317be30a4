/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of the format (RFC 7296 section 3; RFC 2408 section 3 for IKEv1's). */
#ifndef IKE_PRIVATE_H
#define IKE_PRIVATE_H

#include "ike/init.h"

enum {
	IKE_VERSION_1 = 0x10,
	IKE_VERSION_2 = 0x20,
	IKE_EXCHANGE_SA_INIT = 34,
	IKE_FLAG_INITIATOR = 0x08,
	IKE_FLAG_RESPONSE = 0x20,
	IKE_PAYLOAD_HEADER = 4,
};

enum ike_payload {
	IKE_PAYLOAD_NONE = 0,
	IKE_PAYLOAD_NOTIFY_1 = 11, /* of IKEv1 */
	IKE_PAYLOAD_SA = 33,
	IKE_PAYLOAD_KE = 34,
	IKE_PAYLOAD_NONCE = 40,
	IKE_PAYLOAD_NOTIFY = 41,
};

/* The hash of NAT detection (section 2.23): SHA-1 over both SPIs, an address and a port. */
int ike_nat_hash(struct crypto *c, const uint8_t spis[2 * IKE_SPI_BYTES],
	const struct cv_endpoint *ep, uint8_t out[CRYPTO_SHA1_BYTES]) CRYPTO_MUST_CHECK;

#endif
