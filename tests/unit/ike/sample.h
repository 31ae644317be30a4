/* SPDX-License-Identifier: BSD-3-Clause */
/* The request that the vectors answer. */
#ifndef TESTS_IKE_SAMPLE_H
#define TESTS_IKE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../seeded.h"
#include "ike/init.h"
#include "vectors.h"

static inline struct ike_ask
sample(const char *from, const char *to, uint16_t port)
{
	struct ike_ask ask = {.from.port = 40500, .to.port = port, .marker = port == IKE_NATT_PORT};
	uint8_t exponent[CRYPTO_EXPONENT_BYTES];

	for (uint8_t i = 0; i < IKE_SPI_BYTES; i++)
		ask.spi[i] = (uint8_t)(0xa0 + i);
	for (uint8_t i = 0; i < IKE_NONCE_BYTES; i++)
		ask.nonce[i] = i;
	for (uint8_t i = 0; i < sizeof(exponent); i++)
		exponent[i] = (uint8_t)(0x40 + i);
	assert_int_equal(crypto_modp2048_public(seeded, exponent, ask.ke), 0);
	assert_int_equal(cv_ip_parse(from, &ask.from.ip), 0);
	assert_int_equal(cv_ip_parse(to, &ask.to.ip), 0);
	return ask;
}

#endif
