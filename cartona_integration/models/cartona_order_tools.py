"""Figures and paragraphs as the importer writes them for people."""

from markupsafe import Markup


def figure(amount):
    """Money with its thousands and cents."""
    return "{:,.2f}".format(amount)


def quantity(amount):
    """A quantity without zeros that say nothing: 5, 2.5."""
    return "{:,.3f}".format(amount).rstrip("0").rstrip(".")


def paragraph(text):
    """Text as a paragraph of a note; what came from outside is escaped."""
    return Markup("<p>%s</p>") % text


def bullets(title, items):
    """A paragraph with a list below it."""
    rows = Markup("").join(Markup("<li>%s</li>") % item for item in items)
    return paragraph(title) + Markup("<ul>%s</ul>") % rows
