"""`cartona.listing`: one row of the supplier's catalogue on Cartona, and the product it sells.

Its other files: `pack` (what one of Cartona's packs is in Odoo), `payload` (what Odoo intends),
`sync_state` (what Cartona is known to have), `reader` (what Cartona shows), `match` (candidates)
and `link_import` (links from a file).
"""

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_amount, groupby

from ...compat import Constraint, same_unit_family
from ..core.companies import may_use
from ..core.formatting import enumerate_items
from ..core.guarded_fields import GuardedFields
from ..core.reasons import PRICE_HOLD_REASONS
from ..queue.streams import LISTING_KINDS

SYNC_STATES = [
    ("not_linked", "Not linked"),
    ("pending", "Not Sent Yet"),
    ("synced", "Up to date"),
    ("error", "Error"),
]
# When one of these changes, what was sent or confirmed before is no longer valid.
_SOLD_BY = {"cartona_id", "product_id", "uom_id"}
# Other fields by which an order finds its listing, or for which it is refused.
_MATCHED_BY = {"base_product_id", "internal_product_id", "unit", "unit_count"}


class CartonaListing(GuardedFields, models.Model):
    _name = "cartona.listing"
    _description = "Cartona Listing"
    _rec_name = "name"
    _order = "id"

    config_id = fields.Many2one(
        "cartona.config",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["cartona.config"]._of_company(self.env.company),
    )
    company_id = fields.Many2one(related="config_id.company_id", store=True)

    # Identity on Cartona. Source: GET supplier-product.
    cartona_id = fields.Char("Cartona ID", required=True, index=True)
    internal_product_id = fields.Char("Your ID on Cartona", index=True)
    base_product_id = fields.Char("Base Product", index=True)
    name = fields.Char("Name on Cartona")
    unit = fields.Char("Unit on Cartona", help="Cartona's name of the unit: piece, box, ...")
    unit_label = fields.Char(
        "Sold By", compute="_compute_unit_label", help="The unit on Cartona: piece, box, ..."
    )
    unit_count = fields.Float(help="Number of base units in one of it; 0: not known yet.")
    image_url = fields.Char("Picture")

    # Product in Odoo
    product_id = fields.Many2one("product.product", ondelete="set null", index=True)
    uom_id = fields.Many2one(
        "uom.uom",
        "Unit",
        compute="_compute_uom_id",
        store=True,
        readonly=False,
        help="Unit in Odoo of one unit sold on Cartona: the unit, a box of 24, ...",
    )

    # Confirmed values. A key that is missing from `sent_values` is not confirmed: never sent, in
    # flight, or sent without a clear answer. It is sent again.
    sent_values = fields.Text(readonly=True, copy=False, help="JSON: field -> last accepted value.")
    sent_price = fields.Float("Price on Cartona", readonly=True, copy=False, digits="Product Price")
    sent_stock = fields.Integer("Stock on Cartona", readonly=True, copy=False)
    # Names of Cartona's fields that were sent with an unusual value and must be reset one day;
    # most listings have none. See `USUAL` in `payload`.
    overridden = fields.Char(readonly=True, copy=False)
    is_price_confirmed = fields.Boolean(readonly=True, copy=False)
    confirmed_price = fields.Float(
        readonly=True,
        copy=False,
        digits="Product Price",
        help="An unusual price that a user has confirmed.",
    )
    waiting_price = fields.Float(
        "Price to Confirm",
        readonly=True,
        copy=False,
        digits="Product Price",
        help="This price is not sent before a user confirms it.",
    )
    synced_at = fields.Datetime("Last Sent", readonly=True, copy=False)
    state = fields.Selection(
        SYNC_STATES, compute="_compute_state", store=True, readonly=True, index=True
    )
    error_code = fields.Char(readonly=True, copy=False)
    error_detail = fields.Char(readonly=True, copy=False)
    error_message = fields.Char("Error", compute="_compute_error_message")
    is_price_on_hold = fields.Boolean(
        "Price on Hold",
        compute="_compute_is_price_on_hold",
        search="_search_is_price_on_hold",
    )

    _cartona_id_uniq = Constraint(
        "UNIQUE(config_id, cartona_id)", "This Cartona ID is already in the list."
    )

    def init(self):
        # For the counts of the dashboard: few rows of many.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_listing_unlinked"
            " ON cartona_listing (config_id) WHERE product_id IS NULL AND never_match IS NOT TRUE"
        )
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS cartona_listing_error"
            " ON cartona_listing (config_id, error_code) WHERE state = 'error'"
        )

    # === COMPUTE METHODS === #

    @api.depends("error_code")
    def _compute_is_price_on_hold(self):
        for listing in self:
            listing.is_price_on_hold = listing.error_code in PRICE_HOLD_REASONS

    def _search_is_price_on_hold(self, operator, value):
        values = value if operator in ("in", "not in") else [value]
        is_wanted = (True in values) == (operator in ("=", "in"))
        return [("error_code", "in" if is_wanted else "not in", list(PRICE_HOLD_REASONS))]

    @api.depends("unit")
    @api.depends_context("lang")
    def _compute_unit_label(self):
        for listing in self:
            listing.unit_label = self._unit_label(listing.unit)

    @api.depends("product_id")
    def _compute_uom_id(self):
        """Sell a product by its own unit until a user chooses another one."""
        for listing in self:
            product = listing.product_id
            if not product:
                listing.uom_id = False
            elif not listing.uom_id or not same_unit_family(listing.uom_id, product.uom_id):
                listing.uom_id = product.uom_id

    @api.depends("product_id", "error_code", "synced_at")
    def _compute_state(self):
        for listing in self:
            if not listing.product_id:
                listing.state = "not_linked"
            elif listing.error_code:
                listing.state = "error"
            else:
                listing.state = "synced" if listing.synced_at else "pending"

    @api.depends("error_code", "error_detail")
    @api.depends_context("lang")
    def _compute_error_message(self):
        Reasons = self.env["cartona.reasons"]
        for listing in self:
            listing.error_message = Reasons._explain(listing.error_code, listing.error_detail or "")

    # === CONSTRAINT METHODS === #

    @api.constrains("product_id", "uom_id")
    def _check_uom(self):
        # From 19 on Odoo converts between any two units without an error.
        for listing in self.filtered("product_id"):
            if not same_unit_family(listing.uom_id, listing.product_id.uom_id):
                raise ValidationError(self.env["cartona.reasons"]._explain("unit_family"))

    @api.constrains("product_id", "config_id")
    def _check_company(self):
        for listing in self:
            owner = listing.product_id.company_id
            if not may_use(listing.company_id, owner):
                raise ValidationError(
                    _(
                        "%(product)s belongs to %(owner)s and cannot be sold on Cartona by "
                        "%(company)s.",
                        product=listing.product_id.display_name,
                        owner=owner.name,
                        company=listing.company_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        listings = super().create([self._clean(vals) for vals in vals_list])
        listings._linked()
        return listings

    def write(self, vals):
        vals = self._clean(vals)
        relinked = self.browse()
        if "product_id" in vals:
            self._void_given_ids(vals["product_id"])
            relinked = self.filtered(lambda listing: listing.product_id.id != vals["product_id"])
        if _SOLD_BY & vals.keys():
            # Unknown, and not as if nothing had been sent: then the values that the catalogue
            # showed before would count. The values of another ID never count.
            sent = self if "cartona_id" in vals else self.filtered("sent_values")
            super(CartonaListing, sent).write({"sent_values": "{}"})
            vals = dict(
                vals,
                sent_price=0.0,
                sent_stock=0,
                is_price_confirmed=False,
                confirmed_price=0.0,
                synced_at=False,
                error_code=False,
                error_detail=False,
            )
        res = super().write(vals)
        if _SOLD_BY & vals.keys():
            self._linked()
        elif _MATCHED_BY & vals.keys():
            self._replay_waiting()
        if "product_id" in vals:
            relinked._store_seen_usual()
            self._reset_match(vals["product_id"])
        return res

    def _clean(self, vals):
        if vals.get("cartona_id"):
            vals = dict(vals, cartona_id=str(vals["cartona_id"]).strip())
        return vals

    def _linked(self):
        """Mark what was just linked, and try the orders again that waited for it."""
        linked = self.filtered("product_id")
        linked._mark_dirty()
        for config in linked.config_id:
            mine = linked.filtered(lambda listing, config=config: listing.config_id == config)
            config._expect_older(mine.ids)
        linked._replay_waiting()

    def _replay_waiting(self):
        """Try the orders again that wait for a product or a unit."""
        for config in self.config_id:
            self.env["cartona.change"]._mark_replay(config)

    # === ACTION METHODS === #

    def action_cartona_sync(self):
        """Send the selected listings again, whatever Cartona is known to have."""
        linked = self.filtered("product_id")
        if not linked:
            raise UserError(_("Link a product first to send it to Cartona."))
        for config in linked.config_id:
            problem = config._not_callable()
            if problem:
                raise UserError(self.env["cartona.reasons"]._explain(problem))
        sending = linked.filtered(lambda listing: listing.config_id._sends_listings())
        if not sending:
            return linked.config_id[:1]._notification_switched_off()
        # In sudo mode: every user who may read a listing may send it again.
        sending.sudo().config_id._end_pause("out")
        sending.sudo()._send_again()
        return sending.config_id[:1]._notification(
            _("%s listings are being sent to Cartona.", len(sending)), "info"
        )

    def action_confirm_price(self):
        """Confirm the unusual prices, so that they are sent to Cartona."""
        waiting = self.filtered("is_price_on_hold")
        for listing in waiting.sudo():  # every user who may read a listing may confirm its price
            listing.write({"is_price_confirmed": True, "confirmed_price": listing.waiting_price})
        waiting.sudo()._mark_dirty()

    # === BUSINESS METHODS === #

    def _last_sent(self):
        """Return price and stock that were last sent, for the reader: “12.50 LE, 240 in stock”.

        :return: str; False without a confirmed value
        """
        confirmed, parts = self._confirmed_values() if self else {}, []
        if "selling_price" in confirmed:
            amount = format_amount(self.env, self.sent_price, self.config_id.currency_id)
            # Isolated: in right-to-left text its letters would attract the quantity.
            parts.append(f"\u2068{amount}\u2069")
        if "available_stock_quantity" in confirmed:
            parts.append(_("%s in stock", self.sent_stock))
        return enumerate_items(self.env, parts) or False

    def _dirty_ids(self):
        """Return the ids of the listings that have rows in the outbox."""
        self.env.cr.execute(
            "SELECT DISTINCT res_id FROM cartona_change WHERE kind IN %s AND res_id = ANY(%s)",
            (LISTING_KINDS, self.ids),
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _by_product(self):
        """Return a dict product -> its listings among these, in their order."""
        rows = groupby(self, lambda listing: listing.product_id)
        return {product: self.browse().concat(*listings) for product, listings in rows}

    def _sync_state(self, dirty):
        """Return one state for a product with these listings: the worst one.

        :param set dirty: as `_dirty_ids` returns it
        """
        states = set(self.mapped("state"))
        if "error" in states:
            return "error"
        if "pending" in states or dirty.intersection(self.ids):
            return "pending"
        return "synced" if "synced" in states else "not_linked"

    def _mark_dirty_by_settings(self, config):
        """Mark these listings as far as the configuration sends them."""
        if config.auto_sync_products:
            self.env["cartona.change"]._mark_listings_dirty(self, "price")
        elif config.auto_sync_stock:
            self.env["cartona.change"]._mark_listings_dirty(self, "stock")

    def _mark_dirty(self):
        """Mark these listings, each for its configuration."""
        for config in self.config_id:
            self.filtered(
                lambda line, config=config: line.config_id == config
            )._mark_dirty_by_settings(config)

    def _send_again(self):
        """Mark these listings to be sent again, whatever Cartona is known to have."""
        sending = self.filtered(lambda listing: listing.config_id._sends_listings())
        self.env["cartona.change"]._mark_listings_dirty(sending, "resend")

    @api.model
    def _link(self, config, product, cartona_id):
        """Link a product, in its own unit, to the listing with an ID; create it if needed.

        :raise UserError: the ID belongs to another product, which is named
        """
        cartona_id = str(cartona_id).strip()
        listing = self.search([("config_id", "=", config.id), ("cartona_id", "=", cartona_id)])
        if listing.product_id and listing.product_id != product:
            raise UserError(
                _(
                    "Cartona ID %(cartona_id)s belongs to “%(product)s”. Empty it there first, "
                    "or enter another ID.",
                    cartona_id=cartona_id,
                    product=listing.product_id.display_name,
                )
            )
        if listing.product_id == product and listing:
            return listing
        values = {"product_id": product.id, "uom_id": product.uom_id.id}
        if listing:
            listing.write(values)
            return listing
        return self.create(dict(values, config_id=config.id, cartona_id=cartona_id))

    def _unlink_product(self):
        """Remove the product; a listing that was never seen on Cartona is deleted."""
        never_seen = self.filtered(lambda listing: not (listing.name or listing.synced_at))
        never_seen.unlink()
        (self - never_seen).write({"product_id": False})

    # === BUSINESS METHODS: UNITS === #

    def _unit_label(self, unit):
        """Return the user's name of a unit of Cartona's; an unknown one unchanged.

        :param str unit: e.g. "box"
        :return: str, "" without a unit
        """
        return self._unit_labels().get(unit) or (unit or "").replace("_", " ")

    def _unit_labels(self):
        """Return every unit that Cartona's documentation names: dict name -> label."""
        return {
            "bag": _("bag"),
            "bottle": _("bottle"),
            "box": _("box"),
            "bunch": _("bunch"),
            "can": _("can"),
            "coil": _("coil"),
            "cone": _("cone"),
            "dozen": _("dozen"),
            "glass": _("glass"),
            "jar": _("jar"),
            "kg": _("kg"),
            "mat": _("mat"),
            "pack": _("pack"),
            "packet": _("packet"),
            "pallet": _("pallet"),
            "piece": _("piece"),
            "plate": _("plate"),
            "recharge_card": _("recharge card"),
            "roll": _("roll"),
            "saddlebag": _("saddlebag"),
            "shrink": _("shrink pack"),
            "strip": _("strip"),
            "tissue": _("tissue"),
            "ton": _("ton"),
        }
