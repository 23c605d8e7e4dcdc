"""Answers become data, or one of three classes of error."""

import gzip
import json

import pytest

from cartona_api import CartonaClient, Rejected, Transient, Unauthorised, parse_order

TOKEN = "tok-9f8e7d6c"
ITEMS = [{"supplier_product_id": "12345"}, {"supplier_product_id": "12346"}]
HTML = b"<html><head><title>x</title></head><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"


@pytest.fixture
def calls():
    return []


@pytest.fixture
def client(server, calls):
    with CartonaClient(server.url, TOKEN, timeout=2, on_call=calls.append) as client:
        yield client


STATUSES = [
    # status, headers -> class, code, uncertain, retry_after
    (300, [], Transient, "redirected", False, None),
    (301, ["Location: https://evil.example/x?token=1"], Transient, "redirected", False, None),
    (302, ["Location: /login"], Transient, "redirected", False, None),
    (307, [], Transient, "redirected", False, None),
    (308, ["Location: http://[bad"], Transient, "redirected", False, None),
    (401, [], Unauthorised, "unauthorised", None, None),
    (403, [], Unauthorised, "unauthorised", None, None),
    (400, [], Rejected, "rejected", None, None),
    (404, [], Rejected, "not_found", None, None),
    (410, [], Rejected, "not_found", None, None),
    (413, [], Rejected, "rejected", None, None),
    (422, [], Rejected, "rejected", None, None),
    (408, [], Transient, "timeout", False, None),
    (425, [], Transient, "not_ready", False, None),
    (429, [], Transient, "rate_limited", False, None),
    (429, ["Retry-After: 17"], Transient, "rate_limited", False, 17.0),
    (429, ["Retry-After: soon"], Transient, "rate_limited", False, None),
    (500, [], Transient, "server_error", True, None),
    (502, [], Transient, "server_error", True, None),
    (503, ["Retry-After: 120"], Transient, "server_error", True, 120.0),
    (599, [], Transient, "server_error", True, None),
]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "code", "uncertain", "retry_after"), STATUSES,
    ids=[f"{row[0]}-{row[3]}-{row[5]}" for row in STATUSES],
)  # fmt: skip
def test_a_status_decides_the_class_of_the_error(
    client, server, status, headers, kind, code, uncertain, retry_after
):
    server.replies = [server.answer(status, {"message": "because"}, headers)]
    with pytest.raises(kind) as caught:
        client.update_products(ITEMS)
    error = caught.value
    assert (error.code, error.status) == (code, status)
    assert getattr(error, "uncertain", None) == uncertain
    assert getattr(error, "retry_after", None) == retry_after
    assert len(server.requests) == 1


def test_a_retry_after_may_be_a_date(client, server):
    server.replies = [server.answer(429, b"", ["Retry-After: Fri, 31 Dec 2099 23:59:59 GMT"])]
    with pytest.raises(Transient) as caught:
        client.pull_orders()
    assert caught.value.retry_after > 10**8


def test_a_redirect_is_not_followed_and_its_target_is_shown(client, server):
    location = f"Location: {server.url}elsewhere?token=abc"
    server.replies = [server.answer(302, b"", [location])]
    with pytest.raises(Transient) as caught:
        client.pull_orders()
    assert len(server.requests) == 1
    assert caught.value.detail == "redirect to http://127.0.0.1/api/v1/elsewhere"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_never_receives_the_token(client, server, other_server, status, method):
    server.replies = [server.answer(status, b"", [f"Location: {other_server.url}here"])]
    with pytest.raises(Transient) as caught:
        client.pull_orders() if method == "GET" else client.update_products(ITEMS)
    assert caught.value.code == "redirected"
    assert (other_server.connections, len(server.requests)) == (0, 1)


@pytest.mark.parametrize("headers", [[], ["Location: "], ["Location: https://[bad"]])
def test_a_redirect_may_point_nowhere(client, server, headers):
    server.replies = [server.answer(302, b"", headers)]
    with pytest.raises(Transient) as caught:
        client.pull_orders()
    assert caught.value.detail == "redirect"


def test_400_on_the_plain_product_list_means_the_token(client, server):
    server.replies = [server.answer(400, {"error": "Bad Request"})]
    for call in (client.check, client.list_products):
        with pytest.raises(Unauthorised) as caught:
            call()
        assert (caught.value.code, caught.value.status) == ("unauthorised", 400)


def test_400_on_other_calls_means_the_request(client, server):
    server.replies = [server.answer(400, {"error": "Bad Request"})]
    for call in (
        lambda: client.list_products(search_token="x"),
        client.pull_orders,
        lambda: client.update_products(ITEMS),
        lambda: client.update_order_status("a", {}),
    ):
        with pytest.raises(Rejected):
            call()


DETAILS = [
    ("JSON", json.dumps({"message": "السعر غير صالح"}).encode(), "السعر غير صالح"),
    # No answers of Cartona's API: a page of another server must not be readable here.
    ("HTML", HTML, ""),
    ("text", b"  over\nloaded ", ""),
    ("nothing", b"", ""),
    ("no UTF-8", b"\xff\xfe", ""),
    ("text with our token", b"token tok-9f8e7d6c is blocked", ""),
    ("lines", b'{"message": "  over\\nloaded "}', "over loaded"),
    ("HTML in JSON", b'{"message": "<b>502</b> Bad Gateway"}', "502 Bad Gateway"),
    ("long", json.dumps({"message": "x" * 2000}).encode(), "x" * 499 + "…"),
    ("with our token", b'"token tok-9f8e7d6c is blocked"', "token *** is blocked"),
    ("with an OTP", b'{"id": 1, "retailer_otp": "4821"}', '{"id": 1, "retailer_otp": "***"}'),
]


@pytest.mark.parametrize(("body", "detail"), [c[1:] for c in DETAILS], ids=[c[0] for c in DETAILS])
def test_the_detail_is_plain_text_without_secrets(client, server, body, detail):
    server.replies = [server.answer(502, body)]
    with pytest.raises(Transient) as caught:
        client.pull_orders()
    error = caught.value
    assert error.detail == detail
    assert str(error) == f"Cartona answered 502 to GET order/pull-orders: {detail}"
    for shown in (str(error), error.detail, error.body):
        assert TOKEN not in shown
        assert "4821" not in shown
    if body[:1] not in (b"{", b'"', b""):
        assert error.body == f"(not JSON: {len(body)} bytes)"


def test_a_refused_batch_names_its_culprits_where_it_can(client, server):
    server.replies = [server.answer(422, {"errors": {"1.selling_price": ["is negative"]}})]
    with pytest.raises(Rejected) as caught:
        client.update_products(ITEMS)
    assert {index: item.message for index, item in caught.value.items.items()} == {1: "is negative"}


def test_a_refused_batch_of_one_needs_no_names(client, server):
    server.replies = [server.answer(422, HTML)]
    with pytest.raises(Rejected) as caught:
        client.update_products(ITEMS[:1])
    assert caught.value.items == {}


# === BULK === #

QUIET = [("empty", b""), ("blank", b" \r\n"), ("object", b"{}"), ("null", b"null"), ("list", b"[]"),
         ("text", b"OK"), ("Arabic text", "تم التحديث".encode()),
         ("BOM", b"\xef\xbb\xbf{}")]  # fmt: skip


@pytest.mark.parametrize("body", [c[1] for c in QUIET], ids=[c[0] for c in QUIET])
def test_a_bulk_call_may_have_a_minimal_answer(client, server, calls, body):
    server.replies = [server.answer(200, body)]
    assert client.update_products(ITEMS).ok
    assert (calls[0].records, calls[0].failures, calls[0].error) == (2, 0, None)


def test_204_is_an_answer(client, server):
    server.replies = [b"HTTP/1.1 204 No Content\r\n\r\n"]
    assert client.update_products(ITEMS).ok
    assert client.pull_orders() == []
    assert server.connections == 1


def test_refusals_inside_a_2xx_are_found(client, server, calls, sample):
    server.replies = [server.answer(200, sample("bulk_update_errors_by_id"))]
    result = client.update_products([*ITEMS, {"supplier_product_id": "12347"}])
    assert {index: (r.code, r.message) for index, r in result.refused.items()} == {
        1: ("rejected", "السعر غير صالح"), 2: ("not_found", "product not found"),
    }  # fmt: skip
    assert (calls[0].status, calls[0].records, calls[0].failures) == (200, 3, 2)


@pytest.mark.parametrize(("name", "refused", "unattributed"), [
    ("bulk_update_errors_in_words", [1], 0), ("bulk_update_rows", [1], 0),
    ("bulk_update_refused_without_name", [], 1),
])  # fmt: skip
def test_the_samples_of_bulk_answers_are_understood(
    client, server, sample, name, refused, unattributed
):
    server.replies = [server.answer(200, sample(name))]
    result = client.update_products([*ITEMS, {"supplier_product_id": "12347"}])
    assert (list(result.refused), len(result.unattributed)) == (refused, unattributed)


@pytest.mark.parametrize("body", [
    {"error": "Unauthorized"}, {"success": False, "message": "Invalid token"},
     {"errors": ["unauthenticated"]},
])  # fmt: skip
def test_a_refused_token_inside_a_2xx_stops_everything(client, server, body):
    server.replies = [server.answer(200, body)]
    for call in (lambda: client.update_products(ITEMS), client.pull_orders):
        with pytest.raises(Unauthorised) as caught:
            call()
        assert (caught.value.code, caught.value.status) == ("unauthorised", 200)


# === UNREADABLE === #

UNREADABLE = [
    ("HTML", HTML), ("cut JSON", b'{"errors": [{"id": 1'), ("cut list", b'[{"hashed_id"'),
    ("cut text", b'"upda'),
    ("binary", b"\x00\x01"), ("no UTF-8", b"\xff\xfe"), ("deep", b"[" * 200_000),
]  # fmt: skip


@pytest.mark.parametrize("body", [c[1] for c in UNREADABLE], ids=[c[0] for c in UNREADABLE])
def test_an_unreadable_2xx_is_uncertain(client, server, body):
    server.replies = [server.answer(200, body)]
    for call in (
        client.pull_orders,
        lambda: client.update_products(ITEMS),
        lambda: client.update_order_status("a", {}),
    ):
        with pytest.raises(Transient) as caught:
            call()
        assert (caught.value.code, caught.value.uncertain, caught.value.status) == (
            "unreadable",
            True,
            200,
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"null",
        b"7",
        b"{}",
        b'{"message": "hi"}',
        b'{"orders": "none"}',
        b'{"orders": false}',
        b'{"success": false, "data": []}',
        b'{"error": "busy", "orders": null}',
        b'{"status": "error", "data": {}}',
        b'{"a": {"b": 1}}',
        b'{"data": {"data": {"data": {"data": []}}}}',
    ],
)
def test_an_invalid_page_is_unreadable(client, server, body):
    server.replies = [server.answer(200, body)]
    for call in (client.pull_orders, client.check, client.list_products):
        with pytest.raises(Transient, match="that can be read") as caught:
            call()
        assert caught.value.code == "unreadable"


# === PAGES === #

ROW = {"hashed_id": "a"}
PAGES = [
    ("list", [ROW], [ROW]), ("orders", {"orders": [ROW]}, [ROW]), ("data", {"data": [ROW]}, [ROW]),
    ("order", {"order": ROW}, [ROW]), ("data.orders", {"data": {"orders": [ROW]}, "total": 1},
     [ROW]),
    ("orders by number", {"orders": {"0": ROW, "1": ROW}}, [ROW, ROW]),
    ("empty object", {"data": {}}, []),
    ("rows beside a flag", {"success": False, "data": [ROW]}, [ROW]),
    ("one", ROW, [ROW]), ("empty list", [], []), ("empty orders", {"orders": []}, []),
    ("null orders", {"orders": None}, []), ("a row that is no dict stays", [7, ROW, None],
     [7, ROW, None]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "rows"), [c[1:] for c in PAGES], ids=[c[0] for c in PAGES])
def test_orders_are_taken_out_of_every_envelope(client, server, calls, answer, rows):
    server.replies = [server.answer(200, answer)]
    assert client.pull_orders() == rows
    assert (calls[0].records, calls[0].failures) == (len(rows), 0)


@pytest.mark.parametrize("name", [
    "orders", "data", "order", "products", "supplier_products", "results", "items", "rows",
])  # fmt: skip
def test_rows_are_found_under_many_keys(client, server, name):
    server.replies = [server.answer(200, {"total": 1, name: [{"supplier_product_id": 7}]})]
    assert client.list_products() == [{"supplier_product_id": 7}]
    server.replies = [server.answer(200, {name: {"supplier_product_id": 7}})]
    assert client.list_products() == [{"supplier_product_id": 7}]


def test_a_pulled_order_can_be_parsed(client, server, sample):
    server.replies = [server.answer(200, sample("pull_orders_pending"))]
    assert parse_order(client.pull_orders()[0]).retailer.name == "سوبر ماركت النور"


def test_nan_in_an_answer_can_be_stored_as_json(client, server):
    server.replies = [
        server.answer(200, b'[{"hashed_id": "a", "total_price": NaN, "x": -Infinity}]')
    ]
    assert client.pull_orders() == [{"hashed_id": "a", "total_price": "NaN", "x": "-Infinity"}]


def test_gzip_is_unpacked(client, server):
    body = gzip.compress(json.dumps([ROW] * 1000).encode())
    server.replies = [server.answer(200, body, ["Content-Encoding: gzip"])]
    assert client.pull_orders() == [ROW] * 1000


# === ONE STATUS === #

ACCEPTED = [("empty", b"", {}), ("object", b"{}", {}),
("echo", b'{"hashed_id": "a", "status": "delivered"}',
            {"hashed_id": "a", "status": "delivered"}), ("text", b"OK", "OK"),
            ("message", b'{"message": "Order updated"}',
            {"message": "Order updated"})]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "answer"), [c[1:] for c in ACCEPTED], ids=[c[0] for c in ACCEPTED]
)
def test_an_accepted_status_gives_the_answer(client, server, body, answer):
    server.replies = [server.answer(200, body)]
    assert client.update_order_status("a", {"status": "delivered"}) == answer


REFUSED = [
    ("error", {"error": "retailer_otp is invalid"}, "rejected", "retailer_otp is invalid"),
    (
        "errors",
        {"errors": {"retailer_otp": ["is invalid"]}},
        "rejected",
        "retailer_otp: is invalid",
    ),
    ("an OTP may be called a token", {"error": "Invalid token"}, "rejected", "Invalid token"),
    ("message", {"success": False, "message": "Order is final"}, "rejected", "Order is final"),
    ("text", "Order not found", "not_found", "Order not found"),
    ("row", {"hashed_id": "a", "status": "error"}, "rejected", ""),
    ("flag", {"success": False}, "rejected", ""),
]


@pytest.mark.parametrize(
    ("body", "code", "detail"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_a_status_refused_inside_a_2xx_is_rejected(client, server, calls, body, code, detail):
    server.replies = [server.answer(200, body)]
    with pytest.raises(Rejected) as caught:
        client.update_order_status("a", {"status": "delivered", "retailer_otp": "4821"})
    assert (caught.value.code, caught.value.detail, caught.value.status) == (code, detail, 200)
    assert (calls[0].failures, calls[0].error) == (1, caught.value)


def test_a_refused_token_is_not_taken_for_a_refused_order(client, server):
    server.replies = [server.answer(200, {"error": "Invalid token"})]
    with pytest.raises(Unauthorised):
        client.update_order_status("a", {"status": "cancelled_by_supplier"})


# === THE LOG === #


def test_the_log_gets_a_successful_call(client, server, calls):
    server.replies = [server.answer(200, [ROW, ROW])]
    client.pull_orders(page=2)
    (call,) = calls
    assert (call.operation, call.method, call.path) == ("pull_orders", "GET", "order/pull-orders")
    assert (call.status, call.records, call.failures, call.error) == (200, 2, 0, None)
    assert call.request_body == {"page": 2, "per_page": 100}
    assert call.response_body == [ROW, ROW]
    assert 0 < call.duration < 2


def test_the_log_gets_a_failed_call_with_both_bodies(client, server, calls):
    server.replies = [server.answer(502, HTML)]
    with pytest.raises(Transient) as caught:
        client.update_products(ITEMS)
    (call,) = calls
    assert (call.operation, call.status, call.records, call.failures) == (
        "update_products",
        502,
        2,
        2,
    )
    assert call.error is caught.value
    assert call.request_body == ITEMS
    assert call.response_body == f"(not JSON: {len(HTML)} bytes)"


def test_exceptions_of_the_log_reach_the_caller(server):
    def broken(_call):
        raise RuntimeError("disk full")

    server.replies = [server.answer(200, [])]
    with CartonaClient(server.url, TOKEN, timeout=2, on_call=broken) as client:
        with pytest.raises(RuntimeError, match="disk full"):
            client.pull_orders()


CLOSED = [
    {"message": "maintenance", "result": None},
    {"success": False, "message": "Service temporarily unavailable"},
    {"error": "Too busy"},
    {"message": "الموقع تحت الصيانة"},
    {"message": "برجاء المحاولة مرة أخرى لاحقاً"},
    "Please try again later.",
]


@pytest.mark.parametrize("body", CLOSED, ids=str)
def test_a_2xx_that_reports_an_outage_is_transient(client, server, calls, body):
    server.replies = [server.answer(200, body) for _call in range(3)]
    for send in (
        lambda: client.update_products(ITEMS),
        lambda: client.update_order_statuses([{"hashed_id": "a", "status": "synced"}]),
        lambda: client.update_order_status("a", {"status": "pending"}),
    ):
        with pytest.raises(Transient) as caught:
            send()
        assert (caught.value.code, caught.value.uncertain) == ("unreadable", True)
    assert all(call.error for call in calls)


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Product 12346 is temporarily unavailable"},
        {"errors": [{"supplier_product_id": "12346", "message": "try again later"}]},
    ],
)
def test_a_product_that_is_unavailable_is_refused(client, server, body):
    server.replies = [server.answer(200, body)]
    assert list(client.update_products(ITEMS).refused) == [1]


def test_a_refused_code_is_not_tried_again_automatically(client, server):
    server.replies = [server.answer(200, {"error": "Wrong code, try again later"})]
    with pytest.raises(Rejected):
        client.update_order_status("a", {"status": "delivered", "retailer_otp": "0000"})
