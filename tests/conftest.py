"""Fixtures for all tests that need more than their own process: an Odoo, a marketplace.

A test that uses none of them runs without either. The imports are inside the fixtures, so that
`pytest tests/unit` needs neither psycopg2 nor lxml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tools.dev import demo
    from tools.dev.environment import Environment
    from tools.dev.odoo_server import OdooServer
    from tools.dev.sandbox_server import SandboxServer


@pytest.fixture(scope="session")
def environment() -> Environment:
    """Prepare the Odoo to test: 19.0, or the one of SERIES, ODOO and PYTHON."""
    from tools.dev import environment as environments

    return environments.from_variables()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxServer]:
    """Start one marketplace for the whole run. Tests use `sandbox`, which is reset for each."""
    from tools.dev.sandbox_server import SandboxServer

    with SandboxServer(seed=1, listings=1000) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_process: SandboxServer) -> SandboxServer:
    """Return the marketplace after a reset: no orders, no faults, no webhook, an empty log."""
    if sandbox_process.process is None:
        sandbox_process.start()
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start an Odoo with the addon and the job runner, on a database for this test file only."""
    from tools.dev.odoo_server import on_a_copy

    with on_a_copy(environment) as server:
        yield server


@pytest.fixture
def shop(odoo: OdooServer, sandbox: SandboxServer) -> demo.Shop:
    """Connect `odoo` to `sandbox`: everything on, products linked and sent, webhook set."""
    from tools.dev import demo

    return demo.open_shop(odoo, sandbox, count=8)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium; skip the test if there is none and none can be installed."""
    from tools.dev import browser, processes, store

    try:
        return browser.chromium()
    except (store.SetupError, processes.CommandError) as error:
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., object]:
    """Return `wait_until(predicate, timeout=5)`: its first true answer, or TimeoutError."""
    from tools.dev import processes

    return processes.wait_until
