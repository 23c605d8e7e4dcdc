"""Base of the inbox tests: Cartona's list, and the steps from it to sale orders."""

import copy

from ..cartona_api import unwrap
from .common import ORDERS, STATUSES
from .order_common import ORDER, OrderCase


class InboxCase(OrderCase):
    """A batch is three orders; Cartona accepts every acknowledgement."""

    def setUp(self):
        super().setUp()
        self.config.batch_size = 3
        self.marketplace.answer_always("POST", STATUSES, {})
        self.env.cr.flush()

    def sample(self, hashed_id, **changes):
        return dict(copy.deepcopy(ORDER), hashed_id=hashed_id, **changes)

    raw = OrderCase.order  # the valid order with changes; `order` is the one in Odoo here

    def serve(self, orders, shrinks=True):
        """Answer pulls with these orders; acknowledged ones are left out if `shrinks`."""

        def page(query):
            acknowledged = set(self.acknowledged()) if shrinks else ()
            rows = [
                order
                for order in orders
                if not isinstance(order, dict) or order.get("hashed_id") not in acknowledged
            ]
            start = (int(query["page"]) - 1) * int(query["per_page"])
            return rows[start : start + int(query["per_page"])]

        self.marketplace.answer_always("GET", ORDERS, page)

    def pull(self):
        self.env.cr.flush()
        wait = self.env["cartona.message"]._pull(self.config.id)
        self.env.invalidate_all()
        return wait

    def store(self, *payloads, source="webhook"):
        return self.env["cartona.message"]._store(
            self.config, source, [notice for payload in payloads for notice in unwrap(payload)]
        )

    def order(self, hashed_id):
        return self.env["sale.order"].search([("cartona_id", "=", hashed_id)])

    def acknowledged(self):
        return [
            item["hashed_id"]
            for body in self.marketplace.bodies(STATUSES)
            for item in body
            if item["status"] == "synced"
        ]
