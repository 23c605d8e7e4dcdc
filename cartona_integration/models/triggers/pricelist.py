"""Price rules: which products they price on Cartona, and when they begin and end.

A rule with dates changes prices at a moment when nobody writes anything. A job is due at that
moment; the cron, which asks the same question every minute, serves where no job runner is.
"""

from datetime import timedelta

from odoo import _, api, fields, models


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items._cartona_mark_dirty()
        items._cartona_schedule_dates()
        return items

    def write(self, vals):
        self._cartona_mark_dirty()  # what the rule was for, before it changes
        res = super().write(vals)
        self._cartona_mark_dirty()
        if {"date_start", "date_end"} & vals.keys():
            self._cartona_schedule_dates()
        return res

    def unlink(self):
        self._cartona_mark_dirty()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _cartona_mark_dirty(self):
        """Note what these rules may price on Cartona.

        A rule that names products concerns those; a rule for a category, or for everything,
        is left to the drain, which drops every price that comes out the same.
        """
        configs = self._cartona_configs()
        if not configs:
            return
        Change = self.env["cartona.change"]
        named = self.filtered(lambda item: item.product_id or item.product_tmpl_id)
        if self - named:
            Change._mark_all_dirty(configs, "price")
            return
        Change._mark_dirty(
            "price",
            product_ids=named.product_id.ids,
            template_ids=named.filtered(lambda item: not item.product_id).product_tmpl_id.ids,
        )

    def _cartona_schedule_dates(self):
        """Have the products of these rules looked at when they begin and when they end."""
        now = fields.Datetime.now()
        # A rule still holds in the second in which it ends.
        moments = {item.date_start for item in self if item.date_start} | {
            item.date_end + timedelta(seconds=1) for item in self if item.date_end
        }
        due = sorted(moment for moment in moments if moment > now)
        if not due or not self._cartona_configs():
            return
        # In sudo mode: price rules are written by users who may not enqueue jobs.
        Config = self.env["cartona.config"].sudo()
        for moment in due:
            Config.with_delay(
                eta=moment,
                identity_key="cartona:dated_rules:%s" % moment,
                description=_("Cartona: a price rule begins or ends"),
            )._job_mark_dated_rules()

    def _cartona_configs(self):
        """The configurations whose prices these rules make."""
        return self.pricelist_id._cartona_configs()


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "currency_id" in vals:
            self.env["cartona.change"]._mark_all_dirty(self._cartona_configs(), "price")
        return res

    # === BUSINESS METHODS === #

    def _cartona_configs(self):
        """The configurations whose prices these pricelists make."""
        pricelists = self._cartona_with_dependents()
        # In sudo mode: prices are changed by users without any Cartona right.
        return (
            self.env["cartona.config"]
            .sudo()
            .search([("pricelist_id", "in", pricelists.ids), ("auto_sync_products", "=", True)])
        )

    def _cartona_with_dependents(self):
        """These pricelists and all whose rules are based on them."""
        return self._cartona_reached("base_pricelist_id", "pricelist_id")

    def _cartona_with_bases(self):
        """These pricelists and all that their rules are based on."""
        return self._cartona_reached("pricelist_id", "base_pricelist_id")

    def _cartona_reached(self, near, far):
        """These pricelists and all that rules lead to, from their field `near` to `far`."""
        known = found = self
        while found:
            items = (
                self.env["product.pricelist.item"]
                .sudo()
                .search(  # other companies' ones, too
                    [("base", "=", "pricelist"), (near, "in", found.ids)]
                )
            )
            found = items[far] - known
            known |= found
        return known


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    rules_checked_at = fields.Datetime(
        readonly=True, copy=False, help="Price rules that began or ended before are dealt with."
    )

    # === JOBS === #

    @api.model
    def _job_mark_dated_rules(self):
        self._mark_dated_rules_dirty()

    # === BUSINESS METHODS === #

    @api.model
    def _mark_dated_rules_dirty(self):
        """Note what the rules price that began or ended since this was last asked."""
        configs = self.search([("auto_sync_products", "=", True), ("pricelist_id", "!=", False)])
        if not configs:
            return
        now = fields.Datetime.now()
        # A look that is the first one looks back as far as there can be anything to see.
        since = min(config.rules_checked_at or config.create_date for config in configs)
        begun = ["&", ("date_start", ">", since), ("date_start", "<=", now)]
        ended = ["&", ("date_end", ">=", since), ("date_end", "<", now)]
        items = self.env["product.pricelist.item"].search(["|"] + begun + ended)
        items._cartona_mark_dirty()
        is_first = not all(config.rules_checked_at for config in configs)
        if items or is_first or (now - since).total_seconds() > 3600:
            configs.write({"rules_checked_at": now})
