"""Ranks the products for each row of Cartona's catalogue."""

import heapq
from collections import defaultdict

from .lexicon import CONTAINERS
from .names import read_name
from .numbers import compare
from .verdict import Ranking, Words, is_sure, judge
from .vocabulary import Vocabulary

# So many products that share words are looked at closely.
_SHORT_LIST = 40
# A word that so many products always have beside another one is implied by that.
_ENOUGH = 6
_ALWAYS = 0.97
# Candidates below this are no help to anybody.
_LEAST = 0.3


class Matcher:
    """Knows all products of a supplier.

    >>> from cartona_matching import Listing, Matcher, Product
    >>> matcher = Matcher([Product(7, "بيبسي كانز 330 مل"), Product(8, "بيبسي 1 لتر")])
    >>> ranking = matcher.rank(Listing(1, "بيبسى ٣٣٠ مل × 24"))
    >>> ranking.candidates[0].key, ranking.candidates[0].pack
    (7, 24.0)

    :param products: iterable of `Product`
    """

    def __init__(self, products):
        self.products = list(products)
        read = [read_name(product.name) for product in self.products]
        self.vocabulary = Vocabulary(name.words for name in read)
        self.measures = [name.measures for name in read]
        self.words = [tuple(dict.fromkeys(self.vocabulary.settle(name.words))) for name in read]
        weight = self.vocabulary.weight
        self.weights = [sum(map(weight, words)) for words in self.words]
        self.by_word, self.by_size = defaultdict(list), defaultdict(list)
        self.by_id, self.by_code, self.by_barcode = (defaultdict(list) for _kind in range(3))
        self.implied = {}
        for place, product in enumerate(self.products):
            for word in self.words[place]:
                self.by_word[word].append(place)
            for size in _flat(self.measures[place].sizes):
                self.by_size[size].append(place)
            self.by_id[str(product.key)].append(place)
            if product.code:
                self.by_code[product.code].append(place)
            if product.barcode:
                self.by_barcode[product.barcode].append(place)

    def rank(self, listing, limit=5):
        """
        :param Listing listing: a row of Cartona's catalogue
        :param int limit: so many candidates at most
        :rtype: Ranking
        """
        name = read_name(listing.name)
        words = tuple(dict.fromkeys(self.vocabulary.settle(name.words)))
        same_id = self._identified(listing)
        places = set(self._short_list(words, name.measures)) | same_id.keys()
        verdicts = [
            self._judge(listing, words, name.measures, place, same_id.get(place))
            for place in places
        ]
        verdicts = [one for one in verdicts if one.score >= _LEAST]
        # The key settles a tie the same way every time.
        verdicts.sort(key=lambda one: (-one.score, str(one.key)))
        return Ranking(listing.key, verdicts[:limit], is_sure(verdicts))

    def _identified(self, listing):
        """Products that bear an id of the listing: {place: (kind, that id)}.

        An id that several products bear is no proof for any of them.
        """
        found = {}
        for code, index, kind in (
            (listing.internal_id, self.by_id, "id"),
            (listing.internal_id, self.by_code, "code"),
            (listing.internal_id, self.by_barcode, "barcode"),
            (listing.barcode, self.by_barcode, "barcode"),
        ):
            places = index.get(code, ()) if code else ()
            if len(places) == 1:
                found[places[0]] = (kind, code)
        return found

    def _short_list(self, words, measures):
        shared = defaultdict(float)
        weight, meaning = self.vocabulary.weight, self.vocabulary.meaning
        for word in words:
            best = {}
            for other, likeness in meaning(word).items():
                gain = likeness * weight(other)
                for place in self.by_word[other]:
                    if best.get(place, 0.0) < gain:
                        best[place] = gain
            for place, gain in best.items():
                shared[place] += gain
        sized = set()
        for size in _flat(measures.sizes):
            sized.update(self.by_size.get(size, ()))
        total = sum(map(weight, words))
        weights = self.weights

        def promise(place):
            gain = shared[place] / (1.0 + total + weights[place])
            return gain * 1.15 if place in sized else gain

        return heapq.nlargest(_SHORT_LIST, shared, key=promise)

    def _judge(self, listing, words, measures, place, identity):
        product = self.products[place]
        numbers = compare(
            measures, listing.unit_count, listing.price, self.measures[place], product.price
        )
        return judge(listing, product, self._compare_words(words, place), numbers, identity)

    def _compare_words(self, words, place):
        """Pair each word of the listing with the product's word that it fits best.

        :rtype: Words
        """
        vocabulary = self.vocabulary
        open_words = dict.fromkeys(self.words[place])
        pairs = []
        for word in words:
            for other, likeness in vocabulary.meaning(word).items():
                if other in open_words:
                    pairs.append((likeness, other == word, word, other))
        pairs.sort(reverse=True)
        taken, shared, safe = {}, 0.0, True
        for likeness, _same, word, other in pairs:
            if word in taken or other not in open_words:
                continue
            del open_words[other]
            taken[word] = other
            shared += likeness * vocabulary.weight(other)
            safe = safe and vocabulary.is_safe(word, other)
        ours = sum(vocabulary.weight(taken.get(word, word)) for word in words)
        theirs = self.weights[place]
        loose = sum(vocabulary.weight(w) for w in words if w not in taken and w not in CONTAINERS)
        lost = sum(
            vocabulary.weight(word)
            for word in open_words
            if word not in CONTAINERS and not self._goes_without_saying(word, taken.values())
        )
        likeness = 2 * shared / (ours + theirs) if ours + theirs else 0.0
        return Words(likeness, (loose / (ours or 1), lost / (theirs or 1)), safe)

    def _goes_without_saying(self, word, shared):
        """Whether one of the shared words is never used without this one: the kind of goods that
        a brand makes, which its name may leave out. A flavour never is."""
        for other in shared:
            known = self.implied.get((other, word))
            if known is None:
                places = self.by_word[other]
                both = sum(word in self.words[place] for place in places)
                known = len(places) >= _ENOUGH and both >= _ALWAYS * len(places)
                self.implied[other, word] = known
            if known:
                return True
        return False


def _flat(sizes):
    return [(dimension, amount) for dimension, amounts in sizes.items() for amount in amounts]
