"""kill -9, anywhere and at any moment, during normal work; afterwards both sides agree."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support import comparison
from tests.support.companies import World
from tests.support.killers import Killers
from tests.support.report import Line
from tests.support.run import Run
from tests.support.workday import Amounts, Day
from tools.dev import postgres

_FULL, _FULL_KILLS = Amounts(prices=300, moves=200, orders=120), 30
_SHORT, _SHORT_KILLS = Amounts(prices=40, moves=25, orders=16), 6


@pytest.mark.timeout(1500)
def test_both_sides_agree_after_a_day_of_crashes(
    run: Run,
    world: World,
    cluster: postgres.Embedded,
    agree: Callable[[], float],
    request: pytest.FixtureRequest,
):
    amounts, number = (_FULL, _FULL_KILLS) if run.full else (_SHORT, _SHORT_KILLS)
    before = len(world.sandbox.orders())
    rng = run.draw("crashes")
    request.addfinalizer(world.odoo.restart)  # the following tests are about other things
    killer = Killers(world.odoo, cluster)
    killers = killer.all()
    # All equally often (plus or minus one), in random order.
    victims = [victim for victim in killers for _time in range(-(-number // len(killers)))]
    rng.shuffle(victims)
    day = Day(world, run.seed + 1, amounts)
    started = time.monotonic()

    def meanwhile() -> None:
        for victim in victims[:number]:
            time.sleep(rng.uniform(0.5, 4))
            killers[victim]()
            killer.revive()
        time.sleep(5)
        killer.revive()

    day.work(meanwhile)
    seconds = time.monotonic() - started
    healed = agree()
    lost, doubled = comparison.counts(world)
    killed = Counter(victims[:number])
    run.lines.append(
        Line(
            "kill -9 of Odoo's workers, job runner, cron, all of it, and PostgreSQL",
            f"{amounts.prices} prices, {amounts.moves} stock moves, {amounts.orders} orders",
            number,
            lost,
            doubled,
            {
                "seconds": round(seconds),
                "healed_after": round(healed, 1),
                "killed": dict(killed),
                "calls_cut": day.cut,
            },
        )
    )
    assert len(world.sandbox.orders()) - before == amounts.orders
    assert (lost, doubled) == (0, 0)
