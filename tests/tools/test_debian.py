"""The machine's own Debian archive is found, in either format of apt."""

import subprocess

import pytest

from tools.dev import debian

DEB822 = """\
Types: deb
# a remark in the middle
URIs: {uri}
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.fixture
def etc(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "uri",
    [
        "http://deb.debian.org/debian",
        "http://deb.debian.org/debian/",
        "https://mirror.example/some/path/debian",
        "http://snapshot.debian.org/archive/debian/20250520T000000Z",
    ],
)
def test_deb822_file_gives_uri_and_key(etc, uri):
    (etc / "sources.list.d" / "debian.sources").write_text(DEB822.format(uri=uri))
    found = debian._own_archive(etc)
    assert found == debian.Archive(uri, "/usr/share/keyrings/debian-archive-keyring.gpg")
    assert f"URIs: {uri}\nSuites: unstable bookworm\n" in found.source()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("deb http://deb.debian.org/debian trixie main", ""),
        ("deb [arch=amd64 signed-by=/k.gpg] http://deb.debian.org/debian trixie main", "/k.gpg"),
    ],
)
def test_one_line_sources_are_parsed(etc, line, key):
    vendor = "deb https://packages.example.com/apt stable main"
    (etc / "sources.list").write_text(f"# deb http://old/debian x main\n{vendor}\n{line}\n")
    assert debian._own_archive(etc) == debian.Archive("http://deb.debian.org/debian", key)


def test_other_archives_are_not_debian(etc):
    (etc / "sources.list").write_text(
        "deb http://archive.ubuntu.com/ubuntu jammy main\n"
        "deb http://deb.debian.org/debian-security bookworm-security main\n"
    )
    assert debian._own_archive(etc) is None


def test_dated_snapshot_is_also_tried_as_of_today(monkeypatch):
    own = debian.Archive("http://snapshot.debian.org/archive/debian/20200101T000000Z", "/k.gpg")
    monkeypatch.setattr(debian, "_own_archive", lambda: own)
    archives = list(debian._archives())
    assert archives[0] == own
    assert debian._SNAPSHOT.search(archives[1].uri)
    assert archives[1].uri > own.uri
    assert archives[1].signed_by == "/k.gpg"


def test_broken_link_raises(monkeypatch, tmp_path):
    monkeypatch.setattr(debian, "_APT", tmp_path / "apt")
    prefix = tmp_path / "prefix"
    prefix.mkdir()
    (prefix / "font.woff").symlink_to("../nowhere")
    with pytest.raises(debian.store.SetupError, match="font.woff"):
        debian.unpack(prefix)


def test_only_arabic_translations_are_unpacked(monkeypatch, tmp_path):
    monkeypatch.setattr(debian, "_APT", tmp_path / "apt")
    monkeypatch.setattr(debian, "LOGS", tmp_path)
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: x\n"
    )
    names = ["ar.po", "ar_SY.po", "az.po", "de.po", "sale.pot"]
    (tree / "addons" / "sale" / "i18n").mkdir(parents=True)
    for name in names:
        (tree / "addons" / "sale" / "i18n" / name).write_text("")
    (tmp_path / "apt" / "debs").mkdir(parents=True)
    package = tmp_path / "apt" / "debs" / "x.deb"
    subprocess.run(["dpkg-deb", "--build", tree, package], check=True, capture_output=True)
    (tmp_path / "prefix").mkdir()
    debian.unpack(tmp_path / "prefix")
    unpacked = (tmp_path / "prefix" / "addons" / "sale" / "i18n").iterdir()
    assert sorted(path.name for path in unpacked) == ["ar.po", "ar_SY.po", "sale.pot"]
