"""`account.move`: an invoice of an order of Cartona is settled when it is posted."""

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Override of `account`, whoever made the invoice."""
        posted = super()._post(soft)
        # In sudo mode: accountants need not be allowed to read sales.
        orders = posted.sudo().line_ids.sale_line_ids.order_id
        self.env["cartona.change"]._mark_invoices_dirty(orders.filtered("cartona_id").ids)
        return posted
