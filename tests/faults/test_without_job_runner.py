"""No job runner, from the start: the cron carries everything, slower."""

from collections.abc import Iterator

import pytest

from tools.bench.seller import UPDATE, Seller
from tools.dev import databases
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """A server that runs crons and no jobs."""
    database = databases.clone(environment)
    try:
        with OdooServer(environment, database, runner=False) as server:
            yield server
    finally:
        databases.drop(environment, database)


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """`odoo` connected to `sandbox`, prices and stock on. Jobs are made, and nobody runs them."""
    seller = Seller(odoo, sandbox).connect()
    if any(seller.busy()):
        minute_passes(seller)
    return seller


def test_prices_and_stock_arrive_by_cron(seller: Seller):
    products = published(seller, 3)
    seller.write(products[0], list_price=11.0)
    seller.write(products[1:], list_price=12.0)
    seller.count(dict.fromkeys(products, 8))
    assert job_states(seller) == {"pending"}
    assert seller.odds().keys() == set(products), "nobody has come yet"
    minute_passes(seller)
    assert seller.odds() == {}


def test_cron_works_more_than_one_batch_at_a_time(seller: Seller):
    seller.configure(batch_size=20)
    try:
        products = published(seller, 70)
        mark = seller.mark()
        seller.write(products, list_price=13.0)
        minute_passes(seller)
    finally:
        seller.configure(batch_size=100)
    assert seller.odds() == {}
    assert [len(call["body"]) for call in seller.updates(mark)] == [20, 20, 20, 10]


def test_failed_call_is_repeated_by_cron(seller: Seller, sandbox: SandboxServer):
    [product] = published(seller, 1)
    sandbox.set_fault(effect="503", path=UPDATE, times=1)
    seller.write(product, list_price=14.0)
    age_outbox(seller)
    run_cron(seller)
    wait_until(lambda: seller.odoo.query("SELECT max(out_failure_count) FROM cartona_config")[0][0])
    # The pause is over in a second or two; the cron was told when, so it comes by itself.
    seller.arrives(product, within=10, selling_price=14.0)


# === HELPERS === #


def published(seller: Seller, count: int) -> list[int]:
    """New products that are on the marketplace already."""
    products = seller.sell(count, at_rest=False, list_price=10.0)
    minute_passes(seller)
    assert seller.odds() == {}
    return products


def minute_passes(seller: Seller) -> None:
    """What waits grows old, the cron's next call is due, and it comes."""
    age_outbox(seller)
    run_cron(seller)
    outbox = "SELECT count(*) = 0 FROM cartona_change WHERE kind IN ('price', 'stock')"
    wait_until(lambda: seller.odoo.query(outbox)[0][0], timeout=20)


def age_outbox(seller: Seller) -> None:
    """Everything that waits was noted a minute earlier."""
    seller.odoo.query("UPDATE cartona_change SET create_date = create_date - interval '1 minute'")


def run_cron(seller: Seller) -> None:
    """Let the cron that picks up what was left behind be due now, and wake Odoo's cron thread."""
    seller.odoo.query(
        "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id ="
        " (SELECT res_id FROM ir_model_data"
        " WHERE module = 'cartona_integration' AND name = 'cron_catch_up')"
    )
    seller.odoo.env.pg.query("SELECT pg_notify('cron_trigger', %s)", seller.odoo.database)


def job_states(seller: Seller) -> set[str]:
    """The states of all jobs that send changes."""
    rows = seller.odoo.query(
        "SELECT DISTINCT state FROM queue_job WHERE method_name = '_job_drain'"
    )
    return {state for (state,) in rows}
