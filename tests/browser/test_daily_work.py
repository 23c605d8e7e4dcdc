"""A clerk's day, on the screens of both sides."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

APP = "cartona_integration.menu_cartona_root"
SOON = 10_000  # milliseconds


def test_price_changed_in_odoo_is_shown_on_cartona(
    clerk: Clerk, shop: Shop, new_page: Callable[..., Page]
):
    listing, product = next(iter(shop.products.items()))
    shown = marketplace(new_page(), shop).locator(f"tr[data-id='{listing}'] td.price")
    price = f"{float(shop.sandbox.listing(listing)['selling_price']) + 1.25:.2f}"
    expect(shown).not_to_contain_text(price)

    clerk.open("product.template", template_of(shop, product))
    clerk.type("list_price", price)
    clerk.save()

    expect(shown).to_contain_text(price, timeout=SOON)
    shop.wait_until_sent()
    clerk.page.reload()
    clerk.expect_badge("cartona_sync_state", "success")
    clerk.screenshot("product")


def test_order_arrives_and_is_confirmed(clerk: Clerk, shop: Shop, new_page: Callable[..., Page]):
    page = marketplace(new_page(), shop)
    listing = next(iter(shop.products))
    page.click(f"tr[data-id='{listing}'] button.plus")
    page.click("#place-open")
    page.click("#place button.primary")
    [order] = wait_until(lambda: shop.sandbox.orders(limit=1))
    others = [shop.sandbox.place_order(lines=lines)["hashed_id"] for lines in (4, 2, 6)]
    domain = [("cartona_id", "in", [order["hashed_id"], *others])]
    wait_until(lambda: shop.odoo.call("sale.order", "search_count", domain) == 4, timeout=30)

    clerk.open_list("cartona_integration.action_sale_order_waiting")
    clerk.screenshot("waiting-for-you")
    clerk.click(f".o_data_row:has-text({order['receipt_id']!r}) .o_data_cell[name='name']")
    clerk.expect_visible("[name='cartona_number']")
    clerk.expect_text("[name='cartona_number']", order["receipt_id"])
    clerk.screenshot("quotation")
    clerk.press("action_confirm", ".o_statusbar_buttons")
    clerk.expect_visible("[name='cartona_status_label']")

    wait_until(lambda: status(shop, order) == "approved", timeout=15)
    clerk.page.reload()
    clerk.expect_badge("cartona_status_label", "info")
    clerk.screenshot("order")


def test_order_is_cancelled_with_a_reason(clerk: Clerk, shop: Shop):
    order = shop.sandbox.place_order(lines=1)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=15)
    clerk.open("sale.order", sale)
    clerk.click(".o_statusbar_buttons [name='action_cancel']:visible")
    clerk.confirm_dialogs(".modal [name='reason']")
    clerk.choose("reason", "cannot_deliver_the_order")
    clerk.screenshot("cancel-reason")
    assert status(shop, order) == "pending", "nothing is sent before a reason is chosen"

    clerk.press("action_confirm", ".modal-footer")
    wait_until(lambda: status(shop, order) == "cancelled_by_supplier", timeout=15)
    reason = shop.sandbox.order(order["hashed_id"])["cancellation_reason"]
    assert reason == "cannot_deliver_the_order"
    assert shop.odoo.call("sale.order", "read", [sale], ["state"])[0]["state"] == "cancel"


def test_waiting_order_is_imported_after_linking_its_product(clerk: Clerk, shop: Shop):
    matched = [("product_id", "!=", False)]  # a check of differences also records the others
    linked = {
        row["cartona_id"]
        for row in shop.odoo.call("cartona.listing", "search_read", matched, ["cartona_id"])
    }
    unknown = next(
        row
        for row in shop.sandbox.listings()
        if str(row["supplier_product_id"]) not in linked and float(row["unit_count"]) == 1
    )
    name = unknown["supplier_product_name"]
    values = {"name": name, "list_price": float(unknown["selling_price"]), "taxes_id": [(5,)]}
    shop.odoo.call("product.template", "create", values)
    line = {"supplier_product_id": unknown["supplier_product_id"], "amount": 2}
    order = shop.sandbox.place_order(lines=[line])
    waiting = [("hashed_id", "=", order["hashed_id"]), ("state", "=", "error")]
    wait_until(lambda: shop.odoo.call("cartona.message", "search_count", waiting), timeout=15)

    if clerk.screenshots:
        for _time in range(12):  # a normal day's work, so that one order is below 1% of it
            shop.odoo.call("cartona.config", "action_sync_products", [shop.config])
            shop.wait_until_sent()
    clerk.open_app(APP)
    clerk.screenshot("dashboard")
    clerk.press("action_open_waiting_orders", ".o_kanban_record")
    clerk.expect_text(".o_data_row", order["receipt_id"])
    clerk.screenshot("waiting-orders")

    clerk.press("action_fix", f".o_data_row:has-text({order['receipt_id']!r})")
    clerk.expect_visible(".modal [name='listing_name']")
    clerk.choose_record("product_id", name)
    clerk.press("action_accept", ".modal-footer")
    domain = [("cartona_id", "=", order["hashed_id"])]
    assert shop.odoo.call("sale.order", "search_count", domain) == 1
    clerk.open_app(APP)
    clerk.expect_visible(".o_kanban_record")
    clerk.expect_hidden("[name='action_open_waiting_orders']")


def test_fix_of_a_box_asks_what_one_box_is(clerk: Clerk, shop: Shop):
    matched = [("product_id", "!=", False)]
    known = shop.odoo.call("cartona.listing", "search_read", matched, ["cartona_id"])
    taken = {row["cartona_id"] for row in known}
    box = next(
        row
        for row in shop.sandbox.listings()
        if str(row["supplier_product_id"]) not in taken and float(row["unit_count"]) > 1
    )
    count, name = float(box["unit_count"]), f"قطعة {box['base_product_id']}"
    price = round(float(box["selling_price"]) / count, 2)
    values = {"name": name, "list_price": price, "taxes_id": [(5,)]}
    template = shop.odoo.call("product.template", "create", values)
    line = {"supplier_product_id": box["supplier_product_id"], "amount": 3}
    order = shop.sandbox.place_order(lines=[line])
    waiting = [("hashed_id", "=", order["hashed_id"]), ("state", "=", "error")]
    wait_until(lambda: shop.odoo.call("cartona.message", "search_count", waiting), timeout=15)

    clerk.open_list("cartona_integration.action_cartona_waiting_orders")
    clerk.press("action_fix", f".o_data_row:has-text({order['receipt_id']!r})")
    clerk.choose_record("product_id", name)
    clerk.expect_visible(".modal [name='question']")
    clerk.screenshot("fix-box")
    clerk.press("action_accept", ".modal-footer")
    clerk.expect_visible(".o_notification")
    clerk.expect_hidden(f".o_data_row:has-text({order['receipt_id']!r})")
    clerk.screenshot("fix-box-imported")

    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = shop.odoo.call("sale.order", "search", domain)
    [user] = shop.odoo.call("res.users", "search_read", [("login", "=", "admin")], ["lang"])
    [listing] = shop.odoo.call(
        "cartona.listing",
        "search_read",
        [("cartona_id", "=", str(box["supplier_product_id"]))],
        ["uom_id", "product_id"],
        context={"lang": user["lang"]},
    )
    [product] = shop.odoo.call("product.template", "read", [template], ["product_variant_id"])
    assert listing["product_id"][0] == product["product_variant_id"][0]
    clerk.open("sale.order", sale)
    clerk.expect_text(".o_data_row", listing["uom_id"][1])
    clerk.screenshot("order-of-boxes")


def test_button_sends_everything_again(clerk: Clerk, shop: Shop):
    shop.sandbox.clear_requests()
    clerk.open_app(APP)
    clerk.press("action_sync_products", ".o_kanban_record")
    clerk.expect_visible(".o_notification")
    shop.wait_until_sent()
    sent = shop.sandbox.requests(path="supplier-product/bulk-update")
    assert sum(len(call["body"]) for call in sent) >= len(shop.products)


def test_log_contains_every_call(clerk: Clerk, shop: Shop):
    clerk.open_app(APP)
    clerk.open_menu(
        "cartona_integration.menu_cartona_log", "cartona_integration.menu_cartona_sync_log"
    )
    clerk.expect_visible(".o_list_view .o_data_row")
    clerk.screenshot("log")
    for view, shown in (("graph", ".o_graph_view canvas"), ("pivot", ".o_pivot_view td")):
        clerk.click(f".o_switch_view.o_{view}")
        clerk.expect_visible(shown)
        clerk.expect_no_error()


def test_price_changed_on_cartona_is_corrected_from_odoo(clerk: Clerk, shop: Shop):
    listing, product = next(iter(shop.products.items()))
    own = float(shop.sandbox.listing(listing)["selling_price"])
    shop.odoo.call("cartona.config", "write", [shop.config], {"heal_drift": False})
    shop.sandbox.set_listing(listing, selling_price=own + 7)
    clerk.open_app(APP)
    clerk.press("action_check_drift", ".o_kanban_record")
    domain = [("product_id", "=", product), ("kind", "=", "price"), ("state", "=", "open")]
    wait_until(lambda: shop.odoo.call("cartona.drift", "search_count", domain), timeout=60)
    clerk.page.reload()
    clerk.expect_text(".o_data_row [name='cartona_value']", f"{own + 7:g}")
    clerk.screenshot("differences")

    clerk.select_all_rows()
    clerk.press("action_heal")
    wait_until(lambda: float(shop.sandbox.listing(listing)["selling_price"]) == own, timeout=60)
    shop.odoo.call("cartona.config", "write", [shop.config], {"heal_drift": True})


def test_numbers_keep_their_direction_in_arabic(clerk: Clerk, shop: Shop, language: str):
    """In a right-to-left page, a phone number, an id or an URL still starts at its left."""
    clerk.open_app(APP)
    clerk.press("action_open_config", ".o_kanban_record")
    direction = "rtl" if language.startswith("ar") else "ltr"
    of_page = "element => getComputedStyle(element).direction"
    assert clerk.page.locator("body").evaluate(of_page) == direction
    for name in ("base_url", "webhook_url", "webhook_token"):
        assert clerk.field(name).evaluate(of_page) == "ltr", name
        assert clerk.is_left_to_right(clerk.field(name)), name
    address = clerk.copyable_value("webhook_url")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/cartona/webhook/orders", address)
    clerk.screenshot("configuration")

    order = shop.sandbox.place_order(lines=1)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(
        lambda: shop.odoo.call("sale.order", "search_read", domain, ["partner_id"]), timeout=15
    )
    partner = sale["partner_id"][0]
    shop.odoo.call("res.partner", "write", [partner], {"cartona_phone2": "+201003150161"})
    clerk.open("sale.order", sale["id"])
    assert clerk.is_left_to_right(clerk.field("cartona_number"))
    assert clerk.keeps_direction_of_amounts("cartona_amount_to_collect")
    clerk.open("res.partner", partner)
    assert clerk.is_left_to_right(clerk.field("phone"))
    clerk.open_page("sales_purchases", field="cartona_phone2")
    for name in ("cartona_phone2", "cartona_id"):
        assert clerk.is_left_to_right(clerk.field(name)), name
    clerk.screenshot("customer")


def test_order_fits_on_a_phone(phone: Clerk, shop: Shop):
    order = shop.sandbox.place_order(lines=1)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [record] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=15)
    phone.open("sale.order", record)
    phone.expect_text("[name='cartona_number']", order["receipt_id"])
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert phone.page.evaluate(wide) <= 1, "no horizontal scrolling"
    phone.screenshot("order-phone")


# === HELPERS === #


def marketplace(page: Page, shop: Shop) -> Page:
    """Open the marketplace's page with its listings."""
    page.goto(shop.sandbox.url)
    page.wait_for_selector("#rows tr[data-id]")
    return page


def template_of(shop: Shop, product: int) -> int:
    """Return the template of a variant."""
    [row] = shop.odoo.call("product.product", "read", [product], ["product_tmpl_id"])
    return row["product_tmpl_id"][0]


def status(shop: Shop, order: dict) -> str:
    """Return an order's status on the marketplace."""
    return shop.sandbox.order(order["hashed_id"])["status"]
