"""Compute a supplier's changes of order lines: what to send, and Cartona's lines afterwards.

Two states are compared, Cartona's lines as last confirmed and the lines here, so that changing a
line back and forth sends nothing, and sending twice does no harm.

A confirmed line is a dict with `id`, `amount` and `selling_price` as texts, stored under a key of
its own.

Source: update-order-details in Cartona's supplier API notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .values import json_number

if TYPE_CHECKING:
    from typing import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True)
class LineState:
    """One line as it is sold here.

    :param id: Cartona's id of the line; "" while Cartona has not assigned one.
    :param amount: in Cartona's unit; zero or less when the line is not sold.
    :param price: of one unit, as the retailer pays it.
    :param product: `supplier_product_id`, needed for an added line only.
    """

    id: str
    amount: Decimal
    price: Decimal
    product: str = ""


def confirmed_lines(
    lines: Mapping[str, Mapping[str, Any]],
) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the confirmed lines that are sold, by Cartona's id.

    :param lines: key -> confirmed line.
    :return: id -> (amount, price); lines without an id cannot be addressed and are left out.
    """
    return {
        line["id"]: (Decimal(line["amount"]), Decimal(line["selling_price"]))
        for line in lines.values()
        if line.get("id") and Decimal(line["amount"]) > 0
    }


def edited_details(
    confirmed: Mapping[str, tuple[Decimal, Decimal]],
    lines: Sequence[LineState],
    uncertain: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return the `order_details` that change Cartona's lines to the state here.

    :param confirmed: as returned by `confirmed_lines`.
    :param lines: lines here; those without an id are to be added.
    :param uncertain: ids with a last change that got no answer: amount and price are sent again.
    :return: rows for `CartonaClient.update_order_details`, empty when nothing differs. The row of
        a confirmed line contains only the changed values.
    """
    here = {line.id: line for line in lines if line.id and line.amount > 0}
    details: list[dict[str, Any]] = []
    for line_id, (amount, price) in confirmed.items():
        line = here.get(line_id)
        if line is None:
            details.append({"id": _json_id(line_id), "cancelled": True})
            continue
        change = {}
        if line.amount != amount or line_id in uncertain:
            change["amount"] = json_number(line.amount)
        if line.price != price or line_id in uncertain:
            change["price"] = json_number(line.price)
        if change:
            details.append(dict({"id": _json_id(line_id)}, **change))
    for line in lines:
        if not line.id and line.amount > 0:
            details.append(
                {
                    "supplier_product_id": line.product,
                    "amount": json_number(line.amount),
                    "price": json_number(line.price),
                }
            )
    return details


def removes_all(confirmed: Collection[str], details: Iterable[Mapping[str, Any]]) -> bool:
    """Return True if these `order_details` would leave the order without a line."""
    rows = list(details)
    cancelled = sum(1 for row in rows if row.get("cancelled"))
    return cancelled == len(confirmed) and not any("id" not in row for row in rows)


def lines_after(
    lines: Mapping[str, Mapping[str, Any]], details: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the confirmed lines once Cartona has accepted `details`.

    Added lines are left out: their ids arrive with the next pull.

    :param lines: key -> confirmed line; not modified.
    """
    changes = {str(row["id"]): row for row in details if "id" in row}
    after = {}
    for key, confirmed in lines.items():
        change = changes.get(str(confirmed.get("id")), {})
        if change.get("cancelled"):
            continue
        line = dict(confirmed)
        for name, sent in (("amount", "amount"), ("selling_price", "price")):
            if sent in change:
                line[name] = plain(change[sent])
        after[key] = line
    return after


def plain(value: Decimal | float | str) -> str:
    """Return a number as text, the same for equal numbers: 10 and 10.00 are "10"."""
    return format(Decimal(str(value)).normalize(), "f")


def _json_id(line_id: str) -> int | str:
    # Source: ids of lines are integers. Any other id is returned unchanged.
    return int(line_id) if line_id.isdecimal() else line_id
