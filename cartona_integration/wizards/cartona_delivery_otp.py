"""`cartona.delivery.otp`: request the retailers' codes, have Cartona check them, then validate.

A code is stored in the dialog only from the moment it is typed until Cartona has answered. The
result is committed at once, on a separate cursor: if Odoo's validation fails afterwards, and this
transaction is rolled back, the code is deleted all the same.
"""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..compat import check_may_read, check_may_write, flush, invalidate
from ..models.core.guarded_fields import SystemFields
from ..models.orders.otp import ACCEPTED, UNREACHABLE


class CartonaDeliveryOtp(models.TransientModel):
    _name = "cartona.delivery.otp"
    _description = "Retailers' Codes for Deliveries"

    picking_ids = fields.Many2many("stock.picking", relation="cartona_delivery_otp_picking_rel")
    line_ids = fields.One2many("cartona.delivery.otp.line", "wizard_id")
    is_unreachable = fields.Boolean(compute="_compute_is_unreachable")

    # Drivers deliver one order at a time: its line is shown as a form, which fits a phone.
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
            # As stored: a form may claim any lines.
            lines = wizard._origin.line_ids
            wizard.is_single = len(lines) == 1
            line = lines if wizard.is_single else lines.browse()
            order = line._stored_order()
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

        :raise UserError: no code was entered
        """
        self.ensure_one()
        open_lines = self._open_lines()
        for line in (self.line_ids - open_lines).filtered("code"):
            # Accepted in an earlier attempt that failed on a concurrent transaction.
            line._store_result(ACCEPTED, "", None)
        if open_lines and not any(line.code for line in open_lines):
            raise UserError(_("Enter the code that the retailer received."))
        for line in open_lines.filtered("code"):
            pickings = self._pickings_of(line.order_id)
            verdict = line.order_id._cartona_check_code(line.code.strip(), pickings)
            code = line.code if verdict.kind == UNREACHABLE else None
            line._store_result(verdict.kind, verdict.message, code)
        return self._validate_accepted()

    def action_deliver_later(self):
        """Deliver without Cartona's answer, and send the code as soon as Cartona is reachable."""
        self.ensure_one()
        lines = self._open_lines().filtered(lambda line: line.state == UNREACHABLE and line.code)
        for line in lines:
            self.env["cartona.delivery.proof"]._store(line.order_id.id, code=line.code.strip())
            line._store_result(ACCEPTED, "", None)
        return self._validate_accepted()

    def action_wait(self):
        """Close the dialog without a delivery, and delete the codes."""
        for line in self._open_lines():
            line._store_result("open", "", None)
        return {"type": "ir.actions.act_window_close"}

    # === BUSINESS METHODS === #

    def _open(self):
        """Return the action that opens this dialog."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Retailer's Code"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            # Contains the decisions about backorders, as in Odoo's own dialogs.
            "context": dict(self.env.context, button_validate_picking_ids=self.picking_ids.ids),
        }

    def _open_lines(self):
        """Return the lines of orders that may not be delivered yet.

        A transaction that is retried skips what Cartona has already accepted.
        """
        waiting = self.line_ids.order_id.sudo()._cartona_not_accepted_yet()
        return self.line_ids.filtered(lambda line: line.order_id in waiting)

    def _pickings_of(self, orders):
        return self.picking_ids.filtered(lambda picking: picking.sale_id in orders)

    def _validate_accepted(self):
        """Validate what may be delivered; request the missing codes again.

        :return: action, or the result of the validation
        """
        waiting = self._open_lines()
        accepted = (self.line_ids - waiting).order_id
        pickings = self._pickings_of(accepted).filtered(
            lambda picking: picking.state not in ("done", "cancel")
        )
        done = True
        if pickings:
            done = pickings.with_context(button_validate_picking_ids=pickings.ids).button_validate()
        by_button = accepted.filtered(lambda order: not self._pickings_of(order))
        by_button._cartona_set_delivered()
        if waiting:
            return self._open()
        return done if isinstance(done, dict) else {"type": "ir.actions.act_window_close"}


class CartonaDeliveryOtpLine(SystemFields, models.TransientModel):
    _name = "cartona.delivery.otp.line"
    _description = "Retailer's Code for a Delivery"
    # Only Cartona's answer makes a line deliverable.
    _system_fields = frozenset({"message", "state"})

    wizard_id = fields.Many2one("cartona.delivery.otp", required=True, ondelete="cascade")
    order_id = fields.Many2one("sale.order", "Sale Order", required=True, ondelete="cascade")
    order_name = fields.Char("Order", compute="_compute_order")
    retailer_name = fields.Char("Retailer", compute="_compute_order")
    code = fields.Char(exportable=False)
    state = fields.Selection(
        [
            ("open", "To check"),
            ("accepted", "Accepted"),
            ("refused", "Refused"),
            ("unreachable", "Cartona is unreachable"),
        ],
        default="open",
        required=True,
        readonly=True,
    )
    message = fields.Char(readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("order_id.name", "order_id.partner_id.name")
    def _compute_order(self):
        for line in self:
            order = line._stored_order()
            line.order_name = order.name
            line.retailer_name = order.partner_id.name

    def _stored_order(self):
        """Return the stored order, in sudo mode: the driver need not have a right on orders.

        A form may claim any order; that of a stored line has been checked.
        """
        stored = self._origin
        if stored != self:
            check_may_read(stored)
        return stored.sudo().order_id

    # === CONSTRAINT METHODS === #

    @api.constrains("order_id", "wizard_id")
    def _check_may_deliver(self):
        """Check that the user may deliver without this dialog as well.

        Not in sudo mode, in which Odoo checks constraints from 19 on.
        """
        for line in self.sudo():  # the driver need not have a right on orders
            pickings = line.wizard_id.picking_ids
            delivered = pickings.filtered(
                lambda picking, line=line: picking.sale_id == line.order_id
            )
            check_may_write((delivered or line.order_id).sudo(False))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of Odoo: a new line waits for Cartona's answer."""
        values = [{**vals, "state": "open", "message": False} for vals in vals_list]
        return super().create(values)

    def write(self, vals):
        """Override of Odoo: a code that is typed later has not been sent to Cartona."""
        self._check_may_set(vals)
        if "code" in vals and not self.env.su:
            typed = self.filtered(lambda line: line.code != vals["code"] and line.state != "open")
            typed.sudo().write({"state": "open", "message": False})  # the system's fields
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _store_result(self, state, message, code):
        """Commit the result of a code, even if this transaction is rolled back.

        :param code: the code, if it is still needed; None to delete it
        """
        self.ensure_one()
        flush(self)
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE cartona_delivery_otp_line SET state = %s, message = %s, code = %s"
                " WHERE id = %s",
                (state, message or None, code, self.id),
            )
        invalidate(self, ["state", "message", "code"])
