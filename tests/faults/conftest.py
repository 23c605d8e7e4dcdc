"""Fixtures of the fault tests: a server without cron, and transactions that stay open."""

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

# Runs in `odoo shell` and executes one line of JSON after another. Each name has its own cursor.
_EXECUTOR = """
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
    """One transaction in another process of Odoo, open as long as the test needs it.

    :param name: its name in that process
    :param lines: the connection to that process
    """

    def __init__(self, name: str, lines: TextIO):
        self._name, self._lines = name, lines
        self._order("begin")

    def run(self, expression: str, user: int = 2) -> Any:
        """Evaluate an expression in which `env` is the transaction's environment.

        :param user: user of the environment; 2 is the administrator, 0 the superuser
        :return: its value, which must be JSON-serializable
        """
        return self._order("run", code=expression, user=user).get("value")

    def query(self, statement: str) -> list[list]:
        """Return the rows of an SQL query in the transaction's snapshot."""
        return self.run(f"(env.cr.execute({statement!r}), env.cr.fetchall())[1]")

    def commit(self) -> None:
        """Commit, with all that Odoo does before and after it."""
        self._order("commit")

    def rollback(self) -> None:
        """Roll back."""
        self._order("rollback")

    def _order(self, do: str, **values: object) -> dict:
        self._lines.write(json.dumps({"do": do, "name": self._name, **values}) + "\n")
        self._lines.flush()
        answer = json.loads(self._lines.readline())
        assert "error" not in answer, answer["error"]
        return answer


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start an Odoo with the job runner and without crons: only a wake-up after commit works."""
    with on_a_copy(environment, options={"max_cron_threads": 0}) as server:
        yield server


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """Connect `odoo` to `sandbox`, prices and stock on, idle."""
    seller = Seller(odoo, sandbox).connect()
    seller.wait_until_idle()
    return seller


@pytest.fixture(scope="module")
def begin(odoo: OdooServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable]:
    """Return `begin()`: a `Transaction` on the database of `odoo`, with its snapshot taken."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(60)
    script: Path = tmp_path_factory.mktemp("executor") / "executor.py"
    script.write_text(_EXECUTOR.format(port=listener.getsockname()[1]))
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
def fail_next_update(sandbox: SandboxServer) -> Callable[..., Callable[[], object]]:
    """Return `fail_next_update(effect, ...)`: give the next price or stock call one fault.

    It returns a function that waits until the marketplace has received the call.
    """

    def add_fault(effect: str, **rule: object) -> Callable[[], object]:
        fault = sandbox.set_fault(effect=effect, **{"path": UPDATE, "times": 1, **rule})["id"]

        def hit() -> bool:
            return any(row["hits"] for row in sandbox.faults() if row["id"] == fault)

        return lambda: processes.wait_until(hit, timeout=10, pause=0.01)

    return add_fault


@pytest.fixture(scope="session")
def minute_passes(wake_cron: Callable) -> Callable[[OdooServer], None]:
    """Return `minute_passes(odoo)`: make waiting rows a minute older and wake cron and runner.

    Odoo's cron thread and the job runner check once a minute; only the waiting is skipped.
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
    """Requeue jobs of dead processes: up to 15.0 the job runner does not notice them; a cron of
    queue_job does, some minutes after the longest allowed call."""
    odoo.query(
        "UPDATE queue_job SET date_started = date_started - interval '1 hour'"
        " WHERE state = 'started'"
    )
    odoo.make_due("queue_job.ir_cron_queue_job_garbage_collector")


@pytest.fixture(scope="session")
def wake_cron() -> Callable[[OdooServer], None]:
    """Return `wake_cron(odoo)`: make its cron thread check for due crons now."""

    def wake(odoo: OdooServer) -> None:
        odoo.env.pg.query("SELECT pg_notify('cron_trigger', %s)", odoo.database)

    return wake
