"""A name, read: its words in order, and what it says in numbers."""

from dataclasses import dataclass
from typing import Tuple

from .lexicon import FILLERS, SYNONYMS
from .measures import Measures, read_measures
from .normalise import normalise

# Shorter words begin with these letters by themselves.
_ARTICLES = (("وال", 6), ("بال", 6), ("ال", 5), ("لل", 5))


@dataclass(frozen=True)
class Name:
    """
    :param words: without sizes, articles and fillers, each in its one spelling
    :param measures: what was read out of it
    """

    words: Tuple[str, ...]
    measures: Measures


def read_name(text):
    """
    :param str text: a product's name as somebody typed it
    :rtype: Name
    """
    measures, words = read_measures(normalise(text))
    plain = [plain_word(word) for word in words if word not in FILLERS]
    return Name(tuple(word for word in plain if len(word) > 1 and word not in FILLERS), measures)


def plain_word(word):
    """A word without its article, and the usual word for those that mean the same."""
    if word in SYNONYMS:
        return SYNONYMS[word]
    for article, length in _ARTICLES:
        if word.startswith(article) and len(word) >= length:
            word = word[len(article) :]
            break
    return SYNONYMS.get(word, word)
