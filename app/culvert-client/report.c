/* SPDX-License-Identifier: BSD-3-Clause */
/* What runs says of itself, and how people see it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

static const char *const states[] = {[RUN_SEEKING] = "seeking",
	[RUN_DIALLING] = "dialling",
	[RUN_RELAY] = "up",
	[RUN_WAITING] = "waiting",
	[RUN_DIRECT] = "up",
	[RUN_STOPPING] = "stopping"};

static json_t *
seconds_since(uint64_t then)
{
	return then == 0 ? json_null()
			 : json_integer((json_int_t)((client_now() - then) / CV_NS_PER_S));
}

static json_t *
ip_json(const struct cv_ip *ip)
{
	char text[CV_IP_TEXT];

	return ip->family == 0 ? json_null() : json_string(cv_ip_text(ip, text));
}

static json_t *
endpoint_json(const struct cv_endpoint *ep)
{
	char text[CV_ENDPOINT_TEXT];

	return ep->ip.family == 0 ? json_null() : json_string(cv_endpoint_text(ep, text));
}

static json_t *
count_json(uint64_t packets, uint64_t bytes, uint64_t dropped)
{
	return json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)packets, "bytes",
		(json_int_t)bytes, "dropped", (json_int_t)dropped);
}

static json_t *
known_seconds(uint64_t ns)
{
	return ns == 0 ? json_null() : json_integer((json_int_t)(ns / CV_NS_PER_S));
}

/* By the names that discover has for the same. */
static void
add_mapping(const struct run *r, const struct session_status *st, json_t *o)
{
	const struct cv_endpoint *seen = &r->seen_as;

	json_object_set_new(o, "local", endpoint_json(&st->local));
	json_object_set_new(o, "seen", endpoint_json(seen));
	json_object_set_new(o, "nat",
		seen->ip.family == 0 ? json_null()
				     : json_boolean(!cv_endpoint_equal(seen, &st->local)));
	json_object_set_new(o, "mapping_alive_s", known_seconds(r->alive_ns));
	json_object_set_new(o, "mapping_dead_s", known_seconds(r->dead_ns));
	json_object_set_new(
		o, "keep_s", json_real((double)session_silence(r->session) / CV_NS_PER_S));
}

static void
add_tunnel(const struct run *r, json_t *o)
{
	struct session_status st;
	json_t *dns = json_array();

	session_status(r->session, &st);
	json_object_set_new(o, "lns", endpoint_json(&st.lns));
	json_object_set_new(o, "rtt_ms",
		st.rtt_ns == 0 ? json_null() : json_real((double)st.rtt_ns / CV_NS_PER_MS));
	json_object_set_new(o, "heard_s", seconds_since(st.heard_ns));
	add_mapping(r, &st, o);
	json_object_set_new(o, "moves", json_integer((json_int_t)st.moves));
	if (r->state != RUN_RELAY)
		goto out;
	json_object_set_new(o, "address", ip_json(&st.relay));
	json_object_set_new(o, "peer", ip_json(&st.peer));
	json_object_set_new(o, "address6", ip_json(&st.relay6));
	json_object_set_new(o, "link6", ip_json(&st.link6));
	json_object_set_new(o, "peer6", ip_json(&st.peer6));
	for (unsigned i = 0; i < 4; i++) {
		const struct cv_ip *server = i < 2 ? &st.dns[i] : &st.dns6[i - 2];

		if (server->family != 0)
			json_array_append_new(dns, ip_json(server));
	}
	json_object_set(o, "dns", dns);
	json_object_set_new(o, "interface", json_string(r->tun.name));
	json_object_set_new(o, "mtu", json_integer(st.mtu));
	json_object_set_new(o, "up_s", seconds_since(st.up_since_ns));
	json_object_set_new(o, "received", count_json(st.rx_packets, st.rx_bytes, st.rx_dropped));
	json_object_set_new(o, "sent", count_json(st.tx_packets, st.tx_bytes, st.tx_dropped));
out:
	json_decref(dns);
}

static json_t *
ipsec_json(const struct run *r)
{
	static const char *const starts[] = {"none", "strongswan", "command"};
	const struct vici_child *child;
	struct ipsec_status st;
	json_t *o;

	ipsec_status(r->ipsec, &st);
	o = json_pack("{s:s, s:b, s:o}", "start", starts[r->c->ipsec.start], "up", st.up, "up_s",
		st.up ? seconds_since(st.up_since_ns) : json_null());
	if (!st.has_sa)
		return o;
	child = &st.sa.children[0];
	json_object_set_new(o, "sa",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:I, s:I}", "connection",
			st.sa.name, "child", child->name, "local", st.sa.local, "remote",
			st.sa.remote, "protocol", child->protocol, "mode", child->mode, "encap",
			child->encap, "spi_in", child->spi_in, "spi_out", child->spi_out,
			"bytes_in", (json_int_t)child->bytes_in, "bytes_out",
			(json_int_t)child->bytes_out));
	return o;
}

static json_t *
status_json(const struct run *r)
{
	json_t *o = json_pack("{s:s, s:i, s:s?, s:s, s:s, s:s, s:o, s:i}", "name", r->c->name,
		"pid", (int)getpid(), "gateway", r->c->gateway.text, "state", states[r->state],
		"way", r->state == RUN_DIRECT || move_is_direct(r) ? "direct" : "relay", "reason",
		r->reason, "running_s", seconds_since(r->begun_ns), "dials", (int)r->dials);

	if (r->session != NULL)
		add_tunnel(r, o);
	json_object_set_new(o, "ipsec", ipsec_json(r));
	json_object_set_new(
		o, "failure", r->failure[0] == '\0' ? json_null() : json_string(r->failure));
	return o;
}

json_t *
report_answer(void *ctx, const char *command, json_t *arguments, struct control_error *error)
{
	struct run *r = ctx;

	(void)arguments;
	if (strcmp(command, "status") == 0)
		return status_json(r);
	if (strcmp(command, "look") == 0) {
		ipsec_look(r->ipsec);
		hold_look(r);
		return json_true();
	}
	if (strcmp(command, "down") == 0) {
		run_stop(r);
		return json_true();
	}
	control_fail(error, CONTROL_USAGE, "no such command");
	return NULL;
}

/* ---- for people ---- */

static void
print_texts(const json_t *o, const char *const *keys)
{
	for (; *keys != NULL; keys += 2) {
		const json_t *v = json_object_get(o, keys[0]);

		if (json_is_string(v) && json_string_length(v) != 0)
			printf("  %-10s %s\n", keys[1], json_string_value(v));
		else if (json_is_integer(v))
			printf("  %-10s %" JSON_INTEGER_FORMAT "\n", keys[1],
				json_integer_value(v));
	}
}

static void
print_count(const json_t *o, const char *key)
{
	const json_t *count = json_object_get(o, key);

	if (count != NULL)
		printf("  %-10s %" JSON_INTEGER_FORMAT " bytes in %" JSON_INTEGER_FORMAT
		       " packets, %" JSON_INTEGER_FORMAT " dropped\n",
			key, json_integer_value(json_object_get(count, "bytes")),
			json_integer_value(json_object_get(count, "packets")),
			json_integer_value(json_object_get(count, "dropped")));
}

static json_int_t
number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text == NULL ? "?" : text;
}

static void
print_ipsec(const json_t *o)
{
	const json_t *sa = json_object_get(o, "sa"), *since = json_object_get(o, "up_s");

	printf("  %-10s %s", "IPsec", json_is_true(json_object_get(o, "up")) ? "up" : "not up");
	if (json_is_integer(since))
		printf(" for %" JSON_INTEGER_FORMAT " s", json_integer_value(since));
	if (sa != NULL)
		printf(": %s %s - %s, %s %s%s, %" JSON_INTEGER_FORMAT
		       " bytes in, %" JSON_INTEGER_FORMAT " out",
			text_of(sa, "child"), text_of(sa, "local"), text_of(sa, "remote"),
			text_of(sa, "protocol"), text_of(sa, "mode"),
			json_is_true(json_object_get(sa, "encap")) ? " in UDP" : "",
			json_integer_value(json_object_get(sa, "bytes_in")),
			json_integer_value(json_object_get(sa, "bytes_out")));
	putchar('\n');
}

/* As the LNS sees us, and what keeps it so. */
static void
print_mapping(const json_t *o)
{
	const json_t *seen = json_object_get(o, "seen"), *keep = json_object_get(o, "keep_s");
	json_int_t alive = number_of(o, "mapping_alive_s"), dead = number_of(o, "mapping_dead_s");

	if (keep == NULL)
		return;
	if (json_is_string(seen))
		printf("  %-10s %s, %s", "mapping", json_string_value(seen),
			json_is_true(json_object_get(o, "nat")) ? "by a NAT" : "no NAT");
	else
		printf("  %-10s not known: the LNS does not answer STUN", "mapping");
	if (alive != 0)
		printf(", outlives %" JSON_INTEGER_FORMAT " s of silence", alive);
	if (dead != 0)
		printf(", does not outlive %" JSON_INTEGER_FORMAT " s", dead);
	printf("; something is said every %.1f s\n", json_real_value(keep));
}

void
report_print(const json_t *status)
{
	static const char *const keys[] = {"reason", "why", "lns", "LNS", "local", "from",
		"interface", "interface", "address", "address", "address6", "address", "mtu", "MTU",
		NULL};
	static const char *const end[] = {"failure", "trouble", NULL};
	const json_t *rtt = json_object_get(status, "rtt_ms");
	const json_t *since = json_object_get(status, "up_s");

	printf("%s: %s, %s way", text_of(status, "name"), text_of(status, "state"),
		text_of(status, "way"));
	if (json_is_integer(since))
		printf(", for %" JSON_INTEGER_FORMAT " s", json_integer_value(since));
	putchar('\n');
	print_texts(status, keys);
	if (json_is_real(rtt))
		printf("  %-10s %.1f ms\n", "RTT", json_real_value(rtt));
	print_mapping(status);
	print_count(status, "received");
	print_count(status, "sent");
	print_ipsec(json_object_get(status, "ipsec"));
	print_texts(status, end);
}
