"""Settings that do not fit together are refused in one sentence, before anything is done."""

import sys

import pytest

from tools.dev import addons, environment, odoo_config, store
from tools.dev.paths import ROOT


@pytest.fixture(autouse=True)
def _private_lock(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "DEV", tmp_path)


@pytest.fixture
def checkout(tmp_path):
    """Return a folder like a checkout of Odoo 16.0."""
    (tmp_path / "odoo16" / "odoo").mkdir(parents=True)
    release = tmp_path / "odoo16" / "odoo" / "release.py"
    release.write_text("version_info = (16, 0, 0, FINAL, 0, '')\n")
    return tmp_path / "odoo16"


def test_unknown_series_is_refused():
    with pytest.raises(store.SetupError, match="14.0 is not one of 15.0, 16.0"):
        environment.prepare("14.0")


def test_older_series_needs_a_checkout():
    with pytest.raises(store.SetupError, match="Odoo 16.0 is not downloaded"):
        environment.prepare("16.0")


def test_checkout_of_another_series_is_refused_with_its_series(checkout):
    with pytest.raises(store.SetupError, match="is Odoo 16.0, not 17.0: set SERIES=16.0"):
        environment.prepare("17.0", checkout)


def test_folder_without_odoo_is_refused(tmp_path):
    with pytest.raises(store.SetupError, match="contains no Odoo"):
        environment.prepare("16.0", tmp_path)


def test_unconvertible_addon_is_refused_with_every_place(tmp_path, monkeypatch):
    monkeypatch.setattr(addons, "ROOT", tmp_path)
    monkeypatch.setattr(addons, "series_dir", lambda series: tmp_path / series)
    source = tmp_path / "cartona_integration"
    source.mkdir()
    source.joinpath("__manifest__.py").write_text('{\n    "version": "19.0.1.0.0",\n}\n')
    source.joinpath("views.xml").write_text("<odoo>\n    <nonsense />\n</odoo>\n")
    with pytest.raises(
        store.SetupError, match=r"no version for Odoo 16.0:\nviews.xml:2: .*nonsense"
    ):
        addons.prepare("16.0")


def test_derived_addon_follows_its_source(tmp_path, monkeypatch):
    monkeypatch.setattr(addons, "ROOT", tmp_path)
    monkeypatch.setattr(addons, "series_dir", lambda series: tmp_path / series)
    source = tmp_path / "cartona_integration"
    source.mkdir()
    source.joinpath("__manifest__.py").write_text('{\n    "version": "19.0.1.0.0",\n}\n')
    derived = addons._derive("17.0")
    assert '"17.0.1.0.0"' in (derived / "__manifest__.py").read_text()

    source.joinpath("new.py").write_text("")
    assert (addons._derive("17.0") / "new.py").exists()
    source.joinpath("new.py").unlink()
    assert not (addons._derive("17.0") / "new.py").exists()


@pytest.mark.parametrize("inside", ["", "odoo"])
def test_checkout_is_found_by_top_folder_or_package(checkout, inside):
    assert environment._odoo_home("16.0", checkout / inside) == checkout


def test_requirements_that_need_a_compiler_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "CACHE", tmp_path)
    listed = tmp_path / "requirements.txt"
    listed.write_text(
        "Babel==2.9.1  # a remark\n"
        "psycopg2==2.9.2 ; sys_platform != 'win32'  # another\n"
        "python-ldap==3.4.0\n"
    )
    derived = environment._installable_list("16.0", listed, sys.executable).read_text()
    assert derived == 'Babel==2.9.1\npsycopg2-binary ; sys_platform != "win32"\n'


def test_release_without_wheel_is_replaced_by_next_with_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    for wheel in (
        *("gevent-21.1-cp310-cp310-manylinux_2_17_x86_64", "gevent-21.8.0-cp39-cp39-linux_x86_64"),
        *("gevent-21.9a1-cp310-cp310-manylinux_2_17_x86_64", "gevent-22.8-cp310-none-any"),
        *("gevent-21.12.0-cp310-cp310-manylinux_2_17_x86_64", "babel-3.0-py3-none-any"),
        "greenlet-1.1.2-cp310-none-any",
    ):
        (tmp_path / f"{wheel}.whl").touch()

    def line(text):
        return environment._installable_line(text, "3.10")

    assert line("gevent==21.8.0 ; python_version > '3.9'  # (Jammy)") == (
        "gevent==21.12.0 ; python_version > '3.9'"
    )
    assert line("greenlet==1.1.2") == "greenlet==1.1.2"
    # Not for this Python, without any wheel, not pinned, or no compiled package.
    for kept in ("gevent==21.8.0 ; python_version < '3.9'", "lxml==4.6.5", "gevent", "Babel==2.9"):
        assert line(kept) == kept


def test_the_configuration_names_server_database_and_channels(tmp_path, monkeypatch):
    for name in ("DEV", "LOGS", "DATA_DIR"):
        monkeypatch.setattr(odoo_config, name, tmp_path)
    pg = environment.postgres.Server("/sockets", "5432", "odoo", "")
    env = environment.Environment(
        "19.0", tmp_path, ("odoo",), tmp_path, "v", (tmp_path / "a", tmp_path / "b"), pg
    )
    text = odoo_config.write(env, "shop", runner=True, options={"workers": 3}).read_text()
    assert "db_host = /sockets\n" in text
    assert "dbfilter = ^shop$\n" in text
    assert f"addons_path = {tmp_path}/a,{tmp_path}/b\n" in text
    assert "server_wide_modules = base,rpc,web,queue_job\n" in text
    assert "workers = 3\n" in text
    assert text.endswith("[queue_job]\nchannels = root:4,root.cartona:2\n")
    assert "queue_job\n" not in odoo_config.write(env, "shop").read_text().split("[queue_job]")[0]


def test_every_python_gets_the_addons_requirements():
    """Odoo does not require all of it; `phonenumbers`, for example, is optional in Odoo."""
    needed, given = (
        {line for line in path.read_text().splitlines() if line and not line.startswith("#")}
        for path in (ROOT / "requirements.txt", environment._TEST_LIST)
    )
    assert needed - given == set()
