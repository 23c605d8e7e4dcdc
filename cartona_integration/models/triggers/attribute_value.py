from odoo import models


class ProductTemplateAttributeValue(models.Model):
    _inherit = "product.template.attribute.value"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "price_extra" in vals:
            self.env["cartona.change"]._mark_dirty("price", template_ids=self.product_tmpl_id.ids)
        return res
