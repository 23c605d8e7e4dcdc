"""A newcomer's first commands: `make run`, and the script of docker-compose.yml."""

import os
import re
import signal
import sys

import pytest
import requests

from tools.dev import databases, processes, run, venvs
from tools.dev.odoo_server import OdooServer
from tools.dev.paths import LOGS, ROOT

SOON = 20  # seconds


def test_run_prints_both_urls_and_stops_both_sides(environment):
    name = f"cartona_run_{os.getpid()}"
    log = LOGS / f"{name}.log"
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tools.dev.cli", "run", "--database", name]
    process = processes.start(
        command, log, {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}, cwd=ROOT
    )
    try:
        odoo, marketplace = processes.wait_until(lambda: _addresses(log, process), timeout=300)
        assert 'name="login"' in requests.get(f"{odoo}/web/login", timeout=60).text
        assert requests.get(marketplace, timeout=60).headers["Content-Type"].startswith("text/html")
        sold = "SELECT count(*) FROM cartona_listing WHERE product_id IS NOT NULL"
        assert environment.pg.query(sold, database=name) == [(30,)]

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
        for address in (odoo, marketplace):
            with pytest.raises(requests.ConnectionError):
                requests.get(address, timeout=5)
    finally:
        processes.kill(process)
        databases.drop(environment, name)
        run.made_from(name).unlink(missing_ok=True)


def _addresses(log, process):
    """Return both URLs once they have been printed."""
    output = log.read_text()
    assert process.poll() is None, output
    found = re.search(r"^Odoo +(http\S+) .*\nMarketplace +(http\S+)", output, re.MULTILINE)
    return found and found.groups()


def test_docker_compose_script_connects_both_sides(environment, sandbox, wait_until):
    scripts = ROOT / "tools" / "compose"
    variables = {
        "COMPOSE_SCRIPTS": str(scripts),
        "SANDBOX_URL": sandbox.url,
        "SANDBOX_TOKEN": sandbox.token,
        "WEBHOOK_TOKEN": "sandbox-secret",
    }
    database = databases.clone(environment)
    try:
        odoo = OdooServer(environment, database, environment=variables)
        output = odoo.shell((scripts / "connect.py").read_text())
        assert output.splitlines()[-1] == "connected, 30 listings"
        with odoo:
            sandbox.set_webhook(f"{odoo.url}/cartona/webhook/orders", token="sandbox-secret")
            [linked] = odoo.query("SELECT min(cartona_id) FROM cartona_listing")[0]
            line = {"supplier_product_id": linked, "amount": 2}
            order = sandbox.place_order(lines=[line])
            find = "SELECT amount_total FROM sale_order WHERE cartona_id = %s"
            [[total]] = wait_until(lambda: odoo.query(find, order["hashed_id"]), timeout=SOON)
            assert float(total) == pytest.approx(float(order["total_price"]), abs=0.005)
    finally:
        databases.drop(environment, database)
