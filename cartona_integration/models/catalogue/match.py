"""`cartona.match`: one product that a row of Cartona's catalogue may be, with the reasons.

button or cron -> job: read all products once -> rank 100 listings, commit -> the next 100 ...
"""

import json
import logging
import time

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from ...cartona_matching import Listing, Matcher, Product, pack_warning
from ...compat import check_may_read
from ..core.companies import company_domain
from ..core.formatting import enumerate_items
from ..core.guarded_fields import GuardedFields
from ..queue.worker import RUNNER_ASLEEP_SECONDS

_logger = logging.getLogger(__name__)

# Prices that differ by less than this are shown as the same.
_SAME_PRICE = 0.02
# Listings ranked in one transaction; an interrupted job loses no more than these.
_BATCH = 100
# After this many seconds a job leaves the rest to the next one.
_JOB_SECONDS = 10


class CartonaMatch(GuardedFields, models.Model):
    _name = "cartona.match"
    _description = "Cartona Match"
    _rec_name = "product_id"
    _order = "listing_id, rank, id"

    listing_id = fields.Many2one("cartona.listing", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="listing_id.company_id", store=True)
    product_id = fields.Many2one("product.product", required=True, ondelete="cascade", index=True)
    rank = fields.Integer(required=True, help="1: the best one.")
    pack_count = fields.Float("Contains", help="Units of the product in one unit sold on Cartona.")
    score = fields.Float("Score (%)", digits=(5, 1))
    is_sure = fields.Boolean(
        "Sure", help="So much more alike than the next product that no check is needed."
    )
    product_price = fields.Float(
        digits="Product Price", help="Price that a retailer would pay for one unit of the product."
    )
    # JSON from `cartona_matching`: codes are stored, sentences are made for the reader.
    reasons = fields.Text(readonly=True)
    note = fields.Char("Why", compute="_compute_note")
    warning = fields.Char(compute="_compute_warning")

    # === COMPUTE METHODS === #

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_note(self):
        for match in self:
            sentences = [match._reason(*pair) for pair in json.loads(match.reasons or "[]")]
            match.note = enumerate_items(self.env, filter(None, sentences))

    def _reason(self, code, value):
        if code == "price":
            return self._price_reason(value)
        sentences = {
            "id": _("same ID (%s)", value),
            "code": _("same reference (%s)", value),
            "barcode": _("same barcode (%s)", value),
            "words": _("words %s%% alike", round(100 * value)) if code == "words" else "",
            "size": _("same size") if value == "equal" else _("another size"),
            "numbers": _("other numbers"),
        }
        return sentences.get(code, "")

    def _price_reason(self, ratio):
        if abs(ratio - 1) < _SAME_PRICE:
            return _("same price per unit")
        percent = round(100 * abs(ratio - 1))
        if ratio > 1:
            return _("%s%% more expensive on Cartona", percent)
        return _("%s%% cheaper on Cartona", percent)

    @api.depends("pack_count", "product_price", "listing_id")
    @api.depends_context("lang")
    def _compute_warning(self):
        for match in self:
            match.warning = match.listing_id._pack_warning(match.product_price, match.pack_count)

    # === ACTION METHODS === #

    def action_accept(self):
        """Link the listing to this product, in the pack that was found.

        The user's matching desks that show the listing continue with the next one.
        """
        check_may_read(self)
        # Read before: accepting a candidate deletes it.
        listings = self.listing_id
        for match in self:
            match.listing_id._accept(match.product_id, match.pack_count)
        if len(self) == 1:
            # The pack of one candidate was read by its user, that of many was not.
            listings._confirm_own_unit()
        self.env["cartona.matching.desk"]._listings_matched(listings)
        return True


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    never_match = fields.Boolean(
        "Never Match", copy=False, help="Not one of your products; it will not be suggested again."
    )
    match_ids = fields.One2many("cartona.match", "listing_id", "Candidates", readonly=True)
    match_id = fields.Many2one(
        "cartona.match",
        "Best Candidate",
        compute="_compute_match_id",
        store=True,
        ondelete="set null",
    )
    match_product_id = fields.Many2one(
        related="match_id.product_id", related_sudo=False, string="Suggested Product"
    )
    match_pack_count = fields.Float(related="match_id.pack_count", related_sudo=False)
    match_score = fields.Float(related="match_id.score", related_sudo=False)
    match_is_sure = fields.Boolean(related="match_id.is_sure", related_sudo=False)
    match_note = fields.Char(related="match_id.note", related_sudo=False)
    match_warning = fields.Char(related="match_id.warning", related_sudo=False)
    match_ranked_at = fields.Datetime(
        "Compared", readonly=True, copy=False, help="When it was compared with the products."
    )
    match_skipped_at = fields.Datetime(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends("match_ids.rank")
    def _compute_match_id(self):
        for listing in self:
            listing.match_id = listing.match_ids[:1]

    # === ACTION METHODS === #

    def action_accept_match(self):
        """Accept the best candidate of each of the selected listings."""
        matches = self.filtered(lambda listing: not listing.product_id).match_id
        if not matches:
            raise UserError(_("There is no suggestion to accept in the selection."))
        matches.action_accept()
        return self.config_id[:1]._notification(_("%s products linked.", len(matches)), "success")

    def action_never_match(self):
        """Exclude listings that are not products in Odoo from matching."""
        check_may_read(self)
        # In sudo mode: every user of the desk may do this, but not edit listings otherwise.
        self.sudo().filtered(lambda listing: not listing.product_id).write({"never_match": True})
        return True

    def action_match_again(self):
        """Include listings in matching again."""
        check_may_read(self)
        # In sudo mode: as above.
        self.sudo().write({"never_match": False, "match_skipped_at": False})
        return True

    # === BUSINESS METHODS: LINKING === #

    @api.model
    def _unmatched_domain(self, config):
        """Return the domain of the listings that the desk shows."""
        return [
            ("config_id", "=", config.id),
            ("product_id", "=", False),
            ("never_match", "=", False),
        ]

    @api.model
    def _unranked_domain(self, config):
        return [*self._unmatched_domain(config), ("match_ranked_at", "=", False)]

    def _reset_match(self, product_id):
        """Remove the candidates of linked listings, and request new ones for unlinked listings.

        In sudo mode: candidates are created and removed by the system only.
        """
        self.sudo().match_ids.unlink()
        if product_id:
            self.filtered("never_match").write({"never_match": False})
        else:
            self.write({"match_ranked_at": False})

    @api.model
    def _rank_again(self, config):
        """Request new candidates for every unmatched listing."""
        # In sudo mode: every user who may match may request candidates.
        listings = self.sudo()
        listings.search(listings._unmatched_domain(config)).write({"match_ranked_at": False})

    def _accept(self, product, pack_count):
        """Link a listing to a product, or choose the pack of one that waits for it.

        :param float pack_count: number of the product's own units that Cartona sells as one
        :raise UserError: the listing was linked in the meantime, or the count is not positive
        """
        self.ensure_one()
        if self.product_id and not (self.product_id == product and self._waits_for_pack()):
            raise UserError(
                _(
                    "“%(name)s” is already linked to “%(product)s”.",
                    name=self.name or self.cartona_id,
                    product=self.product_id.display_name,
                )
            )
        if pack_count <= 0:
            raise UserError(
                _("Enter how many units one “%s” contains.", self.name or self.cartona_id)
            )
        # In sudo mode: a user who sees both may link them; only managers edit listings.
        listing = self.sudo()
        unit = product.uom_id
        if abs(pack_count - 1) > 1e-6:
            unit = listing._pack_unit(unit, pack_count, listing.unit)
        listing.write({"product_id": product.id, "uom_id": unit.id})

    def _pack_warning(self, product_price, pack_count):
        """Return a sentence if the price contradicts the pack, else "".

        :param float product_price: price of one unit of the product, as the retailer pays it
        :param float pack_count: number of these units in one listing
        """
        code = pack_warning(self.shown_price, product_price, pack_count, self.unit_count)
        if not code:
            return ""
        prices = {
            "shown": formatLang(self.env, self.shown_price),
            "own": formatLang(self.env, product_price),
        }
        return {
            "price_like_one": _(
                "Its price suggests fewer than that: %(shown)s on Cartona, %(own)s for one in "
                "Odoo.",
                **prices,
            ),
            "price_like_pack": _(
                "Its price suggests more than that: %(shown)s on Cartona, %(own)s for one in Odoo.",
                **prices,
            ),
        }[code]

    # === BUSINESS METHODS: RANKING === #

    @api.model
    def _rank_backlog(self, config, _stream):
        """Return infinity if listings wait that no job has ranked in time, else None."""
        before = fields.Datetime.subtract(fields.Datetime.now(), seconds=RUNNER_ASLEEP_SECONDS)
        late = [*self._unranked_domain(config), ("write_date", "<", before)]
        return float("inf") if self.search(late, limit=1) else None

    @api.model
    def _rank(self, config_id):
        """Rank batches until the time is used up. The caller has the lock.

        :return: 0 when there is more to do, None when nothing is left
        """
        worker = self.env["cartona.worker"]
        deadline = time.monotonic() + _JOB_SECONDS
        with worker._fresh_config(config_id) as config:
            Listing = config.env["cartona.listing"]
            if not config or not Listing.search(Listing._unranked_domain(config), limit=1):
                return None
            matcher = Listing._matcher(config)

        def rank_batch(config):
            return config and config.env["cartona.listing"]._rank_batch(config, matcher)

        while worker._transact(config_id, rank_batch):
            if time.monotonic() > deadline:
                return 0
        return None

    def _ranking(self, matcher, listing):
        """Return the candidates of a listing; None if its texts cannot be compared."""
        try:
            return matcher.rank(listing._as_matched())
        except Exception:  # no database work: nothing to roll back
            _logger.warning("Cartona: %s cannot be matched", listing, exc_info=True)
            return None

    @api.model
    def _rank_batch(self, config, matcher):
        """Store the candidates of one batch.

        :return: int, number of ranked listings
        """
        listings = self.search(self._unranked_domain(config), limit=_BATCH)
        listings._store_candidates(matcher)
        return len(listings)

    def _rank_now(self, config):
        """Find the candidates of a listing that a user matches before any job has compared it."""
        # In sudo mode: candidates are created by the system only, from all prices.
        listings, config = self.sudo(), config.sudo()._in_own_company()
        fresh = listings.with_env(config.env).filtered(
            lambda one: not (one.product_id or one.match_ranked_at)
        )
        if fresh:
            fresh._store_candidates(fresh._matcher(config))

    def _store_candidates(self, matcher):
        """Store the candidates of these listings."""
        rows = []
        prices = {product.key: product.price for product in matcher.products}
        for listing in self:
            ranking = self._ranking(matcher, listing)
            if not ranking:
                continue
            rows += [
                {
                    "listing_id": listing.id,
                    "product_id": verdict.key,
                    "rank": rank,
                    # Without a whole number of units the user enters the count.
                    "pack_count": verdict.pack or 0.0,
                    "score": 100 * verdict.score,
                    "is_sure": rank == 1 and ranking.is_sure,
                    "product_price": prices[verdict.key],
                    "reasons": json.dumps(verdict.reasons, ensure_ascii=False),
                }
                for rank, verdict in enumerate(ranking.candidates, 1)
            ]
        self.match_ids.unlink()
        # A product may have been deleted since they were read.
        product_ids = {row["product_id"] for row in rows}
        existing = set(self.env["product.product"].browse(product_ids).exists().ids)
        self.env["cartona.match"].create([row for row in rows if row["product_id"] in existing])
        self.write({"match_ranked_at": fields.Datetime.now()})

    def _as_matched(self):
        """Return this listing as `cartona_matching` reads it."""
        self.ensure_one()
        return Listing(
            key=self.id,
            name=self.name or "",
            unit=self.unit or "",
            unit_count=self.unit_count,
            price=self.shown_price,
            internal_id=self._shown_id(),
        )

    @api.model
    def _matcher(self, config, products=None):
        """Return the products of a configuration, ready to be compared with listings.

        :param products: all products that its company sells when left out
        :rtype: cartona_matching.Matcher
        """
        if products is None:
            products = config.env["product.product"].search(
                [("sale_ok", "=", True), *company_domain(config.company_id)]
            )
        # Names on Cartona are Arabic: compare with the Arabic ones if there are any.
        arabic = config.env["res.lang"].search([("code", "=like", "ar%")], limit=1)
        lang = arabic.code or config.env.lang
        prices = config._prices_each(products)
        return Matcher(
            Product(
                key=product.id,
                name=product.display_name,
                price=prices[product.id],
                code=product.default_code or "",
                barcode=product.barcode or "",
            )
            for product in products.with_context(lang=lang, display_default_code=False)
        )

    def _suggest_pack(self, product):
        """Return the most likely number of the product's own units in one unit sold on Cartona.

        :rtype: float
        """
        self.ensure_one()
        # In sudo mode: the settings from which the price is computed.
        config = self.config_id.sudo().with_company(self.company_id)
        matcher = self._matcher(config, product.with_env(config.env))
        verdicts = matcher.rank(self._as_matched()).candidates
        return (verdicts and verdicts[0].pack) or self.unit_count or 1.0
