"""Ranking: which products the unmatched rows of Cartona's catalogue may be, worked out by job.

button or cron -> job: read all products once -> rank 100 listings, commit -> the next 100 ...
"""

import json
import time

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_matching import Listing, Matcher, Product
from ...compat import check_may_read
from ..queue.worker import RUNNER_ASLEEP_SECONDS

# Listings ranked in one transaction; an interrupted job loses no more than these.
_BATCH = 100
# A job that is still ranking hands over to the next one after so many seconds.
_JOB_SECONDS = 10


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    match_ranked_at = fields.Datetime(
        "Compared", readonly=True, copy=False, help="When it was compared with the products."
    )
    match_skipped_at = fields.Datetime(readonly=True, copy=False)

    # === BUSINESS METHODS === #

    @api.model
    def _unmatched_domain(self, config):
        """What the desk asks about."""
        return [
            ("config_id", "=", config.id),
            ("product_id", "=", False),
            ("never_match", "=", False),
        ]

    @api.model
    def _unranked_domain(self, config):
        return [*self._unmatched_domain(config), ("match_ranked_at", "=", False)]

    @api.model
    def _rank_backlog(self, config, _stream):
        """Return infinity if listings wait that no job has ranked in time, else None."""
        before = fields.Datetime.subtract(fields.Datetime.now(), seconds=RUNNER_ASLEEP_SECONDS)
        late = [*self._unranked_domain(config), ("write_date", "<", before)]
        return float("inf") if self.search(late, limit=1) else None

    @api.model
    def _rank(self, config_id):
        """Rank batches until time is up. The caller holds the lock.

        :return: 0 when there is more to do, None when nothing is left
        """
        worker = self.env["cartona.worker"]
        deadline = time.monotonic() + _JOB_SECONDS
        with worker._fresh_config(config_id) as config:
            Listing = config.env["cartona.listing"]
            if not config or not Listing.search(Listing._unranked_domain(config), limit=1):
                return None
            matcher = config._matcher()

        def rank_batch(config):
            return config and config.env["cartona.listing"]._rank_batch(config, matcher)

        while worker._transact(config_id, rank_batch):
            if time.monotonic() > deadline:
                return 0
        return None

    @api.model
    def _rank_batch(self, config, matcher):
        """:return: int, how many listings were ranked"""
        listings = self.search(self._unranked_domain(config), limit=_BATCH)
        rows = []
        prices = {product.key: product.price for product in matcher.products}
        for listing in listings:
            ranking = matcher.rank(listing._as_matched())
            rows += [
                {
                    "listing_id": listing.id,
                    "product_id": verdict.key,
                    "rank": rank,
                    # Not a whole number of units: the clerk says how many.
                    "pack_count": verdict.pack or 0.0,
                    "score": 100 * verdict.score,
                    "is_sure": rank == 1 and ranking.is_sure,
                    "product_price": prices[verdict.key],
                    "reasons": json.dumps(verdict.reasons, ensure_ascii=False),
                }
                for rank, verdict in enumerate(ranking.candidates, 1)
            ]
        listings.match_ids.unlink()
        # A product may have been deleted since they were read.
        wanted = {row["product_id"] for row in rows}
        there = set(self.env["product.product"].browse(wanted).exists().ids)
        self.env["cartona.match"].create([row for row in rows if row["product_id"] in there])
        listings.write({"match_ranked_at": fields.Datetime.now()})
        return len(listings)

    def _as_matched(self):
        """What `cartona_matching` has to know of this listing."""
        self.ensure_one()
        return Listing(
            key=self.id,
            name=self.name or "",
            unit=self.unit or "",
            unit_count=self.unit_count,
            price=self.shown_price,
            internal_id=self._shown_id(),
        )


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # === ACTION METHODS === #

    def action_match_products(self):
        """Open the desk, and have compared what is not; the first time Cartona is read before."""
        self.ensure_one()
        check_may_read(self)
        is_connected = self.connection_state == "connected" and not self._not_callable()
        if is_connected and not self.catalogue_read_at:
            self._start_catalogue()
        self._wake_streams("match")
        return self.env["cartona.matching.desk"]._open(self)

    def action_match_anew(self):
        """Compare everything unmatched with the products as they are now."""
        self.ensure_one()
        check_may_read(self)
        # In sudo mode: whoever may match may have the suggestions made.
        Listing = self.env["cartona.listing"].sudo()
        Listing.search(Listing._unmatched_domain(self)).write({"match_ranked_at": False})
        self._wake_streams("match")
        return True

    @api.model
    def action_open_matching(self):
        """The menu: the desk of the current company.

        :raise UserError: the company has no configuration
        """
        config = self.search([("company_id", "=", self.env.company.id)], limit=1)
        if not config:
            raise UserError(
                _("%s has no Cartona configuration yet.", self.env.company.display_name)
            )
        return config.action_match_products()

    # === BUSINESS METHODS === #

    def _matcher(self, products=None):
        """Products, ready to be compared with.

        :param products: all that this company sells by default
        :rtype: cartona_matching.Matcher
        """
        if products is None:
            products = self.env["product.product"].search(
                [("sale_ok", "=", True), ("company_id", "in", (False, self.company_id.id))]
            )
        # Names on Cartona are Arabic: compare with the Arabic ones where there are any.
        arabic = self.env["res.lang"].search([("code", "=like", "ar%")], limit=1)
        named = products.with_context(lang=arabic.code or self.env.lang, display_default_code=False)
        prices = self._prices_each(products)
        return Matcher(
            Product(
                key=product.id,
                name=product.display_name,
                price=prices[product.id],
                code=product.default_code or "",
                barcode=product.barcode or "",
            )
            for product in named
        )

    def _prices_each(self, products):
        """Price of one of each product's own unit; 0 where Odoo cannot say: compared by its name
        alone.

        :return: dict product id -> float
        """
        factors = {}

        def priced(some):
            prices = {}
            for unit in some.uom_id:
                same = some.filtered(lambda product, unit=unit: product.uom_id == unit)
                prices.update(self._retail_prices(same, unit, factors))
            return list(prices.items())

        def unpriced(product, _error):
            return [(product.id, 0.0)]

        return dict(self.env["cartona.worker"]._isolate_failures(products, priced, unpriced))
