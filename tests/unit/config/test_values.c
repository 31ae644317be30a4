/* SPDX-License-Identifier: BSD-3-Clause */
/* Single values that are wrong: each error in full, with its place. */
#include "harness.h"

static const struct bad wrong_keys[] = {
	{"pors: 1\n", "t.yaml:1:1: pors: unknown key; did you mean ports?\n"},
	{"logg: { level: info }\n", "t.yaml:1:1: logg: unknown key; did you mean log?\n"},
	{"zebra: 1\n",
		"t.yaml:1:1: zebra: unknown key; the keys here are identity, log, control, "
		"workers, ports, vlans, listeners, tunnels, ppp, filters, groups, interfaces, "
		"routes, discovery, kernel-tables, users, "
		"users-file, dial, hand-on, limits\n"},
	{"log: { levle: info }\n", "t.yaml:1:8: log.levle: unknown key; did you mean level?\n"},
	{"log: { fortune: info }\n",
		"t.yaml:1:8: log.fortune: unknown key; the keys here are level\n"},
	{"log: { level: info, level: debug }\n",
		"t.yaml:1:21: log.level: given twice; the first is in line 1\n"},
	{"log: {}\n"
	 "log: {}\n",
		"t.yaml:2:1: log: given twice; the first is in line 1\n"},
	{"ports:\n"
	 "  - { name: wan }\n",
		"t.yaml:2:5: ports[0].device: is required: af_packet:INTERFACE, xdp:INTERFACE, "
		"memif:/SOCKET, "
		"pci:ADDRESS or tap:NAME\n"},
	{"ports:\n"
	 "  - {}\n",
		"t.yaml:2:5: ports[0].name: is required: name by which listeners refer to the "
		"port\n"
		"t.yaml:2:5: ports[0].device: is required: af_packet:INTERFACE, xdp:INTERFACE, "
		"memif:/SOCKET, "
		"pci:ADDRESS or tap:NAME\n"},
	{"ports: []\n", "t.yaml:1:8: ports: must have 1 to 16 items, not 0\n"},
	{"tunnels:\n"
	 "  hello: 1s\n",
		"t.yaml:2:3: tunnels.secrets: is required: who may open a tunnel, and with which "
		"secret; the first that fits counts\n"},
	{"tunnels: {}\n", "t.yaml:1:10: tunnels.secrets: is required: who may open a tunnel, and "
			  "with which secret; the first that fits counts\n"},
	{"groups: [{}]\n",
		"t.yaml:1:10: groups[0].name: is required: name by which users refer to the group\n"
		"t.yaml:1:10: groups[0].address: is required: the server's own address inside the "
		"tunnels\n"},
	{"listeners:\n"
	 "  - { udp-port: 9 }\n",
		"t.yaml:2:5: listeners[0].address: is required: own address with its prefix "
		"length, as 192.0.2.1/24 or 2001:db8::1/64\n"},
	{"log: info\n", "t.yaml:1:6: log: must be a mapping of keys to values\n"},
	{"log:\n", "t.yaml:1:1: log: is empty: leave the key out or write its keys below it\n"},
	{"log: [level]\n", "t.yaml:1:6: log: must be a mapping of keys to values\n"},
	{"log: { level: [info] }\n", "t.yaml:1:15: log.level: must be one value, not a list\n"},
	{"log: { level: { a: b } }\n",
		"t.yaml:1:15: log.level: must be one value, not a mapping\n"},
	{"log: { level: }\n",
		"t.yaml:1:8: log.level: has no value: give one or leave the key out\n"},
	{"log: { level: ~ }\n",
		"t.yaml:1:15: log.level: has no value: give one or leave the key out\n"},
	{"ports: wan\n", "t.yaml:1:8: ports: must be a list\n"},
	{"ports: { name: wan }\n", "t.yaml:1:8: ports: must be a list\n"},
	{"ports: [wan]\n", "t.yaml:1:9: ports[0]: must be a mapping of keys to values\n"},
	{"ppp: { auth: pap }\n", "t.yaml:1:14: ppp.auth: must be a list\n"},
};

static const struct bad wrong_values[] = {
	{"workers: { count: 65 }\n", "t.yaml:1:19: workers.count: 65 is out of range: 0 to 64\n"},
	{"workers: { count: -1 }\n",
		"t.yaml:1:19: workers.count: -1 is not a whole number from 0 to 64\n"},
	{"workers: { count: 1.5 }\n",
		"t.yaml:1:19: workers.count: 1.5 is not a whole number from 0 to 64\n"},
	{"workers: { count: two }\n",
		"t.yaml:1:19: workers.count: two is not a whole number from 0 to 64\n"},
	{"workers: { count: \"2\" }\n",
		"t.yaml:1:19: workers.count: must be a number without quotes\n"},
	{"workers: { count: 007 }\n",
		"t.yaml:1:19: workers.count: 007 is not a whole number from 0 to 64\n"},
	{"workers: { count: 99999999999 }\n",
		"t.yaml:1:19: workers.count: 99999999999 is not a whole number from 0 to 64\n"},
	{"workers: { memory: 4294967296 }\n", "t.yaml:1:20: workers.memory: 4294967296 is not a "
					      "whole number from 0 to 1048576\n"},
	{"ports:\n"
	 "  - { name: wan, device: tap:a, mtu: 575 }\n",
		"t.yaml:2:38: ports[0].mtu: 575 is out of range: 576 to 9216\n"},
	{"ports:\n"
	 "  - { name: wan, device: tap:a, mtu: 9217 }\n",
		"t.yaml:2:38: ports[0].mtu: 9217 is out of range: 576 to 9216\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, udp-port: 0 }\n",
		"t.yaml:2:40: listeners[0].udp-port: 0 is out of range: 1 to 65535\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, udp-port: 65536 }\n",
		"t.yaml:2:40: listeners[0].udp-port: 65536 is out of range: 1 to 65535\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, rate-in: 10mbit }\n",
		"t.yaml:2:45: groups[0].rate-in: is not a rate: a rate is a whole number "
		"and kbit, Mbit or Gbit, as 10Mbit, or committed and peak, as 10Mbit/20Mbit\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, shared-rate-out: 2Mbit/1Mbit }\n",
		"t.yaml:2:53: groups[0].shared-rate-out: is not a rate: the peak "
		"rate, behind the /, is below the committed one\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, rate-out: 2Mbit 1kB }\n",
		"t.yaml:2:46: groups[0].rate-out: is not a rate: a burst is from 10kB "
		"to 100MB\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, dscp: 64 }\n",
		"t.yaml:2:42: groups[0].dscp: 64 is no DSCP: copy, a name as ef, af41 or cs6, or a "
		"number from 0 to 63\n"},
	{"limits: { tunnels: 0 }\n",
		"t.yaml:1:20: limits.tunnels: 0 is out of range: 1 to 16776960\n"},
	{"limits: { tunnels: 65536 }\n", "t.yaml:1:20: limits.tunnels: 65536 is out of range: at "
					 "most 65535 for each listener, here 65535\n"},
	{"limits: { sessions: 4000001 }\n",
		"t.yaml:1:21: limits.sessions: 4000001 is out of range: 1 to 4000000\n"},
	{"limits: { sessions-per-tunnel: 65536 }\n",
		"t.yaml:1:32: limits.sessions-per-tunnel: 65536 is out of range: 1 to 65535\n"},
	{"ppp: { mru: 9173 }\n", "t.yaml:1:13: ppp.mru: 9173 is out of range: 576 to 9172\n"},
	{"ppp: { echo-misses: 0 }\n",
		"t.yaml:1:21: ppp.echo-misses: 0 is out of range: 1 to 100\n"},
	{"tunnels:\n"
	 "  receive-window: 1025\n"
	 "  secrets: [{ secret-file: tunnel.secret }]\n",
		"t.yaml:2:19: tunnels.receive-window: 1025 is out of range: 1 to 1024\n"},
	{"workers: { idle: pol }\n", "t.yaml:1:18: workers.idle: pol is not one of auto, poll, "
				     "sleep; did you mean poll?\n"},
	{"workers: { hugepages: yes }\n",
		"t.yaml:1:23: workers.hugepages: yes is not one of auto, never, required\n"},
	{"tunnels:\n"
	 "  hide-avps: yes\n"
	 "  secrets: [{ secret-file: tunnel.secret }]\n",
		"t.yaml:2:14: tunnels.hide-avps: yes is neither true nor false\n"},
	{"tunnels:\n"
	 "  hide-avps: \"true\"\n"
	 "  secrets: [{ secret-file: tunnel.secret }]\n",
		"t.yaml:2:14: tunnels.hide-avps: true is neither true nor false, which are written "
		"without quotes\n"},
	{"ppp: { auth: [] }\n", "t.yaml:1:14: ppp.auth: must have 1 to 3 items, not 0\n"},
	{"ppp: { auth: [pap, eap] }\n", "t.yaml:1:20: ppp.auth[1]: eap is not one of pap, "
					"chap-md5, mschapv2; did you mean pap?\n"},
	{"ppp: { auth: [pap, chap] }\n", "t.yaml:1:20: ppp.auth[1]: chap is not one of pap, "
					 "chap-md5, mschapv2; did you mean chap-md5?\n"},
	{"ppp: { auth: [pap, pap] }\n", "t.yaml:1:20: ppp.auth[1]: pap is already in the list\n"},
	{"ppp: { auth: [pap, pap, chap-md5, mschapv2] }\n",
		"t.yaml:1:14: ppp.auth: must have 1 to 3 items, not 4\n"},
	{"ppp: { echo: 20 }\n",
		"t.yaml:1:14: ppp.echo: 20 has no unit: write 20s, or another of ms, s, m, h\n"},
	{"ppp: { echo: 20x }\n", "t.yaml:1:14: ppp.echo: 20x is not a duration: a whole number and "
				 "ms, s, m or h, as 60s\n"},
	{"ppp: { echo: 1.5s }\n", "t.yaml:1:14: ppp.echo: 1.5s is not a duration: a whole number "
				  "and ms, s, m or h, as 60s\n"},
	{"ppp: { echo: s }\n", "t.yaml:1:14: ppp.echo: s is not a duration: a whole number and ms, "
			       "s, m or h, as 60s\n"},
	{"ppp: { echo: 25h }\n",
		"t.yaml:1:14: ppp.echo: 25h is out of range: 1s to 24h, or 0s for never\n"},
	{"ppp: { echo: 10ms }\n",
		"t.yaml:1:14: ppp.echo: 10ms is out of range: 1s to 24h, or 0s for never\n"},
	{"ppp: { restart: 0s }\n", "t.yaml:1:17: ppp.restart: 0s is out of range: 100ms to 1m\n"},
	{"ppp: { lcp-timeout: 11m }\n",
		"t.yaml:1:21: ppp.lcp-timeout: 11m is out of range: 1s to 10m\n"},
	{"ppp: { echo: 99999999999h }\n", "t.yaml:1:14: ppp.echo: 99999999999h is not a duration: "
					  "a whole number and ms, s, m or h, as 60s\n"},
	{"tunnels:\n"
	 "  retransmit: { first: 2s, max: 1s }\n"
	 "  secrets: [{ secret-file: tunnel.secret }]\n",
		"t.yaml:2:33: tunnels.retransmit.max: is less than first\n"},
	{"tunnels:\n"
	 "  retransmit: { first: 9s }\n"
	 "  secrets: [{ secret-file: tunnel.secret }]\n",
		"t.yaml:2:15: tunnels.retransmit.max: is less than first\n"},
	{"tunnels:\n"
	 "  retransmit: { times: 21, first: 99ms }\n"
	 "  secrets: [{ secret-file: tunnel.secret }]\n",
		"t.yaml:2:24: tunnels.retransmit.times: 21 is out of range: 1 to 20\n"
		"t.yaml:2:35: tunnels.retransmit.first: 99ms is out of range: 100ms to 1m\n"},
	{"identity: { host-name: \"\" }\n",
		"t.yaml:1:24: identity.host-name: must have 1 to 64 characters, not 0\n"},
	{"identity: { host-name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
	 "}\n",
		"t.yaml:1:24: identity.host-name: must have 1 to 64 characters, not 65\n"},
	{"identity: { host-name: caf\303\251 }\n",
		"t.yaml:1:24: identity.host-name: must have printable ASCII characters alone; "
		"character 4 is none\n"},
	{"control: { mode: \"660x\" }\n",
		"t.yaml:1:18: control.mode: 660x is not a mode in octal, as \"0660\"\n"},
	{"control: { mode: \"1777\" }\n",
		"t.yaml:1:18: control.mode: 1777 is not a mode in octal, as \"0660\"\n"},
	{"control: { socket: "
	 "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
	 "sssssssssssssssssss }\n",
		"t.yaml:1:20: control.socket: must have 1 to 107 characters, not 108\n"},
	{"ports:\n"
	 "  - { name: \"wan 1\", device: tap:a }\n",
		"t.yaml:2:13: ports[0].name: must have letters, digits, '.', '_' and '-' alone; "
		"character 4 is none\n"},
};

static void
wrong_keys_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_keys, sizeof(wrong_keys) / sizeof(wrong_keys[0]));
}

static void
wrong_values_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_values, sizeof(wrong_values) / sizeof(wrong_values[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_keys_are_refused),
		cmocka_unit_test(wrong_values_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
