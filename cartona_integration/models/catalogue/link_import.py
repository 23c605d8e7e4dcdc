"""`cartona.listing`: links from a file, through Odoo's own import.

A file with the columns `cartona_id` and `product_id` (a reference, a barcode or a name) links the
listings that exist and adds the others; no other key is needed. The column `is_counted_in_pack`
says that one unit of the product is one of Cartona's packs.
"""

import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class _NotImported(Exception):
    """Rolls back the imported rows of a file with an error in another row."""


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    # === CRUD METHODS === #

    @api.model
    def load(self, fields, data):
        """Override of `base`: find rows by their Cartona ID as well."""
        if "cartona_id" not in fields or {"id", ".id"} & set(fields):
            return super().load(fields, data)
        # Odoo sends the whole file with every call, and a limit on the rows to import.
        limit = self.env.context.get("_import_limit") or len(data)
        rest, data = data[limit:], data[:limit]
        place = fields.index("cartona_id")
        config = self.env["cartona.config"]._of_company(self.env.company)
        known = {
            listing.cartona_id: listing.id
            for listing in self.search(
                [
                    ("config_id", "=", config.id),
                    ("cartona_id", "in", [row[place].strip() for row in data]),
                ]
            )
        }
        old = [n for n, row in enumerate(data) if row[place].strip() in known]
        new = [n for n in range(len(data)) if n not in set(old)]
        next_row = len(data) if rest else 0
        result = {"ids": [False] * len(data), "messages": [], "nextrow": next_row}
        try:
            with self.env.cr.savepoint():
                if old:
                    rows = [[str(known[data[n][place].strip()]), *data[n]] for n in old]
                    _merge(result, super().load([".id", *fields], rows), old)
                if new:
                    _merge(result, super().load(fields, [data[n] for n in new]), new)
                if not result["ids"]:
                    raise _NotImported
                if "uom_id" not in {field.split("/")[0] for field in fields}:
                    self.browse(result["ids"])._apply_suggested_packs()
        except _NotImported:
            _logger.info("Cartona: a file of links was not imported: %s", result["messages"])
        return result

    # === BUSINESS METHODS === #

    def _apply_suggested_packs(self):
        """Sell boxes that were linked without a unit as packs of the product's own unit, where
        their price shows that they are. The others wait for an answer, unless the column
        `is_counted_in_pack` of the file has given it.
        """
        for listing in self.filtered(lambda listing: listing.product_id):
            product = listing.product_id
            if listing.uom_id != product.uom_id or listing._is_pack_answered():
                continue
            count = listing._suggest_pack(product)
            if count > 1 and listing._costs_about(listing.shown_price / count):
                listing.uom_id = listing._pack_unit(product.uom_id, count, listing.unit)


def _merge(result, part, rows):
    """Add the result of some rows of a file to the result of the whole file.

    :param list rows: their positions in the file; one row is one record
    """
    for message in part["messages"]:
        if "record" in message:
            message["record"] = rows[message["record"]]
        if "rows" in message:
            message["rows"] = {end: rows[at] for end, at in message["rows"].items()}
        result["messages"].append(message)
    if not part["ids"]:
        result["ids"] = False
    elif result["ids"]:
        for at, record_id in zip(rows, part["ids"]):
            result["ids"][at] = record_id
