/* SPDX-License-Identifier: BSD-3-Clause */
#include "deputy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "common/child.h"

enum {
	KEPT = STDERR_FILENO + 1, /* the one descriptor that a deputy has */
	RESOLVCONF_MS = 5000,
};

/* ---- the deputy ---- */

static void
become_program(const char *const *argv, size_t n)
{
	char *copy[CFG_ARGUMENTS_MAX + 1];
	sigset_t none;

	for (size_t i = 0; i < n; i++)
		copy[i] = strdup(argv[i]);
	copy[n] = NULL;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0); /* all that it starts is killed with it */
	execvp(copy[0], copy);
	_exit(127);
}

/* Waits for the program, for so long. */
static int
await(pid_t pid, uint64_t timeout_ns)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = fd >= 0 && poll(&p, 1, (int)(timeout_ns / CV_NS_PER_MS)) == 1;

	if (!ended)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (fd >= 0)
		close(fd);
	if (!ended)
		return DEPUTY_TIMEOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : DEPUTY_NOT_RUN;
}

static int
run(const struct cfg_ipsec *cfg, enum deputy_order order)
{
	const char **argv = order == DEPUTY_UP ? cfg->up : cfg->down;
	size_t n = order == DEPUTY_UP ? cfg->n_up : cfg->n_down;
	pid_t pid;

	if (n == 0)
		return 0;
	pid = fork();
	if (pid == 0)
		become_program(argv, n);
	if (pid < 0)
		return DEPUTY_NOT_RUN;
	return await(pid, cfg->timeout_ns);
}

static int
resolvconf(const char *interface, const char *action, const char *text)
{
	const char *argv[] = {"resolvconf", action, interface, NULL};
	char said[256];
	int rc = child_run(argv, text, strlen(text), RESOLVCONF_MS, said, sizeof(said));

	return rc < 0 ? DEPUTY_NOT_RUN : rc;
}

/* The interface goes with who has it open, and who waits at a pipe waits for all who have that. */
static void
keep_only(int fd)
{
	if (fd != KEPT)
		dup2(fd, KEPT);
	(void)fcntl(KEPT, F_SETFD, FD_CLOEXEC);
	(void)close_range(KEPT + 1, ~0u, 0);
}

static void
serve(int fd, const struct deputy_params *p)
{
	char order[1 + DEPUTY_TEXT + 1];
	bool named = false;
	int answer;
	ssize_t n;

	/* whoever ends the client by its group's signals leaves this to it */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while ((n = read(fd, order, sizeof(order) - 1)) > 0) {
		order[n] = '\0';
		answer = DEPUTY_NOT_RUN;
		if (order[0] == DEPUTY_NAMES && p->interface != NULL)
			answer = resolvconf(p->interface, "-a", order + 1);
		else if (order[0] != DEPUTY_NAMES && p->ipsec != NULL)
			answer = run(p->ipsec, (enum deputy_order)order[0]);
		named |= order[0] == DEPUTY_NAMES;
		if (write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			break;
	}
	if (named && p->interface != NULL)
		(void)resolvconf(p->interface, "-d", "");
	_exit(0);
}

/* ---- the client ---- */

int
deputy_start(struct deputy *d, const struct deputy_params *p)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	d->pid = fork();
	if (d->pid == 0) {
		keep_only(pair[1]);
		prctl(PR_SET_NAME, "culvert-deputy");
		serve(KEPT, p);
	}
	close(pair[1]);
	d->fd = pair[0];
	if (d->pid > 0)
		return 0;
	close(d->fd);
	d->fd = -1;
	return -1;
}

int
deputy_order(struct deputy *d, enum deputy_order order, const char *text)
{
	char message[1 + DEPUTY_TEXT];
	size_t len = strlen(text);

	if (len > DEPUTY_TEXT)
		return -1;
	message[0] = (char)order;
	memcpy(message + 1, text, len);
	return send(d->fd, message, 1 + len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)(1 + len)
		       ? 0
		       : -1;
}

int
deputy_answer(struct deputy *d)
{
	int answer;
	ssize_t n = recv(d->fd, &answer, sizeof(answer), 0);

	return n == (ssize_t)sizeof(answer) ? answer : DEPUTY_GONE;
}

void
deputy_end(struct deputy *d)
{
	if (d->fd < 0)
		return;
	close(d->fd); /* which it ends by, when what it runs has ended */
	d->fd = -1;
	while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
