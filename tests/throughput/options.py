# SPDX-License-Identifier: BSD-3-Clause
"""The command line."""
import argparse
import dataclasses
import os
import re
import shlex

from goals import LATE, PRESETS

PROGRAM = "./dpdk-setup.sh throughput"
SIZES = {"load": (52, 9000), "trex": (64, 9000)}  # what the generators make
MOST_CELLS = 1000
MOST_LIST = 100
CULVERTCTL = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir,
                          "build/app/culvertctl/culvertctl")

EPILOG = """\
COMMANDS
  compare A B    two files of --json: rates, ratios, and which differ by more than the widths of both
  machine        this machine as JSON, for --server-machine: run it on the server

GOALS
  lossless       0 lost in one trial of 60 s (RFC 2544)
  ndr            0 lost in half of the trials of 1 s, 21 s in all
  pdr            0.5 % lost at most, likewise
  --loss, --exceed, --initial, --final, --sum and --width change them: VALUE for all goals, or GOAL=VALUE

COMMAND
  of culvert-load, behind --; {sessions} and {lacs} in its words are those of --sessions and --lacs,
  {per_lac} sessions a LAC, rounded up; --trials is put at its end if it is not there

EXIT STATUS
  0  found, all of it; compare: B is nowhere slower than A by more than the widths
  1  a result is irregular, something failed or the soak did not pass; compare: B is slower, or it can't be said
  2  wrong usage
  130, 143  interrupted by SIGINT, SIGTERM: what was known is printed and written

EXAMPLES
  ./dpdk-setup.sh throughput --goal ndr,pdr --size 64,imix,1400 --sessions 1,1000 --lacs 1,8 --json a.json --svg a.svg
      -- culvert-load ... {sessions} ... {lacs}
  ./dpdk-setup.sh throughput --backend trex --table sessions.csv --traffic both --lacs 1,8 --culvertctl "ssh lns culvertctl"
  ./dpdk-setup.sh throughput compare before.json after.json
"""


class UsageError(Exception):
    """What is wrong in the command line."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message)


def real(least, most, what):
    def convert(text):
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{what} from {least:g} to {most:,.12g}, not '{text:.40}'")
        return value
    return convert


def whole(least, most, what):
    def convert(text):
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{what} from {least} to {most:,}, not '{text:.40}'")
        return int(text)
    return convert


def listed(convert):
    def convert_all(text):
        parts = text.split(",")
        if len(parts) > MOST_LIST:
            raise argparse.ArgumentTypeError(f"at most {MOST_LIST} of them")
        found = [convert(part) for part in parts]
        if len(set(found)) != len(found):
            raise argparse.ArgumentTypeError(f"'{text:.60}' has one twice")
        return found
    return convert_all


def size(text):
    return "imix" if text == "imix" else whole(28, 9000, "imix, or bytes")(text)


def goal_name(text):
    if text not in PRESETS:
        raise argparse.ArgumentTypeError(f"a goal is one of {', '.join(PRESETS)}, not '{text:.40}'")
    return text


def parser():
    p = Parser(prog=PROGRAM, usage=f"{PROGRAM} [OPTIONS] -- culvert-load OPTIONS\n"
               f"       {PROGRAM} --backend trex --table FILE [OPTIONS]\n"
               f"       {PROGRAM} compare A B | machine", allow_abbrev=False, epilog=EPILOG,
               description="Finds the rates that an L2TP network server relays, as RFC 9971 says (MLRsearch).",
               formatter_class=argparse.RawDescriptionHelpFormatter)
    what = p.add_argument_group("what is sought")
    what.add_argument("--goal", type=listed(goal_name), default=["ndr", "pdr"], metavar="NAMES",
                      help="lossless, ndr, pdr (default ndr,pdr)")
    for name, help_text in (("loss", "percent that a trial may lose"),
                            ("exceed", "percent of the trials that may lose more"),
                            ("initial", "seconds of the first trials"), ("final", "seconds of the last ones"),
                            ("sum", "seconds of all trials at a load"), ("width", "percent between the bounds")):
        what.add_argument(f"--{name}", action="append", default=[], metavar="[GOAL=]VALUE", help=help_text)
    pps = whole(1, 4 * 10 ** 9, "packets a second")
    what.add_argument("--min", type=pps, default=1000, metavar="PPS", help="the lowest load (default 1000)")
    what.add_argument("--max", type=pps, default=10 ** 9, metavar="PPS", help="the highest load, of line or generator")
    what.add_argument("--start", type=pps, default=100_000, metavar="PPS", help="the first load (default 100000)")
    what.add_argument("--late", type=real(0.01, 50, "percent"), default=LATE * 100, metavar="PERCENT",
                      help="that a trial may take longer before it counts as lossy (default 1)")
    what.add_argument("--max-time", type=real(0, 1e7, "seconds"), default=0, metavar="SECONDS",
                      help="of a cell's search")
    what.add_argument("--once", action="store_true", help="do not try the bounds that were found again")
    what.add_argument("--warm-up", type=real(0, 3600, "seconds"), default=1.0, metavar="SECONDS",
                      help="of the first load before each search, which count for nothing (default 1; 0: none)")
    what.add_argument("--latency", type=real(0, 86400, "seconds"), default=10.0, metavar="SECONDS",
                      help="of each trial at 90, 50 and 10 %% of what was found (default 10; 0: none)")
    what.add_argument("--burst", type=whole(0, 1000, "repetitions"), default=None, metavar="TIMES",
                      help="longest burst without loss (default 5, RFC 9004 wants 50; 0: none)")
    what.add_argument("--burst-most", type=whole(64, 10 ** 8, "packets"), default=1_000_000, metavar="PACKETS",
                      help="of the longest burst that is tried (default 1000000)")
    what.add_argument("--soak", type=real(0, 1e7, "seconds"), default=0, metavar="SECONDS",
                      help="at 90 %% of what was found")
    matrix = p.add_argument_group("matrix: each with each")
    matrix.add_argument("--size", type=listed(size), default=["imix"], metavar="SIZES",
                        help="bytes of inner packets, or imix")
    matrix.add_argument("--sessions", type=listed(whole(1, 10 ** 7, "sessions")), default=None, metavar="NUMBERS",
                        help="of the generator, for {sessions}")
    matrix.add_argument("--lacs", type=listed(whole(1, 10 ** 6, "LACs")), default=None, metavar="NUMBERS",
                        help="likewise, for {lacs}; of TRex: so many of the table's")
    beside = p.add_argument_group("what Culvert counts meanwhile: drops, frames of workers")
    beside.add_argument("--control", metavar="SOCKET", help="its control socket")
    beside.add_argument("--culvertctl", metavar="COMMAND", help="how to ask it, as 'ssh lns culvertctl'")
    out = p.add_argument_group("results, beside the table")
    for kind in ("json", "csv", "svg"):
        out.add_argument(f"--{kind}", metavar="FILE")
    out.add_argument("--config", metavar="FILE",
                     help="the server's configuration: its hash, and its text without secrets, go into the JSON")
    out.add_argument("--server-machine", metavar="FILE", help="what 'machine' printed on the server: likewise")
    out.add_argument("--quiet", action="store_true", help="no progress line")
    generator = p.add_argument_group("generator")
    generator.add_argument("--backend", choices=("load", "trex"), default="load")
    generator.add_argument("--up", type=real(0.1, 86400, "seconds"), default=300.0, metavar="SECONDS",
                           help="to wait for its sessions (default 300)")
    generator.add_argument("--missing", action="store_true", help="go on with fewer sessions than were wanted")
    generator.add_argument("--table", metavar="FILE",
                           help="TRex's sessions, of culvertctl sessions --trex; {sessions} and {lacs} are replaced")
    generator.add_argument("--traffic", choices=("up", "down", "clients", "both"), default="both",
                           help="of TRex (default both)")
    generator.add_argument("--ports", type=listed(whole(0, 63, "a port")), default=[0, 1], metavar="NEAR,FAR",
                           help="of TRex, on the clients' side and the uplink's")
    generator.add_argument("--latency-pps", type=whole(0, 10 ** 6, "packets a second"), default=0, metavar="PPS",
                           help="TRex's time stamps (software mode)")
    generator.add_argument("--trex-server", default="127.0.0.1", metavar="HOST")
    generator.add_argument("--trex-home", default=os.environ.get("TREX_HOME", "/opt/trex"), metavar="FOLDER",
                           help="of TRex's release")
    return p


def overridden(name, o):
    """The preset with what the options change of it."""
    changed = {}
    for option, field, share in (("loss", "loss_ratio", 100), ("exceed", "exceed_ratio", 100), ("initial", "initial_s", 1),
                                 ("final", "final_s", 1), ("sum", "sum_s", 1), ("width", "width", 100)):
        for text in getattr(o, option):
            goal, equals, value = text.rpartition("=")
            if equals and goal not in o.goal:
                raise UsageError(f"--{option} {text:.40}: '{goal:.40}' is not among the goals {', '.join(o.goal)}")
            if equals and goal != name:
                continue
            try:
                changed[field] = float(value) / share
            except ValueError:
                raise UsageError(f"--{option}: a number, not '{value:.40}'") from None
    goal = PRESETS[name]
    if "final_s" in changed:  # what was not said follows
        changed.setdefault("initial_s", min(goal.initial_s, changed["final_s"]))
        changed.setdefault("sum_s", max(goal.sum_s, changed["final_s"]))
    goal = dataclasses.replace(goal, **changed)
    wrong = goal.wrong()
    if wrong:
        raise UsageError(f"goal {name}: {wrong}")
    return goal


def check_out(option, path):
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise UsageError(f"--{option}: {path} can't be written")


def filled(word, sessions, lacs):
    """A word of a command line or path with its places filled."""
    per_lac = -(-sessions // lacs) if sessions and lacs else None
    for name, value in (("{sessions}", sessions), ("{lacs}", lacs), ("{per_lac}", per_lac)):
        if value is not None:
            word = word.replace(name, str(value))
    return word


def check_places(o, words, what):
    """Each of --sessions and --lacs has a place, and each place a number."""
    for name, values, places in (("sessions", o.sessions, ("{sessions}", "{per_lac}")),
                                 ("lacs", o.lacs, ("{lacs}", "{per_lac}"))):
        place = next((place for place in places for word in words if place in word), None)
        if o.backend == "trex" and name == "lacs":
            continue  # Trials takes so many of the table's
        if values and not place:
            raise UsageError(f"--{name} is given, and {what} has no {places[0]}: it would be the same each time")
        if place and not values:
            raise UsageError(f"{what} has {place}, and --{name} is not given")


def finish(o, command):
    """Checks what parts of the command line have to do with each other, and adds what follows of them."""
    if o.min > o.max:
        raise UsageError("--min is above --max")
    o.goals = [overridden(name, o) for name in o.goal]
    o.command, o.late = command, o.late / 100
    least, most = SIZES[o.backend]
    for one in o.size:
        if one != "imix" and not least <= one <= most:
            raise UsageError(f"--size: this generator makes packets of {least} to {most:,} bytes, not {one}")
    if o.backend == "load":
        if not command:
            raise UsageError("culvert-load's command line is needed, behind --")
        check_places(o, command, "the command")
        if o.table:
            raise UsageError("--table is for --backend trex")
        if "--trials" not in command:
            command.append("--trials")
    else:
        if command:
            raise UsageError("a command behind -- is for --backend load")
        if not o.table:
            raise UsageError("--backend trex needs --table")
        if len(o.ports) != 2:
            raise UsageError("--ports: two of them, as 0,1")
        check_places(o, [o.table], "--table")
    o.burst = o.burst if o.burst is not None else 5
    cells = len(o.size) * len(o.sessions or [0]) * len(o.lacs or [0])
    if cells > MOST_CELLS:
        raise UsageError(f"{cells} cells: at most {MOST_CELLS}")
    for kind in ("json", "csv", "svg"):
        if getattr(o, kind) is not None:
            check_out(kind, getattr(o, kind))
    o.ask = None
    if o.control or o.culvertctl:
        try:
            o.ask = shlex.split(o.culvertctl) if o.culvertctl else [CULVERTCTL]
        except ValueError as error:
            raise UsageError(f"--culvertctl: {error}") from None
        if not o.ask:
            raise UsageError("--culvertctl: a command")
        o.ask += ["--socket", o.control] if o.control else []
    return o


def parse(words):
    """Options of a search. Raises UsageError; --help exits."""
    command = []
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], list(words[at + 1:])
    o, rest = parser().parse_known_args(words)
    if rest:
        hint = "" if command or o.backend == "trex" else "; culvert-load's command line stands behind --"
        raise UsageError(f"unrecognized arguments: {' '.join(rest):.200}{hint}")
    return finish(o, command)
