"""The command line: `./dev <command>`, called by `make <command>`."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from tools.dev import databases, environment, odoo_config, postgres, processes, store, venvs
from tools.dev.paths import DEV, ROOT, TOOLS_VENV

EPILOG = """\
SERIES=16.0 ODOO=/path/to/odoo PYTHON=/path/to/python before any of them selects another Odoo;
PGHOST, PGPORT, PGUSER, PGPASSWORD another PostgreSQL; CARTONA_DEV_DIR another folder than .dev.
"""

#: Commands that pass all further arguments to another program.
PASSING_ON = ("test", "bench", "chaos", "dist", "exec")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    processes.end_on_signals()
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return options.run(options) or 0
    except (store.SetupError, processes.CommandError) as error:
        print(f"dev: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(options: argparse.Namespace) -> int:
    """Start Odoo, PostgreSQL and the sandbox with demo data: `run [--fresh] [--database NAME]`"""
    from tools.dev import run

    return run.main(options)


def smoke(options: argparse.Namespace) -> int:
    """Run the main job once, unattended, and print the results: `smoke [--keep]`"""
    from tools.dev import smoke

    return smoke.main(options)


def test(options: argparse.Namespace) -> int:
    """Run the tests, all or some: `test [PART ...] [-- PYTEST OPTION ...]`

    The parts are unit, odoo, mrp, batch, inputs, e2e, faults, smoke, browser and chaos; `full` also
    runs what a short run leaves out. With options for pytest, smoke is left out.
    """
    from tools.dev import testing

    return testing.main(*testing.split(options.rest))


def lint(options: argparse.Namespace) -> int:
    """Check the source: `lint [--fix]`"""
    from tools.dev import lint

    return lint.main(options)


def bench(options: argparse.Namespace) -> int:
    """Measure the performance budgets: `bench [OPTION ...]`"""
    return _module("tools.bench", options.rest)


def chaos(options: argparse.Namespace) -> int:
    """Run faults, crashes, races and load: `chaos [--seed N] [--short] [--hour] [--json FILE]`"""
    return _module("tools.dev.chaos", options.rest)


def dist(options: argparse.Namespace) -> int:
    """Derive the addon for each series, folders and archives: `dist [SERIES ...] [--to FOLDER]`"""
    return _module("tools.series", options.rest)


def clean(_options: argparse.Namespace) -> int:
    """Remove everything that was created"""
    postgres.remove()
    shutil.rmtree(DEV)
    return 0


def setup(_options: argparse.Namespace) -> int:
    """Prepare everything and print where it is"""
    env = environment.from_variables()
    for name, value in (
        ("series", env.series),
        ("python", env.python),
        ("odoo", " ".join(env.odoo_command)),
        ("addons path", ",".join(map(str, env.addons_path))),
        ("postgres", f"host={env.pg.host} port={env.pg.port} user={env.pg.user}"),
        ("template", databases.base_template(env)),
        ("everything below", DEV),
    ):
        print(f"{name:17}{value}")
    return 0


def clone(options: argparse.Namespace) -> int:
    """Copy a template database: `clone NAME [--base]`"""
    env = environment.from_variables()
    template = databases.base_template(env) if options.base else None
    print(databases.clone(env, options.name, template))
    return 0


def drop(options: argparse.Namespace) -> int:
    """Drop a database and its filestore: `drop NAME`"""
    databases.drop(environment.from_variables(), options.name)
    return 0


def odoo(options: argparse.Namespace) -> int:
    """Run Odoo's own command line on a database: `odoo NAME [SUBCOMMAND] [OPTION ...]`"""
    env = environment.from_variables()
    config = odoo_config.write(env, options.name, runner=not options.no_runner)
    rest = list(options.rest)
    subcommand = [rest.pop(0)] if rest and not rest[0].startswith("-") else []
    command = [*env.odoo_command, *subcommand, "-c", str(config), "-d", options.name, *rest]
    return _call(command, env.process_environment())


def psql(options: argparse.Namespace) -> int:
    """Open psql on a database: `psql NAME [OPTION ...]`"""
    env = environment.from_variables()
    return _call(["psql", options.name, *options.rest], env.process_environment())


def execute(options: argparse.Namespace) -> int:
    """Run any command in the tools' environment, with PostgreSQL: `exec COMMAND ...`"""
    env = environment.from_variables()
    variables = {**venvs.clean_environment(), **env.pg.environment(), "PYTHONPATH": str(ROOT)}
    variables["PATH"] = os.pathsep.join((str(TOOLS_VENV / "bin"), variables["PATH"]))
    return _call(options.rest, variables)


def _module(name: str, arguments: Sequence[str]) -> int:
    variables = {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}
    return _call([sys.executable, "-m", name, *arguments], variables)


def _call(command: Sequence[str], variables: dict[str, str]) -> int:
    return subprocess.run(command, env=variables).returncode


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments; for some commands argparse must not consume the options after them."""
    arguments = list(arguments)
    passes_on = bool(arguments) and arguments[0] in PASSING_ON and arguments[1:2] != ["--help"]
    if passes_on:
        arguments.insert(1, "--")
    options = _parser().parse_args(arguments)
    if passes_on:
        options.rest.remove("--")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    parsed = _add(commands, "run", run)
    parsed.add_argument("--fresh", action="store_true", help="drop the database of the last run")
    parsed.add_argument("--database", metavar="NAME", help="use another database")
    parsed = _add(commands, "smoke", smoke)
    parsed.add_argument("--keep", action="store_true", help="keep the database for inspection")
    _add(commands, "test", test).add_argument("rest", nargs=argparse.REMAINDER)
    _add(commands, "bench", bench).add_argument("rest", nargs=argparse.REMAINDER)
    _add(commands, "chaos", chaos).add_argument("rest", nargs=argparse.REMAINDER)
    _add(commands, "dist", dist).add_argument("rest", nargs=argparse.REMAINDER)
    parsed = _add(commands, "lint", lint)
    parsed.add_argument("--fix", action="store_true", help="fix what can be fixed first")
    _add(commands, "setup", setup)
    _add(commands, "clean", clean)
    parsed = _add(commands, "clone", clone)
    parsed.add_argument("name")
    parsed.add_argument("--base", action="store_true", help="without the addon")
    _add(commands, "drop", drop).add_argument("name")
    parsed = _add(commands, "odoo", odoo)
    parsed.add_argument("--no-runner", action="store_true", help="without queue_job's job runner")
    parsed.add_argument("name")
    parsed.add_argument("rest", nargs=argparse.REMAINDER)
    parsed = _add(commands, "psql", psql)
    parsed.add_argument("name")
    parsed.add_argument("rest", nargs=argparse.REMAINDER)
    _add(commands, "exec", execute).add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def _add(commands: argparse._SubParsersAction, name: str, run: Callable) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    parser.set_defaults(run=run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
