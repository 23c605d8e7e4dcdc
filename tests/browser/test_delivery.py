"""The driver at the shop's door: a phone, a code, and the delivery after it."""

import pytest
from playwright.sync_api import Locator, expect

from tests.support.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

SOON = 20  # seconds
WRONG = {
    "en_US": "Cartona does not accept this code. Ask the retailer again.",
    "ar_001": "كرتونة لا تقبل هذا الكود. اطلب الكود من التاجر مرة أخرى.",
}
#: The input of the code: in 15.0 the widget is the input, later it contains one.
CODE = ".modal input[name='code'], .modal [name='code'] input"


@pytest.fixture
def picking(shop: Shop) -> int:
    """Return a delivery that Cartona accepts only with the retailer's code."""
    return deliveries(shop, 1)[0]


def deliveries(shop: Shop, count: int) -> list[int]:
    """Return this number of deliveries, each of its own order."""
    # Odoo offers once to send text messages, before anything else.
    field = "has_received_warning_stock_sms"
    if field in shop.odoo.call("res.company", "fields_get", [field]):
        shop.odoo.call("res.company", "write", [1], {field: True})
    line = {"supplier_product_id": next(iter(shop.products)), "amount": 1}
    return [delivery(shop, line) for _order in range(count)]


def delivery(shop: Shop, line: dict) -> int:
    """Return the delivery of a new order with that line, confirmed on both sides."""
    order = shop.sandbox.place_order(lines=[line], wallet_top_up=20)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=SOON)
    shop.odoo.call("sale.order", "action_confirm", [sale])
    wait_until(lambda: there(shop, order)["status"] == "approved", timeout=SOON)
    [picking] = shop.odoo.call("stock.picking", "search", [("sale_id", "=", sale)])
    return picking


def test_delivery_is_validated_after_the_right_code(
    phone: Clerk, shop: Shop, picking: int, language: str
):
    order = on_cartona(shop)
    phone.open("stock.picking", picking)
    phone.expect_text("[name='cartona_number']", order["receipt_id"])
    assert_fits(phone)
    phone.press_in_status_bar("button_validate")
    all_is_picked(phone)
    phone.expect_visible(CODE)
    assert_fits(phone)
    phone.screenshot("delivery-otp")

    enter_code(phone, wrong(order))
    phone.expect_visible(".modal [name='refused']")
    phone.expect_text(".modal [name='refused']", WRONG[language])
    phone.screenshot("delivery-otp-refused")
    assert on_cartona(shop)["status"] != "delivered"
    assert state(shop, picking) == "assigned", "no goods before the code"

    enter_code(phone, order["sandbox"]["otp"])
    wait_until(lambda: on_cartona(shop)["status"] == "delivered", timeout=SOON)
    wait_until(lambda: state(shop, picking) == "done", timeout=SOON)
    phone.expect_hidden(".modal")
    shop.wait_until_sent()
    phone.page.reload()
    phone.expect_badge("cartona_status_label", "success")


def test_driver_chooses_when_cartona_does_not_answer(phone: Clerk, shop: Shop, picking: int):
    order = on_cartona(shop)
    fault = shop.sandbox.set_fault(effect="503", path="order/")
    phone.open("stock.picking", picking)
    phone.press_in_status_bar("button_validate")
    all_is_picked(phone)
    enter_code(phone, order["sandbox"]["otp"])
    phone.expect_visible(".modal [name='action_deliver_later']")
    phone.screenshot("delivery-otp-unreachable")
    assert state(shop, picking) == "assigned", "nothing is done before the user has chosen"

    phone.press("action_deliver_later", ".modal-footer")
    wait_until(lambda: state(shop, picking) == "done", timeout=SOON)
    assert on_cartona(shop)["status"] != "delivered"
    shop.sandbox.clear_faults(fault["id"])
    wait_until(lambda: on_cartona(shop)["status"] == "delivered", timeout=3 * SOON)


def test_codes_of_several_orders_are_entered_in_one_list(clerk: Clerk, shop: Shop, language: str):
    both = deliveries(shop, 2)
    fields = ["name", "origin", "cartona_id"]
    first, second = shop.odoo.call("stock.picking", "read", both, fields)
    # Up to 18.0 the retailer's reference follows the order's name.
    orders = [row["origin"].split(" ")[0] for row in (first, second)]
    codes = [shop.sandbox.order(row["cartona_id"])["sandbox"]["otp"] for row in (first, second)]
    clerk.open_list("stock.action_picking_tree_all")
    clerk.select_rows(first["name"], second["name"])
    clerk.choose_action("stock.action_validate_picking", language)
    all_is_picked(clerk)
    clerk.expect_visible(".modal .o_data_row")
    assert clerk.page.locator(".modal .o_data_row").count() == 2
    clerk.screenshot("delivery-otp-list")

    type_into(row_of(clerk, orders[0]), codes[0])
    type_into(row_of(clerk, orders[1]), "0000" if codes[1] != "0000" else "1111")
    clerk.press("action_confirm", ".modal-footer")
    expect(row_of(clerk, orders[1])).to_contain_text(WRONG[language])
    assert [state(shop, row) for row in both] == ["done", "assigned"]

    type_into(row_of(clerk, orders[1]), codes[1])
    clerk.press("action_confirm", ".modal-footer")
    wait_until(lambda: [state(shop, row) for row in both] == ["done", "done"], timeout=SOON)
    clerk.expect_hidden(".modal")


def test_several_orders_are_cancelled_with_one_reason(clerk: Clerk, shop: Shop, language: str):
    placed = [shop.sandbox.place_order(lines=1) for _order in range(2)]
    keys = [order["hashed_id"] for order in placed]
    domain = [("cartona_id", "in", keys)]
    wait_until(lambda: shop.odoo.call("sale.order", "search_count", domain) == 2, timeout=SOON)
    sales = shop.odoo.call("sale.order", "search_read", domain, ["name"])
    shop.odoo.call("sale.order", "action_confirm", [sale["id"] for sale in sales])
    for order in placed:
        wait_until(lambda order=order: there(shop, order)["status"] == "approved", timeout=SOON)

    clerk.open_list("sale.action_orders")
    clerk.select_rows(*(sale["name"] for sale in sales))
    if shop.odoo.env.major >= 17:
        clerk.choose_action("sale.action_mass_cancel_orders", language)
        clerk.press("action_mass_cancel", ".modal-footer")
    else:
        clerk.choose_action("cartona_integration.action_cartona_mass_cancel", language)
    clerk.expect_visible(".modal [name='reason']")
    clerk.expect_text(".modal [name='order_count']", "2")
    clerk.choose("reason", "expired_products")
    clerk.screenshot("cancel-reason-several")
    assert {there(shop, order)["status"] for order in placed} == {"approved"}

    clerk.press("action_confirm", ".modal-footer")
    for order in placed:
        wait_until(
            lambda order=order: there(shop, order)["status"] == "cancelled_by_supplier",
            timeout=SOON,
        )
        assert there(shop, order)["cancellation_reason"] == "expired_products"


# === HELPERS === #


def all_is_picked(clerk: Clerk) -> None:
    """Confirm Odoo's dialog about picked quantities, shown up to 16.0."""
    if clerk.odoo.env.major < 17:
        clerk.press("process", ".modal-footer")


def row_of(clerk: Clerk, order: str) -> Locator:
    """Return the row of an order in the dialog."""
    return clerk.page.locator(".modal .o_data_row").filter(has_text=order)


def type_into(row: Locator, code: str) -> None:
    """Type the code of this order's retailer."""
    row.locator(".o_data_cell[name='code']").click()
    row.locator("[name='code'] input, input[name='code']").first.fill(code)
    row.page.keyboard.press("Tab")


def there(shop: Shop, order: dict) -> dict:
    """Return an order on the marketplace."""
    return shop.sandbox.order(order["hashed_id"])


def enter_code(driver: Clerk, code: str) -> None:
    """Type a code into the dialog and submit it."""
    driver.page.fill(CODE, code)
    driver.press("action_confirm", ".modal-footer")


def wrong(order: dict) -> str:
    """Return a code that is not the retailer's."""
    return "0000" if order["sandbox"]["otp"] != "0000" else "1111"


def on_cartona(shop: Shop) -> dict:
    """Return the only order on the marketplace."""
    [order] = shop.sandbox.orders()
    return shop.sandbox.order(order["hashed_id"])


def state(shop: Shop, picking: int) -> str:
    """Return a delivery's state in Odoo."""
    return shop.odoo.call("stock.picking", "read", [picking], ["state"])[0]["state"]


def assert_fits(phone: Clerk) -> None:
    """Check that no horizontal scrolling is needed."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert phone.page.evaluate(wide) <= 1
