"""`python -m tools.dev.translations`: update the .po files from the addon's source.

Odoo's own exporter writes the template from a database with the current addon; each translation
gets the new sentences, empty, and loses those that the addon no longer contains.
"""

import sys
import tempfile
from pathlib import Path

import polib

from tools.dev import databases, environment, odoo_config, processes, store
from tools.dev.paths import ADDON, ROOT

I18N = ROOT / ADDON / "i18n"

#: Kept headers of Odoo's: the purpose, and no dates, which would change every time.
_HEADERS = ("Project-Id-Version", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


def main() -> int:
    """Export the template and update every translation.

    :return: the exit code: 1 when a translation has untranslated sentences, else 0
    """
    processes.end_on_signals()
    try:
        template = export(environment.prepare())
    except (store.SetupError, processes.CommandError) as error:
        print(f"translations: {error}", file=sys.stderr)
        return 1
    template.save(str(I18N / f"{ADDON}.pot"))
    missing = 0
    for path in sorted(I18N.glob("*.po")):
        translation = polib.pofile(str(path), wrapwidth=template.wrapwidth)
        update(translation, template)
        translation.save()
        for entry in translation.untranslated_entries():
            print(f"{path.name}: not translated: {entry.msgid!r}")
            missing += 1
    print(f"{len(template)} sentences, {missing} to translate")
    return 1 if missing else 0


def export(env: environment.Environment) -> polib.POFile:
    """Return the translatable terms that Odoo finds in a fresh database with the addon.

    :param env: of the series of the source; its exporter is a command since 19
    :raise processes.CommandError: with the tail of Odoo's log
    """
    database = databases.clone(env)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"{ADDON}.pot")
            config = odoo_config.write(env, database)
            processes.run(
                [*env.odoo_command, "i18n", "export", "-c", config, "-o", path, ADDON],
                databases.log_of(f"{database}-export"),
                env.process_environment(),
            )
            template = polib.pofile(str(path))
    finally:
        databases.drop(env, database)
    template.metadata = {name: template.metadata[name] for name in _HEADERS}
    return template


def update(translation: polib.POFile, template: polib.POFile) -> None:
    """Give a translation the entries of the template, in its order, and keep translated ones."""
    known = {entry.msgid: entry for entry in translation if not entry.obsolete}
    translation.header = template.header
    translation.clear()
    for wanted in template:
        entry = known.get(wanted.msgid) or polib.POEntry(msgid=wanted.msgid)
        entry.comment, entry.occurrences = wanted.comment, wanted.occurrences
        translation.append(entry)


if __name__ == "__main__":
    sys.exit(main())
