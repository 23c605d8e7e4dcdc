"""Retailers order while Odoo publishes stock: at rest, what is shown is what is free."""

import pytest

from tools.bench.seller import UPDATE, Seller
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """As the others', orders on as well and confirmed by themselves where stock allows."""
    seller = Seller(odoo, sandbox).connect(auto_sync_orders=True, auto_confirm=True)
    seller.rest()
    return seller


@pytest.mark.parametrize("lowers", [True, False], ids=["marketplace lowers", "it does not"])
def test_orders_placed_while_stock_is_pushed(seller: Seller, sandbox: SandboxServer, lowers: bool):
    """Whether or not the marketplace takes an order off its own figure: nobody has told us."""
    sandbox.behaviour(order_lowers_stock=lowers)
    products = seller.sell(3, list_price=10.0)
    seller.count(dict.fromkeys(products, 50))
    seller.rest()
    placed = []
    for number in range(8):
        product = products[number % len(products)]
        placed.append(place(seller, product, amount=2)["hashed_id"])
        seller.count({product: 60 + number})
        pull(seller)
    wait_until(lambda: imported(seller, placed) == sorted(placed), timeout=30)
    seller.rest(timeout=20)
    assert seller.odds() == {}
    ordered = seller.odoo.call("product.product", "read", products, ["outgoing_qty"])
    assert sum(row["outgoing_qty"] for row in ordered) == 2 * len(placed)


def test_order_that_the_marketplace_has_counted_itself_is_no_reason_to_send_nothing(
    seller: Seller, sandbox: SandboxServer
):
    """20 shown; sold 1, so 19 shown; received 1 meanwhile: 20 free, and 20 was sent last."""
    sandbox.behaviour(order_lowers_stock=True)
    product, other = seller.sell(2, list_price=10.0)
    seller.count({product: 20})
    seller.rest()
    pause_sending(seller, other)
    seller.count({product: 21})
    order = place(seller, product, amount=1)
    assert seller.stock(product) == 19
    pull(seller)
    wait_until(lambda: imported(seller, [order["hashed_id"]]), timeout=10)
    seller.rest(timeout=20)
    assert seller.odds() == {}
    assert seller.stock(product) == 20


def test_cancellation_that_the_marketplace_has_counted_itself_does_not_oversell(
    seller: Seller, sandbox: SandboxServer
):
    """19 shown; cancelled, so 20 shown; one is lost meanwhile: 19 free, and 19 was sent last."""
    sandbox.behaviour(order_lowers_stock=True)
    product, other = seller.sell(2, list_price=10.0)
    seller.count({product: 20})
    seller.rest()
    order = place(seller, product, amount=1)
    pull(seller)
    wait_until(lambda: imported(seller, [order["hashed_id"]]), timeout=10)
    seller.rest()
    pause_sending(seller, other)
    seller.count({product: 19})
    sandbox.cancel_order(order["hashed_id"])
    assert seller.stock(product) == 20
    pull(seller)
    wait_until(lambda: not imported(seller, [order["hashed_id"]]), timeout=10)
    seller.rest(timeout=20)
    assert seller.odds() == {}
    assert seller.stock(product) == 19


# === HELPERS === #


def pause_sending(seller: Seller, other: int) -> None:
    """Nothing is sent for some seconds, so that what happens meanwhile goes out together."""
    seller.sandbox.set_fault(effect="503", path=UPDATE, times=1, retry_after=3)
    seller.write(other, list_price=11.0)
    wait_until(lambda: seller.setting("out_failure_count"))


def place(seller: Seller, product: int, amount: int) -> dict:
    """A retailer orders one product."""
    line = {"supplier_product_id": seller.listings[product], "amount": amount}
    return seller.sandbox.place_order(lines=[line])


def pull(seller: Seller) -> None:
    """Press the button that fetches orders."""
    seller.odoo.call("cartona.config", "action_pull_orders", [seller.config])


def imported(seller: Seller, hashed_ids: list[str]) -> list[str]:
    """Those of the orders that are confirmed sale orders, as often as they are."""
    rows = seller.odoo.call(
        "sale.order",
        "search_read",
        [("cartona_id", "in", hashed_ids), ("state", "=", "sale")],
        ["cartona_id"],
    )
    return sorted(row["cartona_id"] for row in rows)
