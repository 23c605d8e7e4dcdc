"""Requests of the client: paths, headers, parameters, bodies."""

from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from cartona_api import CartonaClient, Problem, Unauthorised

TOKEN = "tok-9f8e7d6c"


@pytest.fixture
def client(server):
    server.replies = [server.answer(body={})]
    with CartonaClient(server.url, TOKEN, timeout=2) as client:
        yield client


def query(request):
    return dict(parse_qsl(urlsplit(request.target).query))


CALLS = [
    ("check", lambda c: c.check(), "GET", "supplier-product", {"page": "1", "per_page": "1"}),
    ("list", lambda c: c.list_products(3, 50), "GET", "supplier-product",
     {"page": "3", "per_page": "50"}),
    ("list, filtered", lambda c: c.list_products(search_token="شاي", base_product_id=None), "GET",
     "supplier-product", {"page": "1", "per_page": "100", "search_token": "شاي"}),
    ("pull", lambda c: c.pull_orders(2, 10), "GET", "order/pull-orders",
     {"page": "2", "per_page": "10"}),
    ("products", lambda c: c.update_products([{"a": 1}]), "POST", "supplier-product/bulk-update",
     {}),
    ("statuses", lambda c: c.update_order_statuses([{"a": 1}]), "POST",
     "order/update-order-status", {}),
    ("details", lambda c: c.update_order_details([{"a": 1}]), "POST", "order/update-order-details",
     {}),
    ("one status", lambda c: c.update_order_status("x7", {"status": "approved"}), "POST",
     "order/update-order-status/x7", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "method", "path", "parameters"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS]
)
def test_every_call_uses_the_documented_path(client, server, call, method, path, parameters):
    server.replies = [server.answer(body=[])]
    call(client)
    (request,) = server.requests
    assert (request.method, urlsplit(request.target).path) == (method, f"/api/v1/{path}")
    assert query(request) == parameters
    assert request.headers["authorizationtoken"] == TOKEN
    assert request.headers["accept"] == "application/json"
    assert bool(request.body) == ("content-type" in request.headers) == (method == "POST")


def test_the_raw_token_is_the_only_credential_sent(client, server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client.update_products([{"a": 1}])
    headers = server.requests[0].headers
    assert headers["authorizationtoken"] == TOKEN
    assert "authorization" not in headers


def test_cookies_are_neither_kept_nor_sent(client, server):
    server.replies = [server.answer(body={}, headers=["Set-Cookie: session=1; Path=/"])]
    client.update_products([{"a": 1}])
    client.update_products([{"a": 1}])
    assert all("cookie" not in request.headers for request in server.requests)


def test_one_connection_serves_all_calls(client, server):
    for _ in range(3):
        client.update_products([{"a": 1}])
    assert (len(server.requests), server.connections) == (3, 1)


def test_arabic_goes_out_as_utf8_and_money_without_noise(client, server):
    client.update_products([
        {"supplier_product_id": "12345", "selling_price": Decimal("19.99"), "notes": "شاي"},
        {"a": Decimal("200"), "b": Decimal("0.1") + Decimal("0.2"), "c": date(2026, 3, 10),
         "d": None},
    ])  # fmt: skip
    (request,) = server.requests
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.body.decode("utf-8") == (
        '[{"supplier_product_id": "12345", "selling_price": 19.99, "notes": "شاي"}, '
        '{"a": 200, "b": 0.3, "c": "2026-03-10", "d": null}]'
    )


def test_half_a_surrogate_pair_does_not_stop_a_batch(client, server):
    client.update_products([{"notes": "a\ud800b"}])
    assert server.requests[0].body == b'[{"notes": "a\\ud800b"}]'


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object()], ids=["nan", "inf", "object"]
)
def test_values_that_json_cannot_contain_are_never_sent(client, server, value):
    with pytest.raises((ValueError, TypeError)):
        client.update_products([{"selling_price": value}])
    assert server.requests == []


@pytest.mark.parametrize(
    "method",
    ["update_products", "update_order_statuses", "update_order_details"],
)
def test_an_empty_batch_costs_no_call(client, server, method):
    assert getattr(client, method)([]).ok
    assert server.connections == 0


def test_both_account_fields_are_in_every_request(server):
    server.replies = [server.answer(body=[])]
    account = {"supplier_code": "2", "internal_supplier_code": "2"}
    items = [{"hashed_id": "a"}, {"hashed_id": "b"}]
    with CartonaClient(server.url, TOKEN, supplier_code="2", timeout=2) as client:
        client.list_products()
        client.pull_orders()
        client.update_order_statuses(items)
        client.update_order_status("a", {"status": "approved"})
    listed, pulled, statuses, one = server.requests
    for request in (listed, pulled):
        assert account.items() <= query(request).items()
    assert statuses.json == [dict(item, **account) for item in items]
    assert one.json == dict(account, status="approved", hashed_id="a")
    assert items == [{"hashed_id": "a"}, {"hashed_id": "b"}]


def test_without_an_account_none_is_named(client, server):
    client.update_products([{"a": 1}])
    assert server.requests[0].json == [{"a": 1}]


@pytest.mark.parametrize(("hashed_id", "path"), [
    ("a/b", "a%2Fb"), ("a b?c#d", "a%20b%3Fc%23d"), ("ش", "%D8%B4"), (77, "77"), ("a..b", "a..b"),
])  # fmt: skip
def test_an_order_id_cannot_leave_its_place_in_the_path(client, server, hashed_id, path):
    client.update_order_status(hashed_id, {"status": "approved"})
    assert server.requests[0].target == f"/api/v1/order/update-order-status/{path}"
    assert server.requests[0].json == {"status": "approved", "hashed_id": str(hashed_id)}


@pytest.mark.parametrize("hashed_id", ["", None, ".", "..", " "])
def test_without_an_order_id_nothing_is_sent(client, server, hashed_id):
    with pytest.raises(Problem, match="no_identity"):
        client.update_order_status(hashed_id, {"status": "approved"})
    assert server.requests == []


@pytest.mark.parametrize("token", ["", None, "  ", "a\r\nX: y", "سر", "a b"])
def test_without_a_usable_token_nothing_is_sent(server, token):
    calls = []
    with CartonaClient(server.url, token, timeout=2, on_call=calls.append) as client:
        with pytest.raises(Unauthorised) as caught:
            client.pull_orders()
    assert caught.value.code == "no_token"
    assert calls[0].error is caught.value
    assert server.connections == 0


def test_blanks_around_a_pasted_token_are_dropped(server):
    server.replies = [server.answer(body=[])]
    with CartonaClient(server.url, f" {TOKEN}\n", timeout=2) as client:
        client.pull_orders()
    assert server.requests[0].headers["authorizationtoken"] == TOKEN
