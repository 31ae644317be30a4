#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rates that an L2TP network server relays. --help says how; README.md what it does."""
import datetime
import itertools
import json
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
import compare  # noqa: E402
import machine  # noqa: E402
import options  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import trex_backend  # noqa: E402
from backend import BackendError  # noqa: E402
from beside import Beside  # noqa: E402
from cell import Cell, good  # noqa: E402
from load import Load  # noqa: E402

FOUND, FAILED, USAGE = 0, 1, 2
SAY_EACH_S = 5  # where progress goes into a file


class Stopped(BaseException):
    """By a signal."""


class Progress:
    """One line on standard error, that is written over; in a file one each few seconds."""

    def __init__(self, quiet):
        self.quiet, self.terminal = quiet, sys.stderr.isatty()
        self.said_at, self.where = 0.0, ""

    def say(self, text):
        if self.quiet:
            return
        line = f"{self.where}{text}"
        if self.terminal:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns
            print(f"\r\033[K{line[:columns - 1]}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.said_at >= SAY_EACH_S:
            self.said_at = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def end(self):
        if self.terminal and not self.quiet:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def complain(text):
    print(f"{options.PROGRAM}: {text}", file=sys.stderr)


def backend_of(o, sessions, lacs):
    if o.backend == "load":
        return Load([options.filled(word, sessions, lacs) for word in o.command], o.up, late_ratio=o.late, missing=o.missing)
    table = options.filled(o.table, sessions, lacs)
    return trex_backend.Trex(lambda: trex_backend.connect(o.trex_home, o.trex_server, table, o.traffic, o.ports, lacs,
                                                          o.latency_pps), o.late)


class Run:
    """The whole matrix. run: what goes into the JSON; written after each cell."""

    def __init__(self, o, about):
        self.o, self.progress = o, Progress(o.quiet)
        self.beside = Beside(o.ask) if o.ask else None
        self.run = {**about, "cells": []}

    def all(self):
        populations = list(itertools.product(self.o.sessions or [None], self.o.lacs or [None]))
        count = itertools.count(1)
        total = len(populations) * len(self.o.size)
        for sessions, lacs in populations:
            backend, failed, generator = None, "", None
            try:
                for size in self.o.size:
                    about = {"size": size, "sessions": sessions, "lacs": lacs}
                    self.progress.where = f"[{next(count)}/{total}] {report.population(about)}: "
                    if backend is None and not failed:
                        backend, failed, generator = self.begin(sessions, lacs)
                    if not self.cell({**about, "generator": generator}, backend, failed) and backend is not None:
                        backend.close()
                        backend = None
            finally:
                if backend is not None:
                    backend.close()

    def begin(self, sessions, lacs):
        """A backend that is up, or None; why there is none; what it says of itself."""
        backend = backend_of(self.o, sessions, lacs)
        self.progress.say("sessions come up")
        try:
            return backend, "", backend.up()
        except BackendError as error:
            backend.close()
            return None, str(error), None
        except BaseException:
            backend.close()
            raise

    def cell(self, about, backend, failed):
        """Whether the backend is still good."""
        cell = Cell(about, backend, self.beside, self.o, self.progress.say, time.monotonic)
        self.run["cells"].append(cell.record)
        if backend is None:
            cell.fail(failed)
        else:
            cell.run()
        self.write()
        return not cell.record["error"]

    def write(self):
        for kind, make in (("json", report.as_json), ("csv", report.as_csv), ("svg", plot.svg)):
            path = getattr(self.o, kind)
            if path is not None:
                report.write(path, make(self.run))


def about_all(o, words):
    """What the JSON says beside the cells. Raises UsageError."""
    try:
        configuration = machine.configuration(o.config) if o.config else None
    except (OSError, ValueError) as error:
        raise options.UsageError(f"--config {o.config}: {error}") from None
    try:
        server = None
        if o.server_machine:
            with open(o.server_machine, encoding="utf-8") as file:
                server = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise options.UsageError(f"--server-machine {o.server_machine}: {error}") from None
    return {"begun": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "words": words,
            "backend": o.backend, "goals": [vars(goal) for goal in o.goals],
            "late_ratio": o.late, "min_pps": o.min, "max_pps": o.max, "machine": machine.describe(),
            "server_machine": server, "server": Beside(o.ask).status() if o.ask else None, "configuration": configuration}


def search(words):
    o = options.parse(words)
    run = Run(o, about_all(o, words))
    if run.beside is not None and run.beside.read() is None:
        raise options.UsageError(f"Culvert can't be asked: {run.beside.failed}")
    code = None
    try:
        run.all()
    except Stopped as stop:
        code = 128 + stop.args[0]
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # what is known is written whole
    run.progress.end()
    run.write()
    print("\n".join(report.table(run.run)), flush=True)
    if code is not None:
        complain("interrupted: this is what was known")
        return code
    return FOUND if all(good(cell) for cell in run.run["cells"]) else FAILED


def compare_files(words):
    if len(words) != 2:
        raise options.UsageError("compare: two files of --json")
    try:
        lines, as_good = compare.compare(*(report.read(path) for path in words))
    except (OSError, ValueError) as error:
        raise options.UsageError(f"compare: {error}") from None
    print("\n".join(lines))
    return FOUND if as_good else FAILED


def this_machine(words):
    if words:
        raise options.UsageError(f"machine: unexpected '{words[0]:.40}'")
    print(json.dumps(machine.describe(), indent=1))
    return FOUND


def stop(number, _):
    raise Stopped(number)


def main(words):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    command = {"compare": compare_files, "machine": this_machine}.get(words[0] if words else "")
    try:
        return command(words[1:]) if command else search(words)
    except options.UsageError as error:
        complain(f"{error}\nTry '{options.PROGRAM} --help'.")
        return USAGE
    except BackendError as error:
        complain(error)
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        complain(error)
        return FAILED
    except Stopped as stopped:
        return 128 + stopped.args[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
