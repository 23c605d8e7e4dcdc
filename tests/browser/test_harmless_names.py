"""HTML in what retailers and Cartona write is text on every screen that shows it."""

import requests

from tests.browser.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

EVIL = "<img src=x onerror='window.hit = 1'><script>window.hit = 2</script>"
SCREENS = (
    "action_cartona_dashboard",
    "action_cartona_message",
    "action_cartona_listing",
    "action_cartona_matching_list",
    "action_cartona_sync_log",
    "action_cartona_orders",
)


def test_names_full_of_html_do_nothing(clerk: Clerk, shop: Shop):
    odoo, cartona_id = shop.odoo, next(iter(shop.products))
    good, waiting = f"good-{clerk.suffix}", f"waiting-{clerk.suffix}"
    tell(shop, evil_order(good, cartona_id), evil_order(waiting, EVIL))
    known = "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s) AND state != 'new'"
    wait_until(lambda: odoo.query(known, [good, waiting]) == [(2,)], timeout=60)
    [order] = odoo.call(
        "sale.order", "search_read", [("cartona_id", "=", good)], ["partner_id", "id"]
    )
    assert EVIL in odoo.call("res.partner", "read", [order["partner_id"][0]], ["name"])[0]["name"]
    [message] = odoo.call("cartona.message", "search", [("hashed_id", "=", waiting)])
    listing = odoo.call(
        "cartona.listing",
        "create",
        {"config_id": shop.config, "cartona_id": waiting, "name": EVIL, "unit": EVIL},
    )
    odoo.query("UPDATE cartona_sync_log SET error_code = 'rejected', error_detail = %s", EVIL)

    for model, record in (
        ("sale.order", order["id"]),
        ("res.partner", order["partner_id"][0]),
        ("cartona.message", message),
        ("cartona.listing", listing if isinstance(listing, int) else listing[0]),
    ):
        clerk.open(model, record)
        assert_harmless(clerk)
    for screen in SCREENS:
        domain = [("module", "=", "cartona_integration"), ("name", "=", screen)]
        [action] = odoo.call("ir.model.data", "search_read", domain, ["res_id"])
        clerk.page.goto(f"{odoo.url}/web#action={action['res_id']}")
        clerk.sees(".o_action_manager > .o_action")
        clerk.settle()
        assert_harmless(clerk)


# === HELPERS === #


def tell(shop: Shop, *orders: dict) -> None:
    """Cartona tells these orders."""
    [config] = shop.odoo.call("cartona.config", "read", [shop.config], ["webhook_token"])
    headers = {"AuthorizationToken": config["webhook_token"]}
    url = f"{shop.odoo.url}/cartona/webhook/orders"
    assert requests.post(url, json=orders, headers=headers, timeout=60).status_code == 200


def evil_order(hashed_id: str, listing: str) -> dict:
    """An order whose every word is HTML."""
    line = {
        "id": 1,
        "supplier_product_id": listing,
        "unit": "piece",
        "unit_count": 1,
        "product_name": EVIL,
        "amount": 1,
        "selling_price": 5,
        "comment": EVIL,
    }
    names = ("retailer_name", "retailer_address", "address_notes", "retailer_email")
    return {
        "hashed_id": hashed_id,
        "receipt_id": EVIL,
        "status": "pending",
        "note_message": EVIL,
        "distribution_route_code": EVIL,
        "retailer": {"retailer_code": hashed_id, **dict.fromkeys(names, EVIL)},
        "total_price": 5,
        "order_details": [line],
    }


def assert_harmless(clerk: Clerk) -> None:
    """Nothing of it became part of the page."""
    assert clerk.page.evaluate("window.hit") is None
    assert clerk.page.locator("img[src='x'], img[src$='/x']").count() == 0
