from odoo import api, models

_QUANTITIES = {"quantity", "reserved_quantity"}


class StockQuant(models.Model):
    """Every receipt, delivery, count, scrap and reservation ends in a write of these two fields."""

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
