from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._cartona_make_configs()
        return companies

    def write(self, vals):
        before = {company: company.currency_id for company in self}
        res = super().write(vals)
        if "currency_id" in vals:
            self._cartona_follow_currency(before)
        return res

    # === BUSINESS METHODS === #

    def _cartona_follow_currency(self, before):
        """Let prices on Cartona follow the company's currency unless another one was chosen.

        Odoo sets a company up under its first currency and changes it with the chart of accounts.

        :param dict before: company -> its currency until now
        """
        # In sudo mode: the user who changes the company need not manage Cartona.
        configs = self.env["cartona.config"].sudo().search([("company_id", "in", self.ids)])
        for config in configs:
            company = config.company_id
            if config.currency_id == before[company] != company.currency_id:
                config.currency_id = company.currency_id
        self.env["cartona.change"]._mark_all_dirty(configs.filtered("auto_sync_products"), "price")

    def _cartona_make_configs(self):
        """Create the Cartona configuration of each company, with everything disabled.

        In sudo mode: the user who creates a company need not manage Cartona.
        """
        Config = self.env["cartona.config"].sudo()
        existing = Config.search([("company_id", "in", self.ids)]).company_id
        Config.create([{"company_id": company.id} for company in self - existing])
