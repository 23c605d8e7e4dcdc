"""The template of the translations contains the addon's present texts."""

import polib
import pytest

from tools.dev import translations
from tools.dev.environment import Environment
from tools.dev.paths import ADDON, DEFAULT_SERIES


def test_template_equals_odoos_export(environment: Environment):
    if environment.series != DEFAULT_SERIES:
        pytest.skip("only the series of the source has the exporter")
    committed = polib.pofile(str(translations.I18N / f"{ADDON}.pot"))
    assert sentences(committed) == sentences(translations.export(environment)), (
        "run `./dev exec python -m tools.dev.translations`"
    )


# === HELPERS === #


def sentences(template: polib.POFile) -> dict[str, set[str]]:
    """Return each text and its places; line numbers are ignored."""
    return {entry.msgid: {place for place, _line in entry.occurrences} for entry in template}
