"""Amounts between retailer, supplier and Cartona."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from cartona_api import money

D = Decimal


def line(amount, price, supplier=0, cartona=0):
    return SimpleNamespace(
        amount=D(str(amount)), selling_price=D(str(price)),
        supplier_discount=D(str(supplier)), cartona_discount=D(str(cartona)),
    )  # fmt: skip


AMOUNTS = [
    # case, total, credit, instalment, wallet, lines -> collect, Cartona owes, we owe
    ("nothing special", 100, 0, 0, 0, [], (100, 0, 0)),
    ("credit", 100, 10, 0, 0, [], (90, 10, 0)),
    ("wallet", 100, 0, 0, 20, [], (120, 0, 20)),
    ("instalments", 100, 0, 60, 0, [], (40, 60, 0)),
    ("the official example", 3000, 1000, 2000, 100, [line(20, 150, cartona=7)], (100, 3140,
     100)),
    ("Cartona's discount is per unit", 44, 0, 0, 0, [line(2, 7, 2, 1), line(3, 10)], (44, 2,
     0)),
    ("a removed line is not owed", 7, 0, 0, 0, [line(1, 7), line(-3, 7, 1, 1)], (7, 0, 0)),
    ("all paid by Cartona", 100, 40, 60, 0, [], (0, 100, 0)),
    ("texts and floats", "0.3", 0.1, "0.1", 0.0, [], ("0.1", "0.2", 0)),
    ("absent", 5, None, None, None, [], (5, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("total", "credit", "installment", "wallet", "lines", "owed"),
    [c[1:] for c in AMOUNTS], ids=[c[0] for c in AMOUNTS],
)  # fmt: skip
def test_amounts_of_retailer_supplier_and_cartona(total, credit, installment, wallet, lines, owed):
    assert (
        money.amount_to_collect(total, credit, installment, wallet),
        money.owed_by_cartona(credit, installment, lines),
        money.owed_to_cartona(wallet),
    ) == tuple(D(str(amount)) for amount in owed)


def test_an_offer_is_summed_line_by_line():
    lines = [line(2, 7, supplier=2, cartona=1), line(3, 10)]
    assert money.order_total(lines) == 44
    assert money.owed_by_cartona(lines=lines) == D("2.00")


def test_sums_are_exact_where_floats_are_not():
    assert money.order_total([line(1, "0.1")] * 3) == D("0.3")
    assert money.order_total([]) == 0
    assert money.order_total([line(0, 5), line(-1, 5)]) == 0


@pytest.mark.parametrize(("one", "other", "differ"), [
    ("10", "10", False), ("10", "10.01", False), ("10.01", "10", False), ("10", "10.0101", True),
    ("9.98", "10", True),
])  # fmt: skip
def test_a_cent_does_not_count_as_a_difference(one, other, differ):
    assert money.differs(D(one), D(other)) is differ
