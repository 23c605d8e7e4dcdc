"""Figures, days, lists and paragraphs as messages and notes contain them.

`figure`, `quantity` and `quantity_in` are for texts that are stored and read in any language. Texts
that are computed for the reader use `format_quantity` and Odoo's `formatLang` and `format_amount`.
"""

import pytz
from babel.lists import format_list
from markupsafe import Markup

from odoo import fields
from odoo.tools.misc import babel_locale_parse, formatLang, get_lang

# Cartona's days begin here.
CAIRO = pytz.timezone("Africa/Cairo")


def cairo_day(moment=None):
    """Return the day of a moment as Cartona's messages contain it.

    :param moment: naive UTC datetime; now when left out
    :return: ISO text, e.g. `2026-03-05`
    """
    moment = moment or fields.Datetime.now()
    return pytz.utc.localize(moment).astimezone(CAIRO).date().isoformat()


def figure(amount):
    """Return money with thousands separators and cents."""
    return f"{amount:,.2f}"


def quantity(amount):
    """Return a quantity without trailing zeros: 5, 2.5."""
    return f"{amount:,.3f}".rstrip("0").rstrip(".")


def quantity_in(amount, unit, product):
    """Return a quantity with its unit, if that is not the product's own: 5, 3 Box of 24."""
    if unit == product.uom_id:
        return quantity(amount)
    return f"{quantity(amount)} {unit.name}"


def format_quantity(env, amount):
    """Return a quantity in the language of the environment, without trailing zeros."""
    digits = next((n for n in range(3) if round(amount, n) == round(amount, 3)), 3)
    return formatLang(env, amount, digits=digits)


def enumerate_items(env, items):
    """Return texts as one list in the language of the environment: "a, b"."""
    items = list(items)
    locale = babel_locale_parse(get_lang(env).code)
    try:
        # The Arabic pattern for two items repeats the second one in some versions of CLDR.
        is_sound = format_list(["1", "2"], style="unit", locale=locale).count("2") == 1
        return format_list(items, style="unit" if is_sound else "standard", locale=locale)
    except (KeyError, TypeError, ValueError):  # Babel without styles, or an incomplete language
        return ", ".join(items)


def paragraph(text):
    """Return a text as a paragraph of a note; text from outside is escaped."""
    return Markup("<p>%s</p>") % text


def bullets(title, items):
    """Return a paragraph with a list below it."""
    rows = Markup("").join(Markup("<li>%s</li>") % item for item in items)
    return paragraph(title) + Markup("<ul>%s</ul>") % rows
