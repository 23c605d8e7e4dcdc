"""A raw order is read whole, to the cent, or not at all."""

import copy
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartona_api import (
    Order,
    OrderLine,
    Problem,
    Retailer,
    content_key,
    money,
    parse_order,
    peek,
    status,
)

D = Decimal


@pytest.fixture
def raw(sample):
    return sample("pull_orders_pending")[0]


def test_a_complete_order_is_read_completely(raw):
    assert parse_order(raw) == Order(
        hashed_id="x7Kp2q",
        receipt_id="100245",
        supplier_code="1",
        status="pending",
        known_status=True,
        delivered_by="delivered_by_supplier",
        created_at=datetime(2026, 3, 10, 9, 15, 30, 250000),
        pickup_date=None,
        pickup_otp="",
        delivery_day=None,
        estimated_delivery_day=date(2026, 3, 12),
        retailer_preferred_delivery_date=date(2026, 3, 13),
        cancellation_reason="",
        return_reason="",
        note_message="اتصل قبل الوصول",
        edited_by_admin=False,
        distribution_route_code="R-7",
        total_price=D("1000.0"),
        cartona_credit=D(0),
        installment_cost=D(0),
        wallet_top_up=D(0),
        applied_supplier_rebate=D(0),
        retailer=Retailer(
            code="A00315",
            name="سوبر ماركت النور",
            number="+201003150160",
            number2="",
            address="١٢ شارع التحرير، الدقي، الجيزة",
            address_notes="بجوار الصيدلية",
            email="",
        ),
        lines=(
            OrderLine(
                id="9001",
                supplier_product_id="12345",
                internal_product_id="51",
                base_product_id="880",
                unit="box",
                unit_count=D(24),
                product_name="مياه معدنية ٦٠٠ مل",
                amount=D(5),
                selling_price=D(200),
                supplier_discount=D(0),
                cartona_discount=D(0),
                comment="",
            ),
        ),
        unreadable=(),
    )


def test_only_identity_lines_and_prices_are_needed(sample):
    order = parse_order(sample("pull_orders_minimal")[0])
    assert (order.hashed_id, order.receipt_id, order.supplier_code) == ("min01", "", "")
    assert order.delivered_by == "delivered_by_supplier"
    assert order.retailer == Retailer("", "محل", "", "", "", "", "")
    assert (order.created_at, order.delivery_day, order.note_message) == (None, None, "")
    assert (order.lines[0].unit, order.lines[0].unit_count) == ("", 1)
    assert not order.total_mismatch


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("key", [
    "receipt_id", "note_message", "delivery_day", "estimated_delivery_day", "pickup_date",
    "pickup_otp", "retailer_preferred_delivery_date", "cancellation_reason", "created_at",
    "distribution_route_code", "supplier_code", "delivered_by", "cartona_credit", "wallet_top_up",
    "edited_by_admin", "applied_supplier_rebate", "retailer", "total_price",
])  # fmt: skip
def test_null_and_empty_are_the_same_as_absent(raw, key, empty):
    without = dict(raw)
    del without[key]
    assert parse_order(dict(raw, **{key: empty})) == parse_order(without)


def test_an_order_in_the_other_spelling_is_read_alike(sample):
    order = parse_order(sample("pull_orders_odd_spellings")["orders"][0])
    first, second = order.lines
    assert (order.supplier_code, order.status) == ("2", "cancelled_by_supplier")
    assert (order.total_price, order.wallet_top_up) == (D("12.50"), D(0))
    assert (first.id, first.supplier_product_id, first.unit) == ("9301", "777", "recharge_card")
    assert (first.amount, first.selling_price) == (D("2.5"), D(5))
    assert (second.id, second.supplier_product_id, second.removed) == ("9302", "778", True)
    assert (order.lines_total, order.total_mismatch) == (D("12.50"), False)


def test_pickup_date_and_code_of_an_order_that_cartona_delivers(sample):
    order = parse_order(sample("pull_orders_delivered_by_cartona")["data"][0])
    assert order.delivered_by == "delivered_by_cartona"
    assert (order.pickup_date, order.pickup_otp) == (datetime(2026, 3, 12, 6), "4821")


def test_an_offer_stays_two_lines_of_one_product(sample):
    order = parse_order(sample("pull_orders_offer")[0])
    assert [(line.id, line.amount, line.selling_price) for line in order.lines] == [
        ("9101", D(2), D(7)), ("9102", D(3), D(10)),
    ]  # fmt: skip
    assert {line.supplier_product_id for line in order.lines} == {"12345"}
    assert (order.lines_total, order.total_mismatch) == (D(44), False)


def test_credit_instalment_and_wallet_change_the_amounts(sample):
    order = parse_order(sample("pull_orders_credit_instalment_wallet")[0])
    assert not order.total_mismatch
    credit, installment, wallet = order.cartona_credit, order.installment_cost, order.wallet_top_up
    assert money.amount_to_collect(order.total_price, credit, installment, wallet) == 100
    assert money.owed_by_cartona(credit, installment, order.lines) == 3140
    assert money.owed_to_cartona(wallet) == 100
    assert status.needs_otp(installment, wallet)


def line(**values):
    return dict({"id": 1, "supplier_product_id": 7, "amount": 1, "selling_price": 10}, **values)


TOTALS = [
    ("exact", 10, [line()], False),
    ("a cent more", "10.01", [line()], False),
    ("a cent less", "9.99", [line()], False),
    ("over a cent", "10.011", [line()], True),
    ("no total given", None, [line()], False),
    ("removed lines count for nothing", 10, [line(), line(id=2, amount=0), line(id=3, amount=-2)],
     False),
    ("thirds", "3.33", [line(amount="0.333", selling_price=10)], False),
    ("floats add up", 0.3, [line(id=i, selling_price=0.1) for i in range(3)], False),
    ("another total", 11, [line()], True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("total", "details", "mismatch"), [c[1:] for c in TOTALS], ids=[c[0] for c in TOTALS]
)
def test_the_total_is_compared_with_the_lines_to_the_cent(raw, total, details, mismatch):
    order = parse_order(dict(raw, total_price=total, order_details=details))
    assert order.total_mismatch is mismatch


def test_a_removed_line_needs_no_price(raw):
    removed = {"id": 1, "supplier_product_id": 7, "amount": 0}
    order = parse_order(dict(raw, order_details=[removed]))
    assert order.lines[0].selling_price == 0
    assert order.lines[0].removed
    assert order.lines[0].amount <= 0


PROBLEMS = [
    ("no object", "order", "not_an_object", ""),
    ("a list", [], "not_an_object", ""),
    ("no id", {"hashed_id": None}, "no_identity", "hashed_id"),
    ("blank id", {"hashed_id": "  "}, "no_identity", "hashed_id"),
    ("order_id is not an identity", {"hashed_id": "", "order_id": "x"}, "no_identity", "hashed_id"),
    ("id is an object", {"hashed_id": {}}, "bad_id", "hashed_id"),
    ("lines null", {"order_details": None}, "empty_order", "order_details"),
    ("lines empty", {"order_details": []}, "empty_order", "order_details"),
    ("lines empty object", {"order_details": {}}, "empty_order", "order_details"),
    ("lines as text", {"order_details": "none"}, "bad_lines", "order_details"),
    ("line null", {"order_details": [None]}, "bad_lines", "order_details[0]"),
    ("line of an object null", {"order_details": {"0": 7}}, "bad_lines", "order_details[0]"),
    ("too many lines", {"order_details": [line()] * 5001}, "too_many_lines", "order_details"),
    ("a line twice", {"order_details": [line(), line()]}, "duplicate_line", "order_details[1].id"),
    ("no amount", {"order_details": [line(amount=None)]}, "bad_number", "order_details[0].amount"),
    ("bad amount", {"order_details": [line(), line(id=2, amount="x")]}, "bad_number",
     "order_details[1].amount"),
    ("no price", {"order_details": [line(selling_price="")]}, "bad_number",
     "order_details[0].selling_price"),
    ("price not a number", {"order_details": [line(selling_price=float("nan"))]}, "bad_number",
     "order_details[0].selling_price"),
    ("infinite price", {"order_details": [line(selling_price=float("inf"))]}, "bad_number",
     "order_details[0].selling_price"),
    ("huge price", {"order_details": [line(selling_price=10**13)]}, "bad_number",
     "order_details[0].selling_price"),
    ("negative price", {"order_details": [line(selling_price=-1)]}, "negative_price",
     "order_details[0].selling_price"),
    ("negative price, other name", {"order_details": [{"id": 1, "amount": 1, "price": -1}]},
     "negative_price", "order_details[0].price"),
    ("negative discount", {"order_details": [line(applied_cartona_discount=-1)]}, "negative_amount",
     "order_details[0].applied_cartona_discount"),
    ("count of zero", {"order_details": [line(unit_count=0)]}, "bad_unit_count",
     "order_details[0].unit_count"),
    ("bad line id", {"order_details": [line(id=[])]}, "bad_id", "order_details[0].id"),
    ("bad status", {"status": []}, "bad_text", "status"),
    ("bad total", {"total_price": "ten"}, "bad_number", "total_price"),
    ("negative total", {"total_price": -1}, "negative_amount", "total_price"),
    ("bad credit", {"cartona_credit": True}, "bad_number", "cartona_credit"),
    ("negative instalment", {"installment_cost": -1}, "negative_amount", "installment_cost"),
    ("bad wallet, other name", {"wallet_top_up": 0, "wallet_topup": "x"}, "bad_number",
     "wallet_topup"),
    ("retailer as text", {"retailer": "shop"}, "not_an_object", "retailer"),
    ("retailer name is an object", {"retailer": {"retailer_name": {}}}, "bad_text",
     "retailer.retailer_name"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "path"), [c[1:] for c in PROBLEMS], ids=[c[0] for c in PROBLEMS]
)
def test_an_invalid_order_raises_problem_with_code_and_path(raw, change, code, path):
    with pytest.raises(Problem) as caught:
        parse_order(dict(raw, **change) if isinstance(change, dict) else change)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_an_unreadable_informative_field_never_blocks_an_order(raw):
    order = parse_order(dict(
        raw, delivery_day="soon", created_at=7, applied_supplier_rebate="x", note_message={},
        edited_by_admin="perhaps",
    ))  # fmt: skip
    assert order.unreadable == (
        "created_at", "delivery_day", "note_message", "edited_by_admin", "applied_supplier_rebate",
    )  # fmt: skip
    assert (order.delivery_day, order.created_at, order.note_message) == (None, None, "")
    assert order.lines_total == 1000


def test_an_order_without_lines_can_be_read_on_demand(raw):
    order = parse_order(dict(raw, order_details=[]), lines_required=False)
    assert (order.status, order.lines, order.lines_total) == ("pending", (), 0)


@pytest.mark.parametrize("state", ["cancelled_by_retailer", "Cancelled", "return"])
@pytest.mark.parametrize("nothing", [[], None, ""])
def test_a_void_order_needs_no_lines(raw, state, nothing):
    assert parse_order(dict(raw, status=state, order_details=nothing)).lines == ()


@pytest.mark.parametrize("state", ["pending", "editing", "approved", "delivered", "teleported"])
def test_an_order_that_is_not_void_needs_lines(raw, state):
    with pytest.raises(Problem) as caught:
        parse_order(dict(raw, status=state, order_details=[]))
    assert caught.value.code == "empty_order"


def test_peek_reads_the_readable_fields_of_any_message():
    assert peek({
        "receipt_id": 4711, "internal_supplier_code": 2, "total_price": "110.5",
        "retailer": {"retailer_name": " Shop "}, "order_details": 7,
    }) == {
        "receipt_id": "4711", "supplier_code": "2", "total_price": Decimal("110.5"),
        "retailer_name": "Shop",
    }  # fmt: skip
    nothing = {"receipt_id": "", "supplier_code": "", "total_price": None, "retailer_name": ""}
    for raw in (
        None, [], "text", {}, {"retailer": "text", "receipt_id": [1], "total_price": "much"},
        {"retailer": {"retailer_name": {}}, "supplier_code": {}, "total_price": "NaN"},
    ):  # fmt: skip
        assert peek(raw) == nothing


STATUSES = [
    ("pending", "pending", True), (" Approved ", "approved", True),
    ("CANCELLED", "cancelled_by_supplier", True),
    ("return", "returned", True), ("Assigned To Salesman", "assigned_to_salesman", True),
    ("teleported", "teleported", False), ("synced", "synced", False), (None, "", False),
    ("", "", False),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "state", "known"), STATUSES)
def test_a_status_is_normalised_and_an_unknown_one_kept(raw, given_, state, known):
    order = parse_order(dict(raw, status=given_))
    assert (order.status, order.known_status) == (state, known)


def test_one_line_may_replace_the_list_of_lines(raw):
    assert parse_order(dict(raw, order_details=line())) == parse_order(
        dict(raw, order_details=[line()])
    )


@pytest.mark.parametrize("key", ["supplier_product_id", "internal_product_id", "base_product_id"])
def test_one_line_is_known_by_any_of_its_keys(raw, key):
    with pytest.raises(Problem) as caught:
        parse_order(dict(raw, order_details={key: 7}))
    assert caught.value.path == "order_details[0].amount"


def test_lines_without_an_id_are_not_the_same_line(raw):
    lines = parse_order(dict(raw, order_details=[line(id=None), line(id="")])).lines
    assert [one.id for one in lines] == ["", ""]


def test_reasons_of_cancelling_and_returning_are_kept(raw):
    order = parse_order(dict(raw, cancellation_reason="out_of_stock", return_reason="تالف"))
    assert (order.cancellation_reason, order.return_reason) == ("out_of_stock", "تالف")


def test_5000_lines_are_taken(raw):
    details = [line(id=i) for i in range(5000)]
    assert len(parse_order(dict(raw, order_details=details)).lines) == 5000


def test_long_texts_are_cut(raw):
    assert len(parse_order(dict(raw, note_message="x" * 20_000)).note_message) == 10_000


def test_the_raw_order_is_unchanged(raw):
    before = copy.deepcopy(raw)
    parse_order(raw)
    assert raw == before


def test_equal_content_has_an_equal_key(raw):
    turned = dict(
        reversed(list(raw.items())), retailer=dict(reversed(list(raw["retailer"].items())))
    )
    assert list(turned) != list(raw)
    assert content_key(turned) == content_key(raw)
    assert len(content_key(raw)) == 64


@pytest.mark.parametrize("change", [
    {"status": "approved"}, {"total_price": 1000.01}, {"note_message": ""}, {"new": None},
    {"order_details": []}, {"receipt_id": "100245"},
])  # fmt: skip
def test_another_content_has_another_key(raw, change):
    assert content_key(dict(raw, **change)) != content_key(raw)


def test_the_key_is_the_same_in_every_process():
    # A fixed value: the next version must find a stored key again.
    # printf '%s' '{"a":"\u0646","b":[1,null]}' | sha256sum
    assert content_key({"b": [1, None], "a": "ن"}) == (
        "802645f6d812059e202c9d20793c936cd8203dcc6d05277d570b95a5f1d99ba2"
    )


@pytest.mark.parametrize("odd", ["\ud800", float("nan"), b"x", {1, 2}, None, 10**4000])
def test_anything_has_a_key(odd):
    assert len(content_key({"a": odd})) == 64


def test_too_deep_nesting_has_no_content_key():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Problem, match="unreadable"):
        content_key(deep)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["1", "١٢", "2026-03-10", "2026-03-10T10:00:00+02:00", 0, -1, 10**400]),
)  # fmt: skip
LINES = st.dictionaries(st.sampled_from([
    "id", "amount", "selling_price", "price", "supplier_product_id", "suppler_prodcut_id", "unit",
    "unit_count", "applied_cartona_discount", "comment",
]), VALUES)  # fmt: skip
RAW = st.fixed_dictionaries({}, optional={
    "hashed_id": VALUES | st.just("x1"),
    "status": VALUES,
    "total_price": VALUES,
    "wallet_topup": VALUES,
    "delivered_by": VALUES,
    "created_at": VALUES,
    "delivery_day": VALUES,
    "pickup_otp": VALUES,
    "retailer": VALUES
    | st.dictionaries(st.sampled_from(["retailer_code", "retailer_name"]), VALUES),
    "order_details": VALUES | LINES | st.lists(LINES | VALUES, max_size=3)
    | st.dictionaries(st.text(max_size=2), LINES, max_size=2),
})  # fmt: skip


@given(raw=RAW | VALUES)
def test_any_input_is_an_order_or_a_problem(raw):
    try:
        order = parse_order(raw)
    except Problem:
        return
    assert order.hashed_id
    assert order.lines
    assert order.lines_total >= 0
    assert isinstance(order.total_mismatch, bool)
    total = order.lines_total if order.total_price is None else order.total_price
    sums = order.cartona_credit, order.installment_cost, order.wallet_top_up
    assert money.amount_to_collect(total, *sums).is_finite()


@given(amount=st.decimals(0, 1000, places=3), price=st.decimals(0, 10**6, places=2))
def test_numbers_mean_the_same_in_every_form(amount, price):
    def total(form):
        details = [{"id": 1, "amount": form(amount), "selling_price": form(price)}]
        return parse_order({"hashed_id": "x", "order_details": details}).lines_total

    assert total(str) == total(float) == total(Decimal) == amount * price
