/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: culvertctl asks, culvertd answers, one request a connection. Both are a line
 * of JSON: {"command": "sessions", "arguments": {...}} and {"result": ...} or
 * {"error": {"code": "not-found", "message": "..."}}.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	CONTROL_REQUEST_MAX = 4096, /* bytes of a request, its newline included */
	CONTROL_CONNECTIONS_MAX = 64,
	CONTROL_TIMEOUT_S = 10, /* for a request to come whole, and for a reader to go on */
	/* Most rows of an answer; what follows has a cursor. Packets may wait for an answer, where
	 * the control thread shares its core with the worker, so it must be quick to make. */
	CONTROL_PAGE = 100,
};

#define CONTROL_DEFAULT_SOCKET "/run/culvert/control.sock"

/* Why a request was not served; the same words are in the protocol. */
#define CONTROL_ERRORS(X)                     \
	X(CONTROL_OK, "ok")                   \
	X(CONTROL_USAGE, "usage")             \
	X(CONTROL_NOT_FOUND, "not-found")     \
	X(CONTROL_REFUSED, "refused")         \
	X(CONTROL_NOT_RUNNING, "not-running") \
	X(CONTROL_FAILED, "failed")

enum control_code {
#define X(id, name) id,
	CONTROL_ERRORS(X)
#undef X
		CONTROL_CODES
};

struct control_error {
	enum control_code code;
	char message[256];
};

const char *control_code_name(enum control_code code);
void control_fail(struct control_error *error, enum control_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- server: on a libevent loop ---- */

struct event_base;
struct control_server;

/* Answers a command: a new reference, or NULL with *error filled. arguments may be NULL. */
typedef json_t *control_handler(
	void *ctx, const char *command, json_t *arguments, struct control_error *error);

/*
 * Listens on a UNIX socket, making its folder where it is missing and replacing a socket that
 * nobody listens on. group (gid_t)-1: as it is. NULL: err says why, for an operator.
 */
struct control_server *control_server_new(struct event_base *base, const char *path, mode_t mode,
	gid_t group, control_handler *handler, void *ctx, char *err, size_t err_len);
/* Closes all connections, with the answers that they have, and removes the socket. Takes NULL. */
void control_server_free(struct control_server *s);

/* CPU time that the longest answer so far has taken: so long did all else on the loop wait for it.
 */
uint64_t control_server_longest_ns(const struct control_server *s);

/* ---- client: blocking ---- */

/* Sends a command and waits for the answer. A new reference to the result, or NULL. */
json_t *control_ask(
	const char *path, const char *command, json_t *arguments, struct control_error *error);

#endif
