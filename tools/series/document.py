"""An XML file in which some places can be changed while the rest stays as it was written.

lxml does not keep the layout of tags. So the text of every tag is kept with its element and
written back unchanged, unless the element was changed. Added or moved elements are laid out as
`tools.checks.xml_layout` requires.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

INDENT = 4
WIDTH = 100

_TOKEN = re.compile(
    r"(?P<mark><!--.*?-->|<\?.*?\?>)|<!\[CDATA\[.*?\]\]>"
    r"|<(?P<close>/)?[\w:.-]+(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*(?P<self>/)?>",
    re.DOTALL,
)


class Refused(Exception):
    """Something that cannot be converted.

    :ivar node: its element
    :ivar rule: name of the rule, filled in by the ladder
    """

    def __init__(self, node, reason, rule=""):
        super().__init__(reason)
        self.line = node.sourceline if node is not None else None
        self.reason, self.rule = reason, rule


@dataclass
class _Written:
    """The text of an element in the file, and its content when it was read."""

    tag: str
    attributes: dict[str, str]
    start: str
    depth: int


class Document:
    """One XML file.

    :ivar root: lxml's tree; rules change it in place
    """

    def __init__(self, text: str):
        self.root = etree.fromstring(text.encode())
        self._written: dict[etree._Element, _Written] = {}
        #: Text as read and as written, by its element and whether it follows the element.
        self._texts: dict[tuple[etree._Element, bool], tuple[str, str]] = {}
        self._head = ""
        self._remember(text)

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Return the document in a file."""
        return cls(path.read_text(encoding="utf-8"))

    # -- used by rules -------------------------------------------------------------------------

    def elements(self, *tags: str):
        """Return all elements with these tags, in the order of the file; changes are safe."""
        return [node for node in self.root.iter(*(tags or ("*",))) if isinstance(node.tag, str)]

    # -- reading -------------------------------------------------------------------------------

    def _remember(self, text: str) -> None:
        if re.search(r"<!DOCTYPE", text):
            raise Refused(self.root, "a document type", "reading XML")
        first = next(found for found in _TOKEN.finditer(text) if not found["mark"])
        self._head = text[: first.start()]
        nodes = self.root.iter()
        where, end = [], first.start()
        slot = None
        for token in _TOKEN.finditer(text, first.start()):
            if token[0].startswith("<![CDATA["):
                continue
            if slot:
                self._keep_text(slot, text[end : token.start()])
            slot, end = self._place(token, nodes, where), token.end()

    def _place(self, token, nodes, where: list):
        """Match one tag of the text to its element; return the place of the text after it."""
        if token["close"]:
            return where.pop(), True
        node = next(nodes)
        if token["mark"]:
            return node, True
        self._written[node] = _Written(node.tag, dict(node.attrib), token[0], len(where))
        if token["self"]:
            return node, True
        where.append(node)
        return node, False

    def _keep_text(self, slot, raw: str) -> None:
        node, behind = slot
        self._texts[slot] = ((node.tail if behind else node.text) or "", raw)

    # -- writing -------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the file with the changes."""
        _Layout(self._written, self._texts).lay_out(self.root)
        pieces = [self._head]
        self._write(self.root, 0, pieces)
        return "".join(pieces).rstrip() + "\n"

    def _write(self, node, depth: int, pieces: list[str]) -> None:
        if not isinstance(node.tag, str):
            pieces.append(etree.tostring(node, encoding="unicode", with_tail=False))
        else:
            empty = not len(node) and not node.text
            begins = _begins_line(pieces)
            pieces.append(self._start(node, depth, empty, begins))
            if not empty or not pieces[-1].endswith("/>"):
                pieces.append(self._text_of(node, False))
                for child in node:
                    self._write(child, depth + 1, pieces)
                    pieces.append(self._text_of(child, True))
                pieces.append(f"</{node.tag}>")

    def _start(self, node, depth: int, empty: bool, begins: bool) -> str:
        written = self._written.get(node)
        kept = written and (written.tag, written.attributes) == (node.tag, dict(node.attrib))
        if kept and (empty or not written.start.endswith("/>")):
            if written.depth == depth or "\n" not in written.start:
                return written.start
        same = written and written.tag == node.tag
        if same and "\n" in written.start and len(node.attrib) > 1:
            return start_tag(node, depth, empty, spread=True)
        return start_tag(node, depth, empty, spread=None if begins else False)

    def _text_of(self, node, behind: bool) -> str:
        value = (node.tail if behind else node.text) or ""
        read, raw = self._texts.get((node, behind), ("", ""))
        return raw if value == read else escape(value)


def start_tag(node, depth: int, empty: bool, spread: bool | None) -> str:
    """Return a start tag: on one line if it fits, else one attribute per line.

    :param spread: True or False if decided already, None for whatever fits
    """
    attributes = [f"{name}={quoted(value)}" for name, value in node.attrib.items()]
    line = " ".join((f"<{node.tag}", *attributes)) + (" />" if empty else ">")
    if spread is None:
        spread = len(attributes) > 1 and depth * INDENT + len(line) + _tail_width(node) > WIDTH
    if not spread:
        return line
    inner = "\n" + " " * (depth + 1) * INDENT
    closing = "\n" + " " * depth * INDENT + ("/>" if empty else ">")
    return f"<{node.tag}" + "".join(inner + text for text in attributes) + closing


def quoted(value: str) -> str:
    """Return an attribute's value as written in the file."""
    return '"' + escape(value, {'"': "&quot;", "\n": "&#10;"}) + '"'


def _tail_width(node) -> int:
    """Return the width of what must follow on the line of the start tag."""
    if len(node) or not node.text or "\n" in node.text:
        return 0
    return len(node.text) + len(f"</{node.tag}>")


def _begins_line(pieces: list[str]) -> bool:
    last = "".join(pieces[-3:])
    return not last.rpartition("\n")[2].strip()


class _Layout:
    """Whitespace between elements that were added or moved to another depth."""

    def __init__(self, written: dict, texts: dict):
        self._written, self._texts = written, texts

    def lay_out(self, node, depth: int = 0) -> None:
        children = list(node)
        if not children:
            self._lay_out_text(node, depth)
            return
        if not (node.text or "").strip():
            if not self._is_unmoved(node, depth) and (
                "\n" in (node.text or "") or self._is_block(node)
            ):
                node.text = self._break(node.text, depth + 1)
        elif self._moved(node, depth):
            node.text = self._shifted(node.text, depth + 1)
        for child in children:
            if isinstance(child.tag, str):
                self.lay_out(child, depth + 1)
            self._lay_out_tail(node, child, depth)

    def _lay_out_tail(self, parent, child, depth: int) -> None:
        last = child.getnext() is None
        if self._is_unmoved(parent, depth) and not self._is_new(child):
            if last or (child.getnext(), True) in self._texts:
                return
        if (child.tail or "").strip():
            if self._moved(parent, depth):
                child.tail = self._shifted(child.tail, depth + 1)
                text = child.tail.rstrip()
                if last and "\n" in child.tail[len(text) :]:
                    child.tail = text + self._break(None, depth)
        elif "\n" in (child.tail or "") or ("\n" in (parent.text or "") and self._is_new(child)):
            child.tail = self._break(None if last else child.tail, depth if last else depth + 1)

    def _lay_out_text(self, node, depth: int) -> None:
        text = node.text or ""
        if node not in self._written:
            line = start_tag(node, depth, False, False)
            if len(line) + len(text) + len(f"</{node.tag}>") + depth * INDENT > WIDTH and text:
                inner = " " * (depth + 1) * INDENT
                filled = textwrap.fill(
                    " ".join(text.split()), WIDTH, initial_indent=inner, subsequent_indent=inner
                )
                node.text = "\n" + filled + "\n" + " " * depth * INDENT
        elif "\n" in text and self._moved(node, depth):
            node.text = self._shifted(text, depth + 1).rstrip() + "\n" + " " * depth * INDENT

    def _is_block(self, node) -> bool:
        """Return True if every child has its own line: new elements around elements."""
        return node not in self._written

    def _is_new(self, node, behind: bool = True) -> bool:
        """Return True if the text after the element, or at its beginning, was not there before."""
        value = (node.tail if behind else node.text) or ""
        return value != self._texts.get((node, behind), (None,))[0]

    def _is_unmoved(self, node, depth: int) -> bool:
        """Return True if the element and the whitespace at its beginning are where they were."""
        written = self._written.get(node)
        return bool(written) and written.depth == depth and not self._is_new(node, False)

    def _moved(self, node, depth: int) -> bool:
        written = self._written.get(node)
        return bool(written) and written.depth != depth

    @staticmethod
    def _break(text: str | None, depth: int) -> str:
        return "\n" * max(1, (text or "").count("\n")) + " " * depth * INDENT

    @staticmethod
    def _shifted(text: str, depth: int) -> str:
        """Return lines of prose at another depth; their own further indentation is kept."""
        lines = text.split("\n")
        indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
        shift = depth * INDENT - min(indents, default=0)
        rest = [line if not line.strip() else _moved_line(line, shift) for line in lines[1:]]
        return "\n".join([lines[0], *rest[:-1], *(_last(rest, depth))])


def _moved_line(line: str, shift: int) -> str:
    return " " * shift + line if shift > 0 else line[-shift:]


def _last(rest: list[str], depth: int) -> list[str]:
    """Indent the last line, before whatever follows the text, to the depth of the text."""
    if not rest:
        return []
    return [rest[-1] if rest[-1].strip() else " " * depth * INDENT]
