"""Delays between attempts."""

import random
from datetime import datetime, timedelta, timezone

import pytest

from cartona_api import backoff

NOW = datetime(2026, 3, 10, 12, 0, 0, tzinfo=timezone(timedelta(0)))

DELAYS = [
    ("first", 1, None, 1.0),
    ("second", 2, None, 2.0),
    ("third", 3, None, 4.0),
    ("sixth", 6, None, 32.0),
    ("never more than a minute", 7, None, 60.0),
    ("after weeks", 100_000, None, 60.0),
    ("none yet", 0, None, 1.0),
    ("requested more", 1, 90.0, 90.0),
    ("requested less", 7, 5.0, 5.0),
    ("requested an hour", 1, 3600.0, 3600.0),
    ("requested a day", 1, 86400.0, 3600.0),
    ("requested nothing", 3, 0.0, 4.0),
    ("requested a moment", 1, 0.2, 1.0),
]


@pytest.mark.parametrize(
    ("attempt", "retry_after", "seconds"), [c[1:] for c in DELAYS], ids=[c[0] for c in DELAYS]
)
def test_delays_double_up_to_a_minute_unless_cartona_requests_one(attempt, retry_after, seconds):
    assert backoff.delay(attempt, retry_after) == seconds


def test_jitter_only_ever_adds_and_at_most_a_quarter():
    rng = random.Random(1)
    delays = [backoff.with_jitter(40.0, rng) for _ in range(1000)]
    assert min(delays) >= 40.0
    assert max(delays) < 50.0
    assert max(delays) - min(delays) > 5.0


HEADERS = [
    ("absent", None, None),
    ("empty", " ", None),
    ("seconds", "120", 120.0),
    ("seconds with blanks", " 7 ", 7.0),
    ("fraction", "1.5", 1.5),
    ("negative", "-5", 0.0),
    ("date", "Tue, 10 Mar 2026 12:01:30 GMT", 90.0),
    ("date gone by", "Tue, 10 Mar 2026 11:00:00 GMT", 0.0),
    ("date without zone", "Tue, 10 Mar 2026 12:00:10", 10.0),
    ("word", "soon", None),
    ("not a number", "nan", None),
    ("infinite", "inf", None),
    ("no date", "Tue, 99 Foo 2026", None),
    ("a date too far", "Tue, 10 Mar 99999 12:00:00 GMT", None),
]


@pytest.mark.parametrize(
    ("value", "seconds"), [c[1:] for c in HEADERS], ids=[c[0] for c in HEADERS]
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, seconds):
    assert backoff.parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "now", [NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=2)))]
)
def test_now_may_be_naive_utc_or_in_any_zone(now):
    assert backoff.parse_retry_after("Tue, 10 Mar 2026 12:00:30 GMT", now) == 30.0
