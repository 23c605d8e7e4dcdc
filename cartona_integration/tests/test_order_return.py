"""Full and partial returns, and short deliveries."""

from ..compat import moves_of
from .delivery_common import DETAILS, DeliveryCase


class TestOrderReturn(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Goods leave before they are delivered: only then can the retailer refuse them.
        cls.config.delivered_when = "button"

    def setUp(self):
        super().setUp()
        self.sale = self.take_order()
        self.accept_all(self.sale)
        self.deliver(self.sale)
        self.push()
        self.delivery = self.sale.picking_ids
        self.assertEqual(self.sale.cartona_status, "assigned_to_salesman")

    def test_a_full_return_sends_returned_and_publishes_stock(self):
        self.clear_outbox()
        self.return_goods(self.delivery)
        self.assertIn(("stock", self.listing(self.tea).id), self.outbox_rows("stock"))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "returned"])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("returned", "synced")
        )
        self.assertFalse(self.sale.cartona_can_deliver)
        self.assertEqual(self.sale.invoice_ids.ids, [])

    def test_an_unvalidated_return_sends_nothing(self):
        self.make_return(self.delivery)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman"])
        self.assertFalse(self.sale.cartona_can_deliver)

    def test_a_refused_return_is_flagged(self):
        self.marketplace.answer_next(
            "POST", self.single_path(self.sale), {"error": "no"}, status=422
        )
        self.return_goods(self.delivery)
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertEqual(len(self.activities(self.sale)), 1)

    def test_a_partial_return_lowers_the_amounts_before_delivered(self):
        self.return_goods(self.delivery, {self.tea: 1})
        tea, rice = self.sale.order_line
        self.assertEqual((tea._cartona_amount(), rice._cartona_amount()), (3, 2))
        self.push()
        self.assertNotIn("delivered", self.sent_statuses(self.sale))
        self.sale.action_cartona_delivered()
        self.push()
        self.assertEqual(
            self.sent_steps(self.sale), ["assigned_to_salesman", (901, 3), "delivered"]
        )
        self.assertEqual(self.sale.cartona_status, "delivered")

    def test_a_return_after_delivered_sends_nothing(self):
        self.sale.action_cartona_delivered()
        self.push()
        self.return_goods(self.delivery)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "delivered"])
        self.assertEqual((self.sale.cartona_sync_state, self.activities(self.sale)), ("synced", []))

    def test_returned_on_cartona_prepares_the_return(self):
        for spelled in ("returned", "return"):
            with self.subTest(spelled):
                sale = self.take_order(hashed_id=spelled)
                self.deliver(sale)
                sale.cartona_status = "assigned_to_salesman"
                delivery = sale.picking_ids
                raw = self.order(hashed_id=spelled, status=spelled, return_reason="wrong goods")
                self.receive(raw)
                back = sale.picking_ids - delivery
                self.assertEqual(
                    {move.product_id: move.product_uom_qty for move in moves_of(back)},
                    {self.tea: 4, self.rice: 2},
                )
                self.assertIn("wrong goods", self.chatter(back))
                self.assertEqual(len(self.activities(sale)), 1)

    def test_returned_on_cartona_after_our_return_changes_nothing(self):
        self.return_goods(self.delivery)
        self.receive(self.order(status="returned", return_reason="wrong goods"))
        self.assertEqual((len(self.sale.picking_ids), self.activities(self.sale)), (2, []))

    def test_returned_on_cartona_before_shipping_cancels(self):
        sale = self.take_order(hashed_id="early1")
        self.receive(self.order(hashed_id="early1", status="returned"))
        self.assertEqual((sale.state, sale.picking_ids.state), ("cancel", "cancel"))


class TestShortDelivery(DeliveryCase):
    def test_without_a_backorder_amounts_are_lowered_before_delivered(self):
        sale = self.take_order()
        self.accept_all()
        self.deliver_short(sale, {self.tea: 3})
        self.push()
        steps = self.sent_steps(sale)
        self.assertEqual(steps[-1], "delivered")
        self.assertEqual(sorted(steps[:-1], key=str), [(901, 3), "assigned_to_salesman"])
        tea = sale.order_line[0]
        self.assertEqual((tea._cartona_amount(), tea.product_uom_qty), (3, 4))

    def test_with_a_code_amounts_are_lowered_before_the_check(self):
        sale = self.take_order_with_code()
        self.accept_all(sale)
        self.pick(sale.picking_ids, {self.tea: 3})
        options = {"skip_backorder": True, "picking_ids_not_to_backorder": sale.picking_ids.ids}
        dialog = self.open_dialog(self.validate(sale.picking_ids, **options))
        self.assertEqual([line._cartona_amount() for line in sale.order_line], [4, 2])
        dialog.line_ids.code = "482913"
        dialog.action_confirm()
        steps = self.sent_steps(sale)
        self.assertEqual(steps[-1], "delivered")
        self.assertEqual(sorted(steps[:-1], key=str), [(901, 3), "assigned_to_salesman"])
        self.assertEqual(sale.picking_ids.state, "done")
        self.push()
        self.assertEqual(self.sent_steps(sale), steps)
        self.assertEqual((sale.cartona_status, sale.cartona_sync_state), ("delivered", "synced"))

    def test_refused_amounts_delay_delivered(self):
        sale = self.take_order()
        self.marketplace.answer_next("POST", DETAILS, {"error": "no"}, status=422)
        self.deliver_short(sale, {self.tea: 3})
        self.push()
        self.assertNotIn("delivered", self.sent_statuses(sale))
        self.assertEqual(sale.cartona_sync_state, "error")
