"""`cartona.order.importer`: lines of orders -> products and units, or the reason why not.

    supplier_product_id, else internal_product_id, else base product + unit + unit_count

The first of these that leads to a product is used. If another one leads to another product, that
is logged on the order.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from odoo import _, models

from ...compat import keeps_exactly, same_unit_family
from ..core.companies import company_domain
from ..core.formatting import enumerate_items, figure, paragraph, quantity

# Units of which a fraction can be sold. Source: the units seen on Cartona.
_DIVISIBLE = {"kg", "ton"}
# Identity of a line for the marketplace: another value means another product.
_IDENTITY = (
    "supplier_product_id",
    "internal_product_id",
    "base_product_id",
    "unit",
    "unit_count",
)
# In the order in which a user corrects them; one reason is shown at a time.
_PROBLEMS = (
    "unknown_product",
    "product_unavailable",
    "unit_family",
    "unit_mismatch",
    "pack_unconfirmed",
    "fractional_amount",
    "precision",
)


@dataclass(frozen=True)
class Match:
    """Product and unit that a line sells in Odoo."""

    product: Any  # product.product
    uom: Any  # uom.uom of Cartona's amount and price
    listing: Any  # cartona.listing, may be empty


class Catalogue:
    """Products that the ids of a batch of lines lead to, read with one query per kind of id."""

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
        """Return the `Match` of a line, None for an unknown product."""
        listing = self.listings.get(line.supplier_product_id)
        if not listing:
            listing = _unique(self.by_internal[line.internal_product_id])
        if not listing:
            product = self._own_product(line.internal_product_id)
            if product:
                return Match(product, product.uom_id, self.env["cartona.listing"])
            listing = _unique(self.by_base[_pack(line)])
        return listing and Match(listing.product_id, listing.uom_id, listing)

    def conflicts(self, line, match):
        """Return the other products that the ids of the line lead to."""
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
        """Read the products with one of the supplier's own ids, for lines without a listing."""
        if not codes:
            return
        Product = self.env["product.product"].with_context(active_test=False)
        own = company_domain(config.company_id)
        named = ["|", ("default_code", "in", codes), ("barcode", "in", codes)]
        for product in Product.search(own + named):
            for code in {product.default_code, product.barcode} & set(codes):
                self.products[code].add(product)
        numbers = [int(code) for code in codes if code.isdecimal() and len(code) < 10]
        if numbers and self._uses_our_ids(config):
            for product in Product.search(own + [("id", "in", numbers)]):
                self.products_by_id[str(product.id)] = product

    def _uses_our_ids(self, config):
        """Return True if the supplier's ids on Cartona are Odoo's ids, as on the linked listings.

        Otherwise the supplier's product 1001 would sell an unrelated product, Odoo's 1001.
        """
        sample = self.env["cartona.listing"].search(
            [
                ("config_id", "=", config.id),
                ("product_id", "!=", False),
                ("internal_product_id", "!=", False),
            ],
            limit=20,
        )
        return all(listing._has_our_id() for listing in sample)

    def _own_product(self, code):
        """Return the only product with the supplier's id, None if there are several."""
        candidates = set(self.products[code])
        if code in self.products_by_id:
            candidates.add(self.products_by_id[code])
        candidates = {product for product in candidates if product.active} or candidates
        return candidates.pop() if len(candidates) == 1 else None


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: LINES === #

    def _match_lines(self, config, plans):
        """Find product and unit of every line that has changed."""
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
                    match = self._set_first_pack(plan, line, catalogue.match(line))
                    problem = self._product_problem(line, match)
                    problem = problem or self._amount_problem(line, match)
                    self._log_conflict(plan, line, match, catalogue)
                if problem == "unit_mismatch" and match.listing:
                    self._store_shown_pack(plan, line, match.listing)
                if problem:
                    problems[problem].append(self._describe(line))
                plan.matches[key] = match
            for code in _PROBLEMS:
                if problems[code]:
                    plan.fail(code, "; ".join(problems[code]))

    def _lines_to_match(self, plan):
        """Return the lines to sell that differ from the snapshot."""
        if plan.sale and plan.is_cancelled:
            return {}
        snapshot = plan.snapshot.get("lines", {})
        return {
            key: line
            for key, line in plan.lines.items()
            if not line.removed and plan.incoming["lines"][key] != snapshot.get(key)
        }

    def _blocked_lines(self, config, order, code):
        """Return the lines that an order waits for, matched again without changing anything.

        :param order: `cartona_api.Order`
        :param str code: "unknown_product", "product_unavailable", "unit_family", "unit_mismatch"
        :return: list of (line, `Match` or None)
        """
        [plan] = self._make_plans(config, [order])
        lines = self._lines_to_match(plan).values()
        catalogue = Catalogue(config, lines)
        matched = [(line, catalogue.match(line)) for line in lines]
        return [pair for pair in matched if self._product_problem(*pair) == code]

    def _known_match(self, plan, key):
        """Return the match of a line that is in the order already, whatever has happened to the
        product since then.

        :return: `Match`; None for a new line, or a new product on a line
        """
        now, before = plan.incoming["lines"][key], plan.snapshot.get("lines", {}).get(key)
        if not before or any(now[name] != before[name] for name in _IDENTITY):
            return None
        line = plan.sale.order_line.filtered(lambda line: line.cartona_id == key)[:1]
        listing = self.env["cartona.listing"]
        return line and Match(line.product_id, line._cartona_uom(), listing)

    def _set_first_pack(self, plan, line, match):
        """Set the pack of a listing that was linked by hand, from its first line.

        :return: `Match` with the unit that is sold
        """
        listing = match and match.listing
        if not listing or not listing._complete_pack(
            line.unit, line.unit_count, line.selling_price
        ):
            return match
        listing._mark_dirty()  # it may have waited for its pack to be known
        match = Match(match.product, listing.uom_id, listing)
        plan.log.append(
            paragraph(
                _(
                    "%(line)s: sold by %(pack)s on Cartona. The unit “%(unit)s” was used; change "
                    "the unit of the listing if this is wrong.",
                    line=self._describe(line),
                    pack="%s (%s)" % (line.unit, quantity(line.unit_count)),
                    unit=listing.uom_id.name,
                )
            )
        )
        return match

    def _store_shown_pack(self, plan, line, listing):
        """Store Cartona's pack on a listing with another one: nothing is sent for it until a user
        has decided. An order older than the last reading of the catalogue is ignored.
        """
        placed_at = plan.order.created_at
        if listing.shown_at and placed_at and placed_at < listing.shown_at:
            return
        was_changed = listing.is_pack_changed
        listing.write({"shown_unit": line.unit, "shown_unit_count": float(line.unit_count)})
        if listing.is_pack_changed != was_changed:
            listing._mark_dirty()

    def _product_problem(self, line, match):
        """Return the code of the reason why the product or unit cannot be sold, or None."""
        if not match:
            return "unknown_product"
        product, uom = match.product, match.uom
        if not (product.active and product.sale_ok):
            return "product_unavailable"
        if not same_unit_family(uom, product.uom_id):
            return "unit_family"
        if match.listing and match.listing._is_ratio_changed():
            return "ratio_changed"
        if not self._is_linked_pack(line, match.listing):
            return "unit_mismatch"
        waits = match.listing and match.listing._waits_for_pack()
        return "pack_unconfirmed" if waits else None

    def _amount_problem(self, line, match):
        """Return the code of the reason why Odoo cannot store the amount or price, or None."""
        if line.amount % 1 and not self._is_divisible(line, match.uom):
            return "fractional_amount"
        values = {"product_uom_qty": line.amount, "price_unit": line.selling_price}
        Line = self.env["sale.order.line"]
        if not all(keeps_exactly(Line, name, float(value)) for name, value in values.items()):
            return "precision"
        return None

    def _is_linked_pack(self, line, listing):
        """Return True if the line has the pack that the listing was linked for."""
        if not line.unit and line.unit_count == 1:
            return True  # the line does not state its pack
        expected = listing.unit_count if listing else 1.0
        return not expected or abs(float(line.unit_count) - expected) < 1e-6

    def _is_divisible(self, line, uom):
        if line.unit:
            return line.unit in _DIVISIBLE
        return not same_unit_family(uom, self.env.ref("uom.product_uom_unit"))

    def _log_conflict(self, plan, line, match, catalogue):
        others = catalogue.conflicts(line, match) if match else ()
        if others:
            plan.log.append(
                paragraph(
                    _(
                        "%(line)s: the IDs belong to different products. %(used)s was used; the "
                        "other IDs belong to %(others)s.",
                        line=self._describe(line),
                        used=match.product.display_name,
                        others=enumerate_items(self.env, (other.display_name for other in others)),
                    )
                )
            )

    def _reserved_by(self, config, plans):
        """Return the quantities that waiting orders will take, by the ids of the listings.

        A line with a product but without a listing counts for one of the product's listings.

        :return: dict plan -> dict Cartona product id -> quantity of its listing
        """
        unlisted = self.env["product.product"]
        for plan in plans:
            for match in filter(None, plan.matches.values()):
                unlisted |= match.product if not match.listing else unlisted
        domain = [("config_id", "=", config.id), ("product_id", "in", unlisted.ids)]
        listings = self.env["cartona.listing"].search(domain) if unlisted else ()
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
        """Fail orders without a line to sell, and orders with an inconsistent total."""
        for plan in plans:
            if plan.is_cancelled:
                # A cancelled order that never was in Odoo is imported for the record, if it can be.
                plan.is_skipped = bool(plan.error_code) or not (plan.sale or self._has_lines(plan))
                plan.error_code, plan.error_detail = None, ""
                continue
            if not plan.sale and not self._has_lines(plan):
                plan.fail("empty_order")
            is_changed = any(
                plan.snapshot.get(n) != plan.incoming[n] for n in ("lines", "total_price")
            )
            if is_changed and plan.order.total_mismatch:
                plan.fail(
                    "total_mismatch",
                    _(
                        "Lines: %(lines)s, total: %(total)s",
                        lines=figure(plan.order.lines_total),
                        total=figure(plan.order.total_price),
                    ),
                )

    def _describe(self, line):
        """Return name and ids of a line, to find it on Cartona."""
        ids = (
            (_("Cartona ID"), line.supplier_product_id),
            (_("your ID"), line.internal_product_id),
            (_("base product"), line.base_product_id),
        )
        known = enumerate_items(self.env, ("%s %s" % pair for pair in ids if pair[1]))
        return "%s (%s)" % (line.product_name or _("unnamed product"), known or "-")

    def _has_lines(self, plan):
        return any(not line.removed for line in plan.lines.values())


def _ids(lines, name):
    return list({getattr(line, name) for line in lines} - {""})


def _pack(row):
    """Return base product, unit and size, which identify a listing together."""
    return (row.base_product_id or "", row.unit or "", float(row.unit_count or 0))


def _unique(listings):
    """Return the only listing; several of the same product and unit count as one.

    :return: `cartona.listing`, or None
    """
    if len({(listing.product_id, listing.uom_id) for listing in listings}) == 1:
        return listings[0]
    return None
