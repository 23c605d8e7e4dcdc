"""Read and write JSON: whole messages, and single values out of foreign data.

The readers of single values are tolerant of form and strict about meaning. Each takes a value and
its path, and returns a clean value or raises `Problem(code, path, value)`. An absent value is
returned as None or "".
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .errors import Problem

if TYPE_CHECKING:
    from typing import Callable, Mapping, TypeVar

    T = TypeVar("T")

MAX_TEXT = 10_000
MAX_ID = 255
# Above any price or quantity in a shop; below what makes arithmetic slow or a column overflow.
MAX_NUMBER = Decimal(10) ** 12
MAX_DECIMALS = 30
MAX_NESTING = 50
# Returned by `read_json` for content that is not JSON: None is JSON too.
NOT_JSON = object()

# A time without a zone is taken as UTC. Source: none, the notes give no zone.
OFFSET_OF_NAIVE_TIMES = timedelta(0)

# Names under which lists of rows have been seen, or are usual.
_ROWS = ("orders", "data", "order", "products", "supplier_products", "results", "items", "rows")
_DIGITS: dict[int, str | None] = {
    ord(a): str(i) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for i, a in enumerate(digits)
}
_DIGITS.update({ord("٫"): ".", ord("٬"): None, ord("−"): "-", 0x200E: None, 0x200F: None})
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_DAY = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
_MOMENT = re.compile(
    _DAY + r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"\s*(Z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)?)?",
    re.I,
)
_TRUE = frozenset({"true", "1", "yes", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "f", "n"})


# === WHOLE MESSAGES === #


def encode(data: Any) -> bytes:
    """Return JSON as UTF-8: Arabic stays readable, a Decimal is a number without float noise.

    :param data: anything JSON can contain, and Decimal, date, datetime.
    :raise ValueError: NaN or infinity.
    :raise TypeError: any other object.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, default=_plain)
    # Half a surrogate pair cannot be UTF-8, but its escape is JSON.
    return text.encode("utf-8", "backslashreplace")


def _plain(value: Any) -> int | float | str:
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def json_number(value: Decimal) -> int | float:
    """Return a Decimal as JSON writes it: an integer where possible."""
    # repr of a float is the shortest text that is read back as the same float: 19.99 is sent as
    # 19.99.
    return int(value) if value == value.to_integral_value() else float(value)


def read_json(content: bytes) -> Any:
    """Parse UTF-8. NaN and Infinity are read as texts, not as numbers.

    Everything nested deeper than `MAX_NESTING` is emptied: no documented message is that deep,
    and data that can just be read could still be too deep to be written again.

    :return: data, or `NOT_JSON`.
    """
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=str)
    except (ValueError, RecursionError):
        return NOT_JSON
    _flatten(data)
    return data


def _flatten(data: Any) -> None:
    """Empty the lists and objects that are too deep, level by level: without recursion."""
    level = [data] if isinstance(data, (dict, list)) else []
    for _depth in range(MAX_NESTING):
        inner: list[dict[str, Any] | list[Any]] = []
        for box in level:
            values = box.values() if isinstance(box, dict) else box
            inner += [value for value in values if isinstance(value, (dict, list))]
        level = inner
    for box in level:
        box.clear()


def readable_json(data: Any) -> str:
    """Return JSON for people, with Arabic unescaped; escaped where a column could not store it."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(data)
    return text


def read_rows(answer: Any, depth: int = 3) -> list[Any] | None:
    """Return the rows of a page, out of any envelope, or None when none can be found.

    :param answer: list; dict with a list, or one object, under a usual name; or one row.
    :param depth: envelopes to open at most.
    """
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict) or not depth:
        return None
    if _is_row(answer):
        return [answer]
    for name in _ROWS:
        if name in answer:
            value = answer[name]
            # Some servers write an empty list as an empty object.
            return [] if value in (None, {}, "") else read_rows(value, depth - 1)
    if answer and all(_is_row(value) for value in answer.values()):
        return list(answer.values())
    return None


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and ("hashed_id" in value or "supplier_product_id" in value)


# === SINGLE VALUES === #


def absent(value: Any) -> bool:
    """Return True for an empty field: None or blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


def text(value: Any, path: str = "", limit: int = MAX_TEXT) -> str:
    """Return text without characters that a database cannot store; "" when absent.

    All else is unchanged: spelling, tatweel, emoji, inner line breaks.

    :param limit: characters at most; the rest is cut.
    :raise Problem: `bad_text`, `bad_id`.
    """
    if value is None:
        return ""
    if isinstance(value, (dict, list, bool)):
        raise Problem("bad_text", path, value)
    if isinstance(value, float) and value != value // 1:
        return repr(value)
    if not isinstance(value, str):
        return identifier(value, path)
    return _UNSTORABLE.sub("", value).strip()[:limit]


def medium_text(value: Any, path: str = "") -> str:
    """Return text as `text` does, at most 500 characters: the name of a product."""
    return text(value, path, 500)


def short_text(value: Any, path: str = "") -> str:
    """Return text as `text` does, at most 100 characters: the name of a unit."""
    return text(value, path, 100)


def identifier(value: Any, path: str = "") -> str:
    """Return an id as text: 12345, 12345.0 and " 12345 " are "12345"; "" when absent.

    :raise Problem: `bad_id`.
    """
    if value is None:
        return ""
    if isinstance(value, (bool, dict, list)):
        raise Problem("bad_id", path, value)
    if isinstance(value, (float, Decimal)):
        if not math.isfinite(value) or value != int(value):
            raise Problem("bad_id", path, value)
        value = int(value)
    if isinstance(value, int) and abs(value) >= 10**30:
        raise Problem("bad_id", path, value)
    value = _UNSTORABLE.sub("", str(value)).strip()
    whole, dot, zeros = value.partition(".")
    if dot and whole.isdecimal() and not zeros.strip("0"):
        value = whole
    if len(value) > MAX_ID:
        raise Problem("bad_id", path, value)
    return str(value)


def identifier_or_empty(value: Any) -> str:
    """Return an id as `identifier` does; "" also for what cannot be one."""
    try:
        return identifier(value)
    except Problem:
        return ""


def number(value: Any, path: str = "") -> Decimal | None:
    """Return a finite number as Decimal, exactly as it was written; None when absent.

    Texts may use Arabic-Indic digits and separators, and commas between thousands.

    :raise Problem: `bad_number`.
    """
    if absent(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise Problem("bad_number", path, value)
    if isinstance(value, int) and abs(value) > 10**30:
        # Also spares Python from writing out a number of a million digits.
        raise Problem("bad_number", path, value)
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        plain = value.strip()[:100].translate(_DIGITS)
        if _GROUPED.fullmatch(plain):
            plain = plain.replace(",", "")
        if not _NUMBER.fullmatch(plain):
            raise Problem("bad_number", path, value)
        value = plain
    result = Decimal(value)
    if not result.is_finite() or abs(result) > MAX_NUMBER:
        raise Problem("bad_number", path, str(result))
    exponent = result.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
        raise Problem("bad_number", path, str(result))
    return result


def optional_amount(value: Any, path: str = "") -> Decimal | None:
    """Return an amount of money, None when absent.

    :raise Problem: `bad_number`, `negative_amount`.
    """
    amount = number(value, path)
    if amount is not None and amount < 0:
        raise Problem("negative_amount", path, amount)
    return amount


def amount_of_money(value: Any, path: str = "") -> Decimal:
    """Return an amount of money, zero when absent. Raises like `optional_amount`."""
    amount = optional_amount(value, path)
    return Decimal(0) if amount is None else amount


def flag(value: Any, path: str = "") -> bool | None:
    """Return True, False, or None when absent. Takes booleans, 0 and 1, and their usual words.

    :raise Problem: `bad_flag`.
    """
    if absent(value):
        return None
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (int, str)) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Problem("bad_flag", path, value)


def moment(value: Any, path: str = "") -> datetime | None:
    """Return a time as naive UTC datetime, or None when absent. A day alone is its midnight.

    :raise Problem: `bad_date`.
    """
    if absent(value):
        return None
    match = _MOMENT.fullmatch(value.strip().translate(_DIGITS)) if isinstance(value, str) else None
    if match is None:
        raise Problem("bad_date", path, value)
    year, month, day_, hour, minute, second, fraction, zone = match.groups()
    try:
        at = datetime(int(year), int(month), int(day_), int(hour or 0), int(minute or 0),
                      int(second or 0), int((fraction or "0").ljust(6, "0")[:6]))  # fmt: skip
        return at - _offset(zone)
    except (ValueError, OverflowError):
        raise Problem("bad_date", path, value) from None


def _offset(zone: str | None) -> timedelta:
    if not zone:
        return OFFSET_OF_NAIVE_TIMES
    if zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def day(value: Any, path: str = "") -> date | None:
    """Return a date, or None when absent. For a time with a zone, the day as written.

    :raise Problem: `bad_date`.
    """
    if moment(value, path) is None:
        return None
    match = re.match(_DAY, value.strip().translate(_DIGITS))
    if match is None:
        raise Problem("bad_date", path, value)
    return date(*(int(part) for part in match.groups()))


# === SEVERAL FIELDS === #


def read_fields(
    row: dict[str, Any], readers: Mapping[str, Callable[[Any, str], Any]], prefix: str
) -> dict[str, Any]:
    """Return several fields of a row.

    :param readers: field -> function of this module that reads it.
    :param prefix: of the path that an error names.
    :raise Problem: as the functions.
    """
    return {key: reader(row.get(key), prefix + key) for key, reader in readers.items()}


class OptionalFields:
    """Reader of fields that must never block an order; collects the unreadable ones."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.unreadable: list[str] = []

    def read(self, reader: Callable[[Any, str], T], key: str) -> T | None:
        try:
            return reader(self.raw.get(key), key)
        except Problem:
            self.unreadable.append(key)
            return None
