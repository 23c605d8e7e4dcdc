"""The ids on the lines of a batch -> products.

    supplier_product_id, else internal_product_id, else base product + unit + unit_count

The first that leads to a product wins; when another one leads elsewhere, that is reported.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Match:
    """What a line sells in Odoo."""

    product: Any  # product.product
    uom: Any  # uom.uom, what Cartona's amount and price are for
    listing: Any  # cartona.listing, perhaps empty


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
        return all(listing._has_our_id() for listing in sample)

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
