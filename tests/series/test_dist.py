"""The distribution: the addon of every series, complete, and identical whenever it is made."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import PurePosixPath

import pytest
from lxml import etree

from tools.checks import xml_layout
from tools.dev.paths import ADDON, ROOT
from tools.series import dist, ladder, terms

SOURCE = ROOT / ADDON
#: Attributes whose text is shown.
_SHOWN = {"string", "help", "title", "placeholder", "confirm", "sum", "avg", "data-tooltip"}


@pytest.fixture(params=ladder.SERIES)
def series(request):
    return request.param


def test_every_series_gets_every_file_and_its_version(tmp_path, series):
    archive = dist.write(SOURCE, series, tmp_path)

    folder = tmp_path / series / ADDON
    made = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    source = {path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_file()}
    assert made == {path for path in source if path.suffix != ".pyc"}
    manifest = ast.literal_eval((folder / "__manifest__.py").read_text())
    own = ast.literal_eval((SOURCE / "__manifest__.py").read_text())["version"]
    assert manifest["version"] == series + own.removeprefix("19.0")
    assert archive.name == f"{ADDON}-{manifest['version']}.zip"
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        assert all(zipped.read(f"{ADDON}/{path}") == (folder / path).read_bytes() for path in made)
    assert names == sorted(f"{ADDON}/{path}" for path in made)


def test_views_are_laid_out_like_the_source(series):
    source = {
        str(path.relative_to(SOURCE)): list(xml_layout.problems("", path.read_text()))
        for path in SOURCE.rglob("*.xml")
    }
    for name, content in ladder.derive(SOURCE, series).items():
        if name.suffix == ".xml" and not source[str(name)]:
            assert list(xml_layout.problems(str(name), content.decode())) == []


def test_texts_of_views_are_those_of_the_source(series):
    files = ladder.derive(SOURCE, series)
    checked = 0
    for path in sorted(SOURCE.rglob("*.xml")):
        content = files[PurePosixPath(path.relative_to(SOURCE))]
        for (place, node), (_same, derived) in zip(
            terms.places(etree.fromstring(path.read_bytes())),
            terms.places(etree.fromstring(content)),
            strict=True,
        ):
            assert words(derived) == words(node), place
            checked += 1
    assert checked > 40


def test_every_term_of_a_series_has_its_translation(series):
    files = ladder.derive(SOURCE, series)
    arabic = terms.catalogue_of(files[PurePosixPath("i18n/ar.po")].decode())
    checked = 0
    for name, content in files.items():
        if name.suffix == ".xml":
            for place, node in terms.places(etree.fromstring(content)):
                found = [term for term in terms.terms(node) if re.search(r"[^\W\d_]", term)]
                checked += len(found)
                assert [term for term in found if term not in arabic] == [], place
    assert checked > 300


def test_source_is_the_newest_series_unchanged():
    for name, content in ladder.derive(SOURCE, ladder.SOURCE).items():
        assert (SOURCE / name).read_bytes() == content


def test_archive_is_identical_at_another_place_and_time(tmp_path):
    elsewhere = tmp_path / "copy" / ADDON
    shutil.copytree(SOURCE, elsewhere, ignore=shutil.ignore_patterns("__pycache__"))
    for path in elsewhere.rglob("*"):
        os.utime(path, (10**9, 10**9))
        path.chmod(0o700)
    (elsewhere / "__pycache__").mkdir()
    (elsewhere / "__pycache__" / "x.pyc").write_bytes(b"made by a run")

    sums = {
        hashlib.sha256(dist.write(addon, "16.0", tmp_path / name).read_bytes()).hexdigest()
        for name, addon in (("here", SOURCE), ("there", elsewhere))
    }
    assert len(sums) == 1


def test_files_of_an_older_version_are_removed(tmp_path):
    dist.write(SOURCE, "17.0", tmp_path)
    (tmp_path / "17.0" / ADDON / "old.py").write_text("")
    dist.write(SOURCE, "17.0", tmp_path)
    assert not (tmp_path / "17.0" / ADDON / "old.py").exists()


def test_command_writes_the_selected_series(tmp_path):
    command = [sys.executable, "-m", "tools.series", "18.0", "15.0", "--to", str(tmp_path)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["15.0", "18.0"]
    assert all(line.endswith(".zip") for line in made.splitlines())
    refused = subprocess.run([*command[:3], "14.0"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "14.0: the series are 19.0" in refused.stderr


@pytest.mark.parametrize(
    "text", ['{"version": "19.0.1.0.0"}', '{\n    "version": "18.0.1.0.0",\n}']
)
def test_a_manifest_without_a_version_of_the_source_is_refused(text):
    with pytest.raises(ladder.LadderError, match="no version 19.0.x.y.z"):
        ladder.versioned(text, "16.0")


def test_a_kind_of_file_without_a_rule_is_refused(tmp_path):
    (tmp_path / "__manifest__.py").write_text('{\n    "version": "19.0.1.0.0",\n}\n')
    (tmp_path / "tour.js").write_text("registry.category('web_tour.tours')")
    with pytest.raises(ladder.LadderError, match="tour.js: no rule for such files"):
        ladder.derive(tmp_path, "18.0")


# === HELPERS === #


def words(node):
    """Return all words that a view shows, with their number: rules may move them."""
    found = Counter()
    for element in node.iter("*"):
        texts = [value for name, value in element.attrib.items() if name in _SHOWN]
        texts += [element.text, element.tail if element is not node else ""]
        for text in texts:
            found.update((text or "").split())
    return found
