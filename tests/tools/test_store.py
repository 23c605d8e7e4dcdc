"""Things created once are complete or absent, and created again when a source changes."""

import subprocess
import sys

import pytest

from tools.dev import store
from tools.dev.paths import ROOT


def test_key_changes_with_any_part_and_file_content(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("one")
    first = store.key_of("a", listed)
    listed.write_text("two")
    assert len({first, store.key_of("a", listed), store.key_of("b", listed)}) == 3
    assert store.key_of("a", "b") != store.key_of("ab")


def test_tree_key_covers_names_and_content_except_skipped_files(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.py").write_text("1")
    (tmp_path / "tests").mkdir()
    skip = ["tests", "README.md"]
    key = store.tree_key(tmp_path, skip)
    (tmp_path / "tests" / "test_a.py").write_text("anything")
    (tmp_path / "README.md").write_text("anything")
    (tmp_path / "models" / "__pycache__").mkdir()
    (tmp_path / "models" / "__pycache__" / "a.pyc").write_text("anything")
    assert store.tree_key(tmp_path, skip) == key
    (tmp_path / "models" / "a.py").rename(tmp_path / "models" / "b.py")
    renamed = store.tree_key(tmp_path, skip)
    (tmp_path / "models" / "b.py").write_text("2")
    assert len({key, renamed, store.tree_key(tmp_path, skip)}) == 3


def test_interrupted_folder_is_absent_and_created_next_time(tmp_path):
    folder = tmp_path / "made"

    def half(place):
        (place / "first").write_text("1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.make_folder(folder, "key", half)
    assert not folder.exists()
    store.make_folder(folder, "key", lambda place: (place / "second").write_text("2"))
    assert [path.name for path in sorted(folder.iterdir())] == [store.STAMP, "second"]
    assert store.is_made(folder, "key")
    assert not store.is_made(folder, "another key")


def test_folder_is_unchanged_while_its_successor_is_created(tmp_path):
    folder = tmp_path / "made"
    store.make_folder(folder, "1", lambda place: (place / "old").write_text(""))
    store.make_folder(folder, "2", lambda place: (folder / "old").rename(folder / "seen"))
    assert [path.name for path in folder.iterdir()] == [store.STAMP]


def test_existing_thing_is_not_recreated_and_needs_no_lock(monkeypatch):
    monkeypatch.setattr(store, "exclusive", None)
    store.ensure(lambda: True, None)


def test_thing_created_meanwhile_is_not_recreated(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "DEV", tmp_path)
    answers = iter([False, True])
    store.ensure(lambda: next(answers), None)
    made = []
    store.ensure(lambda: False, lambda: made.append(1))
    assert made == [1]


def test_second_run_waits_and_names_the_first(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(store, "DEV", tmp_path)
    code = "import sys, time\nfrom tools.dev import store\nstore.DEV = __import__('pathlib').Path"
    code += f"({str(tmp_path)!r})\nwith store.exclusive():\n    print(1, flush=True)\n    "
    code += "sys.stdin.read()\n    time.sleep(0.5)\n    open(store.DEV / 'first was done', 'w')"
    first = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    first.stdout.readline()
    monkeypatch.setattr(store, "say", lambda text: (print(text), first.stdin.close()))
    with store.exclusive():
        assert (tmp_path / "first was done").exists()
    first.wait()
    first.stdout.close()
    assert f"process {first.pid}" in capsys.readouterr().out
