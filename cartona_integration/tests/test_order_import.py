"""A new order of Cartona becomes exactly one sale order, whole, or says why not."""

from datetime import datetime

import psycopg2

from odoo.tools import mute_logger

from ..compat import is_confirmed
from .order_common import RICE, TEA, OrderCase


class TestNewOrder(OrderCase):
    def test_a_new_pending_order_becomes_one_quotation(self):
        sale = self.receive()

        self.assertRecordValues(
            sale,
            [
                {
                    "state": "draft",
                    "cartona_id": "k3Jd82",
                    "cartona_number": "4711",
                    "cartona_status": "pending",
                    "cartona_delivered_by": "delivered_by_supplier",
                    "cartona_sync_state": "synced",
                    "cartona_route": "R-7",
                    "client_order_ref": "4711",
                    "origin": "Cartona 4711",
                    "amount_total": 110.0,
                    "validity_date": False,
                    "user_id": self.seller.id,
                    "team_id": self.team.id,
                    "warehouse_id": self.warehouse.id,
                    "company_id": self.company.id,
                }
            ],
        )
        unit = self.env.ref("uom.product_uom_unit")
        self.assertEqual(
            self.lines(sale),
            [("901", self.tea, 4.0, 12.5, unit), ("902", self.rice, 2.0, 30.0, unit)],
        )
        self.assertEqual(sale.order_line.mapped("discount"), [0.0, 0.0])
        self.assertIn("اتصل قبل الوصول", self.notes(sale))
        self.assertEqual(self.tasks(sale), [])
        self.assertFalse(sale.picking_ids)

    def test_nobody_is_mailed_and_the_retailer_does_not_follow(self):
        mails = self.env["mail.mail"].search_count([])
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        sale = self.receive(self.order(retailer={"retailer_email": "shop@example.com"}))

        self.assertTrue(is_confirmed(sale))
        self.assertEqual(sale.partner_id.email, "shop@example.com")
        self.assertNotIn(sale.partner_id, sale.message_partner_ids)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertFalse(sale.message_ids.notified_partner_ids)

    def test_the_retailer_does_not_follow_when_a_clerk_confirms(self):
        sale = self.receive()

        sale.with_user(self.env.ref("base.user_admin")).action_confirm()

        self.assertNotIn(sale.partner_id, sale.message_partner_ids)

    def test_times_are_utc_and_a_day_is_the_same_day_everywhere(self):
        sale = self.receive(
            self.order(
                created_at="2026-03-01T23:30:00+02:00",
                retailer_preferred_delivery_date="2026-07-05",
            )
        )

        # 23:30 in Cairo is 21:30 in UTC; noon of a summer day in Cairo is 9:00.
        self.assertEqual(sale.date_order, datetime(2026, 3, 1, 21, 30))
        self.assertEqual(sale.cartona_created_at, datetime(2026, 3, 1, 21, 30))
        self.assertEqual(sale.commitment_date, datetime(2026, 7, 5, 9, 0))

    def test_the_day_of_delivery_counts_more_than_the_one_wished_for(self):
        sale = self.receive(
            self.order(
                delivery_day="2026-01-07",
                estimated_delivery_day="2026-01-08",
                retailer_preferred_delivery_date="2026-01-09",
            )
        )

        self.assertEqual(sale.commitment_date, datetime(2026, 1, 7, 10, 0))

    def test_an_order_needs_neither_number_nor_dates_nor_note(self):
        for absent in (None, ""):
            raw = self.order(
                hashed_id="bare%s" % absent,
                receipt_id=absent,
                created_at=absent,
                note_message=absent,
                retailer_preferred_delivery_date=absent,
                distribution_route_code=absent,
                retailer={"retailer_number2": absent, "address_notes": absent},
            )
            sale = self.receive(raw)
            self.assertRecordValues(
                sale,
                [
                    {
                        "cartona_number": False,
                        "client_order_ref": False,
                        "origin": "Cartona %s" % raw["hashed_id"],
                        "commitment_date": False,
                        "amount_total": 110.0,
                    }
                ],
            )
        raw = self.order(hashed_id="barer")
        for name in ("receipt_id", "created_at", "note_message", "delivery_day"):
            del raw[name]
        del raw["retailer"]["retailer_number2"]
        self.assertEqual(self.receive(raw).amount_total, 110.0)

    def test_without_a_salesperson_in_the_settings_it_is_nobody_s_not_odoobot_s(self):
        self.config.user_id = False

        sale = self.receive()

        self.assertFalse(sale.user_id)

    def test_a_comment_on_a_line_stands_on_the_line(self):
        sale = self.receive(self.order({TEA: {"comment": "أخضر فقط"}}))

        self.assertEqual(sale.order_line[0].name.split("\n")[-1], "أخضر فقط")
        self.assertIn(self.tea.name, sale.order_line[0].name)
        self.assertNotIn("أخضر", sale.order_line[1].name)

    def test_collected_by_cartona_shows_when_and_with_which_code(self):
        sale = self.receive(
            self.order(
                delivered_by="delivered_by_cartona",
                pickup_date="2026-03-04T08:00:00Z",
                pickup_otp="8841",
            )
        )

        self.assertEqual(sale.cartona_delivered_by, "delivered_by_cartona")
        self.assertEqual(sale.cartona_pickup_date, datetime(2026, 3, 4, 8, 0))
        self.assertEqual(sale.cartona_pickup_otp, "8841")
        self.assertNotIn("8841", self.notes(sale))
        self.assertNotIn("8841", sale.cartona_told)

    def test_the_code_for_the_pickup_is_only_for_who_handles_stock(self):
        sale = self.receive(self.order(pickup_otp="8841"))
        group = self.env.ref("stock.group_stock_user")

        self.assertFalse(self.seller.has_group("stock.group_stock_user"))
        self.assertNotIn(
            "cartona_pickup_otp", sale.with_user(self.seller).fields_get(["cartona_pickup_otp"])
        )
        self.assertEqual(sale._fields["cartona_pickup_otp"].groups, "stock.group_stock_user")
        self.assertTrue(group)

    def test_the_company_of_the_configuration_gets_the_order(self):
        company = self.env["res.company"].create({"name": "Wholesale"})
        config = self.env["cartona.config"]._of_company(company)
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        if not warehouse:
            warehouse = self.env["stock.warehouse"].create(
                {"name": "Wholesale", "code": "WS", "company_id": company.id}
            )
        team = self.env["crm.team"].create({"name": "Wholesale", "company_id": company.id})
        config.write({"team_id": team.id, "user_id": False, "warehouse_ids": [(6, 0, warehouse.ids)]})
        for product, cartona_id in ((self.tea, "T1"), (self.rice, "R1")):
            self.env["cartona.listing"]._link(config, product, cartona_id)

        here, there = self.receive(), self.receive(config=config)

        self.assertEqual(here.company_id, self.company)
        self.assertRecordValues(
            there,
            [{"company_id": company.id, "warehouse_id": warehouse.id, "team_id": team.id}],
        )
        # The same retailer is a customer of each company.
        self.assertEqual(here.partner_id.company_id, self.company)
        self.assertEqual(there.partner_id.company_id, company)
        self.assertEqual(there.partner_id.cartona_id, here.partner_id.cartona_id)


class TestExactlyOnce(OrderCase):
    def test_the_same_order_again_changes_nothing(self):
        sale = self.receive()
        before = self.trace(sale)

        again = self.receive()

        self.assertEqual(again, sale)
        self.assertEqual(self.trace(sale), before)
        self.assertEqual(self.env["sale.order"].search_count([("cartona_id", "=", "k3Jd82")]), 1)

    def test_an_order_made_by_somebody_else_meanwhile_is_not_made_twice(self):
        sale = self.receive()
        importer = type(self.env["cartona.order.importer"])
        # What the other one has committed is not seen by a transaction that began before.
        self.patch(importer, "_plans", lambda self, config, orders: [_blind(self, orders[0])])

        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.receive_all([self.order()])

        self.assertEqual(self.env["sale.order"].search([("cartona_id", "=", "k3Jd82")]), sale)

    def test_one_bad_order_does_not_hold_up_the_others(self):
        good, bad, fine = self.receive_all(
            [
                self.order(hashed_id="a1"),
                self.order({TEA: {"supplier_product_id": "GONE"}}, hashed_id="b2"),
                self.order(hashed_id="c3"),
            ]
        )

        self.assertEqual((good.error_code, fine.error_code), (None, None))
        self.assertEqual((good.order.cartona_id, fine.order.cartona_id), ("a1", "c3"))
        self.assertEqual(bad.error_code, "unknown_product")
        self.assertFalse(bad.order)
        self.assertEqual(self.env["sale.order"].search_count([("cartona_id", "=", "b2")]), 0)


class TestWhatWaits(OrderCase):
    def test_an_unknown_product_is_named_with_its_ids(self):
        change = {
            "supplier_product_id": "GONE",
            "internal_product_id": "SKU-9",
            "base_product_id": 999,
            "product_name": "جبنة",
        }

        code, detail = self.refuse(self.order({TEA: change}))

        self.assertEqual(code, "unknown_product")
        for word in ("جبنة", "GONE", "SKU-9", "999"):
            self.assertIn(word, detail)
        self.assertNotIn("R1", detail)

    def test_an_unknown_product_comes_in_once_it_is_linked(self):
        raw = self.order({TEA: {"supplier_product_id": "T9"}})
        self.refuse(raw)
        coffee = self.make_product("بن", 12.5)
        coffee.cartona_id = "T9"

        sale = self.receive(raw)

        self.assertEqual(sale.order_line[0].product_id, coffee)

    def test_an_archived_product_and_one_not_for_sale_wait(self):
        self.tea.active = False
        self.assertEqual(self.refuse(self.order())[0], "product_unavailable")

        self.tea.active = True
        self.rice.sale_ok = False
        code, detail = self.refuse(self.order())

        self.assertEqual(code, "product_unavailable")
        self.assertIn("R1", detail)
        self.assertNotIn("T1", detail)

    def test_another_pack_size_than_the_linked_one_waits(self):
        self.listing(self.tea).write({"unit": "box", "unit_count": 24})

        code, detail = self.refuse(self.order({TEA: {"unit": "box", "unit_count": 12}}))

        self.assertEqual(code, "unit_mismatch")
        self.assertIn("T1", detail)

    def test_a_part_of_a_box_waits(self):
        change = {"unit": "box", "amount": 1.5}

        self.assertEqual(self.refuse(self.order({TEA: change}))[0], "fractional_amount")

    def test_an_order_with_nothing_to_sell_waits(self):
        raw = self.order({TEA: {"amount": 0}, RICE: {"amount": -1}}, total_price=0)

        self.assertEqual(self.refuse(raw)[0], "empty_order")

    def test_lines_that_do_not_add_up_wait_with_both_figures(self):
        code, detail = self.refuse(self.order(total_price=110.02))

        self.assertEqual(code, "total_mismatch")
        self.assertIn("110.00", detail)
        self.assertIn("110.02", detail)

    def test_a_cent_more_or_less_does_not_make_an_order_wait(self):
        self.assertEqual(self.receive(self.order(total_price=110.01)).amount_total, 110.0)
        sale = self.receive(self.order(hashed_id="less", total_price=109.99))
        self.assertEqual(sale.amount_total, 110.0)

    def test_what_odoo_would_round_waits(self):
        self.listing(self.tea).write({"unit": "kg", "unit_count": 0})

        code, _detail = self.refuse(self.order({TEA: {"unit": "kg", "amount": 0.1235}}))

        self.assertEqual(code, "precision")

    def test_every_reason_has_its_sentence(self):
        reasons = self.env["cartona.reasons"]
        for code in (
            "empty_order",
            "fractional_amount",
            "no_pricelist",
            "precision",
            "product_unavailable",
            "total_mismatch",
            "unit_family",
            "unit_mismatch",
            "unknown_product",
        ):
            self.assertNotIn(code, reasons._explain(code, ""), "has no sentence")


class TestLines(OrderCase):
    def test_the_marketplace_s_own_id_wins_and_the_clash_is_reported(self):
        self.listing(self.rice).internal_product_id = "SKU-R"
        change = {"supplier_product_id": "T1", "internal_product_id": "SKU-R"}

        sale = self.receive(self.order({TEA: change}))

        self.assertEqual(sale.order_line[0].product_id, self.tea)
        self.assertIn("its ids belong to different products", self.notes(sale))
        self.assertIn(self.rice.name, self.notes(sale))

    def test_ids_that_agree_are_not_reported(self):
        self.listing(self.tea).write(
            {"internal_product_id": "SKU-T", "base_product_id": "71", "unit": "piece", "unit_count": 1}
        )
        self.tea.default_code = "SKU-T"

        sale = self.receive(self.order({TEA: {"internal_product_id": "SKU-T"}}))

        self.assertNotIn("different products", self.notes(sale))

    def test_the_supplier_s_id_finds_the_listing(self):
        self.listing(self.rice).internal_product_id = "SKU-R"
        change = {"supplier_product_id": None, "internal_product_id": "SKU-R"}

        sale = self.receive(self.order({TEA: change}))

        self.assertEqual(sale.order_line[0].product_id, self.rice)

    def test_the_supplier_s_id_finds_code_barcode_or_odoo_s_id(self):
        coffee = self.make_product("بن", 12.5, default_code="C-1", barcode="6221234")
        for code in ("C-1", "6221234", str(coffee.id)):
            change = {"supplier_product_id": "T404", "internal_product_id": code}
            sale = self.receive(self.order({TEA: change}, hashed_id="by-%s" % code))
            self.assertEqual(sale.order_line[0].product_id, coffee, code)

    def test_a_supplier_s_id_that_could_mean_two_products_means_none(self):
        self.make_product("بن", 12.5, default_code="C-1")
        self.make_product("بن 2", 12.5, default_code="C-1")
        change = {"supplier_product_id": "T404", "internal_product_id": "C-1"}

        self.assertEqual(self.refuse(self.order({TEA: change}))[0], "unknown_product")

    def test_a_supplier_s_own_numbers_are_not_taken_for_odoo_s(self):
        coffee = self.make_product("بن", 12.5)
        # This supplier numbers his products himself: rice is his 1001, not Odoo's.
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

    def test_boxes_stay_boxes_and_pieces_leave_the_stock(self):
        self.set_stock(self.tea, 1000)
        self.set_stock(self.rice, 10)
        self.config.auto_confirm = True
        self.listing(self.tea).write(
            {"uom_id": self.box(144).id, "unit": "box", "unit_count": 144}
        )
        change = {"unit": "box", "unit_count": 144, "amount": 5, "selling_price": 200}

        sale = self.receive(self.order({TEA: change}))

        self.assertEqual(
            self.lines(sale)[0], ("901", self.tea, 5.0, 200.0, self.box(144))
        )
        move = sale.order_line[0].move_ids
        self.assertEqual((move.product_qty, move.state), (720.0, "assigned"))
        self.assertEqual(self.tea.with_context(location=self.warehouse.lot_stock_id.id).free_qty, 280)
        self.assertEqual(sale.amount_total, 1060.0)

    def test_a_later_change_of_quantity_by_hand_keeps_cartona_s_price(self):
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

    def test_both_discounts_are_kept_and_each_side_knows_what_it_owes(self):
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
        cheese = self.make_product("جبنة رومي", 180.0, uom_id=self.env.ref("uom.product_uom_kgm").id)
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
        self.assertIn("Removed, not sold", self.notes(sale))
        self.assertIn("شاي العروسة 40 جم: -2", self.notes(sale))

    def test_a_bundle_explodes_in_the_delivery_and_stays_one_line(self):
        if "mrp.bom" not in self.env:
            self.skipTest("kits need mrp")
        cup = self.make_product("كوب", 5.0)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": self.tea.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    (0, 0, {"product_id": cup.id, "product_qty": 2}),
                    (0, 0, {"product_id": self.rice.id, "product_qty": 1}),
                ],
            }
        )

        sale = self.receive(self.order({RICE: None}, status="approved"))

        self.assertEqual(self.figures(sale), [("901", 4.0, 12.5)])
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in sale.picking_ids.move_ids},
            {cup: 8.0, self.rice: 4.0},
        )


class TestConfirmation(OrderCase):
    def test_in_stock_it_is_confirmed_without_a_hand(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 4)
        self.set_stock(self.rice, 2)

        sale = self.receive()

        self.assertTrue(is_confirmed(sale))
        self.assertEqual(set(sale.picking_ids.move_ids.mapped("state")), {"assigned"})
        # What Cartona is known to have is still what it said.
        self.assertEqual(sale.cartona_status, "pending")

    def test_short_of_stock_it_waits_and_says_what_is_missing(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 3)
        self.set_stock(self.rice, 2)

        sale = self.receive()

        self.assertEqual(sale.state, "draft")
        self.assertIn("4 needed, 3 free", self.notes(sale))
        self.assertNotIn("2 needed", self.notes(sale))

    def test_two_orders_do_not_get_the_same_stock(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 5)
        self.set_stock(self.rice, 100)

        first, second = (
            outcome.order
            for outcome in self.receive_all(
                [self.order(hashed_id="a1"), self.order(hashed_id="b2")]
            )
        )

        self.assertEqual((first.state, second.state), ("sale", "draft"))
        self.assertIn("4 needed, 1 free", self.notes(second))

    def test_without_the_setting_it_waits_for_a_clerk(self):
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        self.assertEqual(self.receive().state, "draft")

    def test_an_order_that_is_being_edited_waits(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        sale = self.receive(self.order(status="editing"))

        self.assertEqual((sale.state, sale.cartona_status), ("draft", "editing"))

    def test_first_seen_as_approved_or_shipped_it_is_confirmed_and_reserved(self):
        self.set_stock(self.tea, 100)
        self.set_stock(self.rice, 1)
        for status in ("approved", "assigned_to_salesman"):
            sale = self.receive(self.order(hashed_id=status, status=status))
            self.assertTrue(is_confirmed(sale), status)
            self.assertEqual(sale.cartona_status, status)
            self.assertEqual(sale.order_line[0].move_ids.state, "assigned")
            self.assertEqual(self.tasks(sale), [])

    def test_first_seen_as_delivered_it_is_confirmed_and_somebody_completes_it(self):
        sale = self.receive(self.order(status="delivered"))

        self.assertTrue(is_confirmed(sale))
        self.assertEqual(sale.cartona_status, "delivered")
        [(task, user)] = self.tasks(sale)
        self.assertIn("complete the delivery", task)
        self.assertEqual(user, self.config._responsible())

    def test_first_seen_as_cancelled_it_is_kept_for_the_record_only(self):
        for status in ("cancelled_by_retailer", "cancelled", "returned"):
            sale = self.receive(
                self.order(hashed_id=status, status=status, cancellation_reason="too_late")
            )
            self.assertEqual(sale.state, "cancel", status)
            self.assertFalse(sale.picking_ids)
            self.assertIn("too_late", self.notes(sale))

    def test_a_cancelled_order_of_an_unknown_product_bothers_nobody(self):
        raw = self.order({TEA: {"supplier_product_id": "GONE"}}, status="cancelled_by_retailer")

        [outcome] = self.receive_all([raw])

        self.assertFalse(outcome.error_code)
        self.assertFalse(outcome.order)

    def test_an_unknown_status_is_shown_as_received_and_somebody_is_asked(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        sale = self.receive(self.order(status="on_hold"))

        self.assertEqual((sale.state, sale.cartona_status), ("draft", "on_hold"))
        self.assertEqual(sale.cartona_status_label, "on_hold")
        [(task, user)] = self.tasks(sale)
        self.assertIn("on_hold", task)
        self.assertEqual(user, self.config._responsible())

    def test_what_odoo_refuses_to_confirm_stays_a_quotation_with_the_reason(self):
        from odoo.exceptions import UserError

        def refuse(order):
            if "bad" in order.mapped("cartona_id"):
                raise UserError("Over the credit limit")
            return unpatched(order)

        Order = type(self.env["sale.order"])
        unpatched = Order._action_confirm
        self.patch(Order, "_action_confirm", refuse)

        bad, good = (
            outcome.order
            for outcome in self.receive_all(
                [
                    self.order(hashed_id="bad", status="approved"),
                    self.order(hashed_id="good", status="approved"),
                ]
            )
        )

        self.assertEqual((bad.state, good.state), ("draft", "sale"))
        self.assertIn("Over the credit limit", self.tasks(bad)[0][0])
        self.assertEqual(self.tasks(good), [])

    def test_the_warehouse_that_has_everything_is_taken(self):
        other = self.env["stock.warehouse"].create(
            {"name": "Alexandria", "code": "ALX", "company_id": self.company.id}
        )
        self.config.warehouse_ids = self.warehouse | other
        self.set_stock(self.tea, 100)
        here = self.warehouse
        type(self).warehouse = other
        self.addCleanup(setattr, type(self), "warehouse", here)
        self.set_stock(self.tea, 4)
        self.set_stock(self.rice, 2)

        first, second = (
            outcome.order
            for outcome in self.receive_all(
                [self.order(hashed_id="a1"), self.order(hashed_id="b2")]
            )
        )

        self.assertEqual(first.warehouse_id, other)
        # Nobody has all of the second order: the first warehouse takes it.
        self.assertEqual(second.warehouse_id, (here | other).sorted("id")[0])


class TestMoney(OrderCase):
    def collect(self, **parts):
        line = {"amount": 1, "selling_price": parts.pop("total", 100)}
        sale = self.receive(self.order({TEA: line, RICE: None}, **parts))
        return (
            sale.cartona_amount_to_collect,
            sale.cartona_owed_by_cartona,
            sale.cartona_owed_to_cartona,
        )

    def test_credit_is_cartona_s_to_pay(self):
        self.assertEqual(self.collect(cartona_credit=10), (90.0, 10.0, 0.0))

    def test_a_top_up_is_collected_and_owed(self):
        self.assertEqual(self.collect(wallet_top_up=20), (120.0, 0.0, 20.0))

    def test_instalments_are_cartona_s_to_pay(self):
        self.assertEqual(self.collect(installment_cost=60), (40.0, 60.0, 0.0))

    def test_the_official_example(self):
        parts = self.collect(
            total=3140, cartona_credit=140, installment_cost=3000, wallet_top_up=100
        )

        self.assertEqual(parts, (100.0, 3140.0, 100.0))

    def test_an_order_that_is_not_cartona_s_has_nothing_to_collect(self):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id})],
            }
        )

        self.assertEqual(sale.cartona_amount_to_collect, 0.0)

    def test_prices_are_in_cartona_s_currency_whatever_the_customer_s_pricelist(self):
        foreign = self.env["res.currency"].with_context(active_test=False).search(
            [("id", "!=", self.config.currency_id.id)], limit=1
        )
        foreign.active = True
        dollars = self.env["product.pricelist"].create(
            {"name": "Export", "currency_id": foreign.id}
        )
        partner = self.env["res.partner"].create(
            {
                "name": "Shop",
                "cartona_id": "retailer_A00315",
                "property_product_pricelist": dollars.id,
                # As `specific_property_product_pricelist` from 18 on.
            }
        )
        self.assertEqual(partner.property_product_pricelist, dollars)

        sale = self.receive()

        self.assertEqual(sale.partner_id, partner)
        self.assertEqual(sale.currency_id, self.config.currency_id)
        self.assertEqual(sale.amount_total, 110.0)


def _blind(importer, order):
    """The plan of an order by who sees no sale order yet."""
    from ..models.cartona_order_importer import Plan, keyed_lines, what_is_said

    lines = keyed_lines(order)
    sale = importer.env["sale.order"]
    return Plan(order, lines, sale, {}, what_is_said(order, lines))
