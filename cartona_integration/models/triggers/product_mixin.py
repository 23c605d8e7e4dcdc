"""`cartona.product.mixin`: fields and buttons that products and their templates have in common."""

from odoo import _, fields, models
from odoo.exceptions import UserError

from ...compat import check_may_read
from ..catalogue.listing import SYNC_STATES


class CartonaProductMixin(models.AbstractModel):
    """A model that inherits it defines the computes, their searches and `_cartona_variants`."""

    _name = "cartona.product.mixin"
    _description = "Cartona: Fields of Products"

    cartona_id = fields.Char(
        "Cartona ID",
        compute="_compute_cartona_id",
        inverse="_inverse_cartona_id",
        search="_search_cartona_id",
        help="ID of this product on Cartona. Clear it to unlink the product.",
    )
    cartona_sync_state = fields.Selection(
        SYNC_STATES,
        "Cartona",
        compute="_compute_cartona_state",
        search="_search_cartona_sync_state",
        help="Waiting: to be sent. Up to date: Cartona has received it. Error: see the message "
        "above.",
    )
    cartona_synced_at = fields.Datetime(
        "Last Sent to Cartona",
        compute="_compute_cartona_state",
        help="When Cartona last accepted a price or a quantity of this product.",
    )
    cartona_last_sent = fields.Char(
        "On Cartona Now",
        compute="_compute_cartona_state",
        help="Last price and quantity sent to Cartona.",
    )
    cartona_error = fields.Char(
        "Cartona Error",
        compute="_compute_cartona_state",
        help="Why this product is not up to date on Cartona, and how to correct it.",
    )
    cartona_error_code = fields.Char(compute="_compute_cartona_state")
    cartona_is_price_on_hold = fields.Boolean("Price to Confirm", compute="_compute_cartona_state")
    cartona_listing_count = fields.Integer(
        compute="_compute_cartona_state",
        help="Number of listings on Cartona: per piece, per box ...",
    )

    # === ACTION METHODS === #

    def action_cartona_sync(self):
        """Send price and stock of these products again."""
        variants = self._cartona_variants()
        check_may_read(variants)
        listings = variants._cartona_listings()
        if not listings:
            raise UserError(_("Enter the Cartona ID of the product first, then it can be sent."))
        return listings.with_env(variants.env).action_cartona_sync()

    def action_cartona_confirm_price(self):
        """Send the price on hold: a user has confirmed it."""
        self._cartona_variants()._cartona_readable_listings().action_confirm_price()

    def action_cartona_accept_pack(self):
        """Sell the pack size that Cartona now shows."""
        self._cartona_variants()._cartona_readable_listings().action_accept_pack()

    def action_cartona_listings(self):
        """Open the listings of these products on Cartona."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_listing"
        )
        return dict(action, domain=[("product_id", "in", self._cartona_variants().ids)])
