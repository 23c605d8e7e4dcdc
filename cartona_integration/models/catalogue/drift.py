"""The drift ledger: where Cartona shows something else than Odoo intends, since when, and why.

Written whenever a page of the catalogue is read (`cartona_listing_catalogue`), and before going
live. A difference is one row from the day it is found until a later reading no longer finds it.
Orders are compared in `cartona_drift_order`.
"""

from datetime import timedelta

from odoo import _, api, fields, models

from ...compat import invalidate
from .payload import USUAL

_KEEP_DAYS = 90
_PURGE_SLICE = 10_000
_COMPARE_SLICE = 1000
_CENT = 0.005
# Cartona's field -> the kind of difference
_KINDS = {
    "selling_price": "price",
    "available_stock_quantity": "stock",
    "in_stock": "published",
    "is_published": "published",
    "is_unlimited_stock": "stock",
}
# Of these reasons Cartona can be put right by sending what Odoo intends.
_HEALABLE = ("edited", "not_sent")
# And of these when a person says so: hiding a product was somebody's decision.
_HEALABLE_BY_HAND = (*_HEALABLE, "hidden")
# Why a price waits for a person, whatever price was there before.
_NEVER_UNSEEN = ("price_not_positive", "price_below_cost")


class CartonaDrift(models.Model):
    _name = "cartona.drift"
    _description = "Cartona Difference"
    _order = "id desc"
    _rec_name = "listing_id"

    listing_id = fields.Many2one("cartona.listing", ondelete="cascade", index=True)
    config_id = fields.Many2one(
        "cartona.config",
        compute="_compute_config_id",
        store=True,
        readonly=False,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    product_id = fields.Many2one(related="listing_id.product_id", store=True)
    kind = fields.Selection(
        [
            ("price", "Price"),
            ("stock", "Stock"),
            ("published", "Shown to retailers"),
            ("unit", "Pack"),
            ("link", "Link"),
            ("order", "Order"),
        ],
        required=True,
    )
    # What differs, as Cartona names it.
    field_names = fields.Char(readonly=True)
    odoo_value = fields.Char("Odoo", help="What Odoo wants Cartona to show.")
    cartona_value = fields.Char("Cartona", help="What Cartona shows.")
    change = fields.Float("Change (%)", help="By how much the price would change on Cartona.")
    reason = fields.Selection(
        [
            ("not_live", "Not switched on"),
            ("not_sent", "Not sent yet"),
            ("edited", "Changed on Cartona"),
            ("refused", "Refused by Cartona"),
            ("unconfirmed", "Waits for a person"),
            ("hidden", "Hidden before it was linked"),
            ("never_linked", "Not linked"),
            ("gone", "No longer on Cartona"),
            ("final_there", "Finished on Cartona"),
            ("not_offered", "No longer offered by Cartona"),
        ],
        required=True,
    )
    since = fields.Datetime("Found", required=True, default=fields.Datetime.now)
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")], required=True, default="open", index=True
    )
    closed_at = fields.Datetime()

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS cartona_drift_open"
            " ON cartona_drift (listing_id, kind) WHERE state = 'open'"
        )

    # === COMPUTE METHODS === #

    @api.depends("listing_id")
    def _compute_config_id(self):
        for row in self:
            row.config_id = row.listing_id.config_id or row.config_id

    # === ACTION METHODS === #

    def action_heal(self):
        """Send what Odoo intends for the selected differences."""
        differing = self.filtered(
            lambda row: row.state == "open" and row.reason in _HEALABLE_BY_HAND
        )
        # In sudo mode: whoever may see a difference may have it put right.
        differing.sudo()._heal()
        return self.env["cartona.config"]._notification(
            _("%s differences are being put right on Cartona.", len(differing)), "info"
        )

    # === BUSINESS METHODS === #

    @api.model
    def _compare(self, config, listings, asked_at):
        """Bring the ledger up to date for listings whose page has just been read.

        :param datetime asked_at: when Cartona was asked, UTC; what was sent since is not judged
        """
        settled = listings.filtered(
            lambda listing: not (listing.synced_at and listing.synced_at >= asked_at)
        )
        self._judge(config, settled)._heal_by_setting(config)

    @api.model
    def _compare_known(self, config):
        """Bring the ledger up to date with what Cartona showed last: what was linked, or changed
        in Odoo, since then is compared without asking again."""
        Listing = self.env["cartona.listing"]
        shown = [("config_id", "=", config.id), ("shown_at", "!=", False), ("is_gone", "=", False)]
        listing_ids = Listing.search(shown).ids
        for start in range(0, len(listing_ids), _COMPARE_SLICE):
            listings = Listing.browse(listing_ids[start : start + _COMPARE_SLICE])
            settled = listings.filtered(
                lambda listing: not (listing.synced_at and listing.synced_at >= listing.shown_at)
            )
            self._judge(config, settled)
            invalidate(listings, None)
        self._compare_missing(config)

    @api.model
    def _judge(self, config, listings):
        """Compare listings with what Cartona shows of them, and write the ledger.

        :return: the open rows of these listings
        """
        linked = listings.filtered("product_id")
        found = {}
        for intent in linked._intents(config, everything=True):
            found.update(self._differences(config, intent))
        for listing in (listings - linked).filtered(lambda listing: not listing.never_match):
            found[listing.id, "link"] = {"reason": "never_linked", "odoo_value": False}
        return self._keep(listings, found)

    @api.model
    def _compare_missing(self, config):
        """Bring the ledger up to date for linked listings that are on no page."""
        gone = self.env["cartona.listing"].search(
            [("config_id", "=", config.id), ("is_gone", "=", True)]
        )
        found = {
            (listing.id, "link"): {"reason": "gone", "odoo_value": listing.product_id.display_name}
            for listing in gone.filtered("product_id")
        }
        self._keep(gone, found)
        self._compare_orders(config)

    def _differences(self, config, intent):
        """What Cartona shows otherwise than intended.

        :return: dict (listing id, kind) -> values of the row
        """
        listing, shown = intent.listing, intent.listing._shown()
        if intent.hold_reason == "pack_changed":
            return {
                (listing.id, "unit"): {
                    "reason": "unconfirmed",
                    "odoo_value": "%g" % listing.unit_count,
                    "cartona_value": "%g" % listing.shown_unit_count,
                }
            }
        found = {}
        for field, value in self._wanted(intent, shown).items():
            if field not in shown or not _differs(value, shown[field]):
                continue
            row = found.get((listing.id, _KINDS[field]))
            if row:
                row["field_names"] += " " + field
                continue
            found[listing.id, _KINDS[field]] = {
                "field_names": field,
                "reason": self._reason(config, intent, field, value),
                "odoo_value": self._in_words(field, value, intent.values),
                "cartona_value": self._in_words(field, shown[field], shown),
                "change": _change(shown[field], value) if field == "selling_price" else 0.0,
            }
        return found

    def _wanted(self, intent, shown):
        """All that Cartona should show: also what is usual, and what waits for a person.

        :param dict shown: what Cartona shows instead
        :return: dict field -> value
        """
        wanted, product = dict(intent.values), intent.listing.product_id
        if intent.hold_reason and intent.price is not None:
            wanted["selling_price"] = intent.price
        usual = set()
        if product.active and product.sale_ok:
            usual.add("is_published")
            if wanted.get("available_stock_quantity") or wanted.get("is_unlimited_stock"):
                usual.add("in_stock")
        if "available_stock_quantity" in wanted:
            usual.add("is_unlimited_stock")
        for field in sorted(usual, reverse=True):
            wanted.setdefault(field, USUAL[field])
        if shown.get("is_unlimited_stock"):
            # Cartona shows no quantity then, whatever it keeps.
            wanted.pop("available_stock_quantity", None)
        return wanted

    def _in_words(self, field, value, values):
        """:param dict values: all of that side, for the quantity where one is counted"""
        if field == "is_unlimited_stock":
            return _("Unlimited") if value else "%g" % values.get("available_stock_quantity", 0)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return "%g" % value

    def _reason(self, config, intent, field, value):
        listing, kind = intent.listing, _KINDS[field]
        seen_usual = (listing.seen_usual or "").split()
        if field == "is_published" and field not in {*intent.values, *seen_usual}:
            return "hidden"
        prices, stock = config.auto_sync_products, config.auto_sync_stock
        is_live = {"price": prices, "stock": stock, "published": prices or stock}[kind]
        is_doubtful = intent.hold_reason and field == "selling_price"
        if is_doubtful and (is_live or intent.hold_reason in _NEVER_UNSEEN):
            return "unconfirmed"
        if not is_live:
            return "not_live"
        if listing.error_code == "refused":
            return "refused"
        told = {name: USUAL[name] for name in seen_usual}
        told.update(listing._confirmed_values() if listing.sent_values else {})
        return "edited" if field in told and not _differs(told[field], value) else "not_sent"

    def _keep(self, listings, found):
        """Write the ledger: new differences, changed ones, and those that are no more.

        :return: the open rows of these listings
        """
        rows = self.search([("listing_id", "in", listings.ids), ("state", "=", "open")])
        known = {(row.listing_id.id, row.kind): row for row in rows}
        gone = rows.filtered(lambda row: (row.listing_id.id, row.kind) not in found)
        gone.write({"state": "closed", "closed_at": fields.Datetime.now()})
        fresh = []
        for key, values in found.items():
            row = known.get(key)
            if not row:
                fresh.append(dict(values, listing_id=key[0], kind=key[1]))
            elif any(row[name] != value for name, value in values.items()):
                row.write(values)
        return (rows - gone) | self.create(fresh)

    def _heal_by_setting(self, config):
        if config.heal_drift:
            self.filtered(lambda row: row.reason in _HEALABLE)._heal()

    def _heal(self):
        """Send what Odoo intends, whatever Cartona is known to have of it."""
        self._send_usual()
        self.listing_id._send_again()

    def _prepare_to_live(self):
        """Have what is switched on in a moment put these right, and send nothing else."""
        self._send_usual()
        # What was sent once says nothing where Cartona was seen to show something else since.
        told = self.listing_id.filtered(
            lambda listing: listing.sent_values and listing._confirmed_values()
        )
        told.write({"sent_values": False})

    def _send_usual(self):
        """Have the next sending say what is else only told to take back something unusual."""
        for row in self:
            names = USUAL.keys() & set((row.field_names or "").split())
            if names:
                names = names | row.listing_id._overridden()
                row.listing_id.overridden = " ".join(sorted(names))

    @api.autovacuum
    def _purge(self):
        """Forget what was settled long ago, a slice at a time."""
        limit = fields.Datetime.now() - timedelta(days=_KEEP_DAYS)
        self.search(
            [("state", "=", "closed"), ("closed_at", "<", limit)],
            order="id",
            limit=_PURGE_SLICE,
        ).unlink()


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    heal_drift = fields.Boolean(
        "Put Differences Right",
        default=True,
        help="What somebody changed on Cartona is set back to what Odoo says, once a night and "
        "whenever you check. Off: differences are only listed.",
    )
    drift_count = fields.Integer("Differences", compute="_compute_drift_count")

    # === COMPUTE METHODS === #

    def _compute_drift_count(self):
        self.env.cr.execute(
            "SELECT config_id, count(*) FROM cartona_drift"
            " WHERE state = 'open' AND reason != 'never_linked' AND config_id = ANY(%s)"
            " GROUP BY config_id",
            (self.ids,),
        )
        counts = dict(self.env.cr.fetchall())
        for config in self:
            config.drift_count = counts.get(config.id, 0)

    # === ACTION METHODS === #

    def action_check_drift(self):
        """Compare Cartona's catalogue with Odoo in the background, and open the ledger.

        :raise UserError: there is no token, or this is a copied database
        """
        self.ensure_one()
        self._start_catalogue()
        return self.action_open_drift()

    def action_open_drift(self):
        """Open the ledger."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_drift"
        )
        domain = [
            ("config_id", "=", self.id),
            ("state", "=", "open"),
            ("reason", "!=", "never_linked"),
        ]
        return dict(action, domain=domain, context={})


def _differs(value, other):
    """Whether two values of a field say something else; prices may be a rounding apart."""
    if isinstance(value, bool) or isinstance(other, bool):
        return bool(value) != bool(other)
    return abs(value - other) > _CENT


def _change(before, after):
    return (after - before) / before * 100 if before else 0.0
