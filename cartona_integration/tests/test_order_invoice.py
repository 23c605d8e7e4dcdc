"""A delivered order is invoiced and settled, so that the retailer owes the cash to collect."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from ..compat import receivable_lines
from .common import STATUSES
from .delivery_common import DETAILS
from .order_common import RICE, TEA
from .test_order_amounts import MoneyCase

ASSIGNED = "assigned_to_salesman"


class InvoiceCase(MoneyCase):
    """The company invoices on delivery and settles on the accounts of this test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The company may have no chart of accounts, so the journal is created if needed.
        cls.journal = cls.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["account.journal"].create(
            {"name": "Cartona", "code": "CRTN", "type": "general", "company_id": cls.company.id}
        )
        cls.accounts = {
            name: cls.account("99%02d" % number, name)
            for number, name in enumerate(("credit", "installment", "wallet", "discount"))
        }
        cls.receivable = cls.account("9911", "receivable")
        cls.income = cls.account("9912", "income")
        cls.env["account.journal"].create(
            {
                "name": "Cartona sales",
                "code": "CRTS",
                "type": "sale",
                "company_id": cls.company.id,
                "default_account_id": cls.income.id,
            }
        )
        cls.tea.property_account_income_id = cls.income
        cls.rice.property_account_income_id = cls.income
        cls.config.write(
            {
                "invoice_on_delivery": True,
                # Nothing is sent, so no retailer's code is needed.
                "auto_sync_orders": False,
                "settlement_journal_id": cls.journal.id,
                **{"%s_account_id" % name: row.id for name, row in cls.accounts.items()},
            }
        )
        cls.clear_outbox()

    @classmethod
    def account(cls, code, name):
        Account = cls.env["account.account"]
        values = {"code": code, "name": "Cartona %s" % name}
        kinds = {"receivable": "receivable", "income": "income", "discount": "income"}
        kind = kinds.get(name, "current")
        if "account_type" in Account._fields:
            types = {
                "receivable": "asset_receivable",
                "income": "income",
                "current": "asset_current",
            }
            values["account_type"] = types[kind]
        else:
            types = {
                "receivable": "account.data_account_type_receivable",
                "income": "account.data_account_type_revenue",
                "current": "account.data_account_type_current_assets",
            }
            values["user_type_id"] = cls.env.ref(types[kind]).id
        if kind == "receivable":
            values["reconcile"] = True
        return Account.create(values)

    def take_order(self, raw):
        """Return a confirmed order whose customer has the receivable account of this test."""
        sale = self.receive(raw)
        sale.partner_id.property_account_receivable_id = self.receivable
        sale.action_confirm()
        return sale

    def run_booking(self):
        """Run the accounting job until nothing is left."""
        self.env.cr.flush()
        while self.env["cartona.accounting.job"]._book_orders(self.config.id) == 0:
            pass
        self.env.invalidate_all()
        self.assertEqual(self.outbox_rows("invoice"), [])

    def balance(self, name):
        account = self.accounts.get(name) or getattr(self, name)
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def balances(self):
        names = ("receivable", "credit", "installment", "wallet", "discount")
        return tuple(self.balance(name) for name in names)

    def residual(self, sale):
        lines = receivable_lines(sale.invoice_ids | sale.cartona_settlement_id)
        return round(sum(lines.mapped("amount_residual")), 2)


class TestOrderInvoice(InvoiceCase):
    def test_a_delivered_order_is_invoiced_and_settled(self):
        sale = self.take_order(self.official())
        self.deliver(sale)
        self.assertFalse(sale.invoice_ids, "the delivery does not wait for accounting")
        self.assertEqual(self.outbox_rows("invoice"), [("invoice", sale.id)])
        self.run_booking()
        [invoice] = sale.invoice_ids
        self.assertEqual((invoice.state, invoice.amount_total), ("posted", 3000))
        self.assertEqual(self.balances(), (100, 1140, 2000, -100, -140))
        self.assertEqual(self.residual(sale), sale.cartona_amount_to_collect)

    def test_the_retailer_owes_exactly_the_cash_to_collect(self):
        for number, (parts, left) in enumerate(
            [
                ({"cartona_credit": 10}, 90),
                ({"wallet_top_up": 20}, 120),
                ({"installment_cost": 60}, 40),
                ({"cartona_credit": 40, "installment_cost": 60}, 0),
                ({}, 100),
            ]
        ):
            with self.subTest(parts=parts):
                sale = self.take_order(self.hundred(hashed_id="part%d" % number, **parts))
                self.deliver(sale)
                self.run_booking()
                self.assertEqual((self.residual(sale), left), (left, left))
                self.assertEqual(sale.cartona_amount_to_collect, left)
                self.assertEqual(bool(sale.cartona_settlement_id), bool(parts))

    def test_an_invoice_that_cartona_pays_is_paid(self):
        sale = self.take_order(self.hundred(cartona_credit=40, installment_cost=60))
        self.deliver(sale)
        self.run_booking()
        self.assertEqual(sale.invoice_ids.payment_state, "paid")

    def test_nothing_is_booked_twice(self):
        sale = self.take_order(self.official())
        self.deliver(sale)
        self.run_booking()
        before = self.balances()
        for _again in range(2):
            self.env["cartona.change"]._mark_invoices_dirty(sale.ids)
            self.run_booking()
        self.assertEqual(self.balances(), before)
        self.assertEqual(len(sale.invoice_ids), 1)

    def test_the_amount_owed_includes_taxes(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT 14 money", "amount": 14.0, "company_id": self.company.id}
        )
        self.tea.taxes_id = tax
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver(sale)
        self.run_booking()
        self.assertEqual(sale.invoice_ids.amount_total, 100)
        self.assertEqual(self.residual(sale), 90)

    def test_a_short_delivery_is_invoiced_as_delivered_whatever_the_policy(self):
        self.tea.invoice_policy = "order"
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver_part(sale, {self.tea: 6})
        self.run_booking()
        self.assertEqual((sale.invoice_ids.amount_total, self.residual(sale)), (75, 65))

    def test_a_partial_delivery_is_not_invoiced_yet(self):
        sale = self.take_order(self.hundred())
        picking = self.delivery(sale)
        move = picking.move_ids
        if "quantity" in move._fields:
            move.write({"quantity": 3, "picked": True})
        else:
            move.quantity_done = 3
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
        self.run_booking()
        self.assertFalse(sale.invoice_ids)
        self.deliver(sale)
        self.run_booking()
        self.assertEqual(sale.invoice_ids.amount_total, 100)

    def test_nothing_is_invoiced_without_the_setting(self):
        self.config.invoice_on_delivery = False
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver(sale)
        self.run_booking()
        self.assertFalse(sale.invoice_ids)

    def test_a_manual_invoice_is_settled_when_posted(self):
        self.config.invoice_on_delivery = False
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver(sale)
        invoice = sale._create_invoices(final=True)
        self.run_booking()
        self.assertFalse(sale.cartona_settlement_id)
        invoice.action_post()
        self.run_booking()
        self.assertEqual(self.residual(sale), 90)

    def test_missing_accounts_are_named_and_the_invoice_is_made(self):
        self.config.write({"credit_account_id": False, "settlement_journal_id": False})
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver(sale)
        self.run_booking()
        self.assertEqual(sale.invoice_ids.state, "posted")
        self.assertFalse(sale.cartona_settlement_id)
        [(task, user)] = self.activities(sale)
        self.assertIn("Cartona Journal, Credit", task)
        self.assertEqual(user, self.config.activity_user_id)

        self.config.write(
            {
                "credit_account_id": self.accounts["credit"].id,
                "settlement_journal_id": self.journal.id,
            }
        )
        self.run_booking()
        self.assertEqual(self.residual(sale), 90)
        self.assertEqual(self.activities(sale), [])

    def test_accounts_of_unused_parts_are_not_required(self):
        self.config.write({"wallet_account_id": False, "discount_account_id": False})
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver(sale)
        self.run_booking()
        self.assertEqual(self.activities(sale), [])
        self.assertEqual(self.residual(sale), 90)

    def test_an_accounting_error_is_explained_and_blocks_no_delivery(self):
        sale = self.take_order(self.hundred())
        self.deliver(sale)
        with patch.object(
            type(sale), "_create_invoices", side_effect=UserError("the period is closed")
        ):
            self.run_booking()
        self.assertEqual(sale.picking_ids.mapped("state"), ["done"])
        [(task, _user)] = self.activities(sale)
        self.assertIn("the period is closed", task)

    def test_one_order_that_cannot_be_booked_blocks_no_other(self):
        first, second = (
            self.take_order(self.hundred()),
            self.take_order(self.hundred(hashed_id="good1")),
        )
        self.deliver(first)
        self.deliver(second)
        create, refusal = type(first)._create_invoices, "the period is closed"

        def refuse_first(orders, *args, **kwargs):
            if orders == first:
                raise UserError(refusal)
            return create(orders, *args, **kwargs)

        with patch.object(type(first), "_create_invoices", refuse_first):
            self.run_booking()
        self.assertFalse(first.invoice_ids)
        self.assertEqual(second.invoice_ids.state, "posted")

    def test_booking_waits_for_cartonas_figures(self):
        sale = self.take_order(self.hundred(cartona_credit=10))
        sale.cartona_money_waiting = True
        self.deliver(sale)
        self.run_booking()
        self.assertFalse(sale.invoice_ids)
        sale.write({"cartona_credit": 5, "cartona_money_waiting": False})
        self.run_booking()
        self.assertEqual(self.residual(sale), 95)

    def test_a_full_return_is_credited_in_full(self):
        sale = self.take_order(self.official())
        self.deliver(sale)
        self.run_booking()
        self.return_goods(sale)
        self.run_booking()
        self.assertEqual(self.balances(), (0, 0, 0, 0, 0))
        kinds = sorted(sale.invoice_ids.mapped("move_type"))
        self.assertEqual(kinds, ["out_invoice", "out_refund"])
        self.env["cartona.change"]._mark_invoices_dirty(sale.ids)
        self.run_booking()
        self.assertEqual(len(sale.invoice_ids), 2)

    def test_a_partial_return_is_credited_in_part(self):
        sale = self.take_order(self.hundred(cartona_credit=10))
        self.deliver(sale)
        self.run_booking()
        self.return_goods(sale, {self.tea: 2})
        self.run_booking()
        refund = sale.invoice_ids.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual((refund.state, refund.amount_total), ("posted", 25))
        self.assertEqual(self.residual(sale), 65)

    def test_goods_returned_before_the_invoice_are_not_invoiced(self):
        sale = self.take_order(self.hundred())
        self.deliver(sale)
        self.return_goods(sale)
        self.run_booking()
        self.assertFalse(sale.invoice_ids)

    def test_a_manual_credit_note_reverses_the_settlement(self):
        self.config.invoice_on_delivery = False
        sale = self.take_order(self.official())
        self.deliver(sale)
        sale._create_invoices(final=True).action_post()
        self.run_booking()
        self.assertEqual(self.balances(), (100, 1140, 2000, -100, -140))
        refund = sale.invoice_ids._reverse_moves([{"invoice_date": fields.Date.today()}])
        self.run_booking()
        self.assertTrue(sale.cartona_settlement_id, "a draft credits nothing")
        refund.action_post()
        self.run_booking()
        self.assertFalse(sale.cartona_settlement_id)
        self.assertEqual(self.balances(), (0, 0, 0, 0, 0))

    def test_figures_received_after_booking_are_booked_again(self):
        sale = self.take_order(self.hundred(cartona_credit=10, installment_cost=20))
        self.deliver(sale)
        self.run_booking()
        first = sale.cartona_settlement_id
        self.assertEqual(self.balances(), (70, 10, 20, 0, 0))
        sale.write({"cartona_credit": 10, "cartona_installment_cost": 20})
        self.assertEqual(self.outbox_rows("invoice"), [], "they have not changed")
        sale.write({"cartona_credit": 4, "cartona_installment_cost": 0})
        self.run_booking()
        self.assertEqual(self.balances(), (96, 4, 0, 0, 0))
        self.assertNotEqual(sale.cartona_settlement_id, first)
        self.assertEqual(self.residual(sale), 96)

    def test_other_orders_are_not_booked(self):
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "x"}).id,
                "order_line": [(0, 0, {"product_id": self.tea.id, "product_uom_qty": 1})],
            }
        )
        sale.action_confirm()
        self.deliver(sale)
        self.assertEqual(self.outbox_rows("invoice"), [])

    def test_accounts_of_another_company_are_refused(self):
        other = self.env["res.company"].create({"name": "الجملة"})
        config = self.env["cartona.config"]._of_company(other)
        with self.assertRaises(UserError):
            config.settlement_journal_id = self.journal


class TestSettlementWithOrderUpdates(InvoiceCase):
    """Orders are exchanged: credit and instalments may change until Cartona's final figures."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.config.auto_sync_orders = True
        cls.clear_outbox()

    def take_order(self, raw):
        sale = super().take_order(raw)
        sale.cartona_status = "approved"
        for path in (STATUSES, DETAILS):
            self.marketplace.answer_always("POST", path, {})
        return sale

    def test_a_short_delivery_is_settled_with_its_own_credit(self):
        sale = self.take_order(self.hundred(cartona_credit=16))
        self.deliver_part(sale, {self.tea: 6})
        self.run_booking()
        self.assertEqual(sale.invoice_ids.amount_total, 75)
        self.assertFalse(sale.cartona_settlement_id, "the credit is that of the whole order")
        self.push()
        self.assertEqual(sale.cartona_status, "delivered")
        self.assertTrue(sale.cartona_money_waiting)
        self.run_booking()
        self.assertFalse(sale.cartona_settlement_id, "Cartona's figures are missing")
        lines = {TEA: {"amount": 6, "selling_price": 12.5}, RICE: None}
        self.receive(self.order(lines, status="delivered", cartona_credit=12))
        self.run_booking()
        self.assertEqual((self.balance("credit"), self.residual(sale)), (12, 63))

    def test_without_credit_the_sent_lines_are_enough_to_settle(self):
        line = {"amount": 8, "selling_price": 12.5, "applied_cartona_discount": 1.0}
        sale = self.take_order(self.order({TEA: line, RICE: None}))
        self.deliver_part(sale, {self.tea: 6})
        self.run_booking()
        self.assertFalse(sale.cartona_settlement_id)
        self.push()
        self.assertIn(("invoice", sale.id), self.outbox_rows("invoice"))
        self.run_booking()
        self.assertEqual((self.balance("credit"), self.residual(sale)), (6, 75))

    def test_with_the_button_setting_the_button_settles(self):
        self.config.delivered_when = "button"
        sale = self.take_order(self.hundred(cartona_credit=16))
        self.deliver(sale)
        self.push()
        self.run_booking()
        self.assertEqual((sale.cartona_status, sale.invoice_ids.amount_total), (ASSIGNED, 100))
        self.assertFalse(sale.cartona_settlement_id, "the goods have only left")
        # The retailer refuses two, and the credit decreases.
        self.return_goods(sale, {self.tea: 2})
        self.push()
        lines = {TEA: {"amount": 6, "selling_price": 12.5}, RICE: None}
        self.receive(self.order(lines, status=ASSIGNED, cartona_credit=12))
        self.run_booking()
        self.assertFalse(sale.cartona_settlement_id)
        sale.action_cartona_delivered()
        self.run_booking()
        self.assertEqual((self.balance("credit"), self.residual(sale)), (12, 63))

    def test_delivered_by_cartona_settles_with_cartonas_status(self):
        self.config.delivered_when = "button"
        theirs = "delivered_by_cartona"
        sale = self.take_order(self.hundred(cartona_credit=16, delivered_by=theirs))
        self.deliver(sale)
        self.run_booking()
        self.assertFalse(sale.cartona_settlement_id)
        self.receive(self.hundred(cartona_credit=16, delivered_by=theirs, status="delivered"))
        self.run_booking()
        self.assertEqual(self.residual(sale), 84)
