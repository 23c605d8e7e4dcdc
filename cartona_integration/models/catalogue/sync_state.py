"""`cartona.listing`: the confirmed values, before and after a call; and the product's id.

Cartona gets the id of a linked product once: Odoo's database id as text. Every product has one, it
is unique and never changes, which is true neither for references nor for barcodes; and orders that
carry it find their product by the listing, or without one as long as no linked listing shows that
the supplier's ids are others (see `importer_lines`). It is sent only where Cartona has none, or one
that this addon gave for another product: an id that the supplier gave there belongs to other
software of the supplier.
"""

import json

from odoo import fields, models

from ..config.catalogue import SHOWN_VALID
from ..core.clock import database_now
from ..core.formatting import quantity
from ..core.reasons import PRICE_HOLD_REASONS
from .payload import USUAL


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    is_id_refused = fields.Boolean(readonly=True, copy=False)
    # The id that Cartona was given. It shows that also after the product was taken off.
    given_id = fields.Char(readonly=True, copy=False)

    # === BUSINESS METHODS: VALUES === #

    def _confirmed_values(self):
        """Return the confirmed values: dict field -> value.

        Where nothing was sent yet, what Cartona has just shown is what it has.
        """
        self.ensure_one()
        if self.sent_values or not self.shown_at:
            return json.loads(self.sent_values or "{}")
        return self._shown() if fields.Datetime.now() - self.shown_at < SHOWN_VALID else {}

    def _confirmed_values_except(self, unknown):
        """Return the confirmed values without some fields: dict field -> value.

        :param unknown: fields that count as unknown, whatever was sent; None for all
        """
        if unknown is None:
            return {}
        values = self._confirmed_values()
        return {field: value for field, value in values.items() if field not in unknown}

    def _begin_again(self):
        """Prepare listings that a user wants sent again: the refused id is sent, too."""
        self.filtered("is_id_refused").write({"is_id_refused": False})

    def _in_flight_values(self, confirmed, delta):
        """Return the values to write before `delta` is sent: until Cartona answers, its values of
        these fields are unknown.

        :param dict confirmed: the values that are confirmed now
        """
        if not delta and (confirmed or not self._confirmed_values()):
            return {}  # nothing is sent, and nothing becomes unknown
        confirmed = {field: value for field, value in confirmed.items() if field not in delta}
        values = {"sent_values": json.dumps(confirmed)}
        unusual = {field for field in delta if field in USUAL and delta[field] != USUAL[field]}
        if unusual - self._overridden():
            values["overridden"] = " ".join(sorted(unusual | self._overridden()))
        return values

    def _baseline_values(self, values, delta):
        """Return the values to write where nothing was ever sent: what Cartona shows and Odoo
        intends as well counts as sent from then on; a later other value is a change made there."""
        equal = {field: values[field] for field in values if field not in delta}
        if self.sent_values or not equal:
            return {}
        return {
            "sent_values": json.dumps(equal),
            "sent_price": equal.get("selling_price", 0.0),
            "sent_stock": equal.get("available_stock_quantity", 0),
        }

    def _store_outcome(self, accepted, refusal, hold):
        """Store what a call has shown.

        :param accepted: the `Sending` that Cartona accepted, None when nothing was sent
        :param refusal: Cartona's message about what it refused, or None
        :param hold: (hold reason, price, detail) of what waits for a person, or None
        """
        if refusal is not None and self.id in self._ids_to_give(self.config_id):
            # Price and stock are sent again, without the id.
            self.write({"is_id_refused": True})
            self._mark_dirty()
            return
        values = {}
        if accepted and accepted.cartona_id == self.cartona_id:
            values = self._accepted_values(accepted.values)
        code, detail = False, False
        if refusal is not None:
            code, detail = "refused", refusal
        elif hold:
            code, detail = hold[0], self._hold_detail(*hold)
        if hold and hold[0] in PRICE_HOLD_REASONS and self.waiting_price != hold[1]:
            values["waiting_price"] = hold[1]
        if (self.error_code or False, self.error_detail or False) != (code, detail):
            values.update(error_code=code, error_detail=detail)
        if not code and (values or not self.synced_at):
            # To the microsecond: a page of the catalogue may be requested in the same second.
            values["synced_at"] = database_now(self.env.cr)
        if values:
            self.write(values)

    def _set_error(self, code, detail):
        """Store why nothing was sent, or why it is unknown what Cartona has."""
        if (self.error_code, self.error_detail or "") != (code, detail):
            self.write({"error_code": code, "error_detail": detail})

    def _hold_detail(self, code, price, detail):
        """Return the change in figures, or the given detail."""
        if code == "pack_changed":
            return "%s → %s" % (quantity(self.unit_count), quantity(self.shown_unit_count))
        if code == "pack_unanswered":
            return "× %s" % quantity(self.unit_count)
        if detail or price is None:
            return detail
        return "%s → %s" % (quantity(self.sent_price or self.shown_price), quantity(price))

    def _accepted_values(self, accepted):
        """Return the values to write about fields that Cartona has accepted.

        :param dict accepted: field -> value
        """
        accepted = dict(accepted)
        # Stored where ids are, not among what is compared at every sending.
        given = accepted.pop("internal_product_id", None)
        values, confirmed = {}, dict(self._confirmed_values(), **accepted)
        usual_again = {field for field in accepted if accepted[field] == USUAL.get(field)}
        if usual_again:
            values["overridden"] = " ".join(sorted(self._overridden() - usual_again))
            confirmed = {name: confirmed[name] for name in confirmed if name not in usual_again}
        if "selling_price" in accepted:
            values["sent_price"] = accepted["selling_price"]
            if self.is_price_confirmed and accepted["selling_price"] != self.confirmed_price:
                # A person confirmed one price, which is another one now.
                values.update(is_price_confirmed=False, confirmed_price=0.0)
        if "available_stock_quantity" in accepted:
            values["sent_stock"] = accepted["available_stock_quantity"]
        if given:
            values.update(internal_product_id=given, given_id=given)
        return dict(values, sent_values=json.dumps(confirmed))

    # === BUSINESS METHODS: IDS === #

    def _has_our_id(self):
        """Return True if the id that Cartona shows was given by this addon, for this product or an
        earlier one."""
        self.ensure_one()
        shown = self.internal_product_id
        return bool(shown) and shown in (self.given_id, str(self.product_id.id))

    def _shown_id(self):
        """Return the id that Cartona shows; "" when it is ours, for a product that was taken
        off."""
        self.ensure_one()
        is_void = self._has_our_id() and self.internal_product_id != str(self.product_id.id)
        return "" if is_void else self.internal_product_id or ""

    def _void_given_ids(self, product_id):
        """Void the ids that were given for another product than the one to be linked."""
        for listing in self:
            if listing.product_id.id != product_id and listing._has_our_id():
                listing.write(
                    {"given_id": listing.internal_product_id, "internal_product_id": False}
                )
        self.filtered("is_id_refused").write({"is_id_refused": False})

    def _ids_to_give(self, config):
        """Return the ids that Cartona lacks, or has of a product that is linked no longer.

        Two listings of one product cannot share it: whether Cartona takes an id twice is not
        documented, and an order line that has nothing else would not show which pack it means.

        :return: dict listing id -> text
        """
        # Without a name the listing was not seen on Cartona yet, nor whether it has an id there.
        without_id = self.filtered(
            lambda listing: (
                listing.product_id
                and listing.name
                and not listing._shown_id()
                and not listing.is_id_refused
            )
        )
        if not without_id:
            return {}
        siblings = self.search(
            [("config_id", "=", config.id), ("product_id", "in", without_id.product_id.ids)]
        )
        given = {(line.product_id.id, line.internal_product_id) for line in siblings}
        ids = {}
        for product, listings in without_id.sorted("id")._by_product().items():
            if (product.id, str(product.id)) not in given:
                ids[product._cartona_shown_listing(listings).id] = str(product.id)
        return ids
