#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stops one thread of a process for some seconds, as an endless wait in it would; all of its other
threads go on.

usage: freeze.py PID THREAD SECONDS

THREAD is "main", or a pattern of the name in /proc/PID/task/*/comm. Prints "stopped", later "going on". Ended
early, the kernel lets the thread go on.
"""
import ctypes
import os
import re
import sys
import time

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


def thread_of(pid, name):
    """Its number."""
    if name == "main":
        return pid
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as comm:
            if re.fullmatch(name, comm.read().strip()):
                return int(task)
    sys.exit(f"no thread {name}")


def main():
    pid, seconds = int(sys.argv[1]), float(sys.argv[3])
    thread = thread_of(pid, sys.argv[2])
    libc = ctypes.CDLL(None, use_errno=True)

    def ptrace(request):
        if libc.ptrace(request, thread, None, None) != 0:
            sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")

    ptrace(PTRACE_SEIZE)
    ptrace(PTRACE_INTERRUPT)
    os.waitpid(thread, WALL)
    print("stopped", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # its process may end meanwhile, which the kernel tells nobody before us
        if os.waitpid(thread, WALL | os.WNOHANG)[0] == thread:
            return
        time.sleep(0.05)
    ptrace(PTRACE_DETACH)
    print("going on", flush=True)


if __name__ == "__main__":
    main()
