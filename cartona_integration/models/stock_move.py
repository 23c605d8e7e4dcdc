from odoo import models

# A confirmed move takes from what may be promised even when nothing could be reserved for it.
_DEMAND = {"state", "product_uom_qty", "location_id", "location_dest_id"}


class StockMove(models.Model):
    _inherit = "stock.move"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if _DEMAND & vals.keys():
            self.env["cartona.change"]._note("stock", product_ids=self.product_id.ids)
        return res
