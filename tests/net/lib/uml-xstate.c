/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ptrace() to preload into User-Mode Linux 6.1, for CPUs whose extended state is larger than
 * UML's buffer (AMX: 11 KB against 2.7 KB). The host sets NT_X86_XSTATE only as a whole, so UML
 * would panic at its first process: "ptrace set fp regs failed, errno = 14". Here its bytes are
 * laid over the start of the child's present state, and the whole is set.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Not on the stack: UML's are small. One thread of UML traces, so one buffer does. */
static unsigned char state[1 << 16];

static long
set_xstate(pid_t child, void *type, struct iovec *given)
{
	struct iovec whole = {.iov_base = state, .iov_len = sizeof(state)};

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, child, type, &whole) != 0 ||
		whole.iov_len <= given->iov_len)
		return syscall(SYS_ptrace, PTRACE_SETREGSET, child, type, given);
	memcpy(state, given->iov_base, given->iov_len);
	return syscall(SYS_ptrace, PTRACE_SETREGSET, child, type, &whole);
}

/* The system call stores a peeked word where `data` points; the C library returns it. */
static long
peek(enum __ptrace_request request, pid_t child, void *address)
{
	long word;

	if (syscall(SYS_ptrace, request, child, address, &word) != 0)
		return -1;
	errno = 0;
	return word;
}

long
ptrace(enum __ptrace_request request, ...)
{
	va_list rest;

	va_start(rest, request);
	pid_t child = va_arg(rest, pid_t);
	void *address = va_arg(rest, void *);
	void *data = va_arg(rest, void *);
	va_end(rest);

	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
	case PTRACE_PEEKUSER:
		return peek(request, child, address);
	case PTRACE_SETREGSET:
		if ((unsigned long)address == NT_X86_XSTATE)
			return set_xstate(child, address, data);
		break;
	default:
		break;
	}
	return syscall(SYS_ptrace, request, child, address, data);
}
