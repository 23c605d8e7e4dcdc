"""`product.template`: mirrors its variants' state on Cartona; what a changed template marks."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..core.inputs import fields_of
from .product_product import SELLABLE_FIELDS


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "cartona.product.mixin"]

    cartona_is_unlimited_stock = fields.Boolean(
        "Unlimited on Cartona",
        help="Retailers can always order this product: no quantity is sent to Cartona.",
    )

    # === COMPUTE METHODS === #

    @api.depends("product_variant_ids.cartona_id")
    @api.depends_context("company")
    def _compute_cartona_id(self):
        """Mirror the single variant's ID, as Odoo mirrors the barcode."""
        for template in self:
            variants = template._cartona_sold_variants()
            template.cartona_id = len(variants) == 1 and variants.cartona_id

    @api.depends(
        "product_variant_ids.cartona_sync_state",
        "product_variant_ids.cartona_synced_at",
        "product_variant_ids.cartona_last_sent",
        "product_variant_ids.cartona_error",
    )
    @api.depends_context("company", "lang")
    def _compute_cartona_state(self):
        every_listing = self._cartona_variants()._cartona_listings()
        dirty, by_product = every_listing._dirty_ids(), every_listing._by_product()
        for template in self:
            variants = template._cartona_variants()._origin
            own = [by_product[variant] for variant in variants if variant in by_product]
            listings = every_listing.browse().concat(*own).sorted("id")
            template.cartona_listing_count = len(listings)
            template.cartona_sync_state = listings._sync_state(dirty)
            template.cartona_synced_at = max(
                listings.filtered("synced_at").mapped("synced_at"), default=False
            )
            template.cartona_last_sent = len(variants) == 1 and variants.cartona_last_sent
            error = listings.filtered("error_code")[:1]
            template.cartona_error = error.error_message
            template.cartona_error_code = error.error_code
            template.cartona_is_price_on_hold = error.is_price_on_hold

    def _cartona_variants(self):
        """Return the variants, also those of archived templates."""
        return self.with_context(active_test=False).product_variant_ids

    def _cartona_sold_variants(self):
        """Return the active variants; of an archived template all of them."""
        variants = self._cartona_variants()
        return variants.filtered("active") or variants

    def _inverse_cartona_id(self):
        for template in self:
            variants = template._cartona_sold_variants()
            if len(variants) == 1:
                variants.cartona_id = template.cartona_id
            elif variants and template.cartona_id:
                raise UserError(
                    _(
                        "%s has several variants. Enter the Cartona ID on each variant.",
                        template.display_name,
                    )
                )

    def _search_cartona_id(self, operator, value):
        domain = self.env["product.product"]._search_cartona_id(operator, value)
        return self._cartona_templates_of(domain)

    def _search_cartona_sync_state(self, operator, value):
        domain = self.env["product.product"]._search_cartona_sync_state(operator, value)
        return self._cartona_templates_of(domain)

    def _cartona_templates_of(self, domain):
        variants = self.env["product.product"].with_context(active_test=False).search(domain)
        return [("id", "in", variants.product_tmpl_id.ids)]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        # The variant did not exist yet when the inverse ran, as with the barcode.
        for template, vals in zip(templates, vals_list):
            if vals.get("cartona_id") and template.cartona_id != vals["cartona_id"]:
                template.cartona_id = vals["cartona_id"]
        return templates

    def write(self, vals):
        res = super().write(vals)
        if fields_of("product.template", "price") & vals.keys():
            self.env["cartona.change"]._mark_dirty("price", template_ids=self.ids)
        if SELLABLE_FIELDS & vals.keys():
            self._cartona_variants()._cartona_sellable_changed()
        if fields_of("product.template", "stock") & vals.keys():
            self.env["cartona.change"]._mark_dirty("stock", template_ids=self.ids)
        return res

    def unlink(self):
        # The database deletes the variants, without calling their `unlink`.
        self._cartona_variants()._cartona_unlink_listings()
        return super().unlink()

    # === ACTION METHODS === #

    def action_cartona_sync(self):
        """Send price and stock of these products again."""
        return self._cartona_variants().action_cartona_sync()

    def action_cartona_confirm_price(self):
        """Send the price on hold: a user has confirmed it."""
        self._cartona_variants().action_cartona_confirm_price()

    def action_cartona_accept_pack(self):
        """Sell Cartona's pack as that many units of the product."""
        self._cartona_variants().action_cartona_accept_pack()

    def action_cartona_accept_ratio(self):
        """Sell the units with the quantity that they now contain."""
        self._cartona_variants().action_cartona_accept_ratio()

    def action_cartona_count_in_pack(self):
        """Sell the product as Cartona's pack itself."""
        self._cartona_variants().action_cartona_count_in_pack()

    def action_cartona_listings(self):
        """Open the listings of this product on Cartona."""
        return self._cartona_variants().action_cartona_listings()


class ProductTemplateAttributeValue(models.Model):
    _inherit = "product.template.attribute.value"

    # === CRUD METHODS === #

    def write(self, vals):
        res = super().write(vals)
        if "price_extra" in vals:
            self.env["cartona.change"]._mark_dirty("price", template_ids=self.product_tmpl_id.ids)
        return res
