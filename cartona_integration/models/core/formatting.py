"""Figures, days and paragraphs as messages and notes carry them."""

import pytz
from markupsafe import Markup

from odoo import fields

# Where days begin for Cartona.
CAIRO = pytz.timezone("Africa/Cairo")


def cairo_day(moment=None):
    """The day of a moment, as Cartona's messages carry it.

    :param moment: naive UTC datetime; now when left out
    :return: ISO text, e.g. `2026-03-05`
    """
    moment = moment or fields.Datetime.now()
    return pytz.utc.localize(moment).astimezone(CAIRO).date().isoformat()


def figure(amount):
    """Money with its thousands and cents."""
    return f"{amount:,.2f}"


def quantity(amount):
    """A quantity without zeros that say nothing: 5, 2.5."""
    return f"{amount:,.3f}".rstrip("0").rstrip(".")


def paragraph(text):
    """Text as a paragraph of a note; what came from outside is escaped."""
    return Markup("<p>%s</p>") % text


def bullets(title, items):
    """A paragraph with a list below it."""
    rows = Markup("").join(Markup("<li>%s</li>") % item for item in items)
    return paragraph(title) + Markup("<ul>%s</ul>") % rows
