"""Currencies: rates that convert prices for Cartona, and the decimals that orders need."""

from odoo import api, models


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
        """Mark every price that is converted for Cartona with rates of these currencies."""
        # In sudo mode: rates are fetched and written by users without any Cartona right.
        configs = self.env["cartona.config"].sudo().search([("auto_sync_products", "=", True)])
        converting = configs.filtered(lambda config: config._converted_currencies() & self)
        self.env["cartona.change"]._mark_all_dirty(converting, "price")


class DecimalPrecision(models.Model):
    _inherit = "decimal.precision"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "digits" in vals:
            self.env["cartona.message"]._mark_replay_of("precision")
        return res
