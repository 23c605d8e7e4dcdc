"""Calls from Cartona."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartona_api import Notice, Problem, authentic, parse_order, unwrap

SECRETS = [
    ("the secret", "s3cret", "s3cret", True),
    ("another", "S3cret", "s3cret", False),
    ("longer", "s3cretX", "s3cret", False),
    ("shorter", "s3cre", "s3cret", False),
    ("none given", None, "s3cret", False),
    ("empty given", "", "s3cret", False),
    ("none configured", "s3cret", "", False),
    ("neither", "", "", False),
    ("neither, null", None, None, False),
    ("False is what Odoo reads from an empty field", "False", False, False),
    ("not ASCII", "سر", "سر", True),
    ("half a surrogate pair", "\ud800", "?", False),
]


@pytest.mark.parametrize(
    ("given_", "expected", "result"), [c[1:] for c in SECRETS], ids=[c[0] for c in SECRETS]
)
def test_only_the_secret_opens_and_an_empty_one_never_does(given_, expected, result):
    assert authentic(given_, expected) is result


ORDER = {"hashed_id": "a1", "status": "pending", "order_details": [{"id": 1}]}
SECOND = {"hashed_id": 22.0, "order_details": []}
STATUS = {"order_id": "c3", "status": "approved"}

ENVELOPES = [
    ("an order", ORDER, [("order", "a1", ORDER)]),
    ("a list", [ORDER, SECOND], [("order", "a1", ORDER), ("order", "22", SECOND)]),
    ("order", {"order": ORDER}, [("order", "a1", ORDER)]),
    ("orders", {"orders": [ORDER, SECOND]}, [("order", "a1", ORDER), ("order", "22", SECOND)]),
    ("orders, one", {"orders": ORDER}, [("order", "a1", ORDER)]),
    ("data", {"data": [ORDER]}, [("order", "a1", ORDER)]),
    ("data, one", {"event": "order.updated", "data": ORDER}, [("order", "a1", ORDER)]),
    ("data.order", {"data": {"order": ORDER}}, [("order", "a1", ORDER)]),
    ("list of envelopes", [{"order": ORDER}, STATUS], [("order", "a1", ORDER),
    ("status", "c3", STATUS)]),
    ("envelope with its own status", {"status": "ok", "data": [ORDER]}, [("order", "a1", ORDER)]),
    ("status notice", STATUS, [("status", "c3", STATUS)]),
    ("status notice, hashed_id", {"hashed_id": 7, "status": "x"},
     [("status", "7", {"hashed_id": 7, "status": "x"})]),
    ("hashed_id before order_id", {"hashed_id": "a", "order_id": "b", "status": "x"},
     [("status", "a", {"hashed_id": "a", "order_id": "b", "status": "x"})]),
    ("an empty list", [], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "notices"), [c[1:] for c in ENVELOPES], ids=[c[0] for c in ENVELOPES]
)
def test_every_envelope_is_opened(payload, notices):
    assert unwrap(payload) == [Notice(*notice) for notice in notices]


def test_the_samples_are_opened(sample):
    assert unwrap(sample("webhook_status"))[0].kind == "status"
    notices = unwrap(sample("pull_orders_odd_spellings")) + unwrap(sample("pull_orders_pending"))
    assert [parse_order(notice.payload).hashed_id for notice in notices] == ["odd01", "x7Kp2q"]


NO_ORDERS = [
    ("null", None, ""), ("text", "order", ""), ("number", 7, ""), ("empty object", {}, ""),
    ("other object", {"hello": 1}, ""), ("id alone", {"hashed_id": "a"}, ""),
    ("status alone", {"status": "approved"}, ""),
    ("status empty", {"hashed_id": "a", "status": " "}, ""),
    ("status no text", {"hashed_id": "a", "status": {}}, ""),
    ("order without id", {"order_id": "x", "order_details": []}, "hashed_id"),
    ("id is a list", {"hashed_id": [], "order_details": []}, "hashed_id"),
    ("one bad of two", [ORDER, {"x": 1}], "[1]"), ("null in a list", [None], "[0]"),
    ("list in a list", [[ORDER]], "[0]"), ("bad in an envelope", {"data": [ORDER, 7]}, "data[1]"),
    ("bad id in an envelope", {"order": {"order_details": []}}, "order.hashed_id"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "path"), [c[1:] for c in NO_ORDERS], ids=[c[0] for c in NO_ORDERS]
)
def test_an_invalid_notice_raises_problem_with_its_path(payload, path):
    with pytest.raises(Problem) as caught:
        unwrap(payload)
    assert (caught.value.code, caught.value.path) == ("not_an_order", path)


def test_a_thousand_orders_are_taken_and_no_more():
    assert len(unwrap([ORDER] * 1000)) == 1000
    for payload in ([ORDER] * 1001, [{"orders": [ORDER] * 600}] * 2):
        with pytest.raises(Problem, match="too_many_orders"):
            unwrap(payload)


def test_envelopes_in_envelopes_end():
    payload = ORDER
    for _ in range(4):
        payload = {"data": payload}
    assert unwrap(payload) == [Notice("order", "a1", ORDER)]
    with pytest.raises(Problem, match="not_an_order at data.data.data.data.data"):
        unwrap({"data": payload})


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["hashed_id", "order_id", "status", "order_details", "data", "order",
         "orders"]), inner),
    max_leaves=15,
))  # fmt: skip
def test_any_input_is_notices_or_a_problem(payload):
    before = json.dumps(payload)
    try:
        notices = unwrap(payload)
    except Problem:
        return
    assert all(notice.hashed_id and notice.kind in ("order", "status") for notice in notices)
    assert json.dumps(payload) == before


def test_the_secret_is_compared_in_constant_time(monkeypatch):
    """Compare every guess by `compare_digest`, whatever its first letters."""
    compared = []

    def compare(given_, expected):
        compared.append((given_, expected))
        return given_ == expected

    monkeypatch.setattr("cartona_api.webhook.hmac.compare_digest", compare)
    for guess in ("s3cret", "x", "s3creX", "s" * 1000):
        authentic(guess, "s3cret")
    assert compared == [(guess.encode(), b"s3cret") for guess in
                        ("s3cret", "x", "s3creX", "s" * 1000)]  # fmt: skip
