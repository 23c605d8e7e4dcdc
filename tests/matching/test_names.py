"""Reading names: one spelling, sizes, packs, other numbers."""

import doctest

import pytest

from cartona_matching import matcher as matcher_module
from cartona_matching import normalise as normalise_function
from cartona_matching import read_name
from cartona_matching.names import normalise, read_measures


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("أحمد إبراهيم آسيا ٱلنور", "احمد ابراهيم اسيا النور"),  # alef forms
        ("مؤمن شاطئ ماء", "مومن شاطي ما"),  # hamza on its seats and alone
        ("قهوة كبيرة", "قهوه كبيره"),  # taa marbuta
        ("دومتى", "دومتي"),  # alef maqsura
        ("شـــاي الــعروسة", "شاي العروسه"),  # tatweel
        ("مُعْجُونٌ", "معجون"),  # diacritics
        ("٣٣٠ مل ۲۴", "330 مل 24"),  # Arabic and Persian digits
        ("كلوركس-950مل/جديد!", "كلوركس 950 مل جديد"),  # punctuation, glued units
        ("NESCAFÉ Gold", "nescafe gold"),  # Latin case and accents
        ("1,5 لتر و1,000 جم", "1.5 لتر و 1000 جم"),  # comma of decimals and of thousands
        ("١٫٥ لتر", "1.5 لتر"),  # Arabic decimal sign
        ("½ كيلو و 1/4 كيلو", "0.5 كيلو و 0.25 كيلو"),  # fractions
        ("24×330مل", "24 * 330 مل"),  # all ways to multiply
        ("24 x 330ml", "24 * 330 ml"),
        ("ڤيتراك پيبسي چيلي", "فيتراك بيبسي جيلي"),  # letters Egyptians borrow
        ("كيك\u200fشوكولاتة\u202c", "كيك" + "شوكولاته"),  # invisible marks of direction
        ("", ""),
        (None, ""),
    ],
)
def test_one_spelling(written, plain):
    assert normalise(written) == plain


def test_normalising_twice_changes_nothing():
    once = normalise("بيبسى ٣٣٠مـل × 24 (عرض) 1,5KG")
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("name", "sizes", "pack", "counts", "numbers"),
    [
        ("بيبسي 330 مل", {"ml": {330}}, None, set(), set()),
        ("سكر 1 كجم", {"g": {1000}}, None, set(), set()),
        ("زيت 1.5 لتر", {"ml": {1500}}, None, set(), set()),
        ("زيت لتر", {"ml": {1000}}, None, set(), set()),  # a unit alone means one
        ("زيت لتر ونص", {"ml": {1500}}, None, set(), set()),
        ("بن ربع كيلو", {"g": {250}}, None, set(), set()),
        ("بيبسي 24 × 330 مل", {"ml": {330}}, 24, set(), set()),
        ("بيبسي 330 مل × 24", {"ml": {330}}, 24, set(), set()),
        ("بيبسي 330مل كرتونة 12", {"ml": {330}}, 12, set(), set()),
        ("بيبسي كرتونة ٢٤ قطعة", {}, 24, set(), set()),
        ("كبريت دستة", {}, 12, set(), set()),
        ("Pepsi Can 330ML Box of 24", {"ml": {330}}, None, set(), {24}),
        ("Pepsi 330ml carton 24 pcs", {"ml": {330}}, 24, set(), set()),
        ("Rice 5KG", {"g": {5000}}, None, set(), set()),
        ("مناديل 550 منديل", {}, None, {550}, set()),
        ("حفاضات مقاس 4 58 قطعة × 6", {}, 6, {58}, {4}),
        ("شامبو 400 سم", {"ml": {400}}, None, set(), set()),  # cubic centimetres
        ("نسكافيه 3 في 1", {}, None, set(), {3, 1}),
        ("بيبسي 330", {}, None, set(), {330}),
    ],
)
def test_sizes_and_packs(name, sizes, pack, counts, numbers):
    measures, _words = read_measures(normalise(name))
    assert {key: set(values) for key, values in measures.sizes.items()} == sizes
    assert (measures.pack, set(measures.counts), set(measures.numbers)) == (pack, counts, numbers)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("شاي العروسة", "شاى عروسه"),  # article
        ("أرز بسمتي", "رز بسمتى"),  # two words for one thing
        ("جبنة بالزيتون", "جبن زيتون"),
        ("عصير برتقال جديد", "juice orange"),  # a filler, another language
    ],
)
def test_the_same_words(one, other):
    assert read_name(one).words == read_name(other).words


def test_sizes_are_not_words():
    assert read_name("زيت كريستال 2.2 لتر كرتونة 6").words == ("زيت", "كريستال")


@pytest.mark.parametrize("module", [matcher_module])
def test_docstring_examples_are_correct(module):
    assert doctest.testmod(module).failed == 0
    finder = doctest.DocTestFinder().find(normalise_function, globs={"normalise": normalise})
    assert [doctest.DocTestRunner().run(test).failed for test in finder] == [0]
