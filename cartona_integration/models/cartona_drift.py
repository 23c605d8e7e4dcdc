"""The drift ledger: where Cartona shows something else than Odoo intends, since when, and why.

Written whenever a page of the catalogue is read (`cartona_catalogue`). A difference is one row
from the day it is found until a later reading no longer finds it.
"""

from datetime import timedelta

from odoo import _, api, fields, models

from .cartona_listing_payload import USUAL

_KEEP_DAYS = 90
_PURGE_SLICE = 10_000
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


class CartonaDrift(models.Model):
    _name = "cartona.drift"
    _description = "Cartona Difference"
    _order = "id desc"
    _rec_name = "listing_id"

    listing_id = fields.Many2one("cartona.listing", required=True, ondelete="cascade", index=True)
    config_id = fields.Many2one(related="listing_id.config_id", store=True, index=True)
    company_id = fields.Many2one(related="listing_id.company_id", store=True)
    product_id = fields.Many2one(related="listing_id.product_id", store=True)
    kind = fields.Selection(
        [
            ("price", "Price"),
            ("stock", "Stock"),
            ("published", "Shown to retailers"),
            ("unit", "Pack"),
            ("link", "Link"),
        ],
        required=True,
    )
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
            ("never_linked", "Never linked"),
            ("gone", "No longer on Cartona"),
        ],
        required=True,
    )
    since = fields.Datetime("Found", required=True, default=fields.Datetime.now)
    state = fields.Selection(
        [("open", "Open"), ("settled", "Settled")], required=True, default="open", index=True
    )
    settled_at = fields.Datetime()

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS cartona_drift_open"
            " ON cartona_drift (listing_id, kind) WHERE state = 'open'"
        )

    # === ACTION METHODS === #

    def action_heal(self):
        """Send what Odoo intends for the selected differences."""
        differing = self.filtered(lambda row: row.state == "open" and row.reason in _HEALABLE)
        # In sudo mode: whoever may see a difference may have it put right.
        differing.sudo()._heal()
        return self.env["cartona.config"]._say(
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
        linked = settled.filtered("product_id")
        noted = linked._noted_ids()
        found = {}
        for intent in linked._intents(config, everything=True):
            found.update(self._differences(config, intent, intent.listing.id in noted))
        for listing in (settled - linked).filtered(lambda listing: not listing.never_match):
            found[listing.id, "link"] = {"reason": "never_linked", "odoo_value": False}
        self._keep(settled, found)._heal_by_setting(config)

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

    def _differences(self, config, intent, is_noted):
        """What Cartona shows otherwise than intended.

        :return: dict (listing id, kind) -> values of the row
        """
        listing, shown = intent.listing, intent.listing._shown()
        if intent.doubt == "pack_changed":
            return {
                (listing.id, "unit"): {
                    "reason": "unconfirmed",
                    "odoo_value": "%g" % listing.unit_count,
                    "cartona_value": "%g" % listing.shown_unit_count,
                }
            }
        wanted = dict(intent.values)
        if intent.doubt:
            wanted["selling_price"] = intent.price
        if listing.product_id.active and listing.product_id.sale_ok:
            wanted.setdefault("is_published", USUAL["is_published"])
        if shown.get("is_unlimited_stock") and wanted.get("is_unlimited_stock", True):
            # Cartona shows no quantity then, whatever it keeps.
            wanted.pop("available_stock_quantity", None)
        found = {}
        for field, value in wanted.items():
            if field in shown and _differs(value, shown[field]):
                found[listing.id, _KINDS[field]] = {
                    "reason": self._reason(config, intent, field, value, is_noted),
                    "odoo_value": self._in_words(value),
                    "cartona_value": self._in_words(shown[field]),
                    "change": _change(shown[field], value) if field == "selling_price" else 0.0,
                }
        return found

    def _in_words(self, value):
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return "%g" % value

    def _reason(self, config, intent, field, value, is_noted):
        listing = intent.listing
        is_stock = _KINDS[field] == "stock"
        if not (config.auto_sync_stock if is_stock else config.auto_sync_products):
            return "not_live"
        if intent.doubt and field == "selling_price":
            return "unconfirmed"
        if listing.error_code == "refused":
            return "refused"
        told = listing._known() if listing.sent_values else {}
        told = dict(told, is_published=told.get("is_published", USUAL["is_published"]))
        if not is_noted and field in told and not _differs(told[field], value):
            return "edited"
        return "not_sent"

    def _keep(self, listings, found):
        """Write the ledger: new differences, changed ones, and those that are no more.

        :return: the open rows of these listings
        """
        rows = self.search([("listing_id", "in", listings.ids), ("state", "=", "open")])
        known = {(row.listing_id.id, row.kind): row for row in rows}
        gone = rows.filtered(lambda row: (row.listing_id.id, row.kind) not in found)
        gone.write({"state": "settled", "settled_at": fields.Datetime.now()})
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
        hidden = self.filtered(lambda row: row.kind == "published").listing_id
        for listing in hidden:
            # What is only told to take back something unusual has to be told once more.
            names = listing._overridden() | {"is_published"}
            listing.overridden = " ".join(sorted(names))
        self.listing_id._send_again()

    @api.autovacuum
    def _purge(self):
        """Forget what was settled long ago, a slice at a time."""
        limit = fields.Datetime.now() - timedelta(days=_KEEP_DAYS)
        self.search(
            [("state", "=", "settled"), ("settled_at", "<", limit)],
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
            " WHERE state = 'open' AND kind != 'link' AND config_id = ANY(%s) GROUP BY config_id",
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
        domain = [("config_id", "=", self.id), ("state", "=", "open"), ("kind", "!=", "link")]
        return dict(action, domain=domain, context={})


def _differs(value, other):
    """Whether two values of a field say something else; prices may be a rounding apart."""
    if isinstance(value, bool) or isinstance(other, bool):
        return bool(value) != bool(other)
    return abs(value - other) > _CENT


def _change(before, after):
    return (after - before) / before * 100 if before else 0.0
