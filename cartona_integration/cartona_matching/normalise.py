"""One spelling for the many in which Egyptian shops write the same word."""

import re
import unicodedata

# What decomposition leaves: letters that are typed for one another.
_LETTERS = str.maketrans({
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ک": "ك", "گ": "ج",
    "ڪ": "ك", "چ": "ج", "ڤ": "ف", "پ": "ب", "ژ": "ز", "ء": None, "ـ": None,
    "٫": ".", "٬": ",", "،": " ", "؛": " ", "×": "*", "✕": "*", "✖": "*", "х": "*",
    "½": "0.5", "¼": "0.25", "¾": "0.75", "’": None, "'": None, "ø": "o", "ß": "ss",
})  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_FRACTION = re.compile(r"(?<![\d./])([13])\s*/\s*([248])(?![\d./])")
_TIMES = re.compile(r"\s*\*\s*|(?<=\d)\s*x\s*(?=\d)|(?<=[^\W\d_])\s+x\s*(?=\d)")
_NOT_DECIMAL = re.compile(r"\.(?!\d)|(?<!\d)\.")
# "330مل" and "مل330" are two words each.
_SEAM = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_REST = re.compile(r"[^\w.*%]+|_")


def normalise(text):
    """The text in one spelling: lower case, plain letters, ASCII digits, single spaces.

    Hamza, alef, taa marbuta and alef maqsura forms become one letter each; tatweel, diacritics
    and punctuation disappear; numbers stand alone; "×" and an x between numbers become "*".

    >>> normalise("كوكاكولا  ٣٣٠مـل×24")
    'كوكاكولا 330 مل * 24'
    >>> normalise("Nescafé 1,5KG")
    'nescafe 1.5 kg'

    :param str text: a name as somebody typed it; None counts as empty
    :rtype: str
    """
    # Before decomposition, which would make 1/2 of ½ and glue it to the number before it.
    text = (text or "").translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(_plain(char) for char in text if not unicodedata.combining(char))
    text = text.translate(_LETTERS).lower()
    text = _COMMA.sub(".", _THOUSANDS.sub("", text))
    text = _FRACTION.sub(lambda found: " %g " % (int(found[1]) / int(found[2])), text)
    text = _SEAM.sub(" ", _TIMES.sub(" * ", _NOT_DECIMAL.sub(" ", text)))
    return " ".join(_REST.sub(" ", text).split())


def _plain(char):
    """Digits of any script as ASCII; invisible marks of direction as nothing."""
    if char.isascii():
        return char
    if char.isdigit():
        return str(unicodedata.digit(char))
    return "" if unicodedata.category(char) == "Cf" else char
