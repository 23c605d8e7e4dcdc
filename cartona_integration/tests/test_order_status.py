"""Where an order stands in Odoo is told to Cartona: once, in order, and never as an echo."""

from .common import STATUSES
from .order_common import OrderCase


class TestOrderStatus(OrderCase):
    def setUp(self):
        super().setUp()
        self.sale = self.receive(self.order())
        self.settle()
        self.single = STATUSES + "/" + self.sale.cartona_id

    def push(self):
        self.env.cr.flush()
        wait = 0
        while wait == 0:
            wait = self.env["cartona.change"]._push_orders(self.config.id)
        self.env.invalidate_all()
        return wait

    def test_an_imported_order_tells_nothing_back(self):
        self.env["cartona.change"]._note_orders(self.sale.ids)
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.noted(), [])

    def test_a_confirmation_is_told_as_approved(self):
        self.marketplace.announce("POST", STATUSES, {})
        self.sale.action_confirm()
        self.assertIn(("order", self.sale.id), self.noted())

        self.assertIsNone(self.push())

        self.assertEqual(
            self.marketplace.bodies(STATUSES),
            [[{"hashed_id": self.sale.cartona_id, "status": "approved"}]],
        )
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("approved", "synced")
        )
        self.assertEqual(self.noted("order"), [])

    def test_a_cancellation_carries_the_reason_of_the_settings(self):
        self.config.default_cancellation_reason = "missing_items"
        self.marketplace.announce("POST", self.single, {})
        self.sale.with_context(disable_cancel_warning=True).action_cancel()
        self.push()
        self.assertEqual(
            self.marketplace.bodies(self.single),
            [
                {
                    "hashed_id": self.sale.cartona_id,
                    "status": "cancelled_by_supplier",
                    "cancellation_reason": "missing_items",
                }
            ],
        )

    def test_the_retailers_cancellation_is_not_told_back(self):
        self.receive(self.order(status="cancelled_by_retailer"))
        self.assertEqual(self.sale.state, "cancel")
        self.push()
        self.assertEqual(self.marketplace.calls, [])

    def test_an_order_that_cartona_delivers_tells_only_its_cancellation(self):
        self.sale.cartona_delivered_by = "delivered_by_cartona"
        self.sale.action_confirm()
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.marketplace.announce("POST", self.single, {})
        self.sale.with_context(disable_cancel_warning=True).action_cancel()
        self.push()
        self.assertEqual(len(self.marketplace.bodies(self.single)), 1)

    def test_an_order_set_back_to_quotation_tells_nothing(self):
        self.marketplace.announce("POST", STATUSES, {})
        self.sale.action_confirm()
        self.push()
        self.sale.write({"state": "draft"})
        self.push()
        self.assertEqual(len(self.marketplace.calls), 1)

    def test_a_refusal_is_shown_on_the_order_and_not_repeated(self):
        self.marketplace.announce("POST", STATUSES, {"error": "too late"}, status=422)
        self.sale.action_confirm()
        self.assertIsNone(self.push())
        self.push()
        self.assertEqual(len(self.marketplace.calls), 1)
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("pending", "error")
        )
        self.assertIn("too late", self.sale.cartona_error)

    def test_a_lost_answer_is_tried_again_until_there_is_one(self):
        self.marketplace.announce("POST", STATUSES, "bad gateway", status=502)
        self.sale.action_confirm()
        self.assertTrue(1 <= self.push() <= 1.25)
        self.assertEqual(self.sale.cartona_status, "pending")
        self.assertEqual(self.noted("order"), [("order", self.sale.id)])

        self.config._end_pause("out")
        self.marketplace.announce("POST", STATUSES, {})
        self.assertIsNone(self.push())
        self.assertEqual(self.sale.cartona_status, "approved")
