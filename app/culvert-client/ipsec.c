/* SPDX-License-Identifier: BSD-3-Clause */
/* IPsec's state as the client sees it, and what its events mean for that. */
#include "ipsec.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "deputy.h"
#include "events.h"
#include "session.h"

#define STOP_NS (3 * CV_NS_PER_S) /* that strongSwan has to end an SA, whose peer may be gone */

enum {
	TEXT = 448,
	OLD = 16, /* SAs of runs before that are told apart from ours */
};

struct ipsec {
	struct ipsec_params params;
	struct vici_client *vici; /* NULL: not connected */
	int fd;
	struct event *readable, *writable, *timer;
	struct deputy deputy;
	struct event *answered;
	struct ipsec_status status;
	bool stopping, ordered;
	char connection[VICI_TEXT]; /* strongSwan's; "": not known yet */
	uint64_t old[OLD];          /* SAs that were there before ours, and are ended */
	unsigned n_old;
};

static void
set_timer(struct ipsec *i, uint64_t ns)
{
	(void)client_set_timer(i->timer, ns);
}

static void
tell(struct ipsec *i, enum ipsec_event_type type, const char *text)
{
	i->params.tell(i->params.ctx, type, text);
}

static void
up(struct ipsec *i, const char *text)
{
	if (!i->status.up)
		i->status.up_since_ns = client_now();
	i->status.up = true;
	event_del(i->timer);
	tell(i, IPSEC_UP, text);
}

static void
gone(struct ipsec *i, enum ipsec_event_type type, const char *text)
{
	i->status.up = i->status.wanted = i->status.has_sa = false;
	event_del(i->timer);
	if (i->stopping) {
		i->stopping = false;
		type = IPSEC_ENDED;
	}
	tell(i, type, text);
}

/* ---- strongSwan ---- */

static void
leave(struct ipsec *i)
{
	if (i->readable != NULL)
		event_free(i->readable);
	if (i->writable != NULL)
		event_free(i->writable);
	i->readable = i->writable = NULL;
	if (i->fd >= 0)
		close(i->fd);
	i->fd = -1;
	vici_client_free(i->vici);
	i->vici = NULL;
}

static void
broken(struct ipsec *i, const char *why)
{
	char text[TEXT];

	snprintf(text, sizeof(text), "strongSwan: %s: %s", i->params.cfg->socket, why);
	leave(i);
	gone(i, i->status.up ? IPSEC_DOWN : IPSEC_FAILED, text);
}

static void
put(struct ipsec *i)
{
	struct cv_bytes out = vici_output(i->vici);
	ssize_t n = out.len == 0 ? 0 : send(i->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		vici_sent(i->vici, (size_t)n);
	/* an error shows in reading, too */
	if (n < 0 && errno == EAGAIN)
		event_add(i->writable, NULL);
}

static bool
is_ours(const struct ipsec *i, const struct vici_sa *sa)
{
	for (unsigned k = 0; k < i->n_old; k++)
		if (i->old[k] == sa->id)
			return false;
	return strcmp(sa->name, i->connection) == 0;
}

/* The CHILD_SA of ours among an SA's; the newest is the last. */
static const struct vici_child *
child_of(const struct ipsec *i, const struct vici_sa *sa)
{
	for (unsigned n = sa->n_children; is_ours(i, sa) && n > 0; n--)
		if (strcmp(sa->children[n - 1].name, i->params.cfg->child) == 0)
			return &sa->children[n - 1];
	return NULL;
}

static void
keep(struct ipsec *i, const struct vici_sa *sa, const struct vici_child *child)
{
	struct vici_child first = *child;

	i->status.sa = *sa;
	i->status.sa.children[0] = first;
	i->status.sa.n_children = 1;
	i->status.has_sa = true;
}

/* An IKE_SA in whose place there is another one by now: strongSwan counts them up. */
static bool
replaced(const struct ipsec *i, const struct vici_sa *sa)
{
	return i->status.up && i->status.has_sa && sa->id < i->status.sa.id;
}

static void
hear_child(struct ipsec *i, const struct vici_event *ev)
{
	const struct vici_child *child = child_of(i, &ev->sa);
	char text[TEXT];

	if (child == NULL)
		return;
	if (!ev->up) {
		if (i->status.up && !replaced(i, &ev->sa))
			gone(i, IPSEC_DOWN, "strongSwan says that the CHILD_SA is gone");
		return;
	}
	keep(i, &ev->sa, child);
	snprintf(text, sizeof(text), "%s: %s - %s, %s %s%s", child->name, ev->sa.local,
		ev->sa.remote, child->protocol, child->mode, child->encap ? " in UDP" : "");
	i->status.wanted = true;
	up(i, text);
}

static void
hear_ike(struct ipsec *i, const struct vici_event *ev)
{
	if (ev->up || !is_ours(i, &ev->sa) || replaced(i, &ev->sa))
		return;
	if (i->status.up)
		gone(i, IPSEC_DOWN, "strongSwan says that the IKE_SA is gone");
	else if (i->stopping)
		gone(i, IPSEC_ENDED, "");
	else if (i->status.wanted)
		gone(i, IPSEC_FAILED, "the gateway has refused, or strongSwan has given it up");
}

/* An SA of a run before has the addresses of its time, and what is half up, of one that failed,
 * strongSwan would go on with. So all of the connection's end first. */
static void
begin(struct ipsec *i)
{
	int rc;

	i->n_old = 0;
	rc = vici_list(i->vici, i->connection);
	if (rc == 0)
		rc = vici_terminate(i->vici, i->connection, true);
	if (rc == 0)
		rc = vici_initiate(i->vici, i->connection, i->params.cfg->child);
	if (rc != 0)
		broken(i, cv_strerror(rc));
}

static void
hear_answer(struct ipsec *i, const struct vici_event *ev)
{
	char text[TEXT];

	if (ev->command == VICI_LIST_CONNS && i->connection[0] != '\0') {
		begin(i);
		return;
	}
	snprintf(text, sizeof(text), "strongSwan: %s",
		ev->command == VICI_LIST_CONNS ? "no connection has the child" : ev->text);
	if (ev->command == VICI_LIST_CONNS ||
		(ev->command == VICI_INITIATE && !ev->ok && !i->status.up))
		gone(i, IPSEC_FAILED, text);
	if (ev->command == VICI_TERMINATE && !ev->ok && i->stopping)
		gone(i, IPSEC_ENDED, text);
}

static bool
has_child(const struct vici_sa *sa, const char *name)
{
	for (unsigned n = 0; n < sa->n_children; n++)
		if (strcmp(sa->children[n].name, name) == 0)
			return true;
	return false;
}

static void
hear_sa(struct ipsec *i, const struct vici_sa *sa)
{
	const struct vici_child *child = child_of(i, sa);

	if (i->status.up && child != NULL && !replaced(i, sa))
		keep(i, sa, child);
	else if (!i->status.up && i->n_old < OLD)
		i->old[i->n_old++] = sa->id;
}

static void
hear(struct ipsec *i, const struct vici_event *ev)
{
	char text[TEXT];

	switch (ev->type) {
	case VICI_EV_READY:
		cv_log_event(i->params.log, CV_LOG_DEBUG, "strongswan", "version=%s", ev->text);
		break;
	case VICI_EV_ANSWER:
		hear_answer(i, ev);
		break;
	case VICI_EV_SA:
		hear_sa(i, &ev->sa);
		break;
	case VICI_EV_CONN:
		if (i->connection[0] == '\0' && has_child(&ev->sa, i->params.cfg->child))
			memcpy(i->connection, ev->sa.name, sizeof(i->connection));
		break;
	case VICI_EV_IKE:
		hear_ike(i, ev);
		break;
	case VICI_EV_CHILD:
		hear_child(i, ev);
		break;
	case VICI_EV_MOVED:
		if (!i->status.has_sa || ev->sa.id != i->status.sa.id)
			break;
		memcpy(i->status.sa.local, ev->sa.local, sizeof(ev->sa.local));
		memcpy(i->status.sa.remote, ev->sa.remote, sizeof(ev->sa.remote));
		i->status.sa.local_port = ev->sa.local_port;
		i->status.sa.remote_port = ev->sa.remote_port;
		snprintf(text, sizeof(text), "%s - %s", ev->sa.local, ev->sa.remote);
		tell(i, IPSEC_MOVED, text);
		break;
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct ipsec *i = ctx;
	struct vici_event ev;
	uint8_t buf[16384];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	int rc;

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		broken(i, n == 0 ? "it has closed the connection" : strerror(errno));
		return;
	}
	rc = vici_input(i->vici, buf, (size_t)n);
	while (rc == 0 && (rc = vici_poll_event(i->vici, &ev)) == 1) {
		hear(i, &ev);
		rc = 0;
	}
	if (rc < 0)
		broken(i, cv_strerror(rc));
	else
		put(i);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	put(ctx);
}

static int
reach(struct ipsec *i)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (i->vici != NULL)
		return 0;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", i->params.cfg->socket);
	i->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (i->fd < 0 || connect(i->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		goto fail;
	i->vici = vici_client_new();
	i->readable = event_new(i->params.base, i->fd, EV_READ | EV_PERSIST, on_readable, i);
	i->writable = event_new(i->params.base, i->fd, EV_WRITE, on_writable, i);
	if (i->vici == NULL || i->readable == NULL || i->writable == NULL) {
		errno = ENOMEM;
		goto fail;
	}
	event_add(i->readable, NULL);
	put(i);
	return 0;
fail:
	leave(i);
	return -1;
}

static void
start_strongswan(struct ipsec *i)
{
	if (reach(i) != 0) {
		i->status.barred = errno == EACCES;
		broken(i, strerror(errno));
		return;
	}
	if (i->connection[0] != '\0')
		begin(i);
	else if (vici_list_conns(i->vici) != 0)
		broken(i, "too much waits");
	if (i->vici != NULL)
		put(i);
}

/* What is half up is asked for no longer. */
static void
give_up(struct ipsec *i)
{
	if (i->vici != NULL && i->connection[0] != '\0' &&
		vici_terminate(i->vici, i->connection, true) == 0)
		put(i);
}

/* ---- a command ---- */

static void
on_answer(evutil_socket_t fd, short what, void *ctx)
{
	struct ipsec *i = ctx;
	int answer = deputy_answer(&i->deputy);
	char text[TEXT];

	(void)fd;
	(void)what;
	if (answer == DEPUTY_GONE)
		event_del(i->answered);
	i->ordered = false;
	snprintf(text, sizeof(text),
		answer == 0                ? "%s has ended with 0"
		: answer == DEPUTY_TIMEOUT ? "%s was not done in time, and was killed"
		: answer == DEPUTY_NOT_RUN ? "%s has crashed, or could not be run"
		: answer == DEPUTY_GONE    ? "%s: who was to run it is gone"
					   : "%s has ended with an error",
		i->params.cfg->up[0]);
	if (i->stopping)
		gone(i, IPSEC_ENDED, text);
	else if (answer == 0)
		up(i, text);
	else
		gone(i, IPSEC_FAILED, text);
}

static void
start_command(struct ipsec *i)
{
	if (i->ordered)
		return;
	i->ordered = deputy_order(&i->deputy, DEPUTY_UP, "") == 0;
	if (!i->ordered)
		gone(i, IPSEC_FAILED, "who was to run the command is gone");
}

/* ---- all of them ---- */

static void
late(struct ipsec *i)
{
	give_up(i);
	gone(i, IPSEC_FAILED, "not up in its time: the gateway does not answer");
}

/* Late for whatever was asked of it. */
static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct ipsec *i = ctx;

	(void)fd;
	(void)what;
	if (i->stopping)
		gone(i, IPSEC_ENDED, "");
	else if (!i->status.up)
		late(i);
}

void
ipsec_start(struct ipsec *i)
{
	const struct cfg_ipsec *cfg = i->params.cfg;

	if (i->status.up || i->status.wanted || i->stopping)
		return;
	i->status.wanted = true;
	if (cfg->start == CFG_IPSEC_NONE) {
		up(i, "nobody is asked to start it");
		return;
	}
	set_timer(i, cfg->timeout_ns + (cfg->start == CFG_IPSEC_COMMAND ? CV_NS_PER_S : 0));
	if (cfg->start == CFG_IPSEC_STRONGSWAN)
		start_strongswan(i);
	else
		start_command(i);
}

void
ipsec_stop(struct ipsec *i)
{
	const struct cfg_ipsec *cfg = i->params.cfg;

	if (i->stopping)
		return;
	i->stopping = true;
	set_timer(i, STOP_NS);
	if (!i->status.wanted && !i->status.up) {
		give_up(i);
		set_timer(i, 0);
	} else if (cfg->start == CFG_IPSEC_STRONGSWAN && i->vici != NULL &&
		   i->connection[0] != '\0' &&
		   vici_terminate(i->vici, i->connection, !i->status.up) == 0) {
		put(i);
	} else if (cfg->start == CFG_IPSEC_COMMAND &&
		   deputy_order(&i->deputy, DEPUTY_DOWN, "") == 0) {
		i->ordered = true;
		set_timer(i, cfg->timeout_ns + CV_NS_PER_S);
	} else {
		set_timer(i, 0);
	}
}

void
ipsec_look(struct ipsec *i)
{
	if (i->vici == NULL || !i->status.up || vici_busy(i->vici))
		return;
	if (vici_list(i->vici, i->connection) == 0)
		put(i);
}

void
ipsec_status(const struct ipsec *i, struct ipsec_status *out)
{
	*out = i->status;
}

struct ipsec *
ipsec_new(const struct ipsec_params *p)
{
	const struct deputy_params deputy = {.ipsec = p->cfg};
	struct ipsec *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->params = *p;
	i->fd = i->deputy.fd = -1;
	if (p->cfg->connection != NULL && strlen(p->cfg->connection) < sizeof(i->connection))
		strcpy(i->connection, p->cfg->connection);
	i->timer = evtimer_new(p->base, on_timer, i);
	if (i->timer == NULL)
		goto fail;
	if (p->cfg->start == CFG_IPSEC_STRONGSWAN && reach(i) != 0)
		goto fail;
	if (p->cfg->start == CFG_IPSEC_COMMAND) {
		if (deputy_start(&i->deputy, &deputy) != 0)
			goto fail;
		i->answered = event_new(p->base, i->deputy.fd, EV_READ | EV_PERSIST, on_answer, i);
		if (i->answered == NULL)
			goto fail;
		event_add(i->answered, NULL);
	}
	return i;
fail:
	ipsec_free(i);
	return NULL;
}

void
ipsec_free(struct ipsec *i)
{
	int error = errno;

	if (i == NULL)
		return;
	leave(i);
	if (i->answered != NULL)
		event_free(i->answered);
	deputy_end(&i->deputy);
	if (i->timer != NULL)
		event_free(i->timer);
	free(i);
	errno = error;
}
