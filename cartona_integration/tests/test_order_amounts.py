"""The amounts owed are shown wherever cash is collected."""

from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from .order_common import RICE, TEA, OrderCase

OFFICIAL = {"cartona_credit": 1000, "installment_cost": 2000, "wallet_top_up": 100}


class MoneyCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_stock(cls.tea, 1000)
        cls.set_stock(cls.rice, 1000)
        cls.clear_outbox()

    def hundred(self, **changes):
        """Return a raw order with a total of 100.00."""
        lines = {TEA: {"amount": 8, "selling_price": 12.5}, RICE: None}
        return self.order(lines, **changes)

    def official(self, **changes):
        """Return Cartona's example: 20 at 150, with a discount of 7 each paid by Cartona."""
        line = {"amount": 20, "selling_price": 150.0, "applied_cartona_discount": 7.0}
        return self.order({TEA: line, RICE: None}, **OFFICIAL, **changes)

    def owed(self, sale):
        return (
            sale.cartona_amount_to_collect,
            sale.cartona_owed_by_cartona,
            sale.cartona_owed_to_cartona,
        )

    def delivery(self, sale):
        return sale.picking_ids.filtered(lambda row: row.location_dest_id.usage == "customer")

    def deliver_part(self, sale, quantities):
        """Validate the delivery with other quantities, without a backorder."""
        picking = self.delivery(sale).filtered(lambda row: row.state not in ("done", "cancel"))
        for move in picking.move_ids:
            quantity = quantities.get(move.product_id, move.product_uom_qty)
            if "quantity" in move._fields:
                move.write({"quantity": quantity, "picked": True})
            else:
                move.quantity_done = quantity
        picking.with_context(
            skip_backorder=True, skip_sms=True, picking_ids_not_to_backorder=picking.ids
        ).button_validate()
        self.assertEqual(picking.state, "done")

    def return_goods(self, sale, quantities=None):
        """Return the delivery, in full or in part, and validate the return."""
        picking = self.delivery(sale)
        wizard = Form(
            self.env["stock.return.picking"].with_context(
                active_id=picking.id, active_ids=picking.ids, active_model="stock.picking"
            )
        ).save()
        for line in wizard.product_return_moves:
            line.quantity = (quantities or {}).get(line.product_id, line.move_id.product_uom_qty)
        if hasattr(wizard, "action_create_returns"):
            result = wizard.action_create_returns()
        else:
            result = wizard.create_returns()
        back = self.env["stock.picking"].browse(result["res_id"])
        for move in back.move_ids:
            if "quantity" in move._fields:
                move.write({"quantity": move.product_uom_qty, "picked": True})
            else:
                move.quantity_done = move.product_uom_qty
        back.with_context(skip_backorder=True, skip_sms=True).button_validate()
        self.assertEqual(back.state, "done")


class TestOrderMoney(MoneyCase):
    def test_credit_is_owed_by_cartona(self):
        self.assertEqual(self.owed(self.receive(self.hundred(cartona_credit=10))), (90, 10, 0))

    def test_a_wallet_top_up_is_collected_and_owed_to_cartona(self):
        self.assertEqual(self.owed(self.receive(self.hundred(wallet_top_up=20))), (120, 0, 20))

    def test_instalments_are_owed_by_cartona(self):
        sale = self.receive(self.hundred(installment_cost=60))
        self.assertEqual(self.owed(sale), (40, 60, 0))

    def test_the_amounts_match_cartonas_example(self):
        self.assertEqual(self.owed(self.receive(self.official())), (100, 3140, 100))

    def test_cartona_owes_only_its_own_discount(self):
        sale = self.receive(
            self.order(
                {
                    TEA: {
                        "amount": 2,
                        "selling_price": 7.0,
                        "applied_cartona_discount": 1.0,
                        "applied_supplier_discount": 2.0,
                    },
                    RICE: {"amount": 3, "selling_price": 10.0},
                }
            )
        )
        self.assertEqual((sale.amount_total, sale.cartona_owed_by_cartona), (44, 2))
        self.assertEqual(sale.cartona_our_discount, 4)

    def test_a_short_delivery_is_charged_as_delivered(self):
        sale = self.receive(self.hundred(cartona_credit=10))
        sale.action_confirm()
        self.deliver_part(sale, {self.tea: 6})
        self.assertEqual(self.owed(sale), (65, 10, 0))

    def test_cash_is_shown_only_where_it_is_collected(self):
        sale = self.receive(self.hundred())
        self.assertTrue(sale.cartona_takes_cash)
        paid = self.receive(self.hundred(hashed_id="paid", cartona_credit=100))
        self.assertFalse(paid.cartona_takes_cash)
        theirs = self.hundred(hashed_id="theirs", delivered_by="delivered_by_cartona")
        self.assertFalse(self.receive(theirs).cartona_takes_cash)
        sale._action_cancel()
        self.assertFalse(sale.cartona_takes_cash)

    def test_the_form_shows_the_cash(self):
        sale = self.receive(self.hundred(cartona_credit=10))
        with Form(sale) as form:
            self.assertEqual(form.cartona_amount_to_collect, 90)

    # === DELIVERY === #

    def test_the_driver_sees_the_cash_without_a_right_to_sales(self):
        sale = self.receive(self.hundred(wallet_top_up=20))
        sale.action_confirm()
        group = self.env.ref("stock.group_stock_user")
        users = "user_ids" if "user_ids" in group._fields else "users"
        group.write({users: [(4, self.seller.id)]})
        picking = self.delivery(sale).with_user(self.seller)
        self.assertEqual(picking.cartona_amount_to_collect, 120)
        self.assertFalse(picking.cartona_cash_note)

    def test_other_deliveries_have_no_cash(self):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "x"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 1})],
            }
        )
        sale.action_confirm()
        self.assertEqual(self.delivery(sale).cartona_amount_to_collect, 0)

    def test_the_printed_slips_show_the_cash_to_collect(self):
        sale = self.receive(self.hundred(cartona_credit=10))
        sale.action_confirm()
        picking = self.delivery(sale)
        for report in ("stock.action_report_delivery", "stock.action_report_picking"):
            html = self.printed(report, picking)
            self.assertIn("Cash to collect", html, report)
            self.assertIn("90.00", html, report)
        sale.cartona_credit = 100
        self.assertNotIn("Cash to collect", self.printed("stock.action_report_delivery", picking))

    def test_slips_of_a_split_delivery_mention_the_shared_cash(self):
        sale = self.receive(self.hundred())
        sale.action_confirm()
        picking = self.delivery(sale)
        move = picking.move_ids
        if "quantity" in move._fields:
            move.write({"quantity": 3, "picked": True})
        else:
            move.quantity_done = 3
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
        deliveries = self.delivery(sale)
        self.assertEqual(len(deliveries), 2)
        self.assertIn("2 deliveries", deliveries[0].cartona_cash_note)
        self.assertEqual(set(deliveries.mapped("cartona_amount_to_collect")), {100})

    def test_a_slip_shows_that_figures_are_missing(self):
        sale = self.receive(self.hundred(cartona_credit=10))
        sale.action_confirm()
        sale.cartona_money_waiting = True
        self.assertIn("Waiting", self.delivery(sale).cartona_cash_note)

    # === CASH OF A ROUTE === #

    def test_cash_received_is_shown_per_order_and_in_total(self):
        sales = self.env["sale.order"]
        for number, received in ((1, 100), (2, 80), (3, 0)):
            sale = self.receive(self.hundred(hashed_id="cash%s" % number))
            sale.action_confirm()
            self.deliver(sale)
            sale.cartona_amount_received = received
            sales |= sale
        self.assertEqual(sales.mapped("cartona_amount_difference"), [0, -20, -100])
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_sale_order_cash"
        )
        found = self.env["sale.order"].search(safe_eval(action["domain"]))
        self.assertEqual(found & sales, sales)
        view = self.env.ref("cartona_integration.view_sale_order_cash_list").arch
        for name in (
            "cartona_amount_to_collect",
            "cartona_amount_received",
            "cartona_amount_difference",
        ):
            self.assertTrue(
                sales._fields[name].store, "a field that is summed per group must be stored"
            )
            self.assertRegex(view, 'name="%s"[^>]* sum=' % name)

    def test_returned_and_cartona_delivered_orders_are_not_on_routes(self):
        theirs = self.receive(self.hundred(delivered_by="delivered_by_cartona"))
        theirs.action_confirm()
        self.deliver(theirs)
        returned = self.receive(self.hundred(hashed_id="back1"))
        returned.action_confirm()
        self.deliver(returned)
        returned.cartona_status = "returned"
        domain = self.env.ref("cartona_integration.action_sale_order_cash").domain
        self.assertFalse(self.env["sale.order"].search(safe_eval(domain)) & (theirs | returned))

    def test_a_stock_user_may_enter_the_cash_received(self):
        sale = self.receive(self.hundred())
        group = self.env.ref("stock.group_stock_user")
        users = "user_ids" if "user_ids" in group._fields else "users"
        group.write({users: [(4, self.seller.id)]})
        sale.with_user(self.seller).cartona_amount_received = 55
        self.env.flush_all()
        self.assertEqual(sale.cartona_amount_difference, -45)
