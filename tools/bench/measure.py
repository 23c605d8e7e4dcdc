"""Timing: pairs against a floor, calls by the server's clock, quantiles."""

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until

# Odoo ends its log line of a request with the number of queries, their seconds and the rest.
_REQUEST = re.compile(rb'"POST /jsonrpc[^"]*" 200 - (\d+) ([\d.]+) ([\d.]+)')


@dataclass(frozen=True)
class Call:
    """One call as measured by the server, including commit and what follows it."""

    seconds: float
    queries: int


def timed(odoo: OdooServer, model: str, method: str, *args: Any, **kwargs: Any) -> Call:
    """Call a method over RPC and return the server's time for it.

    No other client may call that server by RPC meanwhile.
    """
    with open(odoo.log, "rb") as log:
        start = log.seek(0, 2)
        odoo.call(model, method, *args, **kwargs)

        def written() -> list[tuple[bytes, bytes, bytes]]:
            log.seek(start)
            return _REQUEST.findall(log.read())

        # The line is written after the answer was sent.
        queries, in_database, outside = wait_until(written, timeout=10, pause=0.005)[-1]
    return Call(float(in_database) + float(outside), int(queries))


@dataclass(frozen=True)
class Pairs:
    """Measurements of the same work with and without the addon, taken alternately.

    :ivar floor: seconds without
    :ivar subject: seconds with, in the same order
    """

    floor: Sequence[float]
    subject: Sequence[float]

    @property
    def ratio(self) -> float:
        """Return the median of the pairs' ratios: both of a pair ran under the same load."""
        return statistics.median(self.ratios)

    @property
    def ratios(self) -> list[float]:
        """Return one ratio per pair."""
        return [subject / floor for subject, floor in zip(self.subject, self.floor, strict=True)]

    def as_dict(self) -> dict[str, object]:
        """Return the JSON report, times in milliseconds."""
        return {
            "ratio": round(self.ratio, 3),
            "ratios": [round(ratio, 3) for ratio in self.ratios],
            "floor_ms": [round(1000 * seconds, 1) for seconds in self.floor],
            "subject_ms": [round(1000 * seconds, 1) for seconds in self.subject],
        }


def in_turns(floor: Callable[[int], float], subject: Callable[[int], float], pairs: int) -> Pairs:
    """Measure both several times; each pair is in the opposite order of the one before.

    One uncounted round runs first: caches are cold only once.

    :param floor: callable(number of the round) -> seconds, without the measured part
    :param subject: the same with it
    """
    floors: list[float] = []
    subjects: list[float] = []
    both = [(floor, floors), (subject, subjects)]
    for number in range(pairs + 1):
        for measure, results in both if number % 2 else reversed(both):
            seconds = measure(number)
            if number:
                results.append(seconds)
    return Pairs(floors, subjects)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed.

    >>> quantile([1, 2, 3, 4], 0.5)
    2
    >>> quantile([1, 2, 3, 4], 0.95)
    4
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
