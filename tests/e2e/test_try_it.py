"""What a newcomer starts first: `make run`, and what docker-compose.yml does in its place."""

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


def test_run_says_where_both_sides_are_and_takes_them_with_it(environment):
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
    """Both, once they have been said."""
    said = log.read_text()
    assert process.poll() is None, said
    found = re.search(r"^Odoo +(http\S+) .*\nMarketplace +(http\S+)", said, re.MULTILINE)
    return found and found.groups()


def test_the_script_of_docker_compose_connects_both_sides(environment, sandbox, wait_until):
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
        said = odoo.shell((scripts / "connect.py").read_text())
        assert said.splitlines()[-1] == "connected, 30 listings"
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
