/* SPDX-License-Identifier: BSD-3-Clause */
/* Secrets come from files. Nothing here puts one into an error, an inline one neither. */
#include <errno.h>
#include <stdlib.h>

#include "base/wipe.h"
#include "config/private.h"

enum { MODE_OTHERS = 0007 };

bool
cfg_file_read(struct cfg_loader *l, const struct cfg_node *node, const char *path, size_t max,
	const char *too_long, struct cfg_secret *bytes)
{
	uint8_t *data = NULL;
	unsigned mode = 0;
	size_t len = 0;

	errno = 0;
	if (l->files == NULL || l->files->read == NULL) {
		cfg_fail(l, node, NULL, "%s: files cannot be read here", path);
		return false;
	}
	if (l->files->read(l->files->ctx, path, max, &data, &len, &mode) != 0) {
		if (errno == ENOMEM)
			l->nomem = true;
		else if (errno == EFBIG)
			cfg_fail(l, node, NULL, "%s: %s", path, too_long);
		else
			cfg_fail(l, node, NULL, "%s: %s", path,
				errno == 0 ? "cannot be read" : strerror(errno));
		return false;
	}
	if ((mode & MODE_OTHERS) != 0)
		cfg_warn(l, node, NULL,
			"%s is open to all users of the machine (mode %04o): chmod o= %s", path,
			mode, path);
	bytes->data = data;
	bytes->len = len;
	return true;
}

void
cfg_file_free(struct cfg_secret *bytes)
{
	uint8_t *data = (uint8_t *)(uintptr_t)bytes->data;

	cv_wipe(data, bytes->len);
	free(data);
	*bytes = (struct cfg_secret){0};
}

/* The length without one line end behind it. */
static size_t
without_newline(const struct cfg_secret *bytes)
{
	size_t len = bytes->len;

	if (len > 0 && bytes->data[len - 1] == '\n')
		len--;
	if (len < bytes->len && len > 0 && bytes->data[len - 1] == '\r')
		len--;
	return len;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

const char *
cfg_secret_oddity(const uint8_t *bytes, size_t len)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

	if (len >= sizeof(mark) && memcmp(bytes, mark, sizeof(mark)) == 0)
		return "it begins with a byte order mark, which is taken as part of it";
	if (len != 0 && (memchr(bytes, '\n', len) != NULL || memchr(bytes, '\r', len) != NULL))
		return "it has more than one line end, of which only the last is taken off";
	if (len != 0 && memchr(bytes, '\0', len) != NULL)
		return "it has a NUL byte, as a file in UTF-16 has";
	if (len != 0 && (is_blank(bytes[0]) || is_blank(bytes[len - 1])))
		return "it has a blank at an end, which is taken as part of it";
	return NULL;
}

void
cfg_read_secret_file(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	static const char too_long[] = "the secret is longer than 255 bytes";
	struct cfg_secret bytes, secret;
	const char *path, *oddity = NULL;

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	path = cfg_path(l, node->text);
	if (path == NULL || !cfg_file_read(l, node, path, CFG_SECRET_FILE_MAX, too_long, &bytes))
		return;
	secret.len = without_newline(&bytes);
	secret.data = NULL;
	if (secret.len == 0)
		cfg_fail(l, node, NULL, "%s: the file is empty", path);
	else if (secret.len > CFG_SECRET_MAX)
		cfg_fail(l, node, NULL, "%s: %s", path, too_long);
	else
		oddity = cfg_secret_oddity(bytes.data, secret.len);
	if (oddity != NULL)
		cfg_warn(l, node, NULL, "%s: the secret is odd: %s", path, oddity);
	if (secret.len != 0 && secret.len <= CFG_SECRET_MAX)
		secret.data = (uint8_t *)cfg_copy(l, l->keep, bytes.data, secret.len);
	if (secret.data != NULL)
		memcpy(at, &secret, sizeof(secret));
	cfg_file_free(&bytes);
}

void
cfg_read_secret_none(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	if (node->type == CFG_SCALAR && node->plain && strcmp(node->text, "none") == 0)
		cfg_store(at, k->size, 1);
	else
		cfg_fail(l, node, NULL,
			"secrets come from files: write secret-file: FILE, or secret: none");
}

void
cfg_read_secret_refused(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	(void)k;
	(void)at;
	cfg_fail(l, node, NULL, "secrets come from files: write password-file: FILE");
}

void
cfg_read_users_file(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	(void)k;
	(void)at;
	/* read when all groups are known and all users of this file are counted */
	if (cfg_want_scalar(l, node))
		l->users_file = node;
}

/* Exactly one of the two ways; a wrong one was reported. A LAC that is believed should prove who it
 * is. */
void
cfg_check_secret(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_node *file = cfg_node_get(map, "secret-file");
	const struct cfg_node *none = cfg_node_get(map, "secret");
	const struct cfg_tunnel_secret *secret = base;

	if (file == NULL && none == NULL)
		cfg_fail(l, map, "secret-file", "is required, or secret: none");
	else if (file != NULL && none != NULL)
		cfg_fail(l, none, NULL, "either secret-file or secret: none, not both");
	else if (secret->none && secret->proxy == CFG_PROXY_ACCEPT)
		cfg_warn(l, cfg_node_get(map, "proxy"), NULL,
			"without a tunnel secret whoever reaches a listener is believed, and an "
			"answer to CHAP that was overheard anywhere lets him in");
}
