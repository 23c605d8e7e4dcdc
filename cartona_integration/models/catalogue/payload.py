"""`cartona.listing`: what Cartona should show, computed from Odoo's present state.

The quantities are computed on `cartona.config`: overrides of other addons change them there.
"""

import json
import math
from collections import defaultdict, namedtuple

from odoo import models

from ...compat import flush, same_unit_family
from ..core.companies import may_use
from ..core.formatting import figure, quantity

# Intended state of one listing.
#   values: dict of Cartona's field -> value
#   hold_reason: error code, why the price or all of it waits for a person; None to send it
#   detail: more about that reason where the price does not show it
Intent = namedtuple("Intent", "listing values hold_reason price detail")

# Usual values of fields that are only sent with another value, and to reset them.
USUAL = {"in_stock": True, "is_published": True, "is_unlimited_stock": False}

# Largest number in a column of integers, and a price that no product has.
MAX_STOCK = 2**31 - 1
_MAX_PRICE = 1e9
# Quantities are sums of floats; 2.9999999 boxes are 3.
_EPSILON = 1e-6


class CartonaListing(models.Model):
    _inherit = "cartona.listing"

    # === BUSINESS METHODS === #

    def _intents(self, config, everything=False):
        """Return what Cartona should show of each of these listings of one configuration.

        :param bool everything: True to include values that the settings do not send
        :return: list of `Intent`; a listing without a product has none
        """
        linked = self.filtered("product_id")
        # From 19 on Odoo would convert them without an error.
        misfits = linked.filtered(
            lambda listing: not same_unit_family(listing.uom_id, listing.product_id.uom_id)
        )
        intents = [
            Intent(listing, {}, "unit_changed", None, listing._unit_change()) for listing in misfits
        ] + (linked - misfits)._compute_intents(config, everything)
        # The id is sent with the first price or stock, and only if prices are switched on: that is
        # the switch for everything about a product but its stock.
        ids = self._ids_to_give(config) if config.auto_sync_products else {}
        return [
            intent._replace(values=dict(intent.values, internal_product_id=ids[intent.listing.id]))
            if intent.values and intent.listing.id in ids
            else intent
            for intent in intents
        ]

    def _compute_intents(self, config, everything):
        """Return the intents; an error in one listing does not stop the others."""
        return self.env["cartona.worker"]._isolate_failures(
            self,
            lambda listings: listings._compute_values(config, everything),
            lambda listing, error: [Intent(listing, {}, "not_worked_out", None, str(error))],
        )

    def _compute_values(self, config, everything):
        with_stock = everything or config.auto_sync_stock
        prices = {}
        if everything or config.auto_sync_products:
            prices = self._intended_prices(config)
        stocks = self._intended_stocks(config) if with_stock else {}
        return [
            listing._intent(prices.get(listing.id), stocks.get(listing.id), with_stock)
            for listing in self
        ]

    def _unit_change(self):
        """Return the unit of the listing and the new unit of its product, as text."""
        return "%s → %s" % (self.uom_id.name or "-", self.product_id.uom_id.name)

    def _ratio_change(self):
        """Return what one unit sold contained and contains, as text."""
        return "%s → %s" % (quantity(self.unit_ratio), quantity(self._present_ratio()))

    def _intent(self, price, stock, with_stock):
        problem = self._product_problem()
        if problem:
            values = {"available_stock_quantity": 0} if stock is not None else {}
            return Intent(self, dict(values, **self._unavailable()), problem, None, "")
        if self.is_pack_changed:
            return Intent(self, {}, "pack_changed", price, "")
        if self._waits_for_pack():
            return Intent(self, {}, "pack_unanswered", price, "")
        if self._is_pack_unknown():
            return Intent(self, {}, "not_on_cartona", None, "")
        if self._is_ratio_changed():
            return Intent(self, {}, "ratio_changed", price, self._ratio_change())
        too_large = self._too_large(price, stock)
        if too_large:
            return Intent(self, {}, "figure_too_large", None, too_large)
        values, hold_reason = {}, None
        if price is not None:
            hold_reason = self._price_hold_reason(price)
            if not hold_reason:
                values["selling_price"] = price
        if stock is not None:
            values["available_stock_quantity"] = stock
        overrides = self._overrides(values, with_stock)
        for field in self._overridden() - overrides.keys():
            # Limited again, but to which quantity? It is sent with the quantity, once stock is.
            if with_stock or field != "is_unlimited_stock":
                overrides[field] = USUAL[field]
        return Intent(self, dict(values, **overrides), hold_reason, price, "")

    def _too_large(self, price, stock):
        """Return the figure that cannot be right, as text: a barcode scanned into a quantity."""
        if price is not None and not abs(price) <= _MAX_PRICE:  # NaN is not less than anything
            return figure(price)
        if stock is not None and stock > MAX_STOCK:
            return quantity(stock)
        return ""

    def _overridden(self):
        """Return the names of the fields that were sent with an unusual value."""
        return set((self.overridden or "").split())

    def _overrides(self, values, with_stock):
        """Return what has to be sent besides price and stock.

        :param dict values: price and stock, corrected for a product that cannot be sold
        :return: dict field -> value
        """
        product = self.product_id
        overrides = {}
        if with_stock and product.cartona_is_unlimited_stock:
            values.pop("available_stock_quantity", None)
            overrides["is_unlimited_stock"] = True
        if not (product.active and product.sale_ok):
            if "available_stock_quantity" in values:
                values["available_stock_quantity"] = 0
            overrides.update(self._unavailable())
        return overrides

    def _unavailable(self):
        """Return what is sent of a product that cannot be sold: dict field -> value."""
        unpublish = self.config_id.unavailable_as == "unpublished"
        return {"is_published" if unpublish else "in_stock": False}

    def _product_problem(self):
        """Return the error code for which the product cannot be sold although it was not archived
        by a person, None without one."""
        product = self.product_id
        if not may_use(self.company_id, product.company_id):
            return "other_company"
        return "variant_replaced" if product._cartona_is_replaced() else None

    def _price_hold_reason(self, price):
        """Return the error code for which this price waits for a person, None to send it."""
        self.ensure_one()
        config = self.config_id
        if self.is_price_confirmed and price == self.confirmed_price:
            return None
        if price <= 0:
            return "price_not_positive"
        if config.price_not_below_cost:
            product = self.product_id
            cost = product.uom_id._compute_price(product.standard_price, self.uom_id)
            cost = config._in_its_currency(cost, product.cost_currency_id)
            if price < config._price_for_retailer(product, cost, {}):
                return "price_below_cost"
        before = self.sent_price or self.shown_price
        if config.price_band and before:
            if abs(price - before) / before * 100 > config.price_band:
                return "price_jump"
        return None

    def _intended_prices(self, config):
        """Return the retailer's price of one `uom_id` in the configuration's currency.

        :return: dict listing id -> float
        """
        prices, factors = {}, {}
        for uom in self.uom_id:
            listings = self.filtered(lambda line, uom=uom: line.uom_id == uom)
            listed = config._retail_prices(listings.product_id, uom, factors)
            prices.update({listing.id: listed[listing.product_id.id] for listing in listings})
        return prices

    def _intended_stocks(self, config):
        """Return the whole `uom_id`s that may be sold, never negative; nothing for products that
        Odoo does not count.

        :return: dict listing id -> int
        """
        free = config._free_quantities(self.product_id)
        stocks = {}
        for listing in self:
            product = listing.product_id
            if product.id not in free:
                continue
            quantity = product.uom_id._compute_quantity(
                free[product.id], listing.uom_id, round=False
            )
            stocks[listing.id] = max(0, math.floor(quantity + _EPSILON))
        return stocks


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # === BUSINESS METHODS === #

    def _free_quantities(self, products):
        """Return what may be promised to retailers, in each product's own unit.

        min(free, on hand - open outgoing demand): the second is the smaller one when a confirmed
        order could not reserve. Both leave out expired goods: the forecast does, the quantity on
        hand does not. Minus the quantities of Cartona orders without a delivery, minus the buffer.
        Of a kit, as many as its scarcest part allows.

        :return: dict product id -> float; without products that Odoo does not count
        """
        shares = self.env["cartona.kit"]._shares(products, self.company_id)
        parts = products.browse({part.id for share in shares.values() for part in share})
        if not parts:
            return {}
        if not self._warehouses():
            # Odoo would read an empty list of locations as all of them.
            return {product.id: 0.0 for product, share in shares.items() if share}
        reserved = self._reserved_quantities(parts)
        here = parts.with_context(location=self._warehouses().lot_stock_id.ids)
        free = {
            part.id: min(part.free_qty, part.virtual_available - part.incoming_qty)
            - reserved[part.id]
            for part in here
        }
        return {
            product.id: min(free[part.id] / needed for part, needed in share.items())
            - self.stock_buffer
            for product, share in shares.items()
            if share
        }

    def _reserved_quantities(self, parts):
        """Return the quantities of unconfirmed Cartona quotations and of waiting messages.

        :return: defaultdict product id -> float, in the product's own unit
        """
        kit = self.env["cartona.kit"]
        products = parts.browse(kit._with_kits(parts.ids))
        shares = kit._shares(products, self.company_id)
        reserved = defaultdict(float)
        for product, amount in self._reserved_amounts(products):
            for part, needed in shares[product].items():
                reserved[part.id] += amount * needed
        return reserved

    def _reserved_amounts(self, products):
        """Yield pairs of product and quantity, in the product's own unit."""
        for line in self._quotation_lines(products):
            product, unit = line.product_id, line._cartona_uom()
            yield (
                product,
                unit._compute_quantity(line.product_uom_qty, product.uom_id, round=False),
            )
        waiting = self._waiting_amounts()
        if waiting:
            listings = self.env["cartona.listing"].search(
                [
                    ("config_id", "=", self.id),
                    ("product_id", "in", products.ids),
                    ("cartona_id", "in", list(waiting)),
                ]
            )
            for listing in listings:
                product, amount = listing.product_id, waiting[listing.cartona_id]
                if listing._waits_for_pack():
                    amount *= listing.unit_count  # the answer that takes more
                yield (
                    product,
                    listing.uom_id._compute_quantity(amount, product.uom_id, round=False),
                )

    def _quotation_lines(self, products):
        return self.env["sale.order.line"].search(
            [
                ("order_id.cartona_id", "!=", False),
                ("order_id.company_id", "=", self.company_id.id),
                ("order_id.state", "in", ("draft", "sent")),
                ("product_id", "in", products.ids),
            ]
        )

    def _waiting_amounts(self):
        """Return the amounts in messages whose order was not created yet.

        :return: dict Cartona product id -> float
        """
        flush(self.env["cartona.message"])
        self.env.cr.execute(
            """
            SELECT message.reserved
              FROM cartona_message message
             WHERE message.config_id = %s AND message.state IN ('new', 'error')
               AND message.reserved IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM sale_order
                                WHERE cartona_id = message.hashed_id AND company_id = %s)
            """,
            (self.id, self.company_id.id),
        )
        amounts = defaultdict(float)
        for (reserved,) in self.env.cr.fetchall():
            for cartona_id, amount in json.loads(reserved).items():
                amounts[cartona_id] += amount
        return amounts
