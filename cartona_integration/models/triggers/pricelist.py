"""Pricelists and price rules: the products whose price on Cartona they set."""

from datetime import timedelta

from odoo import _, api, fields, models

from ..core.inputs import fields_of


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
        self._cartona_mark_dirty()  # the products that the rule applied to before
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
        """Mark the products to which these rules may apply on Cartona.

        A rule for named products marks only those. A rule for a category, or for all products,
        marks everything; the drain drops every price that is unchanged.
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
        """Schedule a job for each moment at which one of these rules begins or ends."""
        now = fields.Datetime.now()
        # A rule is still valid in the second in which it ends.
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
        """Return the configurations with prices from these rules."""
        return self.pricelist_id._cartona_configs()


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        pricelists = super().create(vals_list)
        self.env["cartona.message"]._mark_replay_of("no_pricelist")
        return pricelists

    def write(self, vals):
        res = super().write(vals)
        # An order waits for a pricelist in Cartona's currency that its company may use.
        if {"active", "company_id", "currency_id"} & vals.keys():
            self.env["cartona.message"]._mark_replay_of("no_pricelist")
        if fields_of("product.pricelist", "price") & vals.keys():
            self.env["cartona.change"]._mark_all_dirty(self._cartona_configs(), "price")
        return res

    # === BUSINESS METHODS === #

    def _cartona_configs(self):
        """Return the configurations with prices from these pricelists."""
        pricelists = self._cartona_with_dependents()
        # In sudo mode: prices are changed by users without any Cartona right.
        return (
            self.env["cartona.config"]
            .sudo()
            .search([("pricelist_id", "in", pricelists.ids), ("auto_sync_products", "=", True)])
        )

    def _cartona_with_dependents(self):
        """Return these pricelists and all that have rules based on them."""
        return self._cartona_related("base_pricelist_id", "pricelist_id")

    def _cartona_with_bases(self):
        """Return these pricelists and all that their rules are based on."""
        return self._cartona_related("pricelist_id", "base_pricelist_id")

    def _cartona_related(self, near, far):
        """Follow rules from their field `near` to `far`; return all pricelists that are found."""
        known = found = self
        while found:
            items = (
                self.env["product.pricelist.item"]
                .sudo()
                .search(  # rules of other companies included
                    [("base", "=", "pricelist"), (near, "in", found.ids)]
                )
            )
            found = items[far] - known
            known |= found
        return known
