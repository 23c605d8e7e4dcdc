"""`cartona.inputs`: marks listings when the ORM modifies a watched input, see `core.inputs`.

`modified` is reached by every change through the ORM, also of models that this addon cannot inherit
because it does not depend on their module.
"""

import functools

from odoo import api, models

from ..core.inputs import watched


def _marking(modified):
    """Wrap `modified` of a model, which Odoo calls with every change of its records."""

    @functools.wraps(modified)
    def marking(records, fnames, create=False, before=False):
        # A new category, unit or location is used by nothing yet.
        if not create and records:
            records.env["cartona.inputs"]._mark_modified(records, fnames)
        return modified(records, fnames, create=create, before=before)

    return marking


class CartonaInputs(models.AbstractModel):
    _name = "cartona.inputs"
    _description = "Cartona: Inputs of Prices and Stock"

    def _register_hook(self):
        """Override: watch the models that are installed."""
        res = super()._register_hook()
        for name in watched():
            if name in self.env:
                model = self.env.registry[name]
                model.modified = _marking(model.modified)
        return res

    def _unregister_hook(self):
        res = super()._unregister_hook()
        for name in watched():
            if name in self.env and "modified" in vars(self.env.registry[name]):
                del self.env.registry[name].modified
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _mark_modified(self, records, names):
        """Mark what depends on these fields of records that have changed. No query is made yet."""
        entry, Change = watched()[records._name], self.env["cartona.change"]
        for kind in ("price", "stock"):
            if set(getattr(entry, kind)).isdisjoint(names):
                continue
            if entry.waiting:
                self.env["cartona.message"]._mark_replay_of(entry.waiting)
            # In sudo mode: the user need not see the products or the company.
            concerned = records.sudo().mapped(entry.products or entry.companies or "id")
            if entry.products:
                Change._mark_dirty(kind, product_ids=concerned.ids)
            elif entry.companies and concerned:
                Change._mark_companies_dirty(concerned, kind)
            else:
                Change._mark_everything_dirty(kind)
