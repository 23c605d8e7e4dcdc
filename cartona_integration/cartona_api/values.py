"""Reads single values out of foreign JSON: tolerant of form, strict about meaning.

Each reader takes a value and the path where it stood, and returns a clean value or raises
`Problem(code, path, value)`. Absent is None or "".
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from .errors import Problem

MAX_TEXT = 10_000
MAX_ID = 255
# Above any price or quantity in a shop; below what makes arithmetic slow or a column overflow.
MAX_NUMBER = Decimal(10) ** 12
MAX_DECIMALS = 30

# A time without a zone is taken as UTC. Source: none, the notes do not say which zone it is.
OFFSET_OF_NAIVE_TIMES = timedelta(0)

_DIGITS = {ord(a): str(i) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for i, a in enumerate(digits)}
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


def absent(value):
    """True for what stands for "nothing here": None or blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


def text(value, path="", limit=MAX_TEXT):
    """Text without what a database cannot store, at most `limit` characters; "" when absent.

    Everything else stays as it is: spelling, tatweel, emoji, inner line breaks.

    :rtype: str
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


def identifier(value, path=""):
    """An id as text, however it came: 12345, 12345.0 and " 12345 " are "12345"; "" when absent.

    :rtype: str
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
    if dot and whole.isdigit() and not zeros.strip("0"):
        value = whole
    if len(value) > MAX_ID:
        raise Problem("bad_id", path, value)
    return value


def number(value, path="", default=None):
    """A finite number as Decimal, exactly as it was written; `default` when absent.

    Texts may use Arabic-Indic digits and separators, and commas between thousands.

    :rtype: Decimal
    """
    if absent(value):
        return default
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
    value = Decimal(value)
    if not value.is_finite() or abs(value) > MAX_NUMBER:
        raise Problem("bad_number", path, str(value))
    if value.as_tuple().exponent < -MAX_DECIMALS:
        raise Problem("bad_number", path, str(value))
    return value


def amount_of_money(value, path="", default=Decimal(0)):
    """Like `number`, and not negative.

    :rtype: Decimal
    """
    value = number(value, path, default)
    if value is not None and value < 0:
        raise Problem("negative_amount", path, value)
    return value


def flag(value, path=""):
    """True, False, or None when absent. Takes booleans, 0 and 1, and their usual words."""
    if absent(value):
        return None
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (int, str)) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Problem("bad_flag", path, value)


def moment(value, path=""):
    """A time as naive UTC datetime, or None when absent. A day alone is its midnight.

    :rtype: datetime
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


def _offset(zone):
    if not zone:
        return OFFSET_OF_NAIVE_TIMES
    if zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def day(value, path=""):
    """A date, or None when absent. Of a time with a zone it is the day as written.

    :rtype: date
    """
    if moment(value, path) is None:
        return None
    match = re.match(_DAY, value.strip().translate(_DIGITS))
    return date(*(int(part) for part in match.groups()))
