"""Processes die while orders come in: each is offered until it is safe, and arrives once."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import PULL, STATUS, Intake
from tools.drivers.seller import Seller

#: How often a process is killed; KILLS=100 for the whole proof.
KILLS = int(os.environ.get("KILLS", "3"))
# Somebody has done all the work and wants to write that it is done: the last thing before the
# commit.
_BLOCKED = """
    SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND query ~ '^\\s*UPDATE "cartona_message"'
"""
# One job does it; any other finds the lock taken and ends at once.
_IMPORTING = "SELECT worker_pid FROM queue_job WHERE method_name = '_job_import' AND state = %s"


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """A server of several processes, as in business: one can die and the others go on."""
    # Up to 15 it is a cron that finds the jobs of the dead.
    threads = 0 if environment.major >= 16 else 1
    with on_a_copy(environment, workers=3, options={"max_cron_threads": threads}) as server:
        yield server


@pytest.fixture
def intake(seller: Seller) -> Intake:
    """Orders that are stored when they are pulled, and not imported before somebody says so."""
    seller.configure(auto_sync_orders=False, auto_confirm=False)
    return Intake(seller)


@pytest.fixture
def product(seller: Seller) -> int:
    """A product at 10.0 on the marketplace."""
    return seller.publish_products(1, list_price=10.0)[0]


@pytest.fixture
def at_the_brink(intake: Intake, begin: Callable) -> Iterator[Callable]:
    """`at_the_brink(orders)`: import them up to their commit, which has to wait.

    Returns the transaction that it waits for, and the id of the process that waits.
    """
    transaction = begin()

    def go(orders: list[str]):
        intake.pull()
        wait_until(lambda: stored(intake, orders) == len(orders), timeout=20)
        transaction.run("env.cr.rollback()")  # a new snapshot, which sees what was stored
        ids = ", ".join(f"'{order}'" for order in orders)
        transaction.query(f"SELECT id FROM cartona_message WHERE hashed_id IN ({ids}) FOR UPDATE")
        intake.seller.configure(auto_sync_orders=True)
        wait_until(lambda: intake.odoo.query(_BLOCKED), timeout=20)
        return transaction, wait_until(lambda: only_importer(intake), timeout=20)

    yield go
    transaction.rollback()


def test_order_is_acknowledged_once_and_not_before_it_is_committed(
    intake: Intake, product: int, at_the_brink: Callable
):
    orders = intake.place(2, [product])
    transaction, _pid = at_the_brink(orders)
    time.sleep(0.5)  # there is no sign of what does not happen
    assert len(intake.not_imported_once(orders)) == 2
    assert intake.acknowledgement_counts(orders) == {0}
    transaction.run("env.cr.rollback()")
    intake.wait_for_orders(orders)
    assert intake.acknowledgement_counts(orders) == {1}


@pytest.mark.timeout(300 + 60 * KILLS)
def test_worker_killed_between_processing_and_commit_loses_no_order(
    intake: Intake, product: int, at_the_brink: Callable, minute_passes: Callable
):
    """As often as it happens: what was not committed is still offered, and arrives by itself."""
    placed = []
    for _kill in range(KILLS):
        intake.seller.configure(auto_sync_orders=False)
        orders = intake.place(2, [product])
        placed += orders
        transaction, pid = at_the_brink(orders)
        assert pid != intake.odoo.process.pid, "a worker, not the server"
        assert intake.acknowledgement_counts(orders) == {0}
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), timeout=20)
        # Whoever takes the work up meets the same lock: nothing is committed before it is gone.
        assert len(intake.not_imported_once(orders)) == len(intake.unacknowledged(orders)) == 2
        transaction.run("env.cr.rollback()")
        minute_passes(intake.odoo)
        intake.wait_for_orders(orders, within=60)
        wait_until(lambda: not intake.odoo.query(_IMPORTING, "started"), timeout=60)
    assert intake.not_imported_once(placed) == {}
    assert intake.odoo.query(_IMPORTING, "failed") == []


def test_server_killed_after_the_commit_acknowledges_when_it_is_back(
    intake: Intake, product: int, sandbox: SandboxServer, minute_passes: Callable
):
    """Committed, and dead before Cartona has heard of it: it is told, and nothing is made twice."""
    fault = sandbox.set_fault(effect="delay", path=STATUS, seconds=30, when="before")
    orders = intake.place(3, [product])
    intake.seller.configure(auto_sync_orders=True)
    intake.pull()
    intake.wait_for_orders(orders, acknowledged=False)
    wait_until(lambda: struck(sandbox, fault))
    intake.odoo.kill()
    sandbox.clear_faults()
    intake.odoo.start()
    minute_passes(intake.odoo)
    intake.pull()
    intake.wait_for_orders(orders, within=30)


def test_server_killed_while_it_reads_the_list_reads_it_again(
    intake: Intake, product: int, sandbox: SandboxServer, minute_passes: Callable
):
    intake.seller.configure(auto_sync_orders=True, batch_size=5)
    orders = intake.place(12, [product])
    fault = sandbox.set_fault(effect="delay", path=PULL, seconds=30, skip=1)
    intake.pull()
    wait_until(lambda: struck(sandbox, fault), timeout=20)
    intake.odoo.kill()
    sandbox.clear_faults()
    intake.odoo.start()
    intake.seller.configure(batch_size=100)
    minute_passes(intake.odoo)
    intake.pull()
    intake.wait_for_orders(orders, within=30)


def test_an_edit_that_is_undone_while_it_is_acknowledged_is_seen(
    intake: Intake, product: int, sandbox: SandboxServer
):
    """The order says what it said before: a call that tells so could be an old one. And what was
    said of the edit must not be taken for it, or the list would not tell of it either."""
    intake.seller.configure(auto_sync_orders=True)
    intake.set_webhook(in_order=True)
    [order] = intake.place(1, [product], amount=2)
    intake.wait_for_orders([order])
    line = {"supplier_product_id": intake.seller.listings[product]}
    sandbox.set_fault(effect="delay", path=PULL, seconds=4, when="before", times=1)
    fault = sandbox.set_fault(effect="delay", path=STATUS, seconds=2, times=1)
    sandbox.edit_order(order, [dict(line, amount=3)])
    wait_until(lambda: struck(sandbox, fault))
    sandbox.edit_order(order, [dict(line, amount=2)])

    def seen() -> tuple[str, float]:
        [row] = intake.sales([order], "cartona_status")
        return row["cartona_status"], row["amount_total"]

    wait_until(lambda: not intake.unacknowledged([order]), timeout=20)
    wait_until(lambda: seen() == ("pending", 20), timeout=20)


# === HELPERS === #


def stored(intake: Intake, orders: list[str]) -> int:
    """How many of the orders lie in the inbox."""
    rows = intake.odoo.query(
        "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s)", orders
    )
    return rows[0][0]


def only_importer(intake: Intake) -> int | None:
    """The process that imports; None while there is more than one or none."""
    pids = intake.odoo.query(_IMPORTING, "started")
    return pids[0][0] if len(pids) == 1 else None


def struck(sandbox: SandboxServer, fault: dict) -> bool:
    """Whether a fault has met a call."""
    return any(row["hits"] for row in sandbox.faults() if row["id"] == fault["id"])
