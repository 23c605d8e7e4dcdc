"""Where the deliveries of an order stand, what that means for Cartona, and the two buttons.

Delivered is what the last delivery says: the first of several, and the steps of a warehouse
before the last one, only say that goods are on their way.
"""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import status as life_cycle
from ...compat import check_may_write, is_confirmed, is_locked, make_return, moves_of, pick_all
from ..core.formatting import paragraph

# Steps of a warehouse at most: pick, pack, ship, and one to spare.
_MAX_STEPS = 4
_STATUS_FIELDS = {"state", "cartona_shipped_at", "cartona_delivered_at", "cartona_returned_at"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_shipped_at = fields.Datetime(
        "Shipped At", copy=False, readonly=True, help="When “Ship” was pressed."
    )
    cartona_delivered_at = fields.Datetime(
        "Delivered At",
        copy=False,
        readonly=True,
        help="When “Delivered” was pressed.",
    )
    cartona_returned_at = fields.Datetime(
        "Brought Back At", copy=False, readonly=True, help="When “Brought Back” was pressed."
    )
    cartona_needs_otp = fields.Boolean(
        "Needs the Retailer's Code",
        compute="_compute_cartona_needs_otp",
        help="Money moves through Cartona: it takes the delivery only with the retailer's code.",
    )
    cartona_can_ship = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_can_deliver = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_can_return = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_can_reset = fields.Boolean(compute="_compute_cartona_buttons")
    cartona_waits_for = fields.Char(
        compute="_compute_cartona_buttons",
        help="Deliveries that are still to be done before Cartona is told “Delivered”.",
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
        """What somebody may do about the order now; each button is there only while it works."""
        # In sudo mode: a salesperson need not see the warehouse's transfers.
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
            names = self.env["cartona.reasons"]._join(opened.mapped("name"))
            order.cartona_waits_for = names if order._cartona_has_left_warehouse() else False

    def _cartona_needs_delivered_button(self):
        """Whether nothing but a person can say that the order is delivered."""
        if self._cartona_is_fully_returned():
            return False
        if self._cartona_implied() != life_cycle.DELIVERED:
            return True
        return self.cartona_needs_otp

    # === CRUD METHODS === #

    def write(self, vals):
        if vals.get("state") in ("sale", "cancel"):
            vals = dict(vals, cartona_is_reset=False)
        if vals.get("state") == "sale":
            vals = dict(vals, cartona_returned_at=False)
        res = super().write(vals)
        if _STATUS_FIELDS & vals.keys():
            self._cartona_mark_status_dirty()
        return res

    # === ACTION METHODS === #

    def action_cartona_ship(self):
        """Tell Cartona that the goods are on their way, without validating the delivery."""
        check_may_write(self)
        orders = self.filtered("cartona_can_ship")
        if not orders:
            raise UserError(_("There is nothing to ship: confirm the order first."))
        orders.write({"cartona_shipped_at": fields.Datetime.now()})

    def action_cartona_delivered(self):
        """Tell Cartona that the order is delivered; asks for the retailer's code where it must.

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
        """Make quotations of confirmed orders, and ask Cartona to have these pending again; never
        done by itself.

        Odoo makes a quotation only of a cancelled order. The job that tells Cartona sees what
        they are in the end.
        """
        check_may_write(self)
        orders = self.filtered("cartona_can_reset")
        sold = orders.filtered(is_confirmed)
        if sold:
            # Not `action_cancel`, which asks for the reason of a cancellation.
            sold._action_cancel()
            sold.action_draft()
        orders.write({"cartona_is_reset": True, "cartona_shipped_at": False})
        orders._cartona_mark_status_dirty()

    def action_cartona_returned(self):
        """The driver has brought back all of the goods, nothing was delivered: the order is off."""
        check_may_write(self)
        orders = self.filtered("cartona_can_return")
        if not orders:
            raise UserError(
                _(
                    "Only what is shipped and not delivered can be brought back. Of what was "
                    "delivered make a return."
                )
            )
        orders.write({"cartona_returned_at": fields.Datetime.now()})
        label = self._cartona_status_labels()[life_cycle.RETURNED]
        # In sudo mode: a salesperson need not have a right on transfers.
        begun = orders.sudo()._cartona_started_with_users()
        for order in orders.filtered(lambda order: order._cartona_is_invoiced()):
            order._cartona_notify(_("%s on Cartona: the invoice has to be credited.", label))
        # Not `action_cancel`, which asks for the reason of a cancellation.
        orders._action_cancel()
        for picking, users in begun:
            picking._cartona_alert_warehouse(
                _("Brought back by the driver: put the goods back."), users
            )

    # === BUSINESS METHODS: WHERE THE DELIVERIES STAND === #

    def _cartona_delivered_by(self):
        return self.cartona_delivered_by or life_cycle.BY_SUPPLIER

    def _cartona_may_send(self, status):
        return life_cycle.may_send(self.cartona_status, status, self._cartona_delivered_by())

    def _cartona_validating(self):
        """Deliveries that are about to be validated and leave nothing behind: while Cartona is
        asked whether it takes the delivery, they count as done."""
        return self.picking_ids.browse(self.env.context.get("cartona_validating", ()))

    def _cartona_shipments(self):
        """The deliveries that have brought goods to the customer, or are about to."""
        self.ensure_one()
        leaving = self._cartona_validating()
        return self.picking_ids.filtered(
            lambda picking: (
                picking._cartona_is_delivery() and (picking.state == "done" or picking in leaving)
            )
        )

    def _cartona_open_pickings(self):
        """What still has to be done in the warehouse, returns included."""
        self.ensure_one()
        leaving = self._cartona_validating()
        return self.picking_ids.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel")
                and not (picking in leaving and picking._cartona_is_last_step())
            )
        )

    def _cartona_is_fully_delivered(self):
        """Whether goods have gone out and nothing more is on its way, in either direction."""
        return bool(self._cartona_shipments()) and not self._cartona_open_pickings()

    def _cartona_is_fully_returned(self):
        """Whether everything that went out has been brought back."""
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
        """The status that the order and its deliveries stand for, see `cartona_api.status`."""
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
        """Whether the goods are on their way, by what the settings take for that."""
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
        """Whether the deliveries, or somebody by the button, say that the retailer has it all."""
        if self.picking_ids and not self._cartona_is_fully_delivered():
            return False
        # The code that the retailer gives is as good as a button.
        is_said = bool(self.cartona_delivered_at or self.env.context.get("cartona_code_given"))
        if is_said or not self.picking_ids:
            return is_said
        config = self.env["cartona.config"]._of_company(self.company_id)
        return config.delivered_when == "validated"

    def _cartona_delivery_day(self):
        """The day on which the retailer got the goods."""
        done = self._cartona_shipments().filtered("date_done").mapped("date_done")
        return self.cartona_delivered_at or (max(done) if done else None)

    def _cartona_expected_day(self):
        """The day on which the retailer is to get the goods; never one that is over."""
        dates = self._cartona_open_pickings().filtered("scheduled_date").mapped("scheduled_date")
        expected = self.commitment_date or (max(dates) if dates else None)
        return max(expected or fields.Datetime.now(), fields.Datetime.now())

    def _cartona_mark_ready_dirty(self):
        """Deliveries of these orders may have become ready, which is told where it counts."""
        Config = self.env["cartona.config"]
        for company in self.filtered("cartona_id").company_id:
            if Config._of_company(company).shipped_when == "ready":
                self.filtered(
                    lambda order, company=company: order.company_id == company
                )._cartona_mark_status_dirty()

    # === BUSINESS METHODS: WHAT CARTONA SAYS === #

    def _cartona_complete_deliveries(self):
        """Do in Odoo what is already done in the world, step by step of the warehouse.

        :raise UserError: Odoo needs somebody for it, e.g. for a lot number
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
            # Not `button_validate`: nobody is there to be asked, and Cartona has its code.
            ready.with_context(cartona_no_customer=True)._action_done()
        raise UserError(_("The deliveries of %s could not be completed.", self.name))

    def _cartona_prepare_returns(self, reason):
        """Prepare taking back what was delivered; somebody validates it when the goods are there.

        :param str reason: why, in words, or ""
        """
        for picking in self._cartona_shipments():
            back = make_return(picking)
            if back:
                words = _("Cartona: to be taken back.")
                told = _("%(what)s Reason: %(why)s", what=words, why=reason or "-")
                back._message_log(body=paragraph(told))
