"""What must not be read in logs: one set of keys, one function that masks them.

Everything that is stored or shown of a call goes through `mask` or `excerpt`.
"""

from __future__ import annotations

import contextlib
import html
import json
import re

MASK = "***"
MAX_DEPTH = 40
# Longer texts are cut before they are searched, so that no answer can make masking slow.
MAX_SCAN = 200_000
# A secret shorter than this would blacken ordinary text.
MIN_SECRET = 4

# Compared without case, underscores and dashes: `AuthorizationToken` is `authorization_token`.
SECRET_KEYS = frozenset({
    "accesstoken", "apikey", "auth", "authorization", "authorizationtoken", "authtoken", "bearer",
    "cookie", "deliveryotp", "otp", "otpcode", "passwd", "password", "pickupotp",
    "proxyauthorization", "refreshtoken", "retailerotp", "secret", "setcookie", "token",
    "webhooktoken", "xapikey",
})  # fmt: skip
PERSONAL_KEYS = frozenset({
    "addressnotes", "comment", "email", "mobile", "notemessage", "phone", "retaileraddress",
    "retaileremail", "retailername", "retailernumber", "retailernumber2",
})  # fmt: skip

_KEY = r"[A-Za-z][A-Za-z0-9_-]{1,40}"
# "key": "value", 'key': 'value', key=value, Key: value; the closing quote may have been cut off.
_PAIR = re.compile(
    rf"""(?P<quote>["']?)(?<![A-Za-z0-9_-])(?P<key>{_KEY})(?P=quote)(?P<sep>\s{{0,3}}[:=]\s{{0,3}})"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(?:Bearer\s+|Basic\s+|Token\s+)?[^\s,;&}\])"'<]+)"""
)
_URL_LOGIN = re.compile(r"://[^/\s@]{1,200}@")
_HIDDEN_HTML = re.compile(r"<(script|style|head)\b.*?(</\1\s*>|\Z)", re.I | re.S)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def plain_key(key):
    """`Supplier_Product-ID` -> `supplierproductid`: how keys are compared.

    :rtype: str
    """
    return re.sub(r"[^a-z0-9]", "", str(key).lower())


def mask(data, personal=True, secrets=()):
    """A deep copy of `data` with secrets, and personal data, replaced by `***`.

    Texts are searched too: JSON inside a text, `key: value` pairs, and the values in `secrets`
    wherever they stand. Empty values stay, since it helps to see that a field was empty.

    :param data: anything JSON can hold, bytes, or a text.
    :param bool personal: mask names, numbers, addresses and notes of retailers too.
    :param secrets: texts to replace anywhere, e.g. the token in use.
    """
    keys = SECRET_KEYS | PERSONAL_KEYS if personal else SECRET_KEYS
    # Longest first: one secret may be the beginning of another.
    found = sorted({s for s in secrets if s and len(s) >= MIN_SECRET}, key=len, reverse=True)
    return _mask(data, keys, found, 0)


def _mask(data, keys, secrets, depth):
    if depth > MAX_DEPTH:
        return MASK
    if isinstance(data, dict):
        return {
            _mask_values(key, secrets) if isinstance(key, str) else key: (
                MASK
                if plain_key(key) in keys and _tells(plain_key(key), value)
                else _mask(value, keys, secrets, depth + 1)
            )
            for key, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [_mask(value, keys, secrets, depth + 1) for value in data]
    if isinstance(data, (bytes, bytearray)):
        data = bytes(data[:MAX_SCAN]).decode("utf-8", "replace")
    if isinstance(data, str):
        return _mask_text(data[:MAX_SCAN], keys, secrets, depth)
    return data


def _tells(name, value):
    """Is there anything to hide? An OTP has digits; "retailer_otp: is invalid" must be readable."""
    if name.endswith("otp"):
        return any(character.isdigit() for character in str(value))
    return value not in (None, "")


def _mask_text(text, keys, secrets, depth):
    if text.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):  # no JSON after all
            inner = json.loads(text)
            return json.dumps(_mask(inner, keys, secrets, depth + 1), ensure_ascii=False)

    def pair(match):
        name, value = plain_key(match["key"]), match["value"].strip("\"'")
        if name not in keys or not _tells(name, value):
            return match[0]
        quote = match["value"][0] if match["value"][0] in "\"'" else ""
        return "".join((
            match["quote"], match["key"], match["quote"], match["sep"], quote, MASK, quote
        ))  # fmt: skip

    return _mask_values(_URL_LOGIN.sub(f"://{MASK}@", _PAIR.sub(pair, text)), secrets)


def _mask_values(text, secrets):
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def clip(text, limit):
    """At most `limit` characters of `text`, the last one an ellipsis where something was cut.

    Control characters and broken surrogates, which a database refuses, become spaces.

    :rtype: str
    """
    text = _CONTROL.sub(" ", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def excerpt(body, limit=500, secrets=()):
    """What `body` says, for people: one line of plain text, redacted.

    :param body: an answer: bytes, text (HTML too), or data read from JSON.
    :param int limit: length of the result at most.
    :rtype: str
    """
    body = mask(body, secrets=secrets)
    if isinstance(body, str):
        body = _from_json(body)
    said = body if isinstance(body, str) else _said(body)
    if "<" in said and ">" in said:
        said = html.unescape(_TAG.sub(" ", _HIDDEN_HTML.sub(" ", said)))
    return clip(" ".join(said.split()), limit)


def _from_json(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


# Where APIs put the sentence, the most telling first.
_SENTENCES = ("message", "msg", "detail", "error_description", "errormessage", "error", "errors",
              "reason", "title")  # fmt: skip


def _said(data):
    """The sentences in `data`, else the data as compact JSON."""
    if isinstance(data, dict):
        for name in _SENTENCES:
            for key, value in data.items():
                if plain_key(key) == plain_key(name) and value and not isinstance(value, bool):
                    return value if isinstance(value, str) else _said(value)
    if isinstance(data, list) and data and all(isinstance(value, str) for value in data):
        return "; ".join(data)
    if data in (None, {}, []):
        return ""
    return json.dumps(data, ensure_ascii=False, default=str)
