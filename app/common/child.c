/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INPUT, SAID, PIPES };

/* Ours and the child's end of each; the child's are not to be seen by other children. */
struct ends {
	int ours[PIPES], its[PIPES];
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_all(struct ends *e)
{
	for (unsigned i = 0; i < PIPES; i++) {
		shut(&e->ours[i]);
		shut(&e->its[i]);
	}
}

/* Sockets, so that who has gone costs us no SIGPIPE. */
static int
open_all(struct ends *e)
{
	*e = (struct ends){{-1, -1}, {-1, -1}};
	for (unsigned i = 0; i < PIPES; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
			close_all(e);
			return -1;
		}
		e->ours[i] = pair[0];
		e->its[i] = pair[1];
	}
	return 0;
}

static pid_t
start(const char *const *argv, const struct ends *e)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin";
	static char *const environment[] = {path, "LC_ALL=C", NULL};
	posix_spawn_file_actions_t actions;
	char file[256];
	const char *from = path + strlen("PATH=");
	pid_t pid = -1;
	int rc = ENOENT;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	posix_spawn_file_actions_adddup2(&actions, e->its[INPUT], STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, e->its[SAID], STDERR_FILENO);
	if (strchr(argv[0], '/') != NULL)
		rc = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environment);
	while (strchr(argv[0], '/') == NULL && rc == ENOENT && *from != '\0') {
		size_t len = strcspn(from, ":");

		if (len + strlen(argv[0]) + 2 <= sizeof(file)) {
			memcpy(file, from, len);
			file[len] = '/';
			strcpy(file + len + 1, argv[0]);
			rc = posix_spawn(
				&pid, file, &actions, NULL, (char *const *)argv, environment);
		}
		from += len + (from[len] == ':');
	}
	posix_spawn_file_actions_destroy(&actions);
	errno = rc;
	return rc == 0 ? pid : -1;
}

/* Gives it what it is to read and takes what it says, until it has said all. false: out of time. */
static bool
talk(struct ends *e, const char *input, size_t len, uint64_t until, char *said, size_t capacity)
{
	size_t used = 0;

	said[0] = '\0';
	while (e->ours[SAID] >= 0) {
		struct pollfd fds[PIPES] = {{.fd = e->ours[INPUT], .events = POLLOUT},
			{.fd = e->ours[SAID], .events = POLLIN}};
		uint64_t now = now_ms();
		char more[512];
		ssize_t n;

		if (now >= until)
			return false;
		if (len == 0)
			shut(&e->ours[INPUT]);
		fds[INPUT].fd = e->ours[INPUT];
		if (poll(fds, PIPES, (int)(until - now)) < 0)
			continue;
		if (fds[INPUT].revents != 0) {
			n = send(e->ours[INPUT], input, len, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n > 0) {
				input += n;
				len -= (size_t)n;
			} else if (errno != EAGAIN && errno != EINTR) {
				len = 0;
			}
		}
		if (fds[SAID].revents == 0)
			continue;
		n = recv(e->ours[SAID], more, sizeof(more), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			shut(&e->ours[SAID]);
		for (ssize_t i = 0; i < n && used + 1 < capacity; i++)
			said[used++] = more[i] >= ' ' && more[i] <= '~' ? more[i] : ' ';
		said[used] = '\0';
	}
	while (used > 0 && said[used - 1] == ' ')
		said[--used] = '\0';
	return true;
}

int
child_run(const char *const *argv, const char *input, size_t len, unsigned within_ms, char *said,
	size_t capacity)
{
	uint64_t until = now_ms() + within_ms;
	struct ends e;
	int status, saved;
	pid_t pid;

	said[0] = '\0';
	if (open_all(&e) != 0)
		return -1;
	pid = start(argv, &e);
	saved = errno;
	for (unsigned i = 0; i < PIPES; i++)
		shut(&e.its[i]);
	if (pid > 0 && !talk(&e, input, len, until, said, capacity))
		kill(pid, SIGKILL);
	close_all(&e);
	if (pid < 0) {
		errno = saved;
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
