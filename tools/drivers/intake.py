"""Orders from a marketplace into a seller's Odoo, driven and compared from outside."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tools.dev.processes import wait_until
from tools.drivers.seller import Seller

#: Paths to fetch and to acknowledge orders.
PULL = "order/pull-orders"
STATUS = "order/update-order-status"


class Intake:
    """The orders that retailers place with a seller."""

    def __init__(self, seller: Seller):
        self.seller, self.odoo, self.sandbox = seller, seller.odoo, seller.sandbox

    # === RETAILERS === #

    def place(self, count: int, products: Sequence[int], amount: int = 1, **wanted) -> list[str]:
        """Place orders, each with this amount of each product.

        :param wanted: options of `sandbox.place_order`
        :return: the orders' ids
        """
        lines = [
            {"supplier_product_id": self.seller.listings[product], "amount": amount}
            for product in products
        ]
        placed = self.sandbox.place_orders(count, lines=lines, **wanted)
        return [order["hashed_id"] for order in placed]

    def set_webhook(self, **settings) -> None:
        """Make the marketplace call this Odoo; see `sandbox.webhooks.WebhookSettings`."""
        secret = self.seller.setting("webhook_token")
        url = f"{self.odoo.url}/cartona/webhook/orders"
        self.sandbox.set_webhook(url, **{"token": secret, **settings})

    def payload(self, hashed_id: str) -> dict:
        """Return an order as the marketplace's API shows it."""
        order = self.sandbox.order(hashed_id)
        del order["sandbox"]
        return order

    def acknowledgement_counts(self, hashed_ids: Iterable[str]) -> set[int]:
        """Return the set of acknowledgement counts: {1} when each order was acknowledged once."""
        return {self.sandbox.order(hashed_id)["sandbox"]["syncs"] for hashed_id in hashed_ids}

    def unacknowledged(self, hashed_ids: Iterable[str]) -> list[str]:
        """Return the orders that the marketplace still lists."""
        waiting = {order["hashed_id"] for order in self.sandbox.orders(waiting=1, limit=1000)}
        return [hashed_id for hashed_id in hashed_ids if hashed_id in waiting]

    # === ODOO === #

    def pull(self) -> None:
        """Press the button that fetches orders."""
        self.odoo.call("cartona.config", "action_pull_orders", [self.seller.config])

    def sales(self, hashed_ids: Sequence[str], *fields: str) -> list[dict]:
        """Return the sale orders of these orders, oldest first."""
        domain = [("cartona_id", "in", list(hashed_ids))]
        names = ["cartona_id", "state", "amount_total", *fields]
        return self.odoo.call("sale.order", "search_read", domain, names, order="id")

    def not_imported_once(self, hashed_ids: Sequence[str]) -> dict[str, int]:
        """Return orders that are not in Odoo exactly once, with their number of sale orders."""
        rows = self.odoo.query(
            "SELECT cartona_id FROM sale_order WHERE cartona_id = ANY(%s)", list(hashed_ids)
        )
        found = Counter(cartona_id for (cartona_id,) in rows)
        return {key: found[key] for key in hashed_ids if found[key] != 1}

    def wait_for_orders(
        self, hashed_ids: Sequence[str], within: float = 10, acknowledged: bool = True
    ) -> None:
        """Wait until each order is in Odoo once and acknowledged.

        :param within: seconds
        :param acknowledged: False to skip waiting for the acknowledgement
        :raise AssertionError: with the missing orders
        """

        def left() -> object:
            return self.not_imported_once(hashed_ids) or (
                acknowledged and self.unacknowledged(hashed_ids)
            )

        try:
            wait_until(lambda: not left(), within, pause=0.1)
        except TimeoutError:
            wrong = left()
            assert not wrong, (
                f"after {within} s: {wrong}, waiting: {self.waiting_for_user(hashed_ids)}"
            )

    def waiting_for_user(self, hashed_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return orders that wait for a user: id -> (id of the message, error code)."""
        rows = self.odoo.query(
            "SELECT hashed_id, id, error_code FROM cartona_message"
            " WHERE state = 'error' AND hashed_id = ANY(%s)",
            list(hashed_ids),
        )
        return {hashed_id: (message, code) for hashed_id, message, code in rows}

    def wait_for_error(self, hashed_id: str, code: str, within: float = 10) -> int:
        """Wait until the order's message has this error code.

        :return: id of its message
        """

        def error_message() -> int | None:
            # Linking a product retries waiting orders: check until the state is stable.
            message, found = self.waiting_for_user([hashed_id]).get(hashed_id, (None, ""))
            return message if found == code else None

        return wait_until(error_message, within)
