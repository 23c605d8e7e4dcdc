"""`cartona.config`: prices and stock that change on a date, when no record is written.

A price rule with dates begins and ends at a given moment; a currency rate may be entered for a
later day. A job is scheduled for the moment of a rule; the cron, which checks both every minute,
serves where no job runner is active.
"""

from odoo import api, fields, models


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    rules_checked_at = fields.Datetime(
        readonly=True, copy=False, help="Price rules that began or ended before have been applied."
    )
    rates_checked_on = fields.Date(
        readonly=True, copy=False, help="Rates valid from this day or earlier have been applied."
    )

    expiry_checked_on = fields.Date(
        readonly=True, copy=False, help="Lots to be removed on this day or earlier are left out."
    )

    # === JOBS === #

    @api.model
    def _job_mark_dated_rules(self):
        self._mark_dated_rules_dirty()

    # === BUSINESS METHODS === #

    @api.model
    def _mark_dated_rules_dirty(self):
        """Mark the prices of rules that began or ended since the last check."""
        configs = self.search([("auto_sync_products", "=", True), ("pricelist_id", "!=", False)])
        if not configs:
            return
        now = fields.Datetime.now()
        # The first check covers the whole life of the configuration.
        since = min(config.rules_checked_at or config.create_date for config in configs)
        begun = ["&", ("date_start", ">", since), ("date_start", "<=", now)]
        ended = ["&", ("date_end", ">=", since), ("date_end", "<", now)]
        items = self.env["product.pricelist.item"].search(["|"] + begun + ended)
        items._cartona_mark_dirty()
        is_first = not all(config.rules_checked_at for config in configs)
        if items or is_first or (now - since).total_seconds() > 3600:
            configs.write({"rules_checked_at": now})

    @api.model
    def _mark_todays_rates_dirty(self):
        """Mark the prices that are converted with rates entered in advance for today."""
        today = fields.Date.context_today(self)  # as the prices are converted
        for config in self.search([("auto_sync_products", "=", True)]):
            currencies = config._converted_currencies()
            # The first check covers the whole life of the configuration.
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

    @api.model
    def _mark_expired_dirty(self):
        """Mark the stock of lots whose removal date has come, if Odoo counts fresh goods only."""
        Quant = self.env["stock.quant"]
        today = fields.Date.today()  # of the server, as Odoo compares it
        configs = self.search([("auto_sync_stock", "=", True)]).filtered(
            lambda config: not config.expiry_checked_on or config.expiry_checked_on < today
        )
        if not configs or "removal_date" not in Quant._fields:
            return
        since = min(config.expiry_checked_on or config.create_date.date() for config in configs)
        expired = [("removal_date", ">", since), ("removal_date", "<=", today)]
        self.env["cartona.change"]._mark_dirty("stock", Quant.search(expired).product_id.ids)
        configs.expiry_checked_on = today

    def _converted_currencies(self):
        """Return the currencies between which a price is converted; none if there is only one.

        These are the currencies of sales prices (the main company's where the product has none)
        and costs, of the pricelist and the ones it is based on, and of the configuration.
        """
        self.ensure_one()
        companies = self.company_id | self.company_id._get_main_company()
        # In sudo mode: a pricelist may be based on another company's.
        pricelists = self.pricelist_id._cartona_with_bases().sudo()
        used = companies.currency_id | pricelists.currency_id | self.currency_id
        return used if len(used) > 1 else used.browse()
