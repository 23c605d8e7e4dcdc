"""Three calls in ten fail in every possible manner; afterwards both sides agree again."""

import time
from collections.abc import Callable

import pytest

from tests.support import comparison, failing_marketplace
from tests.support.companies import World
from tests.support.report import Line
from tests.support.run import Run
from tests.support.workday import Amounts, Day

_FULL = Amounts(prices=500, moves=300, orders=200)
_SHORT = Amounts(prices=60, moves=40, orders=24)
#: Minimum share of failed calls: `failing_marketplace.SHARE`, less a margin for chance.
_FULL_SHARE, _SHORT_SHARE = 0.2, 0.1
#: In a full run every kind occurs, not only by chance: there are some three hundred calls.
_EACH_WITHIN = 60


@pytest.mark.timeout(1500)
def test_both_sides_agree_when_three_calls_in_ten_fail(
    run: Run, world: World, agree: Callable[[], float]
):
    amounts = _FULL if run.full else _SHORT
    newest = _newest_log(world)
    before = len(world.sandbox.orders())
    mark = world.sides[0].last_request()
    day = Day(world, run.seed, amounts)
    rng = run.draw("faults")
    failing_marketplace.begin(world.sandbox, rng, within=_EACH_WITHIN if run.full else 0)
    started = time.monotonic()

    def meanwhile() -> None:
        time.sleep(rng.uniform(3, 8))
        failing_marketplace.refuse_token(world.sandbox, seconds=2)
        world.sandbox.webhook(drop=True)
        time.sleep(rng.uniform(3, 8))
        world.sandbox.webhook(drop=False)

    day.work(meanwhile)
    seconds = time.monotonic() - started
    survived, effects = failing_marketplace.end(world.sandbox)
    calls = len(_calls(world, mark))
    healed = agree()
    lost, doubled = comparison.counts(world)
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
    # Two users may collide on one product: that is between them, after five attempts by Odoo.
    # And confirming an order that the retailer is editing is refused.
    expected = ("serialize", "The retailer is changing")
    assert [text for text in day.refused if not any(part in text for part in expected)] == []
    assert day.cut == 0
    assert len(world.sandbox.orders()) - before == amounts.orders
    assert (lost, doubled) == (0, 0)
    assert survived >= (_FULL_SHARE if run.full else _SHORT_SHARE) * calls
    if run.full:
        assert [kind for kind, hits in effects.items() if not hits] == []
    assert not _missing_in_log(world, mark, newest)


def _newest_log(world: World) -> int:
    return world.odoo.query("SELECT coalesce(max(id), 0) FROM cartona_sync_log")[0][0]


def _calls(world: World, mark: int) -> list[dict]:
    """Return the requests to the marketplace since then."""
    return world.sandbox.requests(since=mark, limit=100_000)


def _missing_in_log(world: World, mark: int, newest: int) -> str:
    """Return what is missing in the log: each call since then has a row, and the row of each
    failed call shows the failure."""
    calls = _calls(world, mark)
    rows = world.odoo.query(
        "SELECT state, count(*) FROM cartona_sync_log WHERE id > %s GROUP BY state", newest
    )
    states = dict(rows)
    # An empty 2xx means accepted, and it was.
    failed = sum(call["fault"] not in (None, "", "empty") for call in calls)
    if sum(states.values()) < len(calls):
        return f"{len(calls)} calls, but rows {states}"
    if states.get("error", 0) + states.get("partial", 0) < failed:
        return f"{failed} calls failed, but rows {states}"
    return ""
