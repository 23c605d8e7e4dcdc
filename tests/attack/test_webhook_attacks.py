"""Attacks on the webhook's URL."""

import gzip
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.any_json import ORDERS, VALUES
from tests.support.report import Line
from tests.support.webhook import Webhook, encoded, imported_messages, log_errors, order
from tools.dev.processes import wait_until

pytestmark = pytest.mark.timeout(900)
GIGABYTES = 10 * 1024**3
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def quiet(webhook: Webhook):
    """Check after any test: no traceback and no error in the server's log."""
    yield
    assert log_errors(webhook.logged()) == []


# === SECRET === #


def test_guessing_the_secret_is_logged_and_limited_without_blocking(webhook: Webhook):
    before = webhook.stored()
    guesses = [webhook.post(b"{}", f"guess-{number}").status_code for number in range(90)]
    assert set(guesses) == {401, 429}
    assert guesses == sorted(guesses), "once there are too many they remain refused"
    refused = webhook.post(b"{}", "another guess")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60

    true = webhook.post(encoded(order(hashed_id="amid")))
    assert (true.status_code, true.json()["received"]) == (200, 1)
    assert webhook.stored() == before + 1

    log = webhook.logged()
    assert "webhook call with a wrong secret from 127.0.0.1" in log
    assert "further ones are answered 429" in log
    lines = [line for line in log.splitlines() if "webhook call" in line and "WARNING" in line]
    assert len(lines) < 45, "a line a second and two a minute, not one per call"
    assert "guess-" not in log
    wait_until(lambda: webhook.intake.seller.setting("webhook_refused_count") >= 91, timeout=10)


HEADERS = {
    "none": [],
    "empty": ["AuthorizationToken:"],
    "blank": ["AuthorizationToken:   "],
    "its first half": ["AuthorizationToken: {half}"],
    "with a suffix": ["AuthorizationToken: {secret}x"],
    "twice, once wrong": ["AuthorizationToken: wrong", "AuthorizationToken: {secret}"],
    "twice, once empty": ["AuthorizationToken: ", "AuthorizationToken: {secret}"],
    "twice the right one": ["AuthorizationToken: {secret}", "AuthorizationToken: {secret}"],
    "in another header": ["Authorization: {secret}"],
    "as bearer": ["AuthorizationToken: Bearer {secret}"],
    "with an underscore": ["Authorization_Token: {secret}"],
    "in a cookie": ["Cookie: AuthorizationToken={secret}"],
    "not ASCII": ["AuthorizationToken: \xe9\xff\x80"],
    "very long": ["AuthorizationToken: " + "x" * 60_000],
    "from this machine": ["AuthorizationToken: wrong", "X-Forwarded-For: 127.0.0.1",
                          "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1"],
    "as another method": ["AuthorizationToken: wrong", "X-HTTP-Method-Override: GET"],
    "for another database": ["AuthorizationToken: wrong", "X-Odoo-Database: postgres"],
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_no_other_header_replaces_the_secret(webhook: Webhook, name: str):
    before, body = webhook.stored(), encoded(order(hashed_id="header"))
    half = webhook.secret[: len(webhook.secret) // 2]
    head = [line.format(secret=webhook.secret, half=half) for line in HEADERS[name]]
    answer = webhook.speak(
        ["POST /cartona/webhook/orders HTTP/1.1", *head, f"Content-Length: {len(body)}"], body
    )
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 401, 404, 429, 431)
    assert webhook.stored() == before


def test_secret_in_the_url_is_refused(webhook: Webhook):
    before, body = webhook.stored(), encoded(order(hashed_id="query"))
    secret = webhook.secret
    path = f"/cartona/webhook/orders?AuthorizationToken={secret}&webhook_token={secret}"
    answer = webhook.speak([f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}"], body)
    assert int(answer.split(b" ", 2)[1]) in (401, 429)
    assert webhook.stored() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_only_post_is_answered(webhook: Webhook, method: str):
    before, body = webhook.stored(), encoded(order(hashed_id="method"))
    head = [f"{method} /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {webhook.secret}"]
    answer = webhook.speak([*head, f"Content-Length: {len(body)}"], body)
    assert 400 <= int(answer.split(b" ", 2)[1]) < 600
    assert webhook.secret.encode() not in answer
    assert webhook.stored() == before


# === SIZE AND TIME === #


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x"])  # fmt: skip
@pytest.mark.parametrize("known", [True, False])
def test_body_over_the_limit_is_refused_unread(webhook: Webhook, kind: str, known: bool):
    secret = webhook.secret if known else "wrong"
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {secret}"]
    started = time.monotonic()
    answer = webhook.speak([*head, f"Content-Type: {kind}", f"Content-Length: {GIGABYTES}"])
    assert int(answer.split(b" ", 2)[1]) in ((413,) if known else (401, 413, 429))
    assert time.monotonic() - started < 20, "none of it was ever sent"


def test_body_without_length_is_refused_unread(webhook: Webhook):
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {webhook.secret}"]
    chunk = b"10000\r\n" + b" " * 0x10000
    answer = webhook.speak([*head, "Transfer-Encoding: chunked"], chunk)
    assert int(answer.split(b" ", 2)[1]) == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "99999999999999999999", "5, 5", ""])
def test_invalid_length_stores_nothing(webhook: Webhook, length: str):
    before = webhook.stored()
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {webhook.secret}"]
    answer = webhook.speak([*head, f"Content-Length: {length}"], b"{}   ")
    assert not answer or 400 <= int(answer.split(b" ", 2)[1]) < 500
    assert webhook.stored() == before


def test_endless_body_does_not_block_others(webhook: Webhook):
    before = webhook.stored()
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {webhook.secret}"]
    slow = [webhook.call([*head, "Content-Length: 1000"], b'{"hashed_id": ') for _line in range(8)]
    try:
        answer = webhook.post(encoded(order(hashed_id="meanwhile")))
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() < 20
    finally:
        for line in slow:
            line.close()
    assert webhook.stored() == before + 1


def test_compressed_bombs_are_not_unpacked(webhook: Webhook):
    bomb = gzip.compress(b" " * (200 * MIB))
    assert len(bomb) < MIB
    started = time.monotonic()
    answer = webhook.post(bomb, Content_Encoding="gzip")
    assert (answer.status_code, answer.json()["status"]) == (400, "not JSON")
    assert time.monotonic() - started < 20


BOMBS = {
    "lists": b"[" * 500_000,
    "closed lists": b"[" * 500_000 + b"]" * 500_000,
    "objects": b'{"data":' * 100_000 + b"1" + b"}" * 100_000,
    "just readable": b"[" * 900 + b"]" * 900,
    "a number of a million digits": b"1" * 1_000_000,
    "in an order": encoded(order(hashed_id="digits")).replace(b'": 5', b'": ' + b"9" * 4000),
    "a number beyond floats": encoded(order(hashed_id="floats")).replace(b'": 5', b'": 9e999'),
    "many keys": json.dumps({f"k{number}": number for number in range(60_000)}).encode(),
    "many orders": encoded([order(hashed_id=f"m{number}") for number in range(4000)]),
    "not UTF-8": b'{"hashed_id": "\xff\xfe", "status": "x"}',
    "UTF-16": encoded(order(hashed_id="utf16")).decode().encode("utf-16"),
    "NUL": b"\x00" * 1000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_malicious_json_is_refused_or_stored_quickly(webhook: Webhook, name: str):
    assert len(BOMBS[name]) <= MIB
    answer = webhook.post(BOMBS[name])
    assert answer.status_code in (200, 400)
    assert answer.elapsed.total_seconds() < 20


def test_last_of_two_equal_keys_is_used(webhook: Webhook):
    body = encoded(order(hashed_id="first"))[:-1] + b', "hashed_id": "last"}'
    assert webhook.post(body).status_code == 200
    rows = webhook.intake.odoo.query(
        "SELECT hashed_id FROM cartona_message WHERE hashed_id IN ('first', 'last')"
    )
    assert rows == [("last",)]


def test_order_with_unusual_characters_is_stored(webhook: Webhook):
    odd = "a\x00b\ud800c\u202e<script>alert(1)</script>"
    answer = webhook.post(encoded(order(hashed_id="odd" + odd, status=odd, note_message=odd)))
    assert answer.status_code == 200


# === RANDOM INPUT === #


@given(body=ORDERS)
@settings(settings.get_profile("attack"))
def test_any_json_is_answered(webhook: Webhook, body: dict):
    answer = webhook.post(encoded(body))
    assert answer.status_code in (200, 400), answer.text[:500]
    assert answer.json()["status"] in ("accepted", "not an order", "not JSON")


@given(body=st.binary(max_size=200) | VALUES.map(encoded))
@settings(settings.get_profile("attack"))
def test_any_bytes_are_answered(webhook: Webhook, body: bytes):
    assert webhook.post(body).status_code in (200, 400)


def test_accepted_messages_are_imported_or_have_a_reason(webhook: Webhook, lines: list[Line]):
    """Runs last: checks the messages of all other tests."""
    messages, sales = imported_messages(webhook.intake.odoo)
    assert messages
    lines.append(
        Line(
            "any input of a stranger to the webhook",
            f"{len(messages):,} messages stored, {len(sales):,} sale orders",
            tried=len(webhook.tried),
        )
    )
    assert sales, "some of it was a valid order"
