"""Two processes race between a change and its arrival; no cron helps here."""

from collections.abc import Callable

import pytest

from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import UPDATE, Seller

WAITING_JOBS = (
    "SELECT count(*) FROM queue_job"
    " WHERE identity_key LIKE 'cartona:drain:%%' AND state IN ('pending', 'enqueued')"
)

WAITING_FOR_A_ROW = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    " AND query LIKE '%%UPDATE \"cartona_listing\"%%'"
)


def test_price_of_a_transaction_older_than_the_drain_arrives(
    seller: Seller, begin: Callable, fail_next_update: Callable
):
    """Its snapshot shows a pending job; when it commits, that job has long ended."""
    early, late = seller.publish_products(2, list_price=10.0)
    arrived = fail_next_update("delay", seconds=3)
    seller.write(early, list_price=11.0)
    arrived()
    seller.write(early, list_price=12.0)  # its drain has to wait

    def begun():
        transaction = begin()
        if transaction.query(WAITING_JOBS)[0][0]:
            return transaction
        transaction.rollback()
        return None

    transaction = wait_until(begun, timeout=3, pause=0.01)
    seller.wait_until_shown(early, within=10, selling_price=12.0)
    seller.wait_until_idle()
    transaction.run(f"env['product.product'].browse({late}).write({{'list_price': 13.0}})")
    transaction.commit()
    seller.wait_until_shown(late, selling_price=13.0)
    seller.wait_until_idle()
    assert seller.differences() == {}


def test_drain_sends_nothing_older_than_another_drain(
    seller: Seller, begin: Callable, fail_next_update: Callable
):
    """A drain whose transaction began early gets its turn late: it has to read again."""
    [product] = seller.publish_products(1, list_price=10.0)
    arrived = fail_next_update("delay", seconds=2)
    seller.write(product, list_price=11.0)
    arrived()
    late = begin()
    assert late.query("SELECT count(*) FROM cartona_change WHERE kind = 'price'")[0][0]
    seller.write(product, list_price=12.0)
    seller.wait_until_shown(product, within=10, selling_price=12.0)
    seller.wait_until_idle()
    mark = seller.last_request()
    late.run(f"env['cartona.worker']._job('drain', {seller.config})", user=0)
    late.commit()
    seller.wait_until_idle()
    assert seller.sent(product, mark) == []
    assert seller.price(product) == 12.0


def test_prices_never_go_backwards_while_drains_overlap(seller: Seller, sandbox: SandboxServer):
    [product] = seller.publish_products(1, list_price=10.0)
    mark = seller.last_request()
    sandbox.set_fault(effect="delay", path=UPDATE, seconds=0.4)
    prices = [20.0 + number for number in range(12)]
    for price in prices:
        seller.write(product, list_price=price)
    seller.wait_until_shown(product, selling_price=prices[-1])
    seller.wait_until_idle()
    sent = [item["selling_price"] for item in seller.sent(product, mark)]
    assert sent == sorted(sent)
    assert sent[-1] == prices[-1]


@pytest.mark.parametrize("effect", ["cut", "500", "html"])
def test_price_reverted_after_a_lost_answer_is_restored(
    seller: Seller, fail_next_update: Callable, effect: str
):
    [product] = seller.publish_products(1, list_price=10.0)
    fail_next_update(effect, when="after")
    seller.write(product, list_price=11.0)
    seller.wait_until_shown(product, selling_price=11.0)
    seller.write(product, list_price=10.0)
    seller.wait_until_shown(product, selling_price=10.0)
    seller.wait_until_idle()
    assert seller.price(product) == 10.0


def test_sync_all_during_a_drain_sends_everything(
    seller: Seller, begin: Callable, fail_next_update: Callable
):
    """The button reads values from before the drain, and is pressed in the middle of it."""
    products = seller.publish_products(2, list_price=10.0)
    mark, start = seller.last_request(), seller.odoo.log.stat().st_size
    user = begin()
    arrived = fail_next_update("delay", seconds=2)
    seller.write(products, list_price=11.0)
    arrived()
    user.run(f"env['cartona.config'].browse({seller.config}).action_sync_products() and None")
    user.commit()
    seller.wait_until_idle(timeout=30)
    assert b"could not serialize" not in seller.odoo.log.read_bytes()[start:]
    for product in products:
        assert [item["selling_price"] for item in seller.sent(product, mark)] == [11.0, 11.0]
    assert seller.differences() == {}


def test_price_reverted_during_its_call_is_restored(seller: Seller, fail_next_update: Callable):
    [product] = seller.publish_products(1, list_price=10.0)
    arrived = fail_next_update("delay", seconds=1)
    seller.write(product, list_price=11.0)
    arrived()
    seller.write(product, list_price=10.0)
    seller.wait_until_idle()
    assert seller.price(product) == 10.0


def test_rolled_back_write_sends_nothing(seller: Seller, begin: Callable):
    product, other = seller.publish_products(2, list_price=10.0)
    mark = seller.last_request()
    transaction = begin()
    transaction.run(f"env['product.product'].browse({product}).write({{'list_price': 50.0}})")
    transaction.run("env.flush_all() if hasattr(env, 'flush_all') else env['base'].flush()")
    transaction.rollback()
    seller.write(other, list_price=11.0)
    seller.wait_until_shown(other, selling_price=11.0)
    seller.wait_until_idle()
    assert seller.sent(product, mark) == []


def test_answer_colliding_with_a_user_is_stored_without_resending(
    seller: Seller, begin: Callable, fail_next_update: Callable
):
    """A user saves the listing while it is being sent: only storing the answer is repeated."""
    [product] = seller.publish_products(1, list_price=10.0)
    mark, start = seller.last_request(), seller.odoo.log.stat().st_size
    arrived = fail_next_update("delay", seconds=2)
    seller.write(product, list_price=11.0)
    arrived()
    user = begin()
    user.run(
        "env.cr.execute('UPDATE cartona_listing SET unit_count = 1 WHERE product_id = %s',"
        f" [{product}])"
    )
    # The answer has arrived, and waits for the row.
    wait_until(lambda: seller.odoo.query(WAITING_FOR_A_ROW)[0][0], timeout=30, pause=0.01)
    user.commit()
    seller.wait_until_idle(timeout=30)
    assert b"could not serialize" in seller.odoo.log.read_bytes()[start:]
    assert [item["selling_price"] for item in seller.sent(product, mark)] == [11.0]
    [row] = seller.odoo.call("product.product", "read", [product], ["cartona_sync_state"])
    assert row["cartona_sync_state"] == "synced"
