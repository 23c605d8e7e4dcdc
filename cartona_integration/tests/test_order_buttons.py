"""Buttons of an order, and the settings that replace them."""

from odoo.exceptions import UserError

from .delivery_common import DeliveryCase


class TestShippedSetting(DeliveryCase):
    def two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"

    def complete(self, picking):
        self.pick(picking)
        self.validate(picking)
        self.assertEqual(picking.state, "done")

    def confirmed(self):
        """Return a confirmed order whose approval is not sent yet."""
        sale = self.take_order(confirm=False)
        self.accept_all()
        sale.action_confirm()
        return sale

    def ready(self, sale):
        return sale.picking_ids.filtered(lambda picking: picking.state == "assigned")

    def test_with_the_button_setting_only_the_button_ships(self):
        self.assertEqual(self.config.shipped_when, "button")
        self.two_steps()
        sale = self.confirmed()
        self.complete(self.ready(sale))
        self.assertEqual(self.ready(sale).location_dest_id.usage, "customer")
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved"])
        self.assertTrue(sale.cartona_can_ship)
        sale.action_cartona_ship()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved", "assigned_to_salesman"])

    def test_with_the_ready_setting_reserved_goods_ship(self):
        self.config.shipped_when = "ready"
        sale = self.confirmed()
        self.assertFalse(sale.cartona_can_ship)
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved", "assigned_to_salesman"])
        self.assertIn("estimated_delivery_day", self.bodies(sale)[-1])

    def test_with_the_ready_setting_missing_goods_delay_shipping(self):
        self.config.shipped_when = "ready"
        sale = self.take_order(confirm=False, lines={0: {"amount": 40}, 1: None})
        self.accept_all()
        sale.picking_ids.move_type = "one"
        sale.picking_policy = "one"
        sale.action_confirm()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved"])
        self.clear_outbox()
        self.set_stock(self.tea, 50)
        sale.picking_ids.action_assign()
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved", "assigned_to_salesman"])

    def assertPickShips(self):
        """Check that the order is shipped when the pick is done, not before."""
        self.two_steps()
        sale = self.confirmed()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved"])
        self.complete(self.ready(sale))
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved", "assigned_to_salesman"])

    def test_with_the_ready_setting_the_pick_step_does_not_count(self):
        self.config.shipped_when = "ready"
        self.assertPickShips()

    def test_with_the_picked_setting_the_done_pick_ships(self):
        self.config.shipped_when = "picked"
        self.assertPickShips()

    def test_with_the_picked_setting_one_step_ships_at_delivery(self):
        self.config.shipped_when = "picked"
        sale = self.confirmed()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved"])
        self.deliver(sale)
        self.push()
        self.assertEqual(
            self.sent_statuses(sale), ["approved", "assigned_to_salesman", "delivered"]
        )


class TestDeliveredButton(DeliveryCase):
    def test_an_order_without_a_delivery_has_no_delivered_button(self):
        sale = self.take_order()
        sale.picking_ids.action_cancel()
        self.assertFalse(sale.cartona_can_deliver)
        with self.assertRaises(UserError):
            sale.action_cartona_delivered()
        self.assertFalse(sale.cartona_delivered_at)


class TestReset(DeliveryCase):
    def test_resetting_a_confirmed_order_sends_pending(self):
        sale = self.take_order()
        self.accept_all(sale)
        first = sale.picking_ids
        self.assertTrue(sale.cartona_can_reset)
        sale.action_cartona_reset_to_pending()
        self.assertEqual((sale.state, first.state), ("draft", "cancel"))
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["pending"])
        self.assertEqual(
            (sale.cartona_status, sale.cartona_sync_state, sale.cartona_is_reset),
            ("pending", "synced", False),
        )
        sale.action_confirm()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["pending", "approved"])
        self.assertEqual(self.ready(sale), 1)

    def ready(self, sale):
        return len(sale.picking_ids.filtered(lambda picking: picking.state == "assigned"))

    def test_resetting_an_order_clears_the_shipped_mark(self):
        sale = self.take_order()
        self.accept_all(sale)
        sale.action_cartona_ship()
        sale.action_cartona_reset_to_pending()
        sale.action_confirm()
        self.push()
        self.assertNotIn("assigned_to_salesman", self.sent_statuses(sale))

    def test_a_delivered_order_cannot_be_reset(self):
        gone = self.take_order(hashed_id="gone1")
        self.deliver(gone)
        gone.cartona_status = "approved"
        theirs = self.take_order(hashed_id="theirs1", delivered_by="delivered_by_cartona")
        for sale in (gone, theirs):
            self.assertFalse(sale.cartona_can_reset)
            sale.action_cartona_reset_to_pending()
            self.assertEqual((sale.state, sale.cartona_is_reset), ("sale", False))


class TestBroughtBackGoods(DeliveryCase):
    """A delivery is validated at the retailer's by default: goods that a driver brings back leave
    no transfer."""

    def setUp(self):
        super().setUp()
        self.sale = self.take_order()
        self.accept_all(self.sale)
        self.sale.action_cartona_ship()
        self.assertFalse(self.sale.cartona_can_return, "not sent to Cartona yet")
        self.push()

    def test_goods_brought_back_send_returned_and_free_the_stock(self):
        self.assertEqual(self.config.delivered_when, "validated")
        self.assertTrue(self.sale.cartona_can_return)
        self.clear_outbox()
        self.sale.action_cartona_returned()
        self.assertTrue(self.sale.cartona_returned_at)
        self.assertEqual((self.sale.state, self.sale.picking_ids.state), ("cancel", "cancel"))
        self.assertIn(("stock", self.listing(self.tea).id), self.outbox_rows("stock"))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "returned"])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("returned", "synced")
        )
        self.assertEqual((self.sale.invoice_ids.ids, self.activities(self.sale)), ([], []))
        self.assertFalse(self.sale.cartona_can_return)

    def test_returned_picked_goods_notify_the_warehouse(self):
        picking = self.sale.picking_ids
        picking.user_id = self.seller
        self.pick(picking)
        self.sale.action_cartona_returned()
        self.assertEqual(
            self.activities(picking),
            [("Brought back by the driver: put the goods back.", self.seller)],
        )

    def test_a_return_with_a_posted_invoice_requests_the_credit_note(self):
        (self.tea | self.rice).invoice_policy = "order"
        self.sale._create_invoices().action_post()
        self.sale.action_cartona_returned()
        [(task, _user)] = self.activities(self.sale)
        self.assertEqual(task, "Returned on Cartona: the invoice has to be credited.")

    def test_a_refused_return_is_flagged(self):
        self.marketplace.answer_next(
            "POST", self.single_path(self.sale), {"error": "no"}, status=422
        )
        self.sale.action_cartona_returned()
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertEqual(len(self.activities(self.sale)), 1)

    def test_delivered_goods_are_returned_by_a_transfer_only(self):
        self.deliver(self.sale)
        self.assertFalse(self.sale.cartona_can_return)
        with self.assertRaises(UserError):
            self.sale.action_cartona_returned()
        self.assertFalse(self.sale.cartona_returned_at)
