"""Helpers of the rules: find records and views in a document, make elements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from tools.series.document import Document
from tools.series.facts import Facts

#: Elements that contain a view of their own inside another one.
VIEW_ROOTS = ("form", "list", "tree", "kanban", "search", "graph", "pivot", "calendar", "activity")


@dataclass(frozen=True)
class View:
    """One view of a document.

    :ivar arch: the field that contains its markup
    :ivar model: the technical name of its model
    :ivar inherits: True if it changes another view
    """

    arch: etree._Element
    model: str
    inherits: bool

    def elements(self, *tags: str) -> list:
        """Return its elements with these tags, all when none is given."""
        return [node for node in self.arch.iterdescendants(*(tags or ("*",)))]


@dataclass
class Context:
    """The argument of a rule.

    :ivar document: the file that it changes
    :ivar facts: facts about the fields from Python
    :ivar documents: all documents of the addon, path -> document
    """

    document: Document
    facts: Facts
    documents: dict[str, Document]

    def records(self, *models: str) -> list:
        """Return the records of these models."""
        found = self.document.elements("record")
        return [record for record in found if record.get("model") in models]

    def views(self) -> Iterator[View]:
        """Yield the views of the document."""
        for record in self.records("ir.ui.view"):
            arch = field_of(record, "arch")
            if arch is not None:
                model = field_of(record, "model")
                inherits = field_of(record, "inherit_id") is not None
                yield View(arch, (model.text or "") if model is not None else "", inherits)

    def view_elements(self, *tags: str) -> list:
        """Return the elements of all views."""
        return [node for view in self.views() for node in view.elements(*tags)]

    def template_elements(self) -> list:
        """Return the elements of all reports and other templates."""
        templates = self.document.elements("template")
        return [node for template in templates for node in template.iterdescendants("*")]


def field_of(record, name: str):
    """Return the `<field>` of that name in a record, or None."""
    return next((node for node in record.iterchildren("field") if node.get("name") == name), None)


def element(tag: str, text: str | None = None, /, children=(), **attributes: str):
    """Return a new element; a `_` at the end of an attribute's name is dropped, as in `class_`."""
    node = etree.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            node.set(name.rstrip("_"), value)
    node.text = text
    node.extend(children)
    return node


def replace(node, *new) -> None:
    """Replace an element by others; what follows it stays."""
    parent, at, tail = node.getparent(), node.getparent().index(node), node.tail
    node.tail = None
    parent.remove(node)
    for offset, child in enumerate(new):
        child.tail = tail
        parent.insert(at + offset, child)


def remove(node) -> None:
    """Remove an element, and the whitespace before what follows it."""
    before, parent = node.getprevious(), node.getparent()
    if (node.tail or "").strip():
        raise ValueError("text follows the element")
    if node.getnext() is None:
        if before is not None:
            before.tail = node.tail
        else:
            parent.text = node.tail
    parent.remove(node)


def rename_attribute(node, old: str, new: str, value: str | None = None) -> None:
    """Rename an attribute, with an optional new value, and keep its position."""
    items = [
        (new if name == old else name, value if name == old and value is not None else text)
        for name, text in node.attrib.items()
    ]
    node.attrib.clear()
    node.attrib.update(items)


def insert_after(node, *new) -> None:
    """Insert elements after another one, each on its own line."""
    parent, at = node.getparent(), node.getparent().index(node)
    line_end = node.getprevious().tail if node.getprevious() is not None else parent.text
    last, node.tail = node.tail, line_end
    for offset, child in enumerate(new, 1):
        child.tail = line_end if offset < len(new) else last
        parent.insert(at + offset, child)


def replace_names(text: str, table: dict[str, str]) -> str:
    """Return the text with whole names replaced."""
    pattern = r"(?<![\w-])(" + "|".join(map(re.escape, table)) + r")(?![\w-])"
    return re.sub(pattern, lambda found: table[found[1]], text)
