"""Deliveries of one route, validated together as a batch transfer.

They need the batch transfers: `make test` runs this file on a database that has them.
"""

from .test_delivery_otp import CODE, WRONG, OtpCase


class TestBatch(OtpCase):
    """Ten deliveries in one batch, of which three need the retailer's code."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "stock.picking.batch" not in cls.env:
            cls.skipTest(cls, "batches need stock_picking_batch")

    def setUp(self):
        super().setUp()
        self.orders_with_code = self.orders(3, "coded", wallet_top_up=20.0)
        self.plain = self.orders(7, "plain")
        everything = (self.orders_with_code | self.plain).picking_ids
        self.batch = self.env["stock.picking.batch"].create(
            {"picking_ids": [(6, 0, everything.ids)]}
        )
        self.batch.action_confirm()
        self.pick(everything)
        for sale in self.orders_with_code:
            self.expect_code(sale)
        self.clear_outbox()

    def orders(self, count, name, **changes):
        """Return confirmed orders of one piece of rice each."""
        sales = self.env["sale.order"]
        for number in range(count):
            changes["hashed_id"] = "%s%s" % (name, number)
            sales |= self.take_order(lines={0: None, 1: {"amount": 1}}, **changes)
        return sales

    def validate_batch(self):
        """Validate the batch, as its button does."""
        return self.batch.with_context(skip_sms=True).action_done()

    def remaining(self):
        """Return the open transfers of the batch; up to 15 it keeps the done ones."""
        return self.batch.picking_ids.filtered(lambda picking: picking.state != "done")

    def states(self, sales):
        return set(sales.picking_ids.mapped("state"))

    def test_a_batch_opens_the_dialog_only_for_coded_orders(self):
        dialog = self.open_dialog(self.validate_batch())
        self.assertEqual(dialog._name, "cartona.delivery.otp")
        self.assertEqual(dialog.line_ids.order_id, self.orders_with_code)
        self.assertEqual(self.states(self.plain), {"done"})
        self.assertEqual(self.states(self.orders_with_code), {"assigned"})
        self.assertEqual(self.remaining(), self.orders_with_code.picking_ids)

        # One retailer gives a wrong code: those goods stay on the truck and in the batch.
        wrong = dialog.line_ids[1]
        for line in dialog.line_ids:
            line.code = WRONG if line == wrong else CODE
        dialog = self.open_dialog(dialog.action_confirm())
        self.assertEqual(self.states(self.orders_with_code - wrong.order_id), {"done"})
        self.assertEqual(wrong.order_id.picking_ids.state, "assigned")
        self.assertEqual(self.remaining(), wrong.order_id.picking_ids)
        self.assertNotEqual(self.batch.state, "done")

        wrong.code = CODE
        dialog.action_confirm()
        self.assertEqual(self.states(self.orders_with_code), {"done"})
        self.assertEqual(self.batch.state, "done")
        self.push()
        for sale in self.orders_with_code | self.plain:
            self.assertEqual(
                (sale.cartona_status, sale.cartona_sync_state), ("delivered", "synced")
            )
        for sale in self.orders_with_code:
            self.assertEqual(
                self.sent_statuses(sale).count("delivered"), 1 + (sale == wrong.order_id)
            )

    def test_without_a_code_a_batch_is_done_at_once(self):
        self.batch.picking_ids = self.plain.picking_ids
        done = self.validate_batch()
        self.assertFalse(isinstance(done, dict) and done.get("res_model"))
        self.assertEqual((self.states(self.plain), self.batch.state), ({"done"}, "done"))
        self.assertEqual(self.states(self.orders_with_code), {"assigned"})
