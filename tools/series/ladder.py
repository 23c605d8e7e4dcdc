"""The ladder: converts an addon's files to an older series."""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.series import facts, step_16_to_15, step_17_to_16, step_18_to_17, step_19_to_18, terms
from tools.series.document import Document, Refused
from tools.series.markup import Context
from tools.series.vocabulary import only_known_names

SOURCE = "19.0"
#: Kinds of files that are the same in every series.
_AS_THEY_ARE = {".py", ".csv", ".po", ".pot", ".sql", ".png", ".svg", ".jpg", ".gif", ".html"}
_AS_THEY_ARE |= {".md", ".rst", ".txt", ".json", ".toml"}
_LEFT_OUT = {"__pycache__"}
_VERSION = re.compile(r'^(\s*"version": ")' + re.escape(SOURCE) + r'(\.\d+\.\d+\.\d+",)$', re.M)

Rule = Callable[[Context], None]


@dataclass(frozen=True)
class Step:
    """One step down.

    :ivar series: the series that it converts to
    :ivar rules: run in this order on every file
    :ivar last_rules: run on every file after all files had the others
    """

    series: str
    rules: Sequence[Rule]
    last_rules: Sequence[Rule] = ()

    def take(self, documents: dict[str, Document], known: facts.Facts) -> list[str]:
        """Change the documents; return what could not be converted, one line each."""
        # After a refusal the last rules would only find more of the same.
        return _run(self.rules, documents, known) or _run(self.last_rules, documents, known)


STEPS = (
    Step("18.0", step_19_to_18.RULES, step_19_to_18.LAST_RULES),
    Step("17.0", step_18_to_17.RULES),
    Step("16.0", step_17_to_16.RULES),
    Step("15.0", step_16_to_15.RULES),
)
SERIES = (SOURCE, *(step.series for step in STEPS))


class LadderError(Exception):
    """The addon cannot be converted; one line each with file, line and rule."""


def derive(addon: Path, series: str) -> dict[PurePosixPath, bytes]:
    """Return the files of an addon for one series.

    :param addon: the folder of the source, written for `SOURCE`
    :param series: one of `SERIES`
    :return: path below the addon's folder -> content
    :raise LadderError: with everything that the ladder cannot convert
    """
    found = {path.relative_to(addon): path for path in _files(addon)}
    files = {PurePosixPath(name): path.read_bytes() for name, path in found.items()}
    documents = {
        str(name): Document(content.decode())
        for name, content in files.items()
        if name.suffix == ".xml"
    }
    known = facts.read(addon)
    problems = [f"{name}: no rule for such files" for name in files if not _is_known(name)]
    problems += _run([only_known_names], documents, known)
    for step in STEPS[: SERIES.index(series)]:
        problems = problems or step.take(documents, known)
    if problems:
        raise LadderError("\n".join(problems))
    if series != SOURCE:
        views = {name: document.text() for name, document in documents.items()}
        for name in (name for name in files if name.suffix == ".po"):
            files[name] = _with_terms(addon.name, files, name, views, known, series).encode()
        files.update({PurePosixPath(name): text.encode() for name, text in views.items()})
    manifest = PurePosixPath("__manifest__.py")
    files[manifest] = versioned(files[manifest].decode(), series).encode()
    return files


def _with_terms(
    module: str,
    files: dict[PurePosixPath, bytes],
    name: PurePosixPath,
    views: dict[str, str],
    known: facts.Facts,
    series: str,
) -> str:
    """Return a catalogue that also has the terms which the steps have changed.

    :param files: of the source
    :param name: of the catalogue
    :param views: the converted files
    """
    catalogue = files[name].decode()
    translations = terms.catalogue_of(catalogue)
    translated = {
        path: Document(terms.translate(files[PurePosixPath(path)].decode(), translations))
        for path in views
    }
    problems: list[str] = []
    for step in STEPS[: SERIES.index(series)]:
        problems = problems or step.take(translated, known)
    if problems:
        raise LadderError("\n".join(f"{name}: {problem}" for problem in problems))
    found = (
        row for path, text in views.items() for row in terms.pairs(text, translated[path].text())
    )
    return terms.completed(catalogue, module, found)


def versioned(manifest: str, series: str) -> str:
    """Return a manifest whose version begins with the series.

    :raise LadderError: when it has no version of the source's
    """
    text, count = _VERSION.subn(rf"\g<1>{series}\g<2>", manifest)
    if count != 1:
        raise LadderError(f"__manifest__.py: no version {SOURCE}.x.y.z on a line of its own")
    return text


def version_of(files: dict[PurePosixPath, bytes]) -> str:
    """Return the version in a derived manifest, e.g. `16.0.1.0.0`."""
    return ast.literal_eval(files[PurePosixPath("__manifest__.py")].decode())["version"]


def _files(addon: Path) -> list[Path]:
    paths = (path for path in sorted(addon.rglob("*")) if path.is_file())
    return [
        path
        for path in paths
        if not _is_left_out(path.relative_to(addon)) and path.suffix not in (".pyc", ".pyo")
    ]


def _is_left_out(name: Path) -> bool:
    """Return True for Python's caches, and for hidden files of tools."""
    return any(part in _LEFT_OUT or part.startswith(".") for part in name.parts)


def _is_known(name: PurePosixPath) -> bool:
    return name.suffix == ".xml" or name.suffix in _AS_THEY_ARE


def _run(rules: Sequence[Rule], documents: dict[str, Document], known: facts.Facts) -> list[str]:
    problems = []
    for name, document in documents.items():
        for rule in rules:
            try:
                rule(Context(document, known, documents))
            except Refused as refused:
                place = f"{name}:{refused.line}" if refused.line else name
                step = rule.__module__.rpartition(".")[2]
                problems.append(f"{place}: {step}.{rule.__name__}: {refused.reason}")
    return problems
