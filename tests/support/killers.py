"""kill -9 of Odoo's processes and of PostgreSQL, at any moment."""

import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress

import psycopg2

from tools.dev import postgres
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import CommandError, wait_until

_ALIVE = re.compile(r"Worker (\w+) \((\d+)\) alive")


class Killers:
    """Kills processes, and restarts those that an operating system would restart.

    :param odoo: a server of several processes, on `cluster`
    """

    def __init__(self, odoo: OdooServer, cluster: postgres.Embedded):
        self.odoo, self.cluster = odoo, cluster

    def all(self) -> dict[str, Callable[[], None]]:
        """Return the name of each victim -> the function that kills it."""
        return {
            "Odoo worker": lambda: self.worker("WorkerHTTP"),
            "job runner": lambda: self.worker("WorkerJobRunner"),
            "cron worker": lambda: self.worker("WorkerCron"),
            "whole Odoo": self.server,
            "PostgreSQL session": self.session,
            "PostgreSQL": self.database,
        }

    def worker(self, kind: str) -> None:
        """Kill one process of Odoo's; its parent starts another."""
        pids = wait_until(lambda: self._workers(kind), timeout=60)
        # The newest ones are starting; the oldest one is working.
        os.kill(min(pids), signal.SIGKILL)

    def server(self) -> None:
        """Kill all of Odoo at once and start it again, as its service manager does."""
        self.odoo.kill()
        self.odoo.start()

    def session(self) -> None:
        """Kill one of PostgreSQL's processes for this Odoo: PostgreSQL ends the others too, and
        recovers from its write-ahead log."""
        busiest = (
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid != pg_backend_pid()"
            " ORDER BY state = 'active' DESC, state_change DESC LIMIT 1"
        )
        for (pid,) in self.odoo.env.pg.query(busiest, self.odoo.database):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._back()

    def database(self) -> None:
        """Kill PostgreSQL and start it again, as its service manager does."""
        os.kill(self.cluster.pid, signal.SIGKILL)
        self._back()

    def _back(self) -> None:
        """Wait until PostgreSQL answers; it starts after the last process of the old one ended."""

        def answers() -> bool:
            try:
                return bool(self.cluster.prepare().query("SELECT 1"))
            except (psycopg2.Error, CommandError):
                return False

        wait_until(answers, timeout=60, pause=0.2)

    def revive(self) -> None:
        """Start Odoo again if it has ended, as its service manager does: its first process exits
        when PostgreSQL is down."""
        if self.odoo.process.poll() is not None:
            self.server()

    def _workers(self, kind: str) -> list[int]:
        """Return the live processes of one kind, from Odoo's log."""
        self.revive()
        log = self.odoo.log.read_text(errors="replace")
        pids = [int(pid) for name, pid in _ALIVE.findall(log) if name == kind]
        alive = self.odoo.children()
        return [pid for pid in pids if pid in alive]
