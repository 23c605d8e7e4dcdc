"""`sale.mass.cancel.orders`: Odoo's own dialog, for selections that include Cartona orders."""

from odoo import models

from ..compat import HAS_MASS_CANCEL

if HAS_MASS_CANCEL:

    class SaleMassCancelOrders(models.TransientModel):
        _inherit = "sale.mass.cancel.orders"

        def action_mass_cancel(self):
            """Override of `sale` to request the reason once for all orders."""
            orders = self.sale_order_ids
            if any(order._cartona_sends_cancellation() for order in orders):
                return orders._cartona_open_reason_dialog()
            return super().action_mass_cancel()
