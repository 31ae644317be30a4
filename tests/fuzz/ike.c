/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams as answers to an IKE_SA_INIT request. The first byte: bit 0 with the marker of UDP
 * 4500, bit 1 over IPv6, bit 2 our SPI is put right in it, bit 3 its length. */
#include <stdlib.h>

#include "fuzz.h"
#include "ike/init.h"

enum { MARKER = 1, SIX = 2, FIX_SPI = 4, FIX_LENGTH = 8 };

static struct ike_ask
question(uint8_t first)
{
	struct ike_ask ask = {.spi = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7},
		.from.port = 40500,
		.to.port = IKE_PORT,
		.marker = (first & MARKER) != 0};
	bool six = (first & SIX) != 0;

	FUZZ_CHECK(cv_ip_parse(six ? "2001:db8::11" : "192.0.2.11", &ask.from.ip) == 0);
	FUZZ_CHECK(cv_ip_parse(six ? "2001:db8::1" : "192.0.2.1", &ask.to.ip) == 0);
	return ask;
}

static void
put_right(uint8_t first, const struct ike_ask *ask, uint8_t *message, size_t len)
{
	if (len < IKE_HEADER)
		return;
	if ((first & FIX_SPI) != 0)
		memcpy(message, ask->spi, IKE_SPI_BYTES);
	if ((first & FIX_LENGTH) != 0) {
		struct cv_writer w = cv_writer(message + IKE_HEADER - 4, 4);

		cv_write_u32(&w, (uint32_t)len);
	}
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct cv_reader in = cv_reader(data, len);
	uint8_t first = cv_read_u8(&in), out[IKE_REQUEST_MAX];
	struct ike_ask ask = question(first);
	size_t bytes = cv_remaining(&in), marker = ask.marker ? IKE_MARKER_BYTES : 0;
	uint8_t *copy = malloc(bytes == 0 ? 1 : bytes);
	struct crypto *crypto = fuzz_crypto();
	struct ike_response said;
	int request = ike_write_request(crypto, &ask, out, sizeof(out));

	FUZZ_CHECK(copy != NULL && request > 0);
	if (bytes != 0)
		memcpy(copy, in.pos, bytes);
	if (bytes >= marker)
		put_right(first, &ask, copy + marker, bytes - marker);
	if (ike_read_response(crypto, &ask, (struct cv_bytes){copy, bytes}, &said) == 0) {
		FUZZ_CHECK(bytes >= marker + IKE_HEADER);
		FUZZ_CHECK(!said.accepted || (said.error == 0 && !said.version1));
		FUZZ_CHECK(said.nat_detection || (!said.nat_here && !said.nat_there));
		FUZZ_CHECK(said.error < IKE_ERRORS_BELOW);
	}
	FUZZ_CHECK(ike_read_response(crypto, &ask, (struct cv_bytes){out, (size_t)request},
			   &said) == CV_ERR_UNKNOWN);
	free(copy);
	return 0;
}
