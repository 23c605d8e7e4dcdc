"""A supplier's Odoo that sells on a sandbox marketplace, driven and compared from outside.

Nothing here relies on the addon's view: Odoo's values are read from Odoo's own fields, the
marketplace's from the marketplace.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

#: Path for changed products.
UPDATE = "supplier-product/bulk-update"

# A job with a later eta is not work: its records are still in the outbox.
_LIVE_JOBS = """
    SELECT count(*) FROM queue_job
     WHERE identity_key LIKE 'cartona:drain:%%'
       AND (state IN ('enqueued', 'started')
            OR state = 'pending' AND (eta IS NULL OR eta <= now() AT TIME ZONE 'UTC'))
"""
_OUTBOX = """
    SELECT count(*) FROM cartona_change WHERE kind IN ('price', 'stock', 'restock', 'resend')
"""
# Odoo's own figures to publish.
_FIGURES = ["lst_price", "free_qty", "qty_available", "outgoing_qty"]


class Seller:
    """One company of an Odoo that sells on a marketplace.

    :param config: id of its `cartona.config`; the first one when left out
    :param token: token of its account; the marketplace's own when left out
    """

    def __init__(
        self,
        odoo: OdooServer,
        sandbox: SandboxServer,
        config: int | None = None,
        token: str | None = None,
    ):
        self.odoo = odoo
        self.sandbox = sandbox
        self.config = config or odoo.call("cartona.config", "search", [], limit=1, order="id")[0]
        self.token = token or sandbox.token
        #: product id -> id of its listing on the marketplace
        self.listings: dict[int, str] = {}

    # === CONNECTION === #

    def connect(self, **settings: Any) -> "Seller":
        """Set the connection up as a manager does on the form, then turn synchronization on.

        :param settings: further fields of the configuration
        :raise AssertionError: when the marketplace does not accept the token
        """
        self.configure(base_url=self.sandbox.api_url, auth_token=self.token)
        self.odoo.call("cartona.config", "action_test_connection", [self.config])
        assert self.setting("connection_state") == "connected", self.setting("error_message")
        self.configure(**{"auto_sync_products": True, "auto_sync_stock": True, **settings})
        return self

    def configure(self, **values: Any) -> None:
        """Write fields of the configuration."""
        self.odoo.call("cartona.config", "write", [self.config], values)

    def setting(self, name: str) -> Any:
        """Return one field of the configuration."""
        return self.odoo.call("cartona.config", "read", [self.config], [name])[0][name]

    # === PRODUCTS === #

    def create(self, count: int, **values: Any) -> list[int]:
        """Create storable products without taxes, at 10.0 unless `values` sets another price.

        :return: their ids
        """
        values = {**storable(self.odoo), "list_price": 10.0, "taxes_id": [(5,)], **values}
        names = [f"منتج {number}" for number in range(count)]
        rows = [{"name": name, **values} for name in names]
        return self.odoo.call("product.product", "create", rows)

    def link(self, products: Sequence[int], listings: Iterable[object], **values: Any) -> list[int]:
        """Link each product to the marketplace's listing id in the same position.

        Where that is a box and `values` has no unit, Odoo counts boxes.

        :param values: further fields of the listings, e.g. `uom_id`
        :return: ids of the `cartona.listing` rows
        """
        pairs = dict(zip(products, map(str, listings), strict=False))
        assert len(pairs) == len(products), "fewer listings than products"
        self.listings.update(pairs)
        # If the catalogue was read, the listings exist already.
        rows = self.odoo.call(
            "cartona.listing",
            "search_read",
            [("config_id", "=", self.config), ("cartona_id", "in", list(pairs.values()))],
            ["cartona_id"],
        )
        known = {row["cartona_id"]: row["id"] for row in rows}
        packs = {
            str(row["supplier_product_id"]): {name: row[name] for name in ("unit", "unit_count")}
            for row in self.sandbox.listings(supplier_code=self.account())
        }
        fresh = []
        for product, listing in pairs.items():
            link = {"product_id": product, **values}
            if listing in known:
                self.odoo.call("cartona.listing", "write", [known[listing]], link)
            else:
                own = {"config_id": self.config, "cartona_id": listing}
                fresh.append({**own, **packs.get(listing, {}), **link})
        linked = [*known.values(), *self.odoo.call("cartona.listing", "create", fresh)]
        waiting = [("id", "in", linked), ("is_pack_unanswered", "=", True)]
        boxes = self.odoo.call("cartona.listing", "search", waiting)
        if boxes:
            self.odoo.call("cartona.listing", "action_count_in_pack", boxes)
        return linked

    def publish_products(self, count: int, wait: bool = True, **values: Any) -> list[int]:
        """Create products on the marketplace's next unused listings and publish them.

        :param wait: False to return before they are published
        :param values: as for `create`
        :return: ids of the products
        """
        products = self.create(count, **values)
        self.link(products, self.unused(count))
        if wait:
            self.wait_until_idle(timeout=30)
        return products

    def unused(self, count: int) -> list[str]:
        """Return the marketplace's first listings without a linked product in this database."""
        linked = [("product_id", "!=", False)]
        rows = self.odoo.call("cartona.listing", "search_read", linked, ["cartona_id"])
        used = {row["cartona_id"] for row in rows}
        listings = self.sandbox.listings(supplier_code=self.account())
        ids = [str(row["supplier_product_id"]) for row in listings]
        return [listing for listing in ids if listing not in used][:count]

    def account(self) -> str:
        """Return the code of the first account that the token opens."""
        return self.sandbox.tokens()[self.token][0]

    def write(self, products: int | Sequence[int], **values: Any) -> None:
        """Change products as a user does."""
        ids = [products] if isinstance(products, int) else list(products)
        self.odoo.call("product.product", "write", ids, values)

    def count_stock(self, quantities: Mapping[int, float], location: int | None = None) -> None:
        """Count products in the warehouse: set the quantities on hand.

        :param quantities: product id -> quantity in the product's own unit
        :param location: the first warehouse's stock when left out
        """
        location = location or self.location()
        rows = [
            {"product_id": product, "location_id": location, "inventory_quantity": quantity}
            for product, quantity in quantities.items()
        ]
        mode = {"inventory_mode": True}
        quants = self.odoo.call("stock.quant", "create", rows, context=mode)
        self.odoo.call("stock.quant", "action_apply_inventory", quants, context=mode)

    def pick(self, pickings: Sequence[int]) -> None:
        """Pick the whole demand of transfers. From 17 on, validating requires picked moves."""
        if self.odoo.env.major >= 17:
            return
        moves = self.odoo.call(
            "stock.move",
            "search_read",
            [("picking_id", "in", list(pickings)), ("state", "not in", ("done", "cancel"))],
            ["product_uom_qty"],
        )
        for move in moves:
            values = {"quantity_done": move["product_uom_qty"]}
            self.odoo.call("stock.move", "write", [move["id"]], values)

    def location(self) -> int:
        """Return the stock location of the first warehouse."""
        warehouses = self.odoo.call(
            "stock.warehouse", "search_read", [], ["lot_stock_id"], limit=1, order="id"
        )
        return warehouses[0]["lot_stock_id"][0]

    # === MARKETPLACE === #

    def shown(self, product: int) -> dict:
        """Return the marketplace's listing of a product."""
        return self.sandbox.listing(self.listings[product])

    def price(self, product: int) -> float:
        """Return the price that retailers see."""
        return float(self.shown(product)["selling_price"])

    def stock(self, product: int) -> int:
        """Return the quantity that retailers see."""
        return self.shown(product)["available_stock_quantity"]

    def wait_until_shown(self, product: int, within: float = 5, **fields: object) -> None:
        """Wait until the marketplace shows these values of a product.

        :param within: seconds
        :param fields: the marketplace's fields, e.g. `selling_price=12.5`
        :raise AssertionError: with the values shown instead
        """

        def wrong_values() -> dict[str, object]:
            shown = self.shown(product)
            return {name: shown[name] for name, value in fields.items() if shown[name] != value}

        try:
            wait_until(lambda: not wrong_values(), within, pause=0.02)
        except TimeoutError:
            wrong = wrong_values()
            assert not wrong, f"after {within} s still {wrong} instead of {fields}"

    def sent(self, product: int, since: int = 0) -> list[dict]:
        """Return the items sent for a product, oldest first, each as in its request."""
        listing = self.listings[product]
        return [
            item
            for request in self.update_requests(since)
            for item in request["body"] or []
            if str(item.get("supplier_product_id")) == listing
        ]

    def update_requests(self, since: int = 0) -> list[dict]:
        """Return the requests with prices or stock, after that number of the log."""
        return self.sandbox.requests(UPDATE, since=since, limit=20_000)

    def last_request(self) -> int:
        """Return the number of the newest request, for `sent` and `update_requests`."""
        newest = self.sandbox.requests(limit=1)
        return newest[-1]["seq"] if newest else 0

    # === BOTH SIDES === #

    def pending_work(self) -> tuple[int, int]:
        """Return the rows in the outbox, and the jobs that send them now or are due."""
        return self.odoo.query(_OUTBOX)[0][0], self.odoo.query(_LIVE_JOBS)[0][0]

    def wait_until_idle(self, timeout: float = 10, pause: float = 0.02) -> None:
        """Wait until the outbox is empty and no job is running or due.

        :param pause: seconds between two checks, each of which counts all that is pending
        :raise TimeoutError: with the rows and jobs left
        """
        wait_until(lambda: not any(self.pending_work()) or None, timeout, pause)

    def differences(self) -> dict[int, dict[str, tuple]]:
        """Compare both sides for every product that was linked here.

        Valid for products sold in their own unit, at the sales price, without taxes, as `create`
        makes them.

        :return: product id -> field -> (Odoo's value, the marketplace's value)
        """
        shown = {str(row["supplier_product_id"]): row for row in self.sandbox.listings()}
        rows = self.odoo.call("product.product", "read", list(self.listings), _FIGURES)
        odds = {}
        for row in rows:
            there = shown[self.listings[row["id"]]]
            free = min(row["free_qty"], row["qty_available"] - row["outgoing_qty"])
            pairs = {
                "selling_price": (round(row["lst_price"], 2), float(there["selling_price"])),
                "available_stock_quantity": (
                    max(0, math.floor(free + 1e-6)),
                    there["available_stock_quantity"],
                ),
            }
            wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
            if wrong:
                odds[row["id"]] = wrong
        return odds


def stock_of(odoo: OdooServer, company: int) -> int:
    """Return the stock location of a company's first warehouse. Not every series gives a new
    company a warehouse: create it if missing."""
    domain = [("company_id", "=", company)]
    if not odoo.call("stock.warehouse", "search_count", domain):
        values = {"name": "W2", "code": "W2", "company_id": company}
        odoo.call("stock.warehouse", "create", values)
    [row] = odoo.call(
        "stock.warehouse", "search_read", domain, ["lot_stock_id"], limit=1, order="id"
    )
    return row["lot_stock_id"][0]


def untracked(odoo: OdooServer) -> dict[str, object]:
    """Return values of a new product without stock tracking."""
    if odoo.env.major >= 18:
        return {"type": "service", "is_storable": False}
    return {"detailed_type": "service"}


def storable(odoo: OdooServer) -> dict[str, object]:
    """Return values of a new storable product."""
    if odoo.env.major >= 18:
        return {"type": "consu", "is_storable": True}
    return {"detailed_type": "product"}
