"""Processes die while orders arrive: each order is offered until stored, and imported once."""

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

#: Number of kills; KILLS=100 for the full proof.
KILLS = int(os.environ.get("KILLS", "3"))
# A process has done all the work and is about to write that it is done: the last step before the
# commit.
_BLOCKED = """
    SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND query ~ '^\\s*UPDATE "cartona_message"'
"""
# One job does it; any other finds the lock taken and ends.
_IMPORTING = (
    "SELECT worker_pid FROM queue_job WHERE identity_key LIKE 'cartona:import:%%' AND state = %s"
)


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start a server of several processes, as in production: one can die, the others continue."""
    # Up to 15.0 a cron finds the jobs of dead processes.
    threads = 0 if environment.major >= 16 else 1
    with on_a_copy(environment, workers=3, options={"max_cron_threads": threads}) as server:
        yield server


@pytest.fixture
def intake(seller: Seller) -> Intake:
    """Store pulled orders without importing them until a test starts the import."""
    seller.configure(auto_sync_orders=False, auto_confirm=False)
    return Intake(seller)


@pytest.fixture
def product(seller: Seller) -> int:
    """Return a product at 10.0 on the marketplace."""
    return seller.publish_products(1, list_price=10.0)[0]


@pytest.fixture
def import_until_commit(intake: Intake, begin: Callable) -> Iterator[Callable]:
    """Return `import_until_commit(orders)`: import them up to their commit, which has to wait.

    It returns the transaction that blocks the commit, and the id of the waiting process.
    """
    transaction = begin()

    def go(orders: list[str]):
        intake.pull()
        wait_until(lambda: stored(intake, orders) == len(orders), timeout=20)
        transaction.run("env.cr.rollback()")  # a new snapshot, which contains the stored messages
        ids = ", ".join(f"'{order}'" for order in orders)
        transaction.query(f"SELECT id FROM cartona_message WHERE hashed_id IN ({ids}) FOR UPDATE")
        intake.seller.configure(auto_sync_orders=True)
        wait_until(lambda: intake.odoo.query(_BLOCKED), timeout=20)
        return transaction, wait_until(lambda: only_importer(intake), timeout=20)

    yield go
    transaction.rollback()


def test_order_is_acknowledged_once_and_only_after_commit(
    intake: Intake, product: int, import_until_commit: Callable
):
    orders = intake.place(2, [product])
    transaction, _pid = import_until_commit(orders)
    time.sleep(0.5)  # the absence of a call has no signal
    assert len(intake.not_imported_once(orders)) == 2
    assert intake.acknowledgement_counts(orders) == {0}
    transaction.run("env.cr.rollback()")
    intake.wait_for_orders(orders)
    assert intake.acknowledgement_counts(orders) == {1}


@pytest.mark.timeout(300 + 60 * KILLS)
def test_worker_killed_before_commit_loses_no_order(
    intake: Intake, product: int, import_until_commit: Callable, minute_passes: Callable
):
    """Repeatedly: what was not committed is still offered, and arrives automatically."""
    placed = []
    for _kill in range(KILLS):
        intake.seller.configure(auto_sync_orders=False)
        orders = intake.place(2, [product])
        placed += orders
        transaction, pid = import_until_commit(orders)
        assert pid != intake.odoo.process.pid, "a worker, not the server"
        assert intake.acknowledgement_counts(orders) == {0}
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), timeout=20)
        # The process that takes over meets the same lock: no commit before it is released.
        assert len(intake.not_imported_once(orders)) == len(intake.unacknowledged(orders)) == 2
        transaction.run("env.cr.rollback()")
        minute_passes(intake.odoo)
        intake.wait_for_orders(orders, within=60)
        wait_until(lambda: not intake.odoo.query(_IMPORTING, "started"), timeout=60)
    assert intake.not_imported_once(placed) == {}
    assert intake.odoo.query(_IMPORTING, "failed") == []


def test_server_killed_after_commit_acknowledges_after_restart(
    intake: Intake, product: int, sandbox: SandboxServer, minute_passes: Callable
):
    """Killed after the commit, before the acknowledgement: it is sent, without duplicates."""
    fault = sandbox.set_fault(effect="delay", path=STATUS, seconds=30, when="before")
    orders = intake.place(3, [product])
    intake.seller.configure(auto_sync_orders=True)
    intake.pull()
    intake.wait_for_orders(orders, acknowledged=False)
    wait_until(lambda: is_hit(sandbox, fault))
    intake.odoo.kill()
    sandbox.clear_faults()
    intake.odoo.start()
    minute_passes(intake.odoo)
    intake.pull()
    intake.wait_for_orders(orders, within=30)


def test_server_killed_during_a_pull_pulls_again(
    intake: Intake, product: int, sandbox: SandboxServer, minute_passes: Callable
):
    intake.seller.configure(auto_sync_orders=True, batch_size=5)
    orders = intake.place(12, [product])
    fault = sandbox.set_fault(effect="delay", path=PULL, seconds=30, skip=1)
    intake.pull()
    wait_until(lambda: is_hit(sandbox, fault), timeout=20)
    intake.odoo.kill()
    sandbox.clear_faults()
    intake.odoo.start()
    intake.seller.configure(batch_size=100)
    minute_passes(intake.odoo)
    intake.pull()
    intake.wait_for_orders(orders, within=30)


def test_edit_undone_during_its_acknowledgement_is_applied(
    intake: Intake, product: int, sandbox: SandboxServer
):
    """The order returns to its earlier content: a webhook call with it could be an old one. And the
    acknowledgement of the edit must not count for it, or the list would not show it either."""
    intake.seller.configure(auto_sync_orders=True)
    intake.set_webhook(in_order=True)
    [order] = intake.place(1, [product], amount=2)
    intake.wait_for_orders([order])
    line = {"supplier_product_id": intake.seller.listings[product]}
    sandbox.set_fault(effect="delay", path=PULL, seconds=4, when="before", times=1)
    fault = sandbox.set_fault(effect="delay", path=STATUS, seconds=2, times=1)
    sandbox.edit_order(order, [dict(line, amount=3)])
    wait_until(lambda: is_hit(sandbox, fault))
    sandbox.edit_order(order, [dict(line, amount=2)])

    def seen() -> tuple[str, float]:
        [row] = intake.sales([order], "cartona_status")
        return row["cartona_status"], row["amount_total"]

    wait_until(lambda: not intake.unacknowledged([order]), timeout=20)
    wait_until(lambda: seen() == ("pending", 20), timeout=20)


# === HELPERS === #


def stored(intake: Intake, orders: list[str]) -> int:
    """Return the number of the orders in the inbox."""
    rows = intake.odoo.query(
        "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s)", orders
    )
    return rows[0][0]


def only_importer(intake: Intake) -> int | None:
    """Return the process that imports; None if there are several or none."""
    pids = intake.odoo.query(_IMPORTING, "started")
    return pids[0][0] if len(pids) == 1 else None


def is_hit(sandbox: SandboxServer, fault: dict) -> bool:
    """Return True if the fault was applied to a call."""
    return any(row["hits"] for row in sandbox.faults() if row["id"] == fault["id"])
