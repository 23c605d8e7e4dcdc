"""`make run`: a supplier's Odoo and the marketplace side by side, until Ctrl-C."""

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

#: The usual ports; others when they are taken.
ODOO_PORT = 8069
SANDBOX_PORT = 8099

_CHECK_EVERY = 0.5  # seconds


def main(options: argparse.Namespace) -> int:
    """Start everything, print the URLs, and wait.

    :return: the exit code; 1 when one of the two ended
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
            "Ctrl-C stops both, the database is kept; --fresh starts over.",
            flush=True,
        )
        return _watch(odoo, sandbox)


def made_from(name: str) -> Path:
    """Return the file with the addon's version that a database was created from."""
    return DEV / f"{name}.made-from"


def _prepare_database(env: Environment, name: str, fresh: bool) -> bool:
    """Use the last database, updated to the current addon, or create one.

    :return: True if it is new and empty
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
    """Connect the two. The sandbox keeps nothing between runs: everything is sent again."""
    odoo.call("ir.config_parameter", "set_param", "web.base.url", odoo.url)
    say("connecting the two ..." if not is_new else f"creating {demo.PRODUCTS} products ...")
    demo.open_shop(odoo, sandbox)
    if is_new:
        key = store.tree_key(odoo.env.addon, databases.NOT_INSTALLED)
        made_from(odoo.database).write_text(key)


def _watch(odoo: OdooServer, sandbox: SandboxServer) -> int:
    while True:
        for name, server in (("Odoo", odoo), ("the sandbox", sandbox)):
            if server.process is None or server.process.poll() is not None:
                say(f"{name} ended unexpectedly:\n{processes.tail(server.log)}")
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
