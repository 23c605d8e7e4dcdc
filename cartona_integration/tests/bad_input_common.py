"""Documented data with errors: each field absent, empty, of another type or far too large."""

import copy
import logging
import os
import random
from contextlib import contextmanager

ABSENT = object()
# The nightly run tries all variants, others a part: which fields break the reading of an order is
# tested without Odoo, on all of them.
_EVERY = bool(os.environ.get("CARTONA_FULL_TESTS"))
_PART = 10


def _nested(depth):
    data = "x"
    for _level in range(depth):
        data = [data]
    return data


def _long_text():
    """Return text that does not compress: it is too long for an index of PostgreSQL."""
    chance = random.Random(7)
    return "".join(chr(chance.randint(0x600, 0x6FF)) for _letter in range(6000))


# Replacements of a field: name of the variant -> value.
VARIANTS = {
    "absent": ABSENT,
    "null": None,
    "empty": "",
    "blank": "  ",
    "true": True,
    "false": False,
    "zero": 0,
    "negative": -1,
    "fraction": 0.5,
    "huge": 10**11,
    "beyond measure": 10**40,
    "infinite": float("inf"),
    "no number": float("nan"),
    "word": "غير معروف",
    "early day": "0001-01-01",
    "late time": "9999-12-31T23:59:59-11:00",
    "list": ["x"],
    "empty list": [],
    "object": {"a": 1},
    "empty object": {},
    "NUL": "a\x00b",
    "half a surrogate pair": "x\ud800y",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "long": _long_text(),
    "deep": _nested(300),
}


def paths(sample):
    """Return the paths of the sample's fields, also those of objects and of first list items."""
    found = []
    for key, value in sample.items():
        found.append((key,))
        if isinstance(value, list) and value:
            found += [(key, 0, *path) for path in paths(value[0])]
        elif isinstance(value, dict):
            found += [(key, *path) for path in paths(value)]
    return found


def mutations(sample):
    """Return copies of the sample with one wrong field, for every field and variant.

    :return: list of (path as text, name of the variant, changed copy)
    """
    found = []
    for path in paths(sample):
        for name, value in VARIANTS.items():
            changed = copy.deepcopy(sample)
            place = changed
            for step in path[:-1]:
                place = place[step]
            if value is ABSENT:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            found.append((".".join(str(step) for step in path), name, changed))
    return found


def selected(cases):
    """Return the cases to run inside Odoo: a fixed tenth of them, all of them in a full run."""
    if _EVERY:
        return cases
    chosen = random.Random(1).sample(range(len(cases)), len(cases) // _PART)
    return [cases[number] for number in sorted(chosen)]


@contextmanager
def no_errors_logged(case):
    """Fail if an error or a traceback is logged in this block."""
    complaints = []

    class Listener(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.ERROR or record.exc_info:
                complaints.append(self.format(record))

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(listener)
    case.assertEqual(complaints, [])
