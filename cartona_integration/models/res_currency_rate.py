from odoo import api, models


class ResCurrencyRate(models.Model):
    _inherit = "res.currency.rate"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        rates._cartona_note()
        return rates

    def write(self, vals):
        res = super().write(vals)
        self._cartona_note()
        return res

    def unlink(self):
        currencies = self.currency_id
        res = super().unlink()
        currencies._cartona_note_rates()
        return res

    # === BUSINESS METHODS === #

    def _cartona_note(self):
        self.currency_id._cartona_note_rates()


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _cartona_note_rates(self):
        """Note every price that is converted on its way to Cartona."""
        # In sudo mode: rates are fetched and written by users without any Cartona right.
        configs = self.env["cartona.config"].sudo().search([("auto_sync_products", "=", True)])
        # From the sales price's currency to the pricelist's, from that to the configuration's.
        converting = configs.filtered(
            lambda config: (
                len(
                    config.company_id.currency_id
                    | config.pricelist_id.currency_id
                    | config.currency_id
                )
                > 1
            )
        )
        if self and converting:
            self.env["cartona.change"]._note_everything(converting, "price")
