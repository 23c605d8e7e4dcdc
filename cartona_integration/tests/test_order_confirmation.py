"""The state of a newly imported order, and the amounts each side owes."""

from odoo.exceptions import UserError
from odoo.tests import Form

from ..compat import is_confirmed
from .order_common import RICE, TEA, OrderCase

REFUSAL = "Over the credit limit"


class TestConfirmation(OrderCase):
    def test_an_order_in_stock_is_confirmed_automatically(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 4)
        self.set_stock(self.rice, 2)

        sale = self.receive()

        self.assertTrue(is_confirmed(sale))
        self.assertEqual(set(sale.picking_ids.move_ids.mapped("state")), {"assigned"})
        # Cartona's status is unchanged until ours is sent.
        self.assertEqual(sale.cartona_status, "pending")

    def test_an_order_short_of_stock_lists_the_missing_products(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 3)
        self.set_stock(self.rice, 2)

        sale = self.receive()

        self.assertEqual(sale.state, "draft")
        self.assertIn("4 needed, 3 free", self.chatter(sale))
        self.assertNotIn("2 needed", self.chatter(sale))

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
        self.assertIn("4 needed, 1 free", self.chatter(second))

    def test_approved_orders_get_stock_first(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 5)
        self.set_stock(self.rice, 100)

        pending, approved = (
            outcome.order
            for outcome in self.receive_all(
                [self.order(hashed_id="a1"), self.order(hashed_id="b2", status="approved")]
            )
        )

        self.assertEqual((pending.state, approved.state), ("draft", "sale"))
        self.assertEqual(set(approved.picking_ids.move_ids.mapped("state")), {"assigned"})

    def test_without_the_setting_an_order_stays_a_quotation(self):
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        self.assertEqual(self.receive().state, "draft")

    def test_an_order_that_is_being_edited_waits(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        sale = self.receive(self.order(status="editing"))

        self.assertEqual((sale.state, sale.cartona_status), ("draft", "editing"))

    def test_a_new_approved_order_is_confirmed_and_reserved(self):
        self.set_stock(self.tea, 100)
        self.set_stock(self.rice, 1)
        for status in ("approved", "assigned_to_salesman"):
            sale = self.receive(self.order(hashed_id=status, status=status))
            self.assertTrue(is_confirmed(sale), status)
            self.assertEqual(sale.cartona_status, status)
            self.assertEqual(sale.order_line[0].move_ids.state, "assigned")
            self.assertEqual(self.activities(sale), [])

    def test_a_new_delivered_order_is_confirmed_with_an_activity(self):
        sale = self.receive(self.order(status="delivered"))

        self.assertTrue(is_confirmed(sale))
        self.assertEqual(sale.cartona_status, "delivered")
        [(task, user)] = self.activities(sale)
        self.assertIn("Validate the delivery", task)
        self.assertEqual(user, self.config._responsible())

    def test_a_new_cancelled_order_is_stored_as_cancelled(self):
        for status in ("cancelled_by_retailer", "cancelled", "returned"):
            sale = self.receive(
                self.order(hashed_id=status, status=status, cancellation_reason="too_late")
            )
            self.assertEqual(sale.state, "cancel", status)
            self.assertFalse(sale.picking_ids)
            self.assertIn("too_late", self.chatter(sale))

    def test_a_cancelled_order_with_an_unknown_product_is_ignored(self):
        raw = self.order({TEA: {"supplier_product_id": "GONE"}}, status="cancelled_by_retailer")

        [outcome] = self.receive_all([raw])

        self.assertFalse(outcome.error_code)
        self.assertFalse(outcome.order)

    def test_an_unknown_status_is_shown_and_creates_an_activity(self):
        self.config.auto_confirm = True
        self.set_stock(self.tea, 10)
        self.set_stock(self.rice, 10)

        sale = self.receive(self.order(status="on_hold"))

        self.assertEqual((sale.state, sale.cartona_status), ("draft", "on_hold"))
        self.assertEqual(sale.cartona_status_label, "on_hold")
        [(task, user)] = self.activities(sale)
        self.assertIn("on_hold", task)
        self.assertEqual(user, self.config._responsible())

    def test_an_order_odoo_refuses_stays_a_quotation(self):
        def refuse(order):
            if "bad" in order.mapped("cartona_id"):
                raise UserError(REFUSAL)
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
        self.assertIn(REFUSAL, self.activities(bad)[0][0])
        self.assertEqual(self.activities(good), [])

    def test_the_warehouse_that_has_everything_is_chosen(self):
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
        # No warehouse has all of the second order: the first one is used.
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

    def test_the_form_shows_status_and_cash(self):
        sale = self.receive(self.order(cartona_credit=10))

        form = Form(sale)

        self.assertEqual(form.cartona_status_label, "Pending")
        self.assertEqual(form.cartona_amount_to_collect, 100.0)
        self.assertEqual(form.cartona_owed_by_cartona, 10.0)

    def test_cartona_pays_the_credit(self):
        self.assertEqual(self.collect(cartona_credit=10), (90.0, 10.0, 0.0))

    def test_a_top_up_is_collected_and_owed(self):
        self.assertEqual(self.collect(wallet_top_up=20), (120.0, 0.0, 20.0))

    def test_cartona_pays_instalments(self):
        self.assertEqual(self.collect(installment_cost=60), (40.0, 60.0, 0.0))

    def test_the_amounts_match_cartonas_example(self):
        parts = self.collect(
            total=3140, cartona_credit=140, installment_cost=3000, wallet_top_up=100
        )

        self.assertEqual(parts, (100.0, 3140.0, 100.0))

    def test_another_order_has_nothing_to_collect(self):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Shop"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id})],
            }
        )

        self.assertEqual(sale.cartona_amount_to_collect, 0.0)

    def test_prices_ignore_the_currency_of_the_customers_pricelist(self):
        foreign = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("id", "!=", self.config.currency_id.id)], limit=1)
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
                # Stored as `specific_property_product_pricelist` from 18 on.
            }
        )
        self.assertEqual(partner.property_product_pricelist, dollars)

        sale = self.receive()

        self.assertEqual(sale.partner_id, partner)
        self.assertEqual(sale.currency_id, self.config.currency_id)
        self.assertEqual(sale.amount_total, 110.0)

    def test_without_a_pricelist_in_cartonas_currency_the_order_waits(self):
        foreign = self.other_currencies()
        self.config.currency_id = foreign

        code, detail = self.refuse(self.order())

        self.assertEqual((code, detail), ("no_pricelist", foreign.name))
        pricelist = self.env["product.pricelist"].create(
            {"name": "Cartona", "currency_id": foreign.id, "company_id": self.company.id}
        )
        sale = self.receive()
        self.assertEqual((sale.pricelist_id, sale.currency_id), (pricelist, foreign))
        self.assertEqual(sale.amount_total, 110.0)
