"""Read calls from Cartona: check the secret, and extract the orders.

Source: neither envelope nor signature are documented. The secret is ours, Cartona sends it back
in `AuthorizationToken`; the body may be one order, a list, or either in an envelope.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from .errors import Problem
from .values import identifier

MAX_ORDERS = 1000
MAX_DEPTH = 4
_ENVELOPES = ("order", "orders", "data")


@dataclass(frozen=True)
class Notice:
    """One order in a call.

    :param kind: `order` (a whole order) or `status` (only its status).
    :param hashed_id: never empty.
    :param payload: as received.
    """

    kind: str
    hashed_id: str
    payload: dict[str, Any]


def authentic(given: str | None, expected: str | None) -> bool:
    """Return True if `given` is the secret. Constant time; an empty secret never matches.

    :param given: value of the header, or None.
    :param expected: the secret.
    """
    if not given or not expected:
        return False
    return hmac.compare_digest(
        str(given).encode("utf-8", "surrogatepass"), str(expected).encode("utf-8", "surrogatepass")
    )


def unwrap(payload: Any) -> list[Notice]:
    """Return the orders in a call, in the order received.

    :param payload: data read from JSON.
    :return: at most `MAX_ORDERS`.
    :raise Problem: `not_an_order`, with the path of the element; `too_many_orders`.
    """
    notices: list[Notice] = []
    _collect(payload, "", notices, 0)
    return notices


def _collect(payload: Any, path: str, notices: list[Notice], depth: int) -> None:
    if isinstance(payload, list):
        if len(payload) > MAX_ORDERS:
            raise Problem("too_many_orders", path, len(payload))
        for place, element in enumerate(payload):
            if isinstance(element, list):
                raise Problem("not_an_order", f"{path}[{place}]")
            _collect(element, f"{path}[{place}]", notices, depth + 1)
        return
    if not isinstance(payload, dict) or depth > MAX_DEPTH:
        raise Problem("not_an_order", path)
    notice = _notice(payload, path)
    if notice is not None:
        if len(notices) >= MAX_ORDERS:
            raise Problem("too_many_orders", path)
        notices.append(notice)
        return
    for key in _ENVELOPES:
        if isinstance(payload.get(key), (dict, list)):
            _collect(payload[key], f"{path}.{key}" if path else key, notices, depth + 1)
            return
    raise Problem("not_an_order", path)


def _notice(payload: dict[str, Any], path: str) -> Notice | None:
    """Return the notice in an object, or None for an envelope or any other object."""
    hashed_id = _id(payload, "hashed_id", path)
    if "order_details" in payload:
        if not hashed_id:
            raise Problem("not_an_order", _at(path, "hashed_id"))
        return Notice("order", hashed_id, payload)
    # Source: a status notice may name the order by `order_id`.
    hashed_id = hashed_id or _id(payload, "order_id", path)
    state = payload.get("status")
    if hashed_id and isinstance(state, str) and state.strip():
        return Notice("status", hashed_id, payload)
    return None


def _id(payload: dict[str, Any], key: str, path: str) -> str:
    try:
        return identifier(payload.get(key))
    except Problem:
        raise Problem("not_an_order", _at(path, key), payload[key]) from None


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
