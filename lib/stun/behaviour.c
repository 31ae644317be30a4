/* SPDX-License-Identifier: BSD-3-Clause */
/* What the answers say together (RFC 5780 sections 4.3 and 4.4). */
#include "stun/behave.h"

/* The questions of the main socket that were answered with an address. */
static bool
seen_by(const struct stun_behave *b, size_t i)
{
	return i <= STUN_MAP_PORT && b->questions[i].state == STUN_TOLD &&
	       b->questions[i].view.mapped.ip.family != 0;
}

/*
 * From each pair of places: seen alike or not, on one address or two. Differently from one address
 * is the worst; from two addresses is the better of the bad ones only if an address's ports see us
 * alike.
 */
static void
find_mapping(const struct stun_behave *b, struct stun_found *out)
{
	bool alike_here = false, alike_elsewhere = false, differ_here = false, differ = false;

	for (size_t i = 0; i <= STUN_MAP_PORT; i++)
		for (size_t k = 0; k < i; k++) {
			const struct stun_question *one = &b->questions[i], *two = &b->questions[k];
			bool here, alike;

			if (!seen_by(b, i) || !seen_by(b, k) ||
				cv_endpoint_equal(&one->to.at, &two->to.at))
				continue;
			here = cv_ip_equal(&one->to.at.ip, &two->to.at.ip);
			alike = cv_endpoint_equal(&one->view.mapped, &two->view.mapped);
			differ |= !alike;
			differ_here |= here && !alike;
			alike_here |= here && alike;
			alike_elsewhere |= !here && alike;
		}
	if (differ_here) {
		out->mapping = STUN_PORT_DEPENDENT;
		out->mapping_sure = true;
	} else if (differ) {
		out->mapping = STUN_ADDRESS_DEPENDENT;
		out->mapping_sure = alike_here;
	} else if (out->answered && (alike_here || alike_elsewhere || !out->nat)) {
		out->mapping = STUN_ENDPOINT_INDEPENDENT;
		out->mapping_sure = alike_elsewhere || !out->nat;
	}
}

static bool
told(const struct stun_behave *b, size_t i)
{
	return b->questions[i].state == STUN_TOLD;
}

/* Silence says something only when it is over, and the socket hears what should reach it. */
static void
find_filtering(const struct stun_behave *b, struct stun_found *out)
{
	if (b->unable || !told(b, STUN_OPEN))
		return;
	if (told(b, STUN_FILTER_BOTH))
		out->filtering = STUN_ENDPOINT_INDEPENDENT;
	else if (b->questions[STUN_FILTER_BOTH].state != STUN_SILENT)
		return;
	else if (told(b, STUN_FILTER_PORT))
		out->filtering = STUN_ADDRESS_DEPENDENT;
	else if (b->questions[STUN_FILTER_PORT].state == STUN_SILENT)
		out->filtering = STUN_PORT_DEPENDENT;
}

void
stun_behave_found(const struct stun_behave *b, struct stun_found *out)
{
	*out = (struct stun_found){0};
	for (size_t i = 0; i < b->p.count; i++) {
		out->places[i] = b->questions[i].view;
		if (out->answered || !seen_by(b, i))
			continue;
		out->answered = true;
		out->seen = b->questions[i].view.mapped;
		out->nat = !cv_endpoint_equal(&out->seen, &b->p.local);
	}
	find_mapping(b, out);
	find_filtering(b, out);
}

const char *
stun_behaviour_text(enum stun_behaviour b)
{
	static const char *const texts[] = {
		[STUN_UNKNOWN] = "unknown",
		[STUN_ENDPOINT_INDEPENDENT] = "endpoint-independent",
		[STUN_ADDRESS_DEPENDENT] = "address-dependent",
		[STUN_PORT_DEPENDENT] = "address- and port-dependent",
	};

	return texts[b];
}
