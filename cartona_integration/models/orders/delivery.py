"""`sale.order`: the status that deliveries and buttons imply, and the buttons.

An order is delivered when its last delivery is done. The first of several deliveries, and the steps
of a warehouse before the last one, only make it shipped.
"""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import status as life_cycle
from ...compat import check_may_write, is_confirmed, is_locked, make_return, moves_of, pick_all
from ..core.formatting import enumerate_items, paragraph

# Maximum number of warehouse steps: pick, pack, ship, and one more.
_MAX_STEPS = 4


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_shipped_at = fields.Datetime(
        "Shipped At", copy=False, readonly=True, help="When “Ship” was clicked."
    )
    cartona_delivered_at = fields.Datetime(
        "Delivered At", copy=False, readonly=True, help="When “Delivered” was clicked."
    )
    cartona_returned_at = fields.Datetime(
        "Returned At", copy=False, readonly=True, help="When “Returned by Driver” was clicked."
    )
    cartona_needs_otp = fields.Boolean(
        "Needs the Retailer's Code",
        compute="_compute_cartona_needs_otp",
        help="Cartona handles part of the payment: it accepts the delivery only with the code.",
    )
    cartona_can_ship = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_can_deliver = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_can_return = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_can_reset = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_waits_for = fields.Char(
        compute="_compute_cartona_buttons",
        help="Transfers to complete before “Delivered” is sent to Cartona.",
    )

    # === COMPUTE METHODS === #

    @api.depends("cartona_installment_cost", "cartona_wallet_top_up", "cartona_delivered_by")
    def _compute_cartona_needs_otp(self):
        for order in self:
            order.cartona_needs_otp = (
                order.cartona_id
                and order._cartona_delivered_by() == life_cycle.BY_SUPPLIER
                and life_cycle.needs_otp(
                    order.cartona_installment_cost, order.cartona_wallet_top_up
                )
            )

    @api.depends(
        "state",
        "cartona_status",
        "cartona_delivered_by",
        "cartona_shipped_at",
        "cartona_delivered_at",
        "cartona_returned_at",
        "invoice_ids.state",
        "picking_ids.state",
    )
    @api.depends_context("lang")
    def _compute_cartona_buttons(self):
        """Show each button only while it can be used."""
        # In sudo mode: a salesperson need not have a right on transfers.
        for order in self.sudo():
            is_sale = bool(order.cartona_id) and is_confirmed(order)
            is_open = is_sale and order._cartona_may_send(life_cycle.DELIVERED)
            opened = order._cartona_open_pickings() if is_open else order.picking_ids.browse()
            order.cartona_can_ship = (
                is_sale
                and not order._cartona_is_shipped()
                and order._cartona_may_send(life_cycle.ASSIGNED)
                and not order._cartona_has_left_warehouse()
            )
            order.cartona_can_deliver = (
                is_open
                and (not order.picking_ids or order._cartona_is_fully_delivered())
                and order._cartona_needs_delivered_button()
            )
            order.cartona_can_return = (
                is_sale
                and not order.cartona_returned_at
                and order.cartona_status == life_cycle.ASSIGNED
                and order._cartona_may_send(life_cycle.RETURNED)
                and bool(order.picking_ids)
                and not order._cartona_has_left_warehouse()
            )
            order.cartona_can_reset = (
                order.cartona_status == life_cycle.APPROVED
                and order.state != "cancel"
                and order._cartona_delivered_by() == life_cycle.BY_SUPPLIER
                and order._cartona_is_open()
                and not is_locked(order)
            )
            names = enumerate_items(self.env, opened.mapped("name"))
            order.cartona_waits_for = names if order._cartona_has_left_warehouse() else False

    def _cartona_needs_delivered_button(self):
        """Return True if only the button can make the order delivered."""
        if self._cartona_is_fully_returned():
            return False
        if self._cartona_implied() != life_cycle.DELIVERED:
            return True
        return self.cartona_needs_otp

    # === ACTION METHODS === #

    def action_cartona_ship(self):
        """Send “Shipped” to Cartona without validating the delivery."""
        check_may_write(self)
        orders = self.filtered("cartona_can_ship")
        if not orders:
            raise UserError(_("There is nothing to ship: confirm the order first."))
        orders.write({"cartona_shipped_at": fields.Datetime.now()})

    def action_cartona_delivered(self):
        """Send “Delivered” to Cartona; request the retailer's code where it is needed.

        :return: action that opens the dialog, or None
        """
        check_may_write(self)
        for order in self:
            if order.cartona_waits_for or not order.cartona_can_deliver:
                raise UserError(
                    _("Complete the deliveries of %s first.", order.name)
                    if is_confirmed(order)
                    else _("Order %s is not confirmed.", order.name)
                )
        coded = self.filtered("cartona_needs_otp")
        coded._cartona_check_exchanged()
        (self - coded).write({"cartona_delivered_at": fields.Datetime.now()})
        return coded._cartona_open_code_dialog() if coded else None

    def action_cartona_reset_to_pending(self):
        """Reset orders to quotations here and to pending on Cartona; never done automatically.

        Odoo resets only cancelled orders to quotations. The job that sends the status reads the
        final state.
        """
        check_may_write(self)
        orders = self.filtered("cartona_can_reset")
        sold = orders.filtered(is_confirmed)
        if sold:
            # Not `action_cancel`, which requests the reason of a cancellation.
            sold._action_cancel()
            sold.action_draft()
        orders.write({"cartona_is_reset": True, "cartona_shipped_at": False})
        orders._cartona_mark_status_dirty()

    def action_cartona_returned(self):
        """Cancel shipped orders whose goods were all brought back by the driver."""
        check_may_write(self)
        orders = self.filtered("cartona_can_return")
        if not orders:
            raise UserError(
                _(
                    "Only shipped orders that are not delivered can be marked as returned. Create "
                    "a return for the delivered goods."
                )
            )
        orders.write({"cartona_returned_at": fields.Datetime.now()})
        label = self._cartona_status_labels()[life_cycle.RETURNED]
        # In sudo mode: a salesperson need not have a right on transfers.
        started = orders.sudo()._cartona_started_with_users()
        for order in orders.filtered(lambda order: order._cartona_is_invoiced()):
            order._cartona_notify(_("%s on Cartona: the invoice has to be credited.", label))
        # Not `action_cancel`, which requests the reason of a cancellation.
        orders._action_cancel()
        for picking, users in started:
            picking._cartona_alert_warehouse(
                _("Brought back by the driver: put the goods back."), users
            )

    # === BUSINESS METHODS: STATE OF THE DELIVERIES === #

    @api.model
    def _cartona_reset_marks(self, vals):
        """Return the values for `write`, with what earlier buttons set cleared where the new state
        makes it obsolete."""
        if vals.get("state") in ("sale", "cancel"):
            vals = dict(vals, cartona_is_reset=False)
        if vals.get("state") == "sale":
            vals = dict(vals, cartona_returned_at=False)
        return vals

    def _cartona_delivered_by(self):
        return self.cartona_delivered_by or life_cycle.BY_SUPPLIER

    def _cartona_may_send(self, status):
        return life_cycle.may_send(self.cartona_status, status, self._cartona_delivered_by())

    def _cartona_validating(self):
        """Return the deliveries that are being validated without a backorder: they count as done
        while Cartona checks the retailer's code."""
        return self.picking_ids.browse(self.env.context.get("cartona_validating", ()))

    def _cartona_shipments(self):
        """Return the deliveries that are done or being validated."""
        self.ensure_one()
        validating = self._cartona_validating()
        return self.picking_ids.filtered(
            lambda picking: (
                picking._cartona_is_delivery()
                and (picking.state == "done" or picking in validating)
            )
        )

    def _cartona_open_pickings(self):
        """Return the transfers that still have to be done, returns included."""
        self.ensure_one()
        validating = self._cartona_validating()
        return self.picking_ids.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel")
                and not (picking in validating and picking._cartona_is_last_step())
            )
        )

    def _cartona_is_fully_delivered(self):
        """Return True if goods were delivered and no transfer is open, returns included."""
        return bool(self._cartona_shipments()) and not self._cartona_open_pickings()

    def _cartona_is_fully_returned(self):
        """Return True if everything that was delivered has been returned."""
        self.ensure_one()
        is_back = any(
            picking.state == "done" and picking.location_id.usage == "customer"
            for picking in self.picking_ids
        )
        return (
            is_back
            and not self._cartona_open_pickings()
            and all(
                line.qty_delivered <= 0
                for line in self.order_line
                if line.qty_delivered_method == "stock_move"
            )
        )

    def _cartona_implied(self):
        """Return the status that the order and its deliveries imply, see `cartona_api.status`."""
        self.ensure_one()
        if not (is_confirmed(self) or self.state == "cancel"):
            return life_cycle.implied(self.state)
        return life_cycle.implied(
            self.state,
            shipped=self._cartona_is_shipped(),
            delivered=self._cartona_is_stated_delivered(),
            returned=bool(self.cartona_returned_at) or self._cartona_is_fully_returned(),
        )

    def _cartona_is_shipped(self):
        """Return True if the order counts as shipped, according to the settings."""
        if self.cartona_shipped_at or self._cartona_shipments():
            return True
        waiting = self._cartona_outgoing_pickings()
        signs = {
            "ready": any(
                picking.state == "assigned" and picking._cartona_is_delivery()
                for picking in waiting
            ),
            "picked": bool(self._cartona_done_previous_steps(waiting)),
        }
        if not any(signs.values()):
            return False
        config = self.env["cartona.config"]._of_company(self.company_id)
        return signs.get(config.shipped_when, False)

    def _cartona_is_stated_delivered(self):
        """Return True if the deliveries, or the button, make the order delivered."""
        if self.picking_ids and not self._cartona_is_fully_delivered():
            return False
        # The retailer's code counts like the button.
        is_stated = bool(self.cartona_delivered_at or self.env.context.get("cartona_code_given"))
        if is_stated or not self.picking_ids:
            return is_stated
        config = self.env["cartona.config"]._of_company(self.company_id)
        return config.delivered_when == "validated"

    def _cartona_delivery_day(self):
        """Return when the retailer received the goods, or None."""
        done = self._cartona_shipments().filtered("date_done").mapped("date_done")
        return self.cartona_delivered_at or (max(done) if done else None)

    def _cartona_expected_day(self):
        """Return when the retailer is expected to receive the goods; never in the past."""
        dates = self._cartona_open_pickings().filtered("scheduled_date").mapped("scheduled_date")
        expected = self.commitment_date or (max(dates) if dates else None)
        return max(expected or fields.Datetime.now(), fields.Datetime.now())

    def _cartona_mark_ready_dirty(self):
        """Mark orders with a delivery that became ready, where that makes an order shipped."""
        Config = self.env["cartona.config"]
        for company in self.filtered("cartona_id").company_id:
            if Config._of_company(company).shipped_when == "ready":
                self.filtered(
                    lambda order, company=company: order.company_id == company
                )._cartona_mark_status_dirty()

    # === BUSINESS METHODS: DELIVERIES REPORTED BY CARTONA === #

    def _cartona_complete_deliveries(self):
        """Complete the transfers of goods that are already delivered, one warehouse step at a time.

        :raise UserError: Odoo needs input from a user, e.g. a lot number
        """
        self.ensure_one()
        for _step in range(_MAX_STEPS):
            pickings = self._cartona_open_pickings()
            if not pickings:
                return
            pickings.action_confirm()
            ready = pickings.filtered(lambda picking: picking.state != "waiting") or pickings
            moves = moves_of(ready).filtered(lambda move: move.state not in ("done", "cancel"))
            pick_all(moves)
            # Not `button_validate`: no user can answer its dialogs, and Cartona has its code.
            ready.with_context(cartona_no_customer=True)._action_done()
        raise UserError(_("The deliveries of %s could not be completed.", self.name))

    def _cartona_prepare_returns(self, reason):
        """Create returns of what was delivered; a user validates them when the goods are back.

        :param str reason: why the goods are returned, or ""
        """
        for picking in self._cartona_shipments():
            back = make_return(picking)
            if back:
                task = _("Cartona: to be taken back.")
                text = _("%(what)s Reason: %(why)s", what=task, why=reason or "-")
                back._message_log(body=paragraph(text))


class StockPicking(models.Model):
    _inherit = "stock.picking"

    # === BUSINESS METHODS === #

    def _cartona_is_delivery(self):
        """Return True for the last step of a warehouse, which brings goods to the customer."""
        self.ensure_one()
        return self.location_dest_id.usage == "customer"

    def _cartona_is_last_step(self):
        """Return True if no transfer is still to be created after this one.

        From 18 the next step of a warehouse is only created when the previous one is done.
        """
        return (
            self._cartona_is_delivery()
            or self.location_id.usage == "customer"
            or bool(moves_of(self).move_dest_ids)
        )
