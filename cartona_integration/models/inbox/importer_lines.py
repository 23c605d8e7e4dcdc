"""Lines of a Cartona order -> products and units, or what is wrong with them."""

from collections import defaultdict

from odoo import _, models

from ...compat import keeps_exactly, same_unit_family
from ..core.formatting import figure, paragraph
from .product_lookup import Catalogue, Match

# Units of which a part can be sold. Source: the units Cartona is known to use.
_DIVISIBLE = {"kg", "ton"}
# Identity of a line, as the marketplace means it: another value is another product.
IDENTITY = (
    "supplier_product_id",
    "internal_product_id",
    "base_product_id",
    "unit",
    "unit_count",
)
# In the order in which a clerk would put them right; one reason is told at a time.
_PROBLEMS = (
    "unknown_product",
    "product_unavailable",
    "unit_family",
    "unit_mismatch",
    "fractional_amount",
    "precision",
)


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: LINES === #

    def _match_lines(self, config, plans):
        """Find product and unit of every line that says something new."""
        wanted = {plan: self._lines_to_match(plan) for plan in plans}
        unknown = [
            line
            for plan in plans
            for key, line in wanted[plan].items()
            if not self._known_match(plan, key)
        ]
        catalogue = Catalogue(config, unknown)
        for plan in plans:
            problems = defaultdict(list)
            for key, line in wanted[plan].items():
                match = self._known_match(plan, key)
                if match:
                    problem = self._amount_problem(line, match)
                else:
                    match = self._learn_pack(plan, line, catalogue.match(line))
                    problem = self._product_problem(line, match)
                    problem = problem or self._amount_problem(line, match)
                    self._report_clash(plan, line, match, catalogue)
                if problem == "unit_mismatch" and match.listing:
                    self._show_pack(plan, line, match.listing)
                if problem:
                    problems[problem].append(self._describe(line))
                plan.matches[key] = match
            for code in _PROBLEMS:
                if problems[code]:
                    plan.fail(code, "; ".join(problems[code]))

    def _lines_to_match(self, plan):
        """Lines to sell that differ from what Cartona said the last time."""
        if plan.sale and plan.is_dead:
            return {}
        told = plan.snapshot.get("lines", {})
        return {
            key: line
            for key, line in plan.lines.items()
            if not line.removed and plan.incoming["lines"][key] != told.get(key)
        }

    def _blocked_lines(self, config, order, code):
        """The lines that an order waits for, looked up again without changing anything.

        :param order: `cartona_api.Order`
        :param str code: "unknown_product", "product_unavailable", "unit_family", "unit_mismatch"
        :return: list of (line, `Match` or None)
        """
        [plan] = self._plans(config, [order])
        lines = self._lines_to_match(plan).values()
        catalogue = Catalogue(config, lines)
        matched = [(line, catalogue.match(line)) for line in lines]
        return [pair for pair in matched if self._product_problem(*pair) == code]

    def _known_match(self, plan, key):
        """What a line sells that is in the order already, whatever became of the product since.

        :return: `Match`; None for a line, or a product on a line, that is new
        """
        now, before = plan.incoming["lines"][key], plan.snapshot.get("lines", {}).get(key)
        if not before or any(now[name] != before[name] for name in IDENTITY):
            return None
        line = plan.sale.order_line.filtered(lambda line: line.cartona_id == key)[:1]
        listing = self.env["cartona.listing"]
        return line and Match(line.product_id, line._cartona_uom(), listing)

    def _learn_pack(self, plan, line, match):
        """Take over the pack of a listing that was linked by hand, from the first line of it.

        :return: `Match`, with the unit that is sold
        """
        listing = match and match.listing
        if not listing or not listing._complete_pack(
            line.unit, line.unit_count, line.selling_price
        ):
            return match
        match = Match(match.product, listing.uom_id, listing)
        plan.notes.append(
            paragraph(
                _(
                    "%(line)s: Cartona sells it by %(pack)s. One of it was taken for one "
                    "“%(unit)s” here; choose another unit on the listing if that is wrong.",
                    line=self._describe(line),
                    pack="%s (%g)" % (line.unit, line.unit_count),
                    unit=listing.uom_id.name,
                )
            )
        )
        return match

    def _show_pack(self, plan, line, listing):
        """Mark the listing of another pack, so that nothing is sent for it until that is settled.

        Not by an order that is older than the last look at Cartona's catalogue.
        """
        placed_at = plan.order.created_at
        if listing.shown_at and placed_at and placed_at < listing.shown_at:
            return
        was_changed = listing.is_pack_changed
        listing.write({"shown_unit": line.unit, "shown_unit_count": float(line.unit_count)})
        if listing.is_pack_changed != was_changed:
            listing._mark_dirty()

    def _product_problem(self, line, match):
        """Why this product or unit cannot be sold, as a code; None when it can."""
        if not match:
            return "unknown_product"
        product, uom = match.product, match.uom
        if not (product.active and product.sale_ok):
            return "product_unavailable"
        if not same_unit_family(uom, product.uom_id):
            return "unit_family"
        return None if self._same_pack(line, match.listing) else "unit_mismatch"

    def _amount_problem(self, line, match):
        """Why this amount or price cannot be kept as it is, as a code; None when it can."""
        if line.amount % 1 and not self._is_divisible(line, match.uom):
            return "fractional_amount"
        values = {"product_uom_qty": line.amount, "price_unit": line.selling_price}
        Line = self.env["sale.order.line"]
        if not all(keeps_exactly(Line, name, float(value)) for name, value in values.items()):
            return "precision"
        return None

    def _same_pack(self, line, listing):
        """Whether Cartona sells in this line what the listing was linked for."""
        if not line.unit and line.unit_count == 1:
            return True  # the line does not say
        expected = listing.unit_count if listing else 1.0
        return not expected or abs(float(line.unit_count) - expected) < 1e-6

    def _is_divisible(self, line, uom):
        if line.unit:
            return line.unit in _DIVISIBLE
        return not same_unit_family(uom, self.env.ref("uom.product_uom_unit"))

    def _report_clash(self, plan, line, match, catalogue):
        others = catalogue.clashes(line, match) if match else ()
        if others:
            plan.notes.append(
                paragraph(
                    _(
                        "%(line)s: its ids belong to different products. %(taken)s was taken; "
                        "the other ids say %(others)s.",
                        line=self._describe(line),
                        taken=match.product.display_name,
                        others=self.env["cartona.reasons"]._join(
                            product.display_name for product in others
                        ),
                    )
                )
            )

    def _reserved_by(self, config, plans):
        """What orders that have to wait will take, by the ids of the listings that sell it.

        A line that leads to a product without naming its listing counts on one of the product's.

        :return: dict plan -> dict Cartona product id -> amount of what that listing sells
        """
        loose = self.env["product.product"]
        for plan in plans:
            for match in filter(None, plan.matches.values()):
                loose |= match.product if not match.listing else loose
        domain = [("config_id", "=", config.id), ("product_id", "in", loose.ids)]
        listings = self.env["cartona.listing"].search(domain) if loose else ()
        by_product = {listing.product_id: listing for listing in reversed(listings)}
        reserved = {}
        for plan in plans:
            amounts = reserved[plan] = defaultdict(float)
            for key, line in plan.lines.items():
                match = plan.matches.get(key)
                listing = match and (match.listing or by_product.get(match.product))
                amount = 0.0 if line.removed else float(line.amount)
                if match and listing and listing != match.listing:
                    amount = match.uom._compute_quantity(amount, listing.uom_id, round=False)
                cartona_id = listing.cartona_id if listing else line.supplier_product_id
                if cartona_id and amount:
                    amounts[cartona_id] += amount
        return reserved

    def _check_lines(self, plans):
        """Orders with nothing to sell, and orders whose own figures disagree."""
        for plan in plans:
            if plan.is_dead:
                # A dead order that never was in Odoo is kept for the record, if it can be.
                plan.is_dropped = bool(plan.error_code) or not (plan.sale or self._sells(plan))
                plan.error_code, plan.error_detail = None, ""
                continue
            if not plan.sale and not self._sells(plan):
                plan.fail("empty_order")
            is_news = any(
                plan.snapshot.get(n) != plan.incoming[n] for n in ("lines", "total_price")
            )
            if is_news and plan.order.total_mismatch:
                plan.fail(
                    "total_mismatch",
                    _(
                        "Lines: %(lines)s, total: %(total)s",
                        lines=figure(plan.order.lines_total),
                        total=figure(plan.order.total_price),
                    ),
                )

    def _describe(self, line):
        """A line as a clerk finds it on Cartona: name and ids."""
        ids = (
            (_("Cartona ID"), line.supplier_product_id),
            (_("your ID"), line.internal_product_id),
            (_("base product"), line.base_product_id),
        )
        known = self.env["cartona.reasons"]._join("%s %s" % pair for pair in ids if pair[1])
        return "%s (%s)" % (line.product_name or _("a product without a name"), known or "-")

    def _sells(self, plan):
        return any(not line.removed for line in plan.lines.values())
