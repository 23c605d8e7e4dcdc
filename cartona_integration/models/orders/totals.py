"""`sale.order`: what a Cartona order costs where taxes are rounded over the whole order."""

from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _compute_amounts(self):
        """Override of `sale`: prices that hold their taxes add up to what the retailer pays.

        Rounding globally, Odoo 16 to 18 round the sum without taxes and the taxes apart, and the
        two may miss the sum of the lines by a cent. 15 adds up lines and has no such method.
        """
        result = super()._compute_amounts()
        for order in self:
            if order.cartona_id:
                lines = sum(order.order_line.mapped("price_total"))
                missed = order.currency_id.round(lines - order.amount_total)
                if missed:
                    order.amount_untaxed += missed
                    order.amount_total += missed
        return result
