"""Parse rows of the supplier's catalogue.

Source: supplier-product in Cartona's supplier API notes; both spellings of a key have been seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .answers import PRODUCT_ID, read_identity
from .errors import Problem
from .redact import plain_key
from .values import absent, flag, identifier, medium_text, number, optional_amount


@dataclass(frozen=True)
class Listing:
    """One row of the supplier's catalogue on Cartona.

    The price is of one `unit` of `unit_count` base units; stock counts such units. None means
    absent.
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


def parse_listing(row: Any) -> Listing:
    """Parse a raw row of the catalogue.

    Accepts both spellings of every key, ids as text or number, and booleans as words.

    :param row: dict, see `CartonaClient.list_products`.
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
        unit=unit_name(get.text("unit")[:100]),
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


def row_identity(row: Any) -> str:
    """Return the id of a row that may be unreadable otherwise, or ""."""
    known = read_identity(row) if isinstance(row, dict) else {}
    return known.get(PRODUCT_ID) or known.get("id") or ""


def unit_name(raw: str) -> str:
    """Return the unit as Cartona spells it: `Recharge Card` -> `recharge_card`."""
    return "_".join(raw.lower().split())


def unit_count(value: Any, path: str) -> Decimal:
    """Return the base units in one unit: above zero, 1 when absent.

    :raise Problem: `bad_number`, `bad_unit_count`.
    """
    count = number(value, path)
    if count is None:
        return Decimal(1)
    if count <= 0:
        raise Problem("bad_unit_count", path, value)
    return count


class _Fields:
    """Reader of a row that tries the spellings of a key, and takes the first that is not empty."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row: dict[str, Any] = {}
        for key, value in row.items():
            name = plain_key(key)
            if absent(self.row.get(name)):
                self.row[name] = value

    def raw(self, *names: str) -> Any:
        for name in names:
            value = self.row.get(plain_key(name))
            if not absent(value):
                return value
        return None

    def id(self, *names: str) -> str:
        return identifier(self.raw(*names), names[0])

    def text(self, *names: str) -> str:
        return medium_text(self.raw(*names), names[0])

    def money(self, *names: str) -> Decimal | None:
        return optional_amount(self.raw(*names), names[0])

    def whole(self, *names: str) -> int | None:
        """Return whole units, rounded down, as the addon publishes them."""
        value = number(self.raw(*names), names[0])
        return None if value is None else math.floor(value)

    def flag(self, *names: str) -> bool | None:
        return flag(self.raw(*names), names[0])
