"""`cartona.order.cancel`: cancel orders for one of Cartona's reasons."""

from odoo import api, fields, models


class CartonaOrderCancel(models.TransientModel):
    _name = "cartona.order.cancel"
    _description = "Cancel Cartona Orders"

    order_ids = fields.Many2many(
        "sale.order",
        relation="cartona_order_cancel_rel",
        string="Orders",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    order_count = fields.Integer(compute="_compute_order_count")
    reason = fields.Selection(
        lambda self: self.env["cartona.config"]._selection_cancellation_reason(),
        required=True,
        default=lambda self: self._default_reason(self.env.company),
    )

    # === COMPUTE METHODS === #

    @api.depends("order_ids")
    def _compute_order_count(self):
        for wizard in self:
            wizard.order_count = len(wizard.order_ids)

    @api.model
    def _default_reason(self, company):
        return self.env["cartona.config"]._of_company(company).default_cancellation_reason

    # === ACTION METHODS === #

    def action_confirm(self):
        """Cancel the orders, and send the reason of those on Cartona."""
        self.ensure_one()
        self.order_ids.filtered("cartona_id").write({"cartona_cancellation_reason": self.reason})
        self.order_ids.with_context(disable_cancel_warning=True).action_cancel()
        return {"type": "ir.actions.act_window_close"}
