"""Databases of killed runs are dropped, others are kept; files are copied with a database."""

import os
import subprocess
from types import SimpleNamespace

import pytest

from tools.dev import databases, odoo_config


@pytest.fixture(autouse=True)
def _private_folders(monkeypatch, tmp_path):
    monkeypatch.setattr(odoo_config, "DATA_DIR", tmp_path)
    monkeypatch.setattr(databases, "DEV", tmp_path)


def test_only_databases_of_ended_processes_are_dropped():
    ended = subprocess.Popen(["true"])
    ended.wait()
    orphan = f"cartona_of_{ended.pid}_ab12cd"
    names = [orphan, f"cartona_of_{os.getpid()}_ab12cd", "cartona_run", f"x{orphan}"]
    dropped = []
    pg = SimpleNamespace(databases=lambda: names, drop=dropped.append)
    databases._drop_orphans(SimpleNamespace(pg=pg))
    assert dropped == [orphan]


def test_filestore_survives_deletion_of_its_copy():
    original = odoo_config.filestore("one") / "ab" / "abcd"
    original.parent.mkdir(parents=True)
    original.write_text("picture")
    databases._copy_filestore("one", "two")
    copy = odoo_config.filestore("two") / "ab" / "abcd"
    assert copy.read_text() == "picture"
    copy.unlink()
    assert original.read_text() == "picture"
    databases._copy_filestore("one", "two")
    original.unlink()
    assert copy.read_text() == "picture"
