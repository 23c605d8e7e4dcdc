"""Odoo's own dialog that cancels the orders chosen in a list, with orders of Cartona among them."""

from odoo import models

from ..compat import HAS_MASS_CANCEL

if HAS_MASS_CANCEL:

    class SaleMassCancelOrders(models.TransientModel):
        _inherit = "sale.mass.cancel.orders"

        def action_mass_cancel(self):
            """Override of `sale` to ask once for the reason that Cartona is told."""
            orders = self.sale_order_ids
            if any(order._cartona_sends_cancellation() for order in orders):
                return orders._cartona_open_reason_dialog()
            return super().action_mass_cancel()
