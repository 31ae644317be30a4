/* SPDX-License-Identifier: BSD-3-Clause */
#include "rights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Keeps two capabilities over the change of users, and leaves the others behind. */
static int
keep_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	data[0].permitted = data[0].effective = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
	data[0].inheritable = 1u << CAP_NET_ADMIN;
	if (syscall(SYS_capset, &header, data) != 0)
		return -1;
	/* for nft, which the kill switch is fed to */
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

static int
become(const struct passwd *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
		setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
		setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0 ||
		keep_capabilities() != 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
rights_drop(const char *user, const char *folder, char *err, size_t err_len)
{
	const struct passwd *entry;

	if (geteuid() != 0)
		return 0;
	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL) {
		snprintf(err, err_len, "run-as: %s: %s", user,
			errno == 0 ? "there is no such user" : strerror(errno));
		return -1;
	}
	if (entry->pw_uid == 0)
		return 0;
	if ((folder == NULL || chown(folder, entry->pw_uid, entry->pw_gid) == 0) &&
		become(entry) == 0)
		return 0;
	snprintf(err, err_len, "run-as: %s: %s", user, strerror(errno));
	return -1;
}
