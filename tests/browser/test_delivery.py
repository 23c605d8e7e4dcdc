"""The driver at the shop's door: a phone, a code, and goods that are handed over after it."""

from tests.browser.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until


def test_delivery_is_validated_with_the_retailers_code(phone: Clerk, shop: Shop):
    order, picking = ready_to_deliver(shop)
    phone.open("stock.picking", picking)
    phone.reads("[name='cartona_number']", order["receipt_id"])
    phone.picture("delivery-phone")

    phone.press_in_status_bar("button_validate")
    enter_code(phone, "0000" if order["sandbox"]["otp"] != "0000" else "1111")
    phone.sees(".modal .text-bg-danger")
    assert status(shop, order) != "delivered"
    assert state(shop, picking) != "done", "no goods before the code"
    phone.picture("code-phone")

    enter_code(phone, order["sandbox"]["otp"])
    wait_until(lambda: status(shop, order) == "delivered", timeout=20)
    wait_until(lambda: state(shop, picking) == "done", timeout=20)
    phone.sees(".o_form_view")
    phone.does_not_see(".modal")


# === HELPERS === #


def ready_to_deliver(shop: Shop) -> tuple[dict, int]:
    """A confirmed order that is delivered only with a code.

    :return: the order as the marketplace shows it, the id of its delivery
    """
    line = {"supplier_product_id": next(iter(shop.products)), "amount": 1}
    order = shop.sandbox.place_order(lines=[line], wallet_top_up=20)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=15)
    shop.odoo.call("sale.order", "action_confirm", [sale])
    wait_until(lambda: status(shop, order) != "pending", timeout=15)
    [picking] = shop.odoo.call("stock.picking", "search", [("sale_id", "=", sale)])
    return shop.sandbox.order(order["hashed_id"]), picking


def enter_code(driver: Clerk, code: str) -> None:
    """Type a code into the dialog and have it checked."""
    driver.click(".modal .o_data_row [name='code']")
    driver.page.locator(".modal .o_data_row [name='code'] input").first.fill(code)
    driver.press("action_confirm", ".modal-footer")


def status(shop: Shop, order: dict) -> str:
    """An order's status on the marketplace."""
    return shop.sandbox.order(order["hashed_id"])["status"]


def state(shop: Shop, picking: int) -> str:
    """A delivery's state in Odoo."""
    return shop.odoo.call("stock.picking", "read", [picking], ["state"])[0]["state"]
