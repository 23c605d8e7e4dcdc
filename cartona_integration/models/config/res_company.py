from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._cartona_make_configs()
        return companies

    # === BUSINESS METHODS === #

    def _cartona_make_configs(self):
        """Give each company its Cartona configuration, switched off.

        In sudo mode: who creates a company need not manage Cartona.
        """
        Config = self.env["cartona.config"].sudo()
        have = Config.search([("company_id", "in", self.ids)]).company_id
        Config.create([{"company_id": company.id} for company in self - have])
