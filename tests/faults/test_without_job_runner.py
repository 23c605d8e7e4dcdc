"""No job runner at all: the cron does all the work, more slowly."""

from collections.abc import Callable, Iterator

import pytest

from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import Intake
from tools.drivers.seller import UPDATE, Seller

WAITING = """
    SELECT count(*) FROM cartona_change WHERE kind IN ('price', 'stock', 'restock', 'resend')
"""
DUE_TRIGGERS = """
    SELECT max(call_at) <= now() AT TIME ZONE 'UTC' FROM ir_cron_trigger
     WHERE cron_id = (SELECT res_id FROM ir_model_data
                       WHERE module = 'cartona_integration' AND name = 'cron_catch_up')
"""


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start a server that runs crons and no jobs."""
    with on_a_copy(environment, runner=False) as server:
        yield server


@pytest.fixture
def minute(odoo: OdooServer, minute_passes: Callable) -> Callable[[], None]:
    """Return `minute()`: let a minute pass until the cron has processed the outbox."""

    def passes() -> None:
        minute_passes(odoo)
        wait_until(lambda: not odoo.query(WAITING)[0][0], timeout=20)

    return passes


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer, minute: Callable) -> Seller:
    """Connect `odoo` to `sandbox`, prices and stock on. Jobs are created and never run."""
    seller = Seller(odoo, sandbox).connect()
    minute()
    return seller


def test_prices_and_stock_arrive_by_cron(seller: Seller, minute: Callable):
    products = published(seller, minute, 3)
    seller.write(products[0], list_price=11.0)
    seller.write(products[1:], list_price=12.0)
    seller.count_stock(dict.fromkeys(products, 8))
    assert job_states(seller) == {"pending"}
    assert seller.differences().keys() == set(products), "no cron has run yet"
    minute()
    assert seller.differences() == {}


def test_cron_sends_more_than_one_batch_per_run(seller: Seller, minute: Callable):
    seller.configure(batch_size=20)
    try:
        products = published(seller, minute, 70)
        mark = seller.last_request()
        seller.write(products, list_price=13.0)
        minute()
    finally:
        seller.configure(batch_size=100)
    assert seller.differences() == {}
    assert [len(call["body"]) for call in seller.update_requests(mark)] == [20, 20, 20, 10]


def test_settings_show_missing_runner_within_two_minutes(seller: Seller, minute: Callable):
    [product] = published(seller, minute, 1)
    seller.odoo.query("DELETE FROM queue_job")
    seller.write(product, list_price=15.0)
    assert job_states(seller) == {"pending"}
    assert seller.setting("is_runner_asleep") is False, "a job may take some seconds"
    # Two minutes pass; the cron has processed the waiting rows, so the outbox is empty.
    seller.odoo.query("UPDATE queue_job SET date_created = date_created - interval '2 minutes'")
    minute()
    assert seller.differences() == {}
    assert seller.setting("is_runner_asleep") is True


def test_failed_call_is_repeated_by_the_crons_trigger(
    seller: Seller,
    sandbox: SandboxServer,
    minute: Callable,
    minute_passes: Callable,
    wake_cron: Callable,
):
    [product] = published(seller, minute, 1)
    sandbox.set_fault(effect="503", path=UPDATE, times=1)
    seller.write(product, list_price=14.0)
    minute_passes(seller.odoo)
    wait_until(lambda: seller.setting("out_failure_count"), timeout=20)
    # The next regular call is a minute away; the pause takes a second or two.
    wait_until(lambda: seller.odoo.query(DUE_TRIGGERS)[0][0])
    wake_cron(seller.odoo)
    seller.wait_until_shown(product, selling_price=14.0)


def test_orders_are_fetched_imported_and_acknowledged_by_cron(seller: Seller, minute: Callable):
    [product] = published(seller, minute, 1)
    intake = Intake(seller)
    seller.configure(auto_sync_orders=True, auto_confirm=False)
    orders = intake.place(3, [product])
    pulling_minute(seller)
    wait_until(lambda: seller.odoo.query(PULL_JOBS)[0][0], timeout=20)
    for _minute in range(2):  # one to fetch, one to import
        pulling_minute(seller)
        minute()
    intake.wait_for_orders(orders, within=30)


def test_orders_are_only_fetched_when_switched_off(seller: Seller, minute: Callable):
    [product] = published(seller, minute, 1)
    intake = Intake(seller)
    seller.configure(auto_sync_orders=False)
    orders = intake.place(2, [product])
    for _minute in range(2):
        pulling_minute(seller)
    found = "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s) AND state = 'new'"
    wait_until(lambda: seller.odoo.query(found, orders)[0][0] == 2, timeout=20)
    minute()
    assert intake.not_imported_once(orders) == dict.fromkeys(orders, 0)
    assert intake.unacknowledged(orders) == orders


# === HELPERS === #

PULL_JOBS = (
    "SELECT count(*) FROM queue_job WHERE identity_key LIKE 'cartona:pull:%%' AND state = 'pending'"
)


def pulling_minute(seller: Seller) -> None:
    """Let a minute pass until the cron that fetches orders has run."""
    odoo = seller.odoo
    for table, column, condition in (
        ("queue_job", "date_created", "state = 'pending'"),
        ("cartona_message", "write_date", "true"),
        ("cartona_config", "last_pull", "true"),
    ):
        odoo.query(
            f"UPDATE {table} SET {column} = {column} - interval '1 minute' WHERE {condition}"
        )
    pull = (
        "SELECT res_id FROM ir_model_data"
        " WHERE module = 'cartona_integration' AND name = 'cron_pull_orders'"
    )
    odoo.make_due("cartona_integration.cron_pull_orders")
    due = f"SELECT nextcall <= now() AT TIME ZONE 'UTC' FROM ir_cron WHERE id = ({pull})"

    def has_run() -> bool:
        # Notify each time: while it is working, the cron thread does not listen.
        odoo.env.pg.query("SELECT pg_notify('cron_trigger', %s)", odoo.database)
        return not odoo.query(due)[0][0]

    wait_until(has_run, timeout=30, pause=0.5)


def published(seller: Seller, minute: Callable, count: int) -> list[int]:
    """Return new products that are on the marketplace already."""
    products = seller.publish_products(count, wait=False, list_price=10.0)
    minute()
    assert seller.differences() == {}
    return products


def job_states(seller: Seller) -> set[str]:
    """Return the states of all jobs that send changes."""
    rows = seller.odoo.query(
        "SELECT DISTINCT state FROM queue_job WHERE identity_key LIKE 'cartona:drain:%%'"
    )
    return {state for (state,) in rows}
