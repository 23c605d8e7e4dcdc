"""An order in the marketplace, and how its API shows it."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from . import lifecycle
from .behaviour import Behaviour
from .catalogue import WEIGHED, Listing
from .errors import Refused
from .feed import now_ms

CENT = Decimal("0.01")
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, 1, o, 0: people read the id out loud

# Source: the API notes, fields "may be absent, null or empty".
OPTIONAL = frozenset(
    "receipt_id pickup_date pickup_otp delivery_day estimated_delivery_day "
    "retailer_preferred_delivery_date cancellation_reason return_reason note_message "
    "edited_by_admin distribution_route_code created_at".split()
)
OPTIONAL_OF_RETAILER = frozenset({"retailer_number2", "address_notes", "retailer_email"})


def money(value) -> Decimal:
    """Convert a number of pounds to Decimal; floats through their shortest text: 0.1 is 0.1."""
    return Decimal(str(value))


def hashed_id(seed: int, number: int) -> str:
    """Return the id of the nth order: ten letters or digits that repeat with the seed."""
    digest = int.from_bytes(hashlib.blake2b(f"order {seed} {number}".encode()).digest()[:8])
    letters = []
    for _ in range(10):
        digest, index = divmod(digest, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


@dataclass
class Line:
    """An amount of one listing at one price. `raw` overrides what the API shows of it."""

    id: int
    listing: Listing
    amount: Decimal
    selling_price: Decimal
    applied_supplier_discount: Decimal = Decimal(0)
    applied_cartona_discount: Decimal = Decimal(0)
    comment: str | None = None
    raw: dict = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return self.selling_price * self.amount


@dataclass
class Order:
    """One retailer's order with one supplier account.

    `version` increases with every change. `offered` is the newest version that the supplier has
    received, by a pull or an answered webhook; `acknowledged` the newest he sent synced for.
    """

    number: int
    hashed_id: str
    supplier_code: str
    retailer: dict
    lines: list[Line]
    status: str = "pending"
    delivered_by: str = "delivered_by_supplier"
    cartona_credit: Decimal = Decimal(0)
    installment_cost: Decimal = Decimal(0)
    wallet_top_up: Decimal = Decimal(0)
    applied_supplier_rebate: Decimal = Decimal(0)
    otp: str = ""
    optional: dict = field(default_factory=dict)
    shape: dict[str, str] = field(default_factory=dict)
    raw: dict = field(default_factory=dict)
    version: int = 0
    offered: int = 0
    acknowledged: int = 0
    otp_failures: int = 0
    syncs: int = 0
    created_ms: int = field(default_factory=now_ms)
    changed_ms: int = 0
    status_changed_ms: int = 0
    status_changes: int = 0
    history: list[dict] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """Return the sum of price x amount over the lines, in whole piastres."""
        total = sum((line.total for line in self.lines), Decimal(0))
        return total.quantize(CENT, ROUND_HALF_UP)

    @property
    def needs_otp(self) -> bool:
        return self.installment_cost > 0 or self.wallet_top_up > 0

    @property
    def to_collect(self) -> Decimal:
        return self.total - self.cartona_credit - self.installment_cost + self.wallet_top_up

    @property
    def owed_by_cartona(self) -> Decimal:
        discounts = sum((line.applied_cartona_discount * line.amount for line in self.lines), 0)
        return self.cartona_credit + self.installment_cost + discounts

    def line(self, line_id) -> Line | None:
        return next((line for line in self.lines if str(line.id) == str(line_id)), None)

    def add_history(self, who: str, what: str) -> None:
        """Add a line to the history, for the page and for tests."""
        entry = {"ms": now_ms(), "who": who, "what": what, "status": self.status}
        self.history.append({**entry, "version": self.version})


# === AS THE SUPPLIER'S API SHOWS IT === #


def render_order(order: Order, behaviour: Behaviour, supplier_code=None) -> dict:
    """Return the order as `pull-orders` and the webhook send it.

    Optional fields have the shape set on the order, else the behaviour's; the order's `raw` is
    applied last and overrides everything.
    """
    status = order.status
    if behaviour.status_words == "plain":
        status = lifecycle.PLAIN_WORDS.get(status, status)
    shown = {
        "hashed_id": order.hashed_id,
        "receipt_id": str(1_000_000 + order.number),
        "supplier_code": supplier_code or order.supplier_code,
        "status": status,
        "delivered_by": order.delivered_by,
        "pickup_date": None,
        "pickup_otp": None,
        "delivery_day": None,
        "estimated_delivery_day": None,
        "retailer_preferred_delivery_date": None,
        "cancellation_reason": None,
        "return_reason": None,
        "note_message": None,
        "edited_by_admin": False,
        "distribution_route_code": None,
        "created_at": iso(order.created_ms),
        "total_price": amount_shown(order.total, behaviour),
        "cartona_credit": amount_shown(order.cartona_credit, behaviour),
        "installment_cost": amount_shown(order.installment_cost, behaviour),
        "wallet_top_up": amount_shown(order.wallet_top_up, behaviour),
        "applied_supplier_rebate": amount_shown(order.applied_supplier_rebate, behaviour),
        **order.optional,
    }
    shown["retailer"] = dict(order.retailer)
    shown["order_details"] = [render_line(line, behaviour) for line in order.lines]
    _shape(shown, OPTIONAL, order, behaviour)
    _shape(shown["retailer"], OPTIONAL_OF_RETAILER, order, behaviour)
    for line in shown["order_details"]:
        _shape(line, {"comment"}, order, behaviour)
    return {**shown, **order.raw}


def render_line(line: Line, behaviour: Behaviour) -> dict:
    listing = line.listing
    return {
        "id": line.id,
        "supplier_product_id": id_shown(listing.supplier_product_id, behaviour),
        "internal_product_id": listing.internal_product_id,
        "base_product_id": id_shown(listing.base_product_id, behaviour),
        "unit": listing.unit,
        "unit_count": listing.unit_count,
        "product_name": listing.supplier_product_name,
        "amount": plain_number(line.amount),
        "selling_price": amount_shown(line.selling_price, behaviour),
        "applied_supplier_discount": amount_shown(line.applied_supplier_discount, behaviour),
        "applied_cartona_discount": amount_shown(line.applied_cartona_discount, behaviour),
        "comment": line.comment,
        **line.raw,
    }


def _shape(values: dict, optional, order: Order, behaviour: Behaviour) -> None:
    """Make optional fields absent, null or empty as configured."""
    for name in optional & values.keys():
        shape = order.shape.get(name, behaviour.optional_fields)
        if shape == "mixed":
            choice = hashlib.blake2b(f"{order.hashed_id} {name}".encode()).digest()[0] % 4
            shape = ("present", "absent", "null", "empty")[choice]
        if shape == "absent":
            del values[name]
        elif shape in ("null", "empty"):
            values[name] = None if shape == "null" else ""


def id_shown(value: int, behaviour: Behaviour):
    return str(value) if behaviour.ids == "strings" else value


def amount_shown(value: Decimal, behaviour: Behaviour):
    if behaviour.prices == "strings":
        return f"{value:.2f}" if value == value.quantize(CENT) else str(value)
    return plain_number(value)


def plain_number(value: Decimal):
    """Return an int if it is whole, else a float, as a JSON number."""
    return int(value) if value == value.to_integral_value() else float(value)


def iso(ms: int) -> str:
    stamp = datetime.fromtimestamp(ms / 1000, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(ms: int, days: int = 0) -> str:
    return (date.fromtimestamp(ms / 1000) + timedelta(days=days)).isoformat()


# === AS THE CONTROL API SHOWS IT === #


def render_state(order: Order, behaviour: Behaviour) -> dict:
    """Return the whole order: the API's fields and those that it hides."""
    return {
        **render_order(order, behaviour),
        "sandbox": {
            "number": order.number,
            "status": order.status,
            "otp": order.otp,
            "needs_otp": order.needs_otp,
            "to_collect": plain_number(order.to_collect),
            "owed_by_cartona": plain_number(order.owed_by_cartona),
            "owed_to_cartona": plain_number(order.wallet_top_up),
            "version": order.version,
            "offered": order.offered,
            "acknowledged": order.acknowledged,
            "waiting": order.acknowledged < order.version,
            "syncs": order.syncs,
            "created_ms": order.created_ms,
            "changed_ms": order.changed_ms,
            "status_changed_ms": order.status_changed_ms,
            "status_changes": order.status_changes,
            "history": order.history,
        },
    }


# === LINE EDITS BY THE SUPPLIER === #

LINE_FIELDS = frozenset(
    "id amount price selling_price comment cancelled supplier_product_id internal_product_id "
    "base_product_id unit unit_count".split()
)


def edited_lines(order: Order, details, catalogue, new_id, behaviour: Behaviour) -> list[Line]:
    """Return the lines after a supplier's `order_details`; the order is not changed.

    :param details: a list of lines, or a single line.
    :param catalogue: catalogue of the added products.
    :param new_id: function that returns the id of an added line.
    :raise Refused: for the first invalid line; then nothing of the order changes.
    """
    rows = [details] if isinstance(details, dict) else details
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refused("order_details takes a list of lines, or one line")
    lines = {line.id: line for line in order.lines}
    for row in rows:
        unknown = sorted(set(row) - LINE_FIELDS)
        if unknown and behaviour.unknown_fields == "refused":
            raise Refused(f"{', '.join(unknown)}: not a field of an order line")
        if row.get("id") not in (None, ""):
            line = order.line(row["id"])
            if line is None:
                raise Refused(f"the order has no line {row['id']!r}")
            if row.get("cancelled"):
                lines.pop(line.id, None)
                continue
        else:
            line = _added_line(row, catalogue, new_id)
        lines[line.id] = _changed_line(line, row, behaviour)
    if not lines:
        raise Refused("an order cannot lose all its lines: cancel it instead")
    return list(lines.values())


def _added_line(row: dict, catalogue, new_id) -> Line:
    listing = catalogue.find(row)
    if listing is None:
        raise Refused("no such product in this account's catalogue")
    if row.get("cancelled") or "amount" not in row:
        raise Refused("an added line needs an amount")
    return Line(new_id(), listing, Decimal(0), money(listing.selling_price))


def _changed_line(line: Line, row: dict, behaviour: Behaviour) -> Line:
    amount, price = line.amount, line.selling_price
    if "amount" in row:
        amount = checked_amount(row["amount"], line.listing)
    given = row.get("price", row.get("selling_price"))
    if given is not None:
        if type(given) not in (int, float) or given <= 0:
            raise Refused(f"price takes a number above zero, not {given!r}")
        if behaviour.price_edits == "refused" and money(given) != price:
            raise Refused("the price of an ordered line cannot be changed")
        price = money(given)
    comment = row.get("comment", line.comment)
    return replace(line, amount=amount, selling_price=price, comment=comment)


def checked_amount(value, listing: Listing) -> Decimal:
    """Return the amount as Decimal.

    :raise Refused: unless above zero, and whole if the unit is not weighed.
    """
    if type(value) not in (int, float) or value <= 0:
        raise Refused(f"amount takes a number above zero, not {value!r}")
    if listing.unit not in WEIGHED and value != int(value):
        raise Refused(f"a {listing.unit} is not sold in fractions: {value!r}")
    return money(value)
