"""What is owed by whom, in Decimal. Lines are `orders.OrderLine`, or anything with its names.

Removed lines (amount zero or less) count for nothing.

Source: money paragraph of Cartona's supplier API notes.
"""

from __future__ import annotations

from decimal import Decimal

CENT = Decimal("0.01")


def order_total(lines):
    """Sum of selling price x amount.

    :rtype: Decimal
    """
    return sum((line.selling_price * line.amount for line in _sold(lines)), Decimal(0))


def differs(total, other):
    """True when two totals are more than a cent apart."""
    return abs(total - other) > CENT


def amount_to_collect(total, credit=0, installment=0, wallet=0):
    """Cash at the door: total - credit - instalments + wallet top-up.

    :rtype: Decimal
    """
    return _decimal(total) - _decimal(credit) - _decimal(installment) + _decimal(wallet)


def owed_by_cartona(credit=0, installment=0, lines=()):
    """What Cartona owes the supplier: credit, instalments, and the discounts it grants.

    :rtype: Decimal
    """
    discounts = sum((line.cartona_discount * line.amount for line in _sold(lines)), Decimal(0))
    return _decimal(credit) + _decimal(installment) + discounts


def owed_to_cartona(wallet=0):
    """What the supplier owes Cartona: the cash his driver took for the retailer's wallet.

    :rtype: Decimal
    """
    return _decimal(wallet)


def _sold(lines):
    return (line for line in lines if line.amount > 0)


def _decimal(value):
    # By its text: the float 0.1 is meant as 0.1.
    return Decimal(str(value or 0))
