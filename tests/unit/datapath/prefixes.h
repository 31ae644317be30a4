/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of prefixes beside a model of it that looks for each length in turn, and who has what is
 * random. */
#ifndef DATAPATH_PREFIXES_H
#define DATAPATH_PREFIXES_H

#include "harness.h"

#include "datapath/lpm.h"

struct prefixes_model {
	uint32_t mask, used;
	uint32_t of_length[129]; /* routes there */
	struct prefixes_known {
		struct cv_prefix prefix;
		uint32_t word; /* 0: not there any more */
	} * at;
	uint32_t *order; /* places of all that were ever told */
};

struct prefixes {
	struct dp *dp;
	struct dp_lpm t;
	struct prefixes_model m;
	enum cv_family family;
	unsigned bits;
};

/* What is random is the same after each prefixes_up(). */
uint32_t prefixes_random(void);
/* Less than `most`. */
unsigned prefixes_below(unsigned most);

/* So much of a data path that tables have memory, and room for what is told to the model. */
void prefixes_up(struct prefixes *b, enum cv_family family, uint32_t room);
/* Nothing is left behind. */
void prefixes_down(struct prefixes *b);

struct cv_prefix prefixes_cut(const struct cv_ip *ip, unsigned length);
/* By address, of one address the shortest first. */
int prefixes_order(const struct cv_prefix *a, const struct cv_prefix *b);
/* Where the model has one, or would. */
struct prefixes_known *prefixes_place(const struct prefixes_model *m, const struct cv_prefix *p);
/* word 0: it is gone. */
void prefixes_model_set(struct prefixes_model *m, const struct cv_prefix *p, uint32_t word);
uint32_t prefixes_model_find(const struct prefixes_model *m, const struct cv_ip *ip);

/* Near one of a few, so that prefixes are in each other. */
struct cv_ip prefixes_some_address(const struct prefixes *b);
/* In a route that was told, or at its edge, or anywhere. */
struct cv_ip prefixes_address_to_ask(const struct prefixes *b);
/* One that is there, or was, or never was. */
struct cv_prefix prefixes_some_route(const struct prefixes *b);
/* As long as those of the Internet are: most are a /24, few are shorter than a /16. */
struct cv_prefix prefixes_of_internet(const struct prefixes *b);

uint32_t prefixes_find(const struct prefixes *b, const struct cv_ip *ip);
/* In both. */
int prefixes_set(struct prefixes *b, const struct cv_prefix *p, uint32_t word);
/* Sets, replaces or clears one; `more` of 8 are set. */
void prefixes_change(struct prefixes *b, unsigned more);
/* Until there are so many. Returns the most memory that they took on their way. */
size_t prefixes_grow(struct prefixes *b, uint32_t count);

/* Of an address: that both say the same. */
void prefixes_check_address(const struct prefixes *b);
/* The list is what the model has, each once, in order, and the tree is no larger than it has to be.
 */
void prefixes_check_list(const struct prefixes *b);

#endif
