"""Methods of Odoo 16 that the tests use, added to Odoo 15."""

from odoo import api, models

from odoo.addons.stock.models import stock_picking

if not hasattr(api.Environment, "flush_all"):

    def flush_all(env):
        env["base"].flush()

    def invalidate_all(env):
        # As later series do: pending writes are flushed first.
        env["base"].flush()
        env["base"].invalidate_cache()

    def invalidate_recordset(records, fnames=None):
        records.flush()
        records.invalidate_cache(fnames, records.ids)

    def get_views(records, views, options=None):
        return {"views": records.load_views(views, options)["fields_views"]}

    api.Environment.flush_all = flush_all
    api.Environment.invalidate_all = invalidate_all
    models.BaseModel.invalidate_recordset = invalidate_recordset
    models.BaseModel.get_views = get_views

# The class has this name up to 17.
Picking = getattr(stock_picking, "Picking", None)
if Picking and not hasattr(Picking, "move_ids"):
    Picking.move_ids = property(lambda picking: picking.move_lines)
