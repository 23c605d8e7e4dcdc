"""Which product a row of Cartona's catalogue is: ranked guesses with reasons. No Odoo in here.

    normalise -> measures -> names -> vocabulary -> matcher -> verdict

A name becomes plain words, its sizes and packs are read out of it, the remaining words are looked
up in the words of all products (misspelt or in the other script as well), and every product that
shares some of them is judged: words, sizes, pack, price, ids.
"""

from .matcher import Matcher
from .names import read_name
from .normalise import normalise
from .verdict import Listing, Product, Ranking, Verdict, pack_warning

__all__ = [
    "Listing",
    "Matcher",
    "Product",
    "Ranking",
    "Verdict",
    "normalise",
    "pack_warning",
    "read_name",
]
