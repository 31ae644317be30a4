/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 1 for frames with tags: by which LAN they came. */
#include "datapath/worker/tags.h"

enum {
	NAMING = 2, /* tags that name a LAN */
	READ = 4,   /* one of VLAN ID 0 in front of them, and one too many */
};

struct tags {
	uint16_t words[READ]; /* as they stand in a frame, the outer one first */
	unsigned n;
	unsigned bytes; /* of those in the frame */
};

static bool
is_priority(uint16_t word)
{
	return (wire_swap16(word) & WIRE_VLAN_ID) == 0;
}

/* Those that the device took off stood in front of the others. False: the frame ends in one. */
static bool
read(const struct rte_mbuf *m, struct tags *t)
{
	const uint8_t *ether = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned len = rte_pktmbuf_data_len(m);

	if ((m->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED) != 0)
		t->words[t->n++] = wire_swap16(m->vlan_tci_outer);
	if ((m->ol_flags & DP_TAGS_STRIPPED) != 0)
		t->words[t->n++] = wire_swap16(m->vlan_tci);
	while (t->n < READ && dp_is_tag(wire_ether_type_be(ether + t->bytes))) {
		if (len < WIRE_ETHER + t->bytes + WIRE_VLAN_TAG)
			return false;
		t->words[t->n++] = wire_load16(ether + t->bytes + WIRE_ETHER);
		t->bytes += WIRE_VLAN_TAG;
	}
	return true;
}

enum dp_drop_cause
dp_tags_off(const struct dp *dp, unsigned port, struct rte_mbuf *m, uint16_t *lan)
{
	struct tags t = {.n = 0};
	const uint16_t *words = t.words;
	unsigned found = port;

	if (!read(m, &t))
		return DP_DROP_CLASSIFY_RUNT;
	/* VLAN ID 0 names no VLAN (IEEE 802.1Q table 9-2); what the tag says of the priority is of
	 * no use here */
	if (t.n != 0 && is_priority(words[0])) {
		words++;
		t.n--;
		if (t.n != 0 && is_priority(words[0])) { /* another one is nothing of ours */
			t.bytes -= t.n * WIRE_VLAN_TAG;
			t.n = 0;
		}
	}
	if (t.n != 0)
		found = t.n > NAMING
				? 0
				: dp_vlan_find(__atomic_load_n(&dp->vlans[port], __ATOMIC_CONSUME),
					  words[0], words[1], t.n == NAMING);
	if (t.n != 0 && found == 0)
		return DP_DROP_CLASSIFY_VLAN;
	if (t.bytes != 0)
		dp_tags_take(m, t.bytes);
	m->ol_flags &= ~(uint64_t)DP_TAGS_STRIPPED;
	*lan = (uint16_t)found;
	return DP_DROP_COUNT;
}
