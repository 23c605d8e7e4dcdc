"""Figures and paragraphs as the importer writes them for people."""

from markupsafe import Markup


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
