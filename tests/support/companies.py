"""Two companies of one Odoo that sell on one marketplace, each with its own account."""

import random
from collections.abc import Mapping
from typing import Any

from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import Seller, stock_of

PRODUCTS = 20  # of each company
LISTINGS = 300  # of each account
STOCK = 500
SECOND_TOKEN = "second-token"
#: Timeout in seconds for an answer of the marketplace. Short: a timeout is one of the faults.
TIMEOUT = 2


class Side(Seller):
    """One company: its products, its warehouse, its account on the marketplace.

    :param company: id of the `res.company`
    :param code: code of its account
    """

    def __init__(
        self,
        odoo: OdooServer,
        sandbox: SandboxServer,
        config: int,
        token: str,
        company: int,
        code: str,
    ):
        super().__init__(odoo, sandbox, config, token)
        self.company, self.code = company, code
        self._location = 0

    @property
    def context(self) -> dict[str, Any]:
        """Return the context of its own users: this company only."""
        return {"allowed_company_ids": [self.company]}

    def location(self) -> int:
        """Return its stock location; a warehouse is created if the company has none."""
        if not self._location:
            self._location = stock_of(self.odoo, self.company)
        return self._location

    def unused(self, count: int) -> list[str]:
        """Override: only listings sold by the piece, since the products are counted in pieces."""
        rows = self.sandbox.listings(supplier_code=self.code)
        pieces = {str(row["supplier_product_id"]) for row in rows if float(row["unit_count"]) == 1}
        free = super().unused(len(rows))
        return [listing for listing in free if listing in pieces][:count]

    def do(
        self, model: str, method: str, *args: Any, context: Mapping[str, Any] = {}, **kwargs: Any
    ) -> Any:
        """Call a method as one of its users."""
        return self.odoo.call(model, method, *args, context={**self.context, **context}, **kwargs)


class World:
    """Both companies, connected and idle.

    :ivar sides: the two companies; the second one confirms orders automatically
    :ivar orders: id of every placed order -> its side
    :ivar set_aside: orders that may wait for a user, each checked separately by a test
    """

    def __init__(self, odoo: OdooServer, sandbox: SandboxServer):
        self.odoo, self.sandbox = odoo, sandbox
        self.sides = [self._first(), self._second()]
        self.orders: dict[str, Side] = {}
        self.set_aside: set[str] = set()
        for side in self.sides:
            side.connect(auto_sync_orders=True, timeout=TIMEOUT)
            side.link(products := side.create(PRODUCTS), side.unused(PRODUCTS))
            side.count_stock(dict.fromkeys(products, STOCK))
        self.sides[1].configure(auto_confirm=True)
        self.announce()
        self.sides[0].wait_until_idle(timeout=120)

    def announce(self, **settings: Any) -> None:
        """Make the marketplace call this Odoo with each company's own secret.

        In order: a call contains no version, see docs/reliability.md.
        """
        secrets = {side.code: side.setting("webhook_token") for side in self.sides}
        url = f"{self.odoo.url}/cartona/webhook/orders"
        self.sandbox.set_webhook(url, tokens=secrets, in_order=True, **settings)

    def place(self, side: Side, lines: Mapping[int, int], **wanted: Any) -> str:
        """Place a retailer's order.

        :param lines: product id -> amount
        :return: the order's id on the marketplace
        """
        rows = [
            {"supplier_product_id": side.listings[product], "amount": amount}
            for product, amount in lines.items()
        ]
        order = self.sandbox.place_order(lines=rows, supplier_code=side.code, **wanted)
        self.orders[order["hashed_id"]] = side
        return order["hashed_id"]

    def basket(self, side: Side, rng: random.Random) -> dict[int, int]:
        """Return a random basket: one to four of a side's products."""
        products = rng.sample(list(side.listings), rng.randint(1, 4))
        return {product: rng.randint(1, 5) for product in products}

    # === HELPERS === #

    def _first(self) -> Side:
        [row] = self.odoo.call(
            "cartona.config", "search_read", [], ["company_id"], limit=1, order="id"
        )
        token = self.sandbox.token
        [code] = self.sandbox.tokens()[token]
        return Side(self.odoo, self.sandbox, row["id"], token, row["company_id"][0], code)

    def _second(self) -> Side:
        company = self.odoo.call("res.company", "create", {"name": "الجملة"})
        user = self.odoo.call("res.users", "search", [("login", "=", "admin")])
        self.odoo.call("res.users", "write", user, {"company_ids": [(4, company)]})
        [config] = self.odoo.call("cartona.config", "search", [("company_id", "=", company)])
        self.sandbox.add_account("2", token=SECOND_TOKEN, listings=LISTINGS)
        return Side(self.odoo, self.sandbox, config, SECOND_TOKEN, company, "2")
