/* SPDX-License-Identifier: BSD-3-Clause */
/* Two snapshots and their difference. */
#ifndef CONFIG_DIFFERENCE_H
#define CONFIG_DIFFERENCE_H

#include "config/private.h"
#include "harness.h"

static struct loaded t, u;
static struct cfg_diff diff;
static char text[64 * 1024];

#define LISTENER(keys) "listeners: [{ " keys " }]\n"
#define GROUP(keys) \
	"groups: [{ name: clients, address: 10.88.0.1, pool: 10.88.1.0/24, " keys " }]\n"

/* All texts of the difference, a line each; no secret of the fake files is among them. */
static inline const char *
told(void)
{
	static char out[256 * 1024];
	static const char *const whats[] = {"added", "removed", "changed"};
	char path[CFG_PATH_TEXT], was[CFG_VALUE_TEXT], is[CFG_VALUE_TEXT];
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < diff.n && used < sizeof(out) - 2048; i++) {
		const struct cfg_change *c = &diff.changes[i];
		const char *old = cfg_change_old(&diff, c, was),
			   *new = cfg_change_new(&diff, c, is);

		used += (size_t)sprintf(out + used, "%s %s %s", whats[c->what],
			cfg_change_path(c, path), cfg_effect_name(c->effect));
		if (c->secret)
			assert_true(old == NULL && new == NULL);
		else if (c->what == CFG_CHANGED)
			used += (size_t)sprintf(out + used, ": %s -> %s", old == NULL ? "" : old,
				new == NULL ? "" : new);
		used += (size_t)sprintf(out + used, "\n");
	}
	assert_null(strstr(out, "hush"));
	return out;
}

static inline void
load_both(const char *old, const char *new)
{
	load(&t, with_rest(text, sizeof(text), old));
	assert_int_equal(t.rc, 0);
	load(&u, with_rest(text, sizeof(text), new));
	assert_int_equal(u.rc, 0);
	assert_int_equal(cfg_continue(u.cfg, t.cfg), 0);
	assert_int_equal(cfg_diff(t.cfg, u.cfg, &diff), 0);
	/* the difference needs no one else to hold them */
	unload(&t);
	unload(&u);
}

static inline void
wants(const char *old, const char *new, const char *lines)
{
	load_both(old, new);
	assert_string_equal(told(), lines);
	cfg_diff_free(&diff);
}

#endif
