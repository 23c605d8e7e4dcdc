"""Words of all products: the weight of each, and the one that a written word means."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Collection, Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from .lexicon import CONTAINERS, is_latin, sound

# A word in another spelling counts as the same down to this likeness.
_LIKENESS = 0.74
# In a shorter word, one wrong letter makes another word.
_LONG_ENOUGH = 4
# Likeness of a word in the other script: only the consonants are compared.
_SOUND_LIKENESS = 0.85
_CONTAINER_WEIGHT = 0.25
# "and", "with" and "for", written as part of the next word.
_GLUED = ("و", "ب", "ل")


class Vocabulary:
    """Built once from the words of all products.

    :param names: the words of each name.
    """

    def __init__(self, names: Iterable[Sequence[str]]) -> None:
        names = list(names)
        seen = {word for words in names for word in words}
        self.split = self._split_pairs(names, seen)
        self.known = {word for words in names for word in self.align(words, seen)}
        counts = Counter(word for words in names for word in set(self.align(words, seen)))
        self.total = max(len(names), 1)
        self.weights = {word: self._weight(word, count) for word, count in counts.items()}
        self.by_sound: dict[str, list[str]] = defaultdict(list)
        for word in self.known:
            self.by_sound[sound(word)].append(word)
        self.by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self.known):
            self.by_length[len(word)].append(word)
        self.meanings: dict[str, dict[str, float]] = {}

    def _split_pairs(
        self, names: Iterable[Sequence[str]], seen: Collection[str]
    ) -> dict[str, tuple[str, ...]]:
        """Return {"كوكاكولا": ("كوكا", "كولا")} for words that are always written separately."""
        pairs: dict[str, tuple[str, ...]] = {}
        for words in names:
            for first, second in zip(words, words[1:]):
                # "عبدالمعبود": the article of the second word is in the middle now.
                for joined in (first + second, first + "ال" + second):
                    if joined not in seen:
                        pairs.setdefault(joined, (first, second))
            for three in zip(words, words[1:], words[2:]):
                if "".join(three) not in seen:
                    pairs.setdefault("".join(three), three)
        return pairs

    def _weight(self, word: str, count: float) -> float:
        weight = math.log(1 + self.total / count)
        return weight * (_CONTAINER_WEIGHT if word in CONTAINERS else 1.0)

    def align(self, words: Iterable[str], known: Collection[str] | None = None) -> list[str]:
        """Return the words as the products write them: joined, split, without a glued "and".

        :param known: the words to use; those of all products by default.
        """
        known = self.known if known is None else known
        aligned: list[str] = []
        for word in words:
            if aligned and aligned[-1] + word in known:
                aligned[-1] += word
            elif word in known:
                aligned.append(word)
            elif word in self.split:
                aligned.extend(self.split[word])
            elif word[0] in _GLUED and word[1:] in known and len(word) > 3:
                aligned.append(word[1:])
            else:
                aligned.append(word)
        return aligned

    def weight(self, word: str) -> float:
        """Return the weight of a word: higher when rarer; an unknown word counts as a rare one."""
        known = self.weights.get(word)
        return self._weight(word, max(2.0, self.total / 400)) if known is None else known

    def meaning(self, word: str) -> dict[str, float]:
        """Return the words of products that this one may mean: {word: likeness up to 1}."""
        found = self.meanings.get(word)
        if found is None:
            found = self.meanings[word] = self._search(word)
        return found

    def _search(self, word: str) -> dict[str, float]:
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
        consonants = sound(word)
        if len(consonants) > 1:
            for other in self.by_sound.get(consonants, ()):
                if is_latin(other) != is_latin(word):
                    found[other] = max(found.get(other, 0.0), _SOUND_LIKENESS)
        return found

    def is_safe(self, word: str, other: str) -> bool:
        """Return True if a written word can hardly mean anything but the other one.

        A word that products use is not a misspelling of another such word.
        """
        return word == other or word not in self.known
