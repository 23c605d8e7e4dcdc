"""Prices are sent once with the right value; unusual ones need a confirmation."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .common import PRODUCTS, CartonaCase


class TestPricePush(CartonaCase):
    def setUp(self):
        super().setUp()
        self.config.auto_sync_stock = False
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.listing(self.tea)._mark_dirty()
        self.run_drain()
        self.clear_outbox()
        self.marketplace.calls.clear()

    def sent_prices(self):
        """Return the prices sent so far: list of (id, price)."""
        return [
            (item["supplier_product_id"], item.get("selling_price"))
            for body in self.marketplace.bodies(PRODUCTS)
            for item in body
        ]

    def push(self):
        self.run_drain()
        return self.sent_prices()

    def test_two_changes_are_sent_once_with_the_last_value(self):
        self.tea.list_price = 15.0
        self.env.cr.flush()
        self.tea.list_price = 16.0
        self.assertEqual(len(self.outbox_rows()), 2)

        self.assertEqual(self.push(), [("T1", 16.0)])

        self.assertEqual(self.outbox_rows(), [])
        self.assertEqual(self.tea.cartona_sync_state, "synced")
        self.assertFalse(self.tea.cartona_error)
        self.assertTrue(self.tea.cartona_synced_at)
        self.assertEqual(self.listing(self.tea).sent_price, 16.0)

    def test_a_product_with_an_outbox_row_is_pending(self):
        self.tea.list_price = 15.0
        self.run_drain()
        self.tea.list_price = 17.0
        self.env.cr.flush()
        self.env.invalidate_all()
        self.assertEqual(self.tea.cartona_sync_state, "pending")
        waiting = self.env["product.product"].search([("cartona_sync_state", "=", "pending")])
        self.assertEqual(waiting, self.tea)

    def test_a_value_that_cartona_has_is_not_sent_again(self):
        self.tea.list_price = 15.0
        self.push()
        self.tea.list_price = 14.0
        self.tea.list_price = 15.0
        self.assertEqual(self.push(), [("T1", 15.0)])
        self.assertEqual(self.outbox_rows(), [])

    def test_an_unlinked_product_makes_no_call(self):
        self.rice.list_price = 31.0
        self.assertEqual(self.push(), [])
        self.assertEqual(self.marketplace.calls, [])

    def test_taxes_are_added_unless_disabled(self):
        self.tea.taxes_id = self.env["account.tax"].create(
            {"name": "VAT 14%", "amount": 14.0, "type_tax_use": "sale"}
        )
        self.assertEqual(self.push(), [("T1", 14.25)])
        self.config.price_tax = "as_is"
        self.assertEqual(self.push(), [("T1", 14.25), ("T1", 12.5)])

    def test_a_price_is_rounded_by_its_currency(self):
        self.tea.taxes_id = self.env["account.tax"].create(
            {"name": "VAT 14%", "amount": 14.0, "type_tax_use": "sale"}
        )
        self.tea.list_price = 12.1
        self.assertEqual(self.push(), [("T1", 13.79)])  # 13.794, and not 1379 * 0.01
        self.tea.list_price = 12.35
        self.assertEqual(self.push()[1:], [("T1", 14.08)])  # 14.079
        self.config.currency_id.rounding = 0.05
        self.listing(self.tea)._send_again()
        self.assertEqual(self.push()[2:], [("T1", 14.1)])

    def test_a_box_costs_as_much_as_its_pieces(self):
        listing = self.env["cartona.listing"]
        box = listing._pack_unit(self.tea.uom_id, 24, "box")
        listing.create(
            {
                "config_id": self.config.id,
                "cartona_id": "T24",
                "product_id": self.tea.id,
                "uom_id": box.id,
            }
        )
        self.assertEqual(self.push(), [("T24", 300.0)])
        self.tea.list_price = 10.0
        self.assertCountEqual(self.push()[1:], [("T1", 10.0), ("T24", 240.0)])

    def test_the_configured_pricelist_decides_the_price(self):
        self.config.pricelist_id = self.env["product.pricelist"].create(
            {
                "name": "Cartona",
                "item_ids": [
                    (
                        0,
                        0,
                        {
                            "compute_price": "percentage",
                            "percent_price": 10.0,
                            "applied_on": "3_global",
                        },
                    )
                ],
            }
        )
        self.assertEqual(self.push(), [("T1", 11.25)])

    def test_a_rule_uses_current_category_and_cost(self):
        """A changed category or cost changes the price without a change of the sales price."""
        parts = self.env["product.category"].create({"name": "Parts"})
        self.config.pricelist_id = self.env["product.pricelist"].create(
            {
                "name": "Cartona",
                "item_ids": [
                    (
                        0,
                        0,
                        {
                            "applied_on": "2_product_category",
                            "categ_id": parts.id,
                            "base": "standard_price",
                            "compute_price": "formula",
                            "price_surcharge": 2.0,
                        },
                    )
                ],
            }
        )
        self.tea.standard_price = 6.0
        self.assertEqual(self.push(), [])

        self.tea.categ_id = parts
        self.assertEqual(self.push(), [("T1", 8.0)])
        self.tea.standard_price = 7.0
        self.assertEqual(self.push()[1:], [("T1", 9.0)])

    def use_dollars(self):
        """Return another currency than the company's: 100 of the company's are 2 of it."""
        dollar = self.other_currencies()
        self.env["res.currency.rate"].create(
            {"currency_id": dollar.id, "name": "2020-01-01", "company_rate": 0.02}
        )
        return dollar

    def test_a_pricelist_in_another_currency_is_converted(self):
        dollar = self.use_dollars()
        self.config.pricelist_id = self.env["product.pricelist"].create(
            {
                "name": "Dollars",
                "currency_id": dollar.id,
                "item_ids": [(0, 0, {"compute_price": "fixed", "fixed_price": 0.5})],
            }
        )
        self.assertEqual(self.push(), [("T1", 25.0)])

    def test_a_zero_price_needs_confirmation_and_blocks_nothing(self):
        self.rice.cartona_id = "R1"
        self.tea.list_price = 0.0

        self.assertEqual(self.push(), [("R1", 30.0)])

        self.assertEqual(self.tea.cartona_sync_state, "error")
        self.assertIn("zero or negative", self.tea.cartona_error)
        self.assertEqual(self.rice.cartona_sync_state, "synced")
        self.listing(self.tea).action_confirm_price()
        self.assertEqual(self.push()[1:], [("T1", 0.0)])
        self.assertEqual(self.tea.cartona_sync_state, "synced")

    def test_the_product_button_confirms_its_price(self):
        self.tea.list_price = 0.0
        self.push()
        template = self.tea.product_tmpl_id
        for record in (self.tea, template):
            self.assertEqual(record.cartona_error_code, "price_not_positive")
        clerk = new_test_user(
            self.env,
            "cartona_clerk",
            groups="base.group_user,cartona_integration.group_cartona_user",
        )
        template.with_user(clerk).action_cartona_confirm_price()
        self.assertEqual(self.push(), [("T1", 0.0)])
        self.assertFalse(self.tea.cartona_error_code)

    def test_a_confirmation_is_valid_for_one_price(self):
        self.tea.list_price = 0.0
        self.push()
        self.listing(self.tea).action_confirm_price()
        self.tea.list_price = -1.0
        self.assertEqual(self.push(), [])
        self.assertEqual(self.listing(self.tea).error_code, "price_not_positive")

    def test_a_price_jump_waits_only_with_the_setting(self):
        self.tea.list_price = 100.0
        self.assertEqual(self.push(), [("T1", 100.0)])
        self.config.price_band = 30
        self.tea.list_price = 60.0
        self.assertEqual(self.push(), [("T1", 100.0)])
        self.assertEqual(self.listing(self.tea).error_code, "price_jump")
        self.tea.list_price = 71.0
        self.assertEqual(self.push(), [("T1", 100.0), ("T1", 71.0)])
        self.assertFalse(self.listing(self.tea).error_code)

    def test_a_price_below_cost_waits_only_with_the_setting(self):
        self.tea.standard_price = 20.0
        self.assertEqual(self.push(), [])  # Cartona has 12.5 already
        self.tea.list_price = 19.0
        self.assertEqual(self.push(), [("T1", 19.0)])
        self.config.price_not_below_cost = True
        self.tea.list_price = 18.0
        self.assertEqual(self.push(), [("T1", 19.0)])
        self.assertEqual(self.listing(self.tea).error_code, "price_below_cost")

    def test_a_cost_is_compared_in_the_currency_of_cartonas_prices(self):
        dollar = self.use_dollars()
        self.config.write({"currency_id": dollar.id, "price_not_below_cost": True})
        self.tea.write({"list_price": 100.0, "standard_price": 80.0})
        self.assertEqual(self.push(), [("T1", 2.0)], "2 dollars; the cost is 1.60")

        self.tea.standard_price = 120.0
        self.tea.list_price = 110.0
        self.assertEqual(self.push(), [("T1", 2.0)])
        self.assertEqual(self.listing(self.tea).error_code, "price_below_cost")

    def test_relinking_resets_the_confirmed_values(self):
        self.tea.cartona_id = "T9"
        self.assertEqual(self.push(), [("T9", 12.5)])

    def test_the_button_sends_unchanged_values_again(self):
        for records in (self.tea, self.tea + self.rice, self.tea.product_tmpl_id):
            with self.subTest(records):
                message = records.action_cartona_sync()["params"]["message"]
                self.assertEqual(message, "1 listings are being sent to Cartona.")
                self.marketplace.calls.clear()
                self.assertEqual(self.push(), [("T1", 12.5)])

    def test_the_button_for_everything_sends_all_products(self):
        self.rice.cartona_id = "R1"
        self.run_drain()
        self.marketplace.calls.clear()
        message = self.config.action_sync_products()["params"]["message"]
        self.assertEqual(message, "2 products are being sent to Cartona.")
        self.assertEqual(self.push(), [("T1", 12.5), ("R1", 30.0)])

    def test_the_button_explains_a_refusal(self):
        with self.assertRaisesRegex(UserError, "Enter the Cartona ID"):
            self.rice.action_cartona_sync()
        self.config.auth_token = False
        with self.assertRaises(UserError):
            self.tea.action_cartona_sync()
        self.assertEqual(self.outbox_rows(), [])

    def test_an_archived_product_is_withdrawn_once_and_restored(self):
        self.tea.active = False
        self.run_drain()
        self.run_drain()
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS), [[{"supplier_product_id": "T1", "in_stock": False}]]
        )
        self.tea.active = True
        self.run_drain()
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS)[1:],
            [[{"supplier_product_id": "T1", "in_stock": True}]],
        )
        self.assertFalse(self.listing(self.tea).overridden)

    def test_an_archived_product_is_unpublished_by_setting(self):
        self.config.unavailable_as = "unpublished"
        self.tea.product_tmpl_id.sale_ok = False
        self.run_drain()
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS),
            [[{"supplier_product_id": "T1", "is_published": False}]],
        )
