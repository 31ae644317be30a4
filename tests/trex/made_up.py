# SPDX-License-Identifier: BSD-3-Clause
"""Sessions for tests, as an LNS gives them: random IDs, LACs with one or several."""
import random

from sessions_table import COLUMNS, Session


def sessions(number, lacs=1, ends=(("192.0.2.1", 1701),), seed=7):
    rng = random.Random(seed)
    ids = rng.sample(range(1 << 16, 1 << 32), 2 * number)
    ids = [i for i in ids if i & 0xFFFF][:number]
    peers = [(f"100.64.{i >> 8}.{i & 255}", rng.randrange(1024, 65536)) for i in range(lacs)]
    return [Session(ids[i] >> 16, ids[i] & 0xFFFF, ends[i % len(ends)], peers[i % lacs],
                    f"10.{64 + (i >> 16)}.{i >> 8 & 255}.{i & 255}") for i in range(number)]


def csv(made):
    return [",".join(COLUMNS)] + [
        f"{s.tunnel},{s.session},{s.lns[0]},{s.lns[1]},{s.peer[0]},{s.peer[1]},{s.address}" for s in made]
