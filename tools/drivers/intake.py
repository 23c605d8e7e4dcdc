"""Orders of a marketplace on their way into a seller's Odoo, driven and compared from outside."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tools.dev.processes import wait_until
from tools.drivers.seller import Seller

#: Where orders are fetched, and where they are acknowledged.
PULL = "order/pull-orders"
STATUS = "order/update-order-status"


class Intake:
    """What becomes of the orders that retailers place with a seller."""

    def __init__(self, seller: Seller):
        self.seller, self.odoo, self.sandbox = seller, seller.odoo, seller.sandbox

    # === THE RETAILERS' SIDE === #

    def place(self, count: int, products: Sequence[int], amount: int = 1, **wanted) -> list[str]:
        """Retailers order so many times: of each of these products so much.

        :param wanted: as `sandbox.place_order` takes it
        :return: the orders' ids
        """
        lines = [
            {"supplier_product_id": self.seller.listings[product], "amount": amount}
            for product in products
        ]
        placed = self.sandbox.place_orders(count, lines=lines, **wanted)
        return [order["hashed_id"] for order in placed]

    def tell_webhook(self, **settings) -> None:
        """Have the marketplace call this Odoo; see `sandbox.webhooks.WebhookSettings`."""
        secret = self.seller.setting("webhook_token")
        url = f"{self.odoo.url}/cartona/webhook/orders"
        self.sandbox.set_webhook(url, **{"token": secret, **settings})

    def payload(self, hashed_id: str) -> dict:
        """An order as the marketplace's API shows it."""
        order = self.sandbox.order(hashed_id)
        del order["sandbox"]
        return order

    def syncs(self, hashed_ids: Iterable[str]) -> set[int]:
        """How often each was acknowledged, as a set: {1} when each was once."""
        return {self.sandbox.order(hashed_id)["sandbox"]["syncs"] for hashed_id in hashed_ids}

    def unacknowledged(self, hashed_ids: Iterable[str]) -> list[str]:
        """Those that the marketplace still offers."""
        waiting = {order["hashed_id"] for order in self.sandbox.orders(waiting=1, limit=1000)}
        return [hashed_id for hashed_id in hashed_ids if hashed_id in waiting]

    # === ODOO'S SIDE === #

    def pull(self) -> None:
        """Press the button that fetches orders."""
        self.odoo.call("cartona.config", "action_pull_orders", [self.seller.config])

    def sales(self, hashed_ids: Sequence[str], *fields: str) -> list[dict]:
        """The sale orders of these orders, oldest first."""
        domain = [("cartona_id", "in", list(hashed_ids))]
        names = ["cartona_id", "state", "amount_total", *fields]
        return self.odoo.call("sale.order", "search_read", domain, names, order="id")

    def odd(self, hashed_ids: Sequence[str]) -> dict[str, int]:
        """Orders that are not in Odoo exactly once, with how often they are."""
        rows = self.odoo.query(
            "SELECT cartona_id FROM sale_order WHERE cartona_id = ANY(%s)", list(hashed_ids)
        )
        found = Counter(cartona_id for (cartona_id,) in rows)
        return {key: found[key] for key in hashed_ids if found[key] != 1}

    def arrive(self, hashed_ids: Sequence[str], within: float = 10, settled: bool = True) -> None:
        """Wait until each order is in Odoo once, and the marketplace knows it.

        :param within: seconds
        :param settled: False: not until the marketplace knows it
        :raise AssertionError: with the orders that are not
        """

        def left() -> object:
            return self.odd(hashed_ids) or (settled and self.unacknowledged(hashed_ids))

        try:
            wait_until(lambda: not left(), within, pause=0.1)
        except TimeoutError:
            wrong = left()
            assert not wrong, f"after {within} s: {wrong}, waiting: {self.waiting(hashed_ids)}"

    def waiting(self, hashed_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Orders that wait for a person: id -> (id of the message, error code)."""
        rows = self.odoo.query(
            "SELECT hashed_id, id, error_code FROM cartona_message"
            " WHERE state = 'error' AND hashed_id = ANY(%s)",
            list(hashed_ids),
        )
        return {hashed_id: (message, code) for hashed_id, message, code in rows}

    def is_waiting(self, hashed_id: str, code: str, within: float = 10) -> int:
        """Wait until an order is parked for this reason.

        :return: id of its message
        """

        def parked() -> int | None:
            # Something that was just linked has waiting orders tried again: look until it stays.
            message, found = self.waiting([hashed_id]).get(hashed_id, (None, ""))
            return message if found == code else None

        return wait_until(parked, within)
