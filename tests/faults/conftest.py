"""Fixtures of the fault tests: a server without cron, and transactions that are held open."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from tools.dev import databases, odoo_config, processes
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import UPDATE, Seller

# Runs in `odoo shell`, obeys one line of JSON after the other. Each name is a cursor of its own.
_OBEY = """
import json, socket, traceback
from odoo import SUPERUSER_ID, api
lines = socket.create_connection(("127.0.0.1", {port})).makefile("rw")
cursors = {{}}
for line in lines:
    order = json.loads(line)
    answer = {{}}
    try:
        if order["do"] == "begin":
            cr = cursors[order["name"]] = env.registry.cursor()
            cr.execute("SELECT 1")  # PostgreSQL takes the snapshot at the first statement
        elif order["do"] == "run":
            user = order["user"] or SUPERUSER_ID
            scope = {{"env": api.Environment(cursors[order["name"]], user, {{}})}}
            answer["value"] = eval(order["code"], scope)
        else:
            cr = cursors.pop(order["name"])
            getattr(cr, order["do"])()
            cr.close()
    except Exception:
        answer["error"] = traceback.format_exc()
    lines.write(json.dumps(answer) + "\\n")
    lines.flush()
"""


class Transaction:
    """One transaction in another process of Odoo, open for as long as the test wants.

    :param name: by which that process knows it
    :param lines: the connection to that process
    """

    def __init__(self, name: str, lines: TextIO):
        self._name, self._lines = name, lines
        self._order("begin")

    def run(self, expression: str, user: int = 2) -> Any:
        """Evaluate an expression in which `env` is the transaction's environment.

        :param user: whose environment; 2 is the administrator, 0 the superuser
        :return: its value, which must fit into JSON
        """
        return self._order("run", code=expression, user=user).get("value")

    def query(self, statement: str) -> list[list]:
        """The rows that an SQL query returns in the transaction's snapshot."""
        return self.run(f"(env.cr.execute({statement!r}), env.cr.fetchall())[1]")

    def commit(self) -> None:
        """Commit, with all that Odoo does before and after it."""
        self._order("commit")

    def rollback(self) -> None:
        """Give up."""
        self._order("rollback")

    def _order(self, do: str, **values: object) -> dict:
        self._lines.write(json.dumps({"do": do, "name": self._name, **values}) + "\n")
        self._lines.flush()
        answer = json.loads(self._lines.readline())
        assert "error" not in answer, answer["error"]
        return answer


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """An Odoo with the job runner and without any cron: what arrives was rung for."""
    with on_a_copy(environment, options={"max_cron_threads": 0}) as server:
        yield server


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """`odoo` connected to `sandbox`, prices and stock on, at rest."""
    seller = Seller(odoo, sandbox).connect()
    seller.wait_until_idle()
    return seller


@pytest.fixture(scope="module")
def begin(odoo: OdooServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable]:
    """`begin()`: a `Transaction` on the database of `odoo`, its snapshot taken."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(60)
    script: Path = tmp_path_factory.mktemp("obey") / "obey.py"
    script.write_text(_OBEY.format(port=listener.getsockname()[1]))
    config = odoo_config.write(odoo.env, odoo.database, options={"max_cron_threads": 0})
    command = [*odoo.env.odoo_command, "shell", "-c", config, "-d", odoo.database, "--no-http"]
    with open(script) as stdin:
        log = databases.log_of(f"{odoo.database}-shell")
        variables = odoo.env.process_environment()
        process = processes.start(command, log, variables, stdin=stdin.fileno())
    opened: list[Transaction] = []
    try:
        lines = listener.accept()[0].makefile("rw")

        def transaction() -> Transaction:
            opened.append(Transaction(f"transaction {len(opened)}", lines))
            return opened[-1]

        yield transaction
    finally:
        processes.kill(process)
        listener.close()


@pytest.fixture
def struck(sandbox: SandboxServer) -> Callable[..., Callable[[], object]]:
    """`struck(effect, ...)`: let the next call that carries prices or stock meet a fault, once.

    Returns a function that waits until the call has come to the marketplace.
    """

    def strike(effect: str, **rule: object) -> Callable[[], object]:
        fault = sandbox.set_fault(effect=effect, **{"path": UPDATE, "times": 1, **rule})["id"]

        def hit() -> bool:
            return any(row["hits"] for row in sandbox.faults() if row["id"] == fault)

        return lambda: processes.wait_until(hit, timeout=10, pause=0.01)

    return strike


@pytest.fixture(scope="session")
def minute_passes(wake_cron: Callable) -> Callable[[OdooServer], None]:
    """`minute_passes(odoo)`: what waits is a minute older, and all that looks around looks.

    Odoo's cron thread and the job runner look once a minute; only the waiting is left out.
    """

    def pass_by(odoo: OdooServer) -> None:
        odoo.query("UPDATE cartona_change SET create_date = create_date - interval '1 minute'")
        odoo.query("UPDATE cartona_message SET write_date = write_date - interval '1 minute'")
        odoo.query(
            "UPDATE queue_job SET date_enqueued = date_enqueued - interval '1 minute'"
            " WHERE state IN ('enqueued', 'started')"
        )
        odoo.make_due("cartona_integration.cron_catch_up")
        odoo.query("SELECT pg_notify('queue_job', '')")
        if odoo.env.major < 16:
            _collect_dead_jobs(odoo)
        wake_cron(odoo)

    return pass_by


def _collect_dead_jobs(odoo: OdooServer) -> None:
    """Up to 15 the job runner does not see that the process of a job has died: a cron of
    queue_job's does, some minutes after the longest that a call may take."""
    odoo.query(
        "UPDATE queue_job SET date_started = date_started - interval '1 hour'"
        " WHERE state = 'started'"
    )
    odoo.make_due("queue_job.ir_cron_queue_job_garbage_collector")


@pytest.fixture(scope="session")
def wake_cron() -> Callable[[OdooServer], None]:
    """`wake_cron(odoo)`: its cron thread looks now for what is due."""

    def wake(odoo: OdooServer) -> None:
        odoo.env.pg.query("SELECT pg_notify('cron_trigger', %s)", odoo.database)

    return wake
