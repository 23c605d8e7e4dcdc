"""The listings of one supplier account: the shipped catalogue, its indexes, its updates."""

import csv
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from .behaviour import Behaviour
from .errors import Refused
from .feed import now_ms

DATA = Path(__file__).parent / "data"

# Source: the list of units in the API notes.
UNITS = frozenset(
    "box can bottle kg piece dozen bag packet plate glass pallet jar shrink ton saddlebag roll "
    "tissue cone coil bunch strip recharge_card mat".split()
)
WEIGHED = frozenset({"kg", "ton"})  # sold in fractions

FIRST_ID = 500_001  # supplier_product_id of the first listing of the first account
IDS_PER_ACCOUNT = 10_000_000
SYNTHETIC_BASE = 1_000_000  # base_product_id of the first made-up product
BOX_REBATE = Decimal("0.97")  # a full box is 3 % cheaper than its pieces
PRICE_STEP = Decimal("0.25")  # no coin below 25 piastres


@dataclass(slots=True)
class Trace:
    """Changes of one figure of a listing.

    `changed_ms` is 0 until it changes; `writes` counts the values that the supplier sent, also
    when a value was the same as before.
    """

    changed_ms: int = 0
    changes: int = 0
    writes: int = 0


@dataclass(slots=True)
class Listing:
    """One row of a supplier's catalogue. Prices in EGP, stock in whole `unit`s."""

    supplier_product_id: int
    supplier_code: str
    base_product_id: int
    category: str
    unit: str
    unit_count: int
    base_product_name: str
    supplier_product_name: str
    selling_price: float
    median_price: float
    tax_percentage: float
    available_stock_quantity: int
    internal_product_id: str | None = None
    remind_me_at_stock: int | None = None
    min_order: int = 1
    max_order: int | None = None
    in_stock: bool = True
    is_bundle: bool = False
    is_published: bool = True
    is_unlimited_stock: bool = False
    sold_amount: float = 0
    notes: str | None = None
    price: Trace = field(default_factory=Trace)
    stock: Trace = field(default_factory=Trace)
    other: Trace = field(default_factory=Trace)

    @property
    def orderable(self) -> bool:
        """Return True if a retailer can put at least `min_order` of it in the basket."""
        if not (self.is_published and self.in_stock):
            return False
        return self.is_unlimited_stock or self.available_stock_quantity >= max(self.min_order, 1)


# === THE SHIPPED CATALOGUE === #


@dataclass(frozen=True)
class Product:
    """One line of `data/products.csv`: a base product and the packs it is listed in."""

    base_product_id: int
    category: str
    name: str
    unit: str
    price: Decimal
    boxes: tuple[int, ...]
    tax: float
    flags: frozenset[str]

    def packs(self) -> Iterator[tuple[str, int, Decimal]]:
        """Yield its listings as (unit, unit_count, price): the piece first, then the boxes."""
        yield self.unit, 1, self.price
        for count in self.boxes:
            yield "box", count, _rounded(self.price * count * BOX_REBATE)


def _rounded(price: Decimal) -> Decimal:
    return (price / PRICE_STEP).quantize(Decimal(1), ROUND_HALF_UP) * PRICE_STEP


@cache
def products() -> tuple[Product, ...]:
    """Return the base products of the shipped catalogue, in the order of the file."""
    with (DATA / "products.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Product(
                base_product_id=int(row["base_product_id"]),
                category=row["category"],
                name=row["product_name"],
                unit=row["unit"],
                price=Decimal(row["unit_price"]),
                boxes=tuple(int(count) for count in row["packs"].split(";") if count),
                tax=float(row["tax_percentage"]),
                flags=frozenset(row["flags"].split()),
            )
            for row in csv.DictReader(lines)
        )


def listing_rows(count: int, seed: int) -> Iterator[tuple[int, Product, str, int, Decimal]]:
    """Yield the rows of a catalogue as (offset of the id, product, unit, unit_count, price).

    Fewer rows than the file has are picked evenly, so that every category is present; more are
    made up from its names. A listing's id does not depend on `count`.
    """
    shipped, offset = [], 0
    for product in products():
        packs = list(product.packs())
        shipped.append((product, offset, packs))
        offset += len(packs)
    # The golden ratio spreads any number of picks evenly over the file.
    spread = sorted(range(len(shipped)), key=lambda index: index * 0.6180339887 % 1)
    kept: dict[int, int] = {}
    left = count
    for index in spread:
        kept[index] = min(left, len(shipped[index][2]))
        left -= kept[index]
    for index, (product, first, packs) in enumerate(shipped):
        for number, pack in enumerate(packs[: kept[index]]):
            yield first + number, product, *pack
    yield from _synthetic_rows(left, offset, seed)


def _synthetic_rows(left: int, offset: int, seed: int):
    """Yield made-up products: a shipped name with a number, its own price and box sizes."""
    rng = random.Random(f"products {seed}")
    number = 0
    while left > 0:
        pattern = products()[number % len(products())]
        number += 1
        made_up = Product(
            base_product_id=SYNTHETIC_BASE + number,
            category=pattern.category,
            name=f"{pattern.name} صنف {number:05d}",
            unit=pattern.unit,
            price=_rounded(pattern.price * rng.randint(80, 130) / 100) or PRICE_STEP,
            boxes=pattern.boxes and (rng.choice((6, 12, 24, 48)),),
            tax=pattern.tax,
            flags=frozenset(),
        )
        for pack in list(made_up.packs())[:left]:
            yield offset, made_up, *pack
            offset += 1
            left -= 1


# === ONE ACCOUNT'S LISTINGS === #


class Catalogue:
    """The listings of one account, found by any of the three identities.

    :param number: 0 for the first account; each has its own range of ids.
    :param count: number of listings.
    :param price_factor: factor on the shipped prices.
    """

    def __init__(
        self, supplier_code: str, number: int, count: int, seed: int, price_factor: float = 1
    ):
        self.supplier_code = supplier_code
        self.by_id: dict[str, Listing] = {}
        self.by_internal: dict[str, list[Listing]] = {}
        self.by_base: dict[str, list[Listing]] = {}
        self.touched: dict[int, Listing] = {}
        self._first_id = FIRST_ID + number * IDS_PER_ACCOUNT
        self._fill(count, seed, Decimal(str(price_factor)))

    def _fill(self, count: int, seed: int, factor: Decimal) -> None:
        rng = random.Random(f"stock {self.supplier_code} {seed}")
        pieces: dict[int, int] = {}
        for offset, product, unit, unit_count, price in listing_rows(count, seed):
            base = product.base_product_id
            if base not in pieces:
                # One in fifteen is sold out, as in a real warehouse.
                pieces[base] = 0 if rng.random() < 1 / 15 else rng.randint(40, 3000)
            price = float(_rounded(price * factor) or PRICE_STEP)
            self.add(
                Listing(
                    supplier_product_id=self._first_id + offset,
                    supplier_code=self.supplier_code,
                    base_product_id=base,
                    category=product.category,
                    unit=unit,
                    unit_count=unit_count,
                    base_product_name=product.name,
                    supplier_product_name=_pack_name(product.name, unit, unit_count),
                    selling_price=price,
                    median_price=float(_rounded(Decimal(str(price)) * rng.randint(97, 104) / 100)),
                    tax_percentage=product.tax,
                    available_stock_quantity=pieces[base] // unit_count,
                    in_stock="unlimited" in product.flags or pieces[base] >= unit_count,
                    is_bundle="bundle" in product.flags,
                    is_published="unpublished" not in product.flags,
                    is_unlimited_stock="unlimited" in product.flags,
                    max_order=rng.choice((None, 20, 50, 100)),
                )
            )

    def add(self, listing: Listing) -> None:
        """Add a listing.

        :raise Refused: when its id is taken, or its pack is already listed.
        """
        key = str(listing.supplier_product_id)
        if key in self.by_id:
            raise Refused(f"supplier_product_id {key} is taken", 409)
        same_base = self.by_base.setdefault(str(listing.base_product_id), [])
        pack = (listing.unit, listing.unit_count)
        if any((row.unit, row.unit_count) == pack for row in same_base):
            raise Refused("this pack of the base product is already listed", 409)
        self.by_id[key] = listing
        same_base.append(listing)
        if listing.internal_product_id:
            self.by_internal.setdefault(listing.internal_product_id, []).append(listing)

    def next_id(self) -> int:
        return max((int(key) for key in self.by_id), default=self._first_id - 1) + 1

    # === FINDING === #

    def find(self, item: dict) -> Listing | None:
        """Return the listing that an item names; the first identity given wins.

        Source: bulk-update, "supplier_product_id, or internal_product_id, or base_product_id +
        unit + unit_count; the first given wins in that order".

        :raise Refused: when the item names no product.
        """
        if _given(item, "supplier_product_id"):
            return self.by_id.get(str(item["supplier_product_id"]))
        if _given(item, "internal_product_id"):
            found = self.by_internal.get(str(item["internal_product_id"]), [])
            return found[0] if found else None
        if all(_given(item, key) for key in ("base_product_id", "unit", "unit_count")):
            for listing in self.by_base.get(str(item["base_product_id"]), []):
                pack = (listing.unit, str(listing.unit_count))
                if pack == (item["unit"], str(item["unit_count"])):
                    return listing
            return None
        raise Refused("names no product: supplier_product_id, internal_product_id or a pack")

    def search(self, **filters: str) -> Iterator[Listing]:
        """Yield the listings that match every filter given, in the order of their ids."""
        rows = self._narrowed(filters)
        if not any(filters.values()):
            yield from rows  # a page of 100,000 listings is a slice, not a search
            return
        token = (filters.get("search_token") or "").casefold().split()
        for listing in rows:
            if all(
                str(getattr(listing, key)) == filters[key]
                for key in ("supplier_product_id", "internal_product_id", "base_product_id")
                if filters.get(key)
            ) and (not token or _matches(listing, token)):
                yield listing

    def _narrowed(self, filters: dict) -> list[Listing]:
        if filters.get("supplier_product_id"):
            found = self.by_id.get(filters["supplier_product_id"])
            return [found] if found else []
        if filters.get("internal_product_id"):
            return self.by_internal.get(filters["internal_product_id"], [])
        if filters.get("base_product_id"):
            return self.by_base.get(filters["base_product_id"], [])
        return list(self.by_id.values())

    # === CHANGING === #

    def prepare(self, listing: Listing, item: dict, behaviour: Behaviour) -> dict:
        """Return the values of an item, checked.

        :raise Refused: with all errors of the item in one sentence.
        """
        values, faults = {}, []
        for key, value in item.items():
            if key in IDENTITY and not (
                key == "internal_product_id" and _given(item, "supplier_product_id")
            ):
                continue
            if key not in SETTABLE:
                if behaviour.unknown_fields == "refused":
                    faults.append(f"{key} is not a field of a listing")
                continue
            fault = SETTABLE[key](value)
            if fault:
                faults.append(f"{key} {fault}, not {value!r}")
            else:
                values[key] = value
        if values.get("internal_product_id") is not None:
            values["internal_product_id"] = str(values["internal_product_id"]) or None
        faults += self._clashes(listing, values, behaviour)
        if faults:
            raise Refused("; ".join(faults))
        return values

    def _clashes(self, listing: Listing, values: dict, behaviour: Behaviour) -> Iterator[str]:
        internal = values.get("internal_product_id")
        if internal and behaviour.internal_ids_unique:
            if any(other is not listing for other in self.by_internal.get(internal, [])):
                yield f"internal_product_id {internal} belongs to another listing"
        least = values.get("min_order", listing.min_order)
        most = values.get("max_order", listing.max_order)
        if least and most and least > most:
            yield f"min_order {least} is above max_order {most}"

    def apply(self, listing: Listing, values: dict, by_supplier: bool = True) -> list[tuple]:
        """Write checked values and update the traces.

        :return: (field, old, new) of every changed field.
        """
        changes, now = [], now_ms()
        for name, new in values.items():
            trace = getattr(listing, TRACES.get(name, "other"))
            trace.writes += by_supplier
            old = getattr(listing, name)
            if old == new:
                continue
            setattr(listing, name, new)
            trace.changed_ms, trace.changes = now, trace.changes + 1
            changes.append((name, old, new))
            if name == "internal_product_id":
                self._reindex(listing, old, new)
        if by_supplier:
            self.touched[listing.supplier_product_id] = listing
        return changes

    def _reindex(self, listing: Listing, old: str | None, new: str | None) -> None:
        if old:
            self.by_internal[old].remove(listing)
        if new:
            self.by_internal.setdefault(new, []).append(listing)


def _pack_name(name: str, unit: str, unit_count: int) -> str:
    return f"{name} - كرتونة {unit_count}" if unit == "box" and unit_count > 1 else name


def _given(item: dict, key: str) -> bool:
    return item.get(key) not in (None, "")


def _matches(listing: Listing, words: list[str]) -> bool:
    text = (
        f"{listing.supplier_product_name} {listing.base_product_name} {listing.category} "
        f"{listing.supplier_product_id} {listing.internal_product_id or ''} "
        f"{listing.base_product_id}"
    ).casefold()
    return all(word in text for word in words)


# === VALUES OF A FIELD: each check returns the error, or None === #


def is_count(value) -> bool:
    return type(value) is int and value >= 0


def is_price(value) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value > 0


def _count(value):
    return None if is_count(value) else "takes a whole number, never negative"


def _optional_count(value):
    return None if value is None or is_count(value) else "takes a whole number or null"


def _price(value):
    return None if is_price(value) else "takes a number above zero"


def _flag(value):
    return None if type(value) is bool else "takes true or false"


def _text(value):
    return None if value is None or isinstance(value, str) else "takes text or null"


def _internal_id(value):
    return None if value is None or type(value) in (str, int) else "takes text, a number or null"


IDENTITY = ("supplier_product_id", "internal_product_id", "base_product_id", "unit", "unit_count")
IDENTITY += ("supplier_code", "internal_supplier_code")
SETTABLE = {
    "selling_price": _price,
    "available_stock_quantity": _count,
    "is_unlimited_stock": _flag,
    "in_stock": _flag,
    "is_published": _flag,
    "min_order": _optional_count,
    "max_order": _optional_count,
    "remind_me_at_stock": _optional_count,
    "notes": _text,
    "internal_product_id": _internal_id,
}
TRACES = {"selling_price": "price", "available_stock_quantity": "stock"}
