"""`cartona.match`: one product that a row of Cartona's catalogue may be, and why."""

import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ...cartona_matching import pack_warning
from ...compat import check_may_read

# Prices that differ by less than this are called the same.
_SAME_PRICE = 0.02


class CartonaMatch(models.Model):
    _name = "cartona.match"
    _description = "Cartona Match"
    _rec_name = "product_id"
    _order = "listing_id, rank, id"

    listing_id = fields.Many2one("cartona.listing", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="listing_id.company_id", store=True)
    product_id = fields.Many2one("product.product", required=True, ondelete="cascade", index=True)
    rank = fields.Integer(required=True, help="1: the best one.")
    pack_count = fields.Float("Holds", help="Units of the product in one sold on Cartona.")
    score = fields.Float("Likeness (%)", digits=(5, 1))
    is_sure = fields.Boolean(
        "Sure", help="So alike, and the next one so much less, that no look at it is needed."
    )
    product_price = fields.Float(
        digits="Product Price", help="What a retailer would pay for one unit of the product."
    )
    # JSON, as `cartona_matching` gives them: codes travel, sentences are made for the reader.
    reasons = fields.Text(readonly=True)
    note = fields.Char("Why", compute="_compute_note")
    warning = fields.Char("Mind", compute="_compute_warning")

    # === COMPUTE METHODS === #

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_note(self):
        for match in self:
            said = [match._reason(*pair) for pair in json.loads(match.reasons or "[]")]
            match.note = self.env["cartona.reasons"]._join(filter(None, said))

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
            return _("%s%% dearer on Cartona", percent)
        return _("%s%% cheaper on Cartona", percent)

    @api.depends("pack_count", "product_price", "listing_id")
    @api.depends_context("lang")
    def _compute_warning(self):
        for match in self:
            match.warning = match.listing_id._pack_warning(match.product_price, match.pack_count)

    # === ACTION METHODS === #

    def action_accept(self):
        """Link the listing to this product, in the pack that was found."""
        check_may_read(self)
        for match in self:
            match.listing_id._accept(match.product_id, match.pack_count)
        return True


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    never_match = fields.Boolean(
        "Never Match", copy=False, help="It is no product of yours in Odoo and is not asked again."
    )
    match_ids = fields.One2many("cartona.match", "listing_id", "Candidates", readonly=True)
    match_id = fields.Many2one(
        "cartona.match",
        "Best Candidate",
        compute="_compute_match_id",
        store=True,
        ondelete="set null",
    )
    match_product_id = fields.Many2one(related="match_id.product_id", string="Suggested Product")
    match_pack_count = fields.Float(related="match_id.pack_count")
    match_score = fields.Float(related="match_id.score")
    match_is_sure = fields.Boolean(related="match_id.is_sure")
    match_note = fields.Char(related="match_id.note")
    match_warning = fields.Char(related="match_id.warning")

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
        """These are none of the products in Odoo: do not ask again."""
        check_may_read(self)
        # In sudo mode: whoever works at the desk may say so, though not edit listings otherwise.
        self.sudo().filtered(lambda listing: not listing.product_id).write({"never_match": True})
        return True

    def action_match_again(self):
        """Ask about these again."""
        check_may_read(self)
        # In sudo mode: as above.
        self.sudo().write({"never_match": False, "match_skipped_at": False})
        return True

    # === BUSINESS METHODS === #

    def _reset_match(self, product_id):
        """Remove the candidates of what was linked, and request new ones for what was taken off.

        In sudo mode: candidates are made and removed by the system only.
        """
        self.sudo().match_ids.unlink()
        if product_id:
            self.filtered("never_match").write({"never_match": False})
        else:
            self.write({"match_ranked_at": False})

    def _accept(self, product, pack_count):
        """Link an unmatched listing to a product.

        :param float pack_count: how many of the product's own unit Cartona sells as one
        :raise UserError: somebody linked it meanwhile, or the pack is no pack
        """
        self.ensure_one()
        if self.product_id:
            raise UserError(
                _(
                    "“%(name)s” is linked to “%(product)s” already.",
                    name=self.name or self.cartona_id,
                    product=self.product_id.display_name,
                )
            )
        if pack_count <= 0:
            raise UserError(_("Say how many units one “%s” holds.", self.name or self.cartona_id))
        # In sudo mode: whoever sees both may link them; editing listings is the manager's.
        listing = self.sudo()
        unit = product.uom_id
        if abs(pack_count - 1) > 1e-6:
            unit = listing._pack_unit(unit, pack_count, listing.unit)
        listing.write({"product_id": product.id, "uom_id": unit.id})

    def _pack_warning(self, product_price, pack_count):
        """What the price says against the pack, in words; "" when it says nothing.

        :param float product_price: of one unit of the product, as the retailer pays it
        :param float pack_count: how many of them one listing is said to hold
        """
        code = pack_warning(self.shown_price, product_price, pack_count, self.unit_count)
        if not code:
            return ""
        return {
            "price_like_one": _(
                "By its price it holds fewer than that: %(shown)s here, %(own)s for one in Odoo.",
                shown="%g" % self.shown_price,
                own="%g" % product_price,
            ),
            "price_like_pack": _(
                "By its price it holds more than that: %(shown)s here, %(own)s for one in Odoo.",
                shown="%g" % self.shown_price,
                own="%g" % product_price,
            ),
        }[code]
