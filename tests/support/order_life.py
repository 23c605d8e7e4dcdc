"""Who works with an order in the end-to-end tests: the retailer, the supplier, Cartona."""

from tools.dev.demo import Shop
from tools.dev.processes import wait_until

STATUSES = "order/update-order-status"
SOON = 5  # seconds in which the other side has to show it
QUIET = {"skip_sms": True, "skip_immediate": True}


class Life:
    """Orders of four pieces of the shop's first product, as the supplier's people handle them."""

    def __init__(self, shop: Shop):
        self.odoo, self.sandbox, self.config = shop.odoo, shop.sandbox, shop.config
        self.listing, self.product = next(iter(shop.products.items()))
        self.keys: dict[int, str] = {}

    # === THE RETAILER === #

    def place(self, amount: int = 4, **wanted) -> int:
        """A retailer orders; the sale order that it becomes."""
        lines = [{"supplier_product_id": self.listing, "amount": amount}]
        placed = self.sandbox.place_order(lines=lines, **wanted)
        key = placed["hashed_id"]
        domain = [("cartona_id", "=", key)]
        [sale] = wait_until(lambda: self.odoo.call("sale.order", "search", domain), SOON)
        self.keys[sale] = key
        return sale

    def there(self, sale: int) -> dict:
        """The order as the marketplace has it."""
        return self.sandbox.order(self.keys[sale])

    def arrives(self, sale: int, status: str) -> None:
        """Wait until the marketplace shows this status, and Odoo knows that it does."""
        wait_until(lambda: self.there(sale)["status"] == status, SOON)
        wait_until(lambda: self.here(sale)["cartona_status"] == status, SOON)

    def told(self, sale: int) -> list[str]:
        """The statuses that the supplier sent for an order, acknowledgements left out."""
        key, told = self.keys[sale], []
        for request in self.sandbox.requests(STATUSES):
            body = request["body"]
            rows = body if isinstance(body, list) else [body]
            told += [row["status"] for row in rows if row["hashed_id"] == key]
        return [status for status in told if status != "synced"]

    # === THE SUPPLIER === #

    def here(self, sale: int) -> dict:
        """The order as Odoo has it."""
        fields = ["state", "cartona_status", "cartona_sync_state", "cartona_error", "picking_ids"]
        return self.odoo.call("sale.order", "read", [sale], fields)[0]

    def press(self, sale: int, button: str, **context):
        """Press a button of the order."""
        return self.odoo.call("sale.order", button, [sale], context=context)

    def confirm(self, sale: int) -> None:
        self.press(sale, "action_confirm")

    def pickings(self, sale: int, *states: str) -> list[int]:
        """Its transfers, oldest first; those in some states only."""
        domain = [("sale_id", "=", sale)]
        if states:
            domain.append(("state", "in", states))
        return self.odoo.call("stock.picking", "search", domain, order="id")

    def pick(self, pickings: list[int], quantity: float = 4) -> None:
        """Note how much of the product was picked."""
        moves = self.odoo.call("stock.move", "search", [("picking_id", "in", pickings)])
        values = {"quantity": quantity, "picked": True}
        if self.odoo.env.major < 17:
            values = {"quantity_done": quantity}
        for move in moves:
            self.odoo.call("stock.move", "write", [move], values)

    def validate(self, pickings: list[int], **context):
        """Press Validate."""
        return self.odoo.call(
            "stock.picking", "button_validate", pickings, context={**QUIET, **context}
        )

    def states(self, sale: int) -> list[str]:
        """The states of its transfers, oldest first."""
        rows = self.odoo.call("stock.picking", "read", self.pickings(sale), ["state"])
        return [row["state"] for row in rows]

    def deliver(self, sale: int) -> None:
        """Pick and validate what is open."""
        pickings = self.pickings(sale, "assigned", "confirmed")
        self.pick(pickings)
        self.validate(pickings, skip_backorder=True)

    def pull(self, sale: int) -> None:
        """Fetch what the marketplace offers, until it knows that this order has arrived."""
        self.odoo.call("cartona.config", "action_pull_orders", [self.config])
        wait_until(lambda: not self.there(sale)["sandbox"]["waiting"], SOON)

    # === THE RETAILER'S CODE === #

    def ask(self, sale: int) -> dict:
        """Pick all, press Validate; the action that opens the dialog."""
        pickings = self.pickings(sale, "assigned")
        self.pick(pickings)
        action = self.validate(pickings)
        assert action["res_model"] == "cartona.delivery.otp"
        return action

    def type_in(self, action: dict, code: str, button: str = "action_confirm"):
        """Type a code into the dialog, press one of its buttons."""
        dialog, model = action["res_id"], action["res_model"]
        lines = self.odoo.call(model, "read", [dialog], ["line_ids"])[0]["line_ids"]
        changes = [(1, line, {"code": code}) for line in lines]
        self.odoo.call(model, "write", [dialog], {"line_ids": changes})
        return self.odoo.call(model, button, [dialog], context=action["context"])

    def verdict(self, action: dict) -> dict:
        """What the dialog shows of its only order."""
        fields = ["state", "message", "code"]
        domain = [("wizard_id", "=", action["res_id"])]
        return self.odoo.call("cartona.delivery.otp.line", "search_read", domain, fields)[0]

    def where_is(self, code: str) -> list[str]:
        """Names of the tables of Odoo's database in which a code stands."""
        tables = self.odoo.query(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        return [
            table
            for (table,) in tables
            if self.odoo.query(
                f'SELECT 1 FROM "{table}" row WHERE row::text LIKE %s LIMIT 1', f"%{code}%"
            )
        ]
