"""Stock: quantities and moves that change the published stock or the status of an order."""

from odoo import api, models

from ..core.inputs import fields_of

_QUANTITIES = fields_of("stock.quant", "stock")

# A confirmed move reduces the available quantity even when nothing could be reserved for it.
_DEMAND = fields_of("stock.move", "stock")

# States that may make a delivery ready.
_RESERVED = ("assigned", "partially_available")


class StockQuant(models.Model):
    """Every receipt, delivery, count, scrap and reservation ends in a write of `_QUANTITIES`."""

    _inherit = "stock.quant"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        quants = super().create(vals_list)
        self.env["cartona.change"]._mark_dirty("stock", product_ids=quants.product_id.ids)
        return quants

    def write(self, vals):
        res = super().write(vals)
        if _QUANTITIES & vals.keys():
            self.env["cartona.change"]._mark_dirty("stock", product_ids=self.product_id.ids)
        return res

    def unlink(self):
        self.env["cartona.change"]._mark_dirty("stock", product_ids=self.product_id.ids)
        return super().unlink()


class StockMove(models.Model):
    _inherit = "stock.move"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if _DEMAND & vals.keys():
            self.env["cartona.change"]._mark_dirty("stock", product_ids=self.product_id.ids)
        if vals.get("state") in _RESERVED:
            # In sudo mode: a warehouse user may not be allowed to see orders.
            self.sudo().picking_id.sale_id._cartona_mark_ready_dirty()
        return res

    # === BUSINESS METHODS === #

    def _action_done(self, *args, **kwargs):
        """Override of `stock`: a finished delivery or return changes the status on Cartona."""
        # In sudo mode: a warehouse user may not be allowed to see orders.
        orders = self.sudo().picking_id.sale_id
        moves = super()._action_done(*args, **kwargs)
        orders._cartona_mark_status_dirty()
        return moves

    def _action_cancel(self):
        """Override of `stock`: an order may be complete without the cancelled delivery."""
        # In sudo mode: a warehouse user may not be allowed to see orders.
        orders = self.sudo().picking_id.sale_id
        res = super()._action_cancel()
        orders._cartona_mark_status_dirty()
        return res
