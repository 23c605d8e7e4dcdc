"""Kits and manufactured goods: the stock consists of other products than those sold.

They need Manufacturing: `make test` runs this file on a database that has it.
"""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form

from .common import PRODUCTS
from .order_common import RICE, OrderCase


class TestKits(OrderCase):
    """`basket`, linked as "B1", consists of two `cup`, linked as "C1", and one `rice`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "mrp.bom" not in cls.env:
            cls.skipTest(cls, "kits need mrp")
        cls.cup = cls.make_product("كوب", 5.0)
        cls.basket = cls.make_product("سلة هدايا", 60.0)
        cls.cup.cartona_id, cls.basket.cartona_id = "C1", "B1"
        cls.make_kit(cls.basket, {cls.cup: 2, cls.rice: 1})
        cls.config.auto_sync_products = False

    @classmethod
    def make_kit(cls, product, parts, **values):
        return cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": part.id, "product_qty": quantity})
                    for part, quantity in parts.items()
                ],
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        self.marketplace.answer_always("POST", PRODUCTS, {})
        self.set_stock(self.cup, 7)
        self.set_stock(self.rice, 10)
        self.listing(self.tea + self.cup + self.rice + self.basket)._mark_dirty()
        self.before = self.sent_stock()

    def sent_stock(self):
        """Return the quantities sent since the last call: dict Cartona id -> quantity."""
        self.marketplace.calls.clear()
        self.run_drain()
        return {
            item["supplier_product_id"]: item["available_stock_quantity"]
            for body in self.marketplace.bodies(PRODUCTS)
            for item in body
        }

    def test_the_scarcest_part_limits_the_kit(self):
        self.assertEqual(self.before, {"T1": 0, "C1": 7, "R1": 10, "B1": 3})

    def test_counting_a_part_changes_the_kit(self):
        self.set_stock(self.cup, 20)
        self.assertEqual(self.sent_stock(), {"C1": 20, "B1": 10})

    def test_unreserved_demand_for_a_part_reduces_the_kit(self):
        """Odoo's quantity of the kit subtracts the least demand from the least quantity."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [
                    Command.create({"product_id": self.cup.id, "product_uom_qty": 6}),
                ],
            }
        )
        order.action_confirm()
        order.picking_ids.do_unreserve()
        self.assertEqual(self.sent_stock(), {"C1": 1, "B1": 0})

    def test_a_waiting_order_for_a_kit_reserves_its_parts(self):
        line = {"supplier_product_id": "B1", "amount": 2, "selling_price": 60.0}
        sale = self.receive(self.order({0: line, RICE: None}))
        self.assertEqual(sale.state, "draft")
        self.assertEqual(self.sent_stock(), {"C1": 3, "R1": 8, "B1": 1})

        sale._action_cancel()
        self.assertEqual(self.sent_stock(), {"C1": 7, "R1": 10, "B1": 3})

    def test_a_waiting_order_for_a_part_reduces_the_kits(self):
        line = {"supplier_product_id": "C1", "amount": 4, "selling_price": 5.0}
        self.receive(self.order({0: line, RICE: None}))
        self.assertEqual(self.sent_stock(), {"C1": 3, "B1": 1})

    def test_nested_kits_and_bills_for_a_dozen_are_supported(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.make_kit(self.tea, {self.basket: 24}, product_qty=2, product_uom_id=dozen.id)
        self.set_stock(self.cup, 9)
        # One basket each: 24 baskets for two dozen.
        self.assertEqual(self.sent_stock(), {"C1": 9, "B1": 4, "T1": 4})

    def stop_counting(self, product):
        """Make the product non-storable, if this Odoo allows it."""
        template = product.product_tmpl_id
        values = {"is_storable": False}
        if "is_storable" not in template._fields:
            values = {"detailed_type": "consu"}
        try:
            with self.env.cr.savepoint():
                template.write(values)
        except UserError as error:
            self.skipTest("this Odoo refuses that of a product that was used: %s" % error)

    def test_an_uncounted_kit_is_published_by_its_parts(self):
        self.stop_counting(self.basket)
        self.set_stock(self.cup, 12)
        self.assertEqual(self.sent_stock(), {"C1": 12, "B1": 6})

    def test_editing_a_bill_changes_the_kit(self):
        [bill] = self.basket.bom_ids
        cups = bill.bom_line_ids.filtered(lambda line: line.product_id == self.cup)
        cups.product_qty = 3
        self.assertEqual(self.sent_stock(), {"B1": 2})
        bill.bom_line_ids = [Command.delete(cups.id)]
        self.assertEqual(self.sent_stock(), {"B1": 10})
        bill.write({"bom_line_ids": [Command.create({"product_id": self.cup.id})]})
        self.assertEqual(self.sent_stock(), {"B1": 7})
        bill.product_qty = 2
        self.assertEqual(self.sent_stock(), {"B1": 14})

    def test_a_kit_without_an_active_bill_uses_its_stock(self):
        [bill] = self.basket.bom_ids
        bill.active = False
        self.assertEqual(self.sent_stock(), {"B1": 0})
        bill.active = True
        self.assertEqual(self.sent_stock(), {"B1": 3})
        bill.type = "normal"
        self.assertEqual(self.sent_stock(), {"B1": 0})
        bill.type = "phantom"
        self.assertEqual(self.sent_stock(), {"B1": 3})
        bill.unlink()
        self.assertEqual(self.sent_stock(), {"B1": 0})

    def test_editing_a_bill_changes_nested_kits_and_reservations(self):
        self.make_kit(self.tea, {self.basket: 1})
        self.assertEqual(self.sent_stock(), {"T1": 3})
        line = {"supplier_product_id": "T1", "amount": 2, "selling_price": 60.0}
        self.receive(self.order({0: line, RICE: None}))
        self.assertEqual(self.sent_stock(), {"C1": 3, "R1": 8, "B1": 1, "T1": 1})

        cups = self.basket.bom_ids.bom_line_ids.filtered(lambda row: row.product_id == self.cup)
        cups.product_qty = 1

        self.assertEqual(self.sent_stock(), {"C1": 5, "B1": 5, "T1": 5})

    def test_an_uncounted_part_does_not_limit_the_kit(self):
        self.stop_counting(self.cup)
        self.assertEqual(self.sent_stock(), {"B1": 10})

    def test_manufactured_goods_are_published(self):
        self.make_kit(self.tea, {self.rice: 1}, type="normal")
        # With the form: up to 15 only the form finds the bill of materials.
        form = Form(self.env["mrp.production"])
        form.product_id = self.tea
        form.product_qty = 4
        order = form.save()
        order.action_confirm()
        # Reserved for the order before anything is produced.
        self.assertEqual(self.sent_stock().get("R1"), 6)
        order.qty_producing = 4
        order._set_qty_producing()
        if "picked" in order.move_raw_ids._fields:
            order.move_raw_ids.picked = True
        order.button_mark_done()
        self.assertEqual(order.state, "done")
        self.assertEqual(self.sent_stock(), {"T1": 4})

    def test_a_bundle_explodes_in_the_delivery_and_stays_one_line(self):
        line = {"supplier_product_id": "B1", "amount": 4, "selling_price": 60.0}
        sale = self.receive(self.order({0: line, RICE: None}, status="approved"))
        self.assertEqual(
            [(row.product_id, row.product_uom_qty) for row in sale.order_line], [(self.basket, 4)]
        )
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in sale.picking_ids.move_ids},
            {self.cup: 8.0, self.rice: 4.0},
        )
