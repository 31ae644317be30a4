# SPDX-License-Identifier: BSD-3-Clause
"""The longest burst without loss (RFC 9004): pure, neither clock nor I/O."""
import statistics
from dataclasses import dataclass

FIRST = 1024  # packets
RESOLUTION = 0.01  # of the length, and not less than 8 packets
LEAST = 8


def longest(most, first=FIRST):
    """A generator: yields lengths, is sent whether the burst arrived whole, and returns the longest that did:
    0, if none, and `most`, if there may be longer ones."""
    lower, upper = 0, None
    length = min(first, most)
    while True:
        if (yield length):
            lower = max(lower, length)
            if lower >= most:
                return most
        else:
            upper = length
        if upper is None:
            length = min(most, length * 2)
        elif upper - lower <= max(LEAST, upper * RESOLUTION):
            return lower
        else:
            length = (lower + upper) // 2


@dataclass(frozen=True)
class Bursts:
    """Of several repetitions. Rates are packets a second."""
    lengths: tuple
    most: int
    rate: float  # at which they were sent
    throughput: float | None  # that was found before

    @property
    def irregular(self):
        """Why these say little, or an empty text."""
        if not self.lengths or min(self.lengths) == 0:
            return "no burst arrived whole"
        if max(self.lengths) >= self.most:
            return "the longest burst passed"
        if self.throughput and self.rate <= self.throughput:
            return "bursts are not faster than the throughput"
        return ""

    @property
    def mean(self):
        return statistics.fmean(self.lengths) if self.lengths else 0.0

    @property
    def deviation(self):
        return statistics.pstdev(self.lengths) if self.lengths else 0.0

    @property
    def buffer_s(self):
        """The time that the buffers hold (RFC 9004, Corrected DUT Buffer Time): what is relayed while the
        burst comes needs none. None: unknown."""
        if self.irregular or not self.throughput:
            return None
        return self.mean / self.rate * (1 - self.throughput / self.rate)
