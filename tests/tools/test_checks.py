"""Every check of `make lint` finds what it is there for, and passes what is right."""

import polib
import pytest

from tools.checks import (
    changelog_matches_manifest,
    file_length,
    no_stray_odoo_import,
    translations_complete,
    xml_layout,
)


@pytest.mark.parametrize(
    ("changelog", "found"),
    [
        ("# Changes\n\n## 19.0.1.2.0\n\n- x\n\n## 19.0.1.1.0\n", []),
        ("## [19.0.1.2.0] - 2026-01-01\n", []),
        ("## 19.0.1.1.0\n", ["the top version is 19.0.1.1.0, the manifest's is 19.0.1.2.0"]),
        ("nothing here\n", ["no heading"]),
    ],
)
def test_the_changelog_s_top_version_is_the_manifest_s(changelog, found):
    manifest = '{"name": "x", "version": "19.0.1.2.0"}'
    problems = list(changelog_matches_manifest.problems(changelog, manifest))
    assert len(problems) == len(found)
    assert all(words in line for words, line in zip(found, problems, strict=True))


@pytest.mark.parametrize(
    ("package", "source", "name"),
    [
        ("client", "from odoo import _", "odoo"),
        ("client", "def f():\n    import lxml", "lxml"),
        ("client", "from .. import models", ".."),
        ("sandbox", "import cartona_integration.cartona_api", "cartona_integration"),
        ("sandbox", "from tools.dev import paths", "tools"),
    ],
)
def test_an_import_that_leaves_its_package_is_found(tmp_path, package, source, name):
    for folder in ("client", "sandbox"):
        (tmp_path / folder / "deeper").mkdir(parents=True)
        clean = "import json\nimport requests\nfrom . import other\nfrom ..base import x\n"
        (tmp_path / folder / "deeper" / "fine.py").write_text(clean)
    places = tmp_path / "client", tmp_path / "sandbox"
    assert not list(no_stray_odoo_import.problems(*places))
    (tmp_path / package / "bad.py").write_text(source)
    [problem] = no_stray_odoo_import.problems(*places)
    assert f"imports {name}" in problem
    assert "bad.py:" in problem


def _catalogue(*entries):
    catalogue = polib.POFile()
    for msgid, msgstr, *flags in entries:
        catalogue.append(polib.POEntry(msgid=msgid, msgstr=msgstr, flags=flags))
    return catalogue


@pytest.mark.parametrize(
    ("translation", "found"),
    [
        ([("%(n)s of %s", "%s من %(n)s")], None),
        ([("%(n)s of %s", "")], "not translated"),
        ([], "not translated"),
        ([("%(n)s of %s", "%s من %(m)s")], "other placeholders"),
        ([("%(n)s of %s", "%s من %(n)s", "fuzzy")], "unsure"),
        ([("%(n)s of %s", "%s من %(n)s"), ("gone", "ذهب")], "does not contain"),
    ],
)
def test_a_gap_in_the_translation_is_found(translation, found):
    problems = list(
        translations_complete.problems(_catalogue(("%(n)s of %s", "")), _catalogue(*translation))
    )
    assert (not problems) if found is None else (len(problems) == 1 and found in problems[0])


GOOD = """\
<?xml version="1.0" encoding="utf-8" ?>
<odoo>
    <!-- A remark with <tags> in it. -->
    <record id="a" model="b">
        <field name="c">text <b>bold</b></field>
        <field
            name="domain"
            eval="[('a', '>', 1)]"
        />
    </record>
</odoo>
"""


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('<?xml version="1.0" encoding="utf-8" ?>', "<?xml version='1.0'?>", "first line"),
        ("    <record", "  <record", "<record> is at column 2 instead of 4"),
        ("    </record>", "</record>", "<record> is at column 0 instead of 4"),
        ('            name="domain"\n', '          name="domain"\n', "one attribute per line"),
        ("        />", '        extra="1" />', "one attribute per line"),
        ('id="a" model', 'id="a"  model', "is not written as"),
        ("</odoo>\n", "</odoo>", "one line end"),
        ("</record>\n", "</record> \n", "blanks at the end"),
    ],
)
def test_xml_that_is_laid_out_otherwise_is_found(right, wrong, words):
    assert list(xml_layout.problems("x", GOOD)) == []
    problems = list(xml_layout.problems("x", GOOD.replace(right, wrong, 1)))
    assert any(words in line for line in problems), problems


def test_repairing_xml_puts_every_line_at_its_level_and_changes_no_word():
    crooked = "\n".join(line.strip() for line in GOOD.split("\n"))
    repaired = xml_layout.repaired(crooked)
    assert repaired.split() == GOOD.split()
    assert '\n        <field name="c">' in repaired
    assert xml_layout.repaired(GOOD) == GOOD


def test_a_file_of_more_than_500_lines_is_found(tmp_path):
    for name, lines in {"tools/long.py": 501, "tests/fits.py": 500, "tools/data.csv": 900}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n" * lines)
    assert list(file_length.problems(tmp_path)) == [
        "tools/long.py:501: 501 lines are more than 500"
    ]
