"""Goods that come back, whole or in part, and deliveries that fall short."""

from ..compat import moves_of
from .delivery_common import DeliveryCase


class TestOrderReturn(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Goods leave before they are delivered: only then can they come back from the door.
        cls.config.delivered_when = "button"

    def setUp(self):
        super().setUp()
        self.sale = self.take()
        self.accept(self.sale)
        self.deliver(self.sale)
        self.push()
        self.delivery = self.sale.picking_ids
        self.assertEqual(self.sale.cartona_status, "assigned_to_salesman")

    def test_all_brought_back_is_told_as_returned_and_the_stock_is_published(self):
        self.settle()
        self.take_back(self.delivery)
        self.assertIn(("stock", self.listing(self.tea).id), self.noted("stock"))
        self.push()
        self.assertEqual(self.told(self.sale), ["assigned_to_salesman", "returned"])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("returned", "synced")
        )
        self.assertFalse(self.sale.cartona_can_deliver)
        self.assertEqual(self.sale.invoice_ids.ids, [])

    def test_a_return_that_is_on_its_way_tells_nothing_yet(self):
        self.returned(self.delivery)
        self.push()
        self.assertEqual(self.told(self.sale), ["assigned_to_salesman"])
        self.assertFalse(self.sale.cartona_can_deliver)

    def test_a_refused_return_is_flagged(self):
        self.marketplace.announce("POST", self.single(self.sale), {"error": "no"}, status=422)
        self.take_back(self.delivery)
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertEqual(len(self.tasks(self.sale)), 1)

    def test_a_part_brought_back_lowers_what_cartona_is_to_know_then_it_is_delivered(self):
        self.take_back(self.delivery, {self.tea: 1})
        tea, rice = self.sale.order_line
        self.assertEqual((tea._cartona_amount(), rice._cartona_amount()), (3, 2))
        self.push()
        self.assertNotIn("delivered", self.told(self.sale))
        self.sale.action_cartona_delivered()
        self.push()
        self.assertEqual(self.told(self.sale), ["assigned_to_salesman", "delivered"])

    def test_what_comes_back_after_it_was_delivered_tells_nothing(self):
        self.sale.action_cartona_delivered()
        self.push()
        self.take_back(self.delivery)
        self.push()
        self.assertEqual(self.told(self.sale), ["assigned_to_salesman", "delivered"])
        self.assertEqual((self.sale.cartona_sync_state, self.tasks(self.sale)), ("synced", []))

    def test_returned_there_prepares_the_return_with_its_reason(self):
        for spelled in ("returned", "return"):
            with self.subTest(spelled):
                sale = self.take(hashed_id=spelled)
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
                self.assertIn("wrong goods", self.notes(back))
                self.assertEqual(len(self.tasks(sale)), 1)

    def test_returned_there_after_it_came_back_here_asks_for_nothing(self):
        self.take_back(self.delivery)
        self.receive(self.order(status="returned", return_reason="wrong goods"))
        self.assertEqual((len(self.sale.picking_ids), self.tasks(self.sale)), (2, []))

    def test_returned_there_before_it_left_here_cancels(self):
        sale = self.take(hashed_id="early1")
        self.receive(self.order(hashed_id="early1", status="returned"))
        self.assertEqual((sale.state, sale.picking_ids.state), ("cancel", "cancel"))


class TestShortDelivery(DeliveryCase):
    def test_a_code_is_asked_with_the_quantities_that_are_about_to_leave(self):
        sale = self.coded()
        self.pick(sale.picking_ids, {self.tea: 3})
        amounts = [line._cartona_amount() for line in sale.order_line]
        leaving = sale.with_context(cartona_leaving=sale.picking_ids.ids)
        about = [line._cartona_amount() for line in leaving.order_line]
        self.assertEqual((amounts, about), ([4, 2], [3, 2]))

    def test_without_a_backorder_it_is_delivered_at_once(self):
        sale = self.take()
        self.accept()
        self.deliver_short(sale, {self.tea: 3})
        self.push()
        self.assertEqual(self.told(sale), ["assigned_to_salesman", "delivered"])
        tea = sale.order_line[0]
        self.assertEqual((tea._cartona_amount(), tea.product_uom_qty), (3, 4))
