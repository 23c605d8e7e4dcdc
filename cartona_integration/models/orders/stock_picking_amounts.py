"""`stock.picking`: the cash that the driver takes, for the screen and for the printed slip."""

from odoo import _, api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    cartona_amount_to_collect = fields.Monetary(
        "Cash to Collect",
        compute="_compute_cartona_cash",
        compute_sudo=True,
        currency_field="cartona_currency_id",
        help="What the driver takes from the retailer for this delivery.",
    )
    cartona_currency_id = fields.Many2one(
        "res.currency", compute="_compute_cartona_cash", compute_sudo=True
    )
    cartona_cash_note = fields.Char(
        compute="_compute_cartona_cash",
        compute_sudo=True,
        help="What the driver has to know about the cash.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "sale_id.cartona_amount_to_collect",
        "sale_id.cartona_money_waiting",
        "sale_id.cartona_takes_cash",
        "location_dest_id.usage",
    )
    @api.depends_context("lang")
    def _compute_cartona_cash(self):
        """In sudo mode: who delivers has to know what to collect, not to read sales."""
        for picking in self:
            order = picking.sale_id
            is_asked = order.cartona_takes_cash and picking.location_dest_id.usage == "customer"
            picking.cartona_currency_id = order.currency_id
            picking.cartona_amount_to_collect = order.cartona_amount_to_collect if is_asked else 0
            picking.cartona_cash_note = is_asked and picking._cartona_cash_note()

    def _cartona_cash_note(self):
        """What the driver has to know beside the amount; "" when that says it all."""
        order = self.sale_id
        if order.cartona_money_waiting:
            return _("Waiting for Cartona's figures")
        deliveries = order.picking_ids.filtered(
            lambda picking: (
                picking.location_dest_id.usage == "customer" and picking.state != "cancel"
            )
        )
        if len(deliveries) > 1:
            return _("Once, for all %s deliveries of the order", len(deliveries))
        return ""

    # === BUSINESS METHODS === #

    def _action_done(self):
        """Override of `stock` to have orders invoiced, or credited, once everything is done."""
        res = super()._action_done()
        # In sudo mode: who delivers need not be allowed to read sales.
        orders = self.sudo().sale_id.filtered("cartona_id")
        self.env["cartona.change"]._mark_invoices_dirty(orders.ids)
        return res
