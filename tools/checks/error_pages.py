"""Compare the tables of errors in the user guides with the addon, in English and in Arabic.

`cartona_integration/models/core/reasons.py` contains every sentence that a user can meet;
`--fix` writes them into the guides, between two remarks. The sentences are read by running that
file without Odoo: it needs a function that translates and a class to inherit, no more.
"""

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import polib

from tools.checks.report import ADDON, ROOT, finish

REASONS = ADDON / "models" / "core" / "reasons.py"
BEGIN = "<!-- errors: written by `./dev lint --fix` from the addon's own sentences -->"
END = "<!-- end of errors -->"

#: Guide -> (language or None, heads of the first columns, the four headings, each with the head of
#: the last column: what of it is a button there, and what the button Fix leads to).
GUIDES = {
    "docs/user-guide.md": (
        None,
        ("You read", "What it means for you, and what to do"),
        (
            ("The connection", "What to do"),
            ("Products", "Button"),
            ("Waiting orders", "What to do (press **Fix**)"),
            ("Orders that differ on Cartona", "Button"),
        ),
    ),
    "docs/user-guide.ar.md": (
        "ar",
        ("الرسالة", "معناها والمطلوب منك"),
        (
            ("الاتصال", "ما يجب عمله"),
            ("المنتجات", "الزر"),
            ("الطلبات المنتظرة", "ما يجب عمله (اضغط **إصلاح**)"),
            ("طلبات حالتها مختلفة على كرتونة", "الزر"),
        ),
    ),
}


def reasons(translate: Callable[[str], str], source: Path = REASONS) -> object:
    """Return the addon's `cartona.reasons`, without Odoo.

    :param translate: English sentence -> sentence
    """
    odoo = types.ModuleType("odoo")
    odoo._ = lambda text, *values: translate(text) % values if values else translate(text)
    odoo.models = types.SimpleNamespace(AbstractModel=object)
    before = sys.modules.get("odoo")
    sys.modules["odoo"] = odoo
    try:
        names = {"__name__": "reasons"}
        exec(compile(source.read_text(), str(source), "exec"), names)
    finally:
        del sys.modules["odoo"]
        if before:
            sys.modules["odoo"] = before
    return names["CartonaReasons"]()


def tables(said: object, heads: tuple, headings: tuple) -> str:
    """Return the four tables as Markdown, rows in the order of the file.

    :param said: as `reasons` returns it
    """
    labels = said._fix_labels()
    groups = (
        said._connection_reasons(),
        said._listing_reasons(),
        said._order_reasons(),
        said._order_update_reasons(),
    )
    parts = []
    for (heading, last), group in zip(headings, groups, strict=True):
        rows = [
            (reason.cause, reason.consequence, labels.get(reason.fix, ""))
            for reason in group.values()
        ]
        lines = [(*heads, last), ["---"] * 3, *rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(f"### {heading}\n{table}\n")
    return "\n".join(parts)


def filled(text: str, content: str) -> str:
    """Return the text of a guide with these tables in the place for them.

    :raise ValueError: when it has no such place
    """
    head, begin, rest = text.partition(BEGIN)
    _old, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError("has no place for the errors")
    return f"{head}{BEGIN}\n\n{content}\n{END}{tail}"


def translator(language: str | None) -> Callable[[str], str]:
    """Return a function that translates a sentence; without a translation it stays as it is."""
    if language is None:
        return str
    entries = polib.pofile(str(ADDON / "i18n" / f"{language}.po"))
    known = {entry.msgid: entry.msgstr for entry in entries if entry.msgstr and not entry.fuzzy}
    return lambda text: known.get(text, text)


def problems(fix: bool = False, root: Path = ROOT) -> Iterator[str]:
    """Yield guides whose tables differ from the addon, after repairing them if `fix` is set."""
    for name, (language, *words) in GUIDES.items():
        path = root / name
        text = path.read_text()
        try:
            wanted = filled(text, tables(reasons(translator(language)), *words))
        except ValueError as error:
            yield f"{name}: {error}"
            continue
        if fix:
            path.write_text(wanted)
        elif text != wanted:
            yield f"{name}: its errors are not the addon's; `./dev lint --fix` writes them"


if __name__ == "__main__":
    finish(problems("--fix" in sys.argv[1:]))
