"""Every fault has its documented effect, down to the socket, and only on matching requests."""

import http.client
import socket
import struct
import time
from urllib.parse import urlsplit

import pytest

from sandbox.driver import SandboxError

PRICE = [{"supplier_product_id": 500001, "selling_price": 33}]
REQUEST = "POST /api/v1/supplier-product/bulk-update HTTP/1.1"


def send_price(supplier):
    return supplier.post("supplier-product/bulk-update", PRICE)


def price(sandbox) -> float:
    return sandbox.listing(500001)["selling_price"]


def over_the_wire(sandbox, timeout: float = 5) -> bytes:
    """Send the price over a bare socket and return all bytes until the other side closes."""
    body = b'[{"supplier_product_id": 500001, "selling_price": 33}]'
    host = urlsplit(sandbox.url)
    with socket.create_connection((host.hostname, host.port), timeout) as wire:
        head = f"{REQUEST}\r\nHost: x\r\nAuthorizationToken: sandbox-token\r\n"
        wire.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        received = b""
        while piece := wire.recv(65536):
            received += piece
        return received


@pytest.mark.parametrize("when, done", [("before", 92), ("after", 33)])
@pytest.mark.parametrize(
    "effect, status",
    [
        ("400", 400),
        ("401", 401),
        ("403", 403),
        ("404", 404),
        ("422", 422),
        ("429", 429),
        ("500", 500),
        ("502", 502),
        ("503", 503),
        ("odd_json", 200),
        ("html", 200),
        ("empty", 200),
        ("redirect", 302),
    ],
)
def test_effect_answer_is_sent_before_or_after_the_work(
    sandbox, supplier, effect, status, when, done
):
    sandbox.set_fault(effect, when=when)
    answer = supplier.session.post(
        f"{supplier.base}supplier-product/bulk-update", json=PRICE, allow_redirects=False
    )
    assert answer.status_code == status
    assert price(sandbox) == done


@pytest.mark.parametrize("when, done", [("before", 92), ("after", 33)])
@pytest.mark.parametrize("effect", ["cut", "hold"])
def test_a_cut_connection_closes_without_a_byte(sandbox, effect, when, done):
    sandbox.set_fault(effect, when=when, seconds=0.1)
    assert over_the_wire(sandbox) == b""
    assert price(sandbox) == done


@pytest.mark.parametrize("when, done", [("before", 92), ("after", 33)])
def test_a_reset_connection_is_reset(sandbox, when, done):
    sandbox.set_fault("reset", when=when)
    with pytest.raises(ConnectionResetError):
        over_the_wire(sandbox)
    assert price(sandbox) == done


def test_hold_effect_keeps_the_caller_waiting(sandbox):
    sandbox.set_fault("hold", seconds=0.3)
    started = time.monotonic()
    over_the_wire(sandbox)
    assert 0.3 <= time.monotonic() - started < 3


def test_disconnecting_caller_ends_the_hold_effect(sandbox):
    sandbox.set_fault("hold", seconds=30, times=1)
    with pytest.raises(TimeoutError):
        over_the_wire(sandbox, timeout=0.1)
    logged = sandbox.wait_for(lambda: sandbox.requests(), timeout=5)
    assert [(row["status"], row["fault"]) for row in logged] == [(None, "hold")]


@pytest.mark.parametrize("when, done", [("before", 92), ("after", 33)])
def test_cut_body_announces_all_and_sends_half(sandbox, supplier, when, done):
    sandbox.set_fault("cut_body", when=when)
    host = urlsplit(sandbox.url)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=5)
    headers = {"AuthorizationToken": "sandbox-token"}
    body = '[{"supplier_product_id": 500001, "selling_price": 33}]'
    connection.request("POST", "/api/v1/supplier-product/bulk-update", body, headers)
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    assert price(sandbox) == done


@pytest.mark.parametrize("when, done", [("before", 92), ("after", 33)])
def test_truncated_json_is_a_complete_but_unreadable_answer(sandbox, supplier, when, done):
    sandbox.set_fault("truncated", when=when)
    answer = send_price(supplier)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()
    assert price(sandbox) == done


@pytest.mark.parametrize("effect", ["delay", "drip"])
def test_slow_answer_is_the_real_one(sandbox, supplier, effect):
    sandbox.set_fault(effect, seconds=0.3, when="after")
    started = time.monotonic()
    answer = supplier.get("supplier-product", per_page=5)
    assert 0.3 <= time.monotonic() - started < 3
    assert len(answer.json()) == 5


@pytest.mark.parametrize("when, price_meanwhile", [("before", 92), ("after", 33)])
def test_delay_waits_before_or_after_the_work(sandbox, when, price_meanwhile):
    sandbox.set_fault("delay", when=when, seconds=20)
    with pytest.raises(TimeoutError):
        over_the_wire(sandbox, timeout=0.3)
    assert price(sandbox) == price_meanwhile
    # The caller has disconnected: in the queue it is not served now or later.
    assert sandbox.wait_for(sandbox.requests)
    assert price(sandbox) == price_meanwhile


def test_status_body_type_and_headers_can_be_set(sandbox, supplier):
    sandbox.set_fault("status", status=418, body="<p>no</p>", content_type="text/html", times=1)
    answer = send_price(supplier)
    assert (answer.status_code, answer.text) == (418, "<p>no</p>")
    assert answer.headers["content-type"] == "text/html"
    sandbox.set_fault("429", retry_after=7, times=1)
    assert send_price(supplier).headers["retry-after"] == "7"
    sandbox.set_fault("redirect", location="http://other.invalid/", times=1)
    assert supplier.get("supplier-product").headers["location"] == "http://other.invalid/"


def test_502_is_an_html_page(sandbox, supplier):
    sandbox.set_fault("502")
    answer = send_price(supplier)
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


# === WHICH REQUESTS === #


def statuses(supplier, count: int) -> list[int]:
    return [supplier.get("supplier-product", per_page=1).status_code for _ in range(count)]


def test_times_and_skip_limit_the_requests(sandbox, supplier):
    fault = sandbox.set_fault("500", times=2, skip=1)
    assert statuses(supplier, 5) == [200, 500, 500, 200, 200]
    assert [rule["hits"] for rule in sandbox.faults() if rule["id"] == fault["id"]] == [2]


def test_method_and_path_limit_the_requests(sandbox, supplier):
    sandbox.set_fault("500", path="/api/v1/order/")
    sandbox.set_fault("503", path="supplier-product", method="POST")
    assert supplier.get("order/pull-orders").status_code == 500
    assert supplier.get("supplier-product").status_code == 200
    assert send_price(supplier).status_code == 503


def test_a_probability_is_drawn_from_its_seed(sandbox, supplier):
    def drawn(seed):
        sandbox.clear_faults()
        sandbox.set_fault("500", probability=0.5, seed=seed)
        return statuses(supplier, 30)

    first = drawn(1)
    assert 5 < first.count(500) < 25
    assert drawn(1) == first
    assert drawn(2) != first


def test_first_matching_rule_is_used(sandbox, supplier):
    first = sandbox.set_fault("500")
    sandbox.set_fault("503")
    assert statuses(supplier, 1) == [500]
    sandbox.clear_faults(first["id"])
    assert statuses(supplier, 1) == [503]
    sandbox.clear_faults()
    assert statuses(supplier, 1) == [200]


@pytest.mark.parametrize(
    "rule", [{"effect": "rain"}, {"effect": "500", "when": "never"}, {"effect": "500", "odds": 1}]
)
def test_invalid_rule_is_refused(sandbox, rule):
    with pytest.raises(SandboxError):
        sandbox.set_fault(**rule)
    assert sandbox.faults() == []


def test_faults_do_not_affect_the_control_api(sandbox):
    sandbox.set_fault("cut")
    assert sandbox.state()["listings"] == 300


# === EFFECT OF A LOST ANSWER ON ORDERS === #


@pytest.mark.parametrize("effect", ["500", "truncated", "empty"])
def test_pull_with_lost_answer_offers_nothing(sandbox, supplier, effect):
    order = sandbox.place_order()
    sandbox.set_fault(effect, when="after", times=1)
    supplier.get("order/pull-orders")
    supplier.sync(order)
    assert len(supplier.pull()) == 1


def test_synced_is_valid_though_its_answer_was_lost(sandbox, supplier):
    order = sandbox.place_order()
    supplier.pull()
    sandbox.set_fault("500", when="after", times=1)
    body = [{"hashed_id": order["hashed_id"], "status": "synced"}]
    assert supplier.post("order/update-order-status", body).status_code == 500
    assert supplier.pull() == []


# === THE LOG === #


def test_log_shows_request_fault_and_whether_work_was_done(sandbox, supplier):
    sandbox.set_fault("cut", when="after", times=1)
    over_the_wire(sandbox)
    sandbox.set_fault("500", times=1)
    send_price(supplier)
    send_price(supplier)
    rows = sandbox.wait_for(lambda: sandbox.requests("supplier-product/"))
    seen = [(row["status"], row["fault"], row["worked"], row["items"]) for row in rows]
    assert seen == [(None, "cut", True, 1), (500, "500", False, None), (200, None, True, 1)]
    assert [row["body"] for row in rows] == [PRICE] * 3
    counted = sandbox.counters()["POST supplier-product/bulk-update"]
    assert (counted["calls"], counted["items"], counted["refused"]) == (3, 2, 0)
    assert counted["statuses"] == {"cut": 1, "500": 1, "200": 1}


def test_the_log_counts_refused_items(sandbox, supplier):
    supplier.update(*PRICE, {"supplier_product_id": 500001, "selling_price": 0}, {})
    row = sandbox.requests()[0]
    assert (row["status"], row["items"], row["refused"]) == (200, 3, 2)
    assert "above zero" in row["answer"]
    assert sandbox.counters()["POST supplier-product/bulk-update"]["refused"] == 2


def test_log_stores_only_whether_the_token_was_right(sandbox, as_supplier):
    as_supplier("sandbox-token").get("supplier-product", per_page=1)
    as_supplier("s3cret-of-another").get("supplier-product")
    as_supplier(None).get("supplier-product")
    rows = sandbox.requests()
    assert [row["token"] for row in rows] == ["right", "wrong", "missing"]
    assert "s3cret" not in str(rows) and "sandbox-token" not in str(rows)


def test_client_reset_does_not_harm_the_server(sandbox, supplier):
    host = urlsplit(sandbox.url)
    wire = socket.create_connection((host.hostname, host.port))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.sendall(f"{REQUEST}\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode())
    wire.close()
    assert statuses(supplier, 1) == [200]
