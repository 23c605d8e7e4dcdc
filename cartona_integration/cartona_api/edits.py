"""A supplier's changes of lines: what of them Cartona has to be told, and what it knows after.

Compared are two states, Cartona's lines as it last told them and the lines as they are here, so
that changing a line back and forth sends nothing, and sending twice does no harm.

Source: update-order-details in Cartona's supplier API notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class LineState:
    """One line as it is sold here.

    :param str id: Cartona's id of the line; "" for one that Cartona has not given an id yet.
    :param Decimal amount: in Cartona's unit; zero or less: nothing of it is sold.
    :param Decimal price: of one unit, what the retailer pays.
    :param str product: `supplier_product_id`, needed for an added line only.
    """

    id: str
    amount: Decimal
    price: Decimal
    product: str = ""


def told_lines(told):
    """Cartona's lines that are sold, out of what it last said.

    :param dict told: key of a line -> dict with `id`, `amount` and `selling_price` as texts.
    :return: dict id -> (amount, price); lines without an id cannot be named and are left out.
    """
    return {
        line["id"]: (Decimal(line["amount"]), Decimal(line["selling_price"]))
        for line in told.values()
        if line.get("id") and Decimal(line["amount"]) > 0
    }


def edited_details(told, lines, doubtful=()):
    """The `order_details` that bring Cartona's lines to the state here.

    :param dict told: as `told_lines` gives it.
    :param lines: iterable of `LineState`; of those without an id all are to be added.
    :param doubtful: ids whose last change was sent without an answer: told whole again.
    :return: list of dicts, empty when there is nothing to tell. Of a line that is known only
        what differs.
    """
    here = {line.id: line for line in lines if line.id and line.amount > 0}
    details = []
    for line_id, (amount, price) in told.items():
        line = here.get(line_id)
        if line is None:
            details.append({"id": _number(line_id), "cancelled": True})
            continue
        change = {}
        if line.amount != amount or line_id in doubtful:
            change["amount"] = _figure(line.amount)
        if line.price != price or line_id in doubtful:
            change["price"] = _figure(line.price)
        if change:
            details.append(dict({"id": _number(line_id)}, **change))
    for line in lines:
        if not line.id and line.amount > 0:
            details.append(
                {
                    "supplier_product_id": line.product,
                    "amount": _figure(line.amount),
                    "price": _figure(line.price),
                }
            )
    return details


def removes_all(told, details):
    """Would these `order_details` leave the order without a line?"""
    cancelled = sum(1 for row in details if row.get("cancelled"))
    return cancelled == len(told) and not any("id" not in row for row in details)


def told_after(told, details):
    """What Cartona says of its lines once it has taken `details`, added ones apart: their ids
    come with the next pull.

    :param dict told: key of a line -> dict as Cartona said it.
    :return: dict of the same shape.
    """
    changes = {str(row["id"]): row for row in details if "id" in row}
    after = {}
    for key, line in told.items():
        change = changes.get(line.get("id"), {})
        if change.get("cancelled"):
            continue
        line = dict(line)
        for name, sent in (("amount", "amount"), ("selling_price", "price")):
            if sent in change:
                line[name] = plain(change[sent])
        after[key] = line
    return after


def plain(value):
    """A Decimal as text, one for equal numbers: 10 and 10.00 are "10"."""
    return format(Decimal(str(value)).normalize(), "f")


def _figure(value):
    # As JSON has it: repr of a float is the shortest text that gives it back.
    return int(value) if value == value.to_integral_value() else float(value)


def _number(line_id):
    # Source: ids of lines are integers. One that is not goes back as it came.
    return int(line_id) if line_id.isdigit() else line_id
