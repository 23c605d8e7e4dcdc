"""The embedded server: made once, kept while somebody uses it, stopped by the last one."""

import os
import subprocess
import sys

import psycopg2
import pytest

from tools.dev import postgres
from tools.dev.paths import ROOT


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A server of this test alone."""
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(postgres, "_HOME", tmp_path / "pg")
    monkeypatch.setattr(postgres, "_DATA", tmp_path / "pg" / "data")
    monkeypatch.setattr(postgres, "_LOG", tmp_path / "postgres.log")
    monkeypatch.setattr(postgres, "_users", None)
    yield tmp_path
    postgres.stop()


def test_a_database_is_copied_from_a_template_and_dropped(home):
    server = postgres.prepare()
    assert server.user == "odoo"
    server.create("one")
    server.query("CREATE TABLE t AS SELECT 42 AS answer", database="one")
    server.create_from_template("two", "one")
    assert server.query("SELECT answer FROM t", database="two") == [(42,)]
    server.rename("one", "three")
    with server.connect("two"):
        server.drop("two")  # although somebody is connected
    assert {"one", "two", "three"} & set(server.databases()) == {"three"}


def test_the_role_may_make_databases_and_odoo_accepts_it(home):
    server = postgres.prepare()
    [(is_super,)] = server.query("SELECT rolsuper FROM pg_roles WHERE rolname = %s", server.user)
    assert is_super
    assert server.user != "postgres"


def test_what_was_written_is_there_after_a_stop(home):
    postgres.prepare().create("kept")
    postgres.stop()
    assert not postgres._is_running()
    assert "kept" in postgres.prepare().databases()


def test_the_server_stays_while_another_process_uses_it(home):
    server = postgres.prepare()
    code = (
        "import sys\nfrom pathlib import Path\nfrom tools.dev import postgres\n"
        f"postgres._HOME = Path({str(home / 'pg')!r})\n"
        "postgres._DATA = postgres._HOME / 'data'\n"
        "postgres.prepare()\nprint(1, flush=True)\nsys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    other.stdout.readline()
    postgres.stop()
    assert server.databases()
    other.communicate()
    with pytest.raises(psycopg2.OperationalError):
        server.databases()


def test_an_interrupted_first_start_is_made_again(home):
    (home / "pg" / "data.partial").mkdir(parents=True)
    (home / "pg" / "data.partial" / "PG_VERSION").write_text("half")
    assert "postgres" in postgres.prepare().databases()


def test_a_long_path_gets_a_short_socket(home, monkeypatch):
    assert postgres._socket_folder() == home / "pg" / "socket" or len(str(home)) > 70
    monkeypatch.setattr(postgres, "_HOME", home / ("long" * 30))
    short = str(postgres._socket_folder())
    assert len(os.fsencode(short)) < 80


def test_a_server_named_by_the_usual_variables_wins(home, monkeypatch):
    server = postgres.prepare()
    monkeypatch.setenv("PGHOST", server.host)
    monkeypatch.setenv("PGUSER", "postgres")
    named = postgres.prepare()
    assert (named.host, named.port, named.user) == (server.host, "5432", "odoo")
    assert named.databases()
    assert named.environment() == {"PGHOST": server.host, "PGPORT": "5432", "PGUSER": "odoo"}
