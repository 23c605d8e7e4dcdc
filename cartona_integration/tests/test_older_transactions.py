"""A change by a transaction that is older than a link or a switch is found when it ends."""

from .common import CartonaCase


class TestOlderTransactions(CartonaCase):
    def setUp(self):
        super().setUp()
        self.open = set()
        self.patch(
            type(self.env["cartona.older"]),
            "_open_transactions",
            lambda older, config, stream: set(self.open),
        )
        self.marketplace.answer_always("POST", "supplier-product/bulk-update", {})

    def link(self):
        self.rice.cartona_id = "R1"
        self.run_drain()
        self.assertEqual(self.outbox_rows(), [])
        return [("price", self.listing(self.rice).id)]

    def change_unseen(self, price):
        """Write a price as a transaction that does not see the link: without a row."""
        self.rice.list_price = price
        self.clear_outbox()

    def sent_prices(self):
        return [
            item["selling_price"]
            for body in self.marketplace.bodies("supplier-product/bulk-update")
            for item in body
            if item["supplier_product_id"] == "R1" and "selling_price" in item
        ]

    def test_a_link_is_checked_again_as_each_transaction_ends(self):
        self.open = {"1 dump", "2 sale"}
        self.link()
        self.change_unseen(99.0)
        self.assertEqual(self.sent_prices(), [30.0])

        self.open = {"1 dump"}
        self.run_drain()

        self.assertEqual(self.sent_prices(), [30.0, 99.0])
        self.change_unseen(100.0)
        self.open = set()
        self.run_drain()
        self.assertEqual(self.sent_prices(), [30.0, 99.0, 100.0])
        self.assertFalse(self.env["cartona.older"].search([("kind", "=", "price")]))

    def test_a_switch_checks_every_listing_again(self):
        self.rice.cartona_id = "R1"
        self.config.auto_sync_products = False
        self.run_drain()
        self.open = {"1 sale"}
        self.config.auto_sync_products = True
        self.run_drain()
        self.change_unseen(99.0)
        self.open = set()
        self.run_drain()
        self.assertEqual(self.sent_prices()[-1], 99.0)

    def test_open_transactions_are_looked_at_within_five_seconds(self):
        self.open = {"1 dump"}
        self.link()
        self.assertTrue(1 <= self.run_drain() <= 5)
        self.env.cr.execute(
            "UPDATE cartona_older SET create_date = create_date - interval '1 hour'"
        )
        self.assertEqual(self.run_drain(), 5)
        self.change_unseen(99.0)
        self.open = set()
        self.run_cron()  # what a lost job has left
        self.assertEqual(self.sent_prices(), [30.0, 99.0])

    def test_orders_switched_on_are_checked_again(self):
        self.config.auto_sync_orders = False
        order = self.env["sale.order"].create(
            {
                "cartona_id": "h1",
                "cartona_status": "pending",
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 1})],
            }
        )
        self.marketplace.answer_always("POST", "order/update-order-status", {})
        self.open = {"1 sale"}
        self.config.auto_sync_orders = True
        push = self.env["cartona.order.push"]
        self.env.cr.flush()
        while push._push(self.config.id) == 0:
            pass
        order.action_confirm()
        self.clear_outbox()  # the transaction did not see the switch
        self.open = set()
        while push._push(self.config.id) == 0:
            pass
        self.env.invalidate_all()
        self.assertEqual(order.cartona_status, "approved")

    def test_the_nightly_sweep_finds_an_order_without_a_row(self):
        order = self.env["sale.order"].create(
            {
                "cartona_id": "h1",
                "cartona_status": "pending",
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 1})],
            }
        )
        order.action_confirm()
        self.clear_outbox()
        self.env["cartona.config"]._cron_sweep()
        self.assertIn(("order", order.id), self.outbox_rows())
