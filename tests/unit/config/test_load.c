/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are right: every default, every key of the example, what is found in them. */
#include "harness.h"

#include "base/time.h"

static void
minimal_file_gives_the_defaults(void **state)
{
	struct loaded t;
	const struct cfg *c;

	(void)state;
	load(&t, minimal);
	assert_string_equal(t.text, "");
	c = t.cfg;
	assert_string_equal(c->identity.host_name, "culvert");
	assert_int_equal(c->log.level, CV_LOG_INFO);
	assert_string_equal(c->control.socket, "/run/culvert/control.sock");
	assert_int_equal(c->control.mode, 0660);
	assert_string_equal(c->control.group, "");
	assert_int_equal(c->workers.count, 1);
	assert_int_equal(c->workers.idle, CFG_IDLE_AUTO);
	assert_int_equal(c->workers.hugepages, CFG_HUGEPAGES_AUTO);
	assert_int_equal(c->workers.memory_mib, 0);
	assert_int_equal(c->n_ports, 1);
	assert_int_equal(c->ports[0].mtu, 1500);
	assert_int_equal(c->listeners[0].port, 0);
	assert_int_equal(c->listeners[0].gateway.family, 0);
	assert_int_equal(c->listeners[0].udp_port, 1701);
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minimal_file_gives_the_defaults),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
