"""A supplier at work: products that the sandbox lists, linked, priced and in stock."""

import json
from dataclasses import dataclass
from typing import Any

from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

#: What `make run` shows.
PRODUCTS = 24
#: So many of them are sold by the box as well.
BOXES = 6
STOCK = 240

#: Run inside Odoo, where one transaction makes everything at once. `data` is put before it.
_MAKE = """
from odoo.addons.cartona_integration.compat import storable_values

pounds = env.ref("base.EGP")
pounds.active = True
company = env.company
company.currency_id = pounds
env["product.pricelist"].search([]).currency_id = pounds
config = env["cartona.config"].search([("company_id", "=", company.id)])
config.currency_id = company.currency_id
location = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).lot_stock_id
products = env["product.product"].create([
    dict(
        storable_values(env),
        name=row["name"],
        default_code=row["code"],
        list_price=row["price"],
        taxes_id=[(5,)],
        cartona_id=row["id"],
    )
    for row in data
])
for product, row in zip(products, data):
    if row["box"]:
        unit = env["cartona.listing"]._pack_unit(product.uom_id, row["box"]["count"], "box")
        env["cartona.listing"].create({
            "config_id": config.id,
            "cartona_id": row["box"]["id"],
            "name": row["box"]["name"],
            "unit": row["box"]["unit"],
            "unit_count": row["box"]["count"],
            "product_id": product.id,
            "uom_id": unit.id,
        })
env["stock.quant"].with_context(inventory_mode=True).create([
    {"product_id": product.id, "location_id": location.id, "inventory_quantity": row["stock"]}
    for product, row in zip(products, data)
]).action_apply_inventory()
"""


@dataclass(frozen=True)
class Shop:
    """A supplier's Odoo and the marketplace, connected, with both sides equal.

    :ivar config: id of the `cartona.config`
    :ivar products: `supplier_product_id` of a listing (as text) -> id of its `product.product`;
        the pieces only, in the order in which the marketplace lists them
    """

    odoo: OdooServer
    sandbox: SandboxServer
    config: int
    products: dict[str, int]

    def settle(self, timeout: float = 30) -> None:
        """Wait until nothing is left to be sent.

        :raise TimeoutError: when something still is, after `timeout` seconds
        """
        empty = "SELECT count(*) = 0 FROM cartona_change"
        wait_until(lambda: self.odoo.query(empty)[0][0], timeout)


def open_shop(odoo: OdooServer, sandbox: SandboxServer, count: int = PRODUCTS) -> Shop:
    """Connect the two; products are made when there are none, and sent again when there are."""
    config = connect(odoo, sandbox)
    linked = [("cartona_id", "!=", False)]
    if odoo.call("product.product", "search_count", linked):
        odoo.call("cartona.config", "action_sync_products", [config])
    else:
        make_products(odoo, sandbox, count)
    rows = odoo.call("product.product", "search_read", linked, ["cartona_id"], order="id")
    shop = Shop(odoo, sandbox, config, {row["cartona_id"]: row["id"] for row in rows})
    shop.settle()
    return shop


def connect(odoo: OdooServer, sandbox: SandboxServer) -> int:
    """Connect the first company to the sandbox, everything on, its webhook told.

    :return: the id of the configuration
    """
    config = odoo.call("cartona.config", "search", [], limit=1)[0]
    odoo.call(
        "cartona.config",
        "write",
        [config],
        {"base_url": sandbox.api_url, "auth_token": sandbox.token},
    )
    odoo.call("cartona.config", "action_test_connection", [config])
    odoo.call(
        "cartona.config",
        "write",
        [config],
        {"auto_sync_products": True, "auto_sync_stock": True, "auto_sync_orders": True},
    )
    tell_webhook(odoo, sandbox)
    return config


def tell_webhook(odoo: OdooServer, sandbox: SandboxServer) -> None:
    """Tell the sandbox where orders are to be announced, and with what secret."""
    [config] = odoo.call("cartona.config", "search_read", [], ["webhook_token"], limit=1)
    sandbox.set_webhook(f"{odoo.url}/cartona/webhook/orders", token=config["webhook_token"])


def make_products(odoo: OdooServer, sandbox: SandboxServer, count: int = PRODUCTS) -> None:
    """Make products for the first listings of the sandbox, linked to them, with stock."""
    data = json.dumps(catalogue(sandbox, count))
    odoo.shell(f"import json\ndata = json.loads({data!r})\n{_MAKE}")


def catalogue(sandbox: SandboxServer, count: int) -> list[dict[str, Any]]:
    """The first base products of the sandbox: the piece, and for some the box of it."""
    pieces: dict[str, dict] = {}
    boxes: dict[str, dict] = {}
    for listing in sandbox.listings():
        kind = pieces if float(listing["unit_count"]) == 1 else boxes
        kind.setdefault(str(listing["base_product_id"]), listing)
    chosen = sorted(pieces, key=lambda base: base not in boxes)[:count]
    return [
        {
            "id": str(pieces[base]["supplier_product_id"]),
            "name": pieces[base]["supplier_product_name"],
            "code": f"P{base}",
            "price": float(pieces[base]["selling_price"]),
            "stock": STOCK + 12 * number,
            "box": _box(boxes[base]) if number < BOXES and base in boxes else None,
        }
        for number, base in enumerate(chosen)
    ]


def _box(listing: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(listing["supplier_product_id"]),
        "name": listing["supplier_product_name"],
        "unit": listing["unit"],
        "count": float(listing["unit_count"]),
    }
