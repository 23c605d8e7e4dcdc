"""Kits: products that are sold as one and lie in the stock as their parts.

They exist where Manufacturing is installed; everywhere else a product is its own only part.
"""

from collections import defaultdict

from odoo import api, models

from ..compat import is_counted


class CartonaKit(models.AbstractModel):
    _name = "cartona.kit"
    _description = "Cartona: Kits and Their Parts"

    # === BUSINESS METHODS === #

    @api.model
    def _shares(self, products, company):
        """What one of each product takes from the stock.

        :return: dict product -> dict part -> quantity in the part's own unit; empty for what
            Odoo does not count
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
        """The counted parts of one kit, kits within it taken apart as well."""
        kits_per_bom = product.uom_id._compute_quantity(1.0, bom.product_uom_id, round=False)
        parts = defaultdict(float)
        # Once the whole bill: `explode` rounds up, which would spoil a twelfth of it.
        for line, done in bom.explode(product, 1.0)[1]:
            part = line.product_id
            quantity = line.product_uom_id._compute_quantity(done["qty"], part.uom_id, round=False)
            if quantity and is_counted(part):
                parts[part] += quantity * kits_per_bom / bom.product_qty
        return dict(parts)

    @api.model
    def _with_kits(self, product_ids):
        """These products, and the kits that are made of them: their quantity hangs on the parts.

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
        )

    @api.model
    def _with_parts(self, product_ids):
        """These products, and what those of them that are kits are made of.

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

    def _climb(self, product_ids, step):
        """Follow bills of materials until nothing new is found.

        :param step: SQL that leads from the rows of `part` to the next ones
        """
        if "mrp.bom" not in self.env or not product_ids:
            return list(product_ids)
        self.env.cr.execute(
            "WITH RECURSIVE part AS (SELECT unnest(%%s::integer[]) AS id UNION %s)"
            " SELECT id FROM part" % step,
            (list(product_ids),),
        )
        return [row[0] for row in self.env.cr.fetchall()]
