"""A changed product, unit or id resets the sent, shown and confirmed values."""

import json

from odoo import fields

from .common import PRODUCTS, CartonaCase


class TestRelinking(CartonaCase):
    """`listing` was read in the catalogue as a box of 24 `tea`, which costs 300.00."""

    def setUp(self):
        super().setUp()
        self.config.auto_sync_stock = False
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.listing = self.env["cartona.listing"].create(
            {
                "config_id": self.config.id,
                "cartona_id": "N1",
                "shown_at": fields.Datetime.now(),
                "shown_values": json.dumps({"selling_price": 300.0}),
                "shown_price": 300.0,
            }
        )
        self.box = self.listing._pack_unit(self.tea.uom_id, 24, "box")
        self.clear_outbox()

    def push(self):
        """Return the prices sent since the last call: list of (Cartona id, price)."""
        seen = len(self.marketplace.bodies(PRODUCTS))
        self.run_drain()
        return [
            (item["supplier_product_id"], item.get("selling_price"))
            for body in self.marketplace.bodies(PRODUCTS)[seen:]
            for item in body
        ]

    # === SHOWN VALUES === #

    def test_a_shown_price_older_than_a_sent_one_is_ignored(self):
        self.listing.product_id = self.tea
        self.assertEqual(self.push(), [("N1", 12.5)])
        self.listing.uom_id = self.box
        self.assertEqual(self.push(), [("N1", 300.0)])

    def test_a_shown_price_is_ignored_while_another_is_sent(self):
        self.listing.product_id = self.tea
        self.env.cr.flush()
        task = self.env["cartona.product.push"]._prepare(self.config)
        self.assertEqual([sending.values for sending in task.sendings], [{"selling_price": 12.5}])
        self.listing.uom_id = self.box
        self.assertEqual(self.push(), [("N1", 300.0)])

    def test_a_shown_price_counts_when_nothing_was_sent(self):
        self.listing.write({"product_id": self.tea.id, "uom_id": self.box.id})
        self.listing.uom_id = self.tea.uom_id
        self.listing.uom_id = self.box
        self.assertEqual(self.push(), [])

    def test_values_shown_for_another_id_are_ignored(self):
        self.listing.write({"product_id": self.tea.id, "uom_id": self.box.id})
        self.assertEqual(self.push(), [])
        self.listing.cartona_id = "N2"
        self.assertEqual(self.push(), [("N2", 300.0)])

    # === CONFIRMED PRICES === #

    def test_a_zero_price_confirmation_does_not_cover_another_product(self):
        self.listing.product_id = self.tea
        self.tea.list_price = self.rice.list_price = 0.0
        self.push()
        self.listing.action_confirm_price()
        self.assertEqual(self.push(), [("N1", 0.0)])

        self.listing.product_id = self.rice

        self.assertEqual(self.push(), [])
        self.assertEqual(self.listing.error_code, "price_not_positive")

    def test_a_zero_price_confirmation_ends_with_the_next_price(self):
        self.listing.product_id = self.tea
        self.tea.list_price = 0.0
        self.push()
        self.listing.action_confirm_price()
        self.assertEqual(self.push(), [("N1", 0.0)])
        self.tea.list_price = 14.0
        self.assertIn(("N1", 14.0), self.push())

        self.tea.list_price = 0.0

        self.assertEqual(self.push(), [])
        self.assertEqual(self.listing.error_code, "price_not_positive")
