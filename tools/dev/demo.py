"""A supplier at work: products that the sandbox lists, linked, priced and in stock."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.compose import products
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

#: What `make run` shows.
PRODUCTS = 24


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
    folder = str(Path(products.__file__).parent)
    odoo.shell(
        f"import json, sys\nsys.path.insert(0, {folder!r})\nimport products\n"
        f"products.make(env, json.loads({data!r}))"
    )


def catalogue(sandbox: SandboxServer, count: int) -> list[dict[str, Any]]:
    """The first base products of the sandbox: the piece, and for some the box of it."""
    return products.catalogue(sandbox.listings(), count)
