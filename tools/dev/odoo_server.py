"""A running Odoo on one database, as users run it: its own process, job runner, HTTP."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tools.dev import databases, odoo_config, processes
from tools.dev.environment import Environment

_START_TIMEOUT = 120  # seconds
_SHELL_ATTEMPTS = 5
_RUNNER_READY = "database connections ready"


class OdooError(Exception):
    """Odoo answered a call with an error.

    :ivar name: the class of the error in Odoo, e.g. `odoo.exceptions.UserError`
    """

    def __init__(self, name: str, message: str, traceback: str):
        super().__init__(f"{name}: {message}\n{traceback}")
        self.name = name
        self.message = message


class OdooServer:
    """One Odoo server process on one database.

    Never started in test mode: in it a job would not commit.

    :param database: must exist
    :param workers: 0 is one process with threads and the job runner in it; more is prefork,
        with a process for the runner
    :param runner: True to run queue_job's job runner
    :param options: lines of the configuration's section `[options]`
    :param environment: further variables for the process
    """

    def __init__(
        self,
        env: Environment,
        database: str,
        workers: int = 0,
        runner: bool = True,
        options: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
    ):
        self.env = env
        self.database = database
        self.workers = workers
        self.runner = runner
        self.options = dict(options or {})
        self.environment = dict(environment or {})
        self.log: Path = databases.log_of(f"{database}-server")
        self.port = int(str(self.options.get("http_port") or processes.free_port()))
        self.process: subprocess.Popen | None = None
        self._user: int | None = None
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def url(self) -> str:
        """Return the URL, e.g. `http://127.0.0.1:45678`; the same after a restart."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "OdooServer":
        """Start it and wait until it answers and, with a runner, jobs are processed.

        :raise processes.CommandError: when it ends or does not answer, with the tail of its log
        """
        offset = self.log.stat().st_size if self.log.exists() else 0
        config = odoo_config.write(self.env, self.database, self.runner, self._options())
        command = [*self.env.odoo_command, "-c", config, "-d", self.database]
        variables = self.env.process_environment(self.environment)
        self.process = processes.start(command, self.log, variables)
        try:
            processes.wait_until(self._answers, timeout=_START_TIMEOUT, pause=0.1)
            if self.runner:
                processes.wait_until(lambda: self._runner_is_ready(offset), timeout=30, pause=0.1)
        except TimeoutError as error:
            self.stop()
            raise processes.CommandError(
                f"Odoo did not start in time:\n{processes.tail(self.log)}"
            ) from error
        return self

    def stop(self) -> None:
        """Stop it as an administrator would, and kill it when that takes too long."""
        if self.process:
            processes.stop(self.process)
            self.process = None

    def kill(self) -> None:
        """Kill it and all its children immediately."""
        if self.process:
            processes.kill(self.process)
            self.process = None

    def restart(self) -> "OdooServer":
        """Stop it and start it on the same address."""
        self.stop()
        return self.start()

    def children(self) -> set[int]:
        """Return the processes of a server with workers, except the parent process."""
        assert self.process
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in listed.split()}

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a model's method over JSON-RPC, as the administrator.

        :raise OdooError: Odoo's error
        """
        if self._user is None:
            self._user = self.rpc("common", "login", self.database, "admin", "admin")
        credentials = (self.database, self._user, "admin")
        return self.rpc("object", "execute_kw", *credentials, model, method, args, kwargs)

    def rpc(self, service: str, method: str, *args: Any) -> Any:
        """Call Odoo's external API once.

        :raise OdooError: Odoo's error
        """
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 0}
        answer = self._session.post(f"{self.url}/jsonrpc", json=body, timeout=300).json()
        if "error" in answer:
            data = answer["error"].get("data") or {}
            raise OdooError(
                data.get("name", ""), data.get("message", str(answer)), data.get("debug", "")
            )
        return answer.get("result")

    def shell(self, code: str) -> str:
        """Run a snippet in `odoo shell` on the database, commit, and clear the server's caches.

        `env` and `self` (the superuser) are defined. To return a value print it as JSON and
        use `json.loads` on the last line, as `evaluate` does. A snippet that meets a concurrent
        change of the server is run again, as Odoo does with a request.

        :return: the printed text
        :raise processes.CommandError: when it raised
        """
        config = odoo_config.write(self.env, f"{self.database}", False, {"max_cron_threads": 0})
        command = [*self.env.odoo_command, "shell", "-c", config, "-d", self.database]
        for _attempt in range(_SHELL_ATTEMPTS):
            done = subprocess.run(
                [*map(str, command), "--no-http", "--log-level=warn"],
                input=code + "\nenv.cr.commit()\nenv.registry.signal_changes()\n",
                env=self.env.process_environment(self.environment),
                capture_output=True,
                text=True,
            )
            if "psycopg2.errors.SerializationFailure" not in done.stderr:
                break
        if done.returncode or "Traceback (most recent call last)" in done.stderr:
            raise processes.CommandError(f"the snippet failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in `odoo shell`; it must be JSON-serializable."""
        printed = self.shell(f"import json; print(json.dumps({expression}))")
        return json.loads(printed.splitlines()[-1])

    def query(self, statement: str, *values: object) -> list[tuple]:
        """Run an SQL statement on the database, commit, and return its rows."""
        return self.env.pg.query(statement, *values, database=self.database)

    def make_due(self, cron: str) -> None:
        """Make a cron due now; it runs when the cron worker next checks.

        :param cron: its external id
        """
        self.query(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id ="
            " (SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s)",
            *cron.split("."),
        )

    def __enter__(self) -> "OdooServer":
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _options(self) -> dict[str, object]:
        chat = "gevent_port" if self.env.major >= 16 else "longpolling_port"
        return {
            "workers": self.workers,
            chat: processes.free_port(),
            "max_cron_threads": 1,
            **self.options,
            "http_port": self.port,
        }

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise processes.CommandError(f"Odoo ended:\n{processes.tail(self.log)}")
        try:
            return self._session.get(f"{self.url}/web/login", timeout=60).ok
        except requests.RequestException:
            return False

    def _runner_is_ready(self, offset: int) -> bool:
        with open(self.log, "rb") as log:
            log.seek(offset)
            return _RUNNER_READY.encode() in log.read()


@contextmanager
def on_a_copy(
    env: Environment, name: str | None = None, template: str | None = None, **options: Any
) -> Iterator[OdooServer]:
    """Serve a fresh copy of a database; both are removed after the block.

    :param name: name of the copy, see `databases.clone`
    :param template: database to copy; the one with the addon when left out
    :param options: further options of `OdooServer`
    """
    database = databases.clone(env, name, template)
    try:
        with OdooServer(env, database, **options) as server:
            yield server
    finally:
        databases.drop(env, database)
