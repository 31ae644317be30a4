# SPDX-License-Identifier: BSD-3-Clause
"""culvert-load as backend: a process that answers each line with one of JSON."""
import json
import os
import select
import signal
import subprocess
import tempfile
import time

from backend import BackendError, number, trial_of
from goals import LATE

LINE_BYTES = 65536  # of an answer, at most
ANSWER_S = 30  # that an answer may take beyond its trial
END_S = 5  # to hang up when it is told to end; then it is ended
SAID_BYTES = 600  # of its messages that an error repeats


class Load:
    """One process, with its sessions."""

    def __init__(self, command, up_s=300, answer_s=ANSWER_S, end_s=END_S, late_ratio=LATE, missing=False):
        """command: words. up_s: for the sessions to come up. missing: fewer sessions are enough."""
        self.command, self.up_s, self.answer_s, self.end_s = command, up_s, answer_s, end_s
        self.late_ratio, self.missing = late_ratio, missing
        self.process = None
        self.messages = tempfile.TemporaryFile()
        self.buffer = b""

    def up(self):
        """Starts it, and waits until its sessions are up. Raises BackendError."""
        try:
            # a group of its own: a Ctrl-C is for us, who let it hang up
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=self.messages, start_new_session=True)
        except OSError as error:
            raise BackendError(f"{self.command[0]} does not start: {error.strerror}") from None
        answer = self._answer("up", self.up_s, "its sessions are not up")
        up, wanted = number(answer, "sessions"), number(answer, "wanted")
        if up < 1 or (up < wanted and not self.missing):
            raise self._error(f"{up} of {wanted} sessions are up")
        return {"sessions": up, "wanted": wanted, "seconds": number(answer, "seconds")}

    def trial(self, pps, seconds, size):
        """size: bytes of the inner packet, or 'imix'."""
        self._ask(f"trial {pps} {seconds:g} {size}")
        return trial_of(self._answer("trial", seconds * 2 + self.answer_s, "no answer to a trial"),
                        pps, seconds, self.late_ratio)

    def burst(self, packets, size):
        self._ask(f"burst {packets} {size}")
        return trial_of(self._answer("burst", self.answer_s + packets / 10_000, "no answer to a burst"),
                        None, None, self.late_ratio)

    def close(self):
        """The end of its input has it hang up all sessions; who does not end is ended."""
        process, self.process = self.process, None
        if process is not None:
            try:
                self._end(process)
            finally:  # whoever is in a hurry
                process.kill()
                process.wait()
                process.stdout.close()
        self.messages.close()

    def _end(self, process):
        for stop in (process.stdin.close, process.terminate):
            try:
                stop()
            except OSError:  # it does not read any more
                pass
            try:
                process.wait(self.end_s)
                return
            except subprocess.TimeoutExpired:
                continue

    def _ask(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise self._ended() from None

    def _answer(self, event, seconds, late):
        line = self._line(time.monotonic() + seconds, f"{late} after {seconds:g} s")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise self._error(f"it said what is no JSON object: {line.decode(errors='replace')!r:.100}")
        if answer.get("event") == "error":
            raise self._error(f"it refused: {answer.get('what')!r:.200}")
        if answer.get("event") != event:
            raise self._error(f"its answer is '{answer.get('event')!s:.40}', not '{event}'")
        return answer

    def _line(self, until, late):
        out = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise self._error(late)
            got = os.read(out, LINE_BYTES)
            if not got:
                raise self._ended()
            self.buffer += got
            if len(self.buffer) > LINE_BYTES:
                raise self._error(f"a line of more than {LINE_BYTES} bytes")
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def _ended(self):
        try:
            code = self.process.wait(self.end_s)
        except subprocess.TimeoutExpired:
            return self._error("it closed its output, and goes on")
        return self._error(f"it has ended, by {signal.Signals(-code).name}" if code < 0
                           else f"it has ended, with exit code {code}")

    def _error(self, text):
        """With the last that it said itself."""
        size = self.messages.seek(0, os.SEEK_END)
        self.messages.seek(max(0, size - SAID_BYTES))
        said = self.messages.read().decode(errors="replace").strip()
        return BackendError(f"{os.path.basename(self.command[0])}: {text}" + (f"; it said: {said}" if said else ""))
