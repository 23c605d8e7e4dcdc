"""What the numbers of two names say about each other: the same size, the same pack, or not."""

from dataclasses import dataclass
from typing import Optional

EQUAL, DIFFERENT, UNSAID = "equal", "different", "unsaid"
_NEAR = 0.011


@dataclass(frozen=True)
class Comparison:
    """
    :param size: EQUAL, DIFFERENT, or UNSAID where one side or both do not say
    :param is_one_sided: only one of the names gives a size
    :param numbers: the same for all other numbers that packs do not explain
    :param pack: how many of the product one piece sold on Cartona holds; None: not a whole number
    :param is_boxed: the product is several pieces itself
    """

    size: str
    is_one_sided: bool
    numbers: str
    pack: Optional[float]
    is_boxed: bool = False


def compare(listing, unit_count, price, product, product_price):
    """
    :param Measures listing: of Cartona's name
    :param float unit_count: base units in one piece sold on Cartona, 0 when not known
    :param float price: of one piece sold on Cartona, 0 when not known
    :param Measures product: of the name in Odoo
    :param float product_price: of one unit of the product, 0 when not known
    :rtype: Comparison
    """
    size = _compare_sizes(listing.sizes, product.sizes)
    ratios = _ratios(listing, unit_count, product)
    pack = _likeliest(ratios, price, product_price)
    explained = {unit_count, pack, listing.pack, product.pack}
    ours = set(listing.numbers) - set(product.numbers) - explained
    theirs = set(product.numbers) - set(listing.numbers) - explained
    if size == UNSAID:
        by_number = _amounts(product.sizes) & ours, _amounts(listing.sizes) & theirs
        if any(by_number):
            # "330" without a word stands for 330 ml when the other name says so.
            size = EQUAL
            ours, theirs = ours - by_number[0], theirs - by_number[1]
    numbers = _compare_sets(ours, theirs, listing.numbers & product.numbers)
    counts = _compare_sets(
        set(listing.counts) - product.counts - explained - product.numbers,
        set(product.counts) - listing.counts - explained - listing.numbers,
        listing.counts & product.counts,
    )
    if DIFFERENT in (numbers, counts):
        numbers = DIFFERENT
    elif UNSAID in (numbers, counts):
        numbers = UNSAID
    one_sided = size == UNSAID and bool(listing.sizes) != bool(product.sizes)
    return Comparison(size, one_sided, numbers, pack, bool(product.pack))


def _compare_sizes(ours, theirs):
    """One dimension that differs is enough; grams and millilitres are often mixed up."""
    answers = [_overlap(ours[key], theirs[key]) for key in ours.keys() & theirs.keys()]
    if not answers and ours and theirs:
        return (
            EQUAL
            if _overlap(*(set().union(*side.values()) for side in (ours, theirs)))
            else (DIFFERENT)
        )
    if not answers:
        return UNSAID
    return EQUAL if all(answers) else DIFFERENT


def _overlap(ours, theirs):
    return any(abs(one - other) <= _NEAR * max(one, other) for one in ours for other in theirs)


def _compare_sets(ours, theirs, shared):
    if ours and theirs:
        return DIFFERENT
    if ours or theirs:
        return UNSAID
    return EQUAL


def _amounts(sizes):
    """As numbers somebody may have typed without the unit: 1500 ml as 1500 or 1.5."""
    amounts = {amount for values in sizes.values() for amount in values}
    return amounts | {amount / 1000 for amount in amounts}


def _ratios(listing, unit_count, product):
    """What one piece sold on Cartona may hold of the product, the likeliest first."""
    unsure = set(listing.counts) - product.counts
    if unit_count > 1:
        held = [unit_count]
        if listing.pack and listing.pack != unit_count:
            # A box of 4 shrinks of 6.
            held = [unit_count * listing.pack, unit_count]
    elif listing.pack:
        held = [listing.pack]
    else:
        held = [1.0, *(() if unit_count else sorted(unsure))]
    if product.pack:
        own = [product.pack]
    else:
        own = [1.0, *sorted(set(product.counts) - listing.counts)]
    ratios = [held_one / own_one for own_one in own for held_one in held if own_one]
    return [ratio for ratio in ratios if ratio >= 1 and abs(ratio - round(ratio)) < 1e-6]


def _likeliest(ratios, price, product_price):
    if not ratios:
        return None
    if price > 0 and product_price > 0:
        return min(ratios, key=lambda ratio: abs_log(price / (product_price * ratio)))
    return ratios[0]


def abs_log(ratio):
    """How far from 1, the same for double and half: 0 for equal, 1 for double or half."""
    return ratio - 1 if ratio >= 1 else 1 / ratio - 1
