"""The state of the marketplace and the supplier's operations on it.

Everything runs on the server's event loop, and no method awaits in the middle: each one is
atomic, so there is no lock.
"""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from . import lifecycle, orders
from .behaviour import Behaviour
from .catalogue import Catalogue, Listing, is_count
from .errors import Refused
from .feed import Feed, now_ms
from .orders import Line, Order

DEFAULT_TOKEN = "sandbox-token"
DEFAULT_CODE = "1"


@dataclass
class Account:
    """One supplier account. Orders carry its `supplier_code`."""

    supplier_code: str
    name: str
    internal_supplier_code: str
    catalogue: Catalogue


class Marketplace:
    """Accounts, tokens, listings and orders.

    :param token: the token that opens the first account.
    :param seed: repeats the catalogue's figures and the orders' ids.
    :param listings: number of listings of an account, unless it has its own.
    """

    def __init__(self, token: str = DEFAULT_TOKEN, seed: int = 1, listings: int = 300):
        self.feed = Feed()
        self.on_order_changed: list[Callable[[Order, str], None]] = []
        self.public_url = ""
        self._first_token = token
        self.seed, self.listing_count, self._listings_at_start = seed, listings, listings
        self.order_number = 0
        self._start()

    def _start(self) -> None:
        self.behaviour = Behaviour()
        self.rng = random.Random(f"retailers {self.seed}")
        self.line_id = self.order_number * 1000
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, Order] = {}
        self.waiting: dict[str, Order] = {}
        self.tokens: dict[str, list[str]] = {}
        self.add_account(DEFAULT_CODE, "شركة النيل للتوزيع", listings=self.listing_count)
        self.tokens[self._first_token] = [DEFAULT_CODE]

    def reset(self, seed: int | None = None, listings: int | None = None) -> None:
        """Forget accounts, tokens, listings, orders and switches, and start again.

        Order numbers continue, so that a supplier never receives the same hashed_id twice; they
        restart only when a seed is given. A number of listings is valid until the next reset.
        """
        if seed is not None:
            self.seed, self.order_number = seed, 0
        self.listing_count = self._listings_at_start if listings is None else listings
        self._start()
        self.feed.history.clear()
        self.feed.publish("reset")

    # === ACCOUNTS AND TOKENS === #

    def add_account(
        self,
        supplier_code: str,
        name: str = "",
        internal_supplier_code: str = "",
        listings: int | None = None,
        price_factor: float = 1,
    ) -> Account:
        """Add an account.

        :raise Refused: when the code is taken.
        """
        if supplier_code in self.accounts:
            raise Refused(f"supplier_code {supplier_code} is taken", 409)
        count = self.listing_count if listings is None else listings
        catalogue = Catalogue(supplier_code, len(self.accounts), count, self.seed, price_factor)
        internal = internal_supplier_code or f"S{supplier_code}"
        account = Account(supplier_code, name or supplier_code, internal, catalogue)
        self.accounts[supplier_code] = account
        return account

    def set_token(self, token: str, supplier_codes: list[str]) -> None:
        """Let a token open these accounts.

        :raise Refused: for a code that no account has.
        """
        for code in supplier_codes:
            if code not in self.accounts:
                raise Refused(f"no account {code}")
        self.tokens[token] = list(supplier_codes)

    def accounts_of(self, token: str | None, code: str | None = None) -> list[Account]:
        """Return the accounts that a token opens, or the one of them that has the code.

        :param code: supplier_code or internal_supplier_code.
        :raise Refused: 401 for an unknown token, 422 for a code that it does not open.
        """
        if token is None or token not in self.tokens:
            raise Refused("AuthorizationToken is missing or wrong", 401)
        opened = [self.accounts[known] for known in self.tokens[token]]
        if code in (None, ""):
            return opened
        found = [row for row in opened if code in (row.supplier_code, row.internal_supplier_code)]
        if not found:
            raise Refused(f"no account {code} under this token")
        return found

    def account_for(self, accounts: list[Account], item: dict) -> list[Account]:
        """Narrow a token's accounts to the one that a bulk item names."""
        code = item.get("supplier_code") or item.get("internal_supplier_code")
        if not code:
            return accounts
        found = [r for r in accounts if str(code) in (r.supplier_code, r.internal_supplier_code)]
        if not found:
            raise Refused(f"no account {code} under this token")
        return found

    # === PRODUCTS === #

    def listings(self, accounts: Iterable[Account], **filters: str):
        for account in accounts:
            yield from account.catalogue.search(**filters)

    def update_listing(self, accounts: list[Account], item: dict) -> Listing:
        """Process one item of `supplier-product/bulk-update`.

        :raise Refused: for an unknown product or an invalid value.
        """
        for account in self.account_for(accounts, item):
            listing = account.catalogue.find(item)
            if listing:
                values = account.catalogue.prepare(listing, item, self.behaviour)
                if not values:
                    raise Refused("nothing to set")
                self.write_listing(listing, values)
                return listing
        raise Refused("no such product in this account's catalogue")

    def update_base_stock(self, accounts: list[Account], item: dict) -> list[Listing]:
        """Process one item of `supplier-product/base-product/bulk-update-stock`.

        The quantity is in base units; every listing of the product gets its whole packs of it.
        """
        unknown = set(item) - {"base_product_id", "available_stock_quantity"}
        unknown -= {"supplier_code", "internal_supplier_code"}
        if unknown and self.behaviour.unknown_fields == "refused":
            raise Refused(f"{', '.join(sorted(unknown))}: not a field of a base stock")
        quantity = item.get("available_stock_quantity")
        if not is_count(quantity):
            raise Refused(
                f"available_stock_quantity takes a whole number, never negative, not {quantity!r}"
            )
        base = str(item.get("base_product_id"))
        for account in self.account_for(accounts, item):
            found = account.catalogue.by_base.get(base)
            if found:
                for listing in found:
                    packs = quantity // listing.unit_count
                    self.write_listing(listing, {"available_stock_quantity": packs})
                return found
        raise Refused("no such base product in this account's catalogue")

    def write_listing(self, listing: Listing, values: dict, by_supplier: bool = True) -> None:
        """Write checked values and publish the changes."""
        catalogue = self.accounts[listing.supplier_code].catalogue
        for name, old, new in catalogue.apply(listing, values, by_supplier):
            kind = {"selling_price": "price", "available_stock_quantity": "stock"}.get(name)
            self.feed.publish(
                kind or "listing",
                keep=kind is not None,
                id=listing.supplier_product_id,
                name=listing.supplier_product_name,
                field=name,
                old=old,
                new=new,
                by="supplier" if by_supplier else "marketplace",
            )

    # === ORDERS: READING AND ACKNOWLEDGING === #

    def find_order(self, accounts: list[Account], hashed_id) -> Order:
        """Return an order.

        :raise Refused: 404 when no account of the token has it.
        """
        order = self.orders.get(str(hashed_id))
        if order is None or all(row.supplier_code != order.supplier_code for row in accounts):
            raise Refused(f"no order {hashed_id}", 404)
        return order

    def unacknowledged(
        self, accounts: list[Account], since: str | None = None, until: str | None = None
    ) -> list[Order]:
        """Return what `pull-orders` lists: new or changed, and not acknowledged since.

        :param since: `from`, ISO date or date and time; a date is its first moment.
        :param until: `to`; a date is its last moment.
        """
        start, end = self._moment(since, "from"), self._moment(until, "to", end_of_day=True)
        codes = {account.supplier_code for account in accounts}
        moment = "created_ms" if self.behaviour.from_to_on == "created" else "changed_ms"
        found = [
            order
            for order in self.waiting.values()
            if order.supplier_code in codes
            and (start is None or getattr(order, moment) >= start)
            and (end is None or getattr(order, moment) < end)
        ]
        moment = "created_ms" if self.behaviour.pull_sorted_by == "created" else "changed_ms"
        return sorted(found, key=lambda order: (getattr(order, moment), order.number))

    def _moment(self, text: str | None, name: str, end_of_day: bool = False) -> float | None:
        if not text:
            return None
        try:
            # An unescaped plus sign arrives as a space.
            moment = datetime.fromisoformat(re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", text))
        except ValueError as error:
            raise Refused(f"{name} takes an ISO date, not {text!r}") from error
        if end_of_day and len(text) == 10:
            moment += timedelta(days=1)
        if moment.tzinfo is None:
            zone = self.behaviour.from_to_zone
            moment = moment.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
        return moment.timestamp() * 1000

    def offer(self, order: Order, version: int) -> None:
        """Record that the supplier received this version of the order."""
        order.offered = max(order.offered, version)

    def acknowledge(self, order: Order) -> None:
        """Process `synced`: the supplier has what he received; a newer version is still listed."""
        newest = order.version if self.behaviour.synced_acknowledges == "current" else order.offered
        order.acknowledged = max(order.acknowledged, newest)
        order.syncs += 1
        if order.acknowledged >= order.version:
            self.waiting.pop(order.hashed_id, None)
        self._publish(order)

    # === ORDERS: CHANGING === #

    def update_status(self, accounts: list[Account], item: dict) -> Order:
        """Process one item of `order/update-order-status`, or the single call.

        :raise Refused: for an unknown order or an impossible step.
        """
        if item.get("status") not in lifecycle.SUPPLIER_SENDS:
            raise Refused(f"status is one of {', '.join(lifecycle.SUPPLIER_SENDS)}")
        order = self.find_order(self.account_for(accounts, item), item.get("hashed_id"))
        if item["status"] == lifecycle.SYNCED:
            self.acknowledge(order)
            return order
        lifecycle.check_status(order, item, self.behaviour)
        if item["status"] == order.status:
            return order
        if item["status"] == "delivered":
            lifecycle.check_otp(order, item.get("retailer_otp"), self.behaviour)
        for name in ("estimated_delivery_day", "delivery_day", "cancellation_reason"):
            if item.get(name):
                order.optional[name] = item[name]
        self.set_status(order, item["status"], "supplier")
        return order

    def set_status(self, order: Order, status: str, who: str) -> None:
        """Move an order for any actor; a cancellation gives stock back."""
        order.status = status
        order.status_changed_ms, order.status_changes = now_ms(), order.status_changes + 1
        if status in lifecycle.CANCELLED or status == "returned":
            self.move_stock(returned=order.lines)
        if status == "delivered":
            for line in order.lines:
                line.listing.sold_amount += orders.plain_number(line.amount)
        again = who != "supplier" or self.behaviour.own_status_comes_again
        self.changed(order, who, f"status {status}", again)

    def update_details(self, accounts: list[Account], item: dict) -> Order:
        """Process one item of `order/update-order-details`; an order changes whole or not at all.

        :raise Refused: for an unknown order, one that cannot be edited now, or an invalid line.
        """
        order = self.find_order(self.account_for(accounts, item), item.get("hashed_id"))
        if order.delivered_by == "delivered_by_cartona":
            raise Refused("delivered by Cartona: the supplier may only cancel")
        if order.status not in lifecycle.EDITABLE:
            raise Refused(f"an order that is {order.status} cannot be edited")
        catalogue = self.accounts[order.supplier_code].catalogue
        lines = orders.edited_lines(
            order, item.get("order_details"), catalogue, self.new_line_id, self.behaviour
        )
        self.replace_lines(order, lines)
        self.changed(order, "supplier", "lines", True)
        return order

    def replace_lines(self, order: Order, lines: list[Line]) -> None:
        """Replace the lines, and with them the total, stock and (by switch) credit."""
        before = order.total
        self.move_stock(returned=order.lines, taken=lines)
        order.lines = lines
        self._cap_credit(order, before)

    def _cap_credit(self, order: Order, before: Decimal) -> None:
        mode, total = self.behaviour.credit_after_edit, order.total
        if mode == "scaled" and before > total:
            for name in ("cartona_credit", "installment_cost"):
                share = getattr(order, name) * total / before
                setattr(order, name, share.quantize(orders.CENT))
        elif mode == "capped":
            order.cartona_credit = min(order.cartona_credit, total)
            order.installment_cost = min(order.installment_cost, total - order.cartona_credit)

    def move_stock(self, returned: Iterable[Line] = (), taken: Iterable[Line] = ()) -> None:
        """Take ordered amounts from the published stock and give others back, by switch."""
        if not self.behaviour.order_lowers_stock:
            return
        moves: dict[int, tuple[Listing, Decimal]] = {}
        for lines, sign in ((returned, 1), (taken, -1)):
            for line in lines:
                key = line.listing.supplier_product_id
                total = moves.get(key, (line.listing, Decimal(0)))[1] + sign * line.amount
                moves[key] = (line.listing, total)
        for listing, total in moves.values():
            left = max(listing.available_stock_quantity + int(total), 0)
            self.write_listing(listing, {"available_stock_quantity": left}, by_supplier=False)

    def add_order(self, order: Order, who: str = "retailer") -> None:
        self.orders[order.hashed_id] = order
        order.status_changed_ms = order.created_ms
        self.move_stock(taken=order.lines)
        self.changed(order, who, "placed", True)

    def changed(self, order: Order, who: str, what: str, again: bool) -> None:
        """Count a change, and list the order again unless `again` is false."""
        before = order.version
        order.version += 1
        order.changed_ms = now_ms()
        if not again:
            # The supplier has his own change already: offered and acknowledged stay up to date.
            order.offered += order.offered == before
            order.acknowledged += order.acknowledged == before
        if order.acknowledged < order.version:
            self.waiting[order.hashed_id] = order
        order.add_history(who, what)
        self._publish(order)
        for listener in self.on_order_changed:
            listener(order, who)

    def new_line_id(self) -> int:
        self.line_id += 1
        return 900_000 + self.line_id

    def _publish(self, order: Order) -> None:
        self.feed.publish(
            "order",
            keep=True,
            id=order.hashed_id,
            status=order.status,
            version=order.version,
            waiting=order.acknowledged < order.version,
        )
