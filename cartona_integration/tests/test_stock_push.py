"""Stock is sent as free quantity in whole units, never below zero."""

from ..compat import storable_values
from .common import PRODUCTS, CartonaCase


class TestStockPush(CartonaCase):
    def setUp(self):
        super().setUp()
        self.config.auto_sync_products = False
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.listing(self.tea)._mark_dirty()
        self.run_drain()
        self.clear_outbox()
        self.marketplace.calls.clear()

    def push(self):
        """Return the quantities sent since the last call: dict id -> quantity."""
        seen = len(self.marketplace.bodies(PRODUCTS))
        self.run_drain()
        return {
            item["supplier_product_id"]: item.get("available_stock_quantity")
            for body in self.marketplace.bodies(PRODUCTS)[seen:]
            for item in body
        }

    def shop_order(self, quantity):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": quantity})],
            }
        )
        order.action_confirm()
        return order

    def test_counted_stock_is_published(self):
        self.set_stock(self.tea, 40)
        self.assertEqual(self.push(), {"T1": 40})
        self.assertEqual(self.listing(self.tea).sent_stock, 40)

    def test_a_reserved_quantity_is_not_published(self):
        self.set_stock(self.tea, 40)
        self.push()
        order = self.shop_order(3)
        self.assertEqual(self.push(), {"T1": 37})
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(self.push(), {"T1": 40})

    def test_demand_beyond_the_stock_publishes_zero(self):
        self.set_stock(self.tea, 5)
        self.push()
        self.shop_order(8)
        self.assertEqual(self.push(), {"T1": 0})

    def test_unreserved_demand_counts_like_reserved_demand(self):
        self.set_stock(self.tea, 10)
        self.push()
        order = self.shop_order(4)
        order.picking_ids.do_unreserve()
        self.assertEqual(self.push(), {"T1": 6})

    def test_a_negative_quantity_is_published_as_zero(self):
        self.set_stock(self.tea, 1)
        self.push()
        self.env["stock.quant"]._update_available_quantity(
            self.tea, self.warehouse.lot_stock_id, -4
        )
        self.assertEqual(self.push(), {"T1": 0})

    def test_a_piece_and_a_box_share_one_stock(self):
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
        self.set_stock(self.tea, 300)
        self.assertEqual(self.push(), {"T1": 300, "T24": 12})
        self.set_stock(self.tea, 287)
        self.assertEqual(self.push(), {"T1": 287, "T24": 11})

    def test_a_unit_is_made_once_per_size(self):
        listing = self.env["cartona.listing"]
        first = listing._pack_unit(self.tea.uom_id, 144, "box")
        again = listing._pack_unit(self.rice.uom_id, 144, "box")
        self.assertEqual(first, again)
        self.assertEqual(first.name, "Box of 144")
        dozen = self.env.ref("uom.product_uom_dozen")
        dozen.active = True
        self.assertEqual(listing._pack_unit(self.tea.uom_id, 12, "dozen"), dozen)

    def test_the_stock_buffer_is_subtracted(self):
        self.set_stock(self.tea, 40)
        self.push()
        self.config.stock_buffer = 15
        self.assertEqual(self.push(), {"T1": 25})

    def test_only_the_chosen_warehouses_count(self):
        self.set_stock(self.tea, 40)
        giza = self.env["stock.warehouse"].create({"name": "Giza", "code": "GIZ"})
        self.env["stock.quant"]._update_available_quantity(self.tea, giza.lot_stock_id, 7)
        self.assertEqual(self.push(), {"T1": 47})
        self.config.warehouse_ids = giza
        self.assertEqual(self.push(), {"T1": 7})

    def test_a_product_that_odoo_does_not_count_sends_no_quantity(self):
        service = self.env["product.product"].create(
            dict(self.service_values(), name="توصيل", cartona_id="S1")
        )
        self.run_drain()
        self.assertEqual(self.marketplace.bodies(PRODUCTS), [])
        self.assertEqual(service.cartona_sync_state, "synced")

    def test_an_unlimited_product_sends_no_quantity(self):
        self.tea.product_tmpl_id.cartona_is_unlimited_stock = True
        self.run_drain()
        self.set_stock(self.tea, 7)
        self.run_drain()
        self.tea.product_tmpl_id.cartona_is_unlimited_stock = False
        self.run_drain()
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS),
            [
                [{"supplier_product_id": "T1", "is_unlimited_stock": True}],
                [
                    {
                        "supplier_product_id": "T1",
                        "is_unlimited_stock": False,
                        "available_stock_quantity": 7,
                    }
                ],
            ],
        )

    def test_an_unlimited_product_stays_so_while_no_stock_is_sent(self):
        self.config.auto_sync_products = True
        self.set_stock(self.tea, 7)
        self.tea.product_tmpl_id.cartona_is_unlimited_stock = True
        self.run_drain()
        self.marketplace.calls.clear()

        self.config.auto_sync_stock = False
        self.tea.list_price = 13.0
        self.run_drain()
        self.tea.product_tmpl_id.cartona_is_unlimited_stock = False
        self.tea.list_price = 14.0
        self.run_drain()
        self.config.auto_sync_stock = True
        self.run_drain()

        back = {"is_unlimited_stock": False, "available_stock_quantity": 7}
        self.assertEqual(
            self.marketplace.bodies(PRODUCTS),
            [
                [{"supplier_product_id": "T1", "selling_price": 13.0}],
                [{"supplier_product_id": "T1", "selling_price": 14.0}],
                [dict(back, supplier_product_id="T1")],
            ],
        )

    def test_goods_in_a_cartona_quotation_are_not_published(self):
        self.set_stock(self.tea, 40)
        self.push()
        order = self.env["sale.order"].create(
            {
                "cartona_id": "h1",
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 6})],
            }
        )
        self.assertEqual(self.push(), {"T1": 34})
        order.action_confirm()
        # Cartona may have subtracted the order: the same quantity is sent once more.
        self.assertEqual(self.push(), {"T1": 34})
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(self.push(), {"T1": 40})

    def test_a_product_removed_from_a_quotation_is_published_again(self):
        self.rice.cartona_id = "R1"
        self.set_stock(self.tea, 40)
        self.set_stock(self.rice, 20)
        order = self.env["sale.order"].create(
            {
                "cartona_id": "h1",
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 6})],
            }
        )
        self.assertEqual(self.push(), {"T1": 34, "R1": 20})

        order.order_line.product_id = self.rice

        self.assertEqual(self.push(), {"T1": 40, "R1": 14})

    def test_a_product_that_becomes_counted_is_published(self):
        service = self.env["product.product"].create(
            dict(self.service_values(), name="توصيل", cartona_id="S1")
        )
        self.assertEqual(self.push(), {})
        service.product_tmpl_id.write(storable_values(self.env))
        self.assertEqual(self.push(), {"S1": 0})

    def test_a_new_counted_product_starts_at_zero(self):
        self.env["product.product"].create(
            dict(storable_values(self.env), name="سكر", cartona_id="S2")
        )
        self.assertEqual(self.push(), {"S2": 0})
