"""Cartona's catalogue, read into `cartona.listing`: what is sold there, and what is shown of it.

    button or night -> page 1 -> page 2 -> ... -> a page that brings nothing new

One page is one job. How far it has come stands on the configuration, so a crash costs one page.
Each page is compared with what Odoo intends as soon as it is read (`cartona_drift`).
"""

import json
from datetime import datetime

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_api import (
    Problem,
    parse_listing,
    readable_json,
    row_identity,
)
from ...compat import check_may_read
from ..queue.worker import RUNNER_ASLEEP_SECONDS
from .payload import USUAL
from .sync_state import SHOWN_VALID

# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100
# What a column of whole numbers holds.
_MOST_STOCK = 2**31 - 1
# Of a row that could not be read.
_ROW_SHOWN = 2000
# What is compared with Odoo, by its name in Cartona's rows -> in `cartona_api.Listing`.
SHOWN = {
    "selling_price": "price",
    "available_stock_quantity": "stock",
    "in_stock": "in_stock",
    "is_published": "is_published",
    "is_unlimited_stock": "is_unlimited_stock",
}


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    # What Cartona showed when its catalogue was read last
    shown_at = fields.Datetime("Last Seen on Cartona", readonly=True, copy=False)
    shown_run = fields.Integer(readonly=True, copy=False, help="`catalogue_run` of that time.")
    shown_values = fields.Text(readonly=True, copy=False, help="JSON: field -> value shown.")
    shown_price = fields.Float(
        "Price Shown", readonly=True, copy=False, digits="Product Price", help="On Cartona."
    )
    shown_stock = fields.Integer("Stock Shown", readonly=True, copy=False, help="On Cartona.")
    shown_unit = fields.Char(readonly=True, copy=False)
    shown_unit_count = fields.Float(readonly=True, copy=False)
    # Of the fields of `USUAL` those that were once seen as usual since it was linked: what is
    # otherwise there later was changed, the rest was found so.
    seen_usual = fields.Char(readonly=True, copy=False)
    is_gone = fields.Boolean(
        "No Longer on Cartona",
        readonly=True,
        copy=False,
        help="It was not in Cartona's catalogue when that was read last.",
    )
    is_pack_changed = fields.Boolean(
        "Pack Changed",
        compute="_compute_is_pack_changed",
        store=True,
        help="Cartona sells another pack than the one that is linked. Nothing is sent for it "
        "until somebody has looked at it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("product_id", "unit_count", "shown_unit_count")
    def _compute_is_pack_changed(self):
        for listing in self:
            known, shown = listing.unit_count, listing.shown_unit_count
            listing.is_pack_changed = bool(
                listing.product_id and known and shown and abs(known - shown) > 1e-6
            )

    # === ACTION METHODS === #

    def action_accept_pack(self):
        """Sell the pack that Cartona now shows: the same product in the new size."""
        check_may_read(self)
        # In sudo mode: whoever may see a listing may say how it is sold.
        for listing in self.sudo().filtered("is_pack_changed"):
            product, count = listing.product_id, listing.shown_unit_count
            # What was sent was for the other pack.
            values = {"unit": listing.shown_unit, "unit_count": count, "sent_values": "{}"}
            if listing.uom_id != product.uom_id:
                # Sold as a pack of the product's units; else the product is the pack itself.
                unit = product.uom_id
                if count > 1:
                    unit = listing._pack_unit(product.uom_id, count, listing.shown_unit)
                values["uom_id"] = unit.id
            listing.write(values)
            listing._send_again()
            self.env["cartona.change"]._mark_replay(listing.config_id)

    # === BUSINESS METHODS === #

    @api.model
    def _read_catalogue(self, config_id):
        """Read one page. The caller has the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """

        def call(client, page):
            # To the microsecond, as the drain stores when it has sent something.
            return datetime.utcnow(), client.list_products(page, _PER_PAGE)

        def store(config, _page, result, error):
            if error:
                return None
            requested_at, rows = result
            return config._store_catalogue_page(rows, requested_at)

        def next_page(config):
            return config.catalogue_page

        return self.env["cartona.worker"]._exchange(
            config_id, "in", next_page, call, store, is_due=next_page
        )

    @api.model
    def _catalogue_backlog(self, config, _stream):
        """Return how long ago the last page was read, None unless no job reads the next one."""
        if not config.catalogue_page or not config.catalogue_moved_at:
            return None
        age = (fields.Datetime.now() - config.catalogue_moved_at).total_seconds()
        return age if age > RUNNER_ASLEEP_SECONDS else None

    @api.model
    def _store_shown(self, config, rows, requested_at):
        """Write what one page of the catalogue says.

        :param rows: list of `cartona_api.Listing`
        :param datetime requested_at: when Cartona was asked for it, UTC
        :return: listings, one per row
        """
        known = {
            listing.cartona_id: listing
            for listing in self.search(
                [
                    ("config_id", "=", config.id),
                    ("cartona_id", "in", [row.cartona_id for row in rows]),
                ]
            )
        }
        listings = self.browse(listing.id for listing in known.values())
        for row in rows:
            listing = known.get(row.cartona_id)
            if listing:
                listing._store_row(row)
        fresh = [row for row in rows if row.cartona_id not in known]
        listings |= self.create(
            [
                dict(
                    _shown_row(row),
                    config_id=config.id,
                    cartona_id=row.cartona_id,
                    unit=row.unit,
                    unit_count=float(row.unit_count),
                )
                for row in fresh
            ]
        )
        listings.write({"shown_at": requested_at, "shown_run": config.catalogue_run})
        return listings

    @api.model
    def _store_unreadable(self, config, identities):
        """Note that listings are still there, though nothing is known of how they are shown.

        :param identities: Cartona ids of rows that could not be read
        """
        self.search([("config_id", "=", config.id), ("cartona_id", "in", list(identities))]).write(
            {"shown_run": config.catalogue_run}
        )

    def _store_row(self, row):
        """Keep what Cartona shows of this listing; its pack is only taken where none is known."""
        values = _shown_row(row)
        if not self.product_id:
            values.update(unit=row.unit, unit_count=float(row.unit_count))
            if self.sent_values:
                # What was sent for an earlier product is over: what Cartona shows now counts.
                values["sent_values"] = False
        elif not self.unit_count and row.price:
            self._learn_pack(row.unit or "pack", row.unit_count, row.price)
        if self.product_id:
            values["seen_usual"] = _usual_in(json.loads(values["shown_values"]), self.seen_usual)
        changed = {name: value for name, value in values.items() if (self[name] or "") != value}
        if changed:
            had_changed = self.is_pack_changed
            self.write(changed)
            if self.is_pack_changed != had_changed:
                self._mark_dirty()

    def _store_seen_usual(self):
        """Store how products were shown when they were linked: that is the supplier's choice."""
        for listing in self:
            listing.seen_usual = _usual_in(listing._shown())

    def _shown(self):
        """What Cartona showed last: dict field -> value, without what it did not say."""
        self.ensure_one()
        return json.loads(self.shown_values or "{}")


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # Where the reading of the catalogue stands: the next page, 0 when none is to be read
    catalogue_page = fields.Integer(readonly=True, copy=False)
    catalogue_run = fields.Integer(readonly=True, copy=False, help="How often it was read.")
    catalogue_moved_at = fields.Datetime(readonly=True, copy=False)
    catalogue_count = fields.Integer("Products on Cartona", readonly=True, copy=False)
    catalogue_unreadable = fields.Text(
        readonly=True, copy=False, help="Rows of the catalogue that could not be read, and why."
    )
    catalogue_read_at = fields.Datetime("Catalogue Read", readonly=True, copy=False)

    # === ACTION METHODS === #

    def action_read_catalogue(self):
        """Read Cartona's catalogue in the background."""
        self.ensure_one()
        self._start_catalogue()
        return self._notification(_("Cartona's catalogue is being read."), "info")

    # === BUSINESS METHODS === #

    def _start_catalogue(self):
        """Have the catalogue read from its first page, unless it is being read already.

        :raise UserError: there is no token, or this is a copied database
        """
        check_may_read(self)
        problem = self._not_callable()
        if problem:
            raise UserError(self.env["cartona.reasons"]._explain(problem))
        config = self.sudo()  # whoever sees the listings may have them read
        if not config.catalogue_page:
            config.write(
                {
                    "catalogue_page": 1,
                    "catalogue_run": config.catalogue_run + 1,
                    "catalogue_moved_at": fields.Datetime.now(),
                    "catalogue_count": 0,
                    "catalogue_unreadable": False,
                }
            )
        self._wake_streams("catalogue")

    def _store_catalogue_page(self, rows, requested_at):
        """Keep one page and say whether there is another.

        The end is a page that is empty or brings nothing new: Cartona may give fewer rows a page
        than were asked for, and may not know of pages at all.

        :param rows: raw rows
        :param datetime requested_at: when Cartona was asked for them, UTC
        :return: 0 when there is more to read, else None
        """
        parsed, unreadable = {}, (self.catalogue_unreadable or "").splitlines()
        nameable = set()
        fresh = 0
        for row in rows:
            try:
                listing = parse_listing(row)
                parsed[listing.cartona_id] = listing
            except Problem as problem:
                nameable.add(row_identity(row))
                line = "%s: %s" % (problem.code, readable_json(row)[:_ROW_SHOWN])
                if line not in unreadable:
                    unreadable.append(line)
                    fresh += 1
        Listing = self.env["cartona.listing"]
        seen = Listing.search_count(
            [
                ("config_id", "=", self.id),
                ("cartona_id", "in", list(parsed)),
                ("shown_run", "=", self.catalogue_run),
            ]
        )
        fresh += len(parsed) - seen
        now = fields.Datetime.now()
        listings = Listing._store_shown(self, list(parsed.values()), requested_at)
        Listing._store_unreadable(self, nameable - parsed.keys() - {""})
        self.env["cartona.drift"]._compare(self, listings, requested_at)
        self.write(
            {
                "catalogue_moved_at": now,
                "catalogue_page": self.catalogue_page + 1 if fresh else 0,
                "catalogue_count": self.catalogue_count + len(parsed) - seen,
                "catalogue_unreadable": "\n".join(unreadable),
            }
        )
        if fresh:
            return 0
        self.catalogue_read_at = now
        self._finish_catalogue()
        return None

    def _finish_catalogue(self):
        """Note what was not on any page, and have what is new compared with the products."""
        Listing = self.env["cartona.listing"]
        mine = [("config_id", "=", self.id)]
        if self.catalogue_count:
            # An empty catalogue says more about Cartona than about every single product.
            unseen = [("shown_run", "!=", self.catalogue_run), ("is_gone", "=", False)]
            Listing.search(mine + unseen).write({"is_gone": True})
        back = [("shown_run", "=", self.catalogue_run), ("is_gone", "=", True)]
        Listing.search(mine + back).write({"is_gone": False})
        self.env["cartona.drift"]._compare_missing(self)
        self._wake_streams("match")

    def _is_look_old(self):
        """Whether what Cartona showed when its catalogue was read last proves nothing any more."""
        self.ensure_one()
        read = self.catalogue_read_at
        return bool(read) and fields.Datetime.now() - read >= SHOWN_VALID

    def _unreadable_count(self):
        """How many rows of the catalogue could not be read."""
        return len((self.catalogue_unreadable or "").splitlines())


def _in_column(number):
    return max(-_MOST_STOCK, min(number, _MOST_STOCK))


def _usual_in(shown, seen=""):
    """Names of the fields that are shown as usual, and those seen so before, as one text.

    :param dict shown: field -> value
    """
    usual = {field for field, value in USUAL.items() if shown.get(field) is value}
    return " ".join(sorted(usual.union((seen or "").split())))


def _shown_row(row):
    """A `cartona_api.Listing` as fields of `cartona.listing`."""
    shown = {}
    for field, name in SHOWN.items():
        value = getattr(row, name)
        if value is not None:
            shown[field] = float(value) if field == "selling_price" else value
    return {
        "name": row.name or row.base_name,
        "internal_product_id": row.internal_product_id,
        "base_product_id": row.base_product_id,
        "image_url": row.image_url,
        "shown_values": json.dumps(shown, sort_keys=True),
        "shown_price": shown.get("selling_price", 0.0),
        "shown_stock": _in_column(shown.get("available_stock_quantity", 0)),
        "shown_unit": row.unit,
        "shown_unit_count": float(row.unit_count),
    }
