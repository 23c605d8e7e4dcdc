"""Databases with everything installed, made once and then copied in a second.

Two templates per Odoo: the modules that the addon builds on, and the same with the addon. Their
names end in a hash of what they were made from, so that a change makes a new one.
"""

import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from tools.dev import odoo_config, processes, progress, store
from tools.dev.addons import QUEUE_JOB
from tools.dev.environment import Environment
from tools.dev.paths import ADDON, DEV, LOGS

#: What the addon builds on.
BASE_MODULES = ("base", "sale_management", "sale_stock", "queue_job")
#: Up to 16.0 a company without a localisation has no accounts, so it cannot invoice.
ACCOUNTS = ("l10n_generic_coa",)

#: Odoo's own scheduled actions are all due at once on a new database. They would take the
#: machine's time from the tests, and one of them calls its vendor.
_LET_CRONS_SLEEP = """
    UPDATE ir_cron SET nextcall = nextcall + interval '30 days' WHERE id NOT IN (
        SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module = 'queue_job')
"""

#: How made-up names begin; the number of the process that uses the database follows.
_PASSING = "cartona_of_"

#: What does not change what an installation makes.
NOT_INSTALLED = ("tests", "description", "README.md")


def base_template(env: Environment) -> str:
    """The database with Odoo, sales, stock and queue_job, made where missing."""
    modules = _base_modules(env)
    key = store.key_of(env.odoo_version, QUEUE_JOB[env.series], modules, _LET_CRONS_SLEEP)
    return _template(env, "base", key, lambda name: _install_base(env, name))


def addon_template(env: Environment) -> str:
    """The same with the addon, as its files are now, made where missing."""
    base = base_template(env)
    key = store.key_of(base, store.tree_key(env.addon, NOT_INSTALLED))
    return _template(env, "addon", key, lambda name: _install_addon(env, base, name))


def clone(env: Environment, name: str | None = None, template: str | None = None) -> str:
    """Copy a template, database and filestore; an older database of that name is dropped.

    :param name: of the new database; one is made up when left out, for a
        database that ends with this process
    :param template: what to copy; the one with the addon when left out
    :return: the name of the new database
    """
    template = template or addon_template(env)
    if not name:
        _drop_orphans(env)
        name = f"{_PASSING}{os.getpid()}_{secrets.token_hex(3)}"
    drop(env, name)
    env.pg.create_from_template(name, template)
    _copy_filestore(template, name)
    return name


def drop(env: Environment, name: str) -> None:
    """Drop a database and its filestore, if there are any."""
    env.pg.drop(name)
    shutil.rmtree(odoo_config.filestore(name), ignore_errors=True)
    (DEV / "config" / f"{name}.conf").unlink(missing_ok=True)


def install(env: Environment, database: str, modules: str, update: bool = False) -> None:
    """Install or update modules in a database.

    :param modules: technical names, separated by commas
    :raise processes.CommandError: with the tail of Odoo's log
    """
    config = odoo_config.write(env, database, options={"max_cron_threads": 0})
    what = ["-u" if update else "-i", modules, "--stop-after-init", "--no-http"]
    processes.run(
        [*env.odoo_command, "-c", config, *what], log_of(database), env.process_environment()
    )
    if re.search(r" (ERROR|CRITICAL) ", log_of(database).read_text(errors="replace")):
        raise processes.CommandError(
            f"installing {modules} logged errors, see {log_of(database)}:\n"
            + processes.tail(log_of(database))
        )


def log_of(database: str) -> Path:
    """Where the log of what is done to a database goes."""
    return LOGS / f"{database}.log"


def _template(env: Environment, kind: str, key: str, make: Callable[[str], None]) -> str:
    prefix = f"cartona_{kind}_{env.series.replace('.', '')}_{store.key_of(str(DEV))[:4]}_"
    name, partial = prefix + key, f"{prefix}partial"

    def build() -> None:
        for old in env.pg.databases():
            if old.startswith(prefix):
                drop(env, old)
        text = f"database with {'the addon' if kind == 'addon' else ', '.join(BASE_MODULES)}"
        with progress.step(f"{kind} database", text, lambda: _installed(partial)):
            make(partial)
        env.pg.disconnect(partial)
        shutil.rmtree(odoo_config.filestore(name), ignore_errors=True)
        if odoo_config.filestore(partial).exists():
            odoo_config.filestore(partial).rename(odoo_config.filestore(name))
        env.pg.rename(partial, name)

    store.ensure(lambda: name in env.pg.databases(), build)
    return name


def _base_modules(env: Environment) -> tuple[str, ...]:
    return BASE_MODULES if env.major > 16 else BASE_MODULES + ACCOUNTS


def _install_base(env: Environment, name: str) -> None:
    env.pg.create(name)
    install(env, name, ",".join(_base_modules(env)))
    env.pg.query(_LET_CRONS_SLEEP, database=name)


def _install_addon(env: Environment, base: str, name: str) -> None:
    clone(env, name, base)
    install(env, name, ADDON)


def _installed(database: str) -> str:
    """How far an installation is, from Odoo's log."""
    found = re.findall(r"Loading module (\S+) \((\d+/\d+)\)", processes.tail(log_of(database), 80))
    return f"module {found[-1][1]} {found[-1][0]}" if found else ""


def _drop_orphans(env: Environment) -> None:
    """Drop the databases of runs that were killed before they could do so themselves."""
    for name in env.pg.databases():
        made_up = re.fullmatch(rf"{_PASSING}(\d+)_\w+", name)
        if made_up and not Path("/proc", made_up[1]).exists():
            drop(env, name)


def _copy_filestore(source: str, target: str) -> None:
    """Copy attachments by linking: Odoo never changes such a file, it only adds and removes."""
    store_from, store_to = odoo_config.filestore(source), odoo_config.filestore(target)
    shutil.rmtree(store_to, ignore_errors=True)
    if store_from.exists():
        shutil.copytree(store_from, store_to, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
