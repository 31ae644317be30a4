/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl's end of the control socket. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control.h"

static int
open_socket(const char *path, struct control_error *error)
{
	static const struct timeval timeout = {.tv_sec = 2 * CONTROL_TIMEOUT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		control_fail(error, CONTROL_USAGE, "%s: path too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0 &&
		connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		control_fail(error, CONTROL_REFUSED,
			"%s: permission denied: only root and the group of control.group may "
			"connect",
			path);
	else if (errno == ENOENT || errno == ECONNREFUSED)
		control_fail(error, CONTROL_NOT_RUNNING,
			"culvertd is not running: nobody serves %s", path);
	else
		control_fail(error, CONTROL_FAILED, "%s: %s", path,
			errno == EAGAIN ? "culvertd does not answer" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
send_all(int fd, const char *bytes, size_t len)
{
	while (len != 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Everything until the other end closes; NULL: errno says why. */
static char *
read_all(int fd)
{
	size_t capacity = 1 << 16, used = 0;
	char *buf = malloc(capacity);

	while (buf != NULL) {
		ssize_t n = recv(fd, buf + used, capacity - used - 1, 0);
		char *bigger;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (n == 0) {
			buf[used] = '\0';
			return buf;
		}
		used += (size_t)n;
		if (capacity - used > 1)
			continue;
		bigger = realloc(buf, capacity *= 2);
		if (bigger == NULL)
			break;
		buf = bigger;
	}
	free(buf);
	return NULL;
}

static json_t *
take_reply(const char *text, struct control_error *error)
{
	json_error_t parse_error;
	json_t *reply = json_loads(text, 0, &parse_error),
	       *result = json_object_get(reply, "result");
	json_t *fault = json_object_get(reply, "error");
	const char *code = json_string_value(json_object_get(fault, "code"));
	const char *message = json_string_value(json_object_get(fault, "message"));

	json_incref(result);
	if (result == NULL)
		control_fail(error, CONTROL_FAILED, "%s",
			message != NULL ? message : "it hung up without an answer");
	for (int i = 0; result == NULL && code != NULL && i < CONTROL_CODES; i++)
		if (strcmp(control_code_name((enum control_code)i), code) == 0)
			error->code = (enum control_code)i;
	json_decref(reply);
	return result;
}

json_t *
control_ask(const char *path, const char *command, json_t *arguments, struct control_error *error)
{
	json_t *request = json_pack("{s:s, s:O?}", "command", command, "arguments", arguments);
	char *line = request == NULL ? NULL : json_dumps(request, JSON_COMPACT), *text = NULL;
	json_t *result = NULL;
	int fd;

	json_decref(request);
	if (line == NULL) {
		control_fail(error, CONTROL_USAGE, "an argument is not UTF-8");
		return NULL;
	}
	fd = open_socket(path, error);
	if (fd >= 0 && send_all(fd, line, strlen(line)) && send_all(fd, "\n", 1))
		text = read_all(fd);
	if (text != NULL)
		result = take_reply(text, error);
	else if (fd >= 0)
		control_fail(error, CONTROL_FAILED, "%s: %s", path,
			errno == EAGAIN ? "culvertd does not answer" : strerror(errno));
	if (fd >= 0)
		close(fd);
	free(line);
	free(text);
	return result;
}
