/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flood INTERFACE MAC LNS random|address|port RATE SECONDS: forged SCCRQs in one namespace of a
 * test, at a rate that no script reaches. The sources are anybody's, one address's, or one port's
 * of it; the requests are right, and nobody is there for the answers. Prints how many were sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, ETHER = 14, IP = 20, UDP = 8, L2TP = 12, ONE_SOURCE = 0xc6336407 };

/* Message Type, Protocol Version, Host Name "forged", Framing Capabilities, Assigned Tunnel ID. */
static const uint8_t avps[] = {0x80, 8, 0, 0, 0, 0, 0, 1, 0x80, 8, 0, 0, 0, 2, 1, 0, 0x80, 12, 0, 0,
	0, 7, 'f', 'o', 'r', 'g', 'e', 'd', 0x80, 10, 0, 0, 0, 3, 0, 0, 0, 3, 0x80, 8, 0, 0, 0, 9,
	0, 0};
enum { BYTES = ETHER + IP + UDP + L2TP + sizeof(avps) };

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
draw(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* What is the same in all of them. */
static void
begin(uint8_t *f, const uint8_t mac[6], uint32_t lns)
{
	memset(f, 0, BYTES);
	memcpy(f, mac, 6);
	memcpy(f + 6, "\x02\0\0\0\x0f\x01", 6);
	put16(f + 12, ETHERTYPE_IP);
	f[14] = 0x45;
	put16(f + 16, BYTES - ETHER);
	f[22] = 64;
	f[23] = IPPROTO_UDP;
	put32(f + 30, lns);
	put16(f + 36, 1701);
	put16(f + 38, BYTES - ETHER - IP);
	put16(f + 42, 0xc802);
	put16(f + 44, BYTES - ETHER - IP - UDP);
	memcpy(f + ETHER + IP + UDP + L2TP, avps, sizeof(avps));
}

static void
forge(uint8_t *f, char mode)
{
	uint64_t drawn = draw();
	uint32_t source = mode == 'r' ? 0x01000000 + (uint32_t)drawn % 0x7d000000 : ONE_SOURCE;
	uint32_t sum = 0;

	put32(f + 26, source);
	put16(f + 34, mode == 'p' ? 1701 : (unsigned)(drawn >> 32 & 0xffff) | 1);
	put16(f + BYTES - 2, (unsigned)(drawn >> 48) | 1);
	put16(f + 24, 0);
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(f + 24, ~sum & 0xffff);
}

static unsigned long
flood(int fd, const uint8_t mac[6], uint32_t lns, char mode, double rate, double seconds)
{
	static uint8_t frames[BATCH][BYTES];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec iov[BATCH];
	uint64_t start = now_ns();
	unsigned long sent = 0, total = (unsigned long)(rate * seconds);

	for (unsigned i = 0; i < BATCH; i++) {
		begin(frames[i], mac, lns);
		iov[i] = (struct iovec){frames[i], BYTES};
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (sent < total) {
		double gone = (double)(now_ns() - start) / 1e9;
		int n;

		if (gone > 2 * seconds)
			break; /* no more than this machine can */
		if ((double)sent > gone * rate) {
			nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
			continue;
		}
		for (unsigned i = 0; i < BATCH; i++)
			forge(frames[i], mode);
		n = sendmmsg(fd, messages, BATCH, 0);
		if (n > 0)
			sent += (unsigned long)n;
		else if (errno != ENOBUFS && errno != EAGAIN)
			break;
	}
	printf("%lu sent in %.1f s\n", sent, (double)(now_ns() - start) / 1e9);
	return sent;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET};
	struct in_addr lns;
	unsigned m[6];
	uint8_t mac[6];
	int fd;

	if (argc != 7 || inet_pton(AF_INET, argv[3], &lns) != 1 ||
		sscanf(argv[2], "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) !=
			6) {
		fprintf(stderr,
			"usage: flood INTERFACE MAC LNS random|address|port RATE SECONDS\n");
		return 2;
	}
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)m[i];
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	at.sll_ifindex = (int)if_nametoindex(argv[1]);
	if (fd < 0 || at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		perror(argv[1]);
		return 1;
	}
	return flood(fd, mac, ntohl(lns.s_addr), argv[4][0], atof(argv[5]), atof(argv[6])) == 0;
}
