"""`make smoke`: the main job once, on a fresh database, and a table of the results."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.dev import databases, demo, environment
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.progress import say
from tools.dev.sandbox_server import SandboxServer

#: Everything has to appear on the other side within this time.
LIMIT = 5.0  # seconds
_PRODUCTS = 5
_PAUSE = 0.01


@dataclass(frozen=True)
class Row:
    """An action, and True in `ok` if the other side showed it in time."""

    done: str
    seen: str
    milliseconds: float
    ok: bool


def main(options: argparse.Namespace) -> int:
    """Run the steps and print the table.

    :return: the exit code: 0 when everything appeared in time
    """
    rows = measure(keep=options.keep)
    return 0 if rows and all(row.ok for row in rows) else 1


def measure(keep: bool = False) -> list[Row]:
    """Run the steps on their own database and print the table.

    :param keep: True to keep the database for inspection
    """
    env = environment.from_variables()
    database = databases.clone(env)
    try:
        with SandboxServer() as sandbox, OdooServer(env, database) as odoo:
            say(f"Odoo {env.series} at {odoo.url}, sandbox at {sandbox.url}")
            rows = Smoke(odoo, sandbox).run()
    finally:
        if not keep:
            databases.drop(env, database)
    print(f"{'done':44}{'seen':40}{'ms':>7}  in time")
    for row in rows:
        print(f"{row.done:44}{row.seen:40}{row.milliseconds:7.0f}  {'yes' if row.ok else 'NO'}")
    count = sum(row.ok for row in rows)
    print(f"\n{count} of {len(rows)} within {LIMIT:.0f} s", flush=True)
    return rows


class Smoke:
    """The steps, in order; each is measured from the end of the action that triggers it."""

    def __init__(self, odoo: OdooServer, sandbox: SandboxServer):
        self.odoo = odoo
        self.sandbox = sandbox
        self.rows: list[Row] = []

    def run(self) -> list[Row]:
        """Run all steps, also after one that fails."""
        shop = demo.open_shop(self.odoo, self.sandbox, _PRODUCTS)
        listing, product = next(iter(shop.products.items()))
        self._price(product, listing)
        self._stock(product, listing)
        self.sandbox.webhook(url="")
        order = self._order(
            listing,
            "order placed, “Fetch Orders” pressed",
            lambda: self.odoo.call("cartona.config", "action_pull_orders", [shop.config]),
        )
        if order:
            self._confirm(order)
        demo.set_webhook(self.odoo, self.sandbox)
        self._order(listing, "order placed, webhook calls", lambda: None)
        return self.rows

    def _price(self, product: int, listing: str) -> None:
        price = float(self.sandbox.listing(listing)["selling_price"]) + 1.25
        self.odoo.call("product.product", "write", [product], {"list_price": price})
        self._measure(
            f"price of a product set to {price:.2f}",
            "marketplace shows the price",
            lambda: float(self.sandbox.listing(listing)["selling_price"]) == price,
        )

    def _stock(self, product: int, listing: str) -> None:
        warehouse = self.odoo.call("stock.warehouse", "search_read", [], ["lot_stock_id"], limit=1)
        values = {
            "product_id": product,
            "location_id": warehouse[0]["lot_stock_id"][0],
            "inventory_quantity": 77,
        }
        context = {"inventory_mode": True}
        quant = self.odoo.call("stock.quant", "create", values, context=context)
        self.odoo.call("stock.quant", "action_apply_inventory", [quant], context=context)
        self._measure(
            "77 pieces counted in the warehouse",
            "marketplace shows 77",
            lambda: int(self.sandbox.listing(listing)["available_stock_quantity"]) == 77,
        )

    def _order(self, listing: str, done: str, act: Callable[[], Any]) -> dict[str, Any] | None:
        """Place an order by a retailer who is not in this Odoo yet."""
        code = f"SMOKE{len(self.rows)}"
        lines = [{"supplier_product_id": listing, "amount": 3}]
        retailer = {"retailer_code": code, "retailer_name": f"سوبر ماركت {code}"}
        placed = self.sandbox.place_order(lines=lines, retailer=retailer)
        act()

        def imported() -> dict[str, Any] | None:
            domain = [
                ("cartona_id", "=", placed["hashed_id"]),
                ("partner_id.cartona_id", "=", f"retailer_{code}"),
                ("state", "!=", "cancel"),
            ]
            fields = ["name", "amount_total"]
            orders = self.odoo.call("sale.order", "search_read", domain, fields)
            total = float(placed["total_price"])
            return next((row for row in orders if abs(row["amount_total"] - total) < 0.005), None)

        order = self._measure(done, "sale order of that total, new customer", imported)
        if not order:
            return None
        self._measure(
            f"{order['name']} is committed",
            "marketplace shows it acknowledged",
            lambda: not self.sandbox.order(placed["hashed_id"])["sandbox"]["waiting"],
        )
        return {**order, "hashed_id": placed["hashed_id"]}

    def _confirm(self, order: dict[str, Any]) -> None:
        self.odoo.call("sale.order", "action_confirm", [order["id"]])
        self._measure(
            f"{order['name']} is confirmed",
            "marketplace shows it approved",
            lambda: self.sandbox.order(order["hashed_id"])["status"] == "approved",
        )

    def _measure(self, done: str, seen: str, predicate: Callable[[], Any]) -> Any:
        """Wait for the predicate, add a row, and return its answer, None on a timeout."""
        started = time.monotonic()
        try:
            answer = wait_until(predicate, timeout=LIMIT, pause=_PAUSE)
        except TimeoutError:
            answer = None
        spent = (time.monotonic() - started) * 1000
        self.rows.append(Row(done, seen, spent, bool(answer)))
        return answer
