"""Check the layout of the addon's XML: one layout, so a diff shows nothing but the change.

Four spaces per level; a tag on one line where it fits, else one attribute per line and the
bracket on a line of its own; a space before `/>`. `--fix` repairs indentation and line ends;
the rest is reported: where to break a line is decided by a person.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.checks.report import ADDON, finish

FIRST_LINE = '<?xml version="1.0" encoding="utf-8" ?>'
INDENT = 4

#: Comments and CDATA are skipped; then tags, with quoted values that may contain `>`.
_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?P<close>/)?(?P<name>[\w:.-]+)"
    r"(?P<attributes>(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)(?P<space>\s*)(?P<self>/)?>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.DOTALL)


def problems(name: str, text: str) -> Iterator[str]:
    """Yield the mistakes in the layout of one file, each with its line."""
    if text.split("\n", 1)[0] != FIRST_LINE:
        yield f"{name}:1: the first line is not {FIRST_LINE}"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield f"{name}: does not end with one line end"
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip() or "\t" in line:
            yield f"{name}:{number}: a tab, or blanks at the end"
    depth = 0
    for tag in _TOKEN.finditer(text):
        if not tag["name"]:
            continue
        depth -= bool(tag["close"])
        number = text.count("\n", 0, tag.start()) + 1
        for problem in _tag_problems(text, tag, depth):
            yield f"{name}:{number}: {problem}"
        depth += not tag["close"] and not tag["self"]


def _tag_problems(text: str, tag: re.Match, depth: int) -> Iterator[str]:
    before = text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()]
    if not before.strip() and len(before) != depth * INDENT:
        yield f"<{tag['name']}> is at column {len(before)} instead of {depth * INDENT}"
    if tag["close"]:
        return
    attributes = [" ".join(found.split()) for found in _ATTRIBUTE.findall(tag["attributes"])]
    ending = " />" if tag["self"] else ">"
    joined = " ".join((f"<{tag['name']}", *attributes)) + ending
    lines = tag[0].split("\n")
    if len(lines) == 1:
        if tag[0] != joined:
            yield f"<{tag['name']}> is not written as {joined}"
    elif not before.strip() and _values_are_simple(tag) and not _is_spread(lines, tag, depth):
        yield f"<{tag['name']}>: one attribute per line, the bracket on its own"


def _values_are_simple(tag: re.Match) -> bool:
    return not any("\n" in value for value in _ATTRIBUTE.findall(tag["attributes"]))


def _is_spread(lines: list[str], tag: re.Match, depth: int) -> bool:
    inner = " " * (depth + 1) * INDENT
    attributes = _ATTRIBUTE.findall(tag["attributes"])
    ending = "/>" if tag["self"] else ">"
    wanted = [f"<{tag['name']}", *(inner + found for found in attributes)]
    return lines == [*wanted, " " * depth * INDENT + ending]


def repaired(text: str) -> str:
    """Return the text with clean line ends and each tag that begins a line at its level."""
    text = "\n".join(line.rstrip().expandtabs(INDENT) for line in text.split("\n")).strip() + "\n"
    pieces, end, depth = [], 0, 0
    for tag in _TOKEN.finditer(text):
        if not tag["name"]:
            continue
        depth -= bool(tag["close"])
        start = text.rfind("\n", 0, tag.start()) + 1
        if not text[start : tag.start()].strip() and start >= end:
            pieces += [text[end:start], " " * depth * INDENT]
            end = tag.start()
        depth += not tag["close"] and not tag["self"]
    return "".join(pieces) + text[end:]


def main(fix: bool) -> None:
    """Check every XML file of the addon, after repairing it if `fix` is set."""
    found: list[str] = []
    for path in sorted(ADDON.rglob("*.xml")):
        text = path.read_text()
        if fix and repaired(text) != text:
            text = repaired(text)
            path.write_text(text)
        found += problems(str(Path(path).relative_to(ADDON.parent)), text)
    finish(found)


if __name__ == "__main__":
    main("--fix" in sys.argv[1:])
