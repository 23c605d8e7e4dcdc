"""What only orders wait for: a pricelist in Cartona's currency, and more decimals."""

from odoo import api, models


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    @api.model
    def _replay_waiting_for(self, code):
        """Let the orders that wait for this reason try again.

        In sudo mode, for every company: who puts it right may have no Cartona right, and a
        pricelist or an accuracy may be everybody's.
        """
        waiting = self.sudo().search([("state", "=", "error"), ("error_code", "=", code)])
        if waiting:
            self.env["cartona.change"]._mark_replay(waiting.config_id)


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    @api.model_create_multi
    def create(self, vals_list):
        pricelists = super().create(vals_list)
        self.env["cartona.message"]._replay_waiting_for("no_pricelist")
        return pricelists

    def write(self, vals):
        res = super().write(vals)
        if {"active", "company_id", "currency_id"} & vals.keys():
            self.env["cartona.message"]._replay_waiting_for("no_pricelist")
        return res


class DecimalPrecision(models.Model):
    _inherit = "decimal.precision"

    def write(self, vals):
        res = super().write(vals)
        if "digits" in vals:
            self.env["cartona.message"]._replay_waiting_for("precision")
        return res
