"""kill -9 of what runs below an Odoo, wherever it is at that moment."""

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
    """What can be killed, and what an operating system brings back by itself.

    :param odoo: a server of several processes, on `cluster`
    """

    def __init__(self, odoo: OdooServer, cluster: postgres.Embedded):
        self.odoo, self.cluster = odoo, cluster

    def all(self) -> dict[str, Callable[[], None]]:
        """Victim, in words -> what kills it."""
        return {
            "Odoo worker": lambda: self.worker("WorkerHTTP"),
            "job runner": lambda: self.worker("WorkerJobRunner"),
            "cron worker": lambda: self.worker("WorkerCron"),
            "whole Odoo": self.server,
            "PostgreSQL session": self.session,
            "PostgreSQL": self.database,
        }

    def worker(self, kind: str) -> None:
        """One process of Odoo's; its parent starts another."""
        pids = wait_until(lambda: self._workers(kind), timeout=60)
        # The newest ones are starting; the oldest is at work.
        os.kill(min(pids), signal.SIGKILL)

    def server(self) -> None:
        """All of Odoo at once; started again, as by its service manager."""
        self.odoo.kill()
        self.odoo.start()

    def session(self) -> None:
        """One of PostgreSQL's processes that works for this Odoo: the others are ended with it,
        and it recovers from its journal."""
        busiest = (
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid != pg_backend_pid()"
            " ORDER BY state = 'active' DESC, state_change DESC LIMIT 1"
        )
        for (pid,) in self.odoo.env.pg.query(busiest, self.odoo.database):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._back()

    def database(self) -> None:
        """PostgreSQL itself; started again, as by its service manager."""
        os.kill(self.cluster.pid, signal.SIGKILL)
        self._back()

    def _back(self) -> None:
        """Wait until PostgreSQL answers; it starts when the last process of the old one is gone."""

        def answers() -> bool:
            try:
                return bool(self.cluster.prepare().query("SELECT 1"))
            except (psycopg2.Error, CommandError):
                return False

        wait_until(answers, timeout=60, pause=0.2)

    def revive(self) -> None:
        """Start Odoo again where it has ended by itself, as its service manager does: its first
        process gives up when it meets a PostgreSQL that is down."""
        if self.odoo.process.poll() is not None:
            self.server()

    def _workers(self, kind: str) -> list[int]:
        """The processes of one kind that are alive now, by Odoo's log."""
        self.revive()
        log = self.odoo.log.read_text(errors="replace")
        pids = [int(pid) for name, pid in _ALIVE.findall(log) if name == kind]
        alive = self.odoo.children()
        return [pid for pid in pids if pid in alive]
