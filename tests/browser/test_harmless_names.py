"""HTML in texts of retailers and Cartona is shown as text on every screen."""

import requests

from tests.support.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until

#: All visible text of a page, including the values of its inputs.
SEEN = """[document.body.innerText,
    ...[...document.querySelectorAll("input, textarea")].map(place => place.value)].join()"""
EVIL = "<img src=x onerror='window.hit = 1'><script>window.hit = 2</script>"
#: Lists, and True if their content is full of it.
SCREENS = {
    "action_cartona_dashboard": False,
    "action_cartona_message": True,
    "action_cartona_waiting_orders": True,
    "action_cartona_listing": True,
    "action_cartona_matching_list": True,
    "action_cartona_drift": True,
    "action_cartona_sync_log": True,
    "action_cartona_orders": True,
    "action_sale_order_waiting": True,
    "action_sale_order_cash": True,
}


def test_html_in_names_is_shown_as_text(clerk: Clerk, shop: Shop):
    odoo, cartona_id = shop.odoo, next(iter(shop.products))
    good, draft, waiting = (f"{name}-{clerk.suffix}" for name in ("good", "draft", "waiting"))
    send_orders(
        shop,
        evil_order(good, cartona_id),
        evil_order(draft, cartona_id),
        evil_order(waiting, EVIL),
    )
    known = "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s) AND state != 'new'"
    wait_until(lambda: odoo.query(known, [good, draft, waiting]) == [(3,)], timeout=60)
    [order] = odoo.call(
        "sale.order", "search_read", [("cartona_id", "=", good)], ["partner_id", "id"]
    )
    assert EVIL in odoo.call("res.partner", "read", [order["partner_id"][0]], ["name"])[0]["name"]
    [message] = odoo.call("cartona.message", "search", [("hashed_id", "=", waiting)])
    listing = make(
        odoo,
        "cartona.listing",
        {"config_id": shop.config, "cartona_id": waiting, "name": EVIL, "unit": EVIL},
    )
    odoo.call("sale.order", "action_confirm", [order["id"]])
    [picking] = odoo.call("stock.picking", "search", [("sale_id", "=", order["id"])])
    shop.wait_until_sent()
    code = {"order_id": order["id"], "message": EVIL, "state": "refused"}
    desk = {"config_id": shop.config, "listing_id": listing}
    dialog = {"picking_ids": [(6, 0, [picking])], "line_ids": [(0, 0, code)]}
    forms = {
        "sale.order": order["id"],
        "res.partner": order["partner_id"][0],
        "stock.picking": picking,
        "cartona.message": message,
        "cartona.listing": listing,
        "cartona.config": shop.config,
        "cartona.matching.desk": make(odoo, "cartona.matching.desk", desk),
        "cartona.delivery.otp": make(odoo, "cartona.delivery.otp", dialog),
    }
    # It counts records of others; only Odoo writes its texts.
    plain = {
        "cartona.order.cancel": make(
            odoo, "cartona.order.cancel", {"order_ids": [(6, 0, [order["id"]])]}
        ),
        "cartona.go.live": make(odoo, "cartona.go.live", {"config_id": shop.config}),
    }
    write_texts(shop, order["id"], listing)
    names = rename_first(shop)
    try:
        for model, record in (*forms.items(), *plain.items()):
            clerk.open(model, record)
            assert_harmless(clerk, shown=model in forms)
        for screen, shown in SCREENS.items():
            domain = [("module", "=", "cartona_integration"), ("name", "=", screen)]
            [action] = odoo.call("ir.model.data", "search_read", domain, ["res_id"])
            clerk.page.goto(f"{odoo.url}/web#action={action['res_id']}")
            clerk.expect_visible(".o_action_manager > .o_action")
            clerk.wait_until_idle()
            open_groups(clerk)
            assert_harmless(clerk, shown)
    finally:
        for row, name in names:
            odoo.query("UPDATE cartona_listing SET name = %s WHERE id = %s", name, row)
        odoo.call("cartona.config", "action_test_connection", [shop.config])


# === HELPERS === #


def write_texts(shop: Shop, sale: int, listing: int) -> None:
    """Write the texts that otherwise only Cartona, a delivery or a comparison would write."""
    query = shop.odoo.query
    query("UPDATE cartona_sync_log SET error_code = 'rejected', error_detail = %s", EVIL)
    query(
        "UPDATE cartona_config SET connection_state = 'error', error_code = 'rejected',"
        " error_detail = %s WHERE id = %s",
        EVIL,
        shop.config,
    )
    query("UPDATE sale_order SET effective_date = now() WHERE id = %s", sale)
    query(
        "INSERT INTO cartona_drift (listing_id, config_id, company_id, kind, reason, odoo_value,"
        " cartona_value, since, state)"
        " SELECT %s, id, company_id, 'price', 'edited', %s, %s, now(), 'open' FROM cartona_config"
        " WHERE id = %s",
        listing,
        EVIL,
        EVIL,
        shop.config,
    )


def rename_first(shop: Shop) -> list[tuple[int, str]]:
    """Rename the first listing, and the first unmatched one: of the hundreds that other tests
    have read, a list shows one page.

    :return: their ids and old names
    """
    first = (
        "id = (SELECT min(id) FROM cartona_listing) OR id = (SELECT min(id) FROM cartona_listing"
        " WHERE product_id IS NULL AND never_match IS NOT TRUE)"
    )
    names = shop.odoo.query(f"SELECT id, name FROM cartona_listing WHERE {first}")
    for row, _name in names:
        shop.odoo.query("UPDATE cartona_listing SET name = %s WHERE id = %s", EVIL, row)
    return names


def make(odoo: OdooServer, model: str, values: dict) -> int:
    """Create a record. :return: its id"""
    made = odoo.call(model, "create", values)
    return made if isinstance(made, int) else made[0]


def send_orders(shop: Shop, *orders: dict) -> None:
    """Send these orders to the webhook."""
    [config] = shop.odoo.call("cartona.config", "read", [shop.config], ["webhook_token"])
    headers = {"AuthorizationToken": config["webhook_token"]}
    url = f"{shop.odoo.url}/cartona/webhook/orders"
    assert requests.post(url, json=orders, headers=headers, timeout=60).status_code == 200


def evil_order(hashed_id: str, listing: str) -> dict:
    """Return an order with HTML in every text."""
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


def open_groups(clerk: Clerk) -> None:
    """Open the first group of a list, and the first one in it, if there are any."""
    closed = clerk.page.locator(".o_group_header:not(.o_group_open):visible")
    for _level in range(2):
        if closed.count():
            clerk.click(closed.first)
            clerk.wait_until_idle()


def assert_harmless(clerk: Clerk, shown: bool) -> None:
    """Check that none of it became part of the page.

    :param shown: True if its text must be visible
    """
    assert clerk.page.evaluate("window.hit") is None
    assert clerk.page.locator("img[src='x'], img[src$='/x']").count() == 0
    if shown:
        assert "onerror" in clerk.page.evaluate(SEEN)
