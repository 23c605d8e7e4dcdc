"""Catalogue rows in, items of a bulk update out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from .errors import Problem
from .identity import PRODUCT_ID, read_identity
from .redact import plain_key
from .values import absent, amount_of_money, flag, identifier, number, text


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
    stock: int | None
    in_stock: bool | None
    is_published: bool | None
    is_unlimited_stock: bool | None


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
        stock=get.whole("available_stock_quantity"),
        in_stock=get.flag("in_stock"),
        is_published=get.flag("is_published"),
        is_unlimited_stock=get.flag("is_unlimited_stock"),
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
