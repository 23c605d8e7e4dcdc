"""The webhook's address, as somebody treats it who means no good."""

import gzip
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attack.anything import ORDERS, VALUES
from tests.attack.conftest import Door, complaints, encoded, order, settled
from tests.chaos.report import Line
from tools.dev.processes import wait_until

pytestmark = pytest.mark.timeout(900)
GIGABYTES = 10 * 1024**3
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def quiet(door: Door):
    """Whatever a test does: no traceback and no error in the server's log."""
    yield
    assert complaints(door.logged()) == []


# === SECRET === #


def test_guessing_the_secret_is_logged_slowed_down_and_shuts_nobody_out(door: Door):
    before = door.stored()
    guesses = [door.post(b"{}", f"guess-{number}").status_code for number in range(90)]
    assert set(guesses) == {401, 429}
    assert guesses == sorted(guesses), "once they are too many they stay so"
    refused = door.post(b"{}", "another guess")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60

    true = door.post(encoded(order(hashed_id="amid")))
    assert (true.status_code, true.json()["received"]) == (200, 1)
    assert door.stored() == before + 1

    log = door.logged()
    assert "webhook call with a wrong secret from 127.0.0.1" in log
    assert "further ones are answered 429" in log
    lines = [line for line in log.splitlines() if "webhook call" in line and "WARNING" in line]
    assert len(lines) < 45, "a line a second and two a minute, not one per call"
    assert "guess-" not in log
    wait_until(lambda: door.intake.seller.setting("webhook_refused_count") >= 91, timeout=10)


HEADERS = {
    "none": [],
    "empty": ["AuthorizationToken:"],
    "blank": ["AuthorizationToken:   "],
    "its first letters": ["AuthorizationToken: {half}"],
    "with more behind": ["AuthorizationToken: {secret}x"],
    "twice, once wrong": ["AuthorizationToken: wrong", "AuthorizationToken: {secret}"],
    "twice, once empty": ["AuthorizationToken: ", "AuthorizationToken: {secret}"],
    "twice the true one": ["AuthorizationToken: {secret}", "AuthorizationToken: {secret}"],
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
def test_no_header_stands_for_the_secret(door: Door, name: str):
    before, body = door.stored(), encoded(order(hashed_id="header"))
    half = door.secret[: len(door.secret) // 2]
    head = [line.format(secret=door.secret, half=half) for line in HEADERS[name]]
    answer = door.speak(
        ["POST /cartona/webhook/orders HTTP/1.1", *head, f"Content-Length: {len(body)}"], body
    )
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 401, 404, 429, 431)
    assert door.stored() == before


def test_the_secret_in_the_address_opens_nothing(door: Door):
    before, body = door.stored(), encoded(order(hashed_id="query"))
    path = f"/cartona/webhook/orders?AuthorizationToken={door.secret}&webhook_token={door.secret}"
    answer = door.speak([f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}"], body)
    assert int(answer.split(b" ", 2)[1]) in (401, 429)
    assert door.stored() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_nothing_but_a_post_is_answered(door: Door, method: str):
    before, body = door.stored(), encoded(order(hashed_id="method"))
    head = [f"{method} /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {door.secret}"]
    answer = door.speak([*head, f"Content-Length: {len(body)}"], body)
    assert 400 <= int(answer.split(b" ", 2)[1]) < 600
    assert door.secret.encode() not in answer
    assert door.stored() == before


# === SIZE AND TIME === #


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x"])  # fmt: skip
@pytest.mark.parametrize("known", [True, False])
def test_a_body_over_the_cap_is_refused_before_it_is_read(door: Door, kind: str, known: bool):
    secret = door.secret if known else "wrong"
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {secret}"]
    started = time.monotonic()
    answer = door.speak([*head, f"Content-Type: {kind}", f"Content-Length: {GIGABYTES}"])
    assert int(answer.split(b" ", 2)[1]) in ((413,) if known else (401, 413, 429))
    assert time.monotonic() - started < 20, "nothing of it was ever sent"


def test_a_body_that_does_not_say_how_long_it_is_is_not_read(door: Door):
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {door.secret}"]
    chunk = b"10000\r\n" + b" " * 0x10000
    answer = door.speak([*head, "Transfer-Encoding: chunked"], chunk)
    assert int(answer.split(b" ", 2)[1]) == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "99999999999999999999", "5, 5", ""])
def test_a_length_that_is_none_stores_nothing(door: Door, length: str):
    before = door.stored()
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {door.secret}"]
    answer = door.speak([*head, f"Content-Length: {length}"], b"{}   ")
    assert not answer or 400 <= int(answer.split(b" ", 2)[1]) < 500
    assert door.stored() == before


def test_a_body_that_never_ends_holds_up_nobody_else(door: Door):
    before = door.stored()
    head = ["POST /cartona/webhook/orders HTTP/1.1", f"AuthorizationToken: {door.secret}"]
    slow = [door.call([*head, "Content-Length: 1000"], b'{"hashed_id": ') for _line in range(8)]
    try:
        answer = door.post(encoded(order(hashed_id="meanwhile")))
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() < 20
    finally:
        for line in slow:
            line.close()
    assert door.stored() == before + 1


def test_packed_bombs_are_not_unpacked(door: Door):
    bomb = gzip.compress(b" " * (200 * MIB))
    assert len(bomb) < MIB
    started = time.monotonic()
    answer = door.post(bomb, Content_Encoding="gzip")
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
def test_json_that_is_a_weapon_is_refused_or_parked_and_quickly(door: Door, name: str):
    assert len(BOMBS[name]) <= MIB
    answer = door.post(BOMBS[name])
    assert answer.status_code in (200, 400)
    assert answer.elapsed.total_seconds() < 20


def test_of_two_equal_keys_the_last_one_counts(door: Door):
    body = encoded(order(hashed_id="first"))[:-1] + b', "hashed_id": "last"}'
    assert door.post(body).status_code == 200
    rows = door.intake.odoo.query(
        "SELECT hashed_id FROM cartona_message WHERE hashed_id IN ('first', 'last')"
    )
    assert rows == [("last",)]


def test_an_order_full_of_odd_letters_is_kept(door: Door):
    odd = "a\x00b\ud800c\u202e<script>alert(1)</script>"
    answer = door.post(encoded(order(hashed_id="odd" + odd, status=odd, note_message=odd)))
    assert answer.status_code == 200


# === WHATEVER COMES === #


@given(body=ORDERS)
@settings(settings.get_profile("attack"))
def test_whatever_is_told_is_answered(door: Door, body: dict):
    answer = door.post(encoded(body))
    assert answer.status_code in (200, 400), answer.text[:500]
    assert answer.json()["status"] in ("accepted", "not an order", "not JSON")


@given(body=st.binary(max_size=200) | VALUES.map(encoded))
@settings(settings.get_profile("attack"))
def test_whatever_bytes_come_are_answered(door: Door, body: bytes):
    assert door.post(body).status_code in (200, 400)


def test_what_was_taken_is_imported_or_waits_for_a_reason(door: Door, lines: list[Line]):
    """Comes last: the others have left their messages."""
    messages, sales = settled(door.intake.odoo)
    assert messages
    lines.append(
        Line(
            "whatever a stranger sends to the webhook",
            f"{len(messages):,} messages kept, {len(sales):,} sale orders",
            tried=len(door.tried),
        )
    )
    assert sales, "some of it was an order after all"
