"""Rates: which prices they convert on their way to Cartona, now or on a day to come."""

from odoo import api, fields, models


class ResCurrencyRate(models.Model):
    _inherit = "res.currency.rate"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        rates.currency_id._cartona_mark_rates_dirty()
        return rates

    def write(self, vals):
        currencies = self.currency_id
        res = super().write(vals)
        (currencies | self.currency_id)._cartona_mark_rates_dirty()
        return res

    def unlink(self):
        currencies = self.currency_id
        res = super().unlink()
        currencies._cartona_mark_rates_dirty()
        return res


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _cartona_mark_rates_dirty(self):
        """Note every price that these currencies' rates convert on its way to Cartona."""
        # In sudo mode: rates are fetched and written by users without any Cartona right.
        configs = self.env["cartona.config"].sudo().search([("auto_sync_products", "=", True)])
        converting = configs.filtered(lambda config: config._converted_currencies() & self)
        self.env["cartona.change"]._mark_all_dirty(converting, "price")


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    rates_checked_on = fields.Date(
        readonly=True, copy=False, help="Rates that began up to this day are dealt with."
    )

    # === BUSINESS METHODS === #

    def _converted_currencies(self):
        """What a price passes through: the currencies of sales prices (of the main company, where
        the product has none) and costs, of the pricelist and the ones that it is based on, of the
        configuration. None where that is one and the same."""
        self.ensure_one()
        companies = self.company_id | self.company_id._get_main_company()
        # In sudo mode: a pricelist may be based on another company's.
        pricelists = self.pricelist_id._cartona_with_bases().sudo()
        passed = companies.currency_id | pricelists.currency_id | self.currency_id
        return passed if len(passed) > 1 else passed.browse()

    @api.model
    def _mark_todays_rates_dirty(self):
        """Note what is converted by rates that were entered for a day that has come."""
        today = fields.Date.context_today(self)  # as the prices are converted
        for config in self.search([("auto_sync_products", "=", True)]):
            currencies = config._converted_currencies()
            # A look that is the first one looks back as far as there can be anything to see.
            since = config.rates_checked_on or config.create_date.date()
            if since >= today or not currencies:
                continue
            begun = [
                ("currency_id", "in", currencies.ids),
                ("name", ">", since),
                ("name", "<=", today),
            ]
            if self.env["res.currency.rate"].search(begun, limit=1):
                self.env["cartona.change"]._mark_all_dirty(config, "price")
            config.rates_checked_on = today
