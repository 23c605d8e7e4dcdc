"""Cancelling: in Odoo with a reason, on Cartona at every step of the delivery."""

from odoo.exceptions import UserError

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from ..cartona_api import status
from ..compat import HAS_MASS_CANCEL, moves_of
from .common import STATUSES
from .delivery_common import DeliveryCase

GONE = {"status": "cancelled_by_retailer", "cancellation_reason": "closed today"}


class TestCancelInOdoo(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.sale = self.take_order()
        self.accept_all(self.sale)

    def test_the_form_button_requires_a_reason_and_sends_it(self):
        self.config.default_cancellation_reason = "missing_items"
        dialog = self.open_dialog(self.sale.action_cancel())
        self.assertEqual(dialog._name, "cartona.order.cancel")
        self.assertEqual(self.sale.state, "sale")
        self.assertEqual(dialog.reason, "missing_items")
        dialog.reason = "different_prices"
        dialog.action_confirm()
        self.push()
        self.assertEqual(
            self.marketplace.bodies(self.single_path(self.sale)),
            [
                {
                    "hashed_id": self.sale.cartona_id,
                    "status": "cancelled_by_supplier",
                    "cancellation_reason": "different_prices",
                }
            ],
        )
        self.assertEqual(
            (self.sale.state, self.sale.cartona_status, self.sale.picking_ids.state),
            ("cancel", "cancelled_by_supplier", "cancel"),
        )

    def test_the_reasons_are_those_of_cartona(self):
        reasons = dict(
            self.sale._fields["cartona_cancellation_reason"]._description_selection(self.env)
        )
        self.assertEqual(set(reasons), set(status.CANCELLATION_REASONS))

    def test_cancelling_without_a_dialog_sends_the_default_reason(self):
        self.config.default_cancellation_reason = "delayed_order"
        quiet = self.take_order(hashed_id="quiet1")
        quieter = self.take_order(hashed_id="quiet2")
        self.accept_all(quiet, quieter)
        quiet.with_context(disable_cancel_warning=True).action_cancel()
        quieter._action_cancel()
        self.push()
        for sale in (quiet, quieter):
            self.assertEqual(
                self.bodies(sale),
                [{"status": "cancelled_by_supplier", "cancellation_reason": "delayed_order"}],
            )

    def test_several_orders_are_cancelled_with_one_reason(self):
        other = self.take_order(hashed_id="other1")
        own = self.env["sale.order"].create({"partner_id": self.sale.partner_id.id})
        self.accept_all(other)
        both = self.sale | other | own
        model = self.env["cartona.order.cancel"].with_context(active_ids=both.ids)
        dialog = model.create({"reason": "cannot_deliver_the_order"})
        self.assertEqual(dialog.order_count, 3)
        dialog.action_confirm()
        self.push()
        self.assertEqual(set(both.mapped("state")), {"cancel"})
        for sale in (self.sale, other):
            self.assertEqual(
                [body["cancellation_reason"] for body in self.bodies(sale)],
                ["cannot_deliver_the_order"],
            )
        self.assertFalse(own.cartona_cancellation_reason)

    def test_odoos_mass_cancellation_opens_the_reason_dialog(self):
        self.assertEqual(HAS_MASS_CANCEL, "sale.mass.cancel.orders" in self.env)
        if not HAS_MASS_CANCEL:
            return  # up to 16 there is none
        other = self.take_order(hashed_id="other1")
        own = self.env["sale.order"].create({"partner_id": self.sale.partner_id.id})
        self.accept_all(other)
        everything = self.sale | other | own
        Mass = self.env["sale.mass.cancel.orders"].with_context(active_ids=everything.ids)
        dialog = self.open_dialog(Mass.create({}).action_mass_cancel())
        self.assertEqual((dialog._name, dialog.order_ids), ("cartona.order.cancel", everything))
        self.assertEqual(self.sale.state, "sale")
        dialog.reason = "expired_products"
        dialog.action_confirm()
        self.push()
        self.assertEqual(set(everything.mapped("state")), {"cancel"})
        for sale in (self.sale, other):
            self.assertEqual(
                [body["cancellation_reason"] for body in self.bodies(sale)], ["expired_products"]
            )

    def test_odoos_mass_cancellation_of_other_orders_is_unchanged(self):
        if not HAS_MASS_CANCEL:
            return  # up to 16 there is none
        own = self.env["sale.order"].create({"partner_id": self.sale.partner_id.id})
        Mass = self.env["sale.mass.cancel.orders"].with_context(active_ids=own.ids)
        self.assertIsNone(Mass.create({}).action_mass_cancel())
        self.assertEqual(own.state, "cancel")

    def test_other_orders_are_cancelled_without_the_dialog(self):
        own = self.env["sale.order"].create({"partner_id": self.sale.partner_id.id})
        own.action_cancel()
        self.assertEqual(own.state, "cancel")

    def test_an_order_cancelled_by_the_retailer_needs_no_reason(self):
        self.sale.cartona_status = "cancelled_by_retailer"
        answer = self.sale.with_context(disable_cancel_warning=False).action_cancel()
        if isinstance(answer, dict):
            self.assertNotEqual(answer["res_model"], "cartona.order.cancel")

    def test_a_refused_cancellation_is_flagged_with_both_states(self):
        self.marketplace.answer_next(
            "POST", self.single_path(self.sale), {"error": "is already delivered"}, status=422
        )
        self.sale.cartona_status = "assigned_to_salesman"
        self.sale._action_cancel()
        self.push()
        self.assertEqual(
            (self.sale.state, self.sale.cartona_status, self.sale.cartona_sync_state),
            ("cancel", "assigned_to_salesman", "error"),
        )
        self.assertIn("already delivered", self.sale.cartona_error)
        self.assertIn("Shipped", self.sale.cartona_error)
        [(task, user)] = self.activities(self.sale)
        self.assertEqual((task, user), (self.sale.cartona_error, self.config.activity_user_id))

        # Cartona accepts it the second time: nothing is left to do.
        self.marketplace.answer_always("POST", self.single_path(self.sale), {})
        self.sale.action_cartona_sync()
        self.push()
        self.assertEqual(self.sale.cartona_sync_state, "synced")
        self.assertEqual(self.activities(self.sale), [])

    def test_cancelled_here_and_delivered_there_is_flagged(self):
        self.sale.cartona_status = "delivered"
        self.sale._action_cancel()
        self.push()
        self.assertEqual(self.marketplace.calls, [])
        self.assertEqual(self.sale.cartona_sync_state, "error")
        self.assertEqual(len(self.activities(self.sale)), 1)

    def test_a_cancellation_without_an_answer_is_sent_again(self):
        self.marketplace.answer_next("POST", self.single_path(self.sale), "bad gateway", status=502)
        self.sale._action_cancel()
        self.assertTrue(self.push())
        self.config._end_pause("out")
        self.push()
        self.assertEqual(self.sale.cartona_status, "cancelled_by_supplier")

    def test_pending_again_on_cartona_creates_an_activity(self):
        self.sale._action_cancel()
        self.push()
        self.receive(self.order(status="pending", note_message="please after all"))
        self.assertEqual(self.sale.state, "cancel")
        self.assertEqual(len(self.activities(self.sale)), 1)
        self.push()
        self.assertEqual(self.sent_statuses(self.sale), ["cancelled_by_supplier"])


class TestDelete(DeliveryCase):
    def test_an_order_open_on_cartona_cannot_be_deleted(self):
        sale = self.take_order(confirm=False)
        self.accept_all(sale)
        with self.assertRaisesRegex(UserError, "“Pending” on Cartona: cancel it instead"):
            sale.unlink()
        # Cancelled, but not sent yet: deleting the order would lose the cancellation.
        sale._action_cancel()
        with self.assertRaises(UserError):
            sale.unlink()
        self.push()
        self.assertEqual(self.sent_statuses(sale), ["cancelled_by_supplier"])
        sale.unlink()
        self.assertFalse(sale.exists())

    def test_uninstalling_deletes_orders(self):
        sale = self.take_order(confirm=False)
        sale.with_context(**{MODULE_UNINSTALL_FLAG: True}).unlink()
        self.assertFalse(sale.exists())

    def test_other_orders_are_deleted_as_usual(self):
        own = self.env["sale.order"].create({"partner_id": self.env.user.partner_id.id})
        own.unlink()
        self.assertFalse(own.exists())


class TestCancelledOnCartona(DeliveryCase):
    def free(self):
        return self.tea.with_context(location=self.warehouse.lot_stock_id.id).free_qty

    def cancel_on_cartona(self, sale):
        self.receive(self.order(hashed_id=sale.cartona_id, **GONE))

    def test_a_cancellation_before_picking_frees_the_stock(self):
        sale = self.take_order()
        before = self.free()
        self.clear_outbox()
        self.cancel_on_cartona(sale)
        self.assertEqual((sale.state, sale.picking_ids.state), ("cancel", "cancel"))
        self.assertEqual(self.free(), before + 4)
        self.assertIn(("restock", self.listing(self.tea).id), self.outbox_rows())
        self.assertEqual(self.activities(sale.picking_ids), [], "picking has not started")
        self.push()
        self.assertEqual(self.marketplace.calls, [])

    def test_a_quotation_is_cancelled_too(self):
        sale = self.take_order(confirm=False)
        self.cancel_on_cartona(sale)
        self.assertEqual(sale.state, "cancel")

    def test_a_cancellation_after_picking_notifies_the_warehouse(self):
        worker = self.seller
        starts = {
            "picked": lambda picking: self.pick(picking, {self.tea: 1}),
            "printed": lambda picking: picking.write({"printed": True}),
        }
        for name, start in starts.items():
            with self.subTest(name):
                sale = self.take_order(hashed_id=name)
                picking = sale.picking_ids
                picking.user_id = worker
                start(picking)
                self.env["bus.bus"].search([]).unlink()
                self.cancel_on_cartona(sale)
                self.assertEqual((sale.state, picking.state), ("cancel", "cancel"))
                [(task, user)] = self.activities(picking)
                self.assertIn("put the goods back", task)
                self.assertEqual(user, worker)
                self.assertIn("put the goods back", self.chatter(picking))
                alerts = self.env["bus.bus"].search([]).mapped("message")
                self.assertTrue(any("put the goods back" in str(alert) for alert in alerts))

    def test_an_unassigned_delivery_notifies_the_user_who_picks(self):
        groups = "group_ids" if "group_ids" in self.seller._fields else "groups_id"
        self.seller.write({groups: [(6, 0, self.env.ref("stock.group_stock_user").ids)]})
        sale = self.take_order()
        picking = sale.picking_ids
        self.assertFalse(picking.user_id)
        self.pick(picking.with_user(self.seller), {self.tea: 1})
        self.cancel_on_cartona(sale)
        self.assertEqual(picking.state, "cancel")
        [(task, user)] = self.activities(picking)
        self.assertIn("put the goods back", task)
        self.assertEqual(user, self.seller)

    def test_without_a_picking_user_the_responsible_is_notified(self):
        sale = self.take_order()
        sale.picking_ids.printed = True
        self.cancel_on_cartona(sale)
        [(_task, user)] = self.activities(sale.picking_ids)
        self.assertEqual(user, self.config.activity_user_id)

    def test_a_cancelled_backorder_notifies_the_warehouse(self):
        sale = self.take_order()
        first = sale.picking_ids
        self.deliver_short(sale, {self.tea: 3}, backorder=True)
        rest = sale.picking_ids - first
        rest.user_id = self.seller
        self.pick(rest)
        sale.cartona_status = "approved"
        self.cancel_on_cartona(sale)
        self.assertEqual((sale.state, first.state, rest.state), ("sale", "done", "cancel"))
        self.assertEqual(
            self.activities(rest),
            [("Cancelled by the retailer on Cartona: put the goods back.", self.seller)],
        )
        self.assertIn("take them back", self.activities(sale)[0][0])
        back = sale.picking_ids - first - rest
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in moves_of(back)},
            {self.tea: 3, self.rice: 2},
        )

    def test_the_steps_before_the_backorder_are_cancelled_too(self):
        self.warehouse.delivery_steps = "pick_ship"
        sale = self.take_order()
        pick = sale.picking_ids.filtered(lambda picking: picking.state == "assigned")
        self.pick(pick, {self.tea: 3})
        self.validate(pick, skip_backorder=True)
        ship = sale.picking_ids.filtered(
            lambda picking: picking.location_dest_id.usage == "customer"
        )
        self.pick(ship, {self.tea: 3})
        self.validate(ship, skip_backorder=True)
        self.assertEqual((pick.state, ship.state), ("done", "done"))
        open_ones = sale.picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        self.assertTrue(open_ones)
        sale.cartona_status = "approved"
        self.cancel_on_cartona(sale)
        self.assertEqual(set(open_ones.mapped("state")), {"cancel"})
        self.assertEqual(
            (self.activities(pick), self.activities(open_ones)),
            ([], []),
            "picking of the rest has not started",
        )

    def test_goods_in_the_output_location_are_put_back(self):
        self.warehouse.delivery_steps = "pick_ship"
        sale = self.take_order()
        first = sale.picking_ids.filtered(lambda picking: picking.state == "assigned")
        self.pick(first)
        self.validate(first)
        self.cancel_on_cartona(sale)
        self.assertEqual(sale.state, "cancel")
        self.assertEqual(len(self.activities(first)), 1)

    def test_a_cancellation_after_shipping_prepares_a_return(self):
        self.config.delivered_when = "button"
        sale = self.take_order()
        self.deliver(sale)
        delivery = sale.picking_ids
        sale.cartona_status = "approved"
        self.cancel_on_cartona(sale)
        self.assertEqual(sale.state, "sale")
        self.assertIn("take them back", self.activities(sale)[0][0])
        back = sale.picking_ids - delivery
        self.assertNotIn(back.state, ("done", "cancel"))
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in moves_of(back)},
            {self.tea: 4, self.rice: 2},
        )
        self.assertIn("closed today", self.chatter(back))
        # Received twice, prepared once.
        self.receive(self.order(note_message="again", **GONE))
        self.assertEqual(len(sale.picking_ids), 2)
        self.push()
        self.assertNotIn("delivered", self.sent_statuses(sale))

    def test_delivered_here_and_cancelled_there_is_flagged(self):
        sale = self.take_order()
        self.deliver(sale)
        self.clear_outbox()
        self.cancel_on_cartona(sale)
        self.assertIn("take them back", self.activities(sale)[0][0])
        # The retailer keeps the goods after all.
        sale.picking_ids.filtered(lambda picking: picking.state != "done").action_cancel()
        self.push()
        self.assertEqual(sale.cartona_sync_state, "error")
        self.assertIn(
            "Here the order is “Delivered”, on Cartona “Cancelled by the retailer”.",
            sale.cartona_error,
        )
        self.assertEqual(self.marketplace.bodies(STATUSES), [])
