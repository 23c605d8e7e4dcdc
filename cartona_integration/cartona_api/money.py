"""Compute the amounts between retailer, supplier and Cartona, in Decimal.

Lines are `orders.OrderLine`, or anything with its names. Removed lines (amount zero or less) are
ignored. Amounts are in the currency of the order.

Source: money paragraph of Cartona's supplier API notes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Iterable, Iterator, Union

    from .orders import OrderLine

    Amount = Union[Decimal, float, str, None]

CENT = Decimal("0.01")


def order_total(lines: Iterable[OrderLine]) -> Decimal:
    """Return the sum of selling price x amount."""
    return sum((line.selling_price * line.amount for line in _sold(lines)), Decimal(0))


def differs(total: Decimal, other: Decimal) -> bool:
    """Return True if two totals differ by more than a cent."""
    return abs(total - other) > CENT


def amount_to_collect(
    total: Amount, credit: Amount = 0, installment: Amount = 0, wallet: Amount = 0
) -> Decimal:
    """Return the cash at the door: total - credit - instalments + wallet top-up."""
    return _decimal(total) - _decimal(credit) - _decimal(installment) + _decimal(wallet)


def owed_by_cartona(
    credit: Amount = 0, installment: Amount = 0, lines: Iterable[OrderLine] = ()
) -> Decimal:
    """Return the debt of Cartona to the supplier: credit, instalments, and Cartona's discounts."""
    discounts = sum((line.cartona_discount * line.amount for line in _sold(lines)), Decimal(0))
    return _decimal(credit) + _decimal(installment) + discounts


def owed_to_cartona(wallet: Amount = 0) -> Decimal:
    """Return the debt of the supplier to Cartona: cash collected for the retailer's wallet."""
    return _decimal(wallet)


def _sold(lines: Iterable[OrderLine]) -> Iterator[OrderLine]:
    return (line for line in lines if line.amount > 0)


def _decimal(value: Any) -> Decimal:
    # From its text: the float 0.1 means 0.1.
    return Decimal(str(value or 0))
