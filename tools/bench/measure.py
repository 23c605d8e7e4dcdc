"""How things are timed: pairs against a floor, calls by the server's own clock, quantiles."""

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until

# Odoo ends its line of a request with the number of queries, the seconds they took and the rest.
_REQUEST = re.compile(rb'"POST /jsonrpc[^"]*" 200 - (\d+) ([\d.]+) ([\d.]+)')


@dataclass(frozen=True)
class Call:
    """One call as the server has measured it, commit and what follows it included."""

    seconds: float
    queries: int


def timed(odoo: OdooServer, model: str, method: str, *args: Any, **kwargs: Any) -> Call:
    """Call a method over RPC and take the server's time for it.

    Nobody else may call that server by RPC meanwhile.
    """
    with open(odoo.log, "rb") as log:
        start = log.seek(0, 2)
        odoo.call(model, method, *args, **kwargs)

        def written() -> list[tuple[bytes, bytes, bytes]]:
            log.seek(start)
            return _REQUEST.findall(log.read())

        # The line is written after the answer has gone.
        queries, in_database, outside = wait_until(written, timeout=10, pause=0.005)[-1]
    return Call(float(in_database) + float(outside), int(queries))


@dataclass(frozen=True)
class Pairs:
    """Measurements of the same work, with and without, taken in turns.

    :ivar floor: seconds without
    :ivar subject: seconds with, in the same order
    """

    floor: Sequence[float]
    subject: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios: the two of a pair met the same machine."""
        return statistics.median(self.ratios)

    @property
    def ratios(self) -> list[float]:
        """One ratio per pair."""
        return [subject / floor for subject, floor in zip(self.subject, self.floor, strict=True)]

    def as_dict(self) -> dict[str, object]:
        """What goes into the JSON report, times in milliseconds."""
        return {
            "ratio": round(self.ratio, 3),
            "ratios": [round(ratio, 3) for ratio in self.ratios],
            "floor_ms": [round(1000 * seconds, 1) for seconds in self.floor],
            "subject_ms": [round(1000 * seconds, 1) for seconds in self.subject],
        }


def in_turns(floor: Callable[[int], float], subject: Callable[[int], float], pairs: int) -> Pairs:
    """Measure both so many times, each pair in the other order than the one before it.

    One round goes before them and does not count: caches are cold only once.

    :param floor: callable(number of the round) -> seconds, without what is measured
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
    """The smallest value that at least this share of the values does not exceed.

    >>> quantile([1, 2, 3, 4], 0.5)
    2
    >>> quantile([1, 2, 3, 4], 0.95)
    4
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
