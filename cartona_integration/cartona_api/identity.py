"""By which names an item is known, and which item of a batch an answer means."""

from __future__ import annotations

import re
from collections import defaultdict

from .redact import plain_key
from .values import identifier
from .wording import MAX_SCAN

# Identity, as we name it -> all spellings seen or likely (compared by `plain_key`), the strongest
# first. Source: product rows have been seen with `suppler_prodcut_id`.
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
# What a row is wrapped in.
_WRAPPERS = frozenset({"item", "product", "supplierproduct", "order", "input", "row", "record",
                       "params", "data", "source", "request"})  # fmt: skip

# Words after which a number is an amount, not a name.
_AMOUNT_BEFORE = re.compile(
    r"(than|least|most|max\w*|min\w*|limit|price|stock|quantity|qty|amount|exceeds?|up\s+to|"
    r"between(\s+[\d.]+\s+and)?|(status|error)(\s+code)?|[<>≤≥]=?)(\s+(is|was|of|to))?"
    r"\s*[:=]?\s*$",
    re.I,
)
# Words and signs after which even a short number is a name.
_NAME_BEFORE = re.compile(
    r"((?<![a-z])ids?|products?|items?|(?<!min[\s_])(?<!max[\s_])orders?|listings?|skus?|"
    r"records?|منتجات|منتج|طلبات|طلب|رقم|#)[\"'\s:=#(\[]*$",
    re.I,
)
_AND = re.compile(r"[\"']?\s*([,،&]|\band\b|و)\s*[\"']?")
_WORD = re.compile(r"\w+(?:[.\-]\w+)*")
_INDEX_KEY = re.compile(r"(?:[A-Za-z_]+[.\[]|\[)?(\d{1,6})\]?(?:[.\[].*)?", re.S)


class Directory:
    """Looks items up by whatever an answer gives.

    Every method returns a list of indexes: several where one identity was sent twice, none where
    nothing matches. What fits several different items fits none, for nobody may be blamed by
    guessing.
    """

    def __init__(self, items):
        self.items = items
        self.kinds = {kind: defaultdict(list) for kind in SPELLINGS}
        self.bases = defaultdict(list)
        self.texts = defaultdict(list)
        for index, item in enumerate(items):
            self._add(index, item)
        self.sole = {}
        for value, indexes in self.texts.items():
            if len({repr(sorted_identity(items[i])) for i in indexes}) == 1:
                self.sole[value] = sorted(set(indexes))

    def _add(self, index, item):
        known = read_identity(item)
        for kind in SPELLINGS:
            value = known.get(kind)
            if value:
                self.kinds[kind][value].append(index)
                self.texts[value].append(index)
        if known.get(BASE_ID):
            self.bases[known[BASE_ID]].append(index)
            self.texts[known[BASE_ID]].append(index)

    def find(self, row):
        """The items that a row names by its identity; None when it carries no identity.

        An identity that fits nothing gives an empty list.
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

    def _find_flat(self, row):
        known = read_identity(row)
        named = False
        for kind in SPELLINGS:
            if known.get(kind):
                named = True
                if known[kind] in self.kinds[kind]:
                    return self.kinds[kind][known[kind]]
        if known.get(BASE_ID) in self.bases:
            return self._narrow(self.bases[known[BASE_ID]], known)
        if known.get("id") in self.sole:
            return self.sole[known["id"]]
        # An `id` that fits nothing may be a number of Cartona's own, so it is no identity.
        return [] if named or known.get(BASE_ID) else None

    def _narrow(self, indexes, known):
        """Of the items of one base product, those whose unit and count are the row's."""
        for name in ("unit", "unit_count"):
            if known.get(name):
                indexes = [
                    i for i in indexes
                    if read_identity(self.items[i]).get(name) in (None, known[name])
                ]  # fmt: skip
        return indexes if len({repr(sorted_identity(self.items[i])) for i in indexes}) == 1 else []

    def by_text(self, value):
        """The items whose identity, of any kind, is exactly `value`."""
        return self.sole.get(_as_text(value), [])

    def by_index(self, row):
        """The item at the row's `index`, counted from 0."""
        for key, value in row.items():
            if plain_key(key) in ("index", "position", "idx"):
                place = value if isinstance(value, int) else None
                if isinstance(value, str) and value.strip().isdigit():
                    place = int(value.strip()[:9])
                if place is not None and place is not True and 0 <= place < len(self.items):
                    return [int(place)]
        return []

    def by_key(self, key):
        """The items meant by a key of an error object: an identity, `3`, or `items.3.price`."""
        named = self.by_text(key)
        if named:
            return named
        match = _INDEX_KEY.fullmatch(str(key).strip())
        if match and int(match[1]) < len(self.items):
            return [int(match[1])]
        return []

    def named_in(self, text):
        """The items whose identity stands in `text` as a whole word.

        A number after a word like "than" is an amount; a word of less than four characters is a
        name only after a word like "product", or in a row with one that is.
        """
        found, last = set(), None
        for match in _WORD.finditer(text[:MAX_SCAN]):
            indexes = self.sole.get(match[0])
            if not indexes:
                continue
            listed = last is not None and _AND.fullmatch(text[last : match.start()])
            before = text[max(0, match.start() - 60) : match.start()]
            if listed or _is_name(match[0], before, text[match.end() :]):
                found.update(indexes)
                last = match.end()
        return sorted(found)


def _is_name(word, before, after):
    if _NAME_BEFORE.search(before):
        return True
    if word.isdigit() and _AMOUNT_BEFORE.search(before):
        return False
    if len(word) >= 4:
        return True
    # "17: invalid price", "(17)", "'17'"
    opened = not before.strip() or before[-1:] in "([\"'"
    return opened and after[:1] in (":", ")", "]", '"', "'")


def read_identity(row):
    """{kind: value} of all identities in a row, each as text.

    Also `unit`, `unit_count`, and `id`, which may be any of them.
    """
    named = {}
    for key, value in row.items():
        name = plain_key(key)
        if name not in named and not isinstance(value, (dict, list, bool)):
            named[name] = _as_text(value)
    known = {}
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


def sorted_identity(row):
    """All that names an item, in an order that makes two of them comparable."""
    return sorted(read_identity(row).items())


def _as_text(value):
    try:
        return identifier(value)
    except ValueError:
        return ""
