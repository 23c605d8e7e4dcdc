"""Suggest the product for a row of Cartona's catalogue: ranked candidates with reasons. No Odoo.

    names -> vocabulary -> matcher -> verdict

`names` turns a name into plain words and reads its sizes and packs. `vocabulary` finds the words
of products that a written word may mean (misspelt or in the other script as well). `matcher`
selects the products that share some of them, and `verdict` scores each: words, sizes, pack, price,
ids. `lexicon` has the lists of words.
"""

from .matcher import Matcher
from .names import normalise, read_name
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
