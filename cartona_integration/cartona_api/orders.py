"""Parse raw orders into dataclasses, or raise a `Problem` that gives the error and its path.

An order is read whole or not at all. Fields that decide about goods or money must be readable;
a field that only informs (a date, a rebate) is left empty when it is not, and its path is added
to `Order.unreadable`.

Source: pull-orders in Cartona's supplier API notes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from . import money, status
from .errors import Problem
from .products import unit_count, unit_name
from .values import (
    OptionalFields,
    amount_of_money,
    day,
    flag,
    identifier,
    medium_text,
    moment,
    number,
    optional_amount,
    read_fields,
    short_text,
    text,
)

MAX_LINES = 5000
MAX_ADDRESS = 1000
# Characters at most. A name and a phone are indexed in Odoo, and a row of an index holds some 2,700
# bytes; a name is in it twice, with the name of the company.
_RETAILER_LIMITS = {
    "name": 200, "number": 60, "number2": 60, "address": MAX_ADDRESS, "email": 254,
}  # fmt: skip
_SUPPLIER_CODES = ("supplier_code", "internal_supplier_code")
_LINE_FIELDS = {
    "id": identifier, "internal_product_id": identifier, "base_product_id": identifier, "unit":
    short_text, "product_name": medium_text, "applied_supplier_discount": amount_of_money,
    "applied_cartona_discount": amount_of_money, "comment": text,
}  # fmt: skip
_LINE_MARKS = frozenset({
    "amount", "supplier_product_id", "internal_product_id", "base_product_id", "selling_price",
})  # fmt: skip


@dataclass(frozen=True)
class Retailer:
    """Buyer of an order. Only `code` is stable; any field may be empty."""

    code: str
    name: str
    number: str
    number2: str
    address: str
    address_notes: str
    email: str


@dataclass(frozen=True)
class OrderLine:
    """One line, in Cartona's unit.

    :param id: Cartona's integer id of the line, as text; "" when absent.
    :param unit_count: base units in one unit.
    :param amount: units; zero or less for a line that was removed.
    :param selling_price: of one unit, final, after both discounts.
    :param supplier_discount: per unit, paid by the supplier.
    :param cartona_discount: per unit, owed to the supplier by Cartona.
    """

    id: str
    supplier_product_id: str
    internal_product_id: str
    base_product_id: str
    unit: str
    unit_count: Decimal
    product_name: str
    amount: Decimal
    selling_price: Decimal
    supplier_discount: Decimal
    cartona_discount: Decimal
    comment: str

    @property
    def removed(self) -> bool:
        """Return True for a line that is no longer ordered."""
        return self.amount <= 0


@dataclass(frozen=True)
class Order:
    """One order. Times are naive UTC, money is Decimal, an absent field is "" or None.

    :param status: normalised, see `status.normalise`; it may be unknown.
    :param known_status: True when the status is part of the life cycle.
    :param total_price: None when absent.
    :param unreadable: paths of informative fields that could not be read.
    """

    hashed_id: str
    receipt_id: str
    supplier_code: str
    status: str
    known_status: bool
    delivered_by: str
    created_at: datetime | None
    pickup_date: datetime | None
    pickup_otp: str
    delivery_day: date | None
    estimated_delivery_day: date | None
    retailer_preferred_delivery_date: date | None
    cancellation_reason: str
    return_reason: str
    note_message: str
    edited_by_admin: bool
    distribution_route_code: str
    total_price: Decimal | None
    cartona_credit: Decimal
    installment_cost: Decimal
    wallet_top_up: Decimal
    applied_supplier_rebate: Decimal | None
    retailer: Retailer
    lines: tuple[OrderLine, ...]
    unreadable: tuple[str, ...] = ()

    @property
    def lines_total(self) -> Decimal:
        """Return the sum over the lines that are sold."""
        return money.order_total(self.lines)

    @property
    def total_mismatch(self) -> bool:
        """Return True if Cartona's total and its own lines differ by more than a cent."""
        return self.total_price is not None and money.differs(self.total_price, self.lines_total)


def parse_order(raw: Any, lines_required: bool = True) -> Order:
    """Parse a raw order.

    :param raw: dict as pulled or received by the webhook.
    :param lines_required: False to accept an order without lines too; a cancelled or returned
        one never needs any.
    :raise Problem: `not_an_object`, `no_identity`, `empty_order`, `bad_lines`, `too_many_lines`,
        `duplicate_line`, `bad_number`, `negative_price`, `negative_amount`, `bad_unit_count`,
        `bad_id`, `bad_text`.
    """
    if not isinstance(raw, dict):
        raise Problem("not_an_object", "", raw)
    hashed_id = identifier(raw.get("hashed_id"), "hashed_id")
    if not hashed_id:
        raise Problem("no_identity", "hashed_id", raw.get("hashed_id"))
    state = status.normalise(text(raw.get("status"), "status", 100))
    lines = _lines(raw.get("order_details"), lines_required and not status.is_void(state))
    spare = OptionalFields(raw)
    return Order(
        hashed_id=hashed_id,
        receipt_id=identifier(raw.get("receipt_id"), "receipt_id"),
        supplier_code=_first_id(raw, *_SUPPLIER_CODES),
        status=state,
        known_status=status.is_known(state),
        delivered_by=text(raw.get("delivered_by"), "delivered_by", 100).lower()
        or status.BY_SUPPLIER,
        created_at=spare.read(moment, "created_at"),
        pickup_date=spare.read(moment, "pickup_date"),
        pickup_otp=identifier(raw.get("pickup_otp"), "pickup_otp"),
        delivery_day=spare.read(day, "delivery_day"),
        estimated_delivery_day=spare.read(day, "estimated_delivery_day"),
        retailer_preferred_delivery_date=spare.read(day, "retailer_preferred_delivery_date"),
        cancellation_reason=spare.read(text, "cancellation_reason") or "",
        return_reason=spare.read(text, "return_reason") or "",
        note_message=spare.read(text, "note_message") or "",
        edited_by_admin=bool(spare.read(flag, "edited_by_admin")),
        distribution_route_code=spare.read(text, "distribution_route_code") or "",
        total_price=optional_amount(raw.get("total_price"), "total_price"),
        cartona_credit=amount_of_money(raw.get("cartona_credit"), "cartona_credit"),
        installment_cost=amount_of_money(raw.get("installment_cost"), "installment_cost"),
        wallet_top_up=_wallet(raw),
        applied_supplier_rebate=spare.read(number, "applied_supplier_rebate"),
        retailer=_retailer(raw.get("retailer")),
        lines=lines,
        unreadable=tuple(spare.unreadable),
    )


def peek(raw: Any) -> dict[str, Any]:
    """Return the fields that identify an order for a user, from a message `parse_order` refuses.

    :param raw: anything JSON can contain.
    :return: dict with `supplier_code`, `receipt_id`, `retailer_name` (each "" where it cannot be
        read) and `total_price` (Decimal or None).
    """
    raw = raw if isinstance(raw, dict) else {}
    retailer = raw.get("retailer")
    order, person = (
        OptionalFields(raw),
        OptionalFields(retailer if isinstance(retailer, dict) else {}),
    )
    codes = (order.read(identifier, key) for key in _SUPPLIER_CODES)
    return {
        "supplier_code": next(filter(None, codes), ""),
        "receipt_id": order.read(identifier, "receipt_id") or "",
        "retailer_name": person.read(text, "retailer_name") or "",
        "total_price": order.read(number, "total_price"),
    }


def _first_id(raw: dict[str, Any], *keys: str) -> str:
    for key in keys:
        value = identifier(raw.get(key), key)
        if value:
            return value
    return ""


def _wallet(raw: dict[str, Any]) -> Decimal:
    # Source: the notes spell it both `wallet_top_up` and `wallet_topup`.
    for key in ("wallet_top_up", "wallet_topup"):
        value = amount_of_money(raw.get(key), key)
        if value:
            return value
    return Decimal(0)


def _retailer(raw: Any) -> Retailer:
    if raw is None or raw == "" or raw == []:
        raw = {}
    if not isinstance(raw, dict):
        raise Problem("not_an_object", "retailer", raw)
    fields = {
        name: text(raw.get("retailer_" + name), "retailer.retailer_" + name, limit)
        for name, limit in _RETAILER_LIMITS.items()
    }
    return Retailer(
        code=identifier(raw.get("retailer_code"), "retailer.retailer_code"),
        address_notes=text(raw.get("address_notes"), "retailer.address_notes", MAX_ADDRESS),
        **fields,
    )


def _lines(raw: Any, required: bool) -> tuple[OrderLine, ...]:
    rows = _rows(raw)
    if not rows and required:
        raise Problem("empty_order", "order_details", raw)
    if len(rows) > MAX_LINES:
        raise Problem("too_many_lines", "order_details", len(rows))
    lines: list[OrderLine] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        path = f"order_details[{index}]"
        line = _line(row, path)
        if line.id in seen:
            raise Problem("duplicate_line", path + ".id", line.id)
        if line.id:
            seen.add(line.id)
        lines.append(line)
    return tuple(lines)


def _rows(raw: Any) -> list[Any]:
    # Source: the notes show `order_details` as a list and as an object.
    if raw is None or raw == "":
        return []
    if isinstance(raw, dict):
        raw = [raw] if _LINE_MARKS & set(raw) else list(raw.values())
    if not isinstance(raw, list):
        raise Problem("bad_lines", "order_details", raw)
    return raw


def _line(row: Any, path: str) -> OrderLine:
    if not isinstance(row, dict):
        raise Problem("bad_lines", path, row)

    amount = number(row.get("amount"), path + ".amount")
    if amount is None:
        raise Problem("bad_number", path + ".amount", row.get("amount"))
    values = read_fields(row, _LINE_FIELDS, path + ".")
    return OrderLine(
        supplier_product_id=_product_id(row, path),
        unit=unit_name(values.pop("unit")),
        unit_count=unit_count(row.get("unit_count"), path + ".unit_count"),
        amount=amount,
        selling_price=_price(row, path, amount),
        supplier_discount=values.pop("applied_supplier_discount"),
        cartona_discount=values.pop("applied_cartona_discount"),
        **values,
    )


def _product_id(row: dict[str, Any], path: str) -> str:
    for key in ("supplier_product_id", "suppler_prodcut_id"):
        value = identifier(row.get(key), f"{path}.{key}")
        if value:
            return value
    return ""


def _price(row: dict[str, Any], path: str, amount: Decimal) -> Decimal:
    # Source: the notes call it `selling_price` in pulled orders, `price` elsewhere.
    for key in ("selling_price", "price"):
        price = number(row.get(key), f"{path}.{key}")
        if price is not None:
            if price < 0:
                raise Problem("negative_price", f"{path}.{key}", row[key])
            return price
    if amount > 0:
        raise Problem("bad_number", path + ".selling_price")
    return Decimal(0)


def content_key(raw: Any) -> str:
    """Return the sha256 of a raw message, equal for equal content in any order of keys.

    :param raw: anything JSON can contain.
    :return: 64 hexadecimal digits.
    :raise Problem: `unreadable`, nested too deeply.
    """
    try:
        canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), default=str)
    except (RecursionError, TypeError, ValueError):
        raise Problem("unreadable", "") from None
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
