"""Any bytes of an answer become data, or an error of the client that can be stored."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cartona_api import (
    NOT_JSON,
    BulkResult,
    CartonaClient,
    CartonaError,
    Problem,
    parse_listing,
    parse_order,
    read_json,
    readable_json,
    redact,
    unwrap,
)
from cartona_api.values import MAX_NESTING

TOKEN = "tok-9f8e7d6c"
ITEMS = [{"supplier_product_id": "12345"}, {"supplier_product_id": "12346"}]
ORDERS = [{"hashed_id": "a1", "status": "synced"}, {"hashed_id": "b2", "status": "approved"}]

CALLS = {
    "check": lambda client: client.check(),
    "catalogue": lambda client: client.list_products(2, 50),
    "orders": lambda client: client.pull_orders(),
    "products": lambda client: client.update_products(ITEMS),
    "statuses": lambda client: client.update_order_statuses(ORDERS),
    "details": lambda client: client.update_order_details(ORDERS),
    "one status": lambda client: client.update_order_status("a1", {"status": "delivered"}),
}

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["a1", "12345", "invalid token", TOKEN, "<b>", "\x00"]
)
KEYS = st.sampled_from(
    ["data", "orders", "errors", "error", "message", "success", "status", "hashed_id", "rows",
     "supplier_product_id", "id", "order_details", "0", "1", "items", "results"]
) | TEXTS  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
DATA = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
BODIES = st.binary(max_size=300) | DATA.map(lambda data: json.dumps(data).encode())
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 404, 422, 429, 500, 503])


def answered(call, status, content):
    """Make a call with this answer.

    :return: (result or None, CartonaError or None, list of Call)
    """
    calls = []
    with CartonaClient("https://cartona.example/", TOKEN, on_call=calls.append) as client:
        answer = SimpleNamespace(status=status, headers={}, content=content)
        client._transport.exchange = lambda *_request, **_options: answer
        try:
            return call(client), None, calls
        except CartonaError as error:
            return None, error, calls


def deep(count):
    return b"[" * count + b"]" * count


@pytest.mark.parametrize("name", CALLS)
@given(status=STATUSES, content=BODIES)
@example(status=200, content=deep(400))
@example(status=200, content=deep(100_000))
@example(status=422, content=b'{"errors":' * 300 + b"1" + b"}" * 300)
@example(status=200, content=b'{"errors": ["\\u0000\\ud800"]}')
@example(status=200, content=b"[" + b"9" * 4200 + b"]")
def test_any_answer_is_data_or_a_client_error(name, status, content):
    result, error, calls = answered(CALLS[name], status, content)
    [call] = calls
    assert call.error is error
    if error is not None:
        for shown in (str(error), error.detail, error.body):
            shown.encode()
            assert TOKEN not in shown
            assert "\x00" not in error.detail
        assert len(error.detail) <= 500
    elif name in ("check", "catalogue", "orders"):
        assert isinstance(result, list)
    elif name != "one status":
        assert isinstance(result, BulkResult)
    assert TOKEN not in json.dumps(redact.mask(call.response_body, secrets=[TOKEN]))


@given(content=BODIES)
@example(content=deep(400))
@example(content=b'[{"hashed_id": "a", "order_details": ' + deep(900) + b"}]")
def test_any_row_is_parsed_or_raises_problem(content):
    rows, error, _calls = answered(CALLS["orders"], 200, content)
    for row in rows or ():
        kept = readable_json(row)
        kept.encode()
        assert "\x00" not in kept
        assert readable_json(json.loads(kept)) == kept
        for read in (parse_order, parse_listing, unwrap):
            try:
                read(row)
            except Problem as problem:
                f"{problem.path}: {problem.value}".encode()
                assert "\x00" not in str(problem.value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [MAX_NESTING, MAX_NESTING + 1, 200, 900])
def test_too_deep_nesting_is_emptied(opening, depth):
    closing = b"]" if opening == b"[" else b"}"
    data, levels = read_json(opening * (depth - 1) + opening[:1] + closing * depth), 0
    while data:
        data = data[0] if isinstance(data, list) else data["a"]
        levels += 1
    assert levels == min(depth - 1, MAX_NESTING)
    assert data in ([], {})


@pytest.mark.parametrize("content", [b"[" * 100_000, b"", b"\xff", b"1" * 100_000, b"{", b"\x00"])
def test_unreadable_content_is_not_json(content):
    assert read_json(content) is NOT_JSON
