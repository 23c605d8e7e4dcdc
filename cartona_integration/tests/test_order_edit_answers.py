"""Cartona's answers to changed lines: an id for an added line, a refusal, or no answer."""

import json

from odoo.exceptions import AccessError, UserError

from ..compat import tax_field
from .common import STATUSES
from .order_common import RICE, TEA
from .test_order_edit import EditCase


class TestOrderEditAnswers(EditCase):
    # === ADDED LINES === #

    def test_an_added_line_is_sent_once_and_gets_its_id(self):
        added = self.add()
        self.accept_edits()
        self.push()
        self.assertEqual(
            self.sent_details(), [[{"supplier_product_id": "T1", "amount": 3, "price": 9}]]
        )
        # It is not sent again before its id is known, whatever else changes.
        self.line(902).product_uom_qty = 5
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details()[1:], [[{"id": 902, "amount": 5}]])

        self.receive(
            self.order({RICE: {"amount": 5}, 2: {"id": 905, "amount": 3, "selling_price": 9.0}})
        )
        self.assertEqual(added.cartona_id, "905")
        self.assertEqual(len(self.sale.order_line), 3)
        self.assertEqual(json.loads(self.sale.cartona_edit)["added"], {})
        added.product_uom_qty = 2
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details()[2:], [[{"id": 905, "amount": 2}]])

    def test_an_added_line_has_the_retailers_price_taxes_included(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT 14 edit", "amount": 14.0, "company_id": self.company.id}
        )
        self.rice.taxes_id = tax
        added = self.add(self.rice, quantity=2, price=100.0)
        self.assertEqual((added.price_unit, added.price_total), (114.0, 228.0))
        self.assertEqual(added[tax_field(added)], tax.cartona_included_id)
        self.accept_edits()
        self.push()
        self.assertEqual(
            self.sent_details(), [[{"supplier_product_id": "R1", "amount": 2, "price": 114}]]
        )
        added.product_uom_qty = 3
        self.assertEqual((added.price_unit, added.price_total), (114.0, 342.0))

    def test_a_line_not_sold_on_cartona_stays_local(self):
        fee = self.make_product("توصيل", 15.0)
        self.add(fee)
        self.assertIsNone(self.push())
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.sale.cartona_difference_kind, "local")
        self.assertIn("not sold on Cartona", self.sale.cartona_difference)

    def test_a_lost_answer_never_adds_a_line_twice(self):
        self.add()
        self.accept_edits("bad gateway", status=502)
        self.assertTrue(self.push())
        self.assertEqual(self.sale.cartona_edit_state, "unknown")
        self.config._end_pause("out")
        self.assertIsNone(self.push())
        self.assertEqual(len(self.sent_details()), 1)
        self.assertEqual(self.sale.cartona_difference_kind, "unknown")

    def test_a_message_shows_that_the_line_was_added(self):
        added = self.add()
        self.accept_edits("bad gateway", status=502)
        self.push()
        self.receive(self.order({2: {"id": 905, "amount": 3, "selling_price": 9.0}}))
        self.assertEqual((added.cartona_id, self.sale.cartona_edit_state), ("905", False))
        self.config._end_pause("out")
        self.push()
        self.assertEqual(len(self.sent_details()), 1)

    def test_a_missing_line_in_a_later_message_is_resent(self):
        self.add()
        self.accept_edits("bad gateway", status=502)
        self.push()
        self.age_last_edit()
        self.config._end_pause("out")
        self.receive(self.order(note_message="غيره"))
        self.assertFalse(self.sale.cartona_edit_state)
        self.accept_edits()
        self.push()
        self.assertEqual(len(self.sent_details()), 2)

    def test_a_user_may_add_the_line_again(self):
        self.add()
        self.accept_edits("bad gateway", status=502)
        self.push()
        self.config._end_pause("out")
        self.push()
        self.sale.action_cartona_send_edits()
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details()[0], self.sent_details()[1])
        self.assertFalse(self.sale.cartona_edit_state)

    def test_a_process_killed_in_the_call_leaves_it_uncertain(self):
        self.add()
        self.sale._cartona_mark_edits(self.sale._cartona_line_edits())
        self.line(901).product_uom_qty = 3
        self.accept_edits()
        self.push()
        [details] = self.sent_details()
        self.assertEqual(details, [{"id": 901, "amount": 3}])
        self.assertEqual(self.sale.cartona_edit_state, "unknown")

    # === ANSWERS === #

    def test_a_lost_answer_resends_the_changed_line_in_full(self):
        self.line(901).product_uom_qty = 3
        self.accept_edits("bad gateway", status=502)
        self.assertTrue(self.push())
        self.line(901).product_uom_qty = 4
        self.config._end_pause("out")
        self.accept_edits()
        self.assertIsNone(self.push())
        self.assertEqual(self.sent_details()[1], [{"id": 901, "amount": 4, "price": 12.5}])
        self.push()
        self.assertEqual(len(self.sent_details()), 2)

    def test_a_message_from_before_the_change_does_not_undo_it(self):
        self.line(901).product_uom_qty = 3
        self.accept_edits()
        self.push()
        self.receive(self.order(status="editing"))
        self.assertEqual(self.line(901).product_uom_qty, 3)
        self.assertEqual(self.sale.cartona_status, "editing")
        # If the retailer reverted it, both sides still end equal.
        self.sale.cartona_status = "pending"
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details()[1][0], {"id": 901, "amount": 3, "price": 12.5})

    def test_a_later_message_of_the_retailer_wins(self):
        self.line(901).product_uom_qty = 3
        self.accept_edits()
        self.push()
        self.age_last_edit()
        self.receive(self.order())
        self.assertEqual(self.line(901).product_uom_qty, 4)

    def test_a_refused_change_shows_both_versions_and_delays_the_status(self):
        self.line(901).product_uom_qty = 3
        self.sale.action_confirm()
        self.accept_edits({"error": "the price is fixed"}, status=422)
        self.assertIsNone(self.push())
        self.assertEqual(len(self.marketplace.calls), 1)
        self.assertEqual(
            (self.sale.cartona_sync_state, self.sale.cartona_edit_state, self.sale.cartona_status),
            ("error", "refused", "pending"),
        )
        self.assertIn("the price is fixed", self.sale.cartona_error)
        self.assertEqual(self.sale.cartona_difference_kind, "refused")
        self.assertIn("3 × 12.50 here, 4 × 12.50 on Cartona", self.sale.cartona_difference)
        self.assertEqual(self.cartona_lines()["901"], ("4", "12.5"))

    def test_a_refused_change_is_sent_again_on_demand(self):
        self.line(901).product_uom_qty = 3
        self.accept_edits({"error": "busy"}, status=422)
        self.push()
        self.sale.action_cartona_send_edits()
        self.accept_edits()
        self.push()
        self.assertEqual(self.sent_details()[0], self.sent_details()[1])
        self.assertEqual((self.sale.cartona_edit_state, self.sale.cartona_error), (False, False))
        self.assertEqual(self.sale.cartona_sync_state, "synced")

    def test_using_cartonas_lines_restores_every_line(self):
        before = self.lines(self.sale)
        self.line(901).write({"product_uom_qty": 3, "price_unit": 1.0})
        self.sale.write({"order_line": [(2, self.line(902).id)]})
        self.add()
        self.accept_edits({"error": "no"}, status=422)
        self.push()
        self.sale.action_cartona_use_cartona_lines()
        self.assertEqual(self.lines(self.sale), before)
        self.assertEqual(
            (self.sale.cartona_edit_state, self.sale.cartona_difference), (False, False)
        )
        self.push()
        self.assertEqual(len(self.sent_details()), 1)

    def test_using_cartonas_lines_keeps_the_lines_of_a_sale(self):
        self.marketplace.answer_next("POST", STATUSES, {})
        self.sale.action_confirm()
        self.push()
        self.line(901).product_uom_qty = 9
        added = self.add()
        self.sale.action_cartona_use_cartona_lines()
        self.assertEqual((self.line(901).product_uom_qty, added.product_uom_qty), (4, 0))
        self.push()
        self.assertEqual(self.sent_details(), [])

    def test_using_cartonas_lines_is_refused_after_a_delivery(self):
        self.set_stock(self.tea, 50)
        self.set_stock(self.rice, 50)
        self.sale.action_confirm()
        self.deliver(self.sale)
        with self.assertRaisesRegex(UserError, "a delivery is done"):
            self.sale.action_cartona_use_cartona_lines()

    def test_using_cartonas_lines_needs_write_access(self):
        with self.assertRaises(AccessError):
            self.sale.with_user(self.env.ref("base.public_user")).action_cartona_use_cartona_lines()


class TestMoneyWaits(EditCase):
    def test_cash_waits_for_cartonas_figures_after_an_edit(self):
        sale = self.receive(self.order(hashed_id="credit1", cartona_credit=20.0))
        self.clear_outbox()
        self.assertFalse(sale.cartona_money_waiting)
        sale.order_line[0].product_uom_qty = 2
        self.accept_edits()
        self.push()
        self.assertTrue(sale.cartona_money_waiting)

        self.receive(self.order({TEA: {"amount": 2}}, hashed_id="credit1", cartona_credit=20.0))
        self.assertFalse(sale.cartona_money_waiting, "even when the figures are the same")
        self.assertEqual(sale.cartona_amount_to_collect, 65.0)

    def test_cash_of_an_order_without_credit_needs_no_figures(self):
        self.line(901).product_uom_qty = 2
        self.accept_edits()
        self.push()
        self.assertFalse(self.sale.cartona_money_waiting)
        self.assertEqual(self.sale.cartona_amount_to_collect, 85.0)
