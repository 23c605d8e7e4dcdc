"""Differences from the marketplace are found, explained and fixed; shadow mode sends nothing."""

import pytest

from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import UPDATE, Seller

PRODUCTS = 300
AS_USUAL = {"in_stock": True, "is_published": True, "is_unlimited_stock": False}


@pytest.fixture(autouse=True)
def _unlink_everything(seller: Seller) -> None:
    """Unlink everything: the tests share a database, the marketplace is reset before each."""
    linked = seller.odoo.call("cartona.listing", "search", [("product_id", "!=", False)])
    seller.odoo.call("cartona.listing", "write", linked, {"product_id": False})


def test_five_hundred_differences_are_found_and_fixed(seller: Seller, sandbox: SandboxServer):
    products = seller.publish_products(PRODUCTS, list_price=10.0)
    seller.count_stock(dict.fromkeys(products, 8))
    seller.wait_until_idle(timeout=30)
    for product in products:
        sandbox.set_listing(seller.listings[product], unit_count=1, **AS_USUAL)
    check(seller)
    accept_packs(seller)
    seller.wait_until_idle(timeout=30)
    seller.configure(heal_drift=False)
    check(seller)
    assert ledger(seller) == {}, "no difference before"

    edited, rest = products[:200], products[200:]
    hidden, refused, unsent, packs = (rest[25 * n : 25 * (n + 1)] for n in range(4))
    for product in edited:
        values = {"selling_price": 7.5, "available_stock_quantity": 99}
        sandbox.set_listing(seller.listings[product], **values)
    for product in hidden:
        sandbox.set_listing(seller.listings[product], is_published=False)
    fault = sandbox.set_fault(effect="422", path=UPDATE)
    seller.write(refused, list_price=13.0)
    seller.wait_until_idle(timeout=60)
    sandbox.clear_faults(fault["id"])
    change_past_the_orm(seller, unsent, 12.0)
    for product in packs:
        sandbox.set_listing(seller.listings[product], unit_count=6)
    check(seller)
    planted = {
        ("price", "10", "7.5", "edited"): 200,
        ("stock", "8", "99", "edited"): 200,
        ("published", "Yes", "No", "edited"): 25,
        ("price", "13", "10", "refused"): 25,
        ("price", "12", "10", "not_sent"): 25,
        ("unit", "1", "6", "unconfirmed"): 25,
    }
    assert sum(planted.values()) == 500
    assert ledger(seller) == planted
    listed = {str(row["supplier_product_id"]) for row in sandbox.listings()}
    assert never_linked(seller) == listed - set(seller.listings.values())
    assert seller.price(products[0]) == 7.5, "only listed, as configured"

    seller.configure(heal_drift=True)
    mark = seller.last_request()
    check(seller)
    # Differences that wait for a user: the new packs are right, and so are the refused prices.
    accept_packs(seller)
    send_again(seller, refused)
    seller.wait_until_idle(timeout=30)
    assert len(seller.update_requests(mark)) <= 10
    assert seller.differences() == {}
    assert all(seller.shown(product)["is_published"] for product in hidden)
    check(seller)
    assert ledger(seller) == {}


def test_shadow_mode_sends_nothing_and_reports_what_would_change(
    seller: Seller, sandbox: SandboxServer
):
    seller.configure(auto_sync_products=False, auto_sync_stock=False, auto_sync_orders=False)
    products = seller.create(3, list_price=10.0)
    listings = seller.unused(3)
    for listing, price in zip(listings, (10.0, 12.0, 40.0), strict=True):
        values = {"selling_price": price, "available_stock_quantity": 0, "min_order": 1}
        sandbox.set_listing(listing, **{**AS_USUAL, **values})
    sandbox.set_listing(listings[0], available_stock_quantity=2)
    seller.count_stock({products[0]: 5})
    order = sandbox.place_order(lines=[{"supplier_product_id": listings[0], "amount": 1}])
    mark = seller.last_request()
    check(seller)
    # Linked after Cartona was read: the report includes it as well.
    seller.link(products, listings)
    seller.write(products[1], list_price=11.0)
    seller.odoo.call("cartona.config", "action_pull_orders", [seller.config])
    there = [("hashed_id", "=", order["hashed_id"])]
    wait_until(lambda: seller.odoo.call("cartona.message", "search_count", there), timeout=30)
    seller.odoo.call("cartona.config", "action_go_live", [seller.config])
    wizard = seller.odoo.call("cartona.go.live", "create", [{"config_id": seller.config}])
    names = ["price_count", "fall_count", "on_hold_count", "stock_count", "order_count"]
    [figures] = seller.odoo.call("cartona.go.live", "read", wizard, names)
    assert {name: figures[name] for name in names} == {
        "price_count": 2,
        "fall_count": 1,
        "on_hold_count": 1,
        "stock_count": 1,
        "order_count": 1,
    }
    assert {request["method"] for request in sandbox.requests(since=mark)} == {"GET"}

    mark = seller.last_request()
    seller.odoo.call("cartona.go.live", "action_go_live", wizard)
    seller.wait_until_shown(products[1], selling_price=11.0)
    seller.wait_until_shown(products[0], available_stock_quantity=4)  # one is ordered
    sales = [("cartona_id", "=", order["hashed_id"])]
    wait_until(lambda: seller.odoo.call("sale.order", "search_count", sales) == 1, timeout=30)
    seller.wait_until_idle()
    assert seller.price(products[2]) == 40.0, "falls by more than the band: needs a confirmation"
    # Except for the link and the counted stock, nothing.
    link = {"supplier_product_id", "internal_product_id"}
    sent = [set().union(*(item for item in seller.sent(one, mark))) - link for one in products]
    assert sent == [{"available_stock_quantity"}, {"selling_price"}, set()]


# === HELPERS === #


def check(seller: Seller) -> None:
    """Compare both sides completely."""
    runs = seller.setting("catalogue_run")
    seller.odoo.call("cartona.config", "action_check_drift", [seller.config])
    wait_until(
        lambda: seller.setting("catalogue_run") > runs and not seller.setting("catalogue_page"),
        timeout=30,
    )


def ledger(seller: Seller) -> dict[tuple, int]:
    """Return the number of open differences of linked listings, by kind."""
    rows = seller.odoo.call(
        "cartona.drift",
        "search_read",
        [("state", "=", "open"), ("reason", "!=", "never_linked")],
        ["kind", "odoo_value", "cartona_value", "reason"],
    )
    counts: dict[tuple, int] = {}
    for row in rows:
        key = (row["kind"], row["odoo_value"], row["cartona_value"], row["reason"])
        counts[key] = counts.get(key, 0) + 1
    return counts


def never_linked(seller: Seller) -> set[str]:
    """Return the ids of the listings with the reason never_linked."""
    rows = seller.odoo.query(
        "SELECT listing.cartona_id FROM cartona_drift drift"
        " JOIN cartona_listing listing ON listing.id = drift.listing_id"
        " WHERE drift.state = 'open' AND drift.reason = 'never_linked'"
    )
    return {cartona_id for (cartona_id,) in rows}


def change_past_the_orm(seller: Seller, products: list[int], price: float) -> None:
    """Change prices in the database, without a hook."""
    seller.odoo.query(
        "WITH changed AS (UPDATE product_template SET list_price = %s WHERE id IN"
        " (SELECT product_tmpl_id FROM product_product WHERE id = ANY(%s)) RETURNING id)"
        " SELECT count(*) FROM changed",
        price,
        products,
    )


def accept_packs(seller: Seller) -> None:
    """Confirm the packs that Cartona shows now: Odoo counts them."""
    changed = seller.odoo.call("cartona.listing", "search", [("is_pack_changed", "=", True)])
    seller.odoo.call("cartona.listing", "action_count_in_pack", changed)


def send_again(seller: Seller, products: list[int]) -> None:
    """Press *Send to Cartona* on the refused products."""
    listings = seller.odoo.call("cartona.listing", "search", [("product_id", "in", products)])
    seller.odoo.call("cartona.listing", "action_cartona_sync", listings)
