"""The statuses of an order, their sequence, and who may send each.

::

    pending <-> editing
       |           pending, approved ------------------> cancelled_by_retailer
    approved       pending, approved, assigned --------> cancelled_by_supplier
       |
    assigned_to_salesman -> delivered
                         -> returned

Source: the API notes, life cycle table.
"""

from datetime import date

from .behaviour import Behaviour
from .errors import Refused

STATUSES = (
    "pending",
    "editing",
    "approved",
    "assigned_to_salesman",
    "delivered",
    "cancelled_by_retailer",
    "cancelled_by_supplier",
    "returned",
)
FINAL = frozenset({"delivered", "cancelled_by_retailer", "cancelled_by_supplier", "returned"})
CANCELLED = frozenset({"cancelled_by_retailer", "cancelled_by_supplier"})
EDITABLE = frozenset({"pending", "approved", "assigned_to_salesman"})
RETAILER_MAY_CANCEL = frozenset({"pending", "approved"})

SYNCED = "synced"  # an acknowledgement, never a status of an order
SUPPLIER_SENDS = (
    SYNCED,
    "pending",
    "approved",
    "assigned_to_salesman",
    "delivered",
    "cancelled_by_supplier",
    "returned",
)
SUPPLIER_MAY = {
    "pending": {"approved", "cancelled_by_supplier"},
    "approved": {"assigned_to_salesman", "cancelled_by_supplier"},
    "assigned_to_salesman": {"delivered", "returned", "cancelled_by_supplier"},
}
CARTONA_NEXT = {
    "pending": "approved",
    "approved": "assigned_to_salesman",
    "assigned_to_salesman": "delivered",
}
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
PLAIN_WORDS = {"cancelled_by_supplier": "cancelled", "returned": "return"}
STATUS_FIELDS = frozenset(
    {
        "hashed_id",
        "status",
        "retailer_otp",
        "estimated_delivery_day",
        "delivery_day",
        "cancellation_reason",
        "supplier_code",
        "internal_supplier_code",
    }
)


def supplier_may(status: str, behaviour: Behaviour) -> set[str]:
    """Return the statuses that a supplier may send for an order of his own delivery."""
    allowed = set(SUPPLIER_MAY.get(status, ()))
    if status == "pending" and behaviour.approved_may_be_skipped:
        allowed |= {"assigned_to_salesman", "delivered"}
    if status == "approved" and behaviour.assigned_may_be_skipped:
        allowed |= {"delivered", "returned"}
    return allowed


def check_status(order, item: dict, behaviour: Behaviour) -> None:
    """Check that the supplier may send this status; the retailer's code is checked separately.

    :raise Refused: with the reason.
    """
    _check_fields(item, behaviour)
    status = item["status"]
    if order.delivered_by == "delivered_by_cartona" and status != "cancelled_by_supplier":
        raise Refused("delivered by Cartona: the supplier may only cancel")
    if status == "returned" and not behaviour.returned_accepted:
        raise Refused("returned is not a status that a supplier may send")
    if status == order.status:
        if behaviour.repeated_status == "refused":
            raise Refused(f"the order is already {status}")
        return
    if status not in supplier_may(order.status, behaviour):
        raise Refused(f"an order that is {order.status} cannot become {status}")
    if status == "cancelled_by_supplier":
        _check_reason(item.get("cancellation_reason"), behaviour)


def _check_fields(item: dict, behaviour: Behaviour) -> None:
    unknown = sorted(set(item) - STATUS_FIELDS)
    if unknown and behaviour.unknown_fields == "refused":
        raise Refused(f"{', '.join(unknown)}: not a field of a status update")
    for name in ("estimated_delivery_day", "delivery_day"):
        value = item.get(name)
        if value is None:
            continue
        try:
            date.fromisoformat(value[:10])
        except (TypeError, ValueError) as error:
            raise Refused(f"{name} takes an ISO date, not {value!r}") from error


def _check_reason(reason, behaviour: Behaviour) -> None:
    if reason is None and not behaviour.cancellation_reason_required:
        return
    if reason not in CANCELLATION_REASONS:
        raise Refused(f"cancellation_reason is one of {', '.join(CANCELLATION_REASONS)}")


def check_otp(order, code, behaviour: Behaviour) -> None:
    """Check the retailer's code, needed on delivery if Cartona moves money.

    Wrong codes are counted on the order.

    :raise Refused: when the code is missing, wrong, or no attempt is left.
    """
    if not order.needs_otp:
        return
    if behaviour.otp_attempts and order.otp_failures >= behaviour.otp_attempts:
        raise Refused("retailer_otp: too many wrong codes")
    if code in (None, ""):
        raise Refused("retailer_otp is needed for this order")
    if str(code) != order.otp:
        order.otp_failures += 1
        raise Refused("retailer_otp is wrong")
