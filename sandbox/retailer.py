"""The other side: retailers and the marketplace's own staff.

What a supplier cannot do through the API: place, change and cancel orders as a shop, and move
them as Cartona.
"""

import csv
from dataclasses import replace
from functools import cache
from math import floor

from . import lifecycle, orders
from .catalogue import DATA, WEIGHED, Listing
from .errors import Refused
from .feed import now_ms
from .marketplace import Account, Marketplace
from .orders import Line, Order, money

NOTES = (
    None,
    "التسليم قبل الساعة 12 ظهراً من فضلك",
    "برجاء الاتصال قبل الوصول",
    "الفاتورة باسم المحل",
    "لو الصنف ناقص بلاش بديل",
)
ROUTES = (None, "CAI-03", "CAI-11", "GIZ-07", "ALX-02")
MONEY_FIELDS = ("cartona_credit", "installment_cost", "wallet_top_up", "applied_supplier_rebate")
TRIES = 400  # listings to try before giving up on finding one in stock


@cache
def retailers() -> tuple[dict, ...]:
    """Return the shops of `data/retailers.csv` as orders show them; empty cells are null."""
    with (DATA / "retailers.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            {key: value or None for key, value in row.items()} for row in csv.DictReader(lines)
        )


class RetailerSide:
    """Places and changes orders in a marketplace."""

    def __init__(self, market: Marketplace):
        self.market = market

    # === PLACING === #

    def place(
        self,
        lines: list[dict] | int | None = None,
        offers: bool = False,
        status: str = "pending",
        delivered_by: str = "delivered_by_supplier",
        supplier_code: str | None = None,
        retailer: str | dict | None = None,
        otp: str | None = None,
        among: list | None = None,
        fields: dict | None = None,
        absent: list[str] = (),
        null: list[str] = (),
        empty: list[str] = (),
        raw: dict | None = None,
        **amounts,
    ) -> Order:
        """Place an order.

        :param lines: the lines, or a number of random ones (default 1 to 5).
        :param offers: True to split the first line: some units at an offer price with both
            discounts, the rest at the normal one.
        :param retailer: a code of `data/retailers.csv`, or fields that override a random shop's.
        :param otp: the retailer's code; made up when the order needs one.
        :param among: the only listings for random lines (supplier_product_id).
        :param fields: optional fields of the order, such as note_message.
        :param absent: names of optional fields to leave out; `null`, `empty` likewise.
        :param raw: overrides fields of the order that the API shows, unchecked.
        :param amounts: cartona_credit, installment_cost, wallet_top_up, applied_supplier_rebate.
        """
        unknown = set(amounts) - set(MONEY_FIELDS)
        if unknown:
            raise Refused(f"not a value of an order: {', '.join(sorted(unknown))}")
        if status not in lifecycle.STATUSES:
            raise Refused(f"unknown status {status}")
        account = self._account(supplier_code)
        shop = self._retailer(retailer)
        order_lines = self._lines(account, lines, among)
        if offers:
            order_lines = self._with_offer(order_lines)
        self.market.order_number += 1
        number = self.market.order_number
        order = Order(
            number=number,
            hashed_id=orders.hashed_id(self.market.seed, number),
            supplier_code=account.supplier_code,
            retailer=shop,
            lines=order_lines,
            status=status,
            delivered_by=delivered_by,
            otp=str(otp) if otp else f"{self.market.rng.randint(0, 9999):04d}",
            optional=self._optional(delivered_by, fields or {}),
            shape=dict.fromkeys(absent, "absent")
            | dict.fromkeys(null, "null")
            | dict.fromkeys(empty, "empty"),
            raw=raw or {},
            **{name: money(amounts.get(name) or 0) for name in MONEY_FIELDS},
        )
        self.market.add_order(order)
        return order

    def _account(self, supplier_code) -> Account:
        code = supplier_code or next(iter(self.market.accounts))
        if str(code) not in self.market.accounts:
            raise Refused(f"no account {code}")
        return self.market.accounts[str(code)]

    def _retailer(self, wanted) -> dict:
        shop = dict(self.market.rng.choice(retailers()))
        if isinstance(wanted, dict):
            return {**shop, **wanted}
        if wanted:
            found = next((row for row in retailers() if row["retailer_code"] == wanted), None)
            if found is None:
                raise Refused(f"no retailer {wanted}")
            return dict(found)
        return shop

    def _optional(self, delivered_by: str, fields: dict) -> dict:
        unknown = set(fields) - orders.OPTIONAL
        if unknown:
            raise Refused(f"not an optional field: {', '.join(sorted(unknown))}; use raw")
        rng, now = self.market.rng, now_ms()
        values = {
            "note_message": rng.choice(NOTES),
            "distribution_route_code": rng.choice(ROUTES),
            "retailer_preferred_delivery_date": orders.day(now, rng.randint(1, 3)),
        }
        if delivered_by == "delivered_by_cartona":
            values["pickup_date"] = orders.day(now, 1)
            values["pickup_otp"] = f"{rng.randint(0, 9999):04d}"
        return {**values, **fields}

    # === LINES === #

    def _lines(self, account: Account, wanted, among=None) -> list[Line]:
        if isinstance(wanted, list):
            return [self._given_line(account, row) for row in wanted]
        count = self.market.rng.randint(1, 5) if wanted is None else wanted
        return [self._random_line(row) for row in self._pick(account, count, among)]

    def _given_line(self, account: Account, row: dict) -> Line:
        row = dict(row)
        identity = {
            key: row.pop(key)
            for key in ("supplier_product_id", "internal_product_id", "base_product_id")
            + ("unit", "unit_count")
            if key in row
        }
        listing = account.catalogue.find(identity)
        if listing is None:
            raise Refused(f"no listing {identity}", 404)
        discounts = {
            name: money(row.pop(name, None) or 0)
            for name in ("applied_supplier_discount", "applied_cartona_discount")
        }
        price = row.pop("selling_price", None)
        final = money(listing.selling_price) - sum(discounts.values())
        line = Line(
            id=self.market.new_line_id(),
            listing=listing,
            amount=money(row.pop("amount", 1)),
            selling_price=final if price is None else money(price),
            comment=row.pop("comment", None),
            raw=row.pop("raw", {}),
            **discounts,
        )
        if row:
            raise Refused(f"not a field of a line: {', '.join(sorted(row))}; use raw")
        return line

    def _pick(self, account: Account, count: int, among) -> list[Listing]:
        """Choose listings in stock: of `among`, else of those the supplier has sent data for.

        A shop orders what the supplier maintains; from an untouched catalogue it orders anything.
        """
        catalogue, rng = account.catalogue, self.market.rng
        if among:
            pool = [catalogue.by_id[str(key)] for key in among if str(key) in catalogue.by_id]
        else:
            pool = list(catalogue.touched.values()) or list(catalogue.by_id.values())
        if not pool:
            raise Refused("no listing to choose from")
        picked: dict[int, Listing] = {}
        for _ in range(TRIES):
            if len(picked) >= count:
                break
            listing = rng.choice(pool)
            if listing.orderable:
                picked[listing.supplier_product_id] = listing
        if not picked:
            raise Refused("nothing is published and in stock")
        return list(picked.values())

    def _random_line(self, listing: Listing) -> Line:
        least = listing.min_order or 1
        most = min(least + 9, listing.max_order or least + 9)
        if not listing.is_unlimited_stock:
            most = min(most, max(listing.available_stock_quantity, 1))
        amount = self.market.rng.randint(min(least, most), most)
        if listing.unit in WEIGHED:
            amount = max(amount - 0.5, 0.5)
        price = money(listing.selling_price)
        return Line(self.market.new_line_id(), listing, money(amount), price)

    def _with_offer(self, lines: list[Line]) -> list[Line]:
        """Split the first line: up to two units at an offer price, the rest at the normal one."""
        first = lines[0]
        offered = min(money(2), money(floor(first.amount)) or first.amount)
        supplier = (first.selling_price * money(0.10)).quantize(orders.CENT)
        cartona = (first.selling_price * money(0.05)).quantize(orders.CENT)
        offer = Line(
            id=self.market.new_line_id(),
            listing=first.listing,
            amount=offered,
            selling_price=first.selling_price - supplier - cartona,
            applied_supplier_discount=supplier,
            applied_cartona_discount=cartona,
            comment="عرض",
        )
        # A single unit on offer still leaves one at the normal price: the aim is two lines.
        first.amount = max(first.amount - offered, money(1))
        return [offer, *lines]

    # === CHANGING === #

    def edit(self, order: Order, lines=None, hold: bool = False, force: bool = False) -> Order:
        """Edit as the retailer: `editing`, then `pending` with other lines.

        :param lines: the new lines, or a number of random ones; none: new amounts are drawn.
        :param hold: True to stay in `editing`; a later edit without it finishes.
        """
        if order.status not in ("pending", "editing") and not force:
            raise Refused(f"a retailer cannot edit an order that is {order.status}", 409)
        if order.status != "editing":
            self.market.set_status(order, "editing", "retailer")
        if not hold:
            self.market.replace_lines(order, self._new_lines(order, lines))
            self.market.set_status(order, "pending", "retailer")
        return order

    def _new_lines(self, order: Order, lines) -> list[Line]:
        if lines is not None:
            account = self.market.accounts[order.supplier_code]
            return self._kept_ids(order, self._lines(account, lines))
        changed = []
        for line in order.lines:
            amount = line.amount + self.market.rng.choice((-1, 1, 2))
            changed.append(replace(line, amount=amount if amount > 0 else line.amount + 1))
        return changed

    def _kept_ids(self, order: Order, lines: list[Line]) -> list[Line]:
        """Keep the id of a line with the same product; each old line is used once."""
        left = list(order.lines)
        for line in lines:
            same = next((old for old in left if old.listing is line.listing), None)
            if same:
                left.remove(same)
                line.id = same.id
        return lines

    def cancel(self, order: Order, reason: str | None = None, force: bool = False) -> Order:
        """Cancel as the retailer, from pending or approved (`force`: from any status)."""
        if order.status not in lifecycle.RETAILER_MAY_CANCEL and not force:
            raise Refused(f"a retailer cannot cancel an order that is {order.status}", 409)
        if reason:
            order.optional["cancellation_reason"] = reason
        self.market.set_status(order, "cancelled_by_retailer", "retailer")
        return order

    def advance(self, order: Order, status: str | None = None) -> Order:
        """Move an order of Cartona's own delivery one step; with `status`, any order to it."""
        if status is None:
            if order.delivered_by != "delivered_by_cartona":
                raise Refused("delivered by the supplier: name the status", 409)
            status = lifecycle.CARTONA_NEXT.get(order.status)
            if status is None:
                raise Refused(f"nothing follows {order.status}", 409)
        if status not in lifecycle.STATUSES:
            raise Refused(f"unknown status {status}")
        self.market.set_status(order, status, "cartona")
        return order

    def admin_edit(self, order: Order, lines=None, fields=None, raw=None, **amounts) -> Order:
        """Edit as the marketplace's staff, in any status: sets `edited_by_admin`."""
        unknown = set(amounts) - set(MONEY_FIELDS)
        if unknown:
            raise Refused(f"not a field of an order: {', '.join(sorted(unknown))}")
        if lines is not None:
            self.market.replace_lines(order, self._new_lines(order, lines))
        for name, value in amounts.items():
            setattr(order, name, money(value))
        order.optional.update(fields or {})
        order.optional["edited_by_admin"] = True
        order.raw.update(raw or {})
        self.market.changed(order, "cartona", "edited by admin", True)
        return order

    def touch(self, order: Order) -> Order:
        """Make the order appear in the pull again, unchanged."""
        self.market.changed(order, "cartona", "comes again", True)
        return order
