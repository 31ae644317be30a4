/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one error enum of lib/. Each value says what the caller does with it. Functions that can
 * fail return 0 or a length on success and one of these, negative, otherwise.
 */
#ifndef CV_ERR_H
#define CV_ERR_H

enum cv_err {
	CV_OK = 0,
	CV_ERR_TRUNCATED = -1, /* input ends before what it announces: drop it, count it */
	CV_ERR_MALFORMED = -2, /* input breaks its format: drop it, count it */
	CV_ERR_VERSION = -3,   /* another protocol version than ours: drop it, count it */
	CV_ERR_UNKNOWN = -4,   /* names a tunnel, session, key or user that is not here: drop it */
	CV_ERR_STATE = -5,     /* not allowed in this state: drop it; from our own caller, a bug */
	CV_ERR_AUTH = -6,      /* the peer's proof is wrong: refuse it, count it, log it */
	CV_ERR_LIMIT = -7,     /* a configured bound is reached: refuse, count, log */
	CV_ERR_NOMEM = -8,     /* allocation failed: refuse this one thing, go on serving */
	CV_ERR_SPACE = -9,     /* the caller's buffer is too small: nothing was written */
	CV_ERR_CRYPTO = -10,   /* OpenSSL refused: treat as an authentication failure */
	CV_ERR_CONFIG = -11,   /* configuration errors were reported: do not start */
	CV_ERR_EXISTS = -12,   /* the key is taken: choose another */
	CV_ERR_IO = -13,       /* a system call or device failed: errno says why */
};

/* A short English phrase for an error; never NULL. */
const char *cv_strerror(int err);

#endif
