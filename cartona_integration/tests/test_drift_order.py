"""Orders that are open in Odoo but not on Cartona are listed as differences."""

from ..cartona_api import unwrap
from .common import ORDERS
from .order_common import OrderCase


class TestOrderDrift(OrderCase):
    def setUp(self):
        super().setUp()
        self.config.auto_sync_orders = False
        self.offers = []
        self.marketplace.answer_always("GET", ORDERS, self.page)

    def page(self, query):
        return self.offers if query["page"] == "1" else []

    def pull(self):
        self.env.cr.flush()
        self.env["cartona.message"]._pull(self.config.id)
        self.env.invalidate_all()

    def pass_a_minute(self):
        self.env.cr.flush()
        self.env.cr.execute(
            "UPDATE cartona_message SET create_date = create_date - interval '1 minute'"
        )
        self.env.invalidate_all()

    def compare(self):
        """Compare the orders, as the end of a reading does, and return the open rows."""
        self.env["cartona.drift"]._compare_missing(self.config)
        return self.env["cartona.drift"].search(
            [("config_id", "=", self.config.id), ("kind", "=", "order"), ("state", "=", "open")]
        )

    def test_an_order_ended_on_cartona_only_is_a_difference(self):
        [outcome] = self.receive_all([self.order()])
        self.assertFalse(self.compare())
        outcome.order.cartona_status = "cancelled_by_retailer"
        row = self.compare()
        self.assertEqual(
            (row.order_id, row.reason, row.company_id),
            (outcome.order, "final_there", self.company),
        )
        self.assertEqual(row.cartona_value, outcome.order.cartona_status_label)
        self.assertEqual(self.compare(), row, "found once")
        self.assertEqual(row.action_open_order()["res_id"], outcome.order.id)
        self.assertEqual(self.config.drift_count, 1)
        self.assertIn(row, row.search(self.config.action_open_drift()["domain"]))
        outcome.order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertFalse(self.compare())
        self.assertEqual(row.state, "closed")

    def test_a_confirmed_order_is_open_until_fully_delivered(self):
        [outcome] = self.receive_all([self.order()])
        outcome.order.action_confirm()
        outcome.order.cartona_status = "delivered"
        self.assertEqual(self.compare().order_id, outcome.order)
        outcome.order.picking_ids.action_cancel()
        self.assertFalse(self.compare())

    def test_a_waiting_order_missing_from_the_list_is_a_difference(self):
        self.offers = [self.order(), dict(self.order(), hashed_id="other")]
        self.pull()
        self.pass_a_minute()
        self.pull()
        self.assertFalse(self.compare(), "both are still on the list")
        self.offers.pop()
        self.pull()
        row = self.compare()
        self.assertEqual((row.message_id.hashed_id, row.reason), ("other", "not_offered"))
        self.assertEqual(row.action_open_order()["res_model"], "cartona.message")

    def test_an_order_newer_than_the_list_is_not_missing(self):
        self.pull()
        messages, _repeated = self.env["cartona.message"]._store(
            self.config, "webhook", unwrap(self.order())
        )
        self.env.cr.flush()
        self.env.cr.execute(
            "UPDATE cartona_message SET create_date = %s WHERE id IN %s",
            (self.config.offered_at, tuple(messages.ids)),
        )
        self.env.invalidate_all()
        self.assertFalse(self.compare())

    def test_a_partly_read_list_makes_no_difference(self):
        self.offers = [self.order()]
        self.pull()
        self.pass_a_minute()
        before = self.config.offered_orders
        self.marketplace.answer_next("GET", ORDERS, {"error": "busy"}, 503)
        self.pull()
        self.assertEqual(self.config.offered_orders, before)
        self.assertFalse(self.compare())
