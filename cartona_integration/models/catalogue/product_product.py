"""`product.product`: links to Cartona's listings, their state, and what a changed product marks."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...compat import check_may_read, flush, invalidate
from ..core.actions import window
from ..core.inputs import fields_of
from ..queue.streams import LISTING_KINDS
from .listing import SYNC_STATES

# Fields that a published price, or the permission to sell the product, depends on.
PRICE_FIELDS = fields_of("product.product", "price")
# Fields that decide if an order for the product can be accepted.
SELLABLE_FIELDS = {"active", "sale_ok"}
# Fields that its published quantity depends on, besides the stock itself.
STOCK_FIELDS = fields_of("product.product", "stock")
# Fields by which an order may identify the product.
IDENTITY_FIELDS = {"barcode", "default_code"}


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "cartona.product.mixin"]

    cartona_listing_ids = fields.One2many("cartona.listing", "product_id", "Cartona Listings")
    # With the state: one search serves all of them.
    cartona_id = fields.Char(compute="_compute_cartona_state")

    # === COMPUTE METHODS === #

    @api.depends(
        "cartona_listing_ids.cartona_id",
        "cartona_listing_ids.state",
        "cartona_listing_ids.synced_at",
        "cartona_listing_ids.sent_values",
        "cartona_listing_ids.error_code",
    )
    @api.depends_context("company", "lang")
    def _compute_cartona_state(self):
        listings = self._cartona_listings()
        dirty = listings._dirty_ids()
        by_product = listings._by_product()
        for product in self:
            own = by_product.get(product._origin, listings.browse())
            shown = product._cartona_shown_listing(own)
            errors = own.filtered("error_code")
            product.cartona_id = shown.cartona_id
            product.cartona_sync_state = own._sync_state(dirty)
            product.cartona_synced_at = max(
                own.filtered("synced_at").mapped("synced_at"), default=False
            )
            product.cartona_last_sent = shown._last_sent()
            product.cartona_error = errors[:1].error_message
            product.cartona_error_code = errors[:1].error_code
            product.cartona_is_price_on_hold = errors[:1].is_price_on_hold
            product.cartona_listing_count = len(own)

    def _cartona_listings(self):
        """Return the listings of these products in the current company's configuration.

        In sudo mode: the state is shown to every user who may see the product.
        """
        config = self.env["cartona.config"]._of_company(self.env.company)
        return (
            config.env["cartona.listing"].search(
                [("config_id", "=", config.id), ("product_id", "in", self._origin.ids)]
            )
            if config
            else config.env["cartona.listing"]
        )

    def _cartona_shown_listing(self, listings):
        """Return the listing in the product's own unit, else the oldest one."""
        return listings.filtered(lambda listing: listing.uom_id == self.uom_id)[:1] or listings[:1]

    def _inverse_cartona_id(self):
        config = self.env["cartona.config"]._of_company(self.env.company)
        for product in self:
            listings = product._cartona_listings()
            shown, wanted = product._cartona_shown_listing(listings), product.cartona_id
            wanted = wanted and str(wanted).strip()
            if (shown.cartona_id or "") == (wanted or ""):
                continue
            if not config:
                raise UserError(
                    _("%s has no Cartona configuration yet.", self.env.company.display_name)
                )
            shown._unlink_product()
            if wanted:
                # In sudo mode through the configuration: who may write products may link them.
                config.env["cartona.listing"]._link(config, product.with_env(config.env), wanted)
        invalidate(self, ["cartona_id"])

    @api.model
    def _search_cartona_id(self, operator, value):
        config = self.env["cartona.config"]._of_company(self.env.company)
        domain = [("config_id", "=", config.id), ("product_id", "!=", False)]
        Listing = config.env["cartona.listing"]
        negative = operator in ("!=", "not in") or operator.startswith("not ")
        if operator in ("=", "!=", "in", "not in"):
            values = {value} if isinstance(value, (str, bool, type(None))) else set(value)
            wanted = [str(cartona_id) for cartona_id in values if cartona_id]
            found = Listing.search(domain + [("cartona_id", "in", wanted)]).product_id
            if len(wanted) < len(values):
                # "Not linked" is searched, too: everything except what is linked to another ID.
                found = Listing.search(domain).product_id - found
                negative = not negative
        else:
            operator = operator.replace("not ", "")
            found = Listing.search(domain + [("cartona_id", operator, value)]).product_id
        return [("id", "not in" if negative else "in", found.ids)]

    @api.model
    def _search_cartona_sync_state(self, operator, value):
        wanted = {value} if isinstance(value, str) else set(value or ())
        if operator in ("!=", "not in"):
            wanted = {state for state, _label in SYNC_STATES} - wanted
        states = self._cartona_states()
        found = [product_id for product_id, state in states.items() if state in wanted]
        if "not_linked" not in wanted:
            return [("id", "in", found)]
        return [("id", "not in", list(states.keys() - set(found)))]

    @api.model
    def _cartona_states(self):
        """Return the state of every linked product of the company, as `_sync_state` computes it.

        :return: dict product id -> state
        """
        config = self.env["cartona.config"]._of_company(self.env.company)
        flush(self.env["cartona.listing"])
        self.env.cr.execute(
            """
            SELECT listing.product_id,
                   CASE WHEN bool_or(listing.state = 'error') THEN 'error'
                        WHEN bool_or(listing.state = 'pending' OR change.res_id IS NOT NULL)
                        THEN 'pending' ELSE 'synced' END
              FROM cartona_listing listing
              LEFT JOIN cartona_change change
                     ON change.config_id = listing.config_id AND change.res_id = listing.id
                    AND change.kind IN %s
             WHERE listing.config_id = %s AND listing.product_id IS NOT NULL
             GROUP BY listing.product_id
            """,
            (LISTING_KINDS, config.id or 0),
        )
        return dict(self.env.cr.fetchall())

    # === CRUD METHODS === #

    def unlink(self):
        self._cartona_unlink_listings()
        return super().unlink()

    def write(self, vals):
        res = super().write(vals)
        if PRICE_FIELDS & vals.keys():
            self.env["cartona.change"]._mark_dirty("price", product_ids=self.ids)
        if STOCK_FIELDS & vals.keys():
            self.env["cartona.change"]._mark_dirty("stock", product_ids=self.ids)
        if SELLABLE_FIELDS & vals.keys():
            self._cartona_sellable_changed()
        if IDENTITY_FIELDS & vals.keys():
            self._cartona_identity_changed()
        return res

    # === ACTION METHODS === #

    def action_cartona_sync(self):
        """Send price and stock of these products again."""
        check_may_read(self)
        listings = self._cartona_listings()
        if not listings:
            raise UserError(_("Enter the Cartona ID of the product first, then it can be sent."))
        return listings.with_env(self.env).action_cartona_sync()

    def action_cartona_confirm_price(self):
        """Send the price on hold: a user has confirmed it."""
        self._cartona_readable_listings().action_confirm_price()

    def action_cartona_accept_pack(self):
        """Sell Cartona's pack as that many units of the product."""
        self._cartona_readable_listings().action_accept_pack()

    def action_cartona_accept_ratio(self):
        """Sell the units with the quantity that they now contain."""
        self._cartona_readable_listings().action_accept_ratio()

    def action_cartona_count_in_pack(self):
        """Sell the product as Cartona's pack itself."""
        self._cartona_readable_listings().action_count_in_pack()

    def action_cartona_listings(self):
        """Open the listings of these products on Cartona."""
        return window(self.env, "action_cartona_listing", domain=[("product_id", "in", self.ids)])

    # === BUSINESS METHODS === #

    def _cartona_readable_listings(self):
        """Return the listings of these products, in the user's own environment.

        :raise AccessError: the user may not read these products, or their listings
        """
        check_may_read(self)
        listings = self._cartona_listings().with_env(self.env)
        check_may_read(listings)
        return listings

    def _cartona_unlink_listings(self):
        """Keep the listings of deleted products without them: Cartona still shows them.

        In sudo mode: this applies to every user who deletes a product.
        """
        self.env["cartona.listing"].sudo().search([("product_id", "in", self.ids)]).write(
            {"product_id": False}
        )

    def _filter_to_unlink(self):
        """Override of `product`: a linked variant that new attributes replace is archived, so that
        its listing can show why it is out of stock."""
        # In sudo mode: this applies to every user who changes attributes.
        listings = self.env["cartona.listing"].sudo().search([("product_id", "in", self.ids)])
        kept = self.browse(listings.product_id.ids)
        return super(ProductProduct, self - kept)._filter_to_unlink()

    def _cartona_is_replaced(self):
        """Return True if the variant was archived by Odoo, while its product is still sold: by new
        attributes, or since its template was unarchived alone."""
        self.ensure_one()
        template, values = self.product_tmpl_id, self.product_template_attribute_value_ids
        if self.active or not template.active:
            return False
        lines = template.valid_product_template_attribute_line_ids
        return (
            not template.product_variant_ids.filtered("active")
            or values.attribute_line_id != lines._without_no_variant_attributes()
            or not all(values.mapped("ptav_active"))
        )

    def _cartona_sellable_changed(self):
        """Publish the stock again, and retry orders that wait for a product to be sellable."""
        self.env["cartona.change"]._mark_dirty("stock", product_ids=self.ids)
        # In sudo mode: this applies to every user who archives a product.
        listings = self.env["cartona.listing"].sudo().search([("product_id", "in", self.ids)])
        if listings:
            self.env["cartona.change"]._mark_replay(listings.config_id)
        self.env["cartona.message"]._mark_replay_of("product_unavailable")

    def _cartona_identity_changed(self):
        """Retry orders: one may name a product by reference or barcode, without a listing."""
        self.env["cartona.message"]._mark_replay_of("unknown_product")
