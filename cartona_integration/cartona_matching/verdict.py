"""How well one product fits one row of Cartona's catalogue, and why."""

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from .numbers import DIFFERENT, EQUAL, UNSAID, abs_log

# What every doubt leaves of the likeness of the words.
_SIZE = {EQUAL: 1.0, UNSAID: 0.96, DIFFERENT: 0.6}
_ONE_SIDED = 0.88
_NUMBERS = {EQUAL: 1.0, UNSAID: 0.93, DIFFERENT: 0.7}
_NO_PACK = 0.7
# Of several that fit, rather the one that is sold as it is, and a box of pieces than one of boxes.
_PACKED = 0.995
_BOX_OF_BOXES = 0.97
# What a price that is dearer or cheaper by so much leaves: (how much, factor), straight between.
_PRICES = ((0.0, 1.0), (0.25, 0.985), (0.5, 0.95), (1.0, 0.88), (2.0, 0.8))
# So alike the names must be for an id to be believed. A database id is a small number, and may be
# some other number of the supplier's; a reference or a barcode hardly means anything else.
_BELIEVED = {"id": 0.6, "code": 0.3, "barcode": 0.3}
# A candidate for its id alone is shown, but stands behind everything that is alike.
_BY_ID_ALONE = 0.35
# An id spares the comparison of words from this likeness on.
_SPARED = 0.5
# A price that is this near to that of another pack may be meant for it; so many times too dear or
# too cheap cannot be the same pack.
_PACK_PRICE = 0.35
_OTHER_PACK = 3

# "Accept all above": what the best one must have.
SURE_SCORE = 0.86
SURE_MARGIN = 0.035
_SURE_PRICE = 0.35
_SURE_MISSING = 0.12


@dataclass(frozen=True)
class Product:
    """A product of the supplier.

    :param key: its database id, by which Cartona may know it as well
    :param price: of one unit as the retailer pays it; 0 when not known
    :param code: the supplier's reference
    """

    key: Any
    name: str
    price: float = 0.0
    code: str = ""
    barcode: str = ""


@dataclass(frozen=True)
class Listing:
    """A row of Cartona's catalogue that belongs to no product yet.

    :param unit_count: base units in one piece that is sold; 0 when not known
    :param price: of one piece that is sold; 0 when not known
    """

    key: Any
    name: str
    unit: str = ""
    unit_count: float = 0.0
    price: float = 0.0
    internal_id: str = ""
    barcode: str = ""


@dataclass
class Verdict:
    """One candidate.

    :param score: up to 1
    :param pack: how many of the product one piece sold on Cartona holds; None when it is no
        whole number
    :param reasons: pairs of code and value, the strongest first: `id`, `code`, `barcode`, `words`
        (share), `size`, `numbers` (equal, different), `price` (Cartona's over Odoo's, per unit)
    :param warning: `price_like_one`, `price_like_pack` when the price speaks of another pack
    :param doubts: codes of what forbids accepting it unseen
    """

    key: Any
    score: float
    pack: Optional[float]
    reasons: List[Tuple[str, Any]]
    warning: str = ""
    doubts: Tuple[str, ...] = ()


@dataclass
class Ranking:
    """
    :param candidates: list of `Verdict`, the best first
    :param is_sure: whether the first one may be accepted unseen
    """

    key: Any
    candidates: List[Verdict]
    is_sure: bool


@dataclass(frozen=True)
class Words:
    """How two names agree in words.

    :param likeness: up to 1
    :param missing: share of the weight that the other name does not have: (listing's, product's)
    :param is_safe: no word was taken for another one that exists
    """

    likeness: float
    missing: Tuple[float, float]
    is_safe: bool


def judge(listing, product, words, numbers, identity):
    """
    :param Words words: of the two names
    :param Comparison numbers: of the two names
    :param identity: ("id", "code" or "barcode", its text) when that is the same, else None
    :rtype: Verdict
    """
    ratio = _price_ratio(listing, product, numbers.pack)
    score = words.likeness * _SIZE[numbers.size] * _NUMBERS[numbers.numbers]
    score *= _ONE_SIDED if numbers.is_one_sided else 1.0
    score *= _pack_factor(numbers)
    score *= _price_factor(ratio)
    if identity:
        believed = words.likeness >= _BELIEVED[identity[0]]
        score = 0.9 + score / 10 if believed else max(score, _BY_ID_ALONE)
    spared = bool(identity) and identity[0] != "id" and words.likeness >= _SPARED
    reasons = [("words", words.likeness)]
    if identity:
        reasons.insert(0, identity)
    if numbers.size != UNSAID:
        reasons.append(("size", numbers.size))
    if numbers.numbers == DIFFERENT:
        reasons.append(("numbers", DIFFERENT))
    if ratio:
        reasons.append(("price", ratio))
    return Verdict(
        product.key,
        min(score, 1.0),
        numbers.pack,
        reasons,
        pack_warning(listing.price, product.price, numbers.pack, listing.unit_count),
        tuple(_doubts(words, numbers, ratio, spared)),
    )


def _pack_factor(numbers):
    if numbers.pack is None:
        return _NO_PACK
    if numbers.pack == 1:
        return 1.0
    return _BOX_OF_BOXES if numbers.is_boxed else _PACKED


def _price_ratio(listing, product, pack):
    """Cartona's price over Odoo's of as many units; 0 when one of them is not known."""
    if listing.price > 0 and product.price > 0 and pack:
        return listing.price / (product.price * pack)
    return 0.0


def _price_factor(ratio):
    if not ratio:
        return 0.99
    far = abs_log(ratio)
    for (below, high), (above, low) in zip(_PRICES, _PRICES[1:]):
        if far <= above:
            return high - (high - low) * (far - below) / (above - below)
    return _PRICES[-1][1]


def pack_warning(price, product_price, pack, unit_count):
    """Whether the price speaks of one unit where the pack says many, or the other way round.

    :param float price: of one piece sold on Cartona; 0 when not known
    :param float product_price: of one unit of the product; 0 when not known
    :param float pack: how many such units one piece is said to hold; None: no whole number
    :param float unit_count: how many base units Cartona says that it holds; 0 when not known
    :return: "price_like_one", "price_like_pack" or ""
    """
    if not (price > 0 and product_price > 0 and pack):
        return ""
    bare, counted = price / product_price, max(unit_count, 1)
    if pack > 1 and abs_log(bare) < abs_log(bare / pack) and abs_log(bare) <= _PACK_PRICE:
        return "price_like_one"
    if counted > pack and bare > 2 * pack and abs_log(bare / counted) <= _PACK_PRICE:
        return "price_like_pack"
    if abs_log(bare / pack) >= _OTHER_PACK - 1:
        return "price_like_pack" if bare > pack else "price_like_one"
    return ""


def _doubts(words, numbers, ratio, spared):
    if numbers.size == DIFFERENT or numbers.is_one_sided:
        yield "size"
    if numbers.numbers != EQUAL and not (spared and numbers.numbers == UNSAID):
        yield "numbers"
    if numbers.pack is None:
        yield "pack"
    if ratio and abs_log(ratio) > _SURE_PRICE:
        yield "price"
    if spared:
        return
    if max(words.missing) > _SURE_MISSING or min(words.missing) > 0:
        yield "words"
    if not words.is_safe:
        yield "spelling"
    if not ratio and words.likeness < 0.97:
        yield "no_price"


def is_sure(candidates):
    """Whether the first of these may be accepted without anybody looking at it.

    :param candidates: list of `Verdict`, the best first
    """
    if not candidates or candidates[0].doubts or candidates[0].warning:
        return False
    first = candidates[0].score
    second = candidates[1].score if len(candidates) > 1 else 0.0
    return first >= SURE_SCORE and first - second >= SURE_MARGIN
