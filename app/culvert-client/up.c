/* SPDX-License-Identifier: BSD-3-Clause */
/* run, up, down, status: from the command line to what runs. */
#include "up.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/netlink.h"
#include "killswitch.h"
#include "run.h"

enum {
	DOWN_S = 20,      /* that a polite end may take */
	KILLED_S = 5,     /* that a process may take to be gone once it is killed */
	PAUSE_MS = 50,    /* between two looks */
	COUNTED_MS = 100, /* that strongSwan has to say what an SA counts */
};

struct asked {
	struct cfg_client *cfg;
	const struct cfg_connection *c; /* NULL: none was named */
};

static void
sleep_ms(unsigned ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

/* The configuration, and which connection is meant. */
static int
load(const struct client_options *o, struct asked *a)
{
	*a = (struct asked){0};
	if (!client_is_root())
		return EXIT_DENIED;
	a->cfg = client_load(o);
	if (a->cfg == NULL)
		return EXIT_CONFIG;
	if (o->word == NULL)
		return EXIT_DONE;
	a->c = client_connection(a->cfg, o);
	if (a->c != NULL)
		return EXIT_DONE;
	cfg_client_free(a->cfg);
	return EXIT_USAGE;
}

static json_t *
ask(const struct asked *a, const struct cfg_connection *c, const char *command,
	struct control_error *error)
{
	char path[RUN_PATH];
	json_t *none = json_object(), *answer;

	answer = control_ask(run_socket(path, sizeof(path), a->cfg, c->name), command, none, error);
	json_decref(none);
	return answer;
}

static int
exit_code(const struct cfg_connection *c, const struct control_error *error)
{
	switch (error->code) {
	case CONTROL_NOT_RUNNING:
		fprintf(stderr, "culvert-client: %s does not run\n", c->name);
		return EXIT_NOT_RUNNING;
	case CONTROL_REFUSED:
		fprintf(stderr, "culvert-client: %s: permission denied: it is root's\n", c->name);
		return EXIT_DENIED;
	default:
		fprintf(stderr, "culvert-client: %s: %s\n", c->name, error->message);
		return EXIT_FAILED;
	}
}

static bool
runs(const struct asked *a, const struct cfg_connection *c)
{
	struct control_error error = {.code = CONTROL_OK};
	json_t *status = ask(a, c, "look", &error);

	json_decref(status);
	return error.code != CONTROL_NOT_RUNNING;
}

/* ---- run, up ---- */

static int
load_to_run(const struct client_options *o, struct asked *a)
{
	int rc = load(o, a);

	if (rc != EXIT_DONE || !o->kill_switch)
		return rc;
	if (client_has_protected(o, a->c)) {
		a->cfg->connections[a->c - a->cfg->connections].kill_switch = true;
		return EXIT_DONE;
	}
	cfg_client_free(a->cfg);
	return EXIT_CONFIG;
}

int
up_run(const struct client_options *o)
{
	struct asked a;
	int rc = load_to_run(o, &a);

	if (rc != EXIT_DONE)
		return rc;
	rc = run_connection(a.cfg, a.c, -1, false);
	cfg_client_free(a.cfg);
	return rc;
}

/* What goes to the background keeps nothing of who started it. */
static void
leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	(void)!chdir("/");
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	openlog("culvert-client", LOG_PID, LOG_DAEMON);
}

/* Lines of what was started, until an empty one says that it works, or there are no more. */
static int
follow(const struct cfg_connection *c, int fd, pid_t pid)
{
	FILE *lines = fdopen(fd, "r");
	char line[RUN_TEXT + 32];
	bool works = false;

	while (!works && lines != NULL && fgets(line, sizeof(line), lines) != NULL) {
		works = line[0] == '\n';
		if (!works)
			printf("%s: %s", c->name, line);
		fflush(stdout);
	}
	if (lines != NULL)
		fclose(lines);
	if (works)
		return EXIT_DONE;
	(void)waitpid(pid, NULL, 0);
	fprintf(stderr, "culvert-client: %s is not up\n", c->name);
	return EXIT_FAILED;
}

static int
start(const struct asked *a)
{
	int ends[2], rc;
	pid_t pid;

	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		fprintf(stderr, "culvert-client: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	if (pid != 0) {
		close(ends[1]);
		return follow(a->c, ends[0], pid);
	}
	close(ends[0]);
	leave_terminal();
	rc = run_connection(a->cfg, a->c, ends[1], true);
	cfg_client_free(a->cfg);
	exit(rc);
}

int
up_up(const struct client_options *o)
{
	struct asked a;
	int rc = load_to_run(o, &a);

	if (rc != EXIT_DONE)
		return rc;
	if (runs(&a, a.c)) {
		printf("%s: runs already\n", a.c->name);
	} else {
		rc = start(&a);
	}
	cfg_client_free(a.cfg);
	return rc;
}

/* ---- down ---- */

static bool
wait_gone(const struct asked *a, unsigned seconds)
{
	for (unsigned ms = 0; ms < seconds * 1000; ms += PAUSE_MS) {
		if (!runs(a, a->c))
			return true;
		sleep_ms(PAUSE_MS);
	}
	return false;
}

/* Who listens on a connection's socket; 0: nobody. */
static pid_t
who_runs(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct ucred who = {0};
	socklen_t len = sizeof(who);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		who.pid = 0;
	if (fd >= 0)
		close(fd);
	return who.pid;
}

/* Takes away what runs, or what a crash has left of it, without asking it. */
static int
force(const struct asked *a)
{
	struct mnl_socket *netlink = netlink_open();
	char path[RUN_PATH], why[KILL_SWITCH_WHY];
	pid_t pid;

	run_socket(path, sizeof(path), a->cfg, a->c->name);
	pid = who_runs(path);
	if (pid > 0)
		kill(pid, SIGKILL);
	if (pid > 0 && !wait_gone(a, KILLED_S)) {
		fprintf(stderr, "culvert-client: %s: process %d does not end\n", a->c->name,
			(int)pid);
		return EXIT_FAILED;
	}
	(void)unlink(path);
	if (netlink != NULL) {
		(void)routes_sweep(netlink, run_table(a->cfg, a->c));
		mnl_socket_close(netlink);
	}
	/* also where the configuration no longer has one: nft may be missing then */
	if (kill_switch_remove(a->c, why) != 0 && a->c->n_protected != 0) {
		fprintf(stderr, "culvert-client: %s: kill-switch: %s\n", a->c->name, why);
		return EXIT_FAILED;
	}
	printf("%s: down, and nothing of it is left\n", a->c->name);
	return EXIT_DONE;
}

static int
end(const struct asked *a, bool forced)
{
	struct control_error error = {.code = CONTROL_OK};
	json_t *answer = ask(a, a->c, "down", &error);

	json_decref(answer);
	if (answer != NULL && wait_gone(a, DOWN_S)) {
		if (forced)
			return force(a);
		printf("%s: down\n", a->c->name);
		return EXIT_DONE;
	}
	if (forced)
		return force(a);
	if (answer == NULL)
		return exit_code(a->c, &error);
	fprintf(stderr, "culvert-client: %s does not end; --force ends it\n", a->c->name);
	return EXIT_FAILED;
}

int
up_down(const struct client_options *o)
{
	struct asked a;
	int rc = load(o, &a);

	if (rc != EXIT_DONE)
		return rc;
	rc = end(&a, o->force);
	cfg_client_free(a.cfg);
	return rc;
}

/* ---- status ---- */

static json_t *
ask_status(const struct asked *a, const struct cfg_connection *c, struct control_error *error)
{
	json_t *look = ask(a, c, "look", error);

	if (look == NULL)
		return NULL;
	json_decref(look);
	sleep_ms(COUNTED_MS);
	return ask(a, c, "status", error);
}

static int
status_of_one(const struct asked *a, const struct client_options *o)
{
	struct control_error error = {.code = CONTROL_OK};
	json_t *status = ask_status(a, a->c, &error);

	if (status == NULL)
		return exit_code(a->c, &error);
	if (o->json)
		json_dumpf(status, stdout, JSON_INDENT(2));
	else
		report_print(status);
	if (o->json)
		putchar('\n');
	json_decref(status);
	return EXIT_DONE;
}

/* Those that run; the others are said to be down. */
static int
status_of_all(const struct asked *a, const struct client_options *o)
{
	json_t *all = json_array();

	for (size_t i = 0; i < a->cfg->n_connections; i++) {
		const struct cfg_connection *c = &a->cfg->connections[i];
		struct control_error error = {.code = CONTROL_OK};
		json_t *status = ask_status(a, c, &error);

		if (status == NULL && error.code != CONTROL_NOT_RUNNING) {
			json_decref(all);
			return exit_code(c, &error);
		}
		if (status == NULL)
			status = json_pack("{s:s, s:s}", "name", c->name, "state", "down");
		if (!o->json && json_object_get(status, "pid") == NULL)
			printf("%s: down\n", c->name);
		else if (!o->json)
			report_print(status);
		json_array_append_new(all, status);
	}
	if (o->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return EXIT_DONE;
}

int
up_status(const struct client_options *o)
{
	struct asked a;
	int rc = load(o, &a);

	if (rc != EXIT_DONE)
		return rc;
	rc = a.c != NULL ? status_of_one(&a, o) : status_of_all(&a, o);
	cfg_client_free(a.cfg);
	return rc;
}
