"""Asks for the codes that the retailers were sent, has Cartona check them, then validates.

A code stands in the dialog only from the moment it is typed until Cartona has answered. What
becomes of it is committed at once, on a cursor of its own: when Odoo's validation fails
afterwards, and this transaction with it, the code is gone all the same.
"""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..compat import check_may_write, flush, forget
from ..models.orders.otp import ACCEPTED, UNREACHABLE


class CartonaDeliveryOtp(models.TransientModel):
    _name = "cartona.delivery.otp"
    _description = "Retailers' Codes for Deliveries"

    picking_ids = fields.Many2many("stock.picking", relation="cartona_delivery_otp_picking_rel")
    line_ids = fields.One2many("cartona.delivery.otp.line", "wizard_id")
    is_unreachable = fields.Boolean(compute="_compute_is_unreachable")

    # One order is what a driver has at the door: its line is shown as a form, which fits a phone.
    is_single = fields.Boolean(compute="_compute_single")
    order_name = fields.Char("Order", compute="_compute_single")
    retailer_name = fields.Char("Retailer", compute="_compute_single")
    currency_id = fields.Many2one("res.currency", compute="_compute_single")
    amount_to_collect = fields.Monetary("Cash to Collect", compute="_compute_single")
    state = fields.Char(compute="_compute_single")
    message = fields.Char(compute="_compute_single")
    code = fields.Char(compute="_compute_code", inverse="_inverse_code", exportable=False)

    # === COMPUTE METHODS === #

    @api.depends("line_ids.state", "line_ids.message")
    def _compute_single(self):
        for wizard in self:
            wizard.is_single = len(wizard.line_ids) == 1
            line = wizard.line_ids if wizard.is_single else wizard.line_ids.browse()
            # In sudo mode, as the lines' related fields are.
            order = line.order_id.sudo()
            wizard.order_name = line.order_name
            wizard.retailer_name = line.retailer_name
            wizard.currency_id = order.currency_id
            wizard.amount_to_collect = order.cartona_amount_to_collect
            wizard.state = line.state
            wizard.message = line.message

    @api.depends("line_ids.code")
    def _compute_code(self):
        for wizard in self:
            wizard.code = wizard.line_ids.code if wizard.is_single else False

    def _inverse_code(self):
        for wizard in self.filtered("is_single"):
            wizard.line_ids.code = wizard.code

    @api.depends("line_ids.state")
    def _compute_is_unreachable(self):
        for wizard in self:
            wizard.is_unreachable = "unreachable" in wizard.line_ids.mapped("state")

    # === ACTION METHODS === #

    def action_confirm(self):
        """Have Cartona check the codes, and validate what it accepts.

        :raise UserError: no code was typed
        """
        self.ensure_one()
        open_lines = self._open_lines()
        for line in (self.line_ids - open_lines).filtered("code"):
            # Accepted by an attempt that collided with another transaction before it got here.
            line._keep(ACCEPTED, "", None)
        if open_lines and not any(line.code for line in open_lines):
            raise UserError(_("Type the code that the retailer was sent."))
        for line in open_lines.filtered("code"):
            pickings = self._pickings_of(line.order_id)
            verdict = line.order_id._cartona_check_code(line.code.strip(), pickings)
            kept = line.code if verdict.kind == UNREACHABLE else None
            line._keep(verdict.kind, verdict.words, kept)
        return self._go_on()

    def action_deliver_later(self):
        """Cartona is out of reach: deliver now, and tell it with the code as soon as it answers."""
        self.ensure_one()
        lines = self._open_lines().filtered(lambda line: line.state == UNREACHABLE and line.code)
        for line in lines:
            self.env["cartona.delivery.proof"]._store(line.order_id.id, code=line.code.strip())
            line._keep(ACCEPTED, "", None)
        return self._go_on()

    def action_wait(self):
        """Leave everything as it is; the codes are forgotten."""
        for line in self._open_lines():
            line._keep("open", "", None)
        return {"type": "ir.actions.act_window_close"}

    # === BUSINESS METHODS === #

    def _open(self):
        """:return: action that opens this dialog"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Retailer's Code"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            # What has been decided about backorders goes with it, as with Odoo's own questions.
            "context": dict(self.env.context, button_validate_picking_ids=self.picking_ids.ids),
        }

    def _open_lines(self):
        """Lines whose order may not be delivered yet.

        A transaction that begins again finds here what Cartona has accepted before.
        """
        waiting = self.line_ids.order_id.sudo()._cartona_not_accepted_yet()
        return self.line_ids.filtered(lambda line: line.order_id in waiting)

    def _pickings_of(self, orders):
        return self.picking_ids.filtered(lambda picking: picking.sale_id in orders)

    def _go_on(self):
        """Validate what may be delivered; ask again for the rest.

        :return: action, or what the validation answers
        """
        waiting = self._open_lines()
        cleared = (self.line_ids - waiting).order_id
        pickings = self._pickings_of(cleared).filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        done = True
        if pickings:
            done = pickings.with_context(button_validate_picking_ids=pickings.ids).button_validate()
        by_button = cleared.filtered(lambda order: not self._pickings_of(order))
        by_button._cartona_set_delivered()
        if waiting:
            return self._open()
        return done if isinstance(done, dict) else {"type": "ir.actions.act_window_close"}


class CartonaDeliveryOtpLine(models.TransientModel):
    _name = "cartona.delivery.otp.line"
    _description = "Retailer's Code for a Delivery"

    wizard_id = fields.Many2one("cartona.delivery.otp", required=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", "Sale Order", required=True, ondelete="cascade")
    # In sudo mode, as related fields are: who delivers need not see the order.
    order_name = fields.Char("Order", related="order_id.name")
    retailer_name = fields.Char("Retailer", related="order_id.partner_id.name")
    code = fields.Char(exportable=False)
    state = fields.Selection(
        [
            ("open", "To check"),
            ("accepted", "Accepted"),
            ("refused", "Refused"),
            ("unreachable", "Cartona does not answer"),
        ],
        default="open",
        required=True,
    )
    message = fields.Char(readonly=True)

    # === CONSTRAINT METHODS === #

    @api.constrains("order_id", "wizard_id")
    def _check_may_deliver(self):
        """Nobody delivers through this dialog what he could not deliver without it.

        Out of sudo mode, in which Odoo checks constraints from 19 on.
        """
        for line in self.sudo():  # who delivers need not see the order
            pickings = line.wizard_id.picking_ids
            delivered = pickings.filtered(
                lambda picking, line=line: picking.sale_id == line.order_id
            )
            check_may_write((delivered or line.order_id).sudo(False))

    # === BUSINESS METHODS === #

    def _keep(self, state, message, code):
        """Commit what became of the code, whatever becomes of this transaction.

        :param code: the code, where it is still needed; None forgets it
        """
        self.ensure_one()
        flush(self)
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE cartona_delivery_otp_line SET state = %s, message = %s, code = %s"
                " WHERE id = %s",
                (state, message or None, code, self.id),
            )
        forget(self, ["state", "message", "code"])
