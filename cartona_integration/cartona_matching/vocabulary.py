"""The words of all products: how much each of them says, and which one a written word means."""

import math
from collections import Counter, defaultdict

from rapidfuzz import process
from rapidfuzz.distance import OSA

from .lexicon import CONTAINERS, is_latin, sound

# A word that is written otherwise is taken for the same down to this likeness.
_LIKENESS = 0.74
# Below this many letters one wrong letter makes another word.
_LONG_ENOUGH = 4
# In the other script only the consonants speak.
_HEARD = 0.85
_CONTAINER_WEIGHT = 0.25
_GLUED = ("و", "ب", "ل")


class Vocabulary:
    """Built once from the words of all products.

    :param names: iterable of tuples of words
    """

    def __init__(self, names):
        names = list(names)
        seen = {word for words in names for word in words}
        self.split = self._split_pairs(names, seen)
        self.known = {word for words in names for word in self.settle(words, seen)}
        counts = Counter(word for words in names for word in set(self.settle(words, seen)))
        self.total = max(len(names), 1)
        self.weights = {word: self._weight(word, count) for word, count in counts.items()}
        self.by_sound = defaultdict(list)
        for word in self.known:
            self.by_sound[sound(word)].append(word)
        self.by_length = defaultdict(list)
        for word in sorted(self.known):
            self.by_length[len(word)].append(word)
        self.meanings = {}

    def _split_pairs(self, names, seen):
        """{"كوكاكولا": ("كوكا", "كولا")} for what is only ever written apart."""
        pairs = {}
        for words in names:
            for first, second in zip(words, words[1:]):
                # "عبدالمعبود": the article that the second word had is in the middle now.
                for joined in (first + second, first + "ال" + second):
                    if joined not in seen:
                        pairs.setdefault(joined, (first, second))
            for three in zip(words, words[1:], words[2:]):
                if "".join(three) not in seen:
                    pairs.setdefault("".join(three), three)
        return pairs

    def _weight(self, word, count):
        weight = math.log(1 + self.total / count)
        return weight * (_CONTAINER_WEIGHT if word in CONTAINERS else 1.0)

    def settle(self, words, known=None):
        """The words as the products write them: joined, split, and without a glued "and".

        :param known: the words to settle on; those of all products by default
        :rtype: list
        """
        known = self.known if known is None else known
        settled = []
        for word in words:
            if settled and settled[-1] + word in known:
                settled[-1] += word
            elif word in known:
                settled.append(word)
            elif word in self.split:
                settled.extend(self.split[word])
            elif word[0] in _GLUED and word[1:] in known and len(word) > 3:
                settled.append(word[1:])
            else:
                settled.append(word)
        return settled

    def weight(self, word):
        """How much a word says: the rarer the more; an unknown one as much as a rare one.

        :rtype: float
        """
        known = self.weights.get(word)
        return self._weight(word, max(2.0, self.total / 400)) if known is None else known

    def meaning(self, word):
        """The words of products that this one may stand for: {word: likeness up to 1}.

        :rtype: dict
        """
        found = self.meanings.get(word)
        if found is None:
            found = self.meanings[word] = self._search(word)
        return found

    def _search(self, word):
        found = {word: 1.0} if word in self.known else {}
        if len(word) >= _LONG_ENOUGH:
            for length in range(len(word) - 2, len(word) + 3):
                for other, likeness, _place in process.extract(
                    word,
                    self.by_length.get(length, ()),
                    scorer=OSA.normalized_similarity,
                    processor=None,
                    score_cutoff=_LIKENESS,
                    limit=5,
                ):
                    if len(other) >= _LONG_ENOUGH:
                        found.setdefault(other, likeness)
        heard = sound(word)
        if len(heard) > 1:
            for other in self.by_sound.get(heard, ()):
                if is_latin(other) != is_latin(word):
                    found[other] = max(found.get(other, 0.0), _HEARD)
        return found

    def is_safe(self, word, other):
        """Whether taking a written word for another one can hardly be wrong.

        A word that products use themselves is no misspelling of another such word.
        """
        return word == other or word not in self.known
