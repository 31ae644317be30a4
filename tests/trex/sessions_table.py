# SPDX-License-Identifier: BSD-3-Clause
"""The table of sessions that frames are made of: what `culvertctl sessions --trex` prints, as CSV."""
import csv
import ipaddress
import random
import re
from dataclasses import dataclass

COLUMNS = ("tunnel", "session", "lns_address", "lns_port", "peer_address", "peer_port", "address")
MOST_ROWS = 2_000_000
MOST_BYTES_A_LINE = 200
MOST_FAULTS_TOLD = 10
NUMBER = re.compile(r"[0-9]{1,5}")


class BadTable(ValueError):
    """What is wrong with it, a line a fault, each with the number of its line."""


@dataclass(frozen=True, slots=True)
class Session:
    tunnel: int  # the LNS's own IDs, which a client writes into what it sends
    session: int
    lns: tuple  # address (text) and port of the LNS's end
    peer: tuple  # and of the client's (LAC's), as the LNS sees it
    address: str  # inside the session


def _number(text, name):
    if not NUMBER.fullmatch(text) or not 1 <= int(text) <= 0xFFFF:
        raise ValueError(f"{name}: a number from 1 to 65535, not {text[:20]!r}")
    return int(text)


def _address(text, name):
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise ValueError(f"{name}: an IPv4 address, not {text[:40]!r}") from None
    if address.is_multicast or address.is_unspecified or text == "255.255.255.255":
        raise ValueError(f"{name}: no host has {text}")
    return str(address)


def _session(fields, places):
    if len(fields) != len(places):
        raise ValueError(f"{len(fields)} fields, where the head has {len(places)}")
    of = {name: fields[places[name]].strip() for name in COLUMNS}
    return Session(
        _number(of["tunnel"], "tunnel"), _number(of["session"], "session"),
        (_address(of["lns_address"], "lns_address"), _number(of["lns_port"], "lns_port")),
        (_address(of["peer_address"], "peer_address"), _number(of["peer_port"], "peer_port")),
        _address(of["address"], "address"))


def _places(head, name):
    """Where each column is; the order is free."""
    head = [field.strip() for field in head]
    lacking = [column for column in COLUMNS if column not in head]
    twice = sorted({column for column in head if head.count(column) > 1})
    other = [column[:40] for column in head if column not in COLUMNS]
    if lacking or twice or other:
        said = ["no column " + ", ".join(lacking)] if lacking else []
        said += ["twice there: " + ", ".join(twice)] if twice else []
        said += ["unknown: " + ", ".join(map(repr, other))] if other else []
        raise BadTable(f"{name}:1: {'; '.join(said)} (the first line is {','.join(COLUMNS)})")
    return {column: head.index(column) for column in COLUMNS}


def parse(lines, name="table"):
    """A list of Sessions of the lines of text, or BadTable."""
    sessions, faults, seen = [], [], {}
    places = None
    for number, line in enumerate(lines, 1):
        if number > MOST_ROWS + 1:
            raise BadTable(f"{name}:{number}: more than {MOST_ROWS:,} sessions")
        line = line.rstrip("\r\n")
        if len(line) > MOST_BYTES_A_LINE or "\0" in line:
            raise BadTable(f"{name}:{number}: no line of a table of sessions")
        try:
            fields = next(csv.reader([line], strict=True), [])
        except csv.Error as error:
            raise BadTable(f"{name}:{number}: {error}") from None
        if places is None:
            places = _places(fields, name)
            continue
        if not line.strip():
            continue
        try:
            session = _session(fields, places)
            for what, key in (("session", (session.lns[0], session.tunnel, session.session)),
                              ("address", session.address)):
                if (what, key) in seen:
                    raise ValueError(f"the {what} is that of line {seen[what, key]}")
                seen[what, key] = number
            sessions.append(session)
        except ValueError as fault:
            faults.append(f"{name}:{number}: {fault}")
            if len(faults) == MOST_FAULTS_TOLD:
                faults.append(f"{name}: and perhaps more")
                break
    if faults:
        raise BadTable("\n".join(faults))
    if not sessions:
        raise BadTable(f"{name}: " + ("no session is in it" if places else "it is empty"))
    return sessions


def read(path):
    """The same of a file."""
    try:
        with open(path, encoding="ascii", newline="\n") as file:
            return parse(file, path)
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadTable(f"{path}: it is no text, or not of ASCII alone") from None


def peers(sessions):
    """{peer: its sessions}: a peer is an outer address and port, so a LAC, or a client alone."""
    found = {}
    for session in sessions:
        found.setdefault(session.peer, []).append(session)
    return found


def of_lacs(sessions, lacs, seed=1):
    """The sessions of so many LACs: of those with most sessions, by the seed where these are alike."""
    by_peer = peers(sessions)
    if lacs < 1:
        raise BadTable(f"{lacs} LACs: at least 1")
    if lacs > len(by_peer):
        raise BadTable(f"{lacs} LACs are asked for, and the table's sessions come from {len(by_peer)}")
    order = sorted(by_peer)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda peer: -len(by_peer[peer]))
    return [session for peer in order[:lacs] for session in by_peer[peer]]
