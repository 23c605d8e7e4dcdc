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
        """Create the Cartona configuration of each company, with everything disabled.

        In sudo mode: the user who creates a company need not manage Cartona.
        """
        Config = self.env["cartona.config"].sudo()
        existing = Config.search([("company_id", "in", self.ids)]).company_id
        Config.create([{"company_id": company.id} for company in self - existing])
