"""Lines of a Cartona order -> products and units, or what is wrong with them.

    supplier_product_id, else internal_product_id, else base product + unit + unit_count

The first that leads to a product wins; when another one leads elsewhere, that is reported.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from odoo import _, models

from ..compat import keeps_exactly, same_unit_family
from .cartona_order_tools import figure, paragraph

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


@dataclass(frozen=True)
class Match:
    """What a line sells in Odoo."""

    product: Any  # product.product
    uom: Any  # uom.uom, what Cartona's amount and price are for
    listing: Any  # cartona.listing, perhaps empty


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
        told = plan.told.get("lines", {})
        return {
            key: line
            for key, line in plan.lines.items()
            if not line.removed and plan.said["lines"][key] != told.get(key)
        }

    def _known_match(self, plan, key):
        """What a line sells that is in the order already, whatever became of the product since.

        :return: `Match`; None for a line, or a product on a line, that is new
        """
        now, before = plan.said["lines"][key], plan.told.get("lines", {}).get(key)
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
        if not listing or not listing._learn_pack(line.unit, line.unit_count, line.selling_price):
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
                        others=", ".join(product.display_name for product in others),
                    )
                )
            )

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
            is_news = any(plan.told.get(n) != plan.said[n] for n in ("lines", "total_price"))
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
            ("Cartona ID", line.supplier_product_id),
            (_("your ID"), line.internal_product_id),
            (_("base product"), line.base_product_id),
        )
        known = ", ".join("%s %s" % pair for pair in ids if pair[1])
        return "%s (%s)" % (line.product_name or _("a product without a name"), known or "-")

    def _sells(self, plan):
        return any(not line.removed for line in plan.lines.values())


class Catalogue:
    """What the ids of a batch of lines can lead to, read in one query per kind."""

    def __init__(self, config, lines):
        """
        :param config: `cartona.config`
        :param lines: list of `cartona_api.OrderLine`
        """
        self.env = config.env
        self.listings = {}
        self.by_internal = defaultdict(list)
        self.by_base = defaultdict(list)
        self.products = defaultdict(set)
        self.products_by_id = {}
        self._read_listings(config, lines)
        self._read_products(config, _ids(lines, "internal_product_id"))

    def match(self, line):
        """:return: `Match`, or None for an unknown product"""
        listing = self.listings.get(line.supplier_product_id)
        if not listing:
            listing = _sole(self.by_internal[line.internal_product_id])
        if not listing:
            product = self._own_product(line.internal_product_id)
            if product:
                return Match(product, product.uom_id, self.env["cartona.listing"])
            listing = _sole(self.by_base[_pack(line)])
        return listing and Match(listing.product_id, listing.uom_id, listing)

    def clashes(self, line, match):
        """Other products that the ids of the line lead to."""
        found = list(self.by_internal[line.internal_product_id]) + list(self.by_base[_pack(line)])
        products = {listing.product_id for listing in found}
        products.update(self.products[line.internal_product_id])
        return sorted(products - {match.product}, key=lambda product: product.id)

    def _read_listings(self, config, lines):
        Listing = self.env["cartona.listing"]
        wanted = (
            ("cartona_id", _ids(lines, "supplier_product_id")),
            ("internal_product_id", _ids(lines, "internal_product_id")),
            ("base_product_id", _ids(lines, "base_product_id")),
        )
        linked = [("config_id", "=", config.id), ("product_id", "!=", False)]
        for field_name, values in wanted:
            for listing in Listing.search(linked + [(field_name, "in", values)]) if values else ():
                if field_name == "cartona_id":
                    self.listings[listing.cartona_id] = listing
                elif field_name == "internal_product_id":
                    self.by_internal[listing.internal_product_id].append(listing)
                else:
                    self.by_base[_pack(listing)].append(listing)

    def _read_products(self, config, codes):
        """Products that bear one of the supplier's own ids, for lines without a listing."""
        if not codes:
            return
        Product = self.env["product.product"].with_context(active_test=False)
        own = [("company_id", "in", (False, config.company_id.id))]
        named = ["|", ("default_code", "in", codes), ("barcode", "in", codes)]
        for product in Product.search(own + named):
            for code in {product.default_code, product.barcode} & set(codes):
                self.products[code].add(product)
        numbers = [int(code) for code in codes if code.isdigit() and len(code) < 10]
        if numbers and self._uses_our_ids(config):
            for product in Product.search(own + [("id", "in", numbers)]):
                self.products_by_id[str(product.id)] = product

    def _uses_our_ids(self, config):
        """Whether the supplier's ids on Cartona are Odoo's: not if a linked listing disagrees.

        Otherwise his product 1001 would sell whatever happens to be Odoo's 1001.
        """
        sample = self.env["cartona.listing"].search(
            [
                ("config_id", "=", config.id),
                ("product_id", "!=", False),
                ("internal_product_id", "!=", False),
            ],
            limit=20,
        )
        return all(listing.internal_product_id == str(listing.product_id.id) for listing in sample)

    def _own_product(self, code):
        """The one product that the supplier's id can mean; None when it could mean several."""
        candidates = set(self.products[code])
        if code in self.products_by_id:
            candidates.add(self.products_by_id[code])
        candidates = {product for product in candidates if product.active} or candidates
        return candidates.pop() if len(candidates) == 1 else None


def _ids(lines, name):
    return list({getattr(line, name) for line in lines} - {""})


def _pack(row):
    """Base product, unit and size: the third way to name a listing."""
    return (row.base_product_id or "", row.unit or "", float(row.unit_count or 0))


def _sole(listings):
    """The one listing there is; several that sell the same product as the same unit count as one.

    :return: `cartona.listing`, or None
    """
    if len({(listing.product_id, listing.uom_id) for listing in listings}) == 1:
        return listings[0]
    return None
