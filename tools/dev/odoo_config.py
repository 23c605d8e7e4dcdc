"""Odoo's configuration file, the same for servers, installs and shells."""

from collections.abc import Mapping
from pathlib import Path

from tools.dev.environment import Environment
from tools.dev.paths import DEV, LOGS

#: Sessions and filestores of all databases.
DATA_DIR = DEV / "data"
CHANNELS = "root:4,root.cartona:2"


def filestore(database: str) -> Path:
    """Return the folder of a database's attachments."""
    return DATA_DIR / "filestore" / database


def write(
    env: Environment, database: str, runner: bool = False, options: Mapping[str, object] = {}
) -> Path:
    """Write the configuration for one database.

    :param runner: True if servers started with it run queue_job's job runner
    :param options: lines of the section `[options]` that override ours
    :return: the file
    """
    wide = [*env.wide_modules, *(["queue_job"] if runner else [])]
    lines = {
        "addons_path": ",".join(map(str, env.addons_path)),
        "data_dir": DATA_DIR,
        "db_host": env.pg.host,
        "db_port": env.pg.port,
        "db_user": env.pg.user,
        **({"db_password": env.pg.password} if env.pg.password else {}),
        "db_name": database,
        "dbfilter": f"^{database}$",
        "list_db": False,
        **({} if env.major >= 19 else {"without_demo": "all"}),
        "http_interface": "127.0.0.1",
        "server_wide_modules": ",".join(wide),
        **options,
    }
    path = DEV / "config" / f"{database}.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    body = "".join(f"{name} = {value}\n" for name, value in lines.items())
    path.write_text(f"[options]\n{body}\n[queue_job]\nchannels = {CHANNELS}\n")
    return path
