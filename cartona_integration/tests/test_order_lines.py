"""A line keeps Cartona's unit, price and discounts, and the right goods leave the stock."""

from .order_common import RICE, TEA, OrderCase


class TestLines(OrderCase):
    def test_cartonas_id_wins_and_the_conflict_is_reported(self):
        self.listing(self.rice).internal_product_id = "SKU-R"
        change = {"supplier_product_id": "T1", "internal_product_id": "SKU-R"}

        sale = self.receive(self.order({TEA: change}))

        self.assertEqual(sale.order_line[0].product_id, self.tea)
        self.assertIn("the IDs belong to different products", self.chatter(sale))
        self.assertIn(self.rice.name, self.chatter(sale))

    def test_ids_that_agree_are_not_reported(self):
        self.listing(self.tea).write(
            {
                "internal_product_id": "SKU-T",
                "base_product_id": "71",
                "unit": "piece",
                "unit_count": 1,
            }
        )
        self.tea.default_code = "SKU-T"

        sale = self.receive(self.order({TEA: {"internal_product_id": "SKU-T"}}))

        self.assertNotIn("different products", self.chatter(sale))

    def test_the_suppliers_id_finds_the_listing(self):
        self.listing(self.rice).internal_product_id = "SKU-R"
        change = {"supplier_product_id": None, "internal_product_id": "SKU-R"}

        sale = self.receive(self.order({TEA: change}))

        self.assertEqual(sale.order_line[0].product_id, self.rice)

    def test_the_suppliers_id_finds_code_barcode_or_odoo_id(self):
        coffee = self.make_product("بن", 12.5, default_code="C-1", barcode="6221234")
        for code in ("C-1", "6221234", str(coffee.id)):
            change = {"supplier_product_id": "T404", "internal_product_id": code}
            sale = self.receive(self.order({TEA: change}, hashed_id="by-%s" % code))
            self.assertEqual(sale.order_line[0].product_id, coffee, code)

    def test_an_ambiguous_suppliers_id_finds_no_product(self):
        self.make_product("بن", 12.5, default_code="C-1")
        self.make_product("بن 2", 12.5, default_code="C-1")
        change = {"supplier_product_id": "T404", "internal_product_id": "C-1"}

        self.assertEqual(self.refuse(self.order({TEA: change}))[0], "unknown_product")

    def test_a_suppliers_numbers_are_not_taken_as_odoo_ids(self):
        coffee = self.make_product("بن", 12.5)
        # This supplier has own product numbers: rice is the supplier's 1001, not Odoo's.
        self.listing(self.rice).internal_product_id = "1001"
        change = {"supplier_product_id": "T404", "internal_product_id": str(coffee.id)}

        self.assertEqual(self.refuse(self.order({TEA: change}))[0], "unknown_product")

    def test_base_product_unit_and_size_find_the_pack(self):
        piece = {"base_product_id": "71", "unit": "piece", "unit_count": 1}
        box = dict(piece, unit="box", unit_count=24)
        self.listing(self.tea).write(piece)
        boxes = self.env["cartona.listing"].create(
            dict(
                box,
                config_id=self.config.id,
                cartona_id="T24",
                product_id=self.tea.id,
                uom_id=self.box(24).id,
            )
        )
        line = {"supplier_product_id": None, "base_product_id": 71, "unit": "box", "unit_count": 24}

        sale = self.receive(self.order({TEA: dict(line, amount=2, selling_price=240)}))

        self.assertEqual(sale.order_line[0]._cartona_uom(), boxes.uom_id)
        other = dict(line, unit_count=12)
        self.assertEqual(self.refuse(self.order({TEA: other}, hashed_id="x"))[0], "unknown_product")

    def test_a_line_in_boxes_delivers_pieces(self):
        self.set_stock(self.tea, 1000)
        self.set_stock(self.rice, 10)
        self.config.auto_confirm = True
        self.listing(self.tea).write({"uom_id": self.box(144).id, "unit": "box", "unit_count": 144})
        change = {"unit": "box", "unit_count": 144, "amount": 5, "selling_price": 200}

        sale = self.receive(self.order({TEA: change}))

        self.assertEqual(self.lines(sale)[0], ("901", self.tea, 5.0, 200.0, self.box(144)))
        move = sale.order_line[0].move_ids
        self.assertEqual((move.product_qty, move.state), (720.0, "assigned"))
        self.assertEqual(
            self.tea.with_context(location=self.warehouse.lot_stock_id.id).free_qty, 280
        )
        self.assertEqual(sale.amount_total, 1060.0)

    def test_a_manual_quantity_keeps_cartonas_price(self):
        sale = self.receive(self.order({TEA: {"selling_price": 9.99}}))

        sale.order_line[0].product_uom_qty = 3

        self.assertEqual(self.figures(sale)[0], ("901", 3.0, 9.99))
        self.assertEqual(sale.order_line[0].discount, 0.0)

    def test_an_offer_stays_two_lines(self):
        offer = {"amount": 2, "selling_price": 7}
        rest = {"id": 903, "amount": 3, "selling_price": 10}

        sale = self.receive(self.order({TEA: offer, RICE: None, 2: rest}))

        self.assertEqual(self.figures(sale), [("901", 2.0, 7.0), ("903", 3.0, 10.0)])
        self.assertEqual(sale.order_line.product_id, self.tea)
        self.assertEqual(sale.amount_total, 44.0)

    def offer(self, amount=2, rest=3, **changes):
        offer = {"amount": amount, "selling_price": 7}
        normal = {"id": 903, "amount": rest, "selling_price": 10}
        return self.order({TEA: offer, RICE: None, 2: normal}, **changes)

    def moves(self, sale):
        """Return [(product, quantity, state)] of the moves to pick."""
        moves = sale.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        return [(move.product_id, move.product_uom_qty, move.state) for move in moves]

    def delivered(self, sale):
        self.env.flush_all()
        return sale.order_line.mapped("qty_delivered")

    def test_an_offer_is_picked_as_one_move(self):
        self.set_stock(self.tea, 100)
        sale = self.receive(self.offer(status="approved"))
        self.assertEqual(self.moves(sale), [(self.tea, 5.0, "assigned")])
        self.assertEqual(self.delivered(sale), [0.0, 0.0])

        self.deliver(sale)

        self.assertEqual(self.delivered(sale), [2.0, 3.0])
        self.assertEqual(sale.order_line.mapped("qty_to_invoice"), [2.0, 3.0])
        self.assertEqual(sale._create_invoices().amount_total, 44.0)

    def test_a_short_delivery_fills_offer_lines_in_order(self):
        self.set_stock(self.tea, 4)
        sale = self.receive(self.offer(status="approved"))

        move = sale.picking_ids.move_ids
        if "quantity" in move._fields:
            move.write({"quantity": 4, "picked": True})
        else:
            move.quantity_done = 4
        sale.picking_ids.with_context(
            skip_backorder=True, picking_ids_not_to_backorder=sale.picking_ids.ids
        ).button_validate()

        self.assertEqual(self.delivered(sale), [2.0, 2.0])

    def test_an_offer_follows_a_change_of_either_line(self):
        self.set_stock(self.tea, 100)
        sale = self.receive(self.offer(status="approved"))

        self.receive(self.offer(rest=6, status="approved"))
        self.assertEqual(self.moves(sale), [(self.tea, 8.0, "assigned")])

        self.receive(self.offer(amount=1, rest=1, status="approved"))
        self.assertEqual(self.moves(sale), [(self.tea, 2.0, "assigned")])

        self.receive(self.offer(amount=0, rest=1, status="approved"))
        self.assertEqual(self.moves(sale), [(self.tea, 1.0, "assigned")])

    def test_a_return_reduces_the_last_offer_line(self):
        self.set_stock(self.tea, 100)
        sale = self.receive(self.offer(status="approved"))
        self.deliver(sale)
        move = sale.picking_ids.move_ids

        back = move.copy(
            {
                "product_uom_qty": 2,
                "location_id": move.location_dest_id.id,
                "location_dest_id": move.location_id.id,
                "origin_returned_move_id": move.id,
                "to_refund": True,
                "picking_id": False,
            }
        )
        back._action_confirm()
        back._action_assign()
        if "quantity" in back._fields:
            back.write({"quantity": 2, "picked": True})
        else:
            back.quantity_done = 2
        back._action_done()

        self.assertEqual(self.delivered(sale), [2.0, 1.0])

    def test_repeated_products_on_other_orders_stay_unchanged(self):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [
                    (0, 0, {"product_id": self.tea.id, "product_uom_qty": quantity})
                    for quantity in (2, 3)
                ],
            }
        )
        sale.action_confirm()

        self.assertEqual(sorted(quantity for _p, quantity, _s in self.moves(sale)), [2.0, 3.0])

    def test_both_discounts_are_stored_with_their_payer(self):
        offer = {
            "amount": 2,
            "selling_price": 7,
            "applied_cartona_discount": 1,
            "applied_supplier_discount": 2,
        }

        sale = self.receive(self.order({TEA: offer, RICE: None}))

        self.assertRecordValues(
            sale.order_line, [{"cartona_discount": 1.0, "cartona_supplier_discount": 2.0}]
        )
        self.assertEqual(sale.cartona_owed_by_cartona, 2.0)
        self.assertEqual(sale.cartona_our_discount, 4.0)
        self.assertEqual(sale.amount_total, 14.0)

    def test_a_part_of_a_kilogram_is_kept_exactly(self):
        cheese = self.make_product(
            "جبنة رومي", 180.0, uom_id=self.env.ref("uom.product_uom_kgm").id
        )
        cheese.cartona_id = "K1"
        change = {
            "supplier_product_id": "K1",
            "unit": "kg",
            "amount": 2.25,
            "selling_price": 180,
        }

        sale = self.receive(self.order({TEA: change, RICE: None}))

        self.assertEqual(self.figures(sale), [("901", 2.25, 180.0)])
        self.assertEqual(sale.amount_total, 405.0)

    def test_amounts_of_zero_or_below_are_shown_and_not_sold(self):
        raw = self.order({TEA: {"amount": 0}, 2: {"id": 903, "amount": -2}})

        sale = self.receive(raw)

        self.assertEqual(self.figures(sale), [("902", 2.0, 30.0)])
        self.assertEqual(sale.amount_total, 60.0)
        self.assertIn("Removed, not sold", self.chatter(sale))
        self.assertIn("شاي العروسة 40 جم: -2", self.chatter(sale))
