"""The template of the translations holds what the addon says now."""

import polib
import pytest

from tools.dev import translations
from tools.dev.environment import Environment
from tools.dev.paths import ADDON, DEFAULT_SERIES


def test_the_template_is_what_odoo_finds_to_translate(environment: Environment):
    if environment.series != DEFAULT_SERIES:
        pytest.skip("only the series of the source has the exporter")
    committed = polib.pofile(str(translations.I18N / f"{ADDON}.pot"))
    assert sentences(committed) == sentences(translations.export(environment)), (
        "run `./dev exec python -m tools.dev.translations`"
    )


# === HELPERS === #


def sentences(template: polib.POFile) -> dict[str, set[str]]:
    """Each sentence and where it stands; line numbers are no news."""
    return {entry.msgid: {place for place, _line in entry.occurrences} for entry in template}
