"""Check that every text of the addon has an Arabic one with the same placeholders."""

import re
from collections.abc import Iterator

import polib

from tools.checks.report import ADDON, finish

#: `%s`, `%d`, `%(name)s`, `%%`, `{name}`.
_PLACEHOLDER = re.compile(r"%(?:\([^)]+\))?[sdrf%]|\{\w*\}")


def problems(template: polib.POFile, translation: polib.POFile) -> Iterator[str]:
    """Yield texts without a translation or with other placeholders, and obsolete ones."""
    translated = {entry.msgid: entry for entry in translation if not entry.obsolete}
    for entry in template:
        found = translated.get(entry.msgid)
        if found is None or not found.msgstr:
            yield f"ar.po: not translated: {entry.msgid!r}"
        elif found.fuzzy:
            yield f"ar.po: marked as unsure: {entry.msgid!r}"
        elif sorted(_PLACEHOLDER.findall(entry.msgid)) != sorted(
            _PLACEHOLDER.findall(found.msgstr)
        ):
            yield f"ar.po: other placeholders: {entry.msgid!r} -> {found.msgstr!r}"
    known = {entry.msgid for entry in template}
    for msgid in translated:
        if msgid not in known:
            yield f"ar.po: translates a text that the addon does not contain: {msgid!r}"


def main() -> None:
    """Compare the two files of the addon."""
    folder = ADDON / "i18n"
    template, translation = folder / "cartona_integration.pot", folder / "ar.po"
    missing = [f"{path.name} is missing" for path in (template, translation) if not path.exists()]
    if missing:
        finish(missing)
    finish(problems(polib.pofile(str(template)), polib.pofile(str(translation))))


if __name__ == "__main__":
    main()
