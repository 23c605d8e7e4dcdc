"""Kits: products that are sold as one and stocked as their parts.

They exist if Manufacturing is installed; otherwise a product is its own only part.
"""

import functools
from collections import defaultdict

from odoo import api, models

from ...compat import is_counted

# Models of the parts of a kit.
_BILLS = ("mrp.bom", "mrp.bom.line")


def _marking(modified):
    """Wrap `modified` of a bill or a line, which Odoo calls with every change of it."""

    @functools.wraps(modified)
    def marking(records, *args, **kwargs):
        records.env["cartona.kit"]._mark_bills_dirty(records._name, records._ids)
        return modified(records, *args, **kwargs)

    return marking


class CartonaKit(models.AbstractModel):
    _name = "cartona.kit"
    _description = "Cartona: Kits and Their Parts"

    def _register_hook(self):
        """Override: mark the products of changed bills of materials, if these exist.

        Their models cannot be inherited by an addon that does not depend on them. `modified` is
        reached by every change and overridden by no other addon.
        """
        res = super()._register_hook()
        for name in _BILLS:
            if name in self.env:
                model = self.env.registry[name]
                model.modified = _marking(model.modified)
        return res

    def _unregister_hook(self):
        res = super()._unregister_hook()
        for name in _BILLS:
            if name in self.env and "modified" in vars(self.env.registry[name]):
                del self.env.registry[name].modified
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _mark_bills_dirty(self, model, ids):
        """Mark the products and parts of bills, or lines of bills, before and after a change."""
        collected = self.env["cartona.change"]._collected()
        # Records that are not saved have no id yet.
        fresh = {bill for bill in ids if bill} - collected.get(("stock", model), set())
        if fresh:
            collected.setdefault(("stock", model), set()).update(fresh)
            # Nothing is flushed yet: the tables still contain the state before the change.
            self.env["cartona.change"]._mark_dirty("stock", self._of_bills({model: fresh}))

    @api.model
    def _of_bills(self, ids_by_model):
        """Return the products of bills and their parts, as the tables contain them.

        :param ids_by_model: dict "mrp.bom" or "mrp.bom.line" -> ids
        :return: list of product ids
        """
        bills, lines = (list(ids_by_model.get(model, ())) for model in _BILLS)
        if not (bills or lines):
            return []
        self.env.cr.execute(
            """
            WITH bill AS (
                SELECT id, product_id, product_tmpl_id FROM mrp_bom
                 WHERE id = ANY(%s)
                    OR id IN (SELECT bom_id FROM mrp_bom_line WHERE id = ANY(%s))
            )
            SELECT kit.id
              FROM bill
              JOIN product_product kit
                ON kit.id = bill.product_id
                OR (bill.product_id IS NULL AND kit.product_tmpl_id = bill.product_tmpl_id)
             UNION
            SELECT line.product_id FROM bill JOIN mrp_bom_line line ON line.bom_id = bill.id
            """,
            (bills, lines),
        )
        # An order for a kit reserves its parts: they change along with it.
        return self._with_parts([row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _shares(self, products, company):
        """Return what one of each product takes from the stock.

        :return: dict product -> dict part -> quantity in the part's own unit; empty for products
            that Odoo does not count
        """
        shares = {product: {product: 1.0} if is_counted(product) else {} for product in products}
        if "mrp.bom" in self.env and products:
            kits = self.env["mrp.bom"]._bom_find(
                products, company_id=company.id, bom_type="phantom"
            )
            for product, bom in kits.items():
                if bom:
                    shares[product] = self._parts_of(product, bom)
        return shares

    def _parts_of(self, product, bom):
        """Return the counted parts of one kit, with those of kits within it."""
        kits_per_bom = product.uom_id._compute_quantity(1.0, bom.product_uom_id, round=False)
        parts = defaultdict(float)
        # The whole bill once: `explode` rounds up, which would distort a twelfth of it.
        for line, done in bom.explode(product, 1.0)[1]:
            part = line.product_id
            quantity = line.product_uom_id._compute_quantity(done["qty"], part.uom_id, round=False)
            if quantity and is_counted(part):
                parts[part] += quantity * kits_per_bom / bom.product_qty
        return dict(parts)

    @api.model
    def _with_kits(self, product_ids, template_ids=()):
        """Return these products and the kits that contain them, which depend on their quantity.

        :param template_ids: templates to include with their variants, if kits exist
        :return: list of ids
        """
        return self._climb(
            product_ids,
            """
            SELECT kit.id
              FROM part
              JOIN mrp_bom_line line ON line.product_id = part.id
              JOIN mrp_bom bom ON bom.id = line.bom_id AND bom.type = 'phantom' AND bom.active
              JOIN product_product kit
                ON kit.id = bom.product_id
                OR (bom.product_id IS NULL AND kit.product_tmpl_id = bom.product_tmpl_id)
            """,
            template_ids,
        )

    @api.model
    def _with_parts(self, product_ids):
        """Return these products and the parts of those that are kits.

        :return: list of ids
        """
        return self._climb(
            product_ids,
            """
            SELECT line.product_id
              FROM part
              JOIN product_product kit ON kit.id = part.id
              JOIN mrp_bom bom
                ON bom.type = 'phantom' AND bom.active
               AND (bom.product_id = kit.id
                    OR bom.product_id IS NULL AND bom.product_tmpl_id = kit.product_tmpl_id)
              JOIN mrp_bom_line line ON line.bom_id = bom.id
            """,
        )

    def _climb(self, product_ids, step, template_ids=()):
        """Follow bills of materials until no new product is found.

        :param step: SQL that leads from the rows of `part` to the next ones
        """
        if "mrp.bom" not in self.env or not (product_ids or template_ids):
            return list(product_ids)
        self.env.cr.execute(
            """
            WITH RECURSIVE part AS (
                SELECT id FROM product_product WHERE id = ANY(%%s) OR product_tmpl_id = ANY(%%s)
                 UNION %s
            )
            SELECT id FROM part
            """
            % step,
            (list(product_ids), list(template_ids)),
        )
        return [row[0] for row in self.env.cr.fetchall()]
