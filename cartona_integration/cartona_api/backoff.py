"""Compute when to try again. Pure functions; the caller supplies the clock and the randomness."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class RandomSource(Protocol):
        """Anything with `random() -> float in [0, 1)`, e.g. `random.Random`."""

        def random(self) -> float: ...


MAX_DELAY = 60.0
# A server that requests more than this is mistaken, or would stop the shop for a day.
MAX_RETRY_AFTER = 3600.0
JITTER = 0.25


def delay(attempt: int, retry_after: float | None = None) -> float:
    """Return the seconds to wait after a failure.

    1, 2, 4 ... at most 60 s; or what Cartona requested, up to an hour. A `Retry-After: 0` is
    ignored, or a broken server would be called without a pause.

    :param attempt: failures in a row, 1 for the first.
    :param retry_after: seconds that Cartona requested, see `parse_retry_after`.
    """
    if retry_after is not None and retry_after > 0:
        return max(1.0, min(float(retry_after), MAX_RETRY_AFTER))
    exponent = min(max(attempt, 1) - 1, 10)
    return float(min(MAX_DELAY, 2.0**exponent))


def with_jitter(seconds: float, rng: RandomSource) -> float:
    """Return `seconds` plus up to a quarter, so that many databases do not retry at once.

    Never less than `seconds`: a `Retry-After` is a promise.

    :param rng: anything with `random() -> float in [0, 1)`, e.g. the module `random`.
    """
    return seconds * (1.0 + JITTER * rng.random())


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds from `now` that a `Retry-After` header requests.

    :param value: the header: seconds or an HTTP date; None when absent.
    :param now: aware, or naive and then UTC.
    :return: at least 0, or None when absent or unreadable.
    """
    value = (value or "").strip()
    if not value:
        return None
    seconds: float | None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    if seconds is None or not math.isfinite(seconds):
        return None
    return max(0.0, seconds)


def _seconds_until(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (_aware(moment) - _aware(now)).total_seconds()


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
