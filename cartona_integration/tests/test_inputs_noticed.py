"""Every input of prices and stock is noticed, also where no product is written."""

import psycopg2

from odoo import fields
from odoo.tools import mute_logger

from ..compat import invalidate, pack_unit_values
from .common import PRODUCTS, CartonaCase
from .order_common import OrderCase


class InputCase(CartonaCase):
    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.tea_listing = self.listing(self.tea)

    def sent(self):
        """Send what is marked. Return the values sent since the last call: dict id -> values."""
        seen = len(self.marketplace.bodies(PRODUCTS))
        self.run_drain()
        sent = {}
        for body in self.marketplace.bodies(PRODUCTS)[seen:]:
            for item in body:
                sent.setdefault(item["supplier_product_id"], {}).update(item)
        return sent


class TestInputsNoticed(InputCase):
    def test_a_moved_category_changes_the_price(self):
        Category = self.env["product.category"]
        drinks, sale = Category.create([{"name": "Drinks"}, {"name": "Sale"}])
        hot = Category.create({"name": "Hot", "parent_id": drinks.id})
        self.tea.categ_id = hot
        rules = [
            (0, 0, dict(applied_on="2_product_category", categ_id=category.id, **discount))
            for category, discount in (
                (drinks, {"compute_price": "percentage", "percent_price": 10.0}),
                (sale, {"compute_price": "percentage", "percent_price": 40.0}),
            )
        ]
        self.config.pricelist_id = self.env["product.pricelist"].create(
            {"name": "Cartona", "item_ids": rules}
        )
        self.assertEqual(self.sent()["T1"]["selling_price"], 11.25)

        hot.parent_id = sale

        self.assertEqual(self.sent()["T1"]["selling_price"], 7.5)

    def make_box(self):
        box = self.env["uom.uom"].create(pack_unit_values(self.tea.uom_id, 12.0, "Box of 12"))
        self.env["cartona.listing"].create(
            {
                "config_id": self.config.id,
                "cartona_id": "T12",
                "product_id": self.tea.id,
                "uom_id": box.id,
            }
        )
        self.set_stock(self.tea, 48)
        sent = self.sent()["T12"]
        self.assertEqual((sent["selling_price"], sent["available_stock_quantity"]), (150.0, 4))
        return box

    def shrink(self, box):
        half = pack_unit_values(self.tea.uom_id, 6.0, "Box")
        box.write({name: half[name] for name in ("relative_factor", "factor_inv") if name in half})

    def test_a_changed_unit_ratio_waits_for_a_person(self):
        box = self.make_box()
        listing = self.tea.cartona_listing_ids.filtered(lambda row: row.uom_id == box)

        self.shrink(box)

        self.assertNotIn("T12", self.sent())
        self.assertEqual((listing.state, listing.error_code), ("error", "ratio_changed"))
        self.assertIn("12 → 6", listing.error_message)
        listing.action_accept_ratio()
        sent = self.sent()["T12"]
        self.assertEqual((sent["selling_price"], sent["available_stock_quantity"]), (75.0, 8))
        self.assertEqual(listing.state, "synced")

    def test_an_expired_lot_is_not_published(self):
        if "removal_date" not in self.env["stock.quant"]._fields:
            self.skipTest("product_expiry is not installed")
        self.config.auto_sync_products = False
        self.tea.write({"tracking": "lot", "use_expiration_date": True})
        name = "stock.lot" if "stock.lot" in self.env else "stock.production.lot"
        lot = self.env[name].create(
            {"name": "L1", "product_id": self.tea.id, "company_id": self.company.id}
        )
        self.env["stock.quant"]._update_available_quantity(
            self.tea, self.warehouse.lot_stock_id, 40, lot_id=lot
        )
        self.sent()
        lot.write(
            dict.fromkeys(
                ("expiration_date", "removal_date"),
                fields.Datetime.subtract(fields.Datetime.now(), days=2),
            )
        )
        self.assertEqual(self.outbox_rows("stock"), [("stock", self.tea_listing.id)])
        self.sent()
        self.assertEqual(self.tea_listing.sent_stock, max(0, int(self.tea.free_qty)))

    def test_a_deleted_quant_is_noticed(self):
        self.set_stock(self.tea, 40)
        self.sent()
        self.env["stock.quant"].search([("product_id", "=", self.tea.id)]).sudo().unlink()
        self.assertEqual(self.sent()["T1"]["available_stock_quantity"], 0)

    def test_a_location_that_is_moved_away_is_noticed(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "usage": "internal", "location_id": self.warehouse.lot_stock_id.id}
        )
        self.env["stock.quant"]._update_available_quantity(self.tea, shelf, 7)
        self.assertEqual(self.sent()["T1"]["available_stock_quantity"], 7)
        shelf.location_id = self.warehouse.view_location_id
        self.assertEqual(self.sent()["T1"]["available_stock_quantity"], 0)

    def test_expired_goods_are_in_neither_term_of_the_stock(self):
        def quantities(products):
            for product in products:
                # 30 expired, 20 good, 15 promised and not reserved, as Odoo counts them.
                product.free_qty, product.qty_available = 20, 50
                product.outgoing_qty, product.incoming_qty = 15, 0
                product.virtual_available = 5

        self.patch(type(self.tea), "_compute_quantities", quantities)
        self.assertEqual(self.config._free_quantities(self.tea)[self.tea.id], 5)


class TestEmptySettings(InputCase):
    def setUp(self):
        super().setUp()
        self.giza = self.env["stock.warehouse"].create({"name": "Giza", "code": "GIZ"})
        self.set_stock(self.tea, 9)

    def test_an_archived_warehouse_does_not_sell_the_others(self):
        self.config.warehouse_ids = self.giza
        self.sent()
        self.assertEqual(self.tea_listing.sent_stock, 0)
        self.giza.active = False
        self.run_drain()
        self.assertEqual(self.tea_listing.sent_stock, 0)
        self.assertFalse(self.config._warehouses())
        self.assertEqual(self.config.warehouse_ids, self.giza)

    def test_chosen_records_cannot_be_deleted(self):
        pricelist = self.env["product.pricelist"].create({"name": "Cartona"})
        self.config.write({"warehouse_ids": [(6, 0, self.giza.ids)], "pricelist_id": pricelist.id})
        self.env.flush_all()
        for record in (pricelist, self.giza):
            with self.subTest(record), mute_logger("odoo.sql_db"):
                with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
                    record.unlink()
        self.assertEqual(self.config.pricelist_id, pricelist)

    def test_the_currency_follows_the_company_until_one_is_chosen(self):
        company = self.env["res.company"].create({"name": "New"})
        config = self.env["cartona.config"]._of_company(company)
        first, second = self.other_currencies(2)
        company.currency_id = first
        self.assertEqual(config.currency_id, first)
        config.currency_id = second
        company.currency_id = self.company.currency_id
        self.assertEqual(config.currency_id, second)


class TestOrdersWait(OrderCase):
    def test_orders_wait_while_every_chosen_warehouse_is_archived(self):
        giza = self.env["stock.warehouse"].create({"name": "Giza", "code": "GIZ"})
        self.config.warehouse_ids = giza
        giza.active = False
        order = self.order()
        self.assertEqual(self.refuse(order)[0], "no_warehouse")
        giza.active = True
        self.assertEqual(self.receive(order).warehouse_id, giza)


class TestProductsOfListings(InputCase):
    def make_sizes(self, *names):
        attribute = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": name}) for name in names]}
        )
        return [
            (0, 0, {"attribute_id": attribute.id, "value_ids": [(6, 0, attribute.value_ids.ids)]})
        ]

    def test_an_archived_variant_does_not_block_the_other(self):
        template = self.env["product.template"].create(
            {"name": "Juice", "attribute_line_ids": self.make_sizes("S", "L")}
        )
        small, large = template.product_variant_ids
        large.active = False
        invalidate(template, ["product_variant_ids"])
        template.cartona_id = "J1"
        self.assertEqual(self.listing(small).cartona_id, "J1")
        self.assertEqual(template.cartona_id, "J1")

    def test_a_deleted_template_unlinks_its_listing(self):
        self.sent()
        self.tea_listing.name = "Tea"
        self.tea.product_tmpl_id.unlink()
        self.assertEqual(self.tea_listing.state, "not_linked")

    def test_a_product_of_another_company_is_out_of_stock(self):
        self.set_stock(self.tea, 9)
        self.sent()
        other = self.env["res.company"].create({"name": "Other"})
        self.env.cr.execute(
            "UPDATE product_template SET company_id = %s WHERE id = %s",
            (other.id, self.tea.product_tmpl_id.id),
        )
        self.env.invalidate_all()
        self.env["cartona.change"]._mark_dirty("price", template_ids=self.tea.product_tmpl_id.ids)
        sent = self.sent()["T1"]
        self.assertEqual((sent["available_stock_quantity"], sent["in_stock"]), (0, False))
        self.assertEqual(self.tea_listing.error_code, "other_company")

    def test_moving_a_product_to_another_company_is_noticed(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.clear_outbox()
        self.tea.product_tmpl_id.company_id = other
        self.assertIn(("price", self.tea_listing.id), self.outbox_rows())

    def test_a_first_attribute_keeps_the_replaced_variant_with_a_reason(self):
        self.sent()
        # In another context than the one in which Odoo has created it with its variant.
        template = self.env["product.template"].browse(self.tea.product_tmpl_id.id)
        template.attribute_line_ids = self.make_sizes("S", "L")
        self.assertFalse(self.tea.active)
        self.assertEqual(self.sent()["T1"]["in_stock"], False)
        self.assertEqual(self.tea_listing.error_code, "variant_replaced")
        self.assertIn("archived", template.cartona_error)

    def test_an_unarchived_template_explains_its_archived_variants(self):
        template = self.tea.product_tmpl_id
        template.active = False
        self.sent()
        self.assertFalse(template.cartona_error)
        template.active = True
        self.tea.active = False
        self.sent()
        self.assertEqual(self.tea_listing.error_code, "variant_replaced")
        self.tea.active = True
        self.sent()
        self.assertEqual(self.tea_listing.state, "synced")


class TestBranches(InputCase):
    def setUp(self):
        super().setUp()
        if "parent_ids" not in self.company._fields:
            self.skipTest("companies have no branches up to 16")
        self.branch = self.env["res.company"].create({"name": "Giza", "parent_id": self.company.id})
        self.branch_config = self.env["cartona.config"]._of_company(self.branch)

    def test_a_branch_uses_the_products_and_pricelists_of_its_parent(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Cartona", "company_id": self.company.id}
        )
        self.tea.product_tmpl_id.company_id = self.company
        self.branch_config.pricelist_id = pricelist
        listing = self.env["cartona.listing"].create(
            {
                "config_id": self.branch_config.id,
                "cartona_id": "B1",
                "product_id": self.tea.id,
            }
        )
        self.assertFalse(listing._product_problem())

    def test_the_tax_of_the_parent_is_in_the_price_of_a_branch(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT 14%", "amount": 14.0, "company_id": self.company.id}
        )
        self.tea.write({"taxes_id": [(6, 0, tax.ids)], "list_price": 100.0})
        config = self.branch_config.with_company(self.branch)
        self.assertEqual(config._prices_each(self.tea.with_env(config.env)), {self.tea.id: 114.0})
        self.branch_config.auto_sync_products = True
        self.env["cartona.listing"].create(
            {
                "config_id": self.branch_config.id,
                "cartona_id": "B1",
                "product_id": self.tea.id,
            }
        )
        self.clear_outbox()
        tax.amount = 10.0
        listings = self.env["cartona.listing"].search([("product_id", "=", self.tea.id)])
        self.assertEqual({row for _kind, row in self.outbox_rows("price")}, set(listings.ids))

    def test_a_retailer_of_the_parent_is_found_for_a_branch(self):
        partner = self.env["res.partner"].create(
            {"name": "Shop", "cartona_id": "retailer_9", "company_id": self.company.id}
        )
        Partner, domain = self.env["cartona.order.importer"]._customers(self.branch_config)
        self.assertIn(partner, Partner.search(domain))
