"""Cartona's catalogue, read into `cartona.listing`: what is sold there, and what is shown of it.

    button or night -> page 1 -> page 2 -> ... -> a page without new rows

One page is one job. The configuration stores the next page, so a crash costs one page. Each page
is compared with what Odoo intends as soon as it is read (`drift`).
"""

import json

from odoo import api, fields, models

from ...cartona_api import (
    Problem,
    parse_listing,
    readable_json,
    row_identity,
)
from ...compat import check_may_read, same_unit_family
from ..queue.worker import RUNNER_ASLEEP_SECONDS
from .payload import MAX_STOCK, USUAL

# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100
# Pages of one pass: no supplier has as many listings.
_MAX_PAGES = 10_000
# Number of characters stored of a row that could not be read.
_MAX_ROW = 2000
# Fields compared with Odoo: name in Cartona's rows -> name in `cartona_api.Listing`.
SHOWN = {
    "selling_price": "price",
    "available_stock_quantity": "stock",
    "in_stock": "in_stock",
    "is_published": "is_published",
    "is_unlimited_stock": "is_unlimited_stock",
}


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    # Values that Cartona showed when its catalogue was last read
    shown_at = fields.Datetime("Last Seen on Cartona", readonly=True, copy=False)
    shown_run = fields.Integer(readonly=True, copy=False, help="`catalogue_run` at that time.")
    shown_values = fields.Text(readonly=True, copy=False, help="JSON: field -> value shown.")
    shown_price = fields.Float(
        "Price Shown", readonly=True, copy=False, digits="Product Price", help="On Cartona."
    )
    shown_stock = fields.Integer("Stock Shown", readonly=True, copy=False, help="On Cartona.")
    shown_unit = fields.Char(readonly=True, copy=False)
    shown_unit_count = fields.Float(readonly=True, copy=False)
    # Those fields of `USUAL` that were shown with their usual value since it was linked. If one of
    # them has another value later, it was changed on Cartona; the others always had it.
    seen_usual = fields.Char(readonly=True, copy=False)
    is_gone = fields.Boolean(
        "No Longer on Cartona",
        readonly=True,
        copy=False,
        help="It was missing from Cartona's catalogue when that was last read.",
    )
    is_pack_changed = fields.Boolean(
        "Pack Changed",
        compute="_compute_is_pack_changed",
        store=True,
        help="Cartona sells another pack than the one that is linked. Nothing is sent for it "
        "until a user has confirmed the pack.",
    )

    # Stored when linked or confirmed, and not when the unit itself changes: then the listing waits.
    # Odoo fills a new column of a stored field once, and never again with an update.
    unit_ratio = fields.Float(
        compute="_compute_unit_ratio",
        store=True,
        digits=(16, 6),
        help="Number of the product's own units in one unit sold, as it was linked or confirmed.",
    )

    # === COMPUTE METHODS === #

    @api.depends("product_id", "unit_count", "shown_unit_count")
    def _compute_is_pack_changed(self):
        for listing in self:
            known, shown = listing.unit_count, listing.shown_unit_count
            listing.is_pack_changed = bool(
                listing.product_id and known and shown and abs(known - shown) > 1e-6
            )

    @api.depends("product_id.uom_id", "uom_id")
    def _compute_unit_ratio(self):
        for listing in self:
            listing.unit_ratio = listing._present_ratio()

    # === ACTION METHODS === #

    def action_accept_ratio(self):
        """Sell the unit with the quantity that it now contains."""
        check_may_read(self)
        # In sudo mode: every user who may read a listing may choose how it is sold.
        changed = self.sudo().filtered(lambda listing: listing._is_ratio_changed())
        self.env.add_to_compute(self._fields["unit_ratio"], changed)
        # What was sent was for the other quantity.
        changed.write({"sent_values": "{}"})
        changed._send_again()
        for config in changed.config_id:
            self.env["cartona.change"]._mark_replay(config)

    # === BUSINESS METHODS === #

    def _present_ratio(self):
        """Return the number of the product's own units in one unit sold, 0 without a product or
        between units that cannot be converted."""
        self.ensure_one()
        own = self.product_id.uom_id
        if not (own and self.uom_id and same_unit_family(self.uom_id, own)):
            return 0.0
        return self.uom_id._compute_quantity(1.0, own, round=False)

    def _is_ratio_changed(self):
        """Return True if one unit sold contains another quantity than a person has confirmed."""
        now, before = self._present_ratio(), self.unit_ratio
        # The stored one has six decimals.
        return bool(before) and abs(now - before) > 1e-6 + 1e-6 * before

    @api.model
    def _read_catalogue(self, config_id):
        """Read one page. The caller has the lock.

        :return: seconds until there is more to do (0: at once), None when nothing is left
        """

        def call(client, page):
            # Of the database, as the drain stores when it has sent something.
            return self.env["cartona.worker"]._clock(), client.list_products(page, _PER_PAGE)

        def store(config, page, result, error):
            if error:
                may_skip = config._is_suspect("catalogue") and getattr(error, "uncertain", False)
                return config.env["cartona.listing"]._skip_page(config, page) if may_skip else None
            requested_at, rows = result
            return config.env["cartona.listing"]._store_page(config, rows, requested_at)

        def next_page(config):
            return config.catalogue_page

        return self.env["cartona.worker"]._exchange(
            config_id, "catalogue", next_page, call, store, is_due=next_page
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
        """Store the listings of one page of the catalogue.

        :param rows: list of `cartona_api.Listing`
        :param datetime requested_at: when the page was requested, UTC
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
                if listing.product_id and listing._is_pack_unknown():
                    listing._mark_dirty()  # it has waited for its pack to be known
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
    def _store_found(self, rows, requested_at):
        """Store what Cartona shows of listings that were looked up by their ID.

        :param rows: raw rows; those of other IDs are ignored
        """
        for row in rows:
            try:
                found = parse_listing(row)
            except Problem:
                continue  # the next reading of the catalogue reports it
            listing = self.filtered(lambda one, found=found: one.cartona_id == found.cartona_id)
            if listing:
                listing._store_row(found)
                listing.shown_at = requested_at

    @api.model
    def _store_unreadable(self, config, identities):
        """Store that listings are still on Cartona, though their rows could not be read.

        :param identities: Cartona ids of these rows
        """
        self.search([("config_id", "=", config.id), ("cartona_id", "in", list(identities))]).write(
            {"shown_run": config.catalogue_run}
        )

    def _store_row(self, row):
        """Store what Cartona shows of this listing, and its pack if none is known yet."""
        values = _shown_row(row)
        if not self.product_id:
            values.update(unit=row.unit, unit_count=float(row.unit_count))
            if self.sent_values:
                # What was sent for an earlier product no longer counts, what Cartona shows does.
                values["sent_values"] = False
        elif not self.unit_count:
            self._complete_pack(row.unit or "pack", row.unit_count, row.price)
        if self.product_id:
            values["seen_usual"] = _usual_in(json.loads(values["shown_values"]), self.seen_usual)
        changed = {name: value for name, value in values.items() if (self[name] or "") != value}
        if changed:
            had_changed = self.is_pack_changed
            self.write(changed)
            if self.is_pack_changed != had_changed:
                self._mark_dirty()

    def _store_seen_usual(self):
        """Store the values that were usual when it was linked; the supplier chose the others."""
        for listing in self:
            listing.seen_usual = _usual_in(listing._shown())

    def _shown(self):
        """Return what Cartona showed last: dict field -> value, without missing fields."""
        self.ensure_one()
        return json.loads(self.shown_values or "{}")

    # === BUSINESS METHODS: PAGES === #

    @api.model
    def _store_page(self, config, rows, requested_at):
        """Store one page of the catalogue.

        The end is a page that is empty or without new rows: Cartona may return fewer rows a page
        than were requested, and may ignore pages completely.

        :param rows: raw rows
        :param datetime requested_at: when they were requested, UTC
        :return: 0 when there is more to read, else None
        """
        parsed, unreadable = {}, (config.catalogue_unreadable or "").splitlines()
        identified = set()
        fresh = 0
        for row in rows:
            try:
                listing = parse_listing(row)
                parsed[listing.cartona_id] = listing
            except Problem as problem:
                identified.add(row_identity(row))
                line = "%s: %s" % (problem.code, readable_json(row)[:_MAX_ROW])
                if line not in unreadable:
                    unreadable.append(line)
                    fresh += 1
        seen = self.search_count(
            [
                ("config_id", "=", config.id),
                ("cartona_id", "in", list(parsed)),
                ("shown_run", "=", config.catalogue_run),
            ]
        )
        fresh += len(parsed) - seen
        now = fields.Datetime.now()
        isolate = self.env["cartona.worker"]._isolate_failures

        def not_stored(listings, error):
            identified.add(listings[0].cartona_id)
            unreadable.append("%s: %s" % (type(error).__name__, listings[0].cartona_id))
            return []

        listings = self.browse().concat(
            *isolate(
                list(parsed.values()),
                lambda part: [self._store_shown(config, part, requested_at)],
                not_stored,
            )
        )
        self._store_unreadable(config, identified - set(listings.mapped("cartona_id")) - {""})
        isolate(
            listings,
            lambda part: [self.env["cartona.drift"]._compare(config, part, requested_at)],
            lambda _listing, _error: [],
        )
        has_more = bool(fresh) and config.catalogue_page < _MAX_PAGES
        config.write(
            {
                "catalogue_moved_at": now,
                "catalogue_page": config.catalogue_page + 1 if has_more else 0,
                "catalogue_count": config.catalogue_count + len(parsed) - seen,
                "catalogue_unreadable": "\n".join(unreadable),
            }
        )
        if has_more:
            return 0
        if not config.catalogue_hole and self._is_second_look_due(config):
            config._begin_catalogue(is_second=True)
            return 0
        config.catalogue_read_at = now
        self._finish_catalogue(config)
        return None

    @api.model
    def _skip_page(self, config, page):
        """Continue behind a page that always fails; end after two of them.

        :return: 0 when there is more to read, else None
        """
        line = "unreadable_page: %s" % page
        lines = [*(config.catalogue_unreadable or "").splitlines(), line]
        is_end = config.catalogue_hole and config.catalogue_hole >= page - 1
        config.write(
            {
                "catalogue_hole": page,
                "catalogue_page": 0 if is_end else page + 1,
                "catalogue_unreadable": "\n".join(dict.fromkeys(lines)),
            }
        )
        if not is_end:
            return 0
        config.catalogue_read_at = fields.Datetime.now()
        self._finish_catalogue(config)
        return None

    @api.model
    def _is_second_look_due(self, config):
        """Return True if a listing was on no page, and only one pass was made: the pages shift
        while they are read, and a listing between two of them is not missing."""
        return (
            not config.catalogue_is_second
            and bool(config.catalogue_count)
            and bool(self.search(self._unseen(config), limit=1))
        )

    def _unseen(self, config):
        """Return the domain of the listings that are on no page of the last pass, or of both."""
        first = config.catalogue_run - (1 if config.catalogue_is_second else 0)
        return [("config_id", "=", config.id), ("shown_run", "<", first), ("is_gone", "=", False)]

    @api.model
    def _finish_catalogue(self, config):
        """Mark listings that are on no page as gone, and match new ones with products."""
        mine = [("config_id", "=", config.id)]
        if config.catalogue_count and not config.catalogue_hole:
            # An empty catalogue shows a problem of Cartona, not that every product is gone.
            self.search(self._unseen(config)).write({"is_gone": True})
        first = config.catalogue_run - (1 if config.catalogue_is_second else 0)
        back = [("shown_run", ">=", first), ("is_gone", "=", True)]
        self.search(mine + back).write({"is_gone": False})
        self.env["cartona.drift"]._compare_missing(config)
        config._wake_streams("match")


def _clamp_stock(number):
    return max(-MAX_STOCK, min(number, MAX_STOCK))


def _usual_in(shown, seen=""):
    """Return the names of the fields with their usual value, now or before, as one text.

    :param dict shown: field -> value
    :param str seen: names before
    """
    usual = {field for field, value in USUAL.items() if shown.get(field) is value}
    return " ".join(sorted(usual.union((seen or "").split())))


def _shown_row(row):
    """Return a `cartona_api.Listing` as fields of `cartona.listing`."""
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
        "shown_stock": _clamp_stock(shown.get("available_stock_quantity", 0)),
        "shown_unit": row.unit,
        "shown_unit_count": float(row.unit_count),
    }
