"""The embedded server: created once, kept running while used, stopped by the last user."""

import os
import subprocess
import sys

import psycopg2
import pytest

from tools.dev import postgres
from tools.dev.paths import ROOT


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return the folder of a server for this test only."""
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    own = postgres.Embedded(tmp_path / "pg")
    monkeypatch.setattr(postgres, "_own", own)
    yield own
    own.stop()


def test_a_database_is_copied_from_a_template_and_dropped(home):
    server = postgres.prepare()
    assert server.user == "odoo"
    server.create("one")
    server.query("CREATE TABLE t AS SELECT 42 AS answer", database="one")
    server.create_from_template("two", "one")
    assert server.query("SELECT answer FROM t", database="two") == [(42,)]
    server.rename("one", "three")
    with server.connect("two"):
        server.drop("two")  # despite an open connection
    assert {"one", "two", "three"} & set(server.databases()) == {"three"}


def test_role_may_create_databases_and_odoo_accepts_it(home):
    server = postgres.prepare()
    [(is_super,)] = server.query("SELECT rolsuper FROM pg_roles WHERE rolname = %s", server.user)
    assert is_super
    assert server.user != "postgres"


def test_data_survives_a_stop(home):
    postgres.prepare().create("kept")
    home.stop()
    assert not home.is_running()
    assert "kept" in postgres.prepare().databases()


def test_server_keeps_running_while_another_process_uses_it(home):
    server = postgres.prepare()
    code = (
        "import sys\nfrom pathlib import Path\nfrom tools.dev import postgres\n"
        f"postgres.Embedded(Path({str(home.home)!r})).prepare()\n"
        "print(1, flush=True)\nsys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    other.stdout.readline()
    home.stop()
    assert server.databases()
    other.communicate()
    with pytest.raises(psycopg2.OperationalError):
        server.databases()


def test_interrupted_first_start_is_repeated(home):
    partial = home.home / "data.partial"
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("half")
    assert "postgres" in postgres.prepare().databases()


def test_a_long_path_gets_a_short_socket(home):
    near = home.home / "socket"
    assert home._socket_folder() == near or len(str(near)) > 70
    short = str(postgres.Embedded(home.home / ("long" * 30))._socket_folder())
    assert len(os.fsencode(short)) < 80


def test_server_of_the_usual_variables_is_used_first(home, monkeypatch):
    server = postgres.prepare()
    monkeypatch.setenv("PGHOST", server.host)
    monkeypatch.setenv("PGUSER", "postgres")
    named = postgres.prepare()
    assert (named.host, named.port, named.user) == (server.host, "5432", "odoo")
    assert named.databases()
    assert named.environment() == {"PGHOST": server.host, "PGPORT": "5432", "PGUSER": "odoo"}
