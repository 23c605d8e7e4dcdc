"""Score how well one product fits one row of Cartona's catalogue, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Collection, Iterable, Iterator, Mapping, Sequence

from .names import Measures

EQUAL, DIFFERENT, UNKNOWN = "equal", "different", "unknown"
_NEAR = 0.011
# Factors on the likeness of the words.
_SIZE_FACTOR = {EQUAL: 1.0, UNKNOWN: 0.96, DIFFERENT: 0.6}
_ONE_SIDED_FACTOR = 0.88
_NUMBERS_FACTOR = {EQUAL: 1.0, UNKNOWN: 0.93, DIFFERENT: 0.7}
_NO_PACK_FACTOR = 0.7
# Among several that fit, prefer a product that is sold as it is, and a box of pieces to a box of
# boxes.
_PACKED_FACTOR = 0.995
_BOXED_FACTOR = 0.97
# (relative difference of the prices, factor), linear in between.
_PRICE_FACTORS = ((0.0, 1.0), (0.25, 0.985), (0.5, 0.95), (1.0, 0.88), (2.0, 0.8))
# Least likeness of the names for an id to be trusted. A database id is a small number, and may be
# another number of the supplier; a reference or a barcode hardly means anything else.
_ID_LIKENESS = {"id": 0.6, "code": 0.3, "barcode": 0.3}
# Score of a candidate found by its id alone: shown below all that are alike.
_ID_ONLY_SCORE = 0.35
# From this likeness on, an id replaces the comparison of words.
_ID_IS_ENOUGH = 0.5
# A price this near to the one of another pack may be meant for it; one that is higher or lower by
# this factor cannot be for the same pack.
_PRICE_NEAR = 0.35
_OTHER_PACK_FACTOR = 3

# Requirements of "Accept all above" on the best candidate.
SURE_SCORE = 0.86
SURE_MARGIN = 0.035
_SURE_PRICE = 0.35
_SURE_MISSING = 0.12


@dataclass(frozen=True)
class Product:
    """A product of the supplier.

    :param key: database id; Cartona may have it as the internal id.
    :param price: of one unit as the retailer pays it; 0 when unknown.
    :param code: the supplier's reference.
    """

    key: Any
    name: str
    price: float = 0.0
    code: str = ""
    barcode: str = ""


@dataclass(frozen=True)
class Listing:
    """A row of Cartona's catalogue without a product.

    :param key: returned in the `Ranking`.
    :param unit_count: base units in one unit sold on Cartona; 0 when unknown.
    :param price: of one unit sold on Cartona; 0 when unknown.
    :param internal_id: the supplier's id on Cartona; "" when absent.
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

    :param key: of the product.
    :param score: 0 to 1.
    :param pack: units of the product in one unit sold on Cartona; None when not a whole number.
    :param reasons: pairs of code and value, the strongest first: `id`, `code`, `barcode`, `words`
        (share), `size`, `numbers` (equal, different), `price` (Cartona's over Odoo's, per unit).
    :param warning: `price_like_one`, `price_like_pack` when the price fits another pack.
    :param hold_reasons: codes of the reasons why a user has to confirm it.
    """

    key: Any
    score: float
    pack: float | None
    reasons: list[tuple[str, Any]]
    warning: str = ""
    hold_reasons: tuple[str, ...] = ()


@dataclass
class Ranking:
    """Candidates of one listing.

    :param key: of the listing.
    :param candidates: the best first.
    :param is_sure: True when the first one may be accepted without a user.
    """

    key: Any
    candidates: list[Verdict]
    is_sure: bool


@dataclass(frozen=True)
class WordMatch:
    """Agreement of two names in words.

    :param likeness: 0 to 1.
    :param missing: share of the weight that the other name lacks: (listing's, product's).
    :param is_safe: True when no word was matched to another one that exists.
    """

    likeness: float
    missing: tuple[float, float]
    is_safe: bool


@dataclass(frozen=True)
class Comparison:
    """Agreement of two names in numbers.

    :param size: EQUAL, DIFFERENT, or UNKNOWN when a name has none.
    :param is_one_sided: True when only one of the names has a size.
    :param numbers: the same for all other numbers that packs do not explain.
    :param pack: units of the product in one unit sold on Cartona; None when not a whole number.
    :param is_boxed: True when the product is a pack.
    """

    size: str
    is_one_sided: bool
    numbers: str
    pack: float | None
    is_boxed: bool = False


# === SCORE === #


def judge(
    listing: Listing,
    product: Product,
    words: WordMatch,
    numbers: Comparison,
    identity: tuple[str, str] | None,
) -> Verdict:
    """Score a product for a listing.

    :param words: of the two names.
    :param numbers: of the two names.
    :param identity: ("id", "code" or "barcode", its text) when equal, else None.
    """
    ratio = _price_ratio(listing, product, numbers.pack)
    score = words.likeness * _SIZE_FACTOR[numbers.size] * _NUMBERS_FACTOR[numbers.numbers]
    score *= _ONE_SIDED_FACTOR if numbers.is_one_sided else 1.0
    score *= _pack_factor(numbers)
    score *= _price_factor(ratio)
    if identity:
        is_trusted = words.likeness >= _ID_LIKENESS[identity[0]]
        score = 0.9 + score / 10 if is_trusted else max(score, _ID_ONLY_SCORE)
    by_reference = identity is not None and identity[0] != "id"
    id_is_enough = by_reference and words.likeness >= _ID_IS_ENOUGH
    reasons: list[tuple[str, Any]] = [("words", words.likeness)]
    if identity:
        reasons.insert(0, identity)
    if numbers.size != UNKNOWN:
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
        tuple(_hold_reasons(words, numbers, ratio, id_is_enough)),
    )


def _pack_factor(numbers: Comparison) -> float:
    if numbers.pack is None:
        return _NO_PACK_FACTOR
    if numbers.pack == 1:
        return 1.0
    return _BOXED_FACTOR if numbers.is_boxed else _PACKED_FACTOR


def _price_ratio(listing: Listing, product: Product, pack: float | None) -> float:
    """Return Cartona's price over Odoo's for the same quantity; 0 when one is unknown."""
    if listing.price > 0 and product.price > 0 and pack:
        return listing.price / (product.price * pack)
    return 0.0


def _price_factor(ratio: float) -> float:
    if not ratio:
        return 0.99
    far = distance(ratio)
    for (below, high), (above, low) in zip(_PRICE_FACTORS, _PRICE_FACTORS[1:]):
        if far <= above:
            return high - (high - low) * (far - below) / (above - below)
    return _PRICE_FACTORS[-1][1]


def pack_warning(price: float, product_price: float, pack: float | None, unit_count: float) -> str:
    """Return a warning if the price fits one unit where the pack has many, or the reverse.

    :param price: of one unit sold on Cartona; 0 when unknown.
    :param product_price: of one unit of the product; 0 when unknown.
    :param pack: units of the product in one unit sold; None when not a whole number.
    :param unit_count: base units in one unit sold, from Cartona; 0 when unknown.
    :return: "price_like_one", "price_like_pack" or "".
    """
    if not (price > 0 and product_price > 0 and pack):
        return ""
    bare, counted = price / product_price, max(unit_count, 1)
    if pack > 1 and distance(bare) < distance(bare / pack) and distance(bare) <= _PRICE_NEAR:
        return "price_like_one"
    if counted > pack and bare > 2 * pack and distance(bare / counted) <= _PRICE_NEAR:
        return "price_like_pack"
    if distance(bare / pack) >= _OTHER_PACK_FACTOR - 1:
        return "price_like_pack" if bare > pack else "price_like_one"
    return ""


def _hold_reasons(
    words: WordMatch, numbers: Comparison, ratio: float, id_is_enough: bool
) -> Iterator[str]:
    if numbers.size == DIFFERENT or numbers.is_one_sided:
        yield "size"
    if numbers.numbers != EQUAL and not (id_is_enough and numbers.numbers == UNKNOWN):
        yield "numbers"
    if numbers.pack is None:
        yield "pack"
    if ratio and distance(ratio) > _SURE_PRICE:
        yield "price"
    if id_is_enough:
        return
    if max(words.missing) > _SURE_MISSING or min(words.missing) > 0:
        yield "words"
    if not words.is_safe:
        yield "spelling"
    if not ratio and words.likeness < 0.97:
        yield "no_price"


def is_sure(candidates: Sequence[Verdict]) -> bool:
    """Return True if the first candidate may be accepted without a user.

    :param candidates: the best first.
    """
    if not candidates or candidates[0].hold_reasons or candidates[0].warning:
        return False
    first = candidates[0].score
    second = candidates[1].score if len(candidates) > 1 else 0.0
    return first >= SURE_SCORE and first - second >= SURE_MARGIN


# === NUMBERS OF TWO NAMES === #


def compare(
    listing: Measures, unit_count: float, price: float, product: Measures, product_price: float
) -> Comparison:
    """Compare the numbers of two names: the same size, the same pack, or not.

    :param listing: of Cartona's name.
    :param unit_count: base units in one unit sold on Cartona, 0 when unknown.
    :param price: of one unit sold on Cartona, 0 when unknown.
    :param product: of the name in Odoo.
    :param product_price: of one unit of the product, 0 when unknown.
    """
    size = _compare_sizes(listing.sizes, product.sizes)
    ratios = _ratios(listing, unit_count, product)
    pack = _likeliest(ratios, price, product_price)
    explained = {unit_count, pack, listing.pack, product.pack}
    ours = set(listing.numbers) - set(product.numbers) - explained
    theirs = set(product.numbers) - set(listing.numbers) - explained
    if size == UNKNOWN:
        by_number = _amounts(product.sizes) & ours, _amounts(listing.sizes) & theirs
        if any(by_number):
            # "330" without a unit means 330 ml when the other name has 330 ml.
            size = EQUAL
            ours, theirs = ours - by_number[0], theirs - by_number[1]
    numbers = _compare_sets(ours, theirs)
    counts = _compare_sets(
        set(listing.counts) - product.counts - explained - product.numbers,
        set(product.counts) - listing.counts - explained - listing.numbers,
    )
    if DIFFERENT in (numbers, counts):
        numbers = DIFFERENT
    elif UNKNOWN in (numbers, counts):
        numbers = UNKNOWN
    one_sided = size == UNKNOWN and bool(listing.sizes) != bool(product.sizes)
    return Comparison(size, one_sided, numbers, pack, bool(product.pack))


def _compare_sizes(
    ours: Mapping[str, Collection[float]], theirs: Mapping[str, Collection[float]]
) -> str:
    """Compare by dimension; one difference is enough. Grams and millilitres are often confused."""
    answers = [_overlap(ours[key], theirs[key]) for key in ours.keys() & theirs.keys()]
    if not answers and ours and theirs:
        all_ours, all_theirs = (set().union(*side.values()) for side in (ours, theirs))
        return EQUAL if _overlap(all_ours, all_theirs) else DIFFERENT
    if not answers:
        return UNKNOWN
    return EQUAL if all(answers) else DIFFERENT


def _overlap(ours: Iterable[float], theirs: Collection[float]) -> bool:
    return any(abs(one - other) <= _NEAR * max(one, other) for one in ours for other in theirs)


def _compare_sets(ours: Collection[float], theirs: Collection[float]) -> str:
    if ours and theirs:
        return DIFFERENT
    if ours or theirs:
        return UNKNOWN
    return EQUAL


def _amounts(sizes: Mapping[str, Collection[float]]) -> set[float]:
    """Return sizes as a user may have typed them without the unit: 1500 ml as 1500 or 1.5."""
    amounts = {amount for values in sizes.values() for amount in values}
    return amounts | {amount / 1000 for amount in amounts}


def _ratios(listing: Measures, unit_count: float, product: Measures) -> list[float]:
    """Return the possible units of the product in one unit sold, the likeliest first."""
    unsure = set(listing.counts) - product.counts
    if unit_count > 1:
        contents = [unit_count]
        if listing.pack and listing.pack != unit_count:
            # A box of 4 shrinks of 6.
            contents = [unit_count * listing.pack, unit_count]
    elif listing.pack:
        contents = [listing.pack]
    else:
        contents = [1.0, *(() if unit_count else sorted(unsure))]
    if product.pack:
        own = [product.pack]
    else:
        own = [1.0, *sorted(set(product.counts) - listing.counts)]
    ratios = [content / one for one in own for content in contents if one]
    return [ratio for ratio in ratios if ratio >= 1 and abs(ratio - round(ratio)) < 1e-6]


def _likeliest(ratios: list[float], price: float, product_price: float) -> float | None:
    if not ratios:
        return None
    if price > 0 and product_price > 0:
        return min(ratios, key=lambda ratio: distance(price / (product_price * ratio)))
    return ratios[0]


def distance(ratio: float) -> float:
    """Return the distance from 1, equal for double and half: 0 for 1, 1 for 2 or 0.5."""
    return ratio - 1 if ratio >= 1 else 1 / ratio - 1
