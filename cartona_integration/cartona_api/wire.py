"""Between bytes and data: requests into JSON, answers out of it, statuses into errors."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from .errors import Rejected, Transient, Unauthorised

# What `read_json` returns for something else: None is JSON too.
NOT_JSON = object()
MAX_NESTING = 50

_TRANSIENT = {408: "timeout", 425: "not_ready", 429: "rate_limited"}
_NOT_FOUND = (404, 410)

# Under which names lists have been seen, or are usual.
_ROWS = ("orders", "data", "order", "products", "supplier_products", "results", "items", "rows")


def error_for_status(status, call, said, retry_after=None, plain_list=False):
    """The error that a status stands for.

    :param int status: not 2xx.
    :param Call call: for the message.
    :param dict said: `status`, `detail` and `body` of the error.
    :param retry_after: seconds or None.
    :param bool plain_list: the call was the product list without a filter. Source: Cartona
        answers that with 400 when the token is not accepted.
    :rtype: CartonaError
    """
    message = f"Cartona answered {status} to {call.method} {call.path}: {said['detail']}"
    if status in (401, 403) or (status == 400 and plain_list):
        return Unauthorised("unauthorised", message, **said)
    code = _TRANSIENT.get(status)
    if code is None and status >= 500:
        code = "server_error"
    elif code is None and status < 400:
        code = "redirected"
    if code is not None:
        return Transient(code, message, retry_after=retry_after, uncertain=status >= 500, **said)
    return Rejected("not_found" if status in _NOT_FOUND else "rejected", message, **said)


def read_rows(answer, depth=3):
    """The rows of a page, out of whatever envelope, or None when there are none to find.

    :param answer: list; dict with a list, or one object, under a usual name; or one order.
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
            # Some write an empty list as an empty object.
            return [] if value in (None, {}, "") else read_rows(value, depth - 1)
    if answer and all(_is_row(value) for value in answer.values()):
        return list(answer.values())
    return None


def _is_row(value):
    return isinstance(value, dict) and ("hashed_id" in value or "supplier_product_id" in value)


def encode(data):
    """JSON as UTF-8: Arabic stays readable, a Decimal is a number without float noise.

    :rtype: bytes
    :raise ValueError: NaN or infinity.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, default=_plain)
    # Half a surrogate pair cannot be UTF-8, but its escape is JSON.
    return text.encode("utf-8", "backslashreplace")


def _plain(value):
    if isinstance(value, Decimal):
        # repr of a float is the shortest text that gives it back: 19.99 goes out as 19.99.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def read_json(content):
    """Data, or `NOT_JSON`. NaN and Infinity are read as texts, not as numbers.

    What nests deeper than `MAX_NESTING` is emptied: nothing documented does, and what can just be
    read could still be too deep to be written again.

    :param bytes content: UTF-8.
    """
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=str)
    except (ValueError, RecursionError):
        return NOT_JSON
    _flatten(data)
    return data


def _flatten(data):
    """Empty the lists and objects that lie too deep, level by level: without recursion."""
    level = [data] if isinstance(data, (dict, list)) else []
    for _depth in range(MAX_NESTING):
        inner = []
        for box in level:
            values = box.values() if isinstance(box, dict) else box
            inner += [value for value in values if isinstance(value, (dict, list))]
        level = inner
    for box in level:
        box.clear()


def readable_json(data):
    """JSON for people, Arabic as it is; escaped where a database column could not hold it.

    :rtype: str
    """
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(data)
    return text


def redirect_target(location):
    """Where a redirect points, without what may be secret in it."""
    try:
        parts = urlsplit(location or "")
        if not parts.netloc:
            return "redirect"
        return f"redirect to {parts.scheme}://{parts.hostname}{parts.path}"
    except ValueError:
        return "redirect"
