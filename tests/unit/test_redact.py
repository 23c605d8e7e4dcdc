"""Secrets and personal data are never readable in a log."""

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartona_api import redact

TOKEN = "tok-9f8e7d6c"

SECRETS = [
    "AuthorizationToken", "authorization", "Authorization-Token", "token", "auth_token", "otp",
    "retailer_otp", "pickup_otp", "password", "secret", "webhook_token", "Cookie", "Set-Cookie",
    "auth", "bearer", "delivery_otp", "otp_code", "passwd", "Proxy-Authorization", "refresh_token",
    "access_token", "api_key", "X-Api-Key",
]  # fmt: skip
PERSONAL = [
    "retailer_name", "retailer_number", "retailer_number2", "retailer_address", "address_notes",
    "retailer_email", "note_message", "comment",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("personal", [True, False])
def test_secrets_are_always_masked(key, personal):
    assert redact.mask({key: "4821"}, personal=personal) == {key: "***"}


@pytest.mark.parametrize("key", PERSONAL)
def test_personal_data_is_masked_by_default(key):
    assert redact.mask({key: "أحمد 12"}) == {key: "***"}
    assert redact.mask({key: "أحمد 12"}, personal=False) == {key: "أحمد 12"}


@pytest.mark.parametrize("key", ["product_name", "name", "status", "hashed_id"])
def test_fields_that_explain_an_order_stay_readable(key):
    assert redact.mask({key: "box 24"}) == {key: "box 24"}


DOCUMENTED = pathlib.Path(__file__).parents[1] / "samples"
# Documented too, but a person, an address, a code, or free text.
HIDDEN = {
    "addressnotes", "comment", "notemessage", "notes", "pickupotp", "retaileraddress",
    "retaileremail", "retailername", "retailernumber", "retailernumber2", "returnreason",
}  # fmt: skip
UNKNOWN = ["name", "phone_number", "address", "whatsapp", "contact_person", "delivery_code",
           "pickup_code", "code", "الاسم", "x", "Retailer-Name", "lat"]  # fmt: skip


@pytest.mark.parametrize("key", UNKNOWN)
@pytest.mark.parametrize("value", ["أحمد 0100", 4821, 1.5, ["أحمد"], {"id": "أحمد"}])
def test_an_undocumented_key_shows_no_value(key, value):
    for data in ({key: value}, [{"retailer": {key: [value]}}], {"order_details": [{key: value}]}):
        shown = json.dumps(redact.documented(data), ensure_ascii=False)
        if not isinstance(value, dict):  # a documented key inside shows its own value
            for text in ("أحمد", "0100", "4821", "1.5"):
                assert text not in shown
        assert "الاسم" not in shown


@pytest.mark.parametrize("sample", sorted(DOCUMENTED.glob("*.json")), ids=lambda path: path.stem)
def test_an_order_shows_its_documented_values_except_those_of_people(sample):
    def leaves(data, key=""):
        if isinstance(data, dict):
            for name, value in data.items():
                yield from leaves(value, redact.plain_key(name))
        elif isinstance(data, list):
            for value in data:
                yield from leaves(value, key)
        elif data not in (None, "") and not isinstance(data, bool):
            yield key, data

    data = json.loads(sample.read_text(encoding="utf-8"))
    for (key, before), (_key, after) in zip(
        leaves(data), leaves(redact.documented(data)), strict=True
    ):
        if key in redact.DOCUMENTED_KEYS:
            assert after == before
        elif key in HIDDEN:
            assert after == "***"


def test_the_messages_of_an_error_stay_readable():
    data = {"errors": [{"supplier_product_id": "7", "message": "no such id 7"}], "name": "x"}
    assert redact.documented(data) == {"errors": data["errors"], "name": "***"}


def test_json_in_a_text_follows_the_same_rule():
    assert redact.documented('{"name": "أحمد", "id": 7}') == '{"name": "***", "id": 7}'
    assert redact.documented('{"name": "أحمد", "id"') == "***"


def test_no_hidden_key_is_among_the_documented_ones():
    assert not redact.DOCUMENTED_KEYS & (redact.SECRET_KEYS | redact.PERSONAL_KEYS | HIDDEN)


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_field_stays_visible(value):
    assert redact.mask({"retailer_otp": value, "token": value}) == {
        "retailer_otp": value, "token": value,
    }  # fmt: skip


def test_a_message_about_an_otp_is_not_masked():
    assert redact.mask({"errors": {"retailer_otp": ["is invalid"]}}) == {
        "errors": {"retailer_otp": ["is invalid"]}
    }
    assert redact.mask({"retailer_otp": [4821]}) == {"retailer_otp": "***"}


def test_the_original_is_unchanged_and_the_copy_is_deep():
    data = [{"retailer": {"retailer_name": "x"}, "lines": [{"otp": 1, "id": 7}]}]
    before = json.dumps(data)
    masked = redact.mask(data)
    assert masked == [{"retailer": {"retailer_name": "***"}, "lines": [{"otp": "***", "id": 7}]}]
    assert json.dumps(data) == before
    assert masked[0]["lines"] is not data[0]["lines"]


TEXTS = [
    ("JSON in a text", '{"otp": "4821", "id": 7}', '{"otp": "***", "id": 7}'),
    ("JSON list in a text", ' [{"token": "abc"}]', '[{"token": "***"}]'),
    ("JSON cut short", '{"id": 7, "otp": "48', '{"id": 7, "otp": "***"'),
    ("JSON cut short, number", '[{"otp": 4821, "id": 7}', '[{"otp": ***, "id": 7}'),
    ("a name with blanks", '{"retailer_name": "Al \\"Nour\\" shop", "x',
     '{"retailer_name": "***", "x'),
    ("header", "AuthorizationToken: abc123 sent", "AuthorizationToken: *** sent"),
    ("bearer", "Authorization: Bearer abc.def-ghi", "Authorization: ***"),
    ("query", "GET /x?token=abc123&page=2", "GET /x?token=***&page=2"),
    ("login in an address", "proxy http://user:pw@10.0.0.1:3128 refused",
     "proxy http://***@10.0.0.1:3128 refused"),
    ("nothing secret", "price: 12, stock = 4", "price: 12, stock = 4"),
    ("about an otp", "retailer_otp: is invalid", "retailer_otp: is invalid"),
    ("bytes", b'{"otp": "4821"}', '{"otp": "***"}'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "masked"), [c[1:] for c in TEXTS], ids=[c[0] for c in TEXTS])
def test_texts_are_searched_too(text, masked):
    assert redact.mask(text) == masked


def test_a_secret_in_use_is_replaced_anywhere():
    data = {"a": f"x{TOKEN}y", "b": [TOKEN], TOKEN: 1, "c": json.dumps({"d": TOKEN})}
    assert redact.mask(data, secrets=(TOKEN,)) == {
        "a": "x***y", "b": ["***"], "***": 1, "c": '{"d": "***"}',
    }  # fmt: skip


def test_the_longer_of_two_secrets_goes_first():
    assert redact.mask("abcdefgh", secrets=("abcd", "abcdefgh")) == "***"


def test_a_very_short_secret_is_not_masked():
    assert redact.mask("a b c", secrets=("", "b", None)) == "a b c"


def test_endless_nesting_ends():
    data = value = {}
    for _ in range(5000):
        value["a"] = value = {}
    data["b"] = "seen"
    masked = redact.mask(data)
    depth = 0
    while isinstance(masked["a"], dict):
        masked, depth = masked["a"], depth + 1
    assert (masked["a"], depth) == ("***", redact.MAX_DEPTH)
    assert redact.mask({"a": [{"b": "seen"}]}) == {"a": [{"b": "seen"}]}


EXCERPTS = [
    ("nothing", b"", ""),
    ("empty object", {}, ""),
    ("null", b"null", ""),
    ("plain", "  It\n is   broken ", "It is broken"),
    ("message", {"message": "Bad price", "code": 7}, "Bad price"),
    ("error object", b'{"error": {"code": 7, "message": "Bad price"}}', "Bad price"),
    ("list of texts", {"errors": ["a", "b"]}, "a; b"),
    ("no sentence", {"status": 7, "code": 7}, '{"status": 7, "code": "***"}'),
    ("message first", {"error": True, "title": "t", "message": "m"}, "m"),
    ("Arabic", '{"message": "السعر غير صالح"}', "السعر غير صالح"),
    ("HTML", "<html><head><title>no</title><style>p{}</style></head><body><h1>502 Bad Gateway</h1>"
     "<script>var a = '<b>';</script><p>nginx&nbsp;&amp; co</p></body></html>",
     "502 Bad Gateway nginx & co"),
    ("HTML cut short", "<html><body>Bad <b>Gate</b>way<script>var", "Bad Gate way"),
    ("control characters", "a\x00b\x1bc", "a b c"),
    ("half a surrogate pair", {"message": "a\ud800b"}, "a b"),
    ("broken UTF-8", b"a\xffb", "a�b"),
    ("secret in it", '{"message": "token=abc123 refused"}', "token=*** refused"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), [c[1:] for c in EXCERPTS], ids=[c[0] for c in EXCERPTS])
def test_an_excerpt_is_one_line_of_plain_text(body, text):
    assert redact.excerpt(body) == text


def test_an_excerpt_is_cut_visibly():
    assert redact.excerpt("x" * 501) == "x" * 499 + "…"
    assert redact.excerpt("x" * 500) == "x" * 500
    assert redact.excerpt("x" * 50, limit=10) == "x" * 9 + "…"


def test_a_secret_is_masked_before_the_text_is_cut():
    text = "x" * 495 + TOKEN
    assert TOKEN[:4] not in redact.excerpt(text, secrets=(TOKEN,))


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
), st.integers(1, 60))  # fmt: skip
def test_any_value_gives_a_storable_text(body, limit):
    text = redact.excerpt(body, limit)
    assert len(text) <= limit
    assert "\x00" not in text
    text.encode("utf-8")
