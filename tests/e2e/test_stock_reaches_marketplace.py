"""Any move or reservation of stock in Odoo changes the available stock within 5 seconds."""

from collections.abc import Callable

import pytest

from tools.dev.odoo_server import OdooServer
from tools.drivers.seller import Seller, untracked


@pytest.fixture(scope="module")
def customer(odoo: OdooServer) -> int:
    """Create a customer of the supplier's own shop, not on the marketplace."""
    return odoo.call("res.partner", "create", {"name": "زبون المحل"})


@pytest.fixture
def order(seller: Seller, customer: int) -> Callable[..., int]:
    """Return `order(product, quantity)`: a confirmed sale order of the supplier's own shop."""

    def confirmed(product: int, quantity: float) -> int:
        line = {"product_id": product, "product_uom_qty": quantity}
        record = seller.odoo.call(
            "sale.order", "create", {"partner_id": customer, "order_line": [(0, 0, line)]}
        )
        seller.odoo.call("sale.order", "action_confirm", [record])
        return record

    return confirmed


@pytest.fixture
def product(seller: Seller) -> int:
    """Return a product with ten on hand and shown."""
    [product] = seller.publish_products(1)
    seller.count_stock({product: 10})
    seller.wait_until_shown(product, available_stock_quantity=10)
    seller.wait_until_idle()
    return product


# === CHANGES OF STOCK === #


def test_count(seller: Seller, product: int):
    seller.count_stock({product: 25})
    seller.wait_until_shown(product, available_stock_quantity=25)
    seller.count_stock({product: 0})
    seller.wait_until_shown(product, available_stock_quantity=0)


def test_confirmed_shop_order_lowers_stock_before_delivery(
    seller: Seller, product: int, order: Callable[..., int]
):
    order(product, 3)
    seller.wait_until_shown(product, available_stock_quantity=7)
    row = seller.odoo.call("product.product", "read", [product], ["qty_available"])[0]
    assert row["qty_available"] == 10, "nothing was validated"


def test_cancelled_order_releases_its_stock(
    seller: Seller, product: int, order: Callable[..., int]
):
    record = order(product, 4)
    seller.wait_until_shown(product, available_stock_quantity=6)
    quiet = {"disable_cancel_warning": True}
    seller.odoo.call("sale.order", "action_cancel", [record], context=quiet)
    seller.wait_until_shown(product, available_stock_quantity=10)


def test_delivery_does_not_lower_stock_again(
    seller: Seller, product: int, order: Callable[..., int]
):
    record = order(product, 3)
    seller.wait_until_shown(product, available_stock_quantity=7)
    seller.wait_until_idle()
    mark = seller.last_request()
    validate(seller, pickings_of(seller, record))
    row = seller.odoo.call("product.product", "read", [product], ["qty_available"])[0]
    assert row["qty_available"] == 7, "it was delivered"
    seller.wait_until_idle()
    assert seller.stock(product) == 7
    assert seller.sent(product, mark) == []


def test_receipt(seller: Seller, product: int):
    receive(seller, product, 15)
    seller.wait_until_shown(product, available_stock_quantity=25)


def test_transfer_to_an_excluded_warehouse_lowers_stock(seller: Seller, product: int):
    other = seller.odoo.call("stock.warehouse", "create", {"name": "أسوان", "code": "ASW"})
    [place] = seller.odoo.call("stock.warehouse", "read", [other], ["lot_stock_id"])
    [first] = seller.odoo.call("stock.warehouse", "search", [], limit=1, order="id")
    seller.configure(warehouse_ids=[(6, 0, [first])])
    try:
        transfer(seller, product, 4, seller.location(), place["lot_stock_id"][0], "internal")
        seller.wait_until_shown(product, available_stock_quantity=6)
    finally:
        seller.configure(warehouse_ids=[(5,)])
    seller.wait_until_shown(product, available_stock_quantity=10)


def test_scrap(seller: Seller, product: int):
    values = {
        "product_id": product,
        "product_uom_id": unit_of(seller, product),
        "scrap_qty": 2,
        "location_id": seller.location(),
    }
    scrap = seller.odoo.call("stock.scrap", "create", values)
    seller.odoo.call("stock.scrap", "action_validate", [scrap])
    seller.wait_until_shown(product, available_stock_quantity=8)


def test_only_configured_warehouses_are_counted(seller: Seller, product: int):
    second = seller.odoo.call("stock.warehouse", "create", {"name": "الجيزة", "code": "GIZ"})
    location = seller.odoo.call("stock.warehouse", "read", [second], ["lot_stock_id"])[0]
    seller.count_stock({product: 6}, location["lot_stock_id"][0])
    seller.wait_until_shown(product, available_stock_quantity=16)
    seller.configure(warehouse_ids=[(6, 0, [second])])
    try:
        seller.wait_until_shown(product, available_stock_quantity=6)
    finally:
        seller.configure(warehouse_ids=[(5,)])
    seller.wait_until_shown(product, available_stock_quantity=16)


def test_stock_buffer_is_never_offered(seller: Seller, product: int):
    seller.configure(stock_buffer=4)
    try:
        seller.wait_until_shown(product, available_stock_quantity=6)
    finally:
        seller.configure(stock_buffer=0)
    seller.wait_until_shown(product, available_stock_quantity=10)


# === PUBLISHED QUANTITIES === #


def test_negative_stock_is_shown_as_zero(seller: Seller, product: int, order: Callable[..., int]):
    mark = seller.last_request()
    order(product, 13)
    seller.wait_until_shown(product, available_stock_quantity=0)
    assert [row["available_stock_quantity"] for row in seller.sent(product, mark)] == [0]
    row = seller.odoo.call("product.product", "read", [product], ["virtual_available"])[0]
    assert row["virtual_available"] == -3


def test_whole_packs_are_shown_rounded_down(seller: Seller):
    [product] = seller.create(1)
    pack = pack_of_ten(seller, unit_of(seller, product))
    seller.link([product], seller.unused(1), uom_id=pack)
    seller.count_stock({product: 79})
    seller.wait_until_shown(product, available_stock_quantity=7)
    seller.wait_until_shown(product, selling_price=100.0)


def test_untracked_product_sends_no_quantity(seller: Seller):
    mark = seller.last_request()
    [service] = seller.publish_products(1, **untracked(seller.odoo), list_price=33.0)
    seller.wait_until_shown(service, selling_price=33.0)
    seller.wait_until_idle()
    [item] = seller.sent(service, mark)
    assert "available_stock_quantity" not in item


def test_unlimited_product_sends_no_quantity(seller: Seller, product: int):
    mark = seller.last_request()
    seller.write(product, cartona_is_unlimited_stock=True)
    seller.wait_until_shown(product, is_unlimited_stock=True)
    seller.count_stock({product: 3})
    seller.wait_until_idle()
    assert all("available_stock_quantity" not in item for item in seller.sent(product, mark))
    seller.write(product, cartona_is_unlimited_stock=False)
    seller.wait_until_shown(product, is_unlimited_stock=False, available_stock_quantity=3)


# === HELPERS === #


def pickings_of(seller: Seller, order: int) -> list[int]:
    """Return the transfers of a sale order."""
    return seller.odoo.call("sale.order", "read", [order], ["picking_ids"])[0]["picking_ids"]


def validate(seller: Seller, pickings: list[int]) -> None:
    """Validate transfers with their whole demand."""
    seller.pick(pickings)
    quiet = {"skip_sms": True, "skip_backorder": True, "skip_immediate": True}
    seller.odoo.call("stock.picking", "button_validate", pickings, context=quiet)
    states = seller.odoo.call("stock.picking", "read", pickings, ["state"])
    assert {row["state"] for row in states} == {"done"}


def receive(seller: Seller, product: int, quantity: float) -> None:
    """Receive and validate a vendor's delivery."""
    [vendors] = seller.odoo.call("stock.location", "search", [("usage", "=", "supplier")], limit=1)
    transfer(seller, product, quantity, vendors, seller.location(), "incoming")


def transfer(
    seller: Seller, product: int, quantity: float, source: int, target: int, code: str
) -> None:
    """Move a quantity from one location to another, completely.

    :param code: code of the operation type, e.g. "internal"
    """
    # Up to 15.0, internal operation types are inactive by default.
    domain, everything = [("code", "=", code)], {"active_test": False}
    [kind] = seller.odoo.call(
        "stock.picking.type", "search", domain, limit=1, order="id", context=everything
    )
    places = {"location_id": source, "location_dest_id": target}
    move = {
        "product_id": product,
        "product_uom": unit_of(seller, product),
        "product_uom_qty": quantity,
        **places,
    }
    series = seller.odoo.env.major
    if series < 19:
        move["name"] = "نقل"
    moves = "move_ids" if series >= 16 else "move_lines"
    picking = seller.odoo.call(
        "stock.picking", "create", {"picking_type_id": kind, **places, moves: [(0, 0, move)]}
    )
    seller.odoo.call("stock.picking", "action_confirm", [picking])
    validate(seller, [picking])


def unit_of(seller: Seller, product: int) -> int:
    """Return the unit of a product."""
    row = seller.odoo.call("product.product", "read", [product], ["uom_id"])[0]
    return row["uom_id"][0]


def pack_of_ten(seller: Seller, unit: int) -> int:
    """Create a unit that contains ten of another one."""
    values = {"name": "كرتونة 10", "relative_uom_id": unit, "relative_factor": 10}
    if seller.odoo.env.major < 19:
        [category] = seller.odoo.call("uom.uom", "read", [unit], ["category_id"])
        values = {
            "name": "كرتونة 10",
            "category_id": category["category_id"][0],
            "uom_type": "bigger",
            "factor_inv": 10,
            "rounding": 1,
        }
    return seller.odoo.call("uom.uom", "create", values)
