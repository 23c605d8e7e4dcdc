"""Check that everything named in the documents exists: links, files, commands, tests, code.

Readers rely on documents. Checked are

* links and pictures, and the headings that links point at;
* paths in `backticks` (from the repository, the addon or the document's own folder): what ends
  like a file or a folder, or begins with a folder that is there;
* `./dev X`, `make X` and `python -m tools.x`, in backticks and in blocks;
* names of tests: `test_...`, `TestClass`, `TestClass.test_...`;
* blocks of code behind `<!-- from: FILE -->`: that file contains them literally;
* that the page on architecture names every package of the addon.

Not checked: the truth of the text.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools.checks.report import ADDON, ROOT, finish

_MADE = ("dist/", ".dev/", "/", "~", "http")
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"<!-- from: (\S+) -->\n+```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)|<img[^>]*\ssrc=\"([^\"]+)\"")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"\.?[\w*-]+(?:/[\w.*<>-]+)+/?|[\w-]+/")
_FILE = re.compile(r"\.(?:py|md|xml|csv|yml|toml|ini|sql|pot?|png|svg|txt|html|json)$|/$")
_COMMAND = re.compile(
    r"(?:^|(?<=[\s;&]))(?:make ([a-z]+)|\./dev ([a-z]+)|\S+ -m (tools[\w.]+))", re.MULTILINE
)
_TEST = re.compile(r"(?:(Test\w+)(?:\.(test_\w+))?|(test_\w+))(?:\(\))?")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def documents(root: Path = ROOT) -> list[Path]:
    """Return every published Markdown file."""
    places = (root.glob("*.md"), *(root.glob(f"{name}/**/*.md") for name in ("docs", ".github")))
    found = {path for place in places for path in place}
    return sorted(found | set(root.glob("*/README.md")) | set(root.glob("tests/*/README.md")))


def problems(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield what one document names and does not exist, each with its line."""
    text = path.read_text()
    # Blanks instead of blocks: positions behind them remain.
    without_blocks = _BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    found = [
        *_missing_links(path, without_blocks, root),
        *_missing_paths(path, without_blocks, root),
        *_missing_commands(text, without_blocks),
        *_missing_tests(without_blocks, root),
        *_misquoted(text, root),
    ]
    for position, words in sorted(found):
        yield f"{path.relative_to(root)}:{text.count(chr(10), 0, position) + 1}: {words}"


def unexplained(root: Path = ROOT) -> Iterator[str]:
    """Yield folders with code that the page on architecture does not name."""
    page = root / "docs" / "architecture.md"
    named = set(_CODE.findall(page.read_text()))
    addon = root / ADDON.name
    for path in sorted(addon.rglob("__init__.py")):
        name = path.parent.relative_to(addon).as_posix() + "/"
        has_packages = any(path.parent.glob("*/__init__.py"))
        if not has_packages and name != "tests/" and name not in named:
            yield f"{page.relative_to(root)}:1: {name} is not named"


def _missing_links(path: Path, text: str, root: Path) -> Iterator[tuple[int, str]]:
    for link in _LINK.finditer(text):
        target, _, heading = (link[1] or link[2]).partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        place = path if not target else path.parent / target
        if not place.exists():
            yield link.start(), f"there is no {target}"
        elif heading and heading not in _slugs(place.read_text()):
            yield link.start(), f"{place.name} has no heading #{heading}"


def _slugs(text: str) -> set[str]:
    """Return the anchors of the headings in a text."""
    heads = (re.sub(r"[^\w\- ]", "", head.lower()) for head in _HEADING.findall(text))
    return {head.strip().replace(" ", "-") for head in heads}


def _missing_paths(path: Path, text: str, root: Path) -> Iterator[tuple[int, str]]:
    addon = root / ADDON.name
    for code in _CODE.finditer(text):
        name, places = code[1], (root, addon, path.parent)
        if not _PATH.fullmatch(name) or name.startswith(_MADE) or "<" in name:
            continue
        first = name.partition("/")[0]
        if not (_FILE.search(name) or any((place / first).is_dir() for place in places)):
            continue
        if not any(next(place.glob(name.rstrip("/")), None) for place in places):
            yield code.start(), f"there is no {name}"


def _missing_commands(text: str, without_blocks: str) -> Iterator[tuple[int, str]]:
    blocks = [(block.start(3), block[3]) for block in _BLOCK.finditer(text)]
    spans = [(code.start(1), code[1]) for code in _CODE.finditer(without_blocks)]
    for start, code in blocks + spans:
        for found in _COMMAND.finditer(code):
            target, command, module = found.groups()
            if target and target not in _targets():
                yield start + found.start(), f"there is no target `make {target}`"
            if command and command not in _commands():
                yield start + found.start(), f"there is no command `./dev {command}`"
            if module and not _is_module(module.rstrip(".")):
                yield start + found.start(), f"there is no module {module}"


def _is_module(name: str) -> bool:
    place = ROOT / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").exists()


def _missing_tests(text: str, root: Path) -> Iterator[tuple[int, str]]:
    classes, functions = _tests(root)
    for code in _CODE.finditer(text):
        named = _TEST.fullmatch(code[1])
        if not named:
            continue
        group, method, function = named.groups()
        if group and group not in classes:
            yield code.start(), f"there is no {group}"
        elif method and method not in classes[group]:
            yield code.start(), f"{group} has no {method}"
        elif function and function not in functions:
            yield code.start(), f"there is no {function}"


def _misquoted(text: str, root: Path) -> Iterator[tuple[int, str]]:
    for quote in _QUOTED.finditer(text):
        source = root / quote[1]
        if not source.exists():
            yield quote.start(), f"there is no {quote[1]}"
        elif textwrap.dedent(quote[2]).strip() not in source.read_text():
            yield quote.start(), f"{quote[1]} does not contain this"


@cache
def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@cache
def _commands() -> set[str]:
    source = (ROOT / "tools" / "dev" / "cli.py").read_text()
    return set(re.findall(r"_add\(commands, \"(\w+)\"", source))


@cache
def _tests(root: Path) -> tuple[dict[str, set[str]], set[str]]:
    """Return the classes of tests with their methods, and the names of all tests."""
    classes: dict[str, set[str]] = {}
    functions: set[str] = set()
    for path in [*root.glob("*/tests/test_*.py"), *root.glob("tests/**/test_*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                named = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
                classes.setdefault(node.name, set()).update(named)
            elif isinstance(node, ast.FunctionDef):
                functions.add(node.name)
    return classes, functions


if __name__ == "__main__":
    finish([*(line for path in documents() for line in problems(path)), *unexplained()])
