/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether IKE reaches the gateway, asked from the ports that IKE itself will use, unless they are
 * in use: some NATs and firewalls know these. On 500 as IKE would, for the gateway to tell of NATs;
 * on 4500 so that it keeps nothing, since it serves no address that leaves it much half done.
 */
#include <errno.h>
#include <sys/socket.h>

#include "discover_parts.h"
#include "sockaddr.h"

#define INTERVAL_NS (400 * CV_NS_PER_MS)
enum { SENDS = 3 };

static void
over(struct ike_probe *p)
{
	cv_retry_end(&p->retry);
	discover_close(&p->socket);
}

static void
on_answer(evutil_socket_t fd, short what, void *ctx)
{
	struct ike_probe *p = ctx;
	uint8_t bytes[DISCOVER_DATAGRAM];
	struct ike_response said;
	ssize_t len = recv(fd, bytes, sizeof(bytes), 0);

	(void)what;
	if (len < 0) {
		/* an ICMP error is no proof of anything: it is noted, and asked on */
		if (errno != EAGAIN && errno != EINTR)
			p->out->error = errno;
	} else if (ike_read_response(p->d->p.crypto, &p->ask, (struct cv_bytes){bytes, (size_t)len},
			   &said) == 0) {
		p->out->answered = true;
		p->out->error = 0;
		p->out->said = said;
		over(p);
	}
	discover_step(p->d);
}

/* Opens its socket and writes the request. */
static int
begin(struct discover *d, struct ike_probe *p, const struct cv_endpoint *to,
	const uint8_t ke[IKE_KE_BYTES])
{
	struct sockaddr_storage sa;
	socklen_t sa_len = sockaddr_from(to, &sa);
	int len;

	p->out->to = *to;
	if (discover_open(d, &p->socket, to->ip.family, to->port, on_answer, p) != 0 ||
		connect(p->socket.fd, (struct sockaddr *)&sa, sa_len) != 0)
		return -1;
	p->out->from = discover_local(p->socket.fd);
	p->ask = (struct ike_ask){.from = p->out->from,
		.to = *to,
		.marker = to->port == IKE_NATT_PORT,
		.stateless = to->port == IKE_NATT_PORT};
	crypto_random(d->p.crypto, p->ask.spi, sizeof(p->ask.spi));
	crypto_random(d->p.crypto, p->ask.nonce, sizeof(p->ask.nonce));
	memcpy(p->ask.ke, ke, IKE_KE_BYTES);
	len = ike_write_request(d->p.crypto, &p->ask, p->bytes, sizeof(p->bytes));
	errno = EIO;
	p->len = len > 0 ? (size_t)len : 0;
	return len > 0 ? 0 : -1;
}

void
ike_probes_begin(struct discover *d, uint64_t now)
{
	static const uint16_t ports[FOUND_IKE_PORTS] = {IKE_PORT, IKE_NATT_PORT};
	uint8_t exponent[CRYPTO_EXPONENT_BYTES], ke[IKE_KE_BYTES];
	bool able;

	crypto_random(d->p.crypto, exponent, sizeof(exponent));
	able = crypto_modp2048_public(d->p.crypto, exponent, ke) == 0;
	cv_wipe(exponent, sizeof(exponent));
	for (size_t i = 0; i < d->found.n_gateways * FOUND_IKE_PORTS; i++) {
		struct found_gateway *g = &d->found.gateways[i / FOUND_IKE_PORTS];
		size_t port = i % FOUND_IKE_PORTS;
		struct cv_endpoint to = {.ip = g->ip, .port = ports[port]};
		struct ike_probe *p;

		if (d->natt_only && ports[port] != IKE_NATT_PORT)
			continue;
		p = &d->ike[d->n_ike++];
		*p = (struct ike_probe){.d = d, .out = &g->ike[port], .socket.fd = -1};
		p->out->asked = true;
		p->retry = cv_retry_begin(now, INTERVAL_NS, SENDS);
		errno = EIO;
		if (!able || begin(d, p, &to, ke) != 0) {
			p->out->error = errno;
			over(p);
		}
	}
}

uint64_t
ike_probes_step(struct discover *d, uint64_t now)
{
	uint64_t next = CV_TIME_NEVER;

	for (size_t i = 0; i < d->n_ike; i++) {
		struct ike_probe *p = &d->ike[i];

		switch (cv_retry_due(&p->retry, now)) {
		case CV_RETRY_SEND:
			/* an error that came for an earlier one is told here, too */
			if (send(p->socket.fd, p->bytes, p->len, 0) < 0)
				p->out->error = errno;
			break;
		case CV_RETRY_OVER:
			over(p);
			break;
		case CV_RETRY_WAIT:
			break;
		}
		next = cv_time_min(next, p->retry.at);
	}
	return next;
}

void
ike_probes_free(struct discover *d)
{
	for (size_t i = 0; i < d->n_ike; i++)
		over(&d->ike[i]);
}
