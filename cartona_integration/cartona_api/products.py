"""Catalogue rows in, items of a bulk update out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from .errors import Problem
from .identity import BASE_ID, INTERNAL_ID, PRODUCT_ID, read_identity
from .redact import plain_key
from .values import absent, amount_of_money, flag, identifier, number, text

MAX_STOCK = 2**31 - 1


@dataclass(frozen=True)
class Listing:
    """One row of the supplier's catalogue on Cartona.

    Prices are of one `unit` of `unit_count` base units; stock counts such units. None means that
    Cartona did not say.
    """

    cartona_id: str
    internal_product_id: str
    base_product_id: str
    unit: str
    unit_count: Decimal
    name: str
    base_name: str
    image_url: str
    price: Decimal | None
    median_price: Decimal | None
    tax_percentage: Decimal | None
    stock: int | None
    remind_me_at_stock: int | None
    sold_amount: Decimal | None
    min_order: Decimal | None
    max_order: Decimal | None
    in_stock: bool | None
    is_published: bool | None
    is_unlimited_stock: bool | None
    is_bundle: bool
    notes: str


def parse_listing(row):
    """A raw catalogue row -> Listing.

    Takes both spellings of every key, ids as text or number, and booleans as words.

    :param row: dict.
    :raise Problem: `not_an_object`, `no_identity`, `bad_id`, `bad_number`, `negative_amount`,
        `bad_unit_count`, `bad_flag`, `bad_text`.
    """
    if not isinstance(row, dict):
        raise Problem("not_an_object", "", row)
    get = _Fields(row)
    cartona_id = get.id("supplier_product_id", "suppler_prodcut_id", "supplier_prodcut_id",
                        "suppler_product_id", "id")  # fmt: skip
    if not cartona_id:
        raise Problem("no_identity", PRODUCT_ID)
    return Listing(
        cartona_id=cartona_id,
        internal_product_id=get.id("internal_product_id", "internal_prodcut_id"),
        base_product_id=get.id("base_product_id", "base_prodcut_id"),
        unit=unit_name(get.text("unit")),
        unit_count=unit_count(get.raw("unit_count"), "unit_count"),
        name=get.text("supplier_product_name", "suppler_prodcut_name", "supplier_prodcut_name",
                      "suppler_product_name", "product_name", "name"),
        base_name=get.text("base_product_name", "base_prodcut_name"),
        image_url=get.text("image_thumbnail", "image_url", "image"),
        price=get.money("selling_price", "price"),
        median_price=get.money("median_price"),
        tax_percentage=get.money("tax_percentage"),
        stock=get.whole("available_stock_quantity"),
        remind_me_at_stock=get.whole("remind_me_at_stock"),
        sold_amount=get.number("sold_amount"),
        min_order=get.money("min_order"),
        max_order=get.money("max_order"),
        in_stock=get.flag("in_stock"),
        is_published=get.flag("is_published"),
        is_unlimited_stock=get.flag("is_unlimited_stock"),
        is_bundle=bool(get.flag("is_bundle")),
        notes=get.text("notes"),
    )  # fmt: skip


def row_identity(row):
    """What tells a catalogue row from the others, or "" when nothing does.

    :rtype: str
    """
    known = read_identity(row) if isinstance(row, dict) else {}
    return known.get(PRODUCT_ID) or known.get("id") or ""


def unit_name(raw):
    """`Recharge Card` -> `recharge_card`: the unit as Cartona spells it.

    :rtype: str
    """
    return "_".join(raw.lower().split())


def unit_count(value, path):
    """Base units in one unit: Decimal above zero, 1 when absent."""
    count = number(value, path, Decimal(1))
    if count <= 0:
        raise Problem("bad_unit_count", path, value)
    return count


class _Fields:
    """Reads a row by the spellings of a key, the first that is not empty."""

    def __init__(self, row):
        self.row = {}
        for key, value in row.items():
            name = plain_key(key)
            if absent(self.row.get(name)):
                self.row[name] = value

    def raw(self, *names):
        for name in names:
            value = self.row.get(plain_key(name))
            if not absent(value):
                return value
        return None

    def id(self, *names):
        return identifier(self.raw(*names), names[0])

    def text(self, *names):
        return text(self.raw(*names), names[0])

    def number(self, *names):
        return number(self.raw(*names), names[0])

    def money(self, *names):
        return amount_of_money(self.raw(*names), names[0], default=None)

    def whole(self, *names):
        """Whole units, rounded down, as we publish them ourselves."""
        value = self.number(*names)
        return None if value is None else math.floor(value)

    def flag(self, *names):
        return flag(self.raw(*names), names[0])


def update_item(
    cartona_id="",
    *,
    selling_price=None,
    available_stock_quantity=None,
    is_unlimited_stock=None,
    in_stock=None,
    is_published=None,
    internal_product_id=None,
    min_order=None,
    max_order=None,
    remind_me_at_stock=None,
    notes=None,
    base_product_id=None,
    unit=None,
    unit_count=None,
):
    """One item of a bulk update, with only what is given.

    The product is the one of `cartona_id`; without that, of `internal_product_id`; without that,
    of `base_product_id`, `unit` and `unit_count`. Source: the first given wins in that order.

    :param selling_price: of one unit, >= 0; int, float, text or Decimal.
    :param available_stock_quantity: whole units >= 0.
    :param internal_product_id: with `cartona_id`, links the product to this id of ours.
    :rtype: dict
    :raise Problem: `no_identity`, `nothing_to_update`, `bad_number`, `negative_amount`,
        `bad_stock`, `bad_flag`.
    """
    item = _identify(cartona_id, internal_product_id, base_product_id, unit, unit_count)
    identity = len(item)
    given = {
        INTERNAL_ID: (identifier, internal_product_id if cartona_id else None),
        "selling_price": (_price, selling_price),
        "available_stock_quantity": (_stock, available_stock_quantity),
        "remind_me_at_stock": (_stock, remind_me_at_stock),
        "min_order": (_price, min_order),
        "max_order": (_price, max_order),
        "is_unlimited_stock": (flag, is_unlimited_stock),
        "in_stock": (flag, in_stock),
        "is_published": (flag, is_published),
        "notes": (text, notes),
    }
    item.update(
        (key, read(value, key)) for key, (read, value) in given.items() if value is not None
    )
    if len(item) == identity:
        raise Problem("nothing_to_update", "")
    return item


def _identify(cartona_id, internal_product_id, base_product_id, unit, count):
    cartona_id = identifier(cartona_id, PRODUCT_ID)
    if cartona_id:
        return {PRODUCT_ID: cartona_id}
    internal = identifier(internal_product_id, INTERNAL_ID)
    if internal:
        return {INTERNAL_ID: internal}
    base = identifier(base_product_id, BASE_ID)
    if base and unit and count is not None:
        return {
            BASE_ID: base,
            "unit": unit_name(str(unit)),
            "unit_count": unit_count(count, "unit_count"),
        }
    raise Problem("no_identity", PRODUCT_ID)


def base_stock_item(base_product_id, available_stock_quantity):
    """One item of the stock update in base units.

    :param available_stock_quantity: whole base units >= 0.
    :rtype: dict
    :raise Problem: `no_identity`, `bad_number`, `bad_stock`.
    """
    base = identifier(base_product_id, BASE_ID)
    if not base:
        raise Problem("no_identity", BASE_ID)
    key = "available_stock_quantity"
    return {BASE_ID: base, key: _stock(available_stock_quantity, key)}


def _price(value, path):
    if isinstance(value, float):
        # What Odoo computed in floats is meant to the decimals of a price list.
        value = round(value, 6)
    price = amount_of_money(value, path, default=None)
    if price is None:
        raise Problem("bad_number", path, value)
    return price


def _stock(value, path):
    quantity = number(value, path)
    if quantity is None or quantity != int(quantity) or not 0 <= quantity <= MAX_STOCK:
        raise Problem("bad_stock", path, value)
    return int(quantity)
