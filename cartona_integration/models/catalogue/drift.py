"""`cartona.drift`: differences between Odoo and Cartona, since when, and why.

Listings are compared whenever a page of the catalogue is read (`reader`), and before going live. A
difference is one row from the day it is found until a later comparison no longer finds it.

Cartona's list of orders contains those that were not acknowledged yet. So two differences of orders
can be found: an open order with a final status on Cartona, and an order that waits here
unacknowledged and is offered no more. A change of an acknowledged order that Cartona does not send
cannot be found.
"""

import json
from datetime import timedelta

from odoo import _, api, fields, models

from ...cartona_api import status as life_cycle
from ...compat import invalidate
from ..core import actions
from ..core.formatting import quantity
from ..core.guarded_fields import GuardedFields
from ..core.reasons import PACK_HOLD_REASONS
from .payload import USUAL

_KEEP_DAYS = 90
_PURGE_SLICE = 10_000
_COMPARE_SLICE = 1000
_CENT = 0.005
# Cartona's field -> the kind of difference
_KINDS = {
    "selling_price": "price",
    "available_stock_quantity": "stock",
    "in_stock": "published",
    "is_published": "published",
    "is_unlimited_stock": "stock",
}
# Differences with these reasons end when Odoo's values are sent.
_CORRECTABLE = ("edited", "not_sent")
# The same, but only when a user requests it: a user has hidden the product.
_CORRECTABLE_BY_USER = (*_CORRECTABLE, "hidden")
# Hold reasons of a price, whatever price Cartona had before.
_ALWAYS_ON_HOLD = ("price_not_positive", "price_below_cost")
_OPEN_TRANSFERS = ("draft", "waiting", "confirmed", "assigned")


class CartonaDrift(GuardedFields, models.Model):
    _name = "cartona.drift"
    _description = "Cartona Difference"
    _order = "id desc"
    _rec_name = "listing_id"

    listing_id = fields.Many2one("cartona.listing", ondelete="cascade", index=True)
    config_id = fields.Many2one(
        "cartona.config",
        compute="_compute_config_id",
        store=True,
        readonly=False,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    product_id = fields.Many2one(related="listing_id.product_id", store=True)
    kind = fields.Selection(
        [
            ("price", "Price"),
            ("stock", "Stock"),
            ("published", "Shown to retailers"),
            ("unit", "Pack"),
            ("link", "Link"),
            ("order", "Order"),
        ],
        required=True,
    )
    # Cartona's names of the fields that differ.
    field_names = fields.Char(readonly=True)
    odoo_value = fields.Char("Odoo", help="The value that Cartona should show.")
    cartona_value = fields.Char("Cartona", help="The value that Cartona shows.")
    change = fields.Float("Change (%)", help="Change of the price on Cartona if Odoo's is sent.")
    reason = fields.Selection(
        [
            ("not_live", "Not switched on"),
            ("not_sent", "Not sent yet"),
            ("edited", "Changed on Cartona"),
            ("refused", "Refused by Cartona"),
            ("unconfirmed", "Waits for a person"),
            ("hidden", "Hidden before it was linked"),
            ("never_linked", "Not linked"),
            ("gone", "No longer on Cartona"),
            ("final_there", "Finished on Cartona"),
            ("not_offered", "No longer offered by Cartona"),
        ],
        required=True,
    )
    since = fields.Datetime("Found", required=True, default=fields.Datetime.now)
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")], required=True, default="open", index=True
    )
    closed_at = fields.Datetime()
    order_id = fields.Many2one("sale.order", ondelete="cascade", index=True)
    message_id = fields.Many2one("cartona.message", "Waiting Order", ondelete="cascade", index=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS cartona_drift_open"
            " ON cartona_drift (listing_id, kind) WHERE state = 'open'"
        )

    # === COMPUTE METHODS === #

    @api.depends("listing_id")
    def _compute_config_id(self):
        for row in self:
            row.config_id = row.listing_id.config_id or row.config_id

    # === ACTION METHODS === #

    def action_heal(self):
        """Send Odoo's values for the selected differences."""
        differing = self.filtered(
            lambda row: row.state == "open" and row.reason in _CORRECTABLE_BY_USER
        )
        # In sudo mode: every user who may read a difference may correct it.
        differing.sudo()._correct()
        return self.env["cartona.config"]._notification(
            _("%s differences are being corrected on Cartona.", len(differing)), "info"
        )

    def action_open_order(self):
        """Open the order, or the message that was not imported yet."""
        self.ensure_one()
        return actions.form(self.order_id or self.message_id)

    # === BUSINESS METHODS: LISTINGS === #

    @api.model
    def _compare(self, config, listings, requested_at):
        """Update the differences of the listings of a page that was just read.

        :param datetime requested_at: when the page was requested, UTC; listings that were sent
            since then are left out
        """
        comparable = listings.filtered(
            lambda listing: not (listing.synced_at and listing.synced_at >= requested_at)
        )
        rows = self._update_rows(config, comparable)
        if config.heal_drift:
            rows.filtered(lambda row: row.reason in _CORRECTABLE)._correct()

    @api.model
    def _compare_known(self, config):
        """Update the differences with the values that Cartona showed last, without a call: what
        was linked, or changed in Odoo, since then."""
        Listing = self.env["cartona.listing"]
        shown = [("config_id", "=", config.id), ("shown_at", "!=", False), ("is_gone", "=", False)]
        listing_ids = Listing.search(shown).ids
        for start in range(0, len(listing_ids), _COMPARE_SLICE):
            listings = Listing.browse(listing_ids[start : start + _COMPARE_SLICE])
            comparable = listings.filtered(
                lambda listing: not (listing.synced_at and listing.synced_at >= listing.shown_at)
            )
            self._update_rows(config, comparable)
            invalidate(listings, None)
        self._compare_missing(config)

    @api.model
    def _update_rows(self, config, listings):
        """Compare listings with what Cartona shows, and store the differences.

        :return: the open rows of these listings
        """
        linked = listings.filtered("product_id")
        found = {}
        for intent in linked._intents(config, everything=True):
            found.update(self._differences(config, intent))
        for listing in (listings - linked).filtered(lambda listing: not listing.never_match):
            found[listing.id, "link"] = {"reason": "never_linked", "odoo_value": False}
        return self._store_rows(listings, found)

    @api.model
    def _compare_missing(self, config):
        """Update the differences of linked listings that are on no page, and of orders."""
        gone = self.env["cartona.listing"].search(
            [("config_id", "=", config.id), ("is_gone", "=", True)]
        )
        found = {
            (listing.id, "link"): {"reason": "gone", "odoo_value": listing.product_id.display_name}
            for listing in gone.filtered("product_id")
        }
        self._store_rows(gone, found)
        self._compare_orders(config)

    def _differences(self, config, intent):
        """Return the fields of which Cartona shows another value than intended.

        :return: dict (listing id, kind) -> values of the row
        """
        listing, shown = intent.listing, intent.listing._shown()
        if intent.hold_reason in PACK_HOLD_REASONS:
            is_changed = intent.hold_reason == "pack_changed"
            return {
                (listing.id, "unit"): {
                    "reason": "unconfirmed",
                    "odoo_value": quantity(listing.unit_count if is_changed else 1),
                    "cartona_value": quantity(
                        listing.shown_unit_count if is_changed else listing.unit_count
                    ),
                }
            }
        found = {}
        for field, value in self._intended_values(intent, shown).items():
            if field not in shown or not _differs(value, shown[field]):
                continue
            row = found.get((listing.id, _KINDS[field]))
            if row:
                row["field_names"] += " " + field
                continue
            found[listing.id, _KINDS[field]] = {
                "field_names": field,
                "reason": self._reason(config, intent, field, value),
                "odoo_value": self._describe(field, value, intent.values),
                "cartona_value": self._describe(field, shown[field], shown),
                "change": _change(shown[field], value) if field == "selling_price" else 0.0,
            }
        return found

    def _intended_values(self, intent, shown):
        """Return all that Cartona should show, with usual values and prices on hold.

        :param dict shown: the values that Cartona shows
        :return: dict field -> value
        """
        intended, product = dict(intent.values), intent.listing.product_id
        if intent.hold_reason and intent.price is not None:
            intended["selling_price"] = intent.price
        usual = set()
        if product.active and product.sale_ok:
            usual.add("is_published")
            if intended.get("available_stock_quantity") or intended.get("is_unlimited_stock"):
                usual.add("in_stock")
        if "available_stock_quantity" in intended:
            usual.add("is_unlimited_stock")
        for field in sorted(usual, reverse=True):
            intended.setdefault(field, USUAL[field])
        if shown.get("is_unlimited_stock"):
            # Cartona shows no quantity then, whatever it stores.
            intended.pop("available_stock_quantity", None)
        return intended

    def _describe(self, field, value, values):
        """Return a value as text.

        :param dict values: all values of that side, for the quantity of what is not unlimited
        """
        if field == "is_unlimited_stock":
            if value:
                return _("Unlimited")
            return quantity(values.get("available_stock_quantity", 0))
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return quantity(value)

    def _reason(self, config, intent, field, value):
        listing, kind = intent.listing, _KINDS[field]
        seen_usual = (listing.seen_usual or "").split()
        if field == "is_published" and field not in {*intent.values, *seen_usual}:
            return "hidden"
        prices, stock = config.auto_sync_products, config.auto_sync_stock
        is_live = {"price": prices, "stock": stock, "published": prices or stock}[kind]
        is_on_hold = intent.hold_reason and field == "selling_price"
        if is_on_hold and (is_live or intent.hold_reason in _ALWAYS_ON_HOLD):
            return "unconfirmed"
        if not is_live:
            return "not_live"
        if listing.error_code == "refused":
            return "refused"
        before = {name: USUAL[name] for name in seen_usual}
        before.update(listing._confirmed_values() if listing.sent_values else {})
        return "edited" if field in before and not _differs(before[field], value) else "not_sent"

    def _store_rows(self, listings, found):
        """Store new and changed differences, and close the rows of those that have ended.

        :return: the open rows of these listings
        """
        rows = self.search([("listing_id", "in", listings.ids), ("state", "=", "open")])
        known = {(row.listing_id.id, row.kind): row for row in rows}
        gone = rows.filtered(lambda row: (row.listing_id.id, row.kind) not in found)
        gone.write({"state": "closed", "closed_at": fields.Datetime.now()})
        fresh = []
        for key, values in found.items():
            row = known.get(key)
            if not row:
                fresh.append(dict(values, listing_id=key[0], kind=key[1]))
            elif any(row[name] != value for name, value in values.items()):
                row.write(values)
        return (rows - gone) | self.create(fresh)

    def _correct(self):
        """Send Odoo's values, whatever Cartona is known to have."""
        self._send_usual()
        self.listing_id._send_again()

    def _prepare_to_live(self):
        """Prepare the listings so that switching sending on corrects these, and sends only that."""
        self._send_usual()
        # What was sent once is not confirmed where Cartona has shown another value since.
        listings = self.listing_id.filtered(
            lambda listing: listing.sent_values and listing._confirmed_values()
        )
        listings.write({"sent_values": False})

    def _send_usual(self):
        """Send usual values with the next sending, which are else only sent to reset unusual
        ones."""
        for row in self:
            names = USUAL.keys() & set((row.field_names or "").split())
            if names:
                names = names | row.listing_id._overridden()
                row.listing_id.overridden = " ".join(sorted(names))

    # === BUSINESS METHODS: ORDERS === #

    @api.model
    def _compare_orders(self, config):
        """Update the differences of orders."""
        found = {}
        for order in self._orders_final_on_cartona(config):
            found[order.id, False] = {
                "reason": "final_there",
                "odoo_value": dict(order._fields["state"]._description_selection(order.env))[
                    order.state
                ],
                "cartona_value": order.cartona_status_label,
            }
        for message in self._messages_not_offered(config):
            found[False, message.id] = {"reason": "not_offered", "odoo_value": False}
        rows = self.search(
            [("config_id", "=", config.id), ("kind", "=", "order"), ("state", "=", "open")]
        )
        known = {(row.order_id.id, row.message_id.id): row for row in rows}
        gone = rows.filtered(lambda row: (row.order_id.id, row.message_id.id) not in found)
        gone.write({"state": "closed", "closed_at": fields.Datetime.now()})
        self.create(
            [
                dict(
                    values,
                    config_id=config.id,
                    kind="order",
                    order_id=order_id,
                    message_id=message_id,
                )
                for (order_id, message_id), values in found.items()
                if (order_id, message_id) not in known
            ]
        )

    @api.model
    def _orders_final_on_cartona(self, config):
        """Return the orders that are open in Odoo and have a final status on Cartona."""
        return self.env["sale.order"].search(
            [
                ("company_id", "=", config.company_id.id),
                ("cartona_id", "!=", False),
                ("cartona_status", "in", sorted(life_cycle.FINAL)),
                ("state", "!=", "cancel"),
                "|",
                ("state", "in", ("draft", "sent")),
                ("picking_ids.state", "in", _OPEN_TRANSFERS),
            ]
        )

    @api.model
    def _messages_not_offered(self, config):
        """Return the unacknowledged orders that Cartona's list no longer contains."""
        offered = {False, *json.loads(config.offered_orders or "[]")}
        return config._waiting_orders().filtered(
            lambda message: (
                message.acknowledge == "no"
                and message.hashed_id not in offered
                # What arrived after the list was read cannot have been on it.
                and config.offered_at
                and message.create_date < config.offered_at
            )
        )

    @api.autovacuum
    def _purge(self):
        """Delete rows that were closed long ago, a slice at a time."""
        limit = fields.Datetime.now() - timedelta(days=_KEEP_DAYS)
        self.search(
            [("state", "=", "closed"), ("closed_at", "<", limit)],
            order="id",
            limit=_PURGE_SLICE,
        ).unlink()


def _differs(value, other):
    """Return True if two values of a field differ; prices may differ by a rounding."""
    if isinstance(value, bool) or isinstance(other, bool):
        return bool(value) != bool(other)
    return abs(value - other) > _CENT


def _change(before, after):
    return (after - before) / before * 100 if before else 0.0
