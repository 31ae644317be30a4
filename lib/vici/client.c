/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets on the stream, requests in their turn, and what events mean. */
#include "vici/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "vici/message.h"

/* The types of packets. A length of 32 bits is before each; a name follows 0, 3, 4 and 7. */
enum packet {
	COMMAND,
	RESPONSE,
	UNKNOWN_COMMAND,
	REGISTER,
	UNREGISTER,
	CONFIRMED,
	UNKNOWN_EVENT,
	EVENT,
};

enum {
	LENGTH = 4,
	REQUEST_MAX = 3 * VICI_TEXT + 96, /* names, keys and lengths */
};

/* The beginning of each connection, in this order; commands wait behind it. */
static const char *const events[] = {
	"ike-updown", "child-updown", "ike-update", "list-sa", "list-conn"};
enum { EVENTS = sizeof(events) / sizeof(events[0]) };

static const char *const commands[] = {
	[VICI_VERSION] = "version",
	[VICI_INITIATE] = "initiate",
	[VICI_TERMINATE] = "terminate",
	[VICI_LIST_SAS] = "list-sas",
	[VICI_LIST_CONNS] = "list-conns",
};

struct request {
	enum vici_command command;
	bool force;
	char connection[VICI_TEXT], child[VICI_TEXT];
};

struct vici_client {
	uint8_t *in;
	size_t in_len, in_used; /* bytes, and those that were dealt with */
	uint8_t out[REQUEST_MAX];
	size_t out_len, out_used;
	unsigned step; /* events that are registered; EVENTS: version is asked; then commands */
	bool asked;    /* an answer is being waited for */
	bool broken;
	struct request waiting[VICI_WAITING]; /* the first one is the one that was asked */
	unsigned n_waiting;
};

/* ---- requests ---- */

static void
begin_packet(struct cv_writer *w, enum packet type, const char *name)
{
	cv_write_u32(w, 0); /* filled in at the end */
	cv_write_u8(w, (uint8_t)type);
	cv_write_u8(w, (uint8_t)strlen(name));
	cv_write_bytes(w, name, strlen(name));
}

static void
write_command(struct cv_writer *w, const struct request *r)
{
	begin_packet(w, COMMAND, commands[r->command]);
	if (r->child[0] != '\0')
		vici_write_value(w, "child", r->child);
	if (r->connection[0] != '\0')
		vici_write_value(w, "ike", r->connection);
	if (r->command == VICI_INITIATE || r->command == VICI_TERMINATE)
		vici_write_value(w, "timeout", "-1"); /* the answer comes at once */
	if (r->force)
		vici_write_value(w, "force", "yes");
}

/* Writes the next request, if nothing is being waited for; its answer makes room for another. */
static void
ask(struct vici_client *c)
{
	static const struct request version = {.command = VICI_VERSION};
	struct cv_writer w = cv_writer(c->out, sizeof(c->out));
	size_t len;

	if (c->asked || c->broken)
		return;
	if (c->step < EVENTS)
		begin_packet(&w, REGISTER, events[c->step]);
	else if (c->step == EVENTS)
		write_command(&w, &version);
	else if (c->n_waiting != 0)
		write_command(&w, &c->waiting[0]);
	else
		return;
	len = cv_written(&w);
	cv_patch_u16(&w, 2, (uint16_t)(len - LENGTH));
	c->out_len = len;
	c->out_used = 0;
	c->asked = true;
}

static int
queue(struct vici_client *c, enum vici_command command, const char *connection, const char *child,
	bool force)
{
	struct request *r = &c->waiting[c->n_waiting];

	if (c->broken)
		return CV_ERR_STATE;
	if (strlen(connection) >= VICI_TEXT || strlen(child) >= VICI_TEXT)
		return CV_ERR_SPACE;
	if (c->n_waiting == VICI_WAITING)
		return CV_ERR_LIMIT;
	*r = (struct request){.command = command, .force = force};
	memcpy(r->connection, connection, strlen(connection));
	memcpy(r->child, child, strlen(child));
	c->n_waiting++;
	ask(c);
	return 0;
}

int
vici_initiate(struct vici_client *c, const char *connection, const char *child)
{
	return queue(c, VICI_INITIATE, connection, child, false);
}

int
vici_terminate(struct vici_client *c, const char *connection, bool force)
{
	return queue(c, VICI_TERMINATE, connection, "", force);
}

int
vici_list(struct vici_client *c, const char *connection)
{
	return queue(c, VICI_LIST_SAS, connection, "", false);
}

int
vici_list_conns(struct vici_client *c)
{
	return queue(c, VICI_LIST_CONNS, "", "", false);
}

struct cv_bytes
vici_output(const struct vici_client *c)
{
	return (struct cv_bytes){c->out + c->out_used, c->out_len - c->out_used};
}

void
vici_sent(struct vici_client *c, size_t len)
{
	size_t left = c->out_len - c->out_used;

	c->out_used += len < left ? len : left;
}

bool
vici_busy(const struct vici_client *c)
{
	return c->asked;
}

/* ---- SAs ---- */

/* A section of a connection's is named as the child is, one of an SA's for its number, too. */
static void
read_child_conn(const struct vici_element *e, struct vici_child *child)
{
	(void)cv_escape(child->name, sizeof(child->name), e->name.data, e->name.len);
}

static void
read_child(const struct vici_element *e, struct vici_child *child)
{
	struct cv_bytes m = e->value;

	(void)vici_text(m, "name", child->name, sizeof(child->name));
	(void)vici_text(m, "state", child->state, sizeof(child->state));
	(void)vici_text(m, "mode", child->mode, sizeof(child->mode));
	(void)vici_text(m, "protocol", child->protocol, sizeof(child->protocol));
	(void)vici_text(m, "spi-in", child->spi_in, sizeof(child->spi_in));
	(void)vici_text(m, "spi-out", child->spi_out, sizeof(child->spi_out));
	child->encap = vici_yes(m, "encap");
	child->bytes_in = vici_number(m, "bytes-in");
	child->bytes_out = vici_number(m, "bytes-out");
	child->installed_s = vici_number(m, "install-time");
}

static uint16_t
read_port(struct cv_bytes m, const char *name)
{
	uint64_t port = vici_number(m, name);

	return port > UINT16_MAX ? 0 : (uint16_t)port;
}

static void
read_addresses(struct cv_bytes m, struct vici_sa *sa)
{
	(void)vici_text(m, "local-host", sa->local, sizeof(sa->local));
	(void)vici_text(m, "remote-host", sa->remote, sizeof(sa->remote));
	sa->local_port = read_port(m, "local-port");
	sa->remote_port = read_port(m, "remote-port");
}

static void
read_children(struct cv_bytes list, struct vici_sa *sa,
	void read(const struct vici_element *, struct vici_child *))
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct vici_element e;

	while (sa->n_children < VICI_CHILDREN && vici_next(&r, &e))
		if (e.kind == VICI_SECTION)
			read(&e, &sa->children[sa->n_children++]);
}

/* The first section of an event, named after the connection. false: there is none. */
static bool
read_sa(struct cv_bytes m, struct vici_sa *sa)
{
	struct cv_reader r = cv_reader(m.data, m.len);
	struct cv_bytes list;
	struct vici_element e;

	do {
		if (!vici_next(&r, &e))
			return false;
	} while (e.kind != VICI_SECTION);
	(void)cv_escape(sa->name, sizeof(sa->name), e.name.data, e.name.len);
	m = e.value;
	(void)vici_text(m, "state", sa->state, sizeof(sa->state));
	sa->id = vici_number(m, "uniqueid");
	sa->established_s = vici_number(m, "established");
	read_addresses(m, sa);
	if (vici_section(m, "child-sas", &list))
		read_children(list, sa, read_child);
	else if (vici_section(m, "children", &list))
		read_children(list, sa, read_child_conn);
	return true;
}

/* ---- packets ---- */

/* 1: of use; 0: not. */
static int
hear_event(const char *name, struct cv_bytes m, struct vici_event *ev)
{
	static const enum vici_event_type types[EVENTS] = {
		VICI_EV_IKE, VICI_EV_CHILD, VICI_EV_MOVED, VICI_EV_SA, VICI_EV_CONN};
	unsigned i = 0;

	while (i < EVENTS && strcmp(events[i], name) != 0)
		i++;
	if (i == EVENTS || !read_sa(m, &ev->sa))
		return 0;
	ev->type = types[i];
	ev->up = vici_yes(m, "up");
	if (ev->type == VICI_EV_MOVED)
		read_addresses(m, &ev->sa); /* in its section are the old ones */
	return ev->type != VICI_EV_CHILD || ev->sa.n_children != 0;
}

static int
hear_confirmation(struct vici_client *c, enum packet type)
{
	if (!c->asked || c->step >= EVENTS)
		return CV_ERR_MALFORMED;
	if (type == UNKNOWN_EVENT)
		return CV_ERR_UNKNOWN;
	c->asked = false;
	c->step++;
	ask(c);
	return 0;
}

static int
hear_answer(struct vici_client *c, enum packet type, struct cv_bytes m, struct vici_event *ev)
{
	struct cv_bytes success;

	if (!c->asked || c->step < EVENTS)
		return CV_ERR_MALFORMED;
	c->asked = false;
	if (c->step == EVENTS) {
		c->step++;
		ev->type = VICI_EV_READY;
		(void)vici_text(m, "version", ev->text, sizeof(ev->text));
		ask(c);
		return 1;
	}
	ev->type = VICI_EV_ANSWER;
	ev->command = c->waiting[0].command;
	/* lists have no such value in their answers */
	ev->ok =
		type == RESPONSE && (vici_yes(m, "success") || !vici_value(m, "success", &success));
	if (type == UNKNOWN_COMMAND)
		strcpy(ev->text, "unknown-command");
	else
		(void)vici_text(m, "errmsg", ev->text, sizeof(ev->text));
	c->n_waiting--;
	memmove(&c->waiting[0], &c->waiting[1], c->n_waiting * sizeof(c->waiting[0]));
	ask(c);
	return 1;
}

static int
hear_packet(struct vici_client *c, struct cv_bytes packet, struct vici_event *ev)
{
	struct cv_reader r = cv_reader(packet.data, packet.len);
	enum packet type = (enum packet)cv_read_u8(&r);
	struct cv_bytes name = {0}, m;
	char text[VICI_TEXT];
	int rc;

	if (type == EVENT) {
		name.len = cv_read_u8(&r);
		name.data = cv_read_bytes(&r, name.len);
	}
	if (r.failed)
		return CV_ERR_TRUNCATED;
	m = (struct cv_bytes){r.pos, cv_remaining(&r)};
	rc = vici_check(m);
	if (rc != 0)
		return rc;
	switch (type) {
	case EVENT:
		return hear_event(cv_escape(text, sizeof(text), name.data, name.len), m, ev);
	case CONFIRMED:
	case UNKNOWN_EVENT:
		return hear_confirmation(c, type);
	case RESPONSE:
	case UNKNOWN_COMMAND:
		return hear_answer(c, type, m, ev);
	case COMMAND:
	case REGISTER:
	case UNREGISTER:
	default:
		return CV_ERR_MALFORMED;
	}
}

int
vici_input(struct vici_client *c, const uint8_t *data, size_t len)
{
	size_t left = c->in_len - c->in_used;
	uint8_t *grown;

	if (c->broken)
		return CV_ERR_STATE;
	if (left != 0 && c->in_used != 0)
		memmove(c->in, c->in + c->in_used, left);
	c->in_used = 0;
	c->in_len = left;
	if (len == 0)
		return 0;
	grown = realloc(c->in, left + len);
	if (grown == NULL)
		return CV_ERR_NOMEM;
	c->in = grown;
	memcpy(c->in + left, data, len);
	c->in_len += len;
	return 0;
}

int
vici_poll_event(struct vici_client *c, struct vici_event *ev)
{
	int rc = c->broken ? CV_ERR_STATE : 0;

	while (rc == 0 && c->in_len != c->in_used) {
		struct cv_reader r = cv_reader(c->in + c->in_used, c->in_len - c->in_used);
		uint32_t len = cv_read_u32(&r);
		struct cv_bytes packet = {r.pos, len};

		if (r.failed)
			return 0;
		if (len > VICI_PACKET_MAX) {
			rc = CV_ERR_LIMIT;
			break;
		}
		if (cv_remaining(&r) < len)
			return 0;
		memset(ev, 0, sizeof(*ev));
		c->in_used += LENGTH + len;
		rc = hear_packet(c, packet, ev);
	}
	c->broken |= rc < 0;
	return rc;
}

struct vici_client *
vici_client_new(void)
{
	struct vici_client *c = calloc(1, sizeof(*c));

	if (c != NULL)
		ask(c);
	return c;
}

void
vici_client_free(struct vici_client *c)
{
	if (c != NULL)
		free(c->in);
	free(c);
}
