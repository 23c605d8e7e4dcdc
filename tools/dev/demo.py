"""Demo data: products that the sandbox lists, linked, priced and in stock."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.compose import products
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

#: Number of products in `make run`.
PRODUCTS = 24


@dataclass(frozen=True)
class Shop:
    """A supplier's Odoo connected to the marketplace, with both sides equal.

    :ivar config: id of the `cartona.config`
    :ivar products: `supplier_product_id` of a listing (as text) -> id of its `product.product`;
        pieces only, in the order of the marketplace's list
    """

    odoo: OdooServer
    sandbox: SandboxServer
    config: int
    products: dict[str, int]

    def wait_until_sent(self, timeout: float = 30) -> None:
        """Wait until the outbox is empty.

        :raise TimeoutError: when it is not after `timeout` seconds
        """
        empty = "SELECT count(*) = 0 FROM cartona_change"
        wait_until(lambda: self.odoo.query(empty)[0][0], timeout)


def open_shop(odoo: OdooServer, sandbox: SandboxServer, count: int = PRODUCTS) -> Shop:
    """Connect Odoo and the sandbox; products are created if there are none, else sent again."""
    config = connect(odoo, sandbox)
    linked = [("cartona_id", "!=", False)]
    if odoo.call("product.product", "search_count", linked):
        odoo.call("cartona.config", "action_sync_products", [config])
    else:
        make_products(odoo, sandbox, count)
    rows = odoo.call("product.product", "search_read", linked, ["cartona_id"], order="id")
    shop = Shop(odoo, sandbox, config, {row["cartona_id"]: row["id"] for row in rows})
    shop.wait_until_sent()
    return shop


def connect(odoo: OdooServer, sandbox: SandboxServer) -> int:
    """Connect the first company to the sandbox, everything switched on, with its webhook.

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
    set_webhook(odoo, sandbox)
    return config


def set_webhook(odoo: OdooServer, sandbox: SandboxServer) -> None:
    """Set the URL and secret of Odoo's webhook in the sandbox."""
    [config] = odoo.call("cartona.config", "search_read", [], ["webhook_token"], limit=1)
    sandbox.set_webhook(f"{odoo.url}/cartona/webhook/orders", token=config["webhook_token"])


def make_products(odoo: OdooServer, sandbox: SandboxServer, count: int = PRODUCTS) -> None:
    """Create products for the first listings of the sandbox, linked to them, with stock."""
    data = json.dumps(catalogue(sandbox, count))
    folder = str(Path(products.__file__).parent)
    odoo.shell(
        f"import json, sys\nsys.path.insert(0, {folder!r})\nimport products\n"
        f"products.make(env, json.loads({data!r}))"
    )


def catalogue(sandbox: SandboxServer, count: int) -> list[dict[str, Any]]:
    """Return the first base products of the sandbox: the piece, and for some its box."""
    return products.catalogue(sandbox.listings(), count)
