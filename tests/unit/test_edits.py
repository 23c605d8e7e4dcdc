"""Changes of order lines are sent to Cartona."""

from decimal import Decimal

import pytest

from cartona_api import edits
from cartona_api.edits import LineState

D = Decimal
CONFIRMED = {"901": (D(4), D("12.5")), "902": (D(2), D(30))}


def line(line_id, amount, price, product=""):
    return LineState(line_id, D(str(amount)), D(str(price)), product)


CASES = [
    # case, lines here, uncertain ids -> order_details
    ("nothing", [line("901", 4, 12.5), line("902", 2, 30)], (), []),
    ("the same, other digits", [line("901", "4.000", "12.50"), line("902", 2, 30)], (), []),
    ("amount only", [line("901", 3, 12.5), line("902", 2, 30)], (), [{"id": 901, "amount": 3}]),
    ("price only", [line("901", 4, 11.75), line("902", 2, 30)], (),
     [{"id": 901, "price": 11.75}]),
    ("both", [line("901", 5, 10), line("902", 2, 30)], (),
     [{"id": 901, "amount": 5, "price": 10}]),
    ("a weight", [line("901", "2.25", 12.5), line("902", 2, 30)], (),
     [{"id": 901, "amount": 2.25}]),
    ("a removed line", [line("901", 4, 12.5)], (), [{"id": 902, "cancelled": True}]),
    ("a line with an amount of zero", [line("901", 4, 12.5), line("902", 0, 30)], (),
     [{"id": 902, "cancelled": True}]),
    ("added", [line("901", 4, 12.5), line("902", 2, 30), line("", 3, 9, "S1")], (),
     [{"supplier_product_id": "S1", "amount": 3, "price": 9}]),
    ("added with amount zero", [line("901", 4, 12.5), line("902", 2, 30), line("", 0, 9, "S1")],
     (), []),
    ("a line that Cartona no longer has",
     [line("901", 4, 12.5), line("902", 2, 30), line("77", 1, 1)], (), []),
    ("uncertain: sent with both values", [line("901", 4, 12.5), line("902", 2, 30)], ("902",),
     [{"id": 902, "amount": 2, "price": 30}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "uncertain", "details"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_only_differences_are_sent(lines, uncertain, details):
    assert edits.edited_details(CONFIRMED, lines, uncertain) == details


def confirmed_line(line_id, amount, price):
    return {"id": line_id, "amount": amount, "selling_price": price, "product_name": "x"}


def test_lines_without_an_id_or_an_amount_cannot_be_named():
    confirmed = {
        "901": confirmed_line("901", "4", "12.5"),
        "902": confirmed_line("902", "0", "30"),
        "?7/#1": confirmed_line("", "2", "5"),
    }
    assert edits.confirmed_lines(confirmed) == {"901": (D(4), D("12.5"))}


@pytest.mark.parametrize(("details", "answer"), [
    ([{"id": 901, "cancelled": True}, {"id": 902, "cancelled": True}], True),
    ([{"id": 901, "cancelled": True}, {"id": 902, "amount": 1}], False),
    ([{"id": 901, "cancelled": True}], False),
    ([{"id": 901, "cancelled": True}, {"id": 902, "cancelled": True},
      {"supplier_product_id": "S1", "amount": 1, "price": 1}], False),
])  # fmt: skip
def test_an_order_must_keep_a_line(details, answer):
    assert edits.removes_all(CONFIRMED, details) is answer


def test_accepted_details_become_the_confirmed_lines():
    confirmed = {key: confirmed_line(key, "4", "12.5") for key in ("901", "902", "903")}
    details = [
        {"id": 901, "amount": 3},
        {"id": 902, "cancelled": True},
        {"id": 903, "price": 10.5},
        {"supplier_product_id": "S1", "amount": 1, "price": 1},
    ]
    assert edits.lines_after(confirmed, details) == {
        "901": confirmed_line("901", "3", "12.5"),
        "903": confirmed_line("903", "4", "10.5"),
    }
    assert confirmed["901"]["amount"] == "4", "the argument is not modified"


def test_equal_numbers_are_one_text():
    assert [edits.plain(value) for value in (10, D("10.00"), 1e2, 0.1, 12.50)] == [
        "10", "10", "100", "0.1", "12.5"
    ]  # fmt: skip
