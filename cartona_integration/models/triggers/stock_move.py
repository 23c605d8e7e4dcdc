from odoo import models

# A confirmed move takes from what may be promised even when nothing could be reserved for it.
_DEMAND = {"state", "product_uom_qty", "location_id", "location_dest_id"}

# What may make a delivery ready.
_RESERVED = ("assigned", "partially_available")


class StockMove(models.Model):
    _inherit = "stock.move"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if _DEMAND & vals.keys():
            self.env["cartona.change"]._mark_dirty("stock", product_ids=self.product_id.ids)
        if vals.get("state") in _RESERVED:
            # A warehouse user need not see orders.
            self.sudo().picking_id.sale_id._cartona_mark_ready_dirty()
        return res

    # === BUSINESS METHODS === #

    def _action_done(self, *args, **kwargs):
        """Override of `stock`: a delivery that is done, or brought back, is told to Cartona."""
        orders = self.sudo().picking_id.sale_id  # a warehouse user need not see orders
        moves = super()._action_done(*args, **kwargs)
        orders._cartona_mark_status_dirty()
        return moves

    def _action_cancel(self):
        """Override of `stock`: what is not delivered any more no longer holds an order up."""
        orders = self.sudo().picking_id.sale_id  # a warehouse user need not see orders
        res = super()._action_cancel()
        orders._cartona_mark_status_dirty()
        return res
