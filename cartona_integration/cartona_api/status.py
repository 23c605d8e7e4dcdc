"""Status machine of orders: the statuses, who may set each, and the allowed changes.

::

                     retailer
      editing <------------------> pending ----------------------------+
                                      |  supplier                      |
                                      v                                |
                                  approved --------------------------+ |
                                      |  supplier                    | |  retailer:
                                      v                              | |    cancelled_by_retailer
                             assigned_to_salesman                    | |    (pending, approved)
                                 |    |    |                         | |  supplier:
                     supplier    |    |    +-------------------------+-+->  cancelled_by_supplier
                                 v    v                                     (and assigned)
                          delivered  returned

Final, and never left: delivered, returned, cancelled_by_retailer, cancelled_by_supplier. For an
order that Cartona delivers, the supplier may only cancel; Cartona makes the other changes, along
the same arrows.

`synced` is not a state: it acknowledges that the supplier has the order.

The mapping between a status and Odoo's documents, in both directions (`implied`,
`EXPECTED_STATE`):

=====================  =============================  ======================================
status                 sent when in Odoo              expected in Odoo
=====================  =============================  ======================================
pending                quotation (never sent alone)   quotation
editing                                               quotation that no user may change
approved               confirmed                      confirmed
assigned_to_salesman   goods have left, Ship, or as   confirmed
                       configured
delivered              all deliveries are done        confirmed, deliveries done
cancelled_by_retailer                                 cancelled; shipped goods are returned
cancelled_by_supplier  cancelled                      cancelled; shipped goods are returned
returned               all goods were returned        cancelled; shipped goods are returned
=====================  =============================  ======================================

Source: Cartona's supplier API notes, life cycle and update-order-status.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

PENDING = "pending"
EDITING = "editing"
APPROVED = "approved"
ASSIGNED = "assigned_to_salesman"
DELIVERED = "delivered"
CANCELLED_BY_RETAILER = "cancelled_by_retailer"
CANCELLED_BY_SUPPLIER = "cancelled_by_supplier"
RETURNED = "returned"
SYNCED = "synced"

BY_SUPPLIER = "delivered_by_supplier"
BY_CARTONA = "delivered_by_cartona"

SUPPLIER = "supplier"
RETAILER = "retailer"
CARTONA = "cartona"

STATUSES = (
    PENDING, EDITING, APPROVED, ASSIGNED, DELIVERED, CANCELLED_BY_RETAILER, CANCELLED_BY_SUPPLIER,
    RETURNED,
)  # fmt: skip
FINAL = frozenset({DELIVERED, CANCELLED_BY_RETAILER, CANCELLED_BY_SUPPLIER, RETURNED})
ALIASES = {
    "cancelled": CANCELLED_BY_SUPPLIER,
    "canceled": CANCELLED_BY_SUPPLIER,
    "canceled_by_supplier": CANCELLED_BY_SUPPLIER,
    "canceled_by_retailer": CANCELLED_BY_RETAILER,
    "return": RETURNED,
}
# Source: the values of `cancellation_reason` in the notes.
CANCELLATION_REASONS = (
    "out_of_stock",
    "cannot_deliver_the_order",
    "supplier_asked_me_to_cancel",
    "delayed_order",
    "pending_order_without_action",
    "removed_items",
    "supplier_attitude",
    "missing_items",
    "expired_products",
    "different_prices",
    "different_products",
)

# status -> {next status: the party that sets it when the supplier delivers}
ALLOWED: dict[str, dict[str, str]] = {
    PENDING: {
        APPROVED: SUPPLIER,
        EDITING: RETAILER,
        CANCELLED_BY_RETAILER: RETAILER,
        CANCELLED_BY_SUPPLIER: SUPPLIER,
    },
    EDITING: {PENDING: RETAILER},
    APPROVED: {
        ASSIGNED: SUPPLIER,
        CANCELLED_BY_RETAILER: RETAILER,
        CANCELLED_BY_SUPPLIER: SUPPLIER,
    },
    ASSIGNED: {DELIVERED: SUPPLIER, RETURNED: SUPPLIER, CANCELLED_BY_SUPPLIER: SUPPLIER},
    DELIVERED: {},
    CANCELLED_BY_RETAILER: {},
    CANCELLED_BY_SUPPLIER: {},
    RETURNED: {},
}
# Status on Cartona -> the state that Odoo's documents should be in.
QUOTATION, SALE, DONE, VOID = "quotation", "sale", "done", "void"
EXPECTED_STATE = {
    PENDING: QUOTATION,
    EDITING: QUOTATION,
    APPROVED: SALE,
    ASSIGNED: SALE,
    DELIVERED: DONE,
    CANCELLED_BY_RETAILER: VOID,
    CANCELLED_BY_SUPPLIER: VOID,
    RETURNED: VOID,
}
_RANK = {PENDING: 0, EDITING: 0, APPROVED: 1, ASSIGNED: 2}
_FINAL_RANK = 3
_EDITABLE = frozenset({PENDING, APPROVED, ASSIGNED})


def normalise(raw: Any) -> str:
    """Return a status in our spelling: lower case, aliases resolved. It may be unknown.

    :param raw: the status as Cartona spells it; None counts as "".
    """
    plain = str(raw or "").strip().lower().replace(" ", "_").replace("-", "_")
    return ALIASES.get(plain, plain)


def is_known(status: str) -> bool:
    """Return True for a state of the life cycle."""
    return status in ALLOWED


def is_final(status: str) -> bool:
    """Return True if no other status may follow."""
    return status in FINAL


def is_void(status: str) -> bool:
    """Return True if nothing is to be delivered any more, or all goods were returned."""
    return EXPECTED_STATE.get(status) == VOID


def rank(status: str) -> int | None:
    """Return the progress: 0 pending or editing, 1 approved, 2 assigned, 3 final.

    :return: None for an unknown status.
    """
    return _FINAL_RANK if status in FINAL else _RANK.get(status)


def is_backwards(old: str, new: str) -> bool:
    """Return True if `new` would undo `old`.

    An unknown status only ever undoes a final one.
    """
    if old == new:
        return False
    if is_final(old):
        return True
    before, after = rank(old), rank(new)
    return before is not None and after is not None and after < before


def setter(status: str, new: str, delivered_by: Any = BY_SUPPLIER) -> str | None:
    """Return the party that may change `status` to `new`: supplier, retailer, cartona or None."""
    party = ALLOWED.get(status, {}).get(new)
    if party == SUPPLIER and new != CANCELLED_BY_SUPPLIER and not _is_ours(delivered_by):
        return CARTONA
    return party


def _is_ours(delivered_by: Any) -> bool:
    # With an unknown kind of delivery, only a cancellation is sent.
    return delivered_by in (BY_SUPPLIER, "", None, False)


def path(current: str, wanted: str, delivered_by: Any = BY_SUPPLIER) -> list[str]:
    """Return the statuses that the supplier must send, in order, to change `current` to `wanted`.

    Every step is sent: it is not documented that Cartona accepts a skipped one.

    :param delivered_by: `BY_SUPPLIER`, `BY_CARTONA`, another text, or empty for the supplier.
    :return: empty when there is nothing to send or the supplier may not make the change.
    """
    if current == wanted:
        return []
    # The shortest path over the supplier's arrows.
    paths, seen = [[current]], {current}
    while paths:
        steps = paths.pop(0)
        for new in ALLOWED.get(steps[-1], {}):
            if new in seen or setter(steps[-1], new, delivered_by) != SUPPLIER:
                continue
            if new == wanted:
                return steps[1:] + [new]
            seen.add(new)
            paths.append(steps + [new])
    return []


def implied(
    order_state: str, shipped: bool = False, delivered: bool = False, returned: bool = False
) -> str:
    """Return the status that a sale order and its deliveries imply.

    :param order_state: `draft`, `sent`, `sale`, `done` or `cancel`.
    :param shipped: True when goods have left the warehouse.
    :param delivered: True when all goods that will be delivered have been.
    :param returned: True when all goods were returned.
    """
    if returned:
        return RETURNED
    if order_state == "cancel":
        return CANCELLED_BY_SUPPLIER
    if order_state not in ("sale", "done"):
        return PENDING
    if delivered:
        return DELIVERED
    return ASSIGNED if shipped else APPROVED


def is_conflict(status: str, implied_status: str) -> bool:
    """Return True if both sides ended in statuses that contradict each other.

    :param status: Cartona's status.
    :param implied_status: see `implied`.
    """
    if not is_final(status):
        return False
    if is_void(status):
        return implied_status == DELIVERED
    # Goods returned after the delivery are handled by a credit note.
    return implied_status == CANCELLED_BY_SUPPLIER


def may_send(status: str, new: str, delivered_by: Any = BY_SUPPLIER) -> bool:
    """Return True if the supplier may change the order to `new`, in one step or several."""
    return bool(path(status, new, delivered_by))


def may_edit_lines(status: str, delivered_by: Any = BY_SUPPLIER) -> bool:
    """Return True if the supplier may change the lines."""
    return status in _EDITABLE and _is_ours(delivered_by)


def needs_otp(installment_cost: Any, wallet_top_up: Any) -> bool:
    """Return True if `delivered` needs the retailer's code. Amounts are numbers; None is zero."""
    return any(Decimal(str(amount or 0)) > 0 for amount in (installment_cost, wallet_top_up))
