"""What somebody does about an order by hand, and what the settings take for that."""

from odoo.exceptions import UserError

from .delivery_common import DeliveryCase


class TestShippedWhen(DeliveryCase):
    def two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"

    def complete(self, picking):
        self.pick(picking)
        self.validate(picking)
        self.assertEqual(picking.state, "done")

    def confirmed(self):
        """An order just confirmed, nothing told yet."""
        sale = self.take_order(confirm=False)
        self.accept_all()
        sale.action_confirm()
        return sale

    def ready(self, sale):
        return sale.picking_ids.filtered(lambda picking: picking.state == "assigned")

    def test_by_the_button_neither_a_ready_delivery_nor_a_pick_says_so(self):
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

    def test_ready_says_so_as_soon_as_the_goods_are_reserved(self):
        self.config.shipped_when = "ready"
        sale = self.confirmed()
        self.assertFalse(sale.cartona_can_ship)
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved", "assigned_to_salesman"])
        self.assertIn("estimated_delivery_day", self.bodies(sale)[-1])

    def test_ready_waits_for_goods_that_are_still_to_come(self):
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
        """Nothing that comes before the pick is done says that the order is shipped."""
        self.two_steps()
        sale = self.confirmed()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved"])
        self.complete(self.ready(sale))
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved", "assigned_to_salesman"])

    def test_ready_is_the_delivery_and_not_the_step_before_it(self):
        self.config.shipped_when = "ready"
        self.assertPickShips()

    def test_picked_says_so_when_the_step_before_the_delivery_is_done(self):
        self.config.shipped_when = "picked"
        self.assertPickShips()

    def test_picked_is_the_delivery_itself_where_there_is_no_step_before_it(self):
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
    def test_an_order_whose_only_delivery_is_cancelled_is_not_delivered_by_the_button(self):
        sale = self.take_order()
        sale.picking_ids.action_cancel()
        self.assertFalse(sale.cartona_can_deliver)
        with self.assertRaises(UserError):
            sale.action_cartona_delivered()
        self.assertFalse(sale.cartona_delivered_at)


class TestSetBack(DeliveryCase):
    def test_a_confirmed_order_is_a_quotation_again_and_pending_on_cartona(self):
        sale = self.take_order()
        self.accept_all(sale)
        first = sale.picking_ids
        self.assertTrue(sale.cartona_can_set_back)
        sale.action_cartona_set_back()
        self.assertEqual((sale.state, first.state), ("draft", "cancel"))
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["pending"])
        self.assertEqual(
            (sale.cartona_status, sale.cartona_sync_state, sale.cartona_set_back),
            ("pending", "synced", False),
        )
        sale.action_confirm()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["pending", "approved"])
        self.assertEqual(self.ready(sale), 1)

    def ready(self, sale):
        return len(sale.picking_ids.filtered(lambda picking: picking.state == "assigned"))

    def test_what_was_promised_to_be_on_its_way_is_so_no_more(self):
        sale = self.take_order()
        self.accept_all(sale)
        sale.action_cartona_ship()
        sale.action_cartona_set_back()
        sale.action_confirm()
        self.push()
        self.assertNotIn("assigned_to_salesman", self.sent_statuses(sale))

    def test_what_has_left_or_is_delivered_by_cartona_is_not_set_back(self):
        gone = self.take_order(hashed_id="gone1")
        self.deliver(gone)
        gone.cartona_status = "approved"
        theirs = self.take_order(hashed_id="theirs1", delivered_by="delivered_by_cartona")
        for sale in (gone, theirs):
            self.assertFalse(sale.cartona_can_set_back)
            sale.action_cartona_set_back()
            self.assertEqual((sale.state, sale.cartona_set_back), ("sale", False))


class TestBroughtBack(DeliveryCase):
    """By default nothing is validated before the goods are with the retailer: a driver who brings
    everything back leaves no transfer that says so."""

    def setUp(self):
        super().setUp()
        self.sale = self.take_order()
        self.accept_all(self.sale)
        self.sale.action_cartona_ship()
        self.assertFalse(self.sale.cartona_can_bring_back, "Cartona does not know yet")
        self.push()

    def test_everything_brought_back_is_told_as_returned_and_holds_no_stock(self):
        self.assertEqual(self.config.delivered_when, "validated")
        self.assertTrue(self.sale.cartona_can_bring_back)
        self.clear_outbox()
        self.sale.action_cartona_brought_back()
        self.assertTrue(self.sale.cartona_returned_at)
        self.assertEqual((self.sale.state, self.sale.picking_ids.state), ("cancel", "cancel"))
        self.assertIn(("stock", self.listing(self.tea).id), self.outbox_rows("stock"))
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "returned"])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("returned", "synced")
        )
        self.assertEqual((self.sale.invoice_ids.ids, self.activities(self.sale)), ([], []))
        self.assertFalse(self.sale.cartona_can_bring_back)

    def test_the_warehouse_hears_that_picked_goods_come_back(self):
        picking = self.sale.picking_ids
        picking.user_id = self.seller
        self.pick(picking)
        self.sale.action_cartona_brought_back()
        self.assertEqual(
            self.activities(picking),
            [("Brought back by the driver: put the goods back.", self.seller)],
        )

    def test_of_a_posted_invoice_the_credit_note_is_asked_for(self):
        (self.tea | self.rice).invoice_policy = "order"
        self.sale._create_invoices().action_post()
        self.sale.action_cartona_brought_back()
        [(task, _user)] = self.activities(self.sale)
        self.assertEqual(task, "Returned on Cartona: the invoice has to be credited.")

    def test_a_refused_return_is_flagged(self):
        self.marketplace.answer_next(
            "POST", self.single_path(self.sale), {"error": "no"}, status=422
        )
        self.sale.action_cartona_brought_back()
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertEqual(len(self.activities(self.sale)), 1)

    def test_what_is_delivered_comes_back_by_a_return_only(self):
        self.deliver(self.sale)
        self.assertFalse(self.sale.cartona_can_bring_back)
        with self.assertRaises(UserError):
            self.sale.action_cartona_brought_back()
        self.assertFalse(self.sale.cartona_returned_at)
