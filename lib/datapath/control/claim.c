/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP, ND and MLD of neighbours, which workers have handed over. */
#include "datapath/control/control.h"
#include "datapath/ends.h"
#include "datapath/worker/punt.h"
#include "wire/nd.h"

void
dp_claim_learn(struct dp *dp, uint64_t now, struct rte_mbuf *m)
{
	const struct dp_punt_meta *meta = dp_meta(m);
	struct cv_ip ip = dp_ip_told(meta->remote);
	bool v4 = ip.family == CV_IPV4;

	if (meta->says == DP_SAYS_QUERY) {
		dp_mld_report(dp, meta->lan, WIRE_MLD_IS_EXCLUDE);
		dp_done_control(dp, m, DP_EDGE_CONTROL_DONE);
		return;
	}
	if (meta->says == DP_SAYS_CONFLICT) {
		dp_conflict_heard(dp, now, meta->lan, &ip, meta->mac);
		dp_drop_control(dp, m, v4 ? DP_DROP_LOCAL_ARP_CONFLICT : DP_DROP_LOCAL_ND_CONFLICT);
		return;
	}
	switch (dp_neighbour_learn(dp, now, meta->lan, &ip, meta->mac, meta->says)) {
	case DP_CLAIM_TAKEN:
		dp_done_control(dp, m, DP_EDGE_CONTROL_DONE);
		return;
	case DP_CLAIM_DOUBTED:
		dp_drop_control(dp, m, v4 ? DP_DROP_LOCAL_ARP_DOUBTED : DP_DROP_LOCAL_ND_DOUBTED);
		return;
	case DP_CLAIM_NOBODY:
		break;
	}
	dp_drop_control(dp, m, v4 ? DP_DROP_LOCAL_ARP_IGNORED : DP_DROP_LOCAL_ND_IGNORED);
}
