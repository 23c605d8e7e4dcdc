"""Translated terms of views: the catalogue of an older series follows the views' changes.

Odoo looks a term up by its exact text, and a term is a text with the markup in it: line breaks,
indentation, style classes. Where a rule changes one of these, the translation needs the same
change. So the rules are run on the translated views as well, and the terms are paired.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping

import polib
from lxml import etree

from tools.series.document import Refused

#: Elements within a term, and attributes that are terms. Source: `odoo/tools/translate.py`.
_INLINE = set(
    "abbr b bdi bdo br cite code data del dfn em font i ins kbd keygen mark math meter output"
    " progress q ruby s samp small span strong sub sup time u var wbr text select option".split()
)
_ATTRIBUTES = set(
    "string add-label help sum avg confirm placeholder alt title aria-label value_label"
    " data-tooltip label confirm-label confirm-title cancel-label".split()
)
_FIELDS = {("ir.ui.view", "arch"): "arch_db", ("ir.actions.act_window", "help"): "help"}

#: Callable(term) -> its replacement, or None to leave it.
Visit = Callable[[str], str | None]


def places(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield what has terms: its place as in a catalogue, and the element around them.

    :param root: root of a data file
    """
    for node in root.iter("record", "template"):
        if node.tag == "template":
            yield f"ir.ui.view,arch_db:{node.get('id')}", node
            continue
        for field in node.iterchildren("field"):
            name = _FIELDS.get((node.get("model"), field.get("name")))
            if name and len(field):
                yield f"{node.get('model')},{name}:{node.get('id')}", field


def terms(node: etree._Element) -> list[str]:
    """Return the terms below an element, in the order in which Odoo finds them."""
    found: list[str] = []
    _Terms(found.append).process(copy.deepcopy(node))
    return found


def translate(text: str, catalogue: Mapping[str, str]) -> str:
    """Return a data file with its terms translated.

    :param catalogue: term -> translation; the others are left
    """
    root = etree.fromstring(text.encode())
    for _place, node in places(root):
        _Terms(catalogue.get).process(node)
    return etree.tostring(root, encoding="unicode")


def pairs(source: str, translated: str) -> Iterator[tuple[str, str, str]]:
    """Yield place, term and translation of all terms of a data file.

    :param source: the file
    :param translated: the same file with translated terms
    :raise Refused: when the two do not have the same terms
    """
    here, there = (list(places(etree.fromstring(text.encode()))) for text in (source, translated))
    for (place, node), (_same, other) in zip(here, there, strict=True):
        english, foreign = terms(node), terms(other)
        if len(english) != len(foreign):
            raise Refused(node, f"the translation of {place} has other terms", "terms")
        yield from ((place, term, other) for term, other in zip(english, foreign, strict=True))


def catalogue_of(po: str) -> dict[str, str]:
    """Return term -> translation of a catalogue."""
    return {entry.msgid: entry.msgstr for entry in polib.pofile(po) if entry.msgstr}


def completed(po: str, module: str, found: Iterator[tuple[str, str, str]]) -> str:
    """Return a catalogue with the terms that it does not have yet at its end.

    :param module: technical name of the addon
    :param found: place, term and translation, see `pairs`
    """
    known = catalogue_of(po)
    added: dict[str, polib.POEntry] = {}
    for place, term, translation in found:
        if term in known or term == translation:
            continue
        entry = added.setdefault(term, polib.POEntry(msgid=term, msgstr=translation))
        entry.comment = f"module: {module}"
        model, name = place.split(":")
        occurrence = (f"model_terms:{model}:{module}.{name}", "")
        if occurrence not in entry.occurrences:
            entry.occurrences.append(occurrence)
    return "\n".join([po.rstrip("\n") + "\n", *(str(entry) for entry in added.values())])


class _Terms:
    """Walk over the terms of an element, as `translate_xml_node` of Odoo does."""

    def __init__(self, visit: Visit):
        self._visit = visit

    def process(self, node: etree._Element) -> None:
        if not isinstance(node.tag, str) or node.get("t-translation") == "off":
            return
        if node.tag == "attribute" and node.get("name") not in _ATTRIBUTES:
            return
        at = 0
        while True:
            if self._has_text(node, at):
                at = self._process_text(node, at)
            if at >= len(node):
                break
            self.process(node[at])
            at += 1
        for name, value in node.attrib.items():
            if name in _ATTRIBUTES and value.strip() and "t-call" not in node.attrib:
                node.set(name, self._visit(value.strip()) or value)

    def _process_text(self, node: etree._Element, at: int) -> int:
        """Visit the text at a position and the inline elements in it; return the next position."""
        box = etree.Element("div")
        box.text = (node[at - 1].tail if at else node.text) or ""
        while at < len(node) and _is_inline(node[at]):
            box.append(node[at])
        content = etree.tostring(box, encoding="unicode")[len("<div>") : -len("</div>")]
        term = content.strip()
        translation = self._visit(term)
        if translation:
            box = etree.fromstring(f"<div>{content.replace(term, translation)}</div>")
            if at:
                node[at - 1].tail = box.text
            else:
                node.text = box.text
        while len(box):
            node.insert(at, box[0])
            at += 1
        return at

    def _has_text(self, node: etree._Element, at: int) -> bool:
        before = node[at - 1].tail if at else node.text
        if re.search(r"[^\s\uFEFF]", before or ""):
            return True
        if at >= len(node) or not _is_inline(node[at]):
            return False
        return self._has_text(node[at], 0) or self._has_text(node, at + 1)


def _is_inline(node: etree._Element) -> bool:
    return (
        node.tag in _INLINE
        and not any(name.startswith("t-") for name in node.attrib)
        and all(_is_inline(child) for child in node)
    )
