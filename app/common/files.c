/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/wipe.h"

/* Reads a whole open file into new memory with a NUL behind it. */
static int
read_all(int fd, size_t max, uint8_t **data, size_t *len)
{
	size_t capacity = 4096, used = 0;
	uint8_t *buf = malloc(capacity);

	while (buf != NULL) {
		ssize_t n = read(fd, buf + used, capacity - used - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (n == 0) {
			buf[used] = '\0';
			*data = buf;
			*len = used;
			return 0;
		}
		used += (size_t)n;
		if (used > max) {
			errno = EFBIG;
			break;
		}
		if (capacity - used < 2) {
			uint8_t *bigger = malloc(capacity * 2);

			/* not realloc: what it leaves behind may be a secret */
			if (bigger != NULL)
				memcpy(bigger, buf, used);
			cv_wipe(buf, used);
			free(buf);
			buf = bigger;
			capacity *= 2;
		}
	}
	if (buf != NULL)
		cv_wipe(buf, used);
	free(buf);
	return CV_ERR_IO;
}

int
files_read(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc = CV_ERR_IO;

	(void)ctx;
	if (fd < 0)
		return CV_ERR_IO;
	if (fstat(fd, &st) == 0) {
		*mode = st.st_mode & 07777;
		if (S_ISDIR(st.st_mode))
			errno = EISDIR;
		else
			rc = read_all(fd, max, data, len);
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

void
files_print_errors(const char *program, const char *path, int rc, const struct cfg_errors *errors)
{
	if (rc == CV_ERR_IO)
		fprintf(stderr, "%s: %s: %s\n", program, path, strerror(errno));
	else if (rc == CV_ERR_NOMEM)
		fprintf(stderr, "%s: %s: out of memory\n", program, path);
	for (size_t i = 0; i < errors->n; i++) {
		char line[1024];

		fprintf(stderr, "%s\n", cfg_error_text(&errors->items[i], line, sizeof(line)));
	}
}
