from odoo import api, models


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items._cartona_note()
        return items

    def write(self, vals):
        self._cartona_note()  # what the rule was for, before it changes
        res = super().write(vals)
        self._cartona_note()
        return res

    def unlink(self):
        self._cartona_note()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _cartona_note(self):
        """Note what these rules may price on Cartona.

        A rule that names products concerns those; a rule for a category, or for everything,
        is left to the drain, which drops every price that comes out the same.
        """
        pricelists = self.pricelist_id._cartona_with_dependents()
        # In sudo mode: price rules are changed by users without any Cartona right.
        configs = self.env["cartona.config"].sudo().search(
            [("pricelist_id", "in", pricelists.ids), ("auto_sync_products", "=", True)]
        )
        if not configs:
            return
        Change = self.env["cartona.change"]
        named = self.filtered(lambda item: item.product_id or item.product_tmpl_id)
        if self - named:
            Change._note_everything(configs, "price")
            return
        Change._note(
            "price",
            product_ids=named.product_id.ids,
            template_ids=named.filtered(lambda item: not item.product_id).product_tmpl_id.ids,
        )


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    def _cartona_with_dependents(self):
        """These pricelists and all whose rules are based on them."""
        known = found = self
        while found:
            items = self.env["product.pricelist.item"].sudo().search(  # other companies' ones, too
                [("base", "=", "pricelist"), ("base_pricelist_id", "in", found.ids)]
            )
            found = items.pricelist_id - known
            known |= found
        return known
