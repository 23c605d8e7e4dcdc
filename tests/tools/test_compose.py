"""docker-compose.yml as far as it can be checked without an engine."""

import subprocess

import pytest
import yaml

from tools.compose import products
from tools.dev.paths import ROOT
from tools.series import ladder

SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_both_sides_get_the_same_secrets():
    options = SERVICES["sandbox"]["command"].rstrip('"\n').split()
    given = dict(zip(options, options[1:], strict=False))
    environment = SERVICES["odoo"]["environment"]
    assert given["--token"] == environment["SANDBOX_TOKEN"]
    assert given["--webhook-token"] == environment["WEBHOOK_TOKEN"]
    assert given["--webhook-url"] == "http://odoo:8069/cartona/webhook/orders"


@pytest.mark.parametrize("series", ladder.SERIES)
def test_odoo_is_installed_and_connected_once_then_served(tmp_path, series):
    """Run the script with programs that print their arguments."""
    script = (ROOT / "tools/compose/start.sh").read_text()
    place = tmp_path / "start.sh"
    script = script.replace("/tmp/", f"{tmp_path}/").replace("/var/lib/odoo", str(tmp_path))
    place.write_text(script)
    (tmp_path / "connect.py").touch()
    for name, body in (
        ("pip3", "echo pip3 $* >> $CALLS"),
        ("odoo", "echo odoo $* >> $CALLS; case $1 in shell) echo connected ;; esac"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    calls = tmp_path / "calls"
    variables = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "SERIES": series,
        "CALLS": str(calls),
        "COMPOSE_SCRIPTS": str(tmp_path),
    }
    for _start in range(2):
        subprocess.run(["sh", place], env=variables, check=True, capture_output=True)

    given = calls.read_text().splitlines()
    assert [f"odoo-addon-queue-job=={series}.*" in line for line in given if "pip3" in line] == [
        True,
        True,
    ]
    install, connect, *serve = [line for line in given if "pip3" not in line]
    assert install.endswith("--init cartona_integration --stop-after-init")
    assert connect.startswith("odoo shell ") and connect.endswith("--no-http")
    wide = "base,rpc,web,queue_job" if series == "19.0" else "base,web,queue_job"
    assert [line.split("odoo/addons ")[1] for line in serve] == [f"--load {wide} --workers 2"] * 2


def test_the_scripts_run_on_the_python_of_the_oldest_image():
    for path in (ROOT / "tools/compose").glob("*.py"):
        compile(path.read_text(), path.name, "exec", _feature_version=9)


def test_products_sold_by_the_box_come_first():
    rows = [
        {"supplier_product_id": 1, "base_product_id": 7, "unit_count": "1.0", "unit": "piece"},
        {"supplier_product_id": 2, "base_product_id": 8, "unit_count": "1.0", "unit": "piece"},
        {"supplier_product_id": 3, "base_product_id": 8, "unit_count": "12", "unit": "box"},
    ]
    listings = [{"supplier_product_name": "x", "selling_price": "2.50", **row} for row in rows]
    first, second = products.catalogue(listings, 5)
    assert (first["id"], first["price"], first["box"]["count"]) == ("2", 2.5, 12.0)
    assert (second["id"], second["box"]) == ("1", None)
