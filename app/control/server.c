/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's end of the control socket. A connection that asks nothing, asks too much or does
 * not read its answer costs a bounded buffer for a bounded time. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/control.h"

struct connection {
	struct connection *next, **link;
	struct control_server *server;
	struct bufferevent *bev;
};

struct control_server {
	struct evconnlistener *listener;
	struct event_base *base;
	control_handler *handler;
	void *ctx;
	struct connection *connections; /* the newest first */
	unsigned count;
	uint64_t longest_ns; /* of CPU time that an answer has taken */
	struct sockaddr_un address;
};

static void
close_connection(struct connection *c)
{
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	c->server->count--;
	bufferevent_free(c->bev);
	free(c);
}

/* The answer is gone. */
static void
on_written(struct bufferevent *bev, void *ctx)
{
	(void)bev;
	close_connection(ctx);
}

static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	(void)bev;
	(void)what; /* end, error or timeout: all end it */
	close_connection(ctx);
}

static json_t *
serve(struct control_server *s, const char *line, size_t len, struct control_error *error)
{
	json_error_t parse_error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &parse_error);
	json_t *arguments = json_object_get(request, "arguments");
	const char *command = json_string_value(json_object_get(request, "command"));
	json_t *result = NULL;

	if (command == NULL || (arguments != NULL && !json_is_object(arguments)))
		control_fail(
			error, CONTROL_USAGE, "a request is {\"command\": ..., \"arguments\": {}}");
	else
		result = s->handler(s->ctx, command, arguments, error);
	json_decref(request);
	return result;
}

static uint64_t
cpu_ns(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
control_server_longest_ns(const struct control_server *s)
{
	return s->longest_ns;
}

static void
answer(struct connection *c, const char *line, size_t len)
{
	uint64_t took, start = cpu_ns();
	struct control_error error = {.code = CONTROL_FAILED, .message = "out of memory"};
	json_t *result = serve(c->server, line, len, &error), *reply;
	char *text;

	if (result != NULL)
		reply = json_pack("{s:o}", "result", result);
	else
		reply = json_pack("{s:{s:s, s:s}}", "error", "code", control_code_name(error.code),
			"message", error.message);
	text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	bufferevent_disable(c->bev, EV_READ);
	bufferevent_setcb(c->bev, NULL, on_written, on_event, c);
	if (text != NULL)
		bufferevent_write(c->bev, text, strlen(text));
	bufferevent_write(c->bev, "\n", 1);
	free(text);
	took = cpu_ns() - start;
	if (took > c->server->longest_ns)
		c->server->longest_ns = took;
	/* whatever else the loop's owner does comes before the next answer, to anybody */
	event_base_loopbreak(c->server->base);
}

static void
on_read(struct bufferevent *bev, void *ctx)
{
	struct connection *c = ctx;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

	if (line != NULL) {
		answer(c, line, len);
		free(line);
	} else if (evbuffer_get_length(in) >= CONTROL_REQUEST_MAX) {
		close_connection(c);
	}
}

/* Whoever says nothing or does not read keeps nobody out: the oldest makes room. */
static void
close_oldest(struct control_server *s)
{
	struct connection *c = s->connections;

	while (c->next != NULL)
		c = c->next;
	close_connection(c);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
	void *ctx)
{
	static const struct timeval timeout = {.tv_sec = CONTROL_TIMEOUT_S};
	struct control_server *s = ctx;
	struct connection *c = calloc(1, sizeof(*c));

	(void)listener;
	(void)address;
	(void)len;
	if (s->count == CONTROL_CONNECTIONS_MAX)
		close_oldest(s);
	if (c != NULL)
		c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c == NULL || c->bev == NULL) {
		free(c);
		close(fd);
		return;
	}
	c->server = s;
	c->next = s->connections;
	c->link = &s->connections;
	if (c->next != NULL)
		c->next->link = &c->next;
	s->connections = c;
	s->count++;
	bufferevent_setcb(c->bev, on_read, NULL, on_event, c);
	bufferevent_set_timeouts(c->bev, &timeout, &timeout);
	bufferevent_setwatermark(c->bev, EV_READ, 0, CONTROL_REQUEST_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Whether somebody serves the socket that is there. */
static bool
in_use(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool used = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	if (fd >= 0)
		close(fd);
	return used;
}

static void
make_folder(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];

	snprintf(copy, sizeof(copy), "%s", path);
	(void)mkdir(dirname(copy), 0755); /* bind says what is wrong if this does not help */
}

static int
bind_socket(const struct sockaddr_un *address, mode_t mode, gid_t group, char *err, size_t err_len)
{
	const char *path = address->sun_path;
	struct stat st;
	mode_t old;
	int fd, rc;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		snprintf(err, err_len, "control.socket: %s is there and is no socket", path);
		return -1;
	}
	if (in_use(address)) {
		snprintf(err, err_len, "control.socket: another culvertd serves %s", path);
		return -1;
	}
	make_folder(path);
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	old = umask(0777); /* nobody connects before owner and mode are right */
	rc = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)address, sizeof(*address));
	umask(old);
	if (rc == 0 && chown(path, (uid_t)-1, group) == 0 && chmod(path, mode) == 0)
		return fd;
	snprintf(err, err_len, "control.socket: %s: %s", path, strerror(errno));
	if (rc == 0)
		(void)unlink(path);
	if (fd >= 0)
		close(fd);
	return -1;
}

struct control_server *
control_server_new(struct event_base *base, const char *path, mode_t mode, gid_t group,
	control_handler *handler, void *ctx, char *err, size_t err_len)
{
	struct control_server *s = calloc(1, sizeof(*s));
	int fd;

	if (s == NULL || strlen(path) >= sizeof(s->address.sun_path)) {
		snprintf(err, err_len, "control.socket: %s",
			s == NULL ? "out of memory" : "path too long");
		free(s);
		return NULL;
	}
	s->base = base;
	s->handler = handler;
	s->ctx = ctx;
	s->address.sun_family = AF_UNIX;
	memcpy(s->address.sun_path, path, strlen(path));
	fd = bind_socket(&s->address, mode, group, err, err_len);
	if (fd < 0) {
		free(s);
		return NULL;
	}
	s->listener = evconnlistener_new(
		base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16, fd);
	if (s->listener != NULL)
		return s;
	snprintf(err, err_len, "control.socket: out of memory");
	close(fd);
	(void)unlink(path);
	free(s);
	return NULL;
}

/* An answer that the loop has not come to: who asked for the end is to hear that it comes. */
static void
write_rest(const struct connection *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	evbuffer_unfreeze(out, 1);
	(void)evbuffer_write(out, bufferevent_getfd(c->bev));
}

void
control_server_free(struct control_server *s)
{
	if (s == NULL)
		return;
	for (; s->connections != NULL; close_connection(s->connections))
		write_rest(s->connections);
	evconnlistener_free(s->listener);
	(void)unlink(s->address.sun_path);
	free(s);
}
