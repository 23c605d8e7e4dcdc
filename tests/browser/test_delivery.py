"""The driver at the shop's door: a phone, a code, and goods that are handed over after it."""

import pytest
from playwright.sync_api import Locator, expect

from tests.support.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

SOON = 20  # seconds
WRONG = {
    "en_US": "Cartona does not accept this code. Ask the retailer again.",
    "ar_001": "كرتونة لا تقبل هذا الكود. اسأل التاجر مرة أخرى.",
}
#: Where the code is typed: in 15.0 the widget is the input, later it holds one.
CODE = ".modal input[name='code'], .modal [name='code'] input"


@pytest.fixture
def picking(shop: Shop) -> int:
    """A delivery that Cartona takes only with the retailer's code."""
    return deliveries(shop, 1)[0]


def deliveries(shop: Shop, count: int) -> list[int]:
    """So many of them, each of an order of its own."""
    # Odoo asks once whether it is to send text messages, before anything else.
    asked = "has_received_warning_stock_sms"
    if asked in shop.odoo.call("res.company", "fields_get", [asked]):
        shop.odoo.call("res.company", "write", [1], {asked: True})
    line = {"supplier_product_id": next(iter(shop.products)), "amount": 1}
    return [delivery(shop, line) for _order in range(count)]


def delivery(shop: Shop, line: dict) -> int:
    """The delivery of a new order over that line, confirmed on both sides."""
    order = shop.sandbox.place_order(lines=[line], wallet_top_up=20)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=SOON)
    shop.odoo.call("sale.order", "action_confirm", [sale])
    wait_until(lambda: there(shop, order)["status"] == "approved", timeout=SOON)
    [picking] = shop.odoo.call("stock.picking", "search", [("sale_id", "=", sale)])
    return picking


def test_goods_are_handed_over_after_the_right_code(
    phone: Clerk, shop: Shop, picking: int, language: str
):
    order = on_cartona(shop)
    phone.open("stock.picking", picking)
    phone.reads("[name='cartona_number']", order["receipt_id"])
    assert_fits(phone)
    phone.press_in_status_bar("button_validate")
    all_is_picked(phone)
    phone.sees(CODE)
    assert_fits(phone)
    phone.picture("delivery-otp")

    enter_code(phone, wrong(order))
    phone.sees(".modal [name='refused']")
    phone.reads(".modal [name='refused']", WRONG[language])
    phone.picture("delivery-otp-refused")
    assert on_cartona(shop)["status"] != "delivered"
    assert state(shop, picking) == "assigned", "no goods before the code"

    enter_code(phone, order["sandbox"]["otp"])
    wait_until(lambda: on_cartona(shop)["status"] == "delivered", timeout=SOON)
    wait_until(lambda: state(shop, picking) == "done", timeout=SOON)
    phone.does_not_see(".modal")
    shop.wait_until_sent()
    phone.page.reload()
    phone.sees_badge("cartona_status_label", "success")


def test_the_driver_chooses_when_cartona_does_not_answer(phone: Clerk, shop: Shop, picking: int):
    order = on_cartona(shop)
    fault = shop.sandbox.set_fault(effect="503", path="order/")
    phone.open("stock.picking", picking)
    phone.press_in_status_bar("button_validate")
    all_is_picked(phone)
    enter_code(phone, order["sandbox"]["otp"])
    phone.sees(".modal [name='action_deliver_later']")
    phone.picture("delivery-otp-unreachable")
    assert state(shop, picking) == "assigned", "nothing is done before somebody has chosen"

    phone.press("action_deliver_later", ".modal-footer")
    wait_until(lambda: state(shop, picking) == "done", timeout=SOON)
    assert on_cartona(shop)["status"] != "delivered"
    shop.sandbox.clear_faults(fault["id"])
    wait_until(lambda: on_cartona(shop)["status"] == "delivered", timeout=3 * SOON)


def test_several_orders_are_asked_for_in_one_list(clerk: Clerk, shop: Shop, language: str):
    both = deliveries(shop, 2)
    fields = ["name", "origin", "cartona_id"]
    first, second = shop.odoo.call("stock.picking", "read", both, fields)
    # Up to 18 the retailer's reference follows the order's name.
    orders = [row["origin"].split(" ")[0] for row in (first, second)]
    codes = [shop.sandbox.order(row["cartona_id"])["sandbox"]["otp"] for row in (first, second)]
    clerk.open_list("stock.action_picking_tree_all")
    clerk.tick(first["name"], second["name"])
    clerk.choose_action("stock.action_validate_picking", language)
    all_is_picked(clerk)
    clerk.sees(".modal .o_data_row")
    assert clerk.page.locator(".modal .o_data_row").count() == 2
    clerk.picture("delivery-otp-list")

    type_into(row_of(clerk, orders[0]), codes[0])
    type_into(row_of(clerk, orders[1]), "0000" if codes[1] != "0000" else "1111")
    clerk.press("action_confirm", ".modal-footer")
    expect(row_of(clerk, orders[1])).to_contain_text(WRONG[language])
    assert [state(shop, row) for row in both] == ["done", "assigned"]

    type_into(row_of(clerk, orders[1]), codes[1])
    clerk.press("action_confirm", ".modal-footer")
    wait_until(lambda: [state(shop, row) for row in both] == ["done", "done"], timeout=SOON)
    clerk.does_not_see(".modal")


def test_several_orders_are_cancelled_for_one_reason(clerk: Clerk, shop: Shop, language: str):
    placed = [shop.sandbox.place_order(lines=1) for _order in range(2)]
    keys = [order["hashed_id"] for order in placed]
    domain = [("cartona_id", "in", keys)]
    wait_until(lambda: shop.odoo.call("sale.order", "search_count", domain) == 2, timeout=SOON)
    sales = shop.odoo.call("sale.order", "search_read", domain, ["name"])
    shop.odoo.call("sale.order", "action_confirm", [sale["id"] for sale in sales])
    for order in placed:
        wait_until(lambda order=order: there(shop, order)["status"] == "approved", timeout=SOON)

    clerk.open_list("sale.action_orders")
    clerk.tick(*(sale["name"] for sale in sales))
    if shop.odoo.env.major >= 17:
        clerk.choose_action("sale.action_mass_cancel_orders", language)
        clerk.press("action_mass_cancel", ".modal-footer")
    else:
        clerk.choose_action("cartona_integration.action_cartona_mass_cancel", language)
    clerk.sees(".modal [name='reason']")
    clerk.reads(".modal [name='order_count']", "2")
    clerk.choose("reason", "expired_products")
    clerk.picture("cancel-reason-several")
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
    """Up to 16 Odoo first asks whether all that was wanted has been picked."""
    if clerk.odoo.env.major < 17:
        clerk.press("process", ".modal-footer")


def row_of(clerk: Clerk, order: str) -> Locator:
    """The row of an order in the dialog."""
    return clerk.page.locator(".modal .o_data_row").filter(has_text=order)


def type_into(row: Locator, code: str) -> None:
    """Type the code that this order's retailer gives."""
    row.locator(".o_data_cell[name='code']").click()
    row.locator("[name='code'] input, input[name='code']").first.fill(code)
    row.page.keyboard.press("Tab")


def there(shop: Shop, order: dict) -> dict:
    """An order as the marketplace has it now."""
    return shop.sandbox.order(order["hashed_id"])


def enter_code(driver: Clerk, code: str) -> None:
    """Type a code into the dialog and have it checked."""
    driver.page.fill(CODE, code)
    driver.press("action_confirm", ".modal-footer")


def wrong(order: dict) -> str:
    """A code that is not the retailer's."""
    return "0000" if order["sandbox"]["otp"] != "0000" else "1111"


def on_cartona(shop: Shop) -> dict:
    """The order as the marketplace has it now: there is no other one."""
    [order] = shop.sandbox.orders()
    return shop.sandbox.order(order["hashed_id"])


def state(shop: Shop, picking: int) -> str:
    """A delivery's state in Odoo."""
    return shop.odoo.call("stock.picking", "read", [picking], ["state"])[0]["state"]


def assert_fits(phone: Clerk) -> None:
    """Nobody has to scroll sideways."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert phone.page.evaluate(wide) <= 1
