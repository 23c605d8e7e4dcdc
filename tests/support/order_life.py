"""The users of an order in the end-to-end tests: the retailer, the supplier, Cartona."""

from tools.dev.demo import Shop
from tools.dev.processes import wait_until

STATUSES = "order/update-order-status"
# Seconds until the other side has to show it: three lanes of tests share the processors, and
# speed is measured by `make bench`.
SOON = 20
QUIET = {"skip_sms": True, "skip_immediate": True}


class Life:
    """Orders of four pieces of the shop's first product, handled by the supplier's users."""

    def __init__(self, shop: Shop):
        self.odoo, self.sandbox, self.config = shop.odoo, shop.sandbox, shop.config
        self.listing, self.product = next(iter(shop.products.items()))
        self.keys: dict[int, str] = {}

    # === RETAILER === #

    def place(self, amount: int = 4, **wanted) -> int:
        """Place a retailer's order and return its sale order."""
        lines = [{"supplier_product_id": self.listing, "amount": amount}]
        placed = self.sandbox.place_order(lines=lines, **wanted)
        key = placed["hashed_id"]
        domain = [("cartona_id", "=", key)]
        [sale] = wait_until(lambda: self.odoo.call("sale.order", "search", domain), SOON)
        self.keys[sale] = key
        return sale

    def cartona_order(self, sale: int) -> dict:
        """Return the order on the marketplace."""
        return self.sandbox.order(self.keys[sale])

    def wait_for_status(self, sale: int, status: str) -> None:
        """Wait until the marketplace shows this status, and `cartona_status` too."""
        wait_until(lambda: self.cartona_order(sale)["status"] == status, SOON)
        wait_until(lambda: self.odoo_order(sale)["cartona_status"] == status, SOON)

    def sent_statuses(self, sale: int) -> list[str]:
        """Return the statuses that the supplier sent for an order, without acknowledgements."""
        key, statuses = self.keys[sale], []
        for request in self.sandbox.requests(STATUSES):
            body = request["body"]
            rows = body if isinstance(body, list) else [body]
            statuses += [row["status"] for row in rows if row["hashed_id"] == key]
        return [status for status in statuses if status != "synced"]

    # === SUPPLIER === #

    def odoo_order(self, sale: int) -> dict:
        """Return the order in Odoo."""
        fields = ["state", "cartona_status", "cartona_sync_state", "cartona_error", "picking_ids"]
        return self.odoo.call("sale.order", "read", [sale], fields)[0]

    def press(self, sale: int, button: str, **context):
        """Press a button of the order."""
        return self.odoo.call("sale.order", button, [sale], context=context)

    def confirm(self, sale: int) -> None:
        self.press(sale, "action_confirm")

    def pickings(self, sale: int, *states: str) -> list[int]:
        """Return its transfers, oldest first; those in some states only."""
        domain = [("sale_id", "=", sale)]
        if states:
            domain.append(("state", "in", states))
        return self.odoo.call("stock.picking", "search", domain, order="id")

    def pick(self, pickings: list[int], quantity: float = 4) -> None:
        """Set the picked quantity of the product."""
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
        """Return the states of its transfers, oldest first."""
        rows = self.odoo.call("stock.picking", "read", self.pickings(sale), ["state"])
        return [row["state"] for row in rows]

    def deliver(self, sale: int) -> None:
        """Pick and validate the open transfers."""
        pickings = self.pickings(sale, "assigned", "confirmed")
        self.pick(pickings)
        self.validate(pickings, skip_backorder=True)

    def pull(self, sale: int) -> None:
        """Fetch orders until this one is acknowledged."""
        self.odoo.call("cartona.config", "action_pull_orders", [self.config])
        wait_until(lambda: not self.cartona_order(sale)["sandbox"]["waiting"], SOON)

    # === RETAILER'S CODE === #

    def open_code_dialog(self, sale: int) -> dict:
        """Pick all, press Validate, and return the action that opens the dialog."""
        pickings = self.pickings(sale, "assigned")
        self.pick(pickings)
        action = self.validate(pickings)
        assert action["res_model"] == "cartona.delivery.otp"
        return action

    def enter_code(self, action: dict, code: str, button: str = "action_confirm"):
        """Enter a code in the dialog and press one of its buttons."""
        dialog, model = action["res_id"], action["res_model"]
        lines = self.odoo.call(model, "read", [dialog], ["line_ids"])[0]["line_ids"]
        changes = [(1, line, {"code": code}) for line in lines]
        self.odoo.call(model, "write", [dialog], {"line_ids": changes})
        return self.odoo.call(model, button, [dialog], context=action["context"])

    def dialog_line(self, action: dict) -> dict:
        """Return the line of the dialog's only order."""
        fields = ["state", "message", "code"]
        domain = [("wizard_id", "=", action["res_id"])]
        return self.odoo.call("cartona.delivery.otp.line", "search_read", domain, fields)[0]

    def tables_with(self, code: str) -> list[str]:
        """Return the names of the database tables that contain a code."""
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
