"""The status of an order is sent to Cartona once, in order, and never as an echo."""

from odoo import fields
from odoo.exceptions import UserError

from ..compat import tax_field
from ..models.core.formatting import cairo_day
from .common import STATUSES
from .delivery_common import DeliveryCase

PENDING_CHANGE = {0: {"amount": 3}}


class TestOrderStatus(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.sale = self.take_order(confirm=False)

    def test_an_imported_order_sends_nothing_back(self):
        self.env["cartona.change"]._mark_orders_dirty(self.sale.ids)
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.outbox_rows(), [])

    def test_a_confirmation_is_sent_as_approved(self):
        self.marketplace.answer_next("POST", STATUSES, {})
        self.sale.action_confirm()
        self.assertIn(("order", self.sale.id), self.outbox_rows())
        self.assertEqual(self.sale.cartona_sync_state, "pending")

        self.assertIsNone(self.push())

        self.assertEqual(
            self.marketplace.bodies(STATUSES),
            [[{"hashed_id": self.sale.cartona_id, "status": "approved"}]],
        )
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("approved", "synced")
        )
        self.assertEqual(self.outbox_rows("order"), [])
        self.assertEqual(set(self.sale.picking_ids.mapped("state")), {"assigned"})

    def test_an_automatic_confirmation_is_sent_as_approved(self):
        self.config.auto_confirm = True
        sale = self.receive(self.order(hashed_id="auto1"))
        self.assertEqual(sale.state, "sale")
        self.accept_all()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["approved"])

    def test_statuses_reached_while_orders_are_off_are_sent_later(self):
        self.config.auto_sync_orders = False
        self.sale.action_confirm()
        self.push()
        self.assertEqual((self.sale.cartona_sync_state, self.marketplace.calls), ("pending", []))
        self.accept_all()
        self.config.auto_sync_orders = True
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["approved"])

    def test_orders_of_one_minute_share_their_calls(self):
        other = self.take_order(confirm=False, hashed_id="other1")
        self.accept_all(self.sale, other)
        (self.sale | other).action_confirm()
        other.action_cartona_ship()
        self.push()
        self.assertEqual(
            [
                {(item["hashed_id"], item["status"]) for item in body}
                for body in self.marketplace.bodies(STATUSES)
            ],
            [
                {(self.sale.cartona_id, "approved"), ("other1", "approved")},
                {("other1", "assigned_to_salesman")},
            ],
        )

    def test_a_refused_order_does_not_block_others(self):
        other = self.take_order(confirm=False, hashed_id="other1")
        refusal = {"errors": [{"hashed_id": self.sale.cartona_id, "message": "too late"}]}
        self.marketplace.answer_next("POST", STATUSES, refusal)
        (self.sale | other).action_confirm()
        self.assertIsNone(self.push())
        self.assertEqual(self.sale.cartona_status, "pending")
        self.assertIn("too late", self.sale.cartona_error)
        self.assertEqual((other.cartona_status, other.cartona_error), ("approved", False))

    def test_the_retailers_cancellation_is_not_sent_back(self):
        self.receive(self.order(status="cancelled_by_retailer"))
        self.assertEqual(self.sale.state, "cancel")
        self.push()
        self.assertEqual(self.marketplace.calls, [])

    def test_a_refusal_is_shown_on_the_order_and_not_repeated(self):
        self.marketplace.answer_next("POST", STATUSES, {"error": "too late"}, status=422)
        self.sale.action_confirm()
        self.assertIsNone(self.push())
        self.push()
        self.assertEqual(len(self.marketplace.calls), 1)
        self.assertEqual(
            (self.sale.cartona_status, self.sale.cartona_sync_state), ("pending", "error")
        )
        self.assertIn("too late", self.sale.cartona_error)

    def test_a_status_without_an_answer_is_sent_again(self):
        self.marketplace.answer_next("POST", STATUSES, "bad gateway", status=502)
        self.sale.action_confirm()
        self.assertTrue(1 <= self.push() <= 1.25)
        self.assertEqual(self.sale.cartona_status, "pending")
        self.assertEqual(self.outbox_rows("order"), [("order", self.sale.id)])

        self.config._end_pause("out")
        self.marketplace.answer_next("POST", STATUSES, {})
        self.assertIsNone(self.push())
        self.assertEqual(self.sale.cartona_status, "approved")

    def test_an_unsent_approval_is_not_undone_by_an_import(self):
        self.marketplace.answer_next("POST", STATUSES, "bad gateway", status=502)
        self.sale.action_confirm()
        self.push()
        self.receive(self.order(note_message="another note"))
        self.assertEqual(self.sale.state, "sale")
        self.config._end_pause("out")
        self.accept_all()
        self.push()
        self.assertEqual(self.sale.cartona_status, "approved")

    def test_a_refused_repetition_is_resolved_by_cartonas_status(self):
        self.marketplace.answer_next("POST", STATUSES, {"error": "already approved"}, status=422)
        self.sale.action_confirm()
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.receive(self.order(status="approved"))
        self.push()
        self.assertEqual((self.sale.cartona_sync_state, self.sale.cartona_error), ("synced", False))
        self.assertEqual(len(self.marketplace.calls), 1)

    def test_a_refusal_is_resolved_when_both_sides_ended(self):
        self.marketplace.answer_next("POST", STATUSES, {"error": "cancelled"}, status=422)
        self.sale.action_confirm()
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.receive(self.order(status="cancelled_by_retailer"))
        self.assertEqual((self.sale.cartona_sync_state, self.sale.cartona_error), ("synced", False))

    def test_a_refusal_explained_during_the_call_is_resolved(self):
        def refuse(_body):
            self.receive(self.order(status="cancelled_by_retailer"))
            return {"error": "cancelled"}

        self.marketplace.answer_next("POST", STATUSES, refuse, status=422)
        self.sale.action_confirm()
        self.push()
        self.assertEqual((self.sale.state, self.sale.cartona_error), ("cancel", False))
        self.assertEqual(self.sale.cartona_sync_state, "synced")

    def test_an_answer_does_not_undo_an_import_during_the_call(self):
        def accept(_body):
            self.receive(self.order(status="cancelled_by_retailer"))
            return {}

        self.marketplace.answer_next("POST", STATUSES, accept)
        self.sale.action_confirm()
        self.push()
        self.assertEqual(self.sale.cartona_status, "cancelled_by_retailer")

    # === SYNC NOW === #

    def test_sync_now_without_changes_ends_synced(self):
        self.sale.action_cartona_sync()
        self.assertEqual(self.sale.cartona_sync_state, "pending")
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "synced")
        self.assertEqual(self.marketplace.calls, [])

    def test_sync_now_raises_an_error_while_orders_are_off(self):
        self.config.auto_sync_orders = False
        with self.assertRaisesRegex(UserError, "not exchanged"):
            self.sale.action_cartona_sync()
        self.assertEqual(self.sale.cartona_sync_state, "synced")

    # === RESET === #

    def test_an_order_reset_to_quotation_sends_nothing(self):
        self.accept_all(self.sale)
        self.sale.action_confirm()
        self.push()
        self.sale.write({"state": "draft"})
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["approved"])

    def test_the_reset_button_sends_pending(self):
        self.accept_all(self.sale)
        self.sale.action_confirm()
        self.push()
        self.sale.write({"state": "draft"})
        self.assertTrue(self.sale.cartona_can_reset)
        self.sale.action_cartona_reset_to_pending()
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["approved", "pending"])
        self.assertEqual((self.sale.cartona_status, self.sale.cartona_is_reset), ("pending", False))

    def test_a_refused_pending_is_not_sent_again(self):
        self.marketplace.answer_next("POST", STATUSES, {})
        self.marketplace.answer_next(
            "POST", self.single_path(self.sale), {"error": "no"}, status=422
        )
        self.sale.action_confirm()
        self.push()
        self.sale.write({"state": "draft"})
        self.sale.action_cartona_reset_to_pending()
        self.push()
        self.env["cartona.change"]._mark_orders_dirty(self.sale.ids)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["approved", "pending"])
        self.assertEqual(self.sale.cartona_sync_state, "error")

    # === THE RETAILER IS EDITING === #

    def test_while_the_retailer_edits_the_order_is_read_only(self):
        self.receive(self.order(status="editing"))
        line = self.sale.order_line[0]
        new = {"order_id": self.sale.id, "product_id": self.rice.id}
        admins = self.sale.with_user(self.env.ref("base.user_admin"))
        attempts = {
            "confirm": self.sale.action_confirm,
            "cancel": self.sale.action_cancel,
            "cancel without a question": self.sale._action_cancel,
            "change a line": lambda: line.write({"product_uom_qty": 1}),
            "change a line in the form": lambda: self.sale.write(
                {"order_line": [(1, line.id, {"price_unit": 1.0})]}
            ),
            "change its taxes": lambda: line.write({tax_field(line): [(5, 0, 0)]}),
            "claim to be an import": lambda: admins.with_context(
                cartona_importing=True
            ).action_cancel(),
            "remove a line": line.unlink,
            "add a line": lambda: self.env["sale.order.line"].create(new),
        }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "retailer is changing"):
                with self.env.cr.savepoint():
                    attempt()
        self.push()
        self.assertEqual((self.sale.state, self.marketplace.calls), ("draft", []))
        line.write({"name": "the name of a line may change"})

    def test_the_retailers_edit_is_imported_and_unlocks_the_order(self):
        self.receive(self.order(status="editing"))
        self.receive(self.order(lines=PENDING_CHANGE))
        self.assertEqual(self.sale.order_line[0].product_uom_qty, 3)
        self.sale.action_confirm()
        self.assertEqual(self.sale.state, "sale")


class TestShipping(DeliveryCase):
    def test_the_ship_button_sends_shipped_without_validating(self):
        sale = self.take_order(retailer_preferred_delivery_date="2030-03-05")
        self.accept_all()
        self.assertTrue(sale.cartona_can_ship)
        sale.action_cartona_ship()
        self.push()
        self.assertEqual(
            self.bodies(sale),
            [{"status": "assigned_to_salesman", "estimated_delivery_day": "2030-03-05"}],
        )
        self.assertEqual(
            (sale.cartona_status, sale.picking_ids.state), ("assigned_to_salesman", "assigned")
        )
        self.assertFalse(sale.cartona_can_ship)
        with self.assertRaises(UserError):
            sale.action_cartona_ship()

    def test_a_past_delivery_day_is_never_sent(self):
        sale = self.take_order()
        self.accept_all()
        sale.action_cartona_ship()
        self.push()
        self.assertEqual(self.bodies(sale)[0]["estimated_delivery_day"], cairo_day())

    def test_the_last_delivery_sends_delivered_with_its_day(self):
        sale = self.take_order()
        self.accept_all()
        sale.action_cartona_ship()
        self.push()
        self.pick(sale.picking_ids)
        self.assertTrue(self.validate(sale.picking_ids))
        self.push()
        self.assertEqual(
            self.bodies(sale)[-1], {"status": "delivered", "delivery_day": cairo_day()}
        )
        self.assertEqual((sale.cartona_status, sale.cartona_sync_state), ("delivered", "synced"))

    def test_an_order_delivered_at_once_sends_every_status(self):
        sale = self.take_order(confirm=False)
        self.accept_all()
        sale.action_confirm()
        self.deliver(sale)
        self.push()
        self.assertEqual(
            self.sent_statuses(sale), ["approved", "assigned_to_salesman", "delivered"]
        )

    def test_a_backorder_delays_delivered_and_is_shown(self):
        sale = self.take_order()
        self.accept_all()
        self.deliver_short(sale, {self.tea: 3}, backorder=True)
        rest = sale.picking_ids.filtered(lambda picking: picking.state != "done")
        self.assertEqual(len(rest), 1)
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman"])
        self.assertEqual(sale.cartona_waits_for, rest.name)
        self.deliver(sale)
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman", "delivered"])
        self.assertFalse(sale.cartona_waits_for)

    def test_a_cancelled_backorder_ends_the_wait(self):
        sale = self.take_order()
        self.accept_all()
        self.deliver_short(sale, {self.tea: 3}, backorder=True)
        self.push()
        sale.picking_ids.filtered(lambda picking: picking.state != "done").action_cancel()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman", "delivered"])

    def test_only_the_last_step_of_a_warehouse_counts(self):
        for steps, count in (("pick_ship", 2), ("pick_pack_ship", 3)):
            with self.subTest(steps):
                self.warehouse.delivery_steps = steps
                sale = self.take_order(hashed_id=steps)
                self.accept_all()
                self.marketplace.calls.clear()
                for step in range(count):
                    self.push()
                    self.assertEqual(self.sent_statuses(sale), [], "step %s" % step)
                    ready = sale.picking_ids.filtered(lambda row: row.state == "assigned")
                    self.pick(ready)
                    self.validate(ready)
                self.push()
                self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman", "delivered"])

    # === BY THE BUTTON === #

    def test_with_the_button_setting_the_button_sends_delivered(self):
        self.config.delivered_when = "button"
        sale = self.take_order()
        self.accept_all()
        self.assertFalse(sale.cartona_can_deliver)
        with self.assertRaisesRegex(UserError, "Complete the deliveries"):
            sale.action_cartona_delivered()
        self.deliver(sale)
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman"])
        self.assertTrue(sale.cartona_can_deliver)
        self.assertIsNone(sale.action_cartona_delivered())
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman", "delivered"])
        self.assertFalse(sale.cartona_can_deliver)

    def test_an_order_without_goods_is_delivered_by_the_button(self):
        # A new product: one that was in stock keeps its type.
        self.tea.cartona_id = False
        values = dict(self.service_values(), name="توصيل", taxes_id=[(5,)], cartona_id="T1")
        self.env["product.product"].create(values)
        sale = self.take_order(lines={1: None})
        self.assertFalse(sale.picking_ids)
        self.accept_all()
        self.push()
        self.assertEqual(self.sent_statuses(sale), [])
        sale.action_cartona_delivered()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["assigned_to_salesman", "delivered"])

    # === QUANTITIES TO SEND === #

    def test_the_delivered_quantity_counts_once_delivery_is_complete(self):
        sale = self.take_order()
        tea, rice = sale.order_line
        self.assertEqual((tea._cartona_amount(), rice._cartona_amount()), (4, 2))
        self.deliver_short(sale, {self.tea: 3}, backorder=True)
        self.assertEqual(tea._cartona_amount(), 4)
        sale.picking_ids.filtered(lambda picking: picking.state != "done").action_cancel()
        self.assertEqual((tea._cartona_amount(), rice._cartona_amount()), (3, 2))
        self.assertEqual(tea.product_uom_qty, 4)

    def test_both_lines_of_an_offer_share_a_short_delivery(self):
        sale = self.take_order(lines={1: {"id": 902, "supplier_product_id": "T1", "amount": 3}})
        first, second = sale.order_line
        self.pick(sale.picking_ids, {self.tea: 5})
        about = sale.with_context(cartona_validating=sale.picking_ids.ids).order_line
        self.assertEqual([line._cartona_amount() for line in about], [4, 1])
        self.deliver_short(sale, {self.tea: 5})
        self.assertEqual((first._cartona_amount(), second._cartona_amount()), (4, 1))


class TestDeliveredByCartona(DeliveryCase):
    BY_CARTONA = {"delivered_by": "delivered_by_cartona"}

    def test_only_a_cancellation_is_sent(self):
        sale = self.take_order(confirm=False, **self.BY_CARTONA)
        self.accept_all(sale)
        sale.action_confirm()
        self.push()
        self.assertFalse(sale.cartona_can_ship)
        with self.assertRaises(UserError):
            sale.action_cartona_ship()
        self.push()
        self.assertEqual(self.sent_statuses(sale), [])
        sale.with_context(disable_cancel_warning=True).action_cancel()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["cancelled_by_supplier"])

    def test_validating_sends_nothing_and_needs_no_code(self):
        sale = self.take_order(wallet_top_up=20.0, **self.BY_CARTONA)
        self.assertFalse(sale.cartona_needs_otp)
        self.deliver(sale)
        self.push()
        self.assertEqual((self.sent_statuses(sale), sale.cartona_sync_state), ([], "synced"))

    def test_only_stock_users_see_the_pickup_code(self):
        sale = self.take_order(
            pickup_date="2030-03-05T10:00:00Z", pickup_otp="4821", **self.BY_CARTONA
        )
        picking = sale.picking_ids
        self.assertEqual(
            (picking.cartona_pickup_date, picking.cartona_pickup_otp),
            (fields.Datetime.to_datetime("2030-03-05 10:00:00"), "4821"),
        )
        shop = self.env.ref("sales_team.group_sale_salesman_all_leads")
        house = self.env.ref("stock.group_stock_user")
        groups = "group_ids" if "group_ids" in self.seller._fields else "groups_id"
        for group, is_seen in ((shop, False), (house, True)):
            self.seller.write({groups: [(6, 0, (group | self.env.ref("base.group_user")).ids)]})
            for record in (sale, picking):
                shown = record.with_user(self.seller).fields_get(["cartona_pickup_otp"])
                self.assertEqual("cartona_pickup_otp" in shown, is_seen, (group, record))

    def test_delivered_by_cartona_creates_an_activity(self):
        sale = self.take_order(**self.BY_CARTONA)
        self.receive(self.order(status="delivered", **self.BY_CARTONA))
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertEqual(len(self.activities(sale)), 1)
        self.assertIn("Validate the delivery", self.activities(sale)[0][0])

        self.deliver(sale)
        self.push()
        self.assertEqual(self.activities(sale), [], "the delivery is complete")

    def test_delivered_by_cartona_completes_the_delivery_by_setting(self):
        self.config.complete_delivered = True
        self.warehouse.delivery_steps = "pick_ship"
        sale = self.take_order(wallet_top_up=20.0, **self.BY_CARTONA)
        self.receive(self.order(status="delivered", wallet_top_up=20.0, **self.BY_CARTONA))
        self.assertEqual(set(sale.picking_ids.mapped("state")), {"done"})
        self.assertEqual([line.qty_delivered for line in sale.order_line], [4, 2])
        self.assertEqual(self.activities(sale), [])
        self.push()
        self.assertEqual(self.marketplace.calls, [])

    def test_a_delivery_that_needs_lots_creates_an_activity(self):
        self.config.complete_delivered = True
        self.tea.tracking = "lot"
        sale = self.take_order(**self.BY_CARTONA)
        self.receive(self.order(status="delivered", **self.BY_CARTONA))
        self.assertNotEqual(sale.picking_ids.state, "done")
        self.assertIn("Validate the delivery", self.activities(sale)[0][0])

    def test_a_new_delivered_order_is_completed_by_setting(self):
        self.config.complete_delivered = True
        sale = self.receive(self.order(status="delivered", installment_cost=60.0))
        self.assertEqual((sale.state, sale.picking_ids.state), ("sale", "done"))
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(sale.cartona_sync_state, "synced")

    def test_a_new_delivered_order_waits_for_a_user(self):
        sale = self.receive(self.order(status="delivered"))
        self.assertEqual((sale.state, sale.picking_ids.state), ("sale", "assigned"))
        self.deliver(sale)
        self.push()
        self.assertEqual(self.marketplace.calls, [])
