"""The chaos suite: one seed, one world on its own PostgreSQL, one table at the end.

Short by default, as a part of `make test`; `make chaos` runs it at full length.
"""

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import clock, comparison, report
from tests.support.companies import LISTINGS, World
from tests.support.run import FULL, RUN, Run
from tests.support.workday import CUT_OFF, is_refusal
from tools.dev import databases, postgres
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.paths import DEV
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

#: A commit is durable here, as on a real server, unlike in the databases of the other tests,
#: which are never killed.
_DURABLE = {"synchronous_commit": "on", "shared_buffers": "128MB", "max_connections": "100"}
_HEALED_WITHIN = 300  # seconds, without any action


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos")
    group.addoption("--seed", type=int, help="seed of all random choices (default: random)")
    group.addoption("--full", action="store_true", help="at full length")
    group.addoption("--steady", type=int, help="seconds of steady work to measure memory over")
    group.addoption("--chaos-json", type=Path, help="write all figures to this file")


def pytest_configure(config: pytest.Config) -> None:
    seed = config.getoption("--seed")
    full = config.getoption("--full")
    config.stash[RUN] = Run(
        seed=random.SystemRandom().randrange(10**6) if seed is None else seed,
        full=full,
        steady=config.getoption("--steady") or (120 if full else 15),
        lines=[],
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.stash[RUN].full or FULL:
        return
    left_out = [item for item in items if item.get_closest_marker("nightly")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_report_header(config: pytest.Config) -> str:
    run = config.stash[RUN]
    return f"chaos: --seed {run.seed}, {'full' if run.full else 'short'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    run = config.stash[RUN]
    if run.lines:
        terminalreporter.section(f"chaos, --seed {run.seed}")
        terminalreporter.write_line(report.table(run.lines))
        path = config.getoption("--chaos-json")
        if path:
            failed = len(terminalreporter.stats.get("failed", []))
            report.write(run.lines, path, seed=run.seed, full=run.full, failed=failed)


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """Return the options of this run."""
    return request.config.stash[RUN]


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Embedded]:
    """Start a PostgreSQL that may be killed: it has no other test's databases."""
    cluster = postgres.Embedded(DEV / "postgres-chaos", _DURABLE)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def own_environment(environment: Environment, cluster: postgres.Embedded) -> Environment:
    """Return the same Odoo on that PostgreSQL, with a copy of the database to start from."""
    template = databases.addon_template(environment)
    own = replace(environment, pg=cluster.prepare())
    if template not in own.pg.databases():
        for old in own.pg.databases():
            if old.startswith("cartona_"):
                own.pg.drop(old)
        _copy(environment.pg, own.pg, template)
    return own


def _copy(source: postgres.Server, target: postgres.Server, name: str) -> None:
    """Copy a database from one server to another."""
    partial = f"{name}_partial"
    target.drop(partial)
    target.create(partial)
    # By full path: the machine may have other versions.
    dump = [Path(target.programs, "pg_dump"), "--format=custom", "--compress=0", name]
    with subprocess.Popen(dump, env=source.environment(), stdout=subprocess.PIPE) as giving:
        restore = [Path(target.programs, "pg_restore"), "--no-owner", "--dbname", partial]
        subprocess.run(restore, env=target.environment(), stdin=giving.stdout, check=True)
    assert giving.returncode == 0
    target.rename(partial, name)


@pytest.fixture(scope="session")
def server(environment: Environment, own_environment: Environment) -> Iterator[OdooServer]:
    """Start a server of several processes, as in production, with job runner and cron."""
    template = databases.addon_template(environment)
    with on_a_copy(own_environment, template=template, workers=3) as server:
        yield server


@pytest.fixture(scope="session")
def world(server: OdooServer) -> Iterator[World]:
    """Connect two companies to a marketplace; the tests share their records."""
    with SandboxServer(seed=1, listings=LISTINGS) as sandbox:
        yield World(server, sandbox)


@pytest.fixture
def hurry(run: Run, world: World) -> Iterator[None]:
    """Shorten the waiting times in a short run; a full run takes its real time."""
    with nullcontext() if run.full else clock.fast(world.odoo):
        yield


@pytest.fixture
def agree(world: World, hurry: None) -> Callable[[], float]:
    """Return `agree()`: wait until both sides agree without any action; returns the seconds.

    Fails with all remaining differences.
    """

    def nothing_differs() -> bool:
        try:
            return not comparison.differences(world)
        except CUT_OFF as error:
            # A worker whose database was killed answers 500 once, and then recovers.
            if is_refusal(error):
                raise
            return False

    def wait() -> float:
        started = time.monotonic()
        try:
            wait_until(nothing_differs, _HEALED_WITHIN, pause=1)
        except TimeoutError:
            assert comparison.differences(world) == []
        return time.monotonic() - started

    return wait
