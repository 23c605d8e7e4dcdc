"""Names of Odoo 16 that the tests use, given to an Odoo 15 by its own means."""

from odoo import api, models

from odoo.addons.stock.models import stock_picking

Picking = getattr(stock_picking, "Picking", None) or stock_picking.StockPicking

if not hasattr(api.Environment, "flush_all"):

    def flush_all(env):
        env["base"].flush()

    def invalidate_all(env):
        # As later series do: nothing that is still to be written gets lost.
        env["base"].flush()
        env["base"].invalidate_cache()

    def invalidate_recordset(records, fnames=None):
        records.flush()
        records.invalidate_cache(fnames, records.ids)

    api.Environment.flush_all = flush_all
    api.Environment.invalidate_all = invalidate_all
    models.BaseModel.invalidate_recordset = invalidate_recordset

if not hasattr(Picking, "move_ids"):
    Picking.move_ids = property(lambda picking: picking.move_lines)
