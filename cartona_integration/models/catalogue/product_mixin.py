"""`cartona.product.mixin`: the fields that products and their templates have in common."""

from odoo import fields, models

from .listing import SYNC_STATES


class CartonaProductMixin(models.AbstractModel):
    """A model that inherits it defines the computes, the inverse and the searches."""

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
        help="Not sent yet: waits to be sent. Up to date: Cartona has received it. Error: see the "
        "message above.",
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
