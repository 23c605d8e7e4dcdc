"""When to try again: pure functions, the random part apart."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

LONGEST = 60.0
# A server that asks for more than this is mistaken, or would stop the shop for a day.
LONGEST_ASKED = 3600.0
JITTER = 0.25


def delay(attempt, retry_after=None):
    """Seconds to wait after failure number `attempt`.

    1, 2, 4 ... at most 60 s; or what Cartona asked for, up to an hour. A `Retry-After: 0` does
    not count as asking, or a broken server would be called without a pause.

    :param int attempt: failures in a row, 1 for the first.
    :param retry_after: seconds (float) or None, see `parse_retry_after`.
    :rtype: float
    """
    if retry_after is not None and retry_after > 0:
        return max(1.0, min(float(retry_after), LONGEST_ASKED))
    return min(LONGEST, 2.0 ** min(max(attempt, 1) - 1, 10))


def with_jitter(seconds, rng):
    """`seconds` and up to a quarter more, so that many databases do not come back at once.

    Never less: a `Retry-After` is a promise.

    :param rng: anything with `random() -> float in [0, 1)`.
    :rtype: float
    """
    return seconds * (1.0 + JITTER * rng.random())


def parse_retry_after(value, now):
    """Seconds from `now` that a `Retry-After` header asks for.

    :param value: the header: seconds or an HTTP date; None when absent.
    :param datetime now: aware, or naive and then UTC.
    :return: float >= 0, or None when absent or unreadable.
    """
    value = (value or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    if seconds is None or not math.isfinite(seconds):
        return None
    return max(0.0, seconds)


def _seconds_until(value, now):
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (_aware(moment) - _aware(now)).total_seconds()


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
