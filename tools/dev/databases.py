"""Databases with everything installed, created once and then copied in a second.

Two templates per Odoo: the modules that the addon depends on, and the same with the addon. Their
names end in a hash of their sources, so that a change creates a new one.
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

#: Modules that the addon depends on.
BASE_MODULES = ("base", "sale_management", "sale_stock", "queue_job")
#: Up to 16.0 a company without a localisation has no accounts, so it cannot invoice.
ACCOUNTS = ("l10n_generic_coa",)

#: Odoo's own scheduled actions are all due on a new database. They would slow down the tests, and
#: one of them calls Odoo S.A.
_POSTPONE_CRONS = """
    UPDATE ir_cron SET nextcall = nextcall + interval '30 days' WHERE id NOT IN (
        SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module = 'queue_job')
"""

#: Prefix of generated names; the id of the process that uses the database follows.
_PASSING = "cartona_of_"

#: Files that do not change the result of an installation.
NOT_INSTALLED = ("tests", "description", "README.md")


def base_template(env: Environment) -> str:
    """Return the template with Odoo, sales, stock and queue_job, created if missing."""
    modules = _base_modules(env)
    key = store.key_of(env.odoo_version, QUEUE_JOB[env.series], modules, _POSTPONE_CRONS)
    return _template(env, "base", key, lambda name: _install_base(env, name))


def addon_template(env: Environment) -> str:
    """Return the template with the current addon, created if missing."""
    base = base_template(env)
    key = store.key_of(base, store.tree_key(env.addon, NOT_INSTALLED))
    return _template(env, "addon", key, lambda name: _install_addon(env, base, name))


def clone(env: Environment, name: str | None = None, template: str | None = None) -> str:
    """Copy a template, database and filestore; an older database of that name is dropped.

    :param name: name of the new database; when left out, one is generated for a
        database that is dropped with this process
    :param template: template to copy; the one with the addon when left out
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
    """Drop a database and its filestore, if they exist."""
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
    """Return the log file of a database's installations."""
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
    env.pg.query(_POSTPONE_CRONS, database=name)


def _install_addon(env: Environment, base: str, name: str) -> None:
    clone(env, name, base)
    install(env, name, ADDON)


def _installed(database: str) -> str:
    """Return the progress of an installation, from Odoo's log."""
    found = re.findall(r"Loading module (\S+) \((\d+/\d+)\)", processes.tail(log_of(database), 80))
    return f"module {found[-1][1]} {found[-1][0]}" if found else ""


def _drop_orphans(env: Environment) -> None:
    """Drop the databases of killed runs."""
    for name in env.pg.databases():
        made_up = re.fullmatch(rf"{_PASSING}(\d+)_\w+", name)
        if made_up and not Path("/proc", made_up[1]).exists():
            drop(env, name)


def _copy_filestore(source: str, target: str) -> None:
    """Copy attachments by hard links: Odoo only adds and removes such files, never changes one."""
    store_from, store_to = odoo_config.filestore(source), odoo_config.filestore(target)
    shutil.rmtree(store_to, ignore_errors=True)
    if store_from.exists():
        shutil.copytree(store_from, store_to, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
