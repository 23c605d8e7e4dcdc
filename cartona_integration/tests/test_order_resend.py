"""Updates that could not be sent while the retailer edited the order are sent afterwards."""

from .common import STATUSES
from .delivery_common import DETAILS, DeliveryCase

CHANGE = {0: {"amount": 3}}


class TestOrderResend(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.sale = self.take_order(confirm=False)

    def open_by_retailer(self):
        """Import the retailer's editing before any update is sent."""
        self.receive(self.order(status="editing"))
        self.push()
        self.assertEqual(self.outbox_rows("order"), [])

    def test_a_confirmation_during_editing_is_sent_afterwards(self):
        self.sale.action_confirm()
        self.open_by_retailer()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("editing", "pending")
        )
        self.accept_all()
        self.receive(self.order(CHANGE))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["approved"])
        self.assertEqual(
            (self.sale.state, self.sale.cartona_status, self.sale.cartona_sync_state),
            ("sale", "approved", "synced"),
        )

    def test_a_quotation_during_editing_has_nothing_to_send(self):
        self.sale.cartona_sync_state = "pending"
        self.env["cartona.change"]._mark_orders_dirty(self.sale.ids)
        self.open_by_retailer()
        self.assertEqual(self.sale.cartona_sync_state, "synced")
        self.receive(self.order(CHANGE))
        self.assertEqual(self.outbox_rows("order"), [])

    def test_an_automatic_confirmation_during_editing_is_sent_afterwards(self):
        self.config.auto_confirm = True
        sale = self.receive(self.order(hashed_id="auto1"))
        self.receive(self.order(hashed_id="auto1", status="editing"))
        self.push()
        self.accept_all()
        self.receive(self.order(hashed_id="auto1"))
        self.push()
        self.assertEqual(
            (self.sent_statuses(sale), sale.cartona_status), (["approved"], "approved")
        )

    def test_an_approval_refused_during_editing_is_sent_again(self):
        refusal = {"error": "is being edited"}
        self.marketplace.answer_next("POST", STATUSES, refusal, status=422)
        self.sale.action_confirm()
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.open_by_retailer()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.accept_all()
        self.receive(self.order(CHANGE))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["approved", "approved"])
        self.assertEqual((self.sale.cartona_sync_state, self.sale.cartona_error), ("synced", False))

    def test_an_approval_refused_by_unseen_editing_is_sent_again(self):
        self.marketplace.answer_next("POST", STATUSES, {"error": "is being edited"}, status=422)
        self.sale.action_confirm()
        self.push()
        self.accept_all()
        self.receive(self.order(CHANGE))
        self.push()
        self.assertEqual(self.sale.cartona_status, "approved")

    def test_a_cancellation_during_editing_is_sent_afterwards(self):
        self.sale._action_cancel()
        self.open_by_retailer()
        self.accept_all(self.sale)
        self.receive(self.order(CHANGE))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["cancelled_by_supplier"])
        self.assertEqual(
            (self.sale.state, self.sale.cartona_status), ("cancel", "cancelled_by_supplier")
        )

    def test_a_refused_cancellation_is_not_sent_again(self):
        self.marketplace.answer_next(
            "POST", self.single_path(self.sale), {"error": "no"}, status=422
        )
        self.sale._action_cancel()
        self.push()
        self.receive(self.order(status="editing"))
        self.receive(self.order(CHANGE))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["cancelled_by_supplier"])
        self.assertEqual(self.sale.cartona_sync_state, "error")

    def test_refused_lines_are_not_sent_again(self):
        self.sale.order_line[1].product_uom_qty = 1
        self.marketplace.answer_next("POST", DETAILS, {"error": "no"}, status=422)
        self.push()
        self.assertEqual(self.sale.cartona_edit_state, "refused")
        self.assertEqual(len(self.marketplace.bodies(DETAILS)), 1)
        self.receive(self.order(note_message="x", status="editing"))
        self.assertEqual((self.sale.cartona_edit_state, self.outbox_rows("order")), ("refused", []))
        self.receive(self.order(CHANGE))
        self.assertEqual((self.sale.cartona_edit_state, self.outbox_rows("order")), ("refused", []))
        self.push()
        self.assertEqual(len(self.marketplace.bodies(DETAILS)), 1)


class TestRefusedLines(DeliveryCase):
    def test_lines_refused_at_delivery_create_an_activity(self):
        sale = self.take_order()
        self.accept_all()
        self.marketplace.answer_next("POST", DETAILS, {"error": "no"}, status=422)
        self.deliver_short(sale, {self.tea: 3})
        self.push()
        self.assertEqual((sale.cartona_edit_state, sale.cartona_status), ("refused", "approved"))
        self.assertEqual(
            self.activities(sale), [(sale.cartona_error, self.config.activity_user_id)]
        )

    def test_lines_refused_earlier_are_shown_without_an_activity(self):
        sale = self.take_order()
        self.marketplace.answer_next("POST", DETAILS, {"error": "no"}, status=422)
        sale.order_line[0].product_uom_qty = 3
        self.push()
        self.assertEqual((sale.cartona_edit_state, self.activities(sale)), ("refused", []))
