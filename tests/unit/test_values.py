"""Single values: tolerant of form, strict about meaning."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cartona_api import Problem
from cartona_api import values as read

D = Decimal
HUGE = 10**5000

NUMBERS = [
    ("integer", 7, D(7)), ("negative", -3, D(-3)), ("float", 0.1, D("0.1")),
    ("text", "12.50", D("12.50")), ("blanks", " 12 ", D(12)), ("plus", "+4", D(4)),
    ("exponent", "1e3", D(1000)), ("no zero", ".5", D("0.5")), ("Decimal", D("1.10"), D("1.10")),
    ("Arabic digits", "١٢٣", D(123)), ("Persian digits", "۱۲۳", D(123)),
    ("Arabic separators", "١٬٢٣٤٫٥٠", D("1234.50")), ("thousands", "1,234,567.5", D("1234567.5")),
    ("another minus", "−5", D(-5)), ("marks of direction", "\u200e12\u200f", D(12)),
    ("the most", 10**12, D(10) ** 12),
    ("absent", None, None), ("empty", "", None), ("blank", "  ", None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "number"), [c[1:] for c in NUMBERS], ids=[c[0] for c in NUMBERS])
def test_a_number_is_read_exactly_as_it_was_written(value, number):
    result = read.number(value)
    assert (result, type(result)) == (number, type(number))


NO_NUMBERS = [
    ("true", True), ("not a number", float("nan")), ("infinite", float("inf")),
    ("NaN as text", "NaN"), ("infinity as text", "Infinity"), ("NaN as Decimal", D("NaN")),
    ("word", "many"), ("currency", "12 EGP"), ("comma for a point", "12,5"),
    ("underscore", "1_000"), ("hexadecimal", "0x10"), ("list", [1]), ("object", {"a": 1}),
    ("too large", 10**12 + 1), ("huge", HUGE), ("huge text", "9" * 5000), ("huge power", "1e999"),
    ("tiny", "1e-99"), ("two", "1 2"), ("superscript", "²"), ("Thai", "๑"),
]  # fmt: skip


@pytest.mark.parametrize("value", [c[1] for c in NO_NUMBERS], ids=[c[0] for c in NO_NUMBERS])
def test_an_invalid_number_raises_problem_with_its_path(value):
    with pytest.raises(Problem) as caught:
        read.number(value, "a[1].b")
    assert (caught.value.code, caught.value.path) == ("bad_number", "a[1].b")
    str(caught.value)


def test_money_is_never_negative_and_absent_money_is_zero():
    assert read.amount_of_money(None) == 0
    assert read.optional_amount("") is None
    with pytest.raises(Problem) as caught:
        read.amount_of_money("-0.01", "x")
    assert (caught.value.code, caught.value.path) == ("negative_amount", "x")


IDS = [
    ("integer", 12345, "12345"), ("text", " 12345 ", "12345"), ("float", 12345.0, "12345"),
    ("float as text", "12345.0", "12345"), ("dot and zeros", "7.000", "7"), ("Decimal", D(7), "7"),
    ("leading zeros are part of it", "007", "007"), ("letters", "x7Kp2q", "x7Kp2q"),
    ("a real dot", "7.5", "7.5"), ("version-like", "a.0", "a.0"), ("absent", None, ""),
    ("zero byte", "a\x00b", "ab"), ("half a surrogate pair", "a\ud800", "a"),
    ("large", 10**29, "1" + "0" * 29),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [c[1:] for c in IDS], ids=[c[0] for c in IDS])
def test_an_id_is_one_text_however_it_comes(value, text):
    assert read.identifier(value) == text


NO_IDS = [True, [], {}, 7.5, float("nan"), float("inf"), D("NaN"), HUGE, "x" * 256]


@pytest.mark.parametrize("value", NO_IDS, ids=range(len(NO_IDS)))
def test_an_invalid_id_raises_problem(value):
    with pytest.raises(Problem) as caught:
        read.identifier(value, "id")
    assert (caught.value.code, caught.value.path) == ("bad_id", "id")


TEXTS = [
    ("as it is", "محـــل  أحمد 🛒\nline", "محـــل  أحمد 🛒\nline"), ("number", 7, "7"),
    ("fraction", 7.5, "7.5"), ("whole float", 7.0, "7"), ("absent", None, ""),
    ("blanks around", " a ", "a"), ("zero byte", "a\x00b", "ab"),
    ("cut", "x" * 10_001, "x" * 10_000),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [c[1:] for c in TEXTS], ids=[c[0] for c in TEXTS])
def test_a_text_changes_only_where_it_cannot_be_stored(value, text):
    assert read.text(value) == text


@pytest.mark.parametrize("value", [True, [], {}])
def test_an_invalid_text_raises_problem(value):
    with pytest.raises(Problem, match="bad_text at x"):
        read.text(value, "x")


FLAGS = [(True, True), (False, False), (1, True), (0, False), ("1", True), ("0", False),
         ("true", True), ("False", False), (" YES ", True), ("t", True), ("F", False),
         ("y", True), ("no", False), (None, None),
         ("", None)]  # fmt: skip


@pytest.mark.parametrize(("value", "flag"), FLAGS)
def test_a_flag_may_be_boolean_digit_or_word(value, flag):
    assert read.flag(value) is flag


@pytest.mark.parametrize("value", [2, -1, "maybe", 1.5, [], {}])
def test_an_invalid_flag_raises_problem(value):
    with pytest.raises(Problem, match="bad_flag at x"):
        read.flag(value, "x")


MOMENTS = [
    ("UTC", "2026-03-10T09:15:30Z", datetime(2026, 3, 10, 9, 15, 30)),
    ("milliseconds", "2026-03-10T09:15:30.250Z", datetime(2026, 3, 10, 9, 15, 30, 250000)),
    ("nanoseconds", "2026-03-10T09:15:30.123456789Z", datetime(2026, 3, 10, 9, 15, 30, 123456)),
    ("Cairo", "2026-03-10T11:15:30+02:00", datetime(2026, 3, 10, 9, 15, 30)),
    ("Cairo in summer", "2026-07-10T00:15:00+0300", datetime(2026, 7, 9, 21, 15)),
    ("west", "2026-03-10T04:15:30-05", datetime(2026, 3, 10, 9, 15, 30)),
    ("half an hour", "2026-03-10T14:45:30+05:30", datetime(2026, 3, 10, 9, 15, 30)),
    ("naive is UTC", "2026-03-10T09:15:30", datetime(2026, 3, 10, 9, 15, 30)),
    ("with a blank", "2026-03-10 09:15:30 UTC", datetime(2026, 3, 10, 9, 15, 30)),
    ("blank and offset", "2026-03-10 11:15:30 +0200", datetime(2026, 3, 10, 9, 15, 30)),
    ("without seconds", "2026-03-10 09:15", datetime(2026, 3, 10, 9, 15)),
    ("day alone", "2026-03-10", datetime(2026, 3, 10)),
    ("Arabic digits", "٢٠٢٦-٠٣-١٠", datetime(2026, 3, 10)),
    ("absent", None, None),
    ("empty", "", None),
]


@pytest.mark.parametrize(("value", "at"), [c[1:] for c in MOMENTS], ids=[c[0] for c in MOMENTS])
def test_a_time_is_naive_utc(value, at):
    assert read.moment(value) == at


BAD_DATES = ["tomorrow", "10/03/2026", "2026-13-01", "2026-02-30", "2026-03-10T25:00:00Z",
             "2026-03-10T09:15:30 Cairo", 1773134130, True, [], "0001-01-01T00:00:00+02:00",
             "2026-03-10x"]  # fmt: skip


@pytest.mark.parametrize("value", BAD_DATES)
def test_an_invalid_time_raises_problem(value):
    for reader in (read.moment, read.day):
        with pytest.raises(Problem, match="bad_date at x"):
            reader(value, "x")


DAYS = [("2026-03-10", date(2026, 3, 10)), ("2026-03-10T23:30:00+02:00", date(2026, 3, 10)),
        ("2026-03-10T23:30:00Z", date(2026, 3, 10)), (None, None), ("", None)]  # fmt: skip


@pytest.mark.parametrize(("value", "day"), DAYS)
def test_a_day_is_the_one_that_was_written(value, day):
    assert read.day(value) == day
