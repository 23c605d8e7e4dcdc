"""Rank the products for each row of Cartona's catalogue."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import Collection, Iterable, Mapping, Sequence

from .lexicon import CONTAINERS
from .names import Measures, read_name
from .verdict import Listing, Product, Ranking, Verdict, WordMatch, compare, is_sure, judge
from .vocabulary import Vocabulary

# Products with shared words that are scored, the most promising ones.
_SHORT_LIST = 40
# A word that at least this many products, and this share of them, have beside another one is
# implied by that one.
_ENOUGH = 6
_ALWAYS = 0.97
# Candidates with a lower score are dropped.
_MIN_SCORE = 0.3


class Matcher:
    """Index of all products of a supplier.

    >>> from cartona_matching import Listing, Matcher, Product
    >>> matcher = Matcher([Product(7, "بيبسي كانز 330 مل"), Product(8, "بيبسي 1 لتر")])
    >>> ranking = matcher.rank(Listing(1, "بيبسى ٣٣٠ مل × 24"))
    >>> ranking.candidates[0].key, ranking.candidates[0].pack
    (7, 24.0)

    :param products: all that may be suggested.
    """

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = list(products)
        read = [read_name(product.name) for product in self.products]
        self.vocabulary = Vocabulary(name.words for name in read)
        self.measures = [name.measures for name in read]
        self.words = [tuple(dict.fromkeys(self.vocabulary.align(name.words))) for name in read]
        weight = self.vocabulary.weight
        self.weights = [sum(map(weight, words)) for words in self.words]
        # The lists contain indexes into `products`.
        self.by_word: dict[str, list[int]] = defaultdict(list)
        self.by_size: dict[tuple[str, float], list[int]] = defaultdict(list)
        self.by_id: dict[str, list[int]] = defaultdict(list)
        self.by_code: dict[str, list[int]] = defaultdict(list)
        self.by_barcode: dict[str, list[int]] = defaultdict(list)
        self.implied: dict[tuple[str, str], bool] = {}
        for index, product in enumerate(self.products):
            for word in self.words[index]:
                self.by_word[word].append(index)
            for size in _flat(self.measures[index].sizes):
                self.by_size[size].append(index)
            self.by_id[str(product.key)].append(index)
            if product.code:
                self.by_code[product.code].append(index)
            if product.barcode:
                self.by_barcode[product.barcode].append(index)

    def rank(self, listing: Listing, limit: int = 5) -> Ranking:
        """Return the candidates for a row of Cartona's catalogue.

        :param limit: candidates at most.
        """
        name = read_name(listing.name)
        words = tuple(dict.fromkeys(self.vocabulary.align(name.words)))
        same_id = self._identified(listing)
        indexes = set(self._short_list(words, name.measures)) | same_id.keys()
        verdicts = [
            self._judge(listing, words, name.measures, index, same_id.get(index))
            for index in indexes
        ]
        verdicts = [one for one in verdicts if one.score >= _MIN_SCORE]
        # The key breaks ties, so that the order is always the same.
        verdicts.sort(key=lambda one: (-one.score, str(one.key)))
        return Ranking(listing.key, verdicts[:limit], is_sure(verdicts))

    def _identified(self, listing: Listing) -> dict[int, tuple[str, str]]:
        """Return the products with an id of the listing: {index: (kind, that id)}.

        An id that several products have proves none of them.
        """
        found = {}
        for code, by_code, kind in (
            (listing.internal_id, self.by_id, "id"),
            (listing.internal_id, self.by_code, "code"),
            (listing.internal_id, self.by_barcode, "barcode"),
            (listing.barcode, self.by_barcode, "barcode"),
        ):
            indexes = by_code.get(code, []) if code else []
            if len(indexes) == 1:
                found[indexes[0]] = (kind, code)
        return found

    def _short_list(self, words: Collection[str], measures: Measures) -> list[int]:
        shared: dict[int, float] = defaultdict(float)
        weight, meaning = self.vocabulary.weight, self.vocabulary.meaning
        for word in words:
            best: dict[int, float] = {}
            for other, likeness in meaning(word).items():
                gain = likeness * weight(other)
                for index in self.by_word[other]:
                    if best.get(index, 0.0) < gain:
                        best[index] = gain
            for index, gain in best.items():
                shared[index] += gain
        sized: set[int] = set()
        for size in _flat(measures.sizes):
            sized.update(self.by_size.get(size, ()))
        total = sum(map(weight, words))
        weights = self.weights

        def promise(index: int) -> float:
            gain = shared[index] / (1.0 + total + weights[index])
            return gain * 1.15 if index in sized else gain

        return heapq.nlargest(_SHORT_LIST, shared, key=promise)

    def _judge(
        self,
        listing: Listing,
        words: Sequence[str],
        measures: Measures,
        index: int,
        identity: tuple[str, str] | None,
    ) -> Verdict:
        product = self.products[index]
        numbers = compare(
            measures, listing.unit_count, listing.price, self.measures[index], product.price
        )
        return judge(listing, product, self._compare_words(words, index), numbers, identity)

    def _compare_words(self, words: Sequence[str], index: int) -> WordMatch:
        """Pair each word of the listing with the most similar word of the product."""
        vocabulary = self.vocabulary
        open_words = dict.fromkeys(self.words[index])
        pairs = []
        for word in words:
            for other, likeness in vocabulary.meaning(word).items():
                if other in open_words:
                    pairs.append((likeness, other == word, word, other))
        pairs.sort(reverse=True)
        paired: dict[str, str] = {}
        shared, safe = 0.0, True
        for likeness, _same, word, other in pairs:
            if word in paired or other not in open_words:
                continue
            del open_words[other]
            paired[word] = other
            shared += likeness * vocabulary.weight(other)
            safe = safe and vocabulary.is_safe(word, other)
        ours = sum(vocabulary.weight(paired.get(word, word)) for word in words)
        theirs = self.weights[index]
        loose = sum(vocabulary.weight(w) for w in words if w not in paired and w not in CONTAINERS)
        lost = sum(
            vocabulary.weight(word)
            for word in open_words
            if word not in CONTAINERS and not self._is_implied(word, paired.values())
        )
        likeness = 2 * shared / (ours + theirs) if ours + theirs else 0.0
        return WordMatch(likeness, (loose / (ours or 1), lost / (theirs or 1)), safe)

    def _is_implied(self, word: str, shared: Iterable[str]) -> bool:
        """Return True if a shared word is never used without this one.

        So the kind of goods that a brand makes may be left out of a name. A flavour may not.
        """
        for other in shared:
            implied = self.implied.get((other, word))
            if implied is None:
                indexes = self.by_word[other]
                both = sum(word in self.words[index] for index in indexes)
                implied = len(indexes) >= _ENOUGH and both >= _ALWAYS * len(indexes)
                self.implied[other, word] = implied
            if implied:
                return True
        return False


def _flat(sizes: Mapping[str, Collection[float]]) -> list[tuple[str, float]]:
    return [(dimension, amount) for dimension, amounts in sizes.items() for amount in amounts]
