"""`cartona.listing`: Cartona learns by which id a linked product is known here.

The id is Odoo's database id as text: every product has one, it is unique and never changes, which
neither holds for references nor for barcodes; and orders that carry it find their product by the
listing, or without one as long as no linked listing says that the supplier's ids are others (see
`cartona_order_catalogue`). It is sent once, and only where Cartona is known to have none, or one
that we gave for another product: an id that the supplier gave there himself belongs to some other
software of his.
"""

from odoo import fields, models


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    is_id_refused = fields.Boolean(readonly=True, copy=False)
    # What Cartona was given. It shows that also after the product was taken off.
    given_id = fields.Char(readonly=True, copy=False)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: with another product, the id that was given for the last one is void."""
        if "product_id" in vals:
            for listing in self:
                if listing.product_id.id != vals["product_id"] and listing._has_our_id():
                    given = {"given_id": listing.internal_product_id, "internal_product_id": False}
                    super(CartonaListing, listing).write(given)
            refused = self.filtered("is_id_refused")
            super(CartonaListing, refused).write({"is_id_refused": False})
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _has_our_id(self):
        """Whether the id that Cartona shows was given by us, for this product or an earlier one."""
        self.ensure_one()
        shown = self.internal_product_id
        return bool(shown) and shown in (self.given_id, str(self.product_id.id))

    def _shown_id(self):
        """The id that Cartona shows; "" when it is ours, for a product that was taken off."""
        self.ensure_one()
        is_void = self._has_our_id() and self.internal_product_id != str(self.product_id.id)
        return "" if is_void else self.internal_product_id or ""

    def _intents(self, config, everything=False):
        """Override: the id goes with the first price or stock that is sent.

        Only where prices are switched on: that is the switch for all that is said of a product
        but its stock.
        """
        intents = super()._intents(config, everything)
        ids = self._ids_to_give(config) if config.auto_sync_products else {}
        return [
            intent._replace(values=dict(intent.values, internal_product_id=ids[intent.listing.id]))
            if intent.values and intent.listing.id in ids
            else intent
            for intent in intents
        ]

    def _ids_to_give(self, config):
        """The ids that Cartona lacks, or has of a product that is linked no longer.

        Two listings of one product cannot share it: whether Cartona takes an id twice is not
        documented, and an order line that has nothing else would not say which pack it means.

        :return: dict listing id -> text
        """
        # Without a name nobody has seen the listing on Cartona, nor whether it has an id there.
        nameless = self.filtered(
            lambda listing: (
                listing.product_id
                and listing.name
                and not listing._shown_id()
                and not listing.is_id_refused
            )
        )
        if not nameless:
            return {}
        siblings = self.search(
            [("config_id", "=", config.id), ("product_id", "in", nameless.product_id.ids)]
        )
        known = {(line.product_id.id, line.internal_product_id) for line in siblings}
        ids = {}
        for product, listings in nameless.sorted("id")._by_product().items():
            if (product.id, str(product.id)) not in known:
                ids[product._cartona_shown_listing(listings).id] = str(product.id)
        return ids

    def _begin_again(self):
        """Override: somebody asks for everything to be sent, the refused id as well."""
        self.filtered("is_id_refused").write({"is_id_refused": False})
        return super()._begin_again()

    def _store_outcome(self, taken, refusal, doubt):
        """Override: when Cartona does not want the id, price and stock go without it."""
        if refusal is not None and self.id in self._ids_to_give(self.config_id):
            self.write({"is_id_refused": True})
            self._mark_dirty()
            return
        super()._store_outcome(taken, refusal, doubt)

    def _accepted_values(self, taken):
        """Override: an id is kept where ids are, not among what is compared at every sending."""
        taken = dict(taken)
        given = taken.pop("internal_product_id", None)
        values = super()._accepted_values(taken)
        if given:
            values.update(internal_product_id=given, given_id=given)
        return values
