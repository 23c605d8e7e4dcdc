"""The marketplace calls the supplier when an order is created or changed."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox.driver import SandboxError


class Receiver(ThreadingHTTPServer):
    """Stores what it receives; answers the statuses of `answers`, then 200."""

    request_queue_size = 64  # the default of 5 makes the sixth at once wait for a second

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        self.received: list[tuple[str, str | None, object]] = []
        self.answers: list[int] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        token = self.headers.get("AuthorizationToken")
        self.server.received.append((self.path, token, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ended_calls(sandbox, count: int) -> list[dict]:
    """Return the calls when this number of them has ended."""

    def ended():
        calls = sandbox.webhook_calls()
        return len([row for row in calls if row["state"] != "waiting"]) == count and calls

    calls = sandbox.wait_for(ended, timeout=5)
    assert calls, sandbox.webhook_calls()
    return calls


def test_webhook_is_called_on_creation_and_change(sandbox, receiver):
    sandbox.set_webhook(receiver.url, "s3cret")
    order = sandbox.place_order()
    ended_calls(sandbox, 1)
    sandbox.cancel_order(order["hashed_id"])
    ended_calls(sandbox, 2)
    sent = [
        (path, token, body["hashed_id"], body["status"]) for path, token, body in receiver.received
    ]
    assert sent == [
        ("/hook", "s3cret", order["hashed_id"], "pending"),
        ("/hook", "s3cret", order["hashed_id"], "cancelled_by_retailer"),
    ]


def test_webhook_sends_the_order_like_a_pull(sandbox, supplier, receiver):
    sandbox.set_webhook(receiver.url)
    sandbox.place_order(lines=2)
    ended_calls(sandbox, 1)
    assert receiver.received == [("/hook", None, supplier.pull()[0])]


@pytest.mark.parametrize(
    "envelope, opened",
    [
        ("object", lambda body: body),
        ("list", lambda body: body[0]),
        ("order", lambda body: body["order"]),
        ("orders", lambda body: body["orders"][0]),
        ("data", lambda body: body["data"]),
        ("data_list", lambda body: body["data"][0]),
    ],
)
def test_every_envelope(sandbox, receiver, envelope, opened):
    sandbox.set_webhook(receiver.url, envelope=envelope)
    order = sandbox.place_order()
    ended_calls(sandbox, 1)
    shown = opened(receiver.received[0][2])
    assert (shown["hashed_id"], len(shown["order_details"])) == (
        order["hashed_id"],
        len(order["order_details"]),
    )


@pytest.mark.parametrize("id_key", ["hashed_id", "order_id"])
def test_a_status_only_notice_goes_to_its_own_address(sandbox, receiver, id_key):
    status_url = receiver.url.replace("/hook", "/status")
    sandbox.set_webhook(receiver.url, envelope="status", status_url=status_url, id_key=id_key)
    order = sandbox.place_order()
    ended_calls(sandbox, 1)
    notice = {id_key: order["hashed_id"], "status": "pending"}
    assert receiver.received == [("/status", None, notice)]


def test_refused_call_is_retried_and_recorded(sandbox, receiver):
    receiver.answers = [500, 503]
    sandbox.set_webhook(receiver.url, backoff=0.02)
    sandbox.place_order()
    call = ended_calls(sandbox, 1)[0]
    assert call["state"] == "delivered"
    assert [attempt["status"] for attempt in call["attempts"]] == [500, 503, 200]
    waited = [attempt["ms"] for attempt in call["attempts"]]
    assert waited[1] - waited[0] >= 20 and waited[2] - waited[1] >= 40


def test_call_fails_after_its_retries(sandbox):
    sandbox.set_webhook("http://127.0.0.1:9/", retries=1, backoff=0.01)
    sandbox.place_order()
    call = ended_calls(sandbox, 1)[0]
    assert call["state"] == "failed"
    assert [attempt["status"] for attempt in call["attempts"]] == [None, None]
    assert "ConnectError" in call["attempts"][0]["error"]


def test_only_an_answered_call_may_be_synced(sandbox, supplier, receiver):
    sandbox.set_webhook(receiver.url, retries=0)
    receiver.answers = [200, 500]
    answered = sandbox.place_order()
    ended_calls(sandbox, 1)
    missed = sandbox.place_order()
    ended_calls(sandbox, 2)
    supplier.sync(answered, missed)
    assert [order["hashed_id"] for order in supplier.pull()] == [missed["hashed_id"]]


def test_own_changes_are_sent_only_if_configured(sandbox, supplier, receiver):
    sandbox.set_webhook(receiver.url)
    order = sandbox.place_order()
    supplier.status(order, "approved")
    assert len(ended_calls(sandbox, 1)) == 1
    sandbox.webhook(own_changes=True)
    supplier.status(order, "assigned_to_salesman")
    assert [row["status"] for row in ended_calls(sandbox, 2)] == ["pending", "assigned_to_salesman"]


def test_calls_can_be_dropped_and_repeated(sandbox, receiver):
    sandbox.set_webhook(receiver.url, drop=True)
    order = sandbox.place_order()
    assert [row["state"] for row in ended_calls(sandbox, 1)] == ["dropped"]
    sandbox.webhook(drop=False)
    sandbox.call_webhook(order["hashed_id"], envelope="orders")
    ended_calls(sandbox, 2)
    assert [list(body) for _, _, body in receiver.received] == [["orders"]]


def test_twenty_orders_are_sent_in_parallel(sandbox, receiver):
    sandbox.set_webhook(receiver.url)
    placed = {row["hashed_id"] for row in sandbox.place_orders(20)}
    ended_calls(sandbox, 20)
    assert {body["hashed_id"] for _, _, body in receiver.received} == placed


def test_invalid_settings_are_refused(sandbox):
    with pytest.raises(SandboxError):
        sandbox.webhook(envelope="bottle")
    with pytest.raises(SandboxError):
        sandbox.webhook(colour="red")
    with pytest.raises(SandboxError):
        sandbox.call_webhook(sandbox.place_order()["hashed_id"])


def test_each_account_has_its_own_secret(sandbox, receiver):
    sandbox.add_account("2", token="second", listings=10)
    sandbox.set_webhook(receiver.url, token="common", tokens={"2": "own"})
    sandbox.place_order(lines=1)
    sandbox.place_order(lines=1, supplier_code="2")
    ended_calls(sandbox, 2)
    assert sorted(token for _path, token, _body in receiver.received) == ["common", "own"]


def test_notice_waits_for_the_previous_one_of_its_order(sandbox, receiver):
    receiver.answers = [500, 500]
    sandbox.set_webhook(receiver.url, in_order=True, backoff=0.05)
    order = sandbox.place_order(lines=1)
    sandbox.edit_order(order["hashed_id"])
    ended_calls(sandbox, 3)
    sent = [body["status"] for _path, _token, body in receiver.received]
    assert sent == ["pending", "pending", "pending", "editing", "pending"]
