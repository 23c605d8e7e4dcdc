"""Differences between the series that only tests need; methods of Odoo 16, added to Odoo 15."""

from odoo import api, models

from odoo.addons.stock.models import stock_picking


def storable_values(env):
    """Return values for a new product with tracked stock."""
    if "is_storable" in env["product.template"]._fields:
        return {"type": "consu", "is_storable": True}
    return {"detailed_type": "product"}


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
