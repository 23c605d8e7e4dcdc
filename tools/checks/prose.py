"""Extract the prose of a file: comments, docstrings, texts. Names and code are left out."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.parsers import expat

import polib

#: (first line, text)
Prose = Iterator[tuple[int, str]]

#: Attributes of views and pages that a user reads.
_SHOWN = {
    "alt",
    "aria-label",
    "cancel-label",
    "confirm",
    "confirm-label",
    "confirm-title",
    "data-tooltip",
    "help",
    "placeholder",
    "string",
    "sum",
    "title",
}
#: Fields of a data record that contain code.
_CODE_FIELDS = {"code", "context", "domain", "domain_force", "model", "res_model", "view_mode"}
_FENCED = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r"<!--.*?-->", re.DOTALL)
_SCRIPT = re.compile(
    r"""//(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/"""
    r"""|"(?P<double>(?:\\.|[^"\\\n])*)"|'(?P<single>(?:\\.|[^'\\\n])*)'"""
    r"""|`(?P<template>(?:\\.|[^`\\])*)`""",
    re.DOTALL,
)
_INSERTED = re.compile(r"\$\{[^}]*\}")


def prose(path: Path) -> list[tuple[int, str]]:
    """Return the prose of a file with the line on which each text starts; [] for other kinds."""
    reader = _READERS.get(path.suffix)
    return list(reader(path.read_text(encoding="utf-8"))) if reader else []


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of Python code with their lines."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node):
            yield node.body[0].lineno, ast.get_docstring(node)


class _Strings(ast.NodeVisitor):
    """Collect string literals; the parts of an f-string together."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            one_line = node.lineno == node.end_lineno
            self._add(node.lineno, node.value.replace("\n", " ") if one_line else node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
        self._add(node.lineno, "".join(map(str, parts)).replace("\n", " "))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def _add(self, line: int, text: str) -> None:
        # Without a space it is a name or a key.
        if " " in text.strip():
            self.found.append((line, text))


def _python(text: str) -> Prose:
    comments: list[tuple[int, list[str]]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line, words = token.start[0], token.string.lstrip("#!:")
            # A phrase may go on in the next line.
            if comments and comments[-1][0] + len(comments[-1][1]) == line:
                comments[-1][1].append(words)
            else:
                comments.append((line, [words]))
    yield from ((line, "\n".join(words)) for line, words in comments)
    strings = _Strings()
    strings.visit(ast.parse(text))
    yield from strings.found


def _markdown(text: str) -> Prose:
    for pattern in (_FENCED, _REMARK):
        text = pattern.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    yield 1, text


def _xml(text: str) -> Prose:
    found: list[tuple[int, str]] = []
    stack: list[bool] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        line = parser.CurrentLineNumber
        stack.append(tag == "field" and attributes.get("name") in _CODE_FIELDS)
        found.extend((line, value) for name, value in attributes.items() if name in _SHOWN)
        if tag == "menuitem":
            found.append((line, attributes.get("name", "")))

    def characters(data: str) -> None:
        if stack and not stack[-1] and data.strip():
            found.append((parser.CurrentLineNumber, data))

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: stack.pop()
    parser.CharacterDataHandler = characters
    parser.CommentHandler = lambda data: found.append((parser.CurrentLineNumber, data))
    parser.Parse(text.encode(), True)
    yield from found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.skipped = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipped = tag in ("script", "style")
        texts = [value for name, value in attrs if name in _SHOWN and value]
        self.found.extend((self.getpos()[0], text) for text in texts)

    def handle_endtag(self, tag: str) -> None:
        self.skipped = False

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.found.append((self.getpos()[0], data))

    handle_comment = handle_data


def _html(text: str) -> Prose:
    page = _Page()
    page.feed(text)
    yield from page.found


def _script(text: str) -> Prose:
    for match in _SCRIPT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        words = _INSERTED.sub("…", match[match.lastgroup])
        if match.lastgroup in ("line", "block") or " " in words.strip():
            yield line, words


def _template(text: str) -> Prose:
    for entry in polib.pofile(text):
        yield entry.linenum, entry.msgid.replace("\n", " ")


_READERS: dict[str, Callable[[str], Prose]] = {
    ".css": _script,
    ".html": _html,
    ".js": _script,
    ".md": _markdown,
    ".pot": _template,
    ".py": _python,
    ".xml": _xml,
}
