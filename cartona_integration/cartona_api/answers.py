"""Interpret parts of an answer: the items it names, and the failures it reports.

Three levels, from the structure to the sentence:

* `Directory` finds the items of a batch that a row, a key or a text names;
* `judge_row` reads the flags, states and messages of one row;
* `reports_failure` reads a sentence, in English and Arabic, without understanding either. It is
  used only where the answer has no other sign: the status was 2xx and the text is under a neutral
  key. So a sentence counts as a success unless it contains words of failure. Words that a report
  of success may contain too ("set to unavailable", "reason: expired products") count only in a
  sentence that claims no success.

Source: shapes and wording of answers are not documented; these are the usual ones.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from .redact import excerpt, plain_key
from .values import identifier_or_empty

if TYPE_CHECKING:
    from typing import Mapping, Sequence

# Longer reports are judged by their beginning, so that no answer can make reading slow.
MAX_SCAN = 20_000

# Identity -> all spellings seen or likely (compared by `plain_key`), the strongest first. Source:
# product rows have been seen with `suppler_prodcut_id`.
PRODUCT_ID = "supplier_product_id"
INTERNAL_ID = "internal_product_id"
BASE_ID = "base_product_id"
ORDER_ID = "hashed_id"
SPELLINGS = {
    PRODUCT_ID: ("supplierproductid", "supplerprodcutid", "supplierprodcutid", "supplerproductid"),
    INTERNAL_ID: ("internalproductid", "internalprodcutid"),
    ORDER_ID: ("hashedid", "orderid", "orderhashedid"),
}
_BASE = ("baseproductid", "baseprodcutid")
# Keys of objects that wrap a row.
_WRAPPERS = frozenset({"item", "product", "supplierproduct", "order", "input", "row", "record",
                       "params", "data", "source", "request"})  # fmt: skip

# Words after which a number is an amount, not an id.
_AMOUNT_BEFORE = re.compile(
    r"(than|least|most|max\w*|min\w*|limit|price|stock|quantity|qty|amount|exceeds?|up\s+to|"
    r"between(\s+[\d.]+\s+and)?|(status|error)(\s+code)?|[<>≤≥]=?)(\s+(is|was|of|to))?"
    r"\s*[:=]?\s*$",
    re.I,
)
# Words and signs after which even a short number is an id.
_ID_BEFORE = re.compile(
    r"((?<![a-z])ids?|products?|items?|(?<!min[\s_])(?<!max[\s_])orders?|listings?|skus?|"
    r"records?|منتجات|منتج|طلبات|طلب|رقم|#)[\"'\s:=#(\[]*$",
    re.I,
)
_AND = re.compile(r"[\"']?\s*([,،&]|\band\b|و)\s*[\"']?")
_WORD = re.compile(r"\w+(?:[.\-]\w+)*")
_INDEX_KEY = re.compile(r"(?:[A-Za-z_]+[.\[]|\[)?(\d{1,6})\]?(?:[.\[].*)?", re.S)

# Compared by `redact.plain_key`, so `error_message` is `errorMessage`.
ERROR_KEYS = frozenset({
    "error", "errordetails", "errormessage", "errormessages", "errors", "exception", "exceptions",
    "failed", "faileditems", "failedorders", "failedproducts", "failedrecords", "failedrows",
    "failures", "invalid", "invaliditems", "invalidproducts", "notfound", "refused", "rejected",
    "rejecteditems", "unprocessed",
})  # fmt: skip
FLAG_KEYS = frozenset({"success", "succeeded", "issuccess", "ok", "valid", "accepted"})
STATUS_KEYS = frozenset({"status", "result", "state", "outcome"})
NUMBER_KEYS = frozenset({"status", "statuscode", "httpstatus"})
# Judged by their text. Not the description of a product, which may contain any text.
REPORT_KEYS = frozenset({"message", "msg"})
TEXT_KEYS = REPORT_KEYS | {"messages", "detail", "details", "description"}
ROW_KEYS = frozenset({
    "data", "results", "result", "items", "rows", "products", "supplierproducts", "orders",
    "response", "responses", "body", "payload", "records", "details",
})  # fmt: skip
_BAD_STATUS = frozenset({
    "error", "errors", "errored", "exception", "fail", "failed", "failure", "invalid", "notfound",
    "notupdated", "refused", "rejected", "unprocessable", "unprocessableentity",
})  # fmt: skip
_GOOD_STATUS = frozenset({"ok", "success", "successful", "updated", "accepted", "done"})
_EMPTY: tuple[Any, ...] = (None, False, 0, "", "0", "false", "none", "null", [], {})

_NOUN = r"(errors?|failures?|failed|rejected|refused|invalid|problems?|issues?|warnings?)"
# "no errors", "0 failed", "errors: 0", "بدون أخطاء" report success.
_NEGATED = re.compile(
    rf"\b(no|0|zero|without(\s+any)?)\s+(\w+\s+){{0,2}}?{_NOUN}\b"
    rf"|\b({_NOUN}|not[\s_]found)\b[\"']?\s*[:=]\s*(0\b|none\b|null\b|false\b|\[\s*\]|\{{\s*\}})"
    r"|\b(not|nothing)\s+(only|changed|modified|to\s+update)\b"
    r"|\bno\s+(\w+\s+)?action\s+(is\s+)?required\b"
    r"|\balready\s+(been\s+)?(synced|synchroni[sz]ed|acknowledged|updated|up[\s-]to[\s-]date|"
    r"in\s+sync|the\s+same)\b"
    r"|(بدون|بلا|دون|لا\s+توجد|لا\s+يوجد)\s+(أي\s+)?(أخطاء|اخطاء|خطأ|خطا|مشاكل|مشكلة)",
    re.I,
)
_FAILURE = re.compile(
    r"\b(errors?|exception|fail(s|ed|ure|ures|ing)?|invalid|unsuccessful(ly)?|forbidden|denied|"
    r"refused|rejected|blocked|unauthori[sz]ed|unauthenticated|unprocessable|unable|unexpected|"
    r"exceed(s|ed|ing)?|already|must|can\s?not|no\s+such|bad\s+request|"
    r"(could|did|does|do|is|are|was|were|has|have|may|will|would|should)\s+not|"
    r"(could|did|does|do|is|are|was|were|has|have|wo|would|should|ca)n['’]?t|"
    r"not[\s_](found|allowed|permitted|valid|accepted|updated|saved|processed|possible|enough|"
    r"supported|authori[sz]ed|applied|recogni[sz]ed|sufficient|yours?|owned|eligible))\b"
    r"|خطأ|خطا|أخطاء|اخطاء|فشل|تعذ[ّ]?ر|لا\s+يمكن|لم\s+يتم|مرفوض|رفض|ممنوع",
    re.I,
)
_WEAK = re.compile(
    r"\b(not|bad|missing|expired|unavailable|required|duplicated?|unknown|wrong|incorrect|"
    r"mismatch|unsupported|no\s+longer|out\s+of\s+range|only\s+\w+\s+\w+\s+can|should\s+be|"
    r"too\s+(large|small|high|low|long|short|many|few|late|early|big))\b"
    r"|غير\s+\w+|ليس|مطلوب|يجب|لا\s+يوجد|لا\s+توجد|خاطئ|منتهي|مفقود|مكرر",
    re.I,
)
_SUCCESS = re.compile(
    r"\b(success(ful|fully)?|updated|saved|accepted|applied|processed|received|queued|done|ok|"
    r"okay|completed?|synced|changed|set|"
    r"cancell?ed)\b|(?<!\w)تم(?!\w)|نجاح|بنجاح",
    re.I,
)
_NOT_FOUND = re.compile(
    r"\b(not[\s_]?found|no\s+such|does\s?n[o'’]?t\s+exist|does\s+not\s+exist|unknown\s+"
    r"(product|order|item|id))\b|غير\s+موجود",
    re.I,
)
# About Cartona itself, not about the request. "Try again" alone may be about a wrong code.
_OUTAGE = re.compile(
    r"\b(maintenance|service\s+(is\s+)?(temporarily\s+)?unavailable|temporarily\s+(down|unavailable)|"
    r"overloaded|too\s+busy|(re)?try\s+(again\s+)?(later|in\s+\w+\s+(second|minute|hour)s?))\b"
    r"|صيانة|(حاول|المحاولة)\s+(مرة\s+(أخرى|اخرى)\s+)?لاحق",
    re.I,
)
_SENTENCE_END = re.compile(r"[\r\n;؛|]+|(?<=[.!?؟])\s+")
_COMMA = re.compile(r"[,،]\s+|\s+but\s+", re.I)


# === ITEMS === #


class Directory:
    """Index of the items of a batch, by all that an answer may name them by.

    Every method returns a list of indexes: several when one identity was sent twice, none when
    nothing matches. A name that matches several different items matches none: no item is blamed
    by guessing.

    :param items: products or orders, as sent, see `bulk.read_bulk_answer`.
    """

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self.items = items
        self.kinds: dict[str, dict[str, list[int]]] = {
            kind: defaultdict(list) for kind in SPELLINGS
        }
        self.bases: dict[str, list[int]] = defaultdict(list)
        self.texts: dict[str, list[int]] = defaultdict(list)
        for index, item in enumerate(items):
            self._add(index, item)
        self.unique: dict[str, list[int]] = {}
        for value, indexes in self.texts.items():
            if len({repr(sorted_identity(items[i])) for i in indexes}) == 1:
                self.unique[value] = sorted(set(indexes))

    def _add(self, index: int, item: Mapping[str, Any]) -> None:
        known = read_identity(item)
        for kind in SPELLINGS:
            value = known.get(kind)
            if value:
                self.kinds[kind][value].append(index)
                self.texts[value].append(index)
        if known.get(BASE_ID):
            self.bases[known[BASE_ID]].append(index)
            self.texts[known[BASE_ID]].append(index)

    def find(self, row: Mapping[str, Any]) -> list[int] | None:
        """Return the items that a row names by its identity; None when it has no identity.

        An identity that matches nothing returns an empty list.
        """
        found = self._find_flat(row)
        if found is not None:
            return found
        for key, value in row.items():
            if isinstance(value, dict) and plain_key(key) in _WRAPPERS:
                found = self._find_flat(value)
                if found is not None:
                    return found
        return None

    def _find_flat(self, row: Mapping[str, Any]) -> list[int] | None:
        known = read_identity(row)
        named = False
        for kind in SPELLINGS:
            if known.get(kind):
                named = True
                if known[kind] in self.kinds[kind]:
                    return self.kinds[kind][known[kind]]
        if known.get(BASE_ID, "") in self.bases:
            return self._narrow(self.bases[known[BASE_ID]], known)
        if known.get("id", "") in self.unique:
            return self.unique[known["id"]]
        # An `id` that matches nothing may be an internal number of Cartona: not an identity.
        return [] if named or known.get(BASE_ID) else None

    def _narrow(self, indexes: list[int], known: Mapping[str, str]) -> list[int]:
        """Select the items of one base product that have the unit and count of the row."""
        for name in ("unit", "unit_count"):
            if known.get(name):
                indexes = [
                    i for i in indexes
                    if read_identity(self.items[i]).get(name) in (None, known[name])
                ]  # fmt: skip
        return indexes if len({repr(sorted_identity(self.items[i])) for i in indexes}) == 1 else []

    def by_text(self, value: Any) -> list[int]:
        """Return the items with exactly this identity, of any kind."""
        return self.unique.get(identifier_or_empty(value), [])

    def by_index(self, row: Mapping[str, Any]) -> list[int]:
        """Return the item at the row's `index`, counted from 0."""
        for key, value in row.items():
            if plain_key(key) in ("index", "position", "idx"):
                index = value if isinstance(value, int) else None
                if isinstance(value, str) and value.strip().isdecimal():
                    index = int(value.strip()[:9])
                if index is not None and index is not True and 0 <= index < len(self.items):
                    return [int(index)]
        return []

    def by_key(self, key: str) -> list[int]:
        """Return the items for a key of an error object: an identity, `3`, or `items.3.price`."""
        named = self.by_text(key)
        if named:
            return named
        match = _INDEX_KEY.fullmatch(str(key).strip())
        if match and int(match[1]) < len(self.items):
            return [int(match[1])]
        return []

    def named_in(self, text: str) -> list[int]:
        """Return the items that have their identity in `text` as a whole word.

        A number after a word like "than" is an amount; a word of less than four characters is an
        identity only after a word like "product", or in a list with another one.
        """
        found: set[int] = set()
        last: int | None = None
        for match in _WORD.finditer(text[:MAX_SCAN]):
            indexes = self.unique.get(match[0])
            if not indexes:
                continue
            listed = last is not None and _AND.fullmatch(text[last : match.start()])
            before = text[max(0, match.start() - 60) : match.start()]
            if listed or _is_id(match[0], before, text[match.end() :]):
                found.update(indexes)
                last = match.end()
        return sorted(found)


_REFUSED_TOKEN = re.compile(
    r"\b(unauthori[sz]ed|unauthenticated|"
    r"(invalid|expired|missing|wrong)\s+((authori[sz]ation|access|auth|api)\s*)?token)\b",
    re.I,
)


def refuses_token(text: str) -> bool:
    """Return True if a sentence of an answer speaks of a token that is not accepted."""
    return _REFUSED_TOKEN.search(text) is not None


def _is_id(word: str, before: str, after: str) -> bool:
    if _ID_BEFORE.search(before):
        return True
    if word.isdecimal() and _AMOUNT_BEFORE.search(before):
        return False
    if len(word) >= 4:
        return True
    # "17: invalid price", "(17)", "'17'"
    opened = not before.strip() or before[-1:] in "([\"'"
    return opened and after[:1] in (":", ")", "]", '"', "'")


def read_identity(row: Mapping[str, Any]) -> dict[str, str]:
    """Return {kind: value} of all identities in a row, each as text.

    Also `unit`, `unit_count`, and `id`, which may be any of them.
    """
    named: dict[str, str] = {}
    names = [plain_key(key) for key in row]
    for name, value in zip(names, row.values()):
        if name not in named and not isinstance(value, (dict, list, bool)):
            named[name] = identifier_or_empty(value)
    known: dict[str, str] = {}
    for kind, spellings in SPELLINGS.items():
        for spelling in spellings:
            if named.get(spelling):
                known[kind] = named[spelling]
                break
    for spelling in _BASE:
        if named.get(spelling):
            known.setdefault(BASE_ID, named[spelling])
    for name, spelling in (("unit", "unit"), ("unit_count", "unitcount"), ("id", "id")):
        if named.get(spelling):
            known[name] = named[spelling]
    return known


def sorted_identity(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return all identities of an item, sorted, so that two items can be compared."""
    return sorted(read_identity(row).items())


# === ROWS === #


def judge_row(row: Mapping[str, Any]) -> tuple[bool, str]:
    """Return (failed, message) of one row.

    :param row: an echo of an item, with or without signs of failure.
    """
    failed, message = False, ""
    for key, value in row.items():
        name = plain_key(key)
        if name in ERROR_KEYS and not is_empty(value):
            failed = True
            message = message or ("" if value is True else describe(value))
        elif is_failure_flag(name, value):
            failed = True
        elif name in REPORT_KEYS and isinstance(value, str) and reports_failure(value):
            failed = True
            message = message or excerpt(value)
    if failed and not message:
        message = describe(row)
    return failed, message


def is_success_flag(name: str, value: Any) -> bool:
    """Return True for a field that reports success; `name` as from `plain_key`."""
    return (name in FLAG_KEYS and value is True) or (
        name in STATUS_KEYS and isinstance(value, str) and plain_key(value) in _GOOD_STATUS
    )


def is_failure_flag(name: str, value: Any) -> bool:
    """Return True for a field that reports failure; `name` as from `plain_key`."""
    if name in FLAG_KEYS:
        return value is False or value == "false"
    if name in NUMBER_KEYS and isinstance(value, int) and not isinstance(value, bool):
        return 400 <= value < 600
    if name in STATUS_KEYS:
        return value is False or (isinstance(value, str) and plain_key(value) in _BAD_STATUS)
    return False


def describe(value: Any) -> str:
    """Return the sentences inside an error, as one text; "" when it has none."""
    if isinstance(value, str):
        return excerpt(value)
    if isinstance(value, list):
        return excerpt("; ".join(filter(None, map(describe, value))))
    if not isinstance(value, dict):
        return ""
    named = {plain_key(key): one for key, one in value.items()}
    for names in (TEXT_KEYS, ERROR_KEYS, frozenset({"reason", "title"})):
        for name in sorted(names & set(named)):
            text = describe(named[name])
            if text:
                return text
    return excerpt("; ".join(
        f"{key}: {describe(one)}" for key, one in value.items()
        if isinstance(one, list) and describe(one)
    ))  # fmt: skip


def is_empty(value: Any) -> bool:
    """Return True for a value that reports no error, e.g. null, 0, "false" or []."""
    if isinstance(value, str):
        value = value.strip().lower()
    return any(value == nothing and type(value) is type(nothing) for nothing in _EMPTY)


# === SENTENCES === #


def reports_failure(text: str) -> bool:
    """Return True if `text` contains words of failure."""
    text = _NEGATED.sub(" ", text[:MAX_SCAN])
    if _FAILURE.search(text):
        return True
    return bool(_WEAK.search(text)) and not _SUCCESS.search(text)


def reports_outage(text: str) -> bool:
    """Return True if Cartona reports that it is closed for a while, e.g. for maintenance."""
    text = text[:MAX_SCAN]
    return bool(_OUTAGE.search(text)) and not _SUCCESS.search(text)


def is_not_found(text: str) -> bool:
    """Return True if the failure is that Cartona has no such record."""
    return bool(_NOT_FOUND.search(text))


def failed_parts(text: str) -> list[str]:
    """Return the parts of a report that describe a failure.

    Sentence by sentence; a sentence that lists both outcomes ("12345 updated, 12346 not found")
    also part by part, so that an item is not blamed for the failure of another.
    """
    found: list[str] = []
    for sentence in _SENTENCE_END.split(text[:MAX_SCAN]):
        if reports_failure(sentence):
            parts = _COMMA.split(sentence)
            failed = [part for part in parts if reports_failure(part)]
            mixed = any(_SUCCESS.search(part) for part in parts if part not in failed)
            found += failed if mixed and failed else [sentence]
    return [part.strip() for part in found]
