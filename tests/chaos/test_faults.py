"""Three calls in ten fail in every way there is; afterwards both sides agree by themselves."""

import time
from collections.abc import Callable

import pytest

from tests.chaos import faults, verdict
from tests.chaos.conftest import Run
from tests.chaos.day import Amounts, Day
from tests.chaos.report import Line
from tests.chaos.world import World

_FULL = Amounts(prices=500, moves=300, orders=200)
_SHORT = Amounts(prices=60, moves=40, orders=24)
#: Of all calls at least so many have failed: `faults.SHARE`, less what dice may take from it.
_FULL_SHARE, _SHORT_SHARE = 0.2, 0.1
#: In a full run no kind is left to the dice alone: there are some three hundred calls.
_EACH_WITHIN = 60


@pytest.mark.timeout(1500)
def test_both_sides_agree_after_a_day_on_which_three_calls_in_ten_failed(
    run: Run, world: World, agree: Callable[[], float]
):
    amounts = _FULL if run.full else _SHORT
    newest = _newest_log(world)
    before = len(world.sandbox.orders())
    mark = world.sides[0].mark()
    day = Day(world, run.seed, amounts)
    rng = run.draw("faults")
    faults.begin(world.sandbox, rng, within=_EACH_WITHIN if run.full else 0)
    started = time.monotonic()

    def meanwhile() -> None:
        time.sleep(rng.uniform(3, 8))
        faults.refuse_token(world.sandbox, seconds=2)
        world.sandbox.webhook(drop=True)
        time.sleep(rng.uniform(3, 8))
        world.sandbox.webhook(drop=False)

    day.work(meanwhile)
    seconds = time.monotonic() - started
    survived, effects = faults.end(world.sandbox)
    calls = len(_calls(world, mark))
    healed = agree()
    lost, doubled = verdict.counts(world)
    run.lines.append(
        Line(
            "three calls in ten fail, in every way",
            f"{amounts.prices} prices, {amounts.moves} stock moves, {amounts.orders} orders"
            f" in two companies",
            survived,
            lost,
            doubled,
            {
                "seconds": round(seconds),
                "healed_after": round(healed, 1),
                "calls": calls,
                "effects": effects,
            },
        )
    )
    # Two people may meet on one product: that is between them, and Odoo has tried five times.
    # And who confirms an order that the retailer has opened is told to wait.
    told = ("serialize", "The retailer is changing")
    assert [words for words in day.refused if not any(part in words for part in told)] == []
    assert day.cut == 0
    assert len(world.sandbox.orders()) - before == amounts.orders
    assert (lost, doubled) == (0, 0)
    assert survived >= (_FULL_SHARE if run.full else _SHORT_SHARE) * calls
    if run.full:
        assert [kind for kind, hits in effects.items() if not hits] == []
    assert not _untold(world, mark, newest)


def _newest_log(world: World) -> int:
    return world.odoo.query("SELECT coalesce(max(id), 0) FROM cartona_sync_log")[0][0]


def _calls(world: World, mark: int) -> list[dict]:
    """What was asked of the marketplace since then."""
    return world.sandbox.requests(since=mark, limit=100_000)


def _untold(world: World, mark: int, newest: int) -> str:
    """What the log does not tell of the calls since then: each one has a row, each failed one
    a row that says so."""
    calls = _calls(world, mark)
    rows = world.odoo.query(
        "SELECT state, count(*) FROM cartona_sync_log WHERE id > %s GROUP BY state", newest
    )
    told = dict(rows)
    # A 2xx without a word says that it was taken, and so it was.
    failed = sum(call["fault"] not in (None, "", "empty") for call in calls)
    if sum(told.values()) < len(calls):
        return f"{len(calls)} calls, but rows {told}"
    if told.get("error", 0) + told.get("partial", 0) < failed:
        return f"{failed} calls failed, but rows {told}"
    return ""
