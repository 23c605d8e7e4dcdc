"""Retailers order while Odoo publishes stock: when idle, the stock shown is the stock free."""

import threading
import time

import pytest

from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import UPDATE, Seller


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """Connect as in the other tests, with orders, confirmed automatically if in stock."""
    seller = Seller(odoo, sandbox).connect(auto_sync_orders=True, auto_confirm=True)
    seller.wait_until_idle()
    return seller


@pytest.mark.parametrize("lowers", [True, False], ids=["marketplace lowers", "it does not"])
def test_orders_placed_while_stock_is_pushed(seller: Seller, sandbox: SandboxServer, lowers: bool):
    """The marketplace may or may not reduce its own stock on an order: it is not documented."""
    sandbox.behaviour(order_lowers_stock=lowers)
    products = seller.publish_products(3, list_price=10.0)
    seller.count_stock(dict.fromkeys(products, 50))
    seller.wait_until_idle()
    placed: list[str] = []
    with Watch(seller, products) as watch:
        for number in range(8):
            product = products[number % len(products)]
            placed.append(watch.place(product, amount=2))
            seller.count_stock({product: 60 + number})
            watch.pull()
        wait_until(lambda: imported(seller, placed) == sorted(placed), timeout=30)
        seller.wait_until_idle(timeout=20)
    assert seller.differences() == {}
    assert watch.samples >= len(products)
    assert watch.oversold == []
    ordered = seller.odoo.call("product.product", "read", products, ["outgoing_qty"])
    assert sum(row["outgoing_qty"] for row in ordered) == 2 * len(placed)


def test_stock_is_sent_although_the_marketplace_counted_an_order(
    seller: Seller, sandbox: SandboxServer
):
    """20 shown; sold 1, so 19 shown; received 1 meanwhile: 20 free, and 20 was sent last."""
    sandbox.behaviour(order_lowers_stock=True)
    product, other = seller.publish_products(2, list_price=10.0)
    seller.count_stock({product: 20})
    seller.wait_until_idle()
    pause_sending(seller, other)
    seller.count_stock({product: 21})
    order = place(seller, product, amount=1)
    assert seller.stock(product) == 19
    pull(seller)
    wait_until(lambda: imported(seller, [order["hashed_id"]]), timeout=10)
    seller.wait_until_idle(timeout=20)
    assert seller.differences() == {}
    assert seller.stock(product) == 20


def test_cancellation_counted_by_the_marketplace_does_not_oversell(
    seller: Seller, sandbox: SandboxServer
):
    """19 shown; cancelled, so 20 shown; one is lost meanwhile: 19 free, and 19 was sent last."""
    sandbox.behaviour(order_lowers_stock=True)
    product, other = seller.publish_products(2, list_price=10.0)
    seller.count_stock({product: 20})
    seller.wait_until_idle()
    order = place(seller, product, amount=1)
    pull(seller)
    wait_until(lambda: imported(seller, [order["hashed_id"]]), timeout=10)
    seller.wait_until_idle()
    pause_sending(seller, other)
    seller.count_stock({product: 19})
    sandbox.cancel_order(order["hashed_id"])
    assert seller.stock(product) == 20
    pull(seller)
    wait_until(lambda: not imported(seller, [order["hashed_id"]]), timeout=10)
    seller.wait_until_idle(timeout=20)
    assert seller.differences() == {}
    assert seller.stock(product) == 19


# === HELPERS === #


class Watch(threading.Thread):
    """Compares continuously the stock shown with the stock that can still be promised.

    Orders that are not in Odoo yet cannot be reserved: the old stock may be shown until the next
    pull, plus the five seconds that any change takes to arrive.

    :ivar samples: number of comparisons
    :ivar oversold: (product, seconds after that pull, shown, free) of what was shown too long
    """

    def __init__(self, seller: Seller, products: list[int]):
        super().__init__(name="watch", daemon=True)
        self.seller, self.products = seller, products
        self.placed: dict[str, tuple[int, int]] = {}
        self.pulls: list[float] = []
        self.since: dict[int, float] = {}
        self.oversold: list[tuple[int, float, int, float]] = []
        self.samples = 0
        self._over = threading.Event()

    def place(self, product: int, amount: int) -> str:
        """Place an order: from now on its amount is no longer available."""
        order = place(self.seller, product, amount)["hashed_id"]
        self.placed[order] = (product, amount)
        return order

    def pull(self) -> None:
        """Press the button that fetches orders."""
        self.pulls.append(time.monotonic())
        pull(self.seller)

    def run(self) -> None:
        while not self._over.wait(0.05):
            for product in self.products:
                self._look(product)

    def _look(self, product: int) -> None:
        shown = self.seller.stock(product)
        figures = ["free_qty", "qty_available", "outgoing_qty"]
        [row] = self.seller.odoo.call("product.product", "read", [product], figures)
        free = min(row["free_qty"], row["qty_available"] - row["outgoing_qty"])
        known = imported(self.seller, list(self.placed))
        free -= sum(
            amount
            for order, (ordered, amount) in list(self.placed.items())
            if ordered == product and order not in known
        )
        self.samples += 1
        now = time.monotonic()
        if shown <= free:
            self.since.pop(product, None)
            return
        since = self.since.setdefault(product, now)
        pulled = next((pull for pull in self.pulls if pull >= since), now)
        if now - pulled > 5:
            self.oversold.append((product, now - pulled, shown, free))

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self.join(timeout=30)


def pause_sending(seller: Seller, other: int) -> None:
    """Delay sending for some seconds, so that all changes in between are sent together."""
    seller.sandbox.set_fault(effect="503", path=UPDATE, times=1, retry_after=3)
    seller.write(other, list_price=11.0)
    wait_until(lambda: seller.setting("out_failure_count"))


def place(seller: Seller, product: int, amount: int) -> dict:
    """Place a retailer's order of one product."""
    line = {"supplier_product_id": seller.listings[product], "amount": amount}
    return seller.sandbox.place_order(lines=[line])


def pull(seller: Seller) -> None:
    """Press the button that fetches orders."""
    seller.odoo.call("cartona.config", "action_pull_orders", [seller.config])


def imported(seller: Seller, hashed_ids: list[str]) -> list[str]:
    """Return the confirmed sale orders of these orders, one entry for each."""
    rows = seller.odoo.call(
        "sale.order",
        "search_read",
        [("cartona_id", "in", hashed_ids), ("state", "=", "sale")],
        ["cartona_id"],
    )
    return sorted(row["cartona_id"] for row in rows)
