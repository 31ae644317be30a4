/* SPDX-License-Identifier: BSD-3-Clause */
/* The schema is JSON and names every key. */
#include "harness.h"

#include <jansson.h>

#include "config/schema.h"

static json_t *
schema_json(void)
{
	static char text[CFG_SCHEMA_BYTES];
	json_error_t error;
	int len = cfg_schema(text, sizeof(text));
	json_t *json;

	assert_true(len > 0);
	assert_int_equal(strlen(text), (size_t)len);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	return json;
}

/* The schema below a path of keys; "[]" goes to a list's items. */
static json_t *
at(json_t *schema, const char *path)
{
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strtok_r(copy, ".", &save); key != NULL;
		key = strtok_r(NULL, ".", &save)) {
		schema = strcmp(key, "[]") == 0
				 ? json_object_get(schema, "items")
				 : json_object_get(json_object_get(schema, "properties"), key);
		if (schema == NULL)
			fail_msg("%s: no %s", path, key);
	}
	return schema;
}

static void
every_key_is_named(void **state)
{
	static const char *const paths[] = {"identity.host-name", "log.level", "control.socket",
		"control.mode", "control.group", "workers.count", "workers.idle",
		"workers.hugepages", "workers.memory", "ports.[].name", "ports.[].device",
		"ports.[].mtu", "ports.[].rx-descriptors", "ports.[].tx-descriptors",
		"vlans.[].name", "vlans.[].port", "vlans.[].vlan", "vlans.[].outer",
		"vlans.[].tpid", "vlans.[].mtu", "listeners.[].port", "listeners.[].address",
		"listeners.[].gateway", "listeners.[].gateway-mac", "listeners.[].udp-port",
		"tunnels.hello", "tunnels.retransmit.first", "tunnels.retransmit.max",
		"tunnels.retransmit.times", "tunnels.receive-window", "tunnels.hide-avps",
		"tunnels.secrets.[].peer", "tunnels.secrets.[].host", "tunnels.secrets.[].listener",
		"tunnels.secrets.[].secret-file", "tunnels.secrets.[].secret", "ppp.auth",
		"ppp.mru", "ppp.echo", "ppp.echo-misses", "ppp.restart", "ppp.max-configure",
		"ppp.max-terminate", "ppp.max-failure", "ppp.lcp-timeout", "ppp.auth-timeout",
		"ppp.ipcp-timeout", "ppp.rechallenge", "groups.[].name", "groups.[].realm",
		"groups.[].address", "groups.[].pool", "groups.[].auth", "groups.[].dns",
		"groups.[].wins", "groups.[].pool6", "groups.[].address6", "groups.[].delegate",
		"groups.[].delegate-length", "groups.[].dns6", "groups.[].mtu",
		"groups.[].user-sessions", "groups.[].policy", "groups.[].gateways",
		"groups.[].filter", "filters.[].name", "filters.[].policy", "filters.[].gateways",
		"groups.[].clients", "groups.[].dscp", "groups.[].rate-in", "groups.[].rate-out",
		"groups.[].shared-rate-in", "groups.[].shared-rate-out", "users.[].rate-in",
		"users.[].rate-out", "users.[].name", "users.[].password-file", "users.[].group",
		"users.[].address", "users.[].prefix6", "users.[].delegated", "users.[].routes",
		"users-file", "limits.tunnels", "limits.tunnels-per-peer", "limits.half-open",
		"limits.setups-per-second", "limits.sessions", "limits.sessions-per-tunnel"};
	json_t *schema = schema_json();

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_non_null(json_object_get(at(schema, paths[i]), "description"));
	json_decref(schema);
}

static void
wants(json_t *schema, const char *path, const char *member, const char *json)
{
	json_t *value = json_object_get(at(schema, path), member);
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	assert_non_null(text);
	assert_string_equal(text, json);
	free(text);
}

static void
rows_become_members(void **state)
{
	json_t *schema = schema_json();

	(void)state;
	wants(schema, "", "required", "[\"ports\",\"listeners\",\"tunnels\",\"groups\"]");
	wants(schema, "", "additionalProperties", "false");
	wants(schema, "tunnels", "required", "[\"secrets\"]");
	wants(schema, "ports.[].mtu", "minimum", "576");
	wants(schema, "ports.[].mtu", "maximum", "9216");
	wants(schema, "ports.[].mtu", "default", "1500");
	wants(schema, "ports", "minItems", "1");
	wants(schema, "ppp.auth", "default", "[\"mschapv2\",\"chap-md5\"]");
	wants(schema, "ppp.auth", "uniqueItems", "true");
	wants(schema, "ppp.auth.[]", "enum", "[\"pap\",\"chap-md5\",\"mschapv2\"]");
	wants(schema, "control.group", "default", "\"\"");
	wants(schema, "tunnels.hide-avps", "default", "false");
	wants(schema, "identity.host-name", "maxLength", "64");
	wants(schema, "users.[].password", "not", "{}");
	json_decref(schema);
}

static void
a_small_buffer_is_refused(void **state)
{
	static char text[CFG_SCHEMA_BYTES];
	int len = cfg_schema(text, sizeof(text));

	(void)state;
	for (size_t capacity = 0; capacity <= (size_t)len; capacity++) {
		char *small = malloc(capacity + 1);

		assert_non_null(small);
		assert_int_equal(cfg_schema(small, capacity), CV_ERR_SPACE);
		free(small);
	}
	assert_int_equal(cfg_schema(text, (size_t)len + 1), len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_named),
		cmocka_unit_test(rows_become_members),
		cmocka_unit_test(a_small_buffer_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
