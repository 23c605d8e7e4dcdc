"""Two parallel operations on the same record: in any order, both sides agree without duplicates.

Drains against eight writing users and older transactions are tested in `tests/faults`.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.driver import SandboxError
from tests.support import comparison
from tests.support.companies import Side, World
from tests.support.report import Line
from tests.support.run import Run
from tests.support.workday import pick
from tools.dev.odoo_server import OdooError
from tools.dev.processes import wait_until
from tools.drivers.intake import PULL
from tools.drivers.seller import UPDATE

pytestmark = pytest.mark.timeout(1200)
_AT_ONCE = 20


def test_parallel_webhook_calls_and_pull_create_one_order(
    run: Run, world: World, agree: Callable[[], float]
):
    rng, side = run.draw("same order"), world.sides[0]
    rounds = 10 if run.full else 2
    secret = side.setting("webhook_token")
    answers: list[int] = []
    for _round in range(rounds):
        world.sandbox.webhook(drop=True)
        key = world.place(side, world.basket(side, rng))
        body = world.sandbox.order(key)
        del body["sandbox"]
        world.sandbox.set_fault(effect="delay", path=PULL, seconds=0.3, times=2)
        side.do("cartona.config", "action_pull_orders", [side.config])
        answers += _at_once(
            [lambda body=body: _notify(world, body, secret) for _number in range(_AT_ONCE)]
        )
        world.sandbox.webhook(drop=False)
    world.sandbox.clear_faults()
    agree()
    run.lines.append(
        Line(
            f"one order {_AT_ONCE} times at once by webhook, and by a pull",
            f"{rounds} orders, {len(answers)} calls",
            len(answers) - rounds,
            *comparison.counts(world),
        )
    )
    assert set(answers) == {200}
    assert comparison.counts(world) == (0, 0)


def test_drains_of_runner_and_cron_never_overlap(
    run: Run, world: World, agree: Callable[[], float]
):
    """Rows older than half a minute are the cron's too: both drain at the same time."""
    side = world.sides[0]
    rounds = 30 if run.full else 8
    side.configure(batch_size=3)
    world.sandbox.set_fault(effect="delay", path=UPDATE, seconds=0.2)
    mark = side.last_request()
    products = list(side.listings)
    for number in range(rounds):
        side.do("product.product", "write", products, {"list_price": 20.0 + number})
        world.odoo.query("UPDATE cartona_change SET create_date = create_date - interval '1 hour'")
        world.odoo.make_due("cartona_integration.cron_catch_up")
        world.odoo.env.pg.query("SELECT pg_notify('cron_trigger', %s)", world.odoo.database)
    world.sandbox.clear_faults()
    agree()
    side.configure(batch_size=100)
    calls = [call for call in side.update_requests(mark) if _is_of(call, side)]
    spans = sorted((call["ms"], call["ms"] + call["took_ms"]) for call in calls)
    overlaps = [pair for pair in zip(spans, spans[1:], strict=False) if pair[0][1] > pair[1][0] + 5]
    assert overlaps == [], "one drain of a company at a time"
    for product in products:
        sent = [
            item["selling_price"] for item in side.sent(product, mark) if "selling_price" in item
        ]
        assert sent == sorted(sent), "a later price is never overwritten by an earlier one"
    run.lines.append(
        Line(
            "two drains of one company",
            f"{rounds * len(products)} price changes",
            len(calls),
            0,
            None,
        )
    )


def test_product_linked_during_import_completes_its_order(
    run: Run, world: World, agree: Callable[[], float]
):
    rng, side = run.draw("linking"), world.sides[0]
    rounds = 30 if run.full else 4
    for _round in range(rounds):
        [listing] = side.unused(1)
        [product] = side.create(1)
        side.listings[product] = listing
        key = world.place(side, {product: rng.randint(1, 5)})
        time.sleep(rng.uniform(0, 0.4))
        side.link([product], [listing])
        assert key in world.orders
    agree()
    run.lines.append(
        Line(
            "a product linked while its order is imported",
            f"{rounds} orders",
            rounds,
            *comparison.counts(world),
        )
    )
    assert comparison.counts(world) == (0, 0)


def test_cancellation_during_validation_loses_no_goods(
    run: Run, world: World, agree: Callable[[], float]
):
    """Either comes first. Shipped goods are not lost: a user gets an activity to take them back."""
    rng, side = run.draw("cancelling"), world.sides[0]
    rounds = 20 if run.full else 4
    keys = [world.place(side, world.basket(side, rng)) for _round in range(rounds)]
    sales = _approved(world, side, keys)
    world.set_aside.update(keys)
    ends = {"cancelled before": 0, "delivered before": 0, "to be taken back": 0}
    for key, sale in sales.items():
        [picking] = side.do("stock.picking", "search", [("sale_id", "=", sale)])
        pick(side, [picking])
        pause = rng.uniform(0, 0.5)
        _at_once(
            [
                lambda key=key, pause=pause: _cancel(world, key, pause),
                lambda picking=picking: _validate(side, picking),
            ]
        )
    for key, sale in sales.items():
        ends[_end(world, side, key, sale)] += 1
    agree()
    run.lines.append(
        Line(
            "a cancellation while the delivery is validated",
            f"{rounds} orders",
            rounds,
            *comparison.counts(world),
            figures={"ends": dict(ends)},
        )
    )
    assert sum(ends.values()) == rounds


# === HELPERS === #


def _at_once(calls: Sequence[Callable]) -> list:
    """Make all calls at the same moment."""
    start = threading.Barrier(len(calls))

    def go(call: Callable) -> object:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def _notify(world: World, body: dict, secret: str) -> int:
    """Call the webhook once. :return: the status of its answer"""
    url, headers = f"{world.odoo.url}/cartona/webhook/orders", {"AuthorizationToken": secret}
    return requests.post(url, json=body, headers=headers, timeout=60).status_code


def _is_of(call: dict, side: Side) -> bool:
    ids = {str(item.get("supplier_product_id")) for item in call["body"] or []}
    return bool(ids & set(side.listings.values()))


def _approved(world: World, side: Side, keys: list[str]) -> dict[str, int]:
    """Confirm orders as soon as they are imported, and wait until the marketplace shows it.

    :return: the sale order of each
    """

    def arrived() -> dict[str, int] | None:
        domain = [("cartona_id", "in", keys)]
        rows = side.do("sale.order", "search_read", domain, ["cartona_id"])
        return len(rows) == len(keys) and {row["cartona_id"]: row["id"] for row in rows}

    sales = wait_until(arrived, timeout=120)
    side.do("sale.order", "action_confirm", list(sales.values()))
    for key in keys:
        wait_until(lambda key=key: world.sandbox.order(key)["status"] == "approved", timeout=60)
    return sales


def _cancel(world: World, key: str, pause: float) -> None:
    """Cancel as the retailer, unless it was delivered already."""
    time.sleep(pause)
    with contextlib.suppress(SandboxError):
        world.sandbox.cancel_order(key)


def _validate(side: Side, picking: int) -> None:
    """Validate the delivery, unless Odoo refuses because the order was cancelled."""
    with contextlib.suppress(OdooError):
        quiet = {"skip_sms": True, "skip_backorder": True}
        side.do("stock.picking", "button_validate", [picking], context=quiet)


def _end(world: World, side: Side, key: str, sale: int) -> str:
    """Return the final result: the two sides agree, or a user has an activity for the rest."""

    def ended() -> str:
        status = world.sandbox.order(key)["status"]
        [here] = side.do("sale.order", "read", [sale], ["state", "cartona_status", "activity_ids"])
        states = side.do(
            "stock.picking", "search_read", [("sale_id", "=", sale)], ["state"], order="id"
        )
        found = (status, here["state"], *(row["state"] for row in states))
        if here["cartona_status"] != status:
            return ""
        if found == ("cancelled_by_retailer", "cancel", "cancel"):
            return "cancelled before"
        if found == ("delivered", "sale", "done"):
            return "delivered before"
        is_late = found[:3] == ("cancelled_by_retailer", "sale", "done")
        has_activity = is_late and here["activity_ids"]
        is_return = has_activity and found[3:] == ("assigned",)
        return "to be taken back" if is_return else ""

    return wait_until(ended, timeout=120, pause=0.5)
