"""Remove secrets and personal data from what is logged.

All data of a call passes `documented`, `mask` or `excerpt` before it is stored or shown. The rule
for data is `documented`: the values of Cartona's documented keys are shown, except those of
people, and whatever else an answer or an order contains is masked. `data/neutralize.sql` applies
the same list. `mask` is for texts, in which only known keys can be found.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Collection, Iterable, Sequence

MASK = "***"
MAX_DEPTH = 40
# Longer texts are cut before they are searched, so that no answer can make masking slow.
MAX_SCAN = 200_000
# A secret shorter than this would mask ordinary text.
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

# Keys of Cartona's documentation whose values name no person and are no secret.
DOCUMENTED_KEYS = frozenset({
    # products
    "availablestockquantity", "backmargin", "baseproductid", "baseproductname", "frontmargin", "id",
    "imagethumbnail", "instock", "internalproductid", "isbundle", "ispublished",
    "isunlimitedstock", "maxorder", "medianprice", "minorder", "remindmeatstock", "sellingprice",
    "soldamount", "supplerprodcutid", "supplerprodcutname", "supplierproductid",
    "supplierproductname", "taxpercentage", "unit", "unitcount",
    # orders
    "amount", "appliedcartonadiscount", "appliedsupplierdiscount", "appliedsupplierrebate",
    "cancellationreason", "cancelled", "cartonacredit", "createdat", "deliveredby", "deliveryday",
    "distributionroutecode", "editedbyadmin", "estimateddeliveryday", "hashedid",
    "installmentcost", "internalsuppliercode", "orderid", "pickupdate", "price", "productname",
    "receiptid", "retailercode", "retailerpreferreddeliverydate", "status", "suppliercode",
    "totalprice", "wallettopup",
    # requests
    "from", "limit", "page", "perpage", "searchtoken", "to",
})  # fmt: skip
# A key itself may be a name, or a code.
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}")

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


def plain_key(key: Any) -> str:
    """Return the form in which keys are compared: `Supplier_Product-ID` -> `supplierproductid`."""
    return re.sub(r"[^a-z0-9]", "", str(key).lower())


def mask(data: Any, personal: bool = True, secrets: Iterable[str | None] = ()) -> Any:
    """Return a deep copy of `data` with secrets, and personal data, replaced by `***`.

    Texts are searched too: JSON inside a text, `key: value` pairs, and the values in `secrets`
    anywhere. Empty values stay, since it helps to see that a field was empty.

    :param data: anything JSON can contain, bytes, or a text.
    :param personal: True to mask names, numbers, addresses and notes of retailers too.
    :param secrets: texts to replace anywhere, e.g. the token in use.
    """
    keys = SECRET_KEYS | PERSONAL_KEYS if personal else SECRET_KEYS
    # Longest first: one secret may be the beginning of another.
    found = sorted({s for s in secrets if s and len(s) >= MIN_SECRET}, key=len, reverse=True)
    return _mask(data, keys, found, 0)


def documented(data: Any, secrets: Iterable[str | None] = ()) -> Any:
    """Return a deep copy of an order, a request or an answer that shows documented values only.

    The value of any other key is `***`. Empty values and booleans stay; so do the messages of an
    error, which are masked as texts.

    :param data: anything JSON can contain.
    :param secrets: see `mask`.
    """
    found = sorted({s for s in secrets if s and len(s) >= MIN_SECRET}, key=len, reverse=True)
    return _documented(data, True, found, 0)


def _documented(data: Any, is_shown: bool, secrets: Sequence[str], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return MASK
    if isinstance(data, dict):
        shown: dict[str, Any] = {}
        for key, value in data.items():
            name = plain_key(key)
            label = _mask_values(str(key), secrets)
            if not _PLAIN_KEY.fullmatch(label):
                label = f"{MASK}{len(shown) or ''}"  # each key its own
            if name in _MESSAGE_NAMES:
                shown[label] = _mask(value, SECRET_KEYS | PERSONAL_KEYS, secrets, depth + 1)
            else:
                shown[label] = _documented(value, name in DOCUMENTED_KEYS, secrets, depth + 1)
        return shown
    if isinstance(data, (list, tuple)):
        return [_documented(value, is_shown, secrets, depth + 1) for value in data]
    return _documented_value(data, is_shown, secrets, depth)


def _documented_value(value: Any, is_shown: bool, secrets: Sequence[str], depth: int) -> Any:
    if value is None or value == "" or isinstance(value, bool):
        return value
    if not is_shown:
        return MASK
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            inner = _documented(json.loads(value), False, secrets, depth + 1)
        except (ValueError, RecursionError):
            return MASK  # cut short: its values cannot be assigned to their keys
        return json.dumps(inner, ensure_ascii=False)
    return _mask(value, SECRET_KEYS | PERSONAL_KEYS, secrets, depth + 1)


def _mask(data: Any, keys: Collection[str], secrets: Sequence[str], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return MASK
    if isinstance(data, dict):
        return {
            _mask_values(key, secrets) if isinstance(key, str) else key: (
                MASK
                if plain_key(key) in keys and _is_sensitive(plain_key(key), value)
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


def _is_sensitive(name: str, value: Any) -> bool:
    """Return True if there is a value to mask.

    An OTP has digits; "retailer_otp: is invalid" must stay readable.
    """
    if name.endswith("otp"):
        return any(character.isdigit() for character in str(value))
    return value not in (None, "")


def _mask_text(text: str, keys: Collection[str], secrets: Sequence[str], depth: int) -> str:
    if text.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):  # not JSON
            inner = json.loads(text)
            return json.dumps(_mask(inner, keys, secrets, depth + 1), ensure_ascii=False)

    def pair(match: re.Match[str]) -> str:
        name, value = plain_key(match["key"]), match["value"].strip("\"'")
        if name not in keys or not _is_sensitive(name, value):
            return match[0]
        quote = match["value"][0] if match["value"][0] in "\"'" else ""
        return "".join((
            match["quote"], match["key"], match["quote"], match["sep"], quote, MASK, quote
        ))  # fmt: skip

    return _mask_values(_URL_LOGIN.sub(f"://{MASK}@", _PAIR.sub(pair, text)), secrets)


def _mask_values(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`; an ellipsis ends a text that was cut.

    Control characters and broken surrogates, which a database refuses, become spaces.
    """
    text = _CONTROL.sub(" ", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def excerpt(body: Any, limit: int = 500, secrets: Iterable[str | None] = ()) -> str:
    """Return the message of an answer for people: one line of plain text, redacted.

    :param body: an answer: bytes, text (HTML too), or data read from JSON.
    :param limit: characters of the result at most.
    :param secrets: see `mask`.
    """
    body = mask(body, secrets=secrets)
    if isinstance(body, str):
        body = _from_json(body)
    line = body if isinstance(body, str) else _message(body)
    if "<" in line and ">" in line:
        line = html.unescape(_TAG.sub(" ", _HIDDEN_HTML.sub(" ", line)))
    return clip(" ".join(line.split()), limit)


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


# Keys where APIs put the message, the most specific first.
_MESSAGE_KEYS = ("message", "msg", "detail", "error_description", "errormessage", "error",
                 "errors", "reason", "title")  # fmt: skip
_MESSAGE_NAMES = frozenset(plain_key(key) for key in _MESSAGE_KEYS)


def _message(data: Any) -> str:
    """Return the messages in `data`, else the data as compact JSON."""
    if isinstance(data, dict):
        for name in _MESSAGE_KEYS:
            for key, value in data.items():
                if plain_key(key) == plain_key(name) and value and not isinstance(value, bool):
                    return value if isinstance(value, str) else _message(value)
    if isinstance(data, list) and data and all(isinstance(value, str) for value in data):
        return "; ".join(data)
    if data in (None, {}, []):
        return ""
    return json.dumps(documented(data), ensure_ascii=False, default=str)
