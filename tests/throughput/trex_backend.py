# SPDX-License-Identifier: BSD-3-Clause
"""TRex as backend: its server runs already, and a table of sessions says what it sends. TRex's own
Python API is imported when it is asked for and not before."""
import glob
import os
import sys

from backend import BackendError, trial_of
from goals import LATE

API = "automation/trex_control_plane/interactive"
HOME = "/opt/trex"
PROFILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "trex")


def api_path(home):
    """Where TRex's Python API is, or None."""
    found = [path for path in (os.path.join(home, API), *sorted(glob.glob(os.path.join(home, "v*", API))))
             if os.path.isdir(os.path.join(path, "trex", "stl"))]
    return found[0] if found else None


def import_api(home):
    path = api_path(home)
    if path is None:
        raise BackendError(f"there is no TRex in {home}: --trex-home, or TREX_HOME, says where its release is")
    sys.path.insert(0, path)
    try:
        import trex.stl.api as api  # pylint: disable=import-error,import-outside-toplevel
    except ImportError as error:
        raise BackendError(f"TRex's API in {home} can't be loaded: {error}") from None
    return api


def api_version(client):
    """TRex's release as its server says it, or None."""
    said = client.get_server_version()
    return said.get("version") if isinstance(said, dict) else None


class Trex:
    """make(): {"sessions", "wanted", "seconds"} and an object with trial(pps, seconds, size), whose answers
    are those of culvert-load; and one without arguments that ends it. connect() is the real one."""

    def __init__(self, make, late_ratio=LATE):
        self.make, self.late_ratio = make, late_ratio
        self.trials, self.end = None, None

    def up(self):
        about, self.trials, self.end = self.make()
        return about

    def trial(self, pps, seconds, size):
        try:
            answer = self.trials.trial(pps, seconds, size)
        except BackendError:
            raise
        except Exception as error:  # TRex's own, which are many  # pylint: disable=broad-except
            raise BackendError(f"TRex: {error}") from error
        return trial_of(answer, pps, seconds, self.late_ratio)

    def burst(self, packets, size):
        raise BackendError("TRex makes no bursts here: culvert-load does")

    def close(self):
        end, self.end = self.end, None
        if end is not None:
            end()


def connect(home, server, table, direction, ports, lacs, latency_pps):
    """What Trex makes of a TRex server and a table. Raises BackendError."""
    sys.path.insert(0, PROFILES)
    try:
        import sessions_table  # pylint: disable=import-error,import-outside-toplevel
        import trex_trial  # pylint: disable=import-error,import-outside-toplevel
    except ImportError as error:
        raise BackendError(f"the profiles for TRex can't be loaded: {error}") from None
    try:
        sessions = sessions_table.read(table)
        api = import_api(home)
        client = api.STLClient(server=server)
        try:
            client.connect()
        except Exception as error:  # pylint: disable=broad-except
            raise BackendError(f"no TRex server answers at {server}: {error}") from None
        client.acquire(ports=list(ports), force=True)
        trials = trex_trial.Trials(client, api, sessions, direction, lacs, ports, latency_pps=latency_pps)
    except (OSError, ValueError) as error:
        raise BackendError(f"{table}: {error}") from None

    def end():
        client.stop()
        client.disconnect()
    about = {"sessions": len(trials.sessions), "wanted": len(trials.sessions), "seconds": 0,
             "version": api_version(client)}
    return about, trials, end
