"""Deliveries whose code Cartona checks before Odoo validates them."""

from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError

from ..compat import moves_of
from .common import STATUSES
from .delivery_common import DETAILS, DeliveryCase

CODE = "739164"
WRONG = "100200"


class OtpCase(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.config.activity_user_id = self.env.ref("base.user_admin")

    def expect_code(self, sale, code=CODE):
        """Accept the delivery of this order with this code only."""

        def answer(body):
            if body["status"] == "delivered" and body.get("retailer_otp") != code:
                # The error repeats the sent value, as many APIs do.
                return {"error": "retailer_otp %s is wrong" % body.get("retailer_otp")}
            return {}

        self.marketplace.answer_always("POST", STATUSES, {})
        self.marketplace.answer_always("POST", DETAILS, {})
        self.marketplace.answer_always("POST", self.single_path(sale), answer)

    def open_code_dialog(self, sale):
        """Pick all, validate, and return the dialog that opens."""
        self.pick(sale.picking_ids)
        return self.open_dialog(self.validate(sale.picking_ids))

    def enter_code(self, dialog, code):
        dialog.line_ids.write({"code": code})
        return dialog.action_confirm()

    def fail_on_validation(self, error):
        return patch.object(
            type(self.env["stock.picking"]), "_action_done", side_effect=error, autospec=True
        )

    def proofs(self):
        self.env.cr.execute("SELECT order_id, status, code FROM cartona_delivery_proof")
        return self.env.cr.fetchall()


class TestDeliveryOtp(OtpCase):
    def setUp(self):
        super().setUp()
        self.sale = self.take_order_with_code()
        self.picking = self.sale.picking_ids

    # === RIGHT AND WRONG === #

    def test_validating_opens_the_code_dialog_first(self):
        self.assertTrue(self.picking.cartona_needs_otp)
        dialog = self.open_code_dialog(self.sale)
        self.assertEqual(dialog._name, "cartona.delivery.otp")
        self.assertEqual(dialog.line_ids.order_id, self.sale)
        self.assertNotEqual(self.picking.state, "done")
        self.push()
        self.assertEqual(self.marketplace.calls, [])

    def test_cartona_checks_the_code_before_anything_is_validated(self):
        states = []
        self.expect_code(self.sale)
        self.marketplace.answer_status = lambda body: states.append(self.picking.state) or 200
        self.enter_code(self.open_code_dialog(self.sale), CODE)
        self.assertEqual(states, ["assigned", "assigned"])
        self.assertEqual(self.picking.state, "done")
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "delivered"])
        self.assertEqual(self.bodies(self.sale)[-1]["retailer_otp"], CODE)

        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "delivered"])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("delivered", "synced")
        )

    def test_a_wrong_code_is_shown_and_can_be_corrected(self):
        self.expect_code(self.sale)
        dialog = self.open_code_dialog(self.sale)
        again = self.open_dialog(self.enter_code(dialog, WRONG))
        self.assertEqual((again, self.picking.state), (dialog, "assigned"))
        self.assertEqual((dialog.line_ids.state, dialog.line_ids.code), ("refused", False))
        self.assertIn("does not accept this code", dialog.line_ids.message)
        self.assertNotIn(WRONG, dialog.line_ids.message)
        self.enter_code(dialog, CODE)
        self.assertEqual((self.picking.state, self.sale.cartona_status), ("done", "delivered"))
        self.assertEqual(
            self.sent_statuses(self.sale), ["assigned_to_salesman", "delivered", "delivered"]
        )

    def test_a_single_order_is_shown_as_a_form(self):
        """A driver uses it on a phone: a list would not fit."""
        self.expect_code(self.sale)
        dialog = self.open_code_dialog(self.sale)
        self.assertRecordValues(
            dialog,
            [
                {
                    "is_single": True,
                    "order_name": self.sale.name,
                    "retailer_name": self.sale.partner_id.name,
                    "amount_to_collect": self.sale.cartona_amount_to_collect,
                    "message": False,
                }
            ],
        )
        self.assertTrue(dialog.amount_to_collect)
        dialog.code = WRONG
        dialog.action_confirm()
        self.env.invalidate_all()
        self.assertIn("does not accept this code", dialog.message)
        self.assertFalse(dialog.code)
        dialog.code = CODE
        dialog.action_confirm()
        self.env.invalidate_all()
        self.assertEqual((self.picking.state, dialog.code), ("done", False))

    def test_without_a_code_no_request_is_sent(self):
        dialog = self.open_code_dialog(self.sale)
        with self.assertRaises(UserError):
            dialog.action_confirm()
        self.assertEqual(self.marketplace.calls, [])

    def test_the_dialog_shows_that_cartona_ended_the_order(self):
        dialog = self.open_code_dialog(self.sale)
        self.sale.cartona_status = "cancelled_by_retailer"
        self.env.flush_all()
        self.enter_code(dialog, CODE)
        self.assertIn("Cancelled by the retailer", dialog.line_ids.message)
        self.assertEqual((self.picking.state, self.marketplace.calls), ("assigned", []))

    # === NO ANSWER === #

    def test_waiting_for_an_unreachable_cartona_changes_nothing(self):
        self.marketplace.answer_always("POST", STATUSES, {})
        self.marketplace.answer_always(
            "POST", self.single_path(self.sale), "bad gateway", status=502
        )
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        self.assertTrue(dialog.is_unreachable)
        self.assertEqual((dialog.line_ids.state, self.picking.state), ("unreachable", "assigned"))
        dialog.action_wait()
        self.assertFalse(dialog.line_ids.code)
        self.assertEqual(
            (self.picking.state, self.sale.cartona_status), ("assigned", "assigned_to_salesman")
        )
        self.assertNotIn(CODE, str(self.proofs()))

    def test_a_delivery_without_answer_is_confirmed_later(self):
        self.marketplace.answer_always("POST", STATUSES, {})
        self.marketplace.answer_next("POST", self.single_path(self.sale), "bad gateway", status=502)
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        dialog.action_deliver_later()
        self.assertEqual(self.picking.state, "done")
        self.assertFalse(dialog.line_ids.code)
        self.config._end_pause("out")
        self.expect_code(self.sale)
        self.push()
        self.assertEqual(self.bodies(self.sale)[-1]["retailer_otp"], CODE)
        self.assertEqual((self.sale.cartona_status, self.proofs()), ("delivered", []))

    def test_a_stored_code_is_kept_until_cartona_answers(self):
        self.marketplace.answer_always("POST", STATUSES, "bad gateway", status=502)
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        dialog.action_deliver_later()
        self.push()
        self.assertEqual(self.proofs(), [(self.sale.id, None, CODE)])
        self.assertEqual(self.sale.cartona_status, "approved")

    def test_a_wrong_stored_code_is_deleted_and_creates_an_activity(self):
        self.marketplace.answer_always("POST", STATUSES, {})
        self.marketplace.answer_next("POST", self.single_path(self.sale), "bad gateway", status=502)
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, WRONG)
        dialog.action_deliver_later()
        self.config._end_pause("out")
        self.expect_code(self.sale)
        self.push()
        self.assertEqual(self.proofs(), [])
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state),
            ("assigned_to_salesman", "error"),
        )
        self.assertEqual(len(self.activities(self.sale)), 1)
        # The button opens the dialog for the right code.
        self.assertTrue(self.sale.cartona_can_deliver)
        self.enter_code(self.open_dialog(self.sale.action_cartona_delivered()), CODE)
        self.push()
        self.assertEqual((self.sale.cartona_status, self.sale.cartona_error), ("delivered", False))

    def lose_answer_then_refuse(self):
        """Accept the delivery but lose the answer; then refuse it as already delivered."""
        path = self.single_path(self.sale)
        self.marketplace.answer_always("POST", STATUSES, {})
        self.marketplace.answer_next("POST", path, "bad gateway", status=502)
        self.marketplace.answer_always("POST", path, {"error": "is already delivered"}, status=422)

    def test_a_refusal_after_a_lost_answer_mentions_possible_delivery(self):
        self.lose_answer_then_refuse()
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        self.assertEqual(self.woken_streams(), {("pull", self.config.id)})
        # Even if the dialog was closed meanwhile.
        dialog.action_wait()
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        self.assertEqual(dialog.line_ids.state, "refused")
        self.assertIn("may have accepted the delivery", dialog.line_ids.message)
        self.assertNotIn("does not accept this code", dialog.line_ids.message)
        self.assertEqual(self.picking.state, "assigned")

        # The next import resolves it, without another call.
        self.receive(self.order(status="delivered", wallet_top_up=20.0))
        self.marketplace.calls.clear()
        self.enter_code(dialog, CODE)
        self.assertEqual((self.picking.state, self.marketplace.calls), ("done", []))

    def test_a_stored_code_refused_after_a_lost_answer_mentions_it(self):
        self.lose_answer_then_refuse()
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        dialog.action_deliver_later()
        self.config._end_pause("out")
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertIn("it is not known whether Cartona accepted", self.sale.cartona_error)
        self.assertEqual(self.proofs(), [])

    def woken_streams(self):
        """Return the pull streams that are woken after the commit."""
        return {
            (stream, config_id)
            for stream, config_id in self.env.cr.postcommit.data.get("cartona.wake", ())
            if stream == "pull"
        }

    def test_lines_without_an_answer_are_sent_again_in_full(self):
        self.marketplace.answer_next("POST", DETAILS, "bad gateway", status=502)
        self.pick(self.picking, {self.tea: 3})
        options = {"skip_backorder": True, "picking_ids_not_to_backorder": self.picking.ids}
        dialog = self.open_dialog(self.validate(self.picking, **options))
        self.enter_code(dialog, CODE)
        self.assertEqual((dialog.line_ids.state, self.picking.state), ("unreachable", "assigned"))
        dialog.action_wait()
        # Cartona may have three now; Odoo still has four.
        self.config._end_pause("out")
        self.accept_all(self.sale)
        self.push()
        self.assertEqual(
            self.marketplace.bodies(DETAILS)[-1][0]["order_details"],
            [{"id": 901, "amount": 4, "price": 12.5}],
        )
        self.assertEqual(self.sale.cartona_sync_state, "synced")

    # === ORDERS ARE SWITCHED OFF === #

    def test_while_orders_are_off_the_button_raises_an_error(self):
        self.pick(self.picking)
        self.picking._action_done()
        self.config.auto_sync_orders = False
        with self.assertRaisesRegex(UserError, "switch “Orders” on"):
            self.sale.action_cartona_delivered()
        self.assertEqual(self.marketplace.calls, [])

    def test_an_open_dialog_sends_nothing_after_orders_are_off(self):
        dialog = self.open_code_dialog(self.sale)
        self.config.auto_sync_orders = False
        with self.assertRaisesRegex(UserError, "switch “Orders” on"):
            self.enter_code(dialog, CODE)
        self.assertEqual(self.marketplace.calls, [])

    # === VALIDATION IN ODOO === #

    def test_an_accepted_code_is_not_sent_a_second_time(self):
        self.expect_code(self.sale)
        dialog = self.open_code_dialog(self.sale)
        # Not `assertRaises`, whose rollback would undo what other cursors have committed.
        with self.fail_on_validation(ValidationError("no")):
            try:
                self.enter_code(dialog, CODE)
            except ValidationError:
                self.env.invalidate_all()
            else:
                self.fail("Odoo should have refused")
        self.assertNotEqual(self.picking.state, "done")
        self.assertFalse(dialog.line_ids.code)
        self.assertEqual(self.sent_statuses(self.sale).count("delivered"), 1)

        self.validate(self.picking)
        self.push()
        self.assertEqual((self.picking.state, self.sale.cartona_status), ("done", "delivered"))
        self.assertEqual(self.sent_statuses(self.sale).count("delivered"), 1)
        self.assertEqual(self.proofs(), [])

    def test_a_retried_transaction_sends_no_request(self):
        self.expect_code(self.sale)
        dialog = self.open_code_dialog(self.sale)
        self.env["cartona.delivery.proof"]._store(self.sale.id, status="delivered")
        dialog.action_confirm()
        self.assertEqual((self.picking.state, self.marketplace.calls), ("done", []))

    def test_a_delivery_never_finished_in_odoo_creates_an_activity(self):
        self.env["cartona.delivery.proof"]._store(self.sale.id, status="delivered")
        self.config._cron_sweep()
        self.push()
        self.assertEqual(self.sale.cartona_status, "delivered")
        self.assertIn("Validate the delivery", self.activities(self.sale)[0][0])

    def test_the_echo_of_a_delivery_creates_no_activity(self):
        self.env["cartona.delivery.proof"]._store(self.sale.id, status="delivered")
        self.receive(self.order(status="delivered", wallet_top_up=20.0))
        self.assertEqual(self.activities(self.sale), [])

    def test_a_delivery_without_its_code_is_not_sent(self):
        self.accept_all()
        self.pick(self.picking)
        self.picking._action_done()
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman"])
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertEqual(len(self.activities(self.sale)), 1)
        self.push()
        self.assertEqual(len(self.activities(self.sale)), 1)
        self.assertTrue(self.sale.cartona_can_deliver)
        self.expect_code(self.sale)
        self.enter_code(self.open_dialog(self.sale.action_cartona_delivered()), CODE)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "delivered"])
        self.assertEqual(self.sale.cartona_sync_state, "synced")

    # === WHICH DELIVERIES NEED THE CODE === #

    def test_only_the_last_of_several_deliveries_needs_the_code(self):
        self.accept_all()
        self.pick(self.picking, {self.tea: 3})
        self.assertTrue(self.validate(self.picking, skip_backorder=True))
        self.assertEqual(self.picking.state, "done")
        rest = self.sale.picking_ids - self.picking
        self.pick(rest)
        self.assertEqual(self.validate(rest)["res_model"], "cartona.delivery.otp")

    def test_the_backorder_dialog_opens_before_the_code_dialog(self):
        self.expect_code(self.sale)
        self.pick(self.picking, {self.tea: 3})
        question = self.open_dialog(self.validate(self.picking))
        self.assertEqual(question._name, "stock.backorder.confirmation")
        if not question.pick_ids:
            question.pick_ids = self.picking
        dialog = self.open_dialog(question.process_cancel_backorder())
        self.enter_code(dialog, CODE)
        self.assertEqual(self.picking.state, "done")
        self.assertEqual(self.sale.picking_ids, self.picking, "no backorder")
        self.push()
        self.assertEqual(self.sale.cartona_status, "delivered")

    def test_a_warehouse_user_without_a_right_on_sales_delivers(self):
        groups = "group_ids" if "group_ids" in self.seller._fields else "groups_id"
        self.seller.write({groups: [(6, 0, self.env.ref("stock.group_stock_user").ids)]})
        self.expect_code(self.sale)
        self.pick(self.picking)
        picking = self.picking.with_user(self.seller)
        action = picking.with_context(skip_sms=True).button_validate()
        dialog = self.open_dialog(action).with_user(self.seller)
        self.enter_code(dialog, CODE)
        self.assertEqual(self.picking.state, "done")
        self.push()
        self.assertEqual(self.sale.cartona_status, "delivered")

    def test_with_the_button_setting_validation_needs_no_code(self):
        self.config.delivered_when = "button"
        self.expect_code(self.sale)
        self.deliver(self.sale)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman"])
        dialog = self.open_dialog(self.sale.action_cartona_delivered())
        self.assertFalse(self.sale.cartona_delivered_at)
        self.enter_code(dialog, CODE)
        self.assertTrue(self.sale.cartona_delivered_at)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["assigned_to_salesman", "delivered"])

    def test_several_orders_share_one_code_dialog(self):
        coded = self.sale
        for number in range(2):
            coded |= self.take_order_with_code(
                hashed_id="coded%s" % number, lines={1: None, 0: {"amount": 1}}
            )
        plain = self.env["sale.order"]
        for number in range(7):
            name = "plain%s" % number
            plain |= self.take_order(hashed_id=name, lines={0: None, 1: {"amount": 1}})
        self.clear_outbox()
        everything = (plain | coded).picking_ids
        self.pick(everything)
        dialog = self.open_dialog(self.validate(everything))
        self.assertEqual(set(plain.picking_ids.mapped("state")), {"done"})
        self.assertEqual(dialog.line_ids.order_id, coded)
        self.assertFalse(dialog.is_single)
        self.assertEqual(set(coded.picking_ids.mapped("state")), {"assigned"})

        # Each line has its own result.
        for sale in coded:
            self.expect_code(sale)
        wrong = dialog.line_ids[1]
        for line in dialog.line_ids:
            line.code = WRONG if line == wrong else CODE
        again = self.open_dialog(dialog.action_confirm())
        self.assertEqual(
            {line.order_id: line.state for line in again.line_ids},
            {sale: "refused" if sale == wrong.order_id else "accepted" for sale in coded},
        )
        self.assertEqual(wrong.order_id.picking_ids.state, "assigned")
        self.enter_line_code(again, wrong)
        self.assertEqual(set(everything.mapped("state")), {"done"})

    def enter_line_code(self, dialog, line):
        line.code = CODE
        dialog.action_confirm()

    # === SECRECY OF THE CODE === #

    def test_a_used_code_is_stored_nowhere(self):
        self.expect_code(self.sale)
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, WRONG)
        self.enter_code(dialog, CODE)
        self.push()
        for code in (WRONG, CODE):
            self.assertEqual(self.tables_containing(code), [])

    def test_no_user_can_read_a_stored_code(self):
        self.marketplace.answer_always("POST", STATUSES, "bad gateway", status=502)
        dialog = self.open_code_dialog(self.sale)
        self.enter_code(dialog, CODE)
        dialog.action_deliver_later()
        self.assertEqual(self.tables_containing(CODE), ["cartona_delivery_proof"])
        admin = self.env.ref("base.user_admin")
        with self.assertRaises(Exception) as caught:
            self.env["cartona.delivery.proof"].with_user(admin).search([])
        self.assertEqual(type(caught.exception).__name__, "AccessError")

    def tables_containing(self, code):
        """Return the names of the tables that contain this code."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name"
        )
        found = []
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(
                'SELECT 1 FROM "%s" row WHERE row::text LIKE %%s LIMIT 1' % table,
                ("%" + code + "%",),
            )
            found += [table] if self.env.cr.fetchone() else []
        return found

    def test_codes_of_ended_orders_are_deleted(self):
        Proof = self.env["cartona.delivery.proof"]
        Proof._store(self.sale.id, code=CODE)
        Proof._purge()
        self.assertEqual(self.proofs(), [(self.sale.id, None, CODE)])
        self.sale.cartona_status = "delivered"
        self.env.flush_all()
        Proof._purge()
        self.assertEqual(self.proofs(), [])


class TestImmediateTransfer(OtpCase):
    """Up to 16 a dialog confirms that the reserved goods were moved; from 17 it is assumed."""

    def test_an_immediate_transfer_opens_the_code_dialog(self):
        sale = self.take_order_with_code()
        self.expect_code(sale)
        action = self.validate(sale.picking_ids)
        if action["res_model"] == "stock.immediate.transfer":
            question = self.open_dialog(action)
            if not question.pick_ids:
                question.pick_ids = sale.picking_ids
            action = question.process()
        self.assertEqual(action["res_model"], "cartona.delivery.otp")
        self.assertEqual(set(moves_of(sale.picking_ids).mapped("state")), {"assigned"})
        self.enter_code(self.open_dialog(action), CODE)
        self.assertEqual(sale.picking_ids.state, "done")
