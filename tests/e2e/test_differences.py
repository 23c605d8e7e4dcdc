"""What differs on the marketplace is found, explained and put right; shadow mode is silent."""

import pytest

from tools.bench.seller import Seller
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

PRODUCTS = 250


@pytest.fixture(autouse=True)
def _nothing_is_linked(seller: Seller) -> None:
    """The tests share a database, and the marketplace forgets what an earlier one sent."""
    linked = seller.odoo.call("cartona.listing", "search", [("product_id", "!=", False)])
    seller.odoo.call("cartona.listing", "write", linked, {"product_id": False})


def test_five_hundred_planted_differences(seller: Seller, sandbox: SandboxServer):
    products = seller.sell(PRODUCTS, list_price=10.0)
    seller.count(dict.fromkeys(products, 8))
    seller.rest(timeout=30)
    for product in products:
        sandbox.set_listing(
            seller.listings[product], selling_price=7.5, available_stock_quantity=99
        )
    seller.configure(heal_drift=False)
    check(seller)
    assert ledger(seller) == {
        ("price", "10", "7.5", "edited"): PRODUCTS,
        ("stock", "8", "99", "edited"): PRODUCTS,
    }
    assert seller.price(products[0]) == 7.5, "only listed, as the setting says"

    seller.configure(heal_drift=True)
    mark = seller.mark()
    check(seller)
    seller.rest(timeout=30)
    assert len(seller.updates(mark)) <= 10
    assert seller.odds() == {}
    check(seller)
    assert ledger(seller) == {}


def test_shadow_mode_sends_nothing_and_tells_what_going_live_does(
    seller: Seller, sandbox: SandboxServer
):
    seller.configure(auto_sync_products=False, auto_sync_stock=False, auto_sync_orders=False)
    products = seller.create(3, list_price=10.0)
    listings = seller.unused(3)
    for listing, price in zip(listings, (10.0, 12.0, 40.0), strict=True):
        sandbox.set_listing(listing, selling_price=price, available_stock_quantity=0)
    mark = seller.mark()
    seller.link(products, listings)
    seller.write(products[1], list_price=11.0)
    check(seller)
    wizard = seller.odoo.call("cartona.go.live", "create", [{"config_id": seller.config}])
    [figures] = seller.odoo.call("cartona.go.live", "read", wizard, ["price_count", "fall_count"])
    assert (figures["price_count"], figures["fall_count"]) == (2, 1)
    assert {request["method"] for request in sandbox.requests(since=mark)} == {"GET"}

    mark = seller.mark()
    seller.odoo.call("cartona.go.live", "action_go_live", wizard)
    seller.arrives(products[1], selling_price=11.0)
    seller.rest()
    assert seller.price(products[2]) == 40.0, "falls by more than the band: a person is asked"
    untouched = [*seller.sent(products[0], mark), *seller.sent(products[2], mark)]
    told = {name for item in untouched for name in item}
    assert told <= {"supplier_product_id", "internal_product_id"}, "but for the link, nothing"


# === HELPERS === #


def check(seller: Seller) -> None:
    """Compare both sides, to the end."""
    runs = seller.setting("catalogue_run")
    seller.odoo.call("cartona.config", "action_check_drift", [seller.config])
    wait_until(
        lambda: seller.setting("catalogue_run") > runs and not seller.setting("catalogue_page"),
        timeout=30,
    )


def ledger(seller: Seller) -> dict[tuple, int]:
    """Open differences of what is linked: how many there are of each kind."""
    rows = seller.odoo.call(
        "cartona.drift",
        "search_read",
        [("state", "=", "open"), ("kind", "!=", "link")],
        ["kind", "odoo_value", "cartona_value", "reason"],
    )
    counts: dict[tuple, int] = {}
    for row in rows:
        key = (row["kind"], row["odoo_value"], row["cartona_value"], row["reason"])
        counts[key] = counts.get(key, 0) + 1
    return counts
