"""`make run`: a supplier's Odoo and the marketplace side by side, until ctrl-C."""

import argparse
import socket
import time
from pathlib import Path

from tools.dev import databases, demo, environment, processes, store
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer
from tools.dev.paths import ADDON, DEFAULT_SERIES, DEV
from tools.dev.progress import say
from tools.dev.sandbox_server import SandboxServer

#: The addresses people remember; any other when something else has them.
ODOO_PORT = 8069
SANDBOX_PORT = 8099

_CHECK_EVERY = 0.5  # seconds


def main(options: argparse.Namespace) -> int:
    """Start everything, say where it is, and wait.

    :return: the exit code; 1 when one of the two ended by itself
    """
    env = environment.from_variables()
    usual = "cartona_run" if env.series == DEFAULT_SERIES else f"cartona_run_{env.major}"
    name = options.database or usual
    is_new = _prepare_database(env, name, options.fresh)
    odoo = OdooServer(env, name, options={"http_port": _port(ODOO_PORT)})
    with SandboxServer(_port(SANDBOX_PORT)) as sandbox, odoo:
        _fill(odoo, sandbox, is_new)
        print(
            f"\nOdoo         {odoo.url}  (login admin, password admin)\n"
            f"Marketplace  {sandbox.url}\n"
            f"Logs         {odoo.log.parent}\n\n"
            "Change a price or a quantity in Odoo and watch the marketplace; place an order there "
            "and find it in Odoo under Sales > Orders > Waiting for You on Cartona. "
            "Ctrl-C ends both, the database stays; --fresh starts over.",
            flush=True,
        )
        return _watch(odoo, sandbox)


def made_from(name: str) -> Path:
    """The file that says which state of the addon a database was made from."""
    return DEV / f"{name}.made-from"


def _prepare_database(env: Environment, name: str, fresh: bool) -> bool:
    """The database of the last time, brought up to the addon as it is now, or a new one.

    :return: whether it is new and empty
    """
    mark = made_from(name)
    key = store.tree_key(env.addon, databases.NOT_INSTALLED)
    is_new = fresh or name not in env.pg.databases() or not mark.exists()
    if is_new:
        mark.unlink(missing_ok=True)
        databases.clone(env, name)
    elif mark.read_text() != key:
        say("the addon has changed since the last run, updating the database ...")
        databases.install(env, name, ADDON, update=True)
        mark.write_text(key)
    return is_new


def _fill(odoo: OdooServer, sandbox: SandboxServer, is_new: bool) -> None:
    """Connect the two. The sandbox forgets at its end: it gets everything again."""
    odoo.call("ir.config_parameter", "set_param", "web.base.url", odoo.url)
    say("connecting the two ..." if not is_new else f"making {demo.PRODUCTS} products ...")
    demo.open_shop(odoo, sandbox)
    if is_new:
        key = store.tree_key(odoo.env.addon, databases.NOT_INSTALLED)
        made_from(odoo.database).write_text(key)


def _watch(odoo: OdooServer, sandbox: SandboxServer) -> int:
    while True:
        for name, server in (("Odoo", odoo), ("the sandbox", sandbox)):
            if server.process is None or server.process.poll() is not None:
                say(f"{name} ended by itself:\n{processes.tail(server.log)}")
                return 1
        time.sleep(_CHECK_EVERY)


def _port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return processes.free_port()
    return wanted
