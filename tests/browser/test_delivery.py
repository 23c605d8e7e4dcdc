"""The driver at the shop's door: a phone, a code, and goods that are handed over after it."""

import pytest

from tests.browser.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

SOON = 20  # seconds
#: Where the code is typed: in 15.0 the widget is the input, later it holds one.
CODE = ".modal input[name='code'], .modal [name='code'] input"


@pytest.fixture
def picking(shop: Shop) -> int:
    """A delivery that Cartona takes only with the retailer's code."""
    # Odoo asks once whether it is to send text messages, before anything else.
    asked = "has_received_warning_stock_sms"
    if asked in shop.odoo.call("res.company", "fields_get", [asked]):
        shop.odoo.call("res.company", "write", [1], {asked: True})
    line = {"supplier_product_id": next(iter(shop.products)), "amount": 1}
    order = shop.sandbox.place_order(lines=[line], wallet_top_up=20)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=SOON)
    shop.odoo.call("sale.order", "action_confirm", [sale])
    wait_until(lambda: on_cartona(shop)["status"] == "approved", timeout=SOON)
    [delivery] = shop.odoo.call("stock.picking", "search", [("sale_id", "=", sale)])
    return delivery


def test_goods_are_handed_over_after_the_right_code(phone: Clerk, shop: Shop, picking: int):
    order = on_cartona(shop)
    phone.open("stock.picking", picking)
    phone.reads("[name='cartona_number']", order["receipt_id"])
    assert_fits(phone)
    phone.press_in_status_bar("button_validate")
    phone.sees(CODE)
    assert_fits(phone)
    phone.picture("delivery-otp")

    enter_code(phone, wrong(order))
    phone.sees(".modal [name='refused']")
    phone.picture("delivery-otp-refused")
    assert on_cartona(shop)["status"] != "delivered"
    assert state(shop, picking) == "assigned", "no goods before the code"

    enter_code(phone, order["sandbox"]["otp"])
    wait_until(lambda: on_cartona(shop)["status"] == "delivered", timeout=SOON)
    wait_until(lambda: state(shop, picking) == "done", timeout=SOON)
    phone.does_not_see(".modal")
    shop.settle()
    phone.page.reload()
    phone.sees("[name='cartona_status_label'] .text-bg-success")


def test_the_driver_chooses_when_cartona_does_not_answer(phone: Clerk, shop: Shop, picking: int):
    order = on_cartona(shop)
    fault = shop.sandbox.set_fault(effect="503", path="order/")
    phone.open("stock.picking", picking)
    phone.press_in_status_bar("button_validate")
    enter_code(phone, order["sandbox"]["otp"])
    phone.sees(".modal [name='action_deliver_later']")
    phone.picture("delivery-otp-unreachable")
    assert state(shop, picking) == "assigned", "nothing is done before somebody has chosen"

    phone.press("action_deliver_later", ".modal-footer")
    wait_until(lambda: state(shop, picking) == "done", timeout=SOON)
    assert on_cartona(shop)["status"] != "delivered"
    shop.sandbox.clear_faults(fault["id"])
    wait_until(lambda: on_cartona(shop)["status"] == "delivered", timeout=3 * SOON)


# === HELPERS === #


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
