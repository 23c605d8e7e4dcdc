"""Count words that Odoo, Cartona and integrators do not use, in comments, texts and documents.

Plain words are quicker to read, and Odoo's own words mean one thing. Each area may contain a few of
the listed words, each file fewer than a dozen. Docstrings open with a verb, never with a question
word. `--list` prints the rate of every area and the worst files, `--show PATH ...` every
occurrence.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.checks.prose import docstrings, prose
from tools.checks.report import ROOT, finish, options

#: Occurrences per 1,000 words that an area may have.
PER_THOUSAND = 3
#: Occurrences that one file may have.
PER_FILE = 10

#: Expression -> expression of the paths (from the root) in which it has another, right meaning.
WORDS = {
    r"told|tells?|telling|untold": None,
    r"says?|said|saying": None,
    r"stands?|standing|stood": None,
    r"rings?|ringing|rang|rung|bells?": None,
    r"hear|hears|heard|hearing|unheard": None,
    r"nobody|somebody|anybody|everybody|whoever|whomever": None,
    r"asks?|asked|asking": None,
    r"noted|noting": None,
    r"(?:to|not|must|hooks?|then|only) note": None,
    r"notes? (?:what|that|which|when|whether|it|them|the|all|every\w*|each|these|orders?|listings?)"
    r"(?! (?:of|on|to|from|for) )": None,
    r"news|errands?|shouts?|shouted": None,
    r"apart": None,
    r"by itself|by themselves|of itself|of themselves": None,
    r"doubts?|doubtful|doubted": None,
    r"holds?|held": None,
    r"settled?|settles|settling": r"[^/]*(?:invoice|settlement|money|account)[^/]*$",
    r"twins?": None,
    r"(?:the|its|their|on|every|his) ways? (?:to|of|from|along|out|back|there|between|home|through)"
    r"|on (?:its|their|the) way": None,
    r"knows": None,
    r"(?:in|its|his|these|those|which|whose|own|other|same|such|Cartona's|the) words": (
        r"cartona_matching/|names|matching|matcher|vocabulary|wording"
    ),
    r"so many|so long": None,
    r"as \w+(?: \w+)? as can be": None,
    r"(?:come|comes|came|coming) (?:to (?:nothing|its|an|the) ?\w*|out of|of)": None,
    r"sees? to|seen to|saw to": None,
    r"whose (?:it|they|he|she)|(?:by|of|know|is|are) whose": None,
    r"one's own": None,
    r"(?<!there\s)(?:is|are|was|were) no"
    r"(?! (?:longer|more|less|later|earlier|one|need)\b) \w+": None,
}

#: Phrases with a listed word that are right.
ALLOWED = (
    r"credit notes?|delivery notes?|debit notes?|release notes?",
    r"hold reasons?|on hold|threshold|household",
    r"stand-?alone",
    r"settlements?",
    r"asking price",
)

#: What a docstring does not open with.
OPENINGS = ("What", "Whether", "Who", "Whose", "Whom", "Of", "By", "How")
#: Where docstrings are read.
DOCUMENTED = ("cartona_integration", "sandbox", "tools")

_ADDON = "cartona_integration"
#: Area -> patterns of its files. A file belongs to the first area that names it.
AREAS = {
    "addon tests": (f"{_ADDON}/tests/**/*.py",),
    "api and matching": (f"{_ADDON}/cartona_api/**/*.py", f"{_ADDON}/cartona_matching/**/*.py"),
    "addon code": (f"{_ADDON}/**/*.py", f"{_ADDON}/**/*.xml", f"{_ADDON}/README.md"),
    "sandbox": tuple(f"sandbox/**/*.{kind}" for kind in ("py", "js", "html", "css", "md")),
    "tools": ("tools/**/*.py",),
    "tests": ("tests/**/*.py", "tests/**/*.md"),
    "docs": ("*.md", "docs/**/*.md"),
    "translation template": (f"{_ADDON}/i18n/*.pot",),
}
#: They contain the list itself.
EXEMPT = ("tools/checks/vocabulary.py", "tests/tools/test_vocabulary.py")

# Names and addresses inside prose: as long as what they replace, so positions remain.
_CODE = re.compile(
    r"``[^`]*``|`[^`\n]*`|https?://\S+|\]\([^)\s]*\)|:param [^:]*:|\w*[_/.@-]*\w+(?:[_/.@]+\w+)+"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")


@dataclass(frozen=True)
class Use:
    """One listed word in a file."""

    line: int
    word: str


@dataclass
class Count:
    """The prose of one file, or of several: its words, and the listed ones among them."""

    words: int
    uses: list[Use]

    @property
    def rate(self) -> float:
        """Return the listed words per 1,000."""
        return 1000 * len(self.uses) / self.words if self.words else 0.0


def count(path: Path, root: Path) -> Count:
    """Return how many words the prose of a file has, and where the listed ones are."""
    name = path.relative_to(root).as_posix()
    words, uses = 0, []
    for line, text in prose(path):
        text = _CODE.sub(lambda code: "·" * len(code[0]), text)
        words += len(_WORD.findall(text))
        text = _allowed().sub(lambda phrase: "·" * len(phrase[0]), text)
        for match in _listed(name).finditer(text):
            place = line + text.count("\n", 0, match.start())
            uses.append(Use(place, re.sub(r"\s+", " ", match[0].lower())))
    return Count(words, sorted(uses, key=lambda use: use.line))


def counts(root: Path = ROOT) -> dict[str, dict[Path, Count]]:
    """Return area -> file -> its count."""
    seen = {root / name for name in EXEMPT}
    found: dict[str, dict[Path, Count]] = {}
    for area, patterns in AREAS.items():
        paths = sorted({path for pattern in patterns for path in root.glob(pattern)} - seen)
        seen.update(paths)
        found[area] = {path: count(path, root) for path in paths}
    return found


def total(files: dict[Path, Count]) -> Count:
    """Return the sum over several files."""
    uses = [use for one in files.values() for use in one.uses]
    return Count(sum(one.words for one in files.values()), uses)


def problems(root: Path = ROOT) -> Iterator[str]:
    """Yield areas and files with too many listed words, and docstrings with a wrong opening."""
    for area, files in counts(root).items():
        summed = total(files)
        if summed.rate > PER_THOUSAND:
            yield f"{area}: {summed.rate:.1f} listed words per 1,000 are more than {PER_THOUSAND}"
        for path, one in files.items():
            if len(one.uses) > PER_FILE:
                yield (
                    f"{path.relative_to(root)}:{one.uses[0].line}: {len(one.uses)} listed words "
                    f"are more than {PER_FILE}: {_frequent(one)}"
                )
    yield from openings(root)


def openings(root: Path = ROOT) -> Iterator[str]:
    """Yield docstrings that do not open with a verb."""
    for path in sorted(path for folder in DOCUMENTED for path in (root / folder).rglob("*.py")):
        for line, text in docstrings(path.read_text(encoding="utf-8")):
            first = re.match(r"\w*", text.lstrip())[0]
            if first in OPENINGS:
                yield f"{path.relative_to(root)}:{line}: the docstring opens with {first}"


def table(root: Path = ROOT, worst: int = 30) -> Iterator[str]:
    """Yield the rate of every area, then the files with most listed words."""
    found = counts(root)
    yield f"{'area':24}{'words':>8}{'listed':>8}{'per 1,000':>11}"
    for area, files in found.items():
        summed = total(files)
        yield f"{area:24}{summed.words:8}{len(summed.uses):8}{summed.rate:11.1f}"
    yield f"{'wrong openings of docstrings':32}{len(list(openings(root))):8}"
    yield ""
    files = [item for area in found.values() for item in area.items()]
    files.sort(key=lambda item: -len(item[1].uses))
    for path, one in files[:worst]:
        yield f"{len(one.uses):4} {one.rate:6.1f}  {path.relative_to(root)}: {_frequent(one)}"
    yield ""
    yield _frequent(total(dict(files)), 60)


def occurrences(paths: list[Path], root: Path = ROOT) -> Iterator[str]:
    """Yield every listed word in these files or folders, with its line."""
    files = [file for area in counts(root).values() for file in area.items()]
    for path, one in files:
        if any(path == wanted or wanted in path.parents for wanted in paths):
            lines = path.read_text(encoding="utf-8").split("\n")
            for use in one.uses:
                text = lines[min(use.line, len(lines)) - 1].strip()
                yield f"{path.relative_to(root)}:{use.line}: [{use.word}] {text[:90]}"


def _frequent(one: Count, most: int = 6) -> str:
    words = Counter(use.word for use in one.uses)
    return ", ".join(f"{word} {number}" for word, number in words.most_common(most))


@cache
def _listed(name: str) -> re.Pattern[str]:
    words = [word for word, right in WORDS.items() if not right or not re.search(right, name)]
    return _expression(words)


@cache
def _allowed() -> re.Pattern[str]:
    return _expression(ALLOWED)


def _expression(words: list[str] | tuple[str, ...]) -> re.Pattern[str]:
    joined = "|".join(words).replace(" ", r"\s+")
    return re.compile(rf"(?<![\w-])(?:{joined})(?![\w-])", re.IGNORECASE)


if __name__ == "__main__":
    _parser = options(__doc__)
    _parser.add_argument("--show", nargs="+", type=Path, help="print every occurrence in these")
    _options = _parser.parse_args()
    _root = _options.root.resolve()
    if _options.show:
        _paths = [path if path.is_absolute() else _root / path for path in _options.show]
        print("\n".join(occurrences(_paths, _root)))
    elif _options.list:
        print("\n".join(table(_root)))
    else:
        finish(problems(_root))
