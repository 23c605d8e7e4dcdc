"""The one status machine of orders: what a status is, who may set it, where it may go.

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

Final, and never left: delivered, returned, cancelled_by_retailer, cancelled_by_supplier. Of an
order that Cartona delivers, the supplier sets nothing but his cancellation; Cartona moves the
rest along the same arrows.

`synced` is no state: it acknowledges that the supplier has the order.

What a status and Odoo's documents are to each other, in both directions (`implied`, `ASKS`):

=====================  =============================  ======================================
status                 said when in Odoo              asks of Odoo
=====================  =============================  ======================================
pending                quotation (never said alone)   quotation
editing                                               quotation that nobody may touch
approved               confirmed                      confirmed
assigned_to_salesman   goods have left, Ship, or      confirmed
                       what the setting says
delivered              all deliveries are done        confirmed, deliveries done
cancelled_by_retailer                                 cancelled; goods that left come back
cancelled_by_supplier  cancelled                      cancelled; goods that left come back
returned               everything came back           cancelled; goods that left come back
=====================  =============================  ======================================

Source: Cartona's supplier API notes, life cycle and update-order-status.
"""

from __future__ import annotations

from decimal import Decimal

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
# Source: the values of `cancellation_reason`.
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

# status -> {next status: who sets it when the supplier delivers}
ALLOWED = {
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
# What a status that Cartona says asks of Odoo's documents.
QUOTATION, SALE, DONE, VOID = "quotation", "sale", "done", "void"
ASKS = {
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


def normalise(raw):
    """A status as Cartona spells it -> as we do: lower case, aliases resolved. May be unknown.

    :rtype: str
    """
    plain = str(raw or "").strip().lower().replace(" ", "_").replace("-", "_")
    return ALIASES.get(plain, plain)


def is_known(status):
    """True for a state of the life cycle."""
    return status in ALLOWED


def is_final(status):
    """True when nothing may follow."""
    return status in FINAL


def is_void(status):
    """True when nothing is to be delivered any more, or everything came back."""
    return ASKS.get(status) == VOID


def rank(status):
    """How far an order has come: 0 pending or editing, 1 approved, 2 assigned, 3 final.

    :return: int, or None for an unknown status.
    """
    return _FINAL_RANK if status in FINAL else _RANK.get(status)


def is_backwards(old, new):
    """Would `new` undo `old`? An unknown status is behind nothing but a final one."""
    if old == new:
        return False
    if is_final(old):
        return True
    before, after = rank(old), rank(new)
    return before is not None and after is not None and after < before


def setter(status, new, delivered_by=BY_SUPPLIER):
    """Who takes an order from `status` to `new`: supplier, retailer, cartona; None for nobody."""
    who = ALLOWED.get(status, {}).get(new)
    if who == SUPPLIER and new != CANCELLED_BY_SUPPLIER and not _is_ours(delivered_by):
        return CARTONA
    return who


def _is_ours(delivered_by):
    # Of a way of delivery that we do not know, nothing is sent but a cancellation.
    return delivered_by in (BY_SUPPLIER, "", None, False)


def path(current, wanted, delivered_by=BY_SUPPLIER):
    """The statuses that the supplier must send, in order, to get from `current` to `wanted`.

    Every step is sent: whether Cartona lets one be skipped is not documented.

    :return: list, empty when there is nothing to send or the supplier may not get there.
    """
    if current == wanted:
        return []
    # The shortest way over the arrows that are the supplier's.
    ways, seen = [[current]], {current}
    while ways:
        way = ways.pop(0)
        for new in ALLOWED.get(way[-1], {}):
            if new in seen or setter(way[-1], new, delivered_by) != SUPPLIER:
                continue
            if new == wanted:
                return way[1:] + [new]
            seen.add(new)
            ways.append(way + [new])
    return []


def implied(order_state, shipped=False, delivered=False, returned=False):
    """The status that a sale order and its deliveries stand for.

    :param str order_state: `draft`, `sent`, `sale`, `done` or `cancel`.
    :param bool shipped: the goods have left.
    :param bool delivered: everything that will be delivered has been.
    :param bool returned: everything came back.
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


def is_apart(status, implied_status):
    """Have the two sides come to ends that contradict each other?

    :param str status: what Cartona has.
    :param str implied_status: see `implied`.
    """
    if not is_final(status):
        return False
    if is_void(status):
        return implied_status == DELIVERED
    # What was brought back after it had been delivered is settled by a credit note.
    return implied_status == CANCELLED_BY_SUPPLIER


def may_send(status, new, delivered_by=BY_SUPPLIER):
    """May the supplier take the order to `new`, by whatever steps in between?"""
    return bool(path(status, new, delivered_by))


def may_edit_lines(status, delivered_by=BY_SUPPLIER):
    """May the supplier change the lines?"""
    return status in _EDITABLE and _is_ours(delivered_by)


def needs_otp(installment_cost, wallet_top_up):
    """Does `delivered` need the retailer's code? Amounts as numbers; None is zero."""
    return any(Decimal(str(amount or 0)) > 0 for amount in (installment_cost, wallet_top_up))
