"""Fixtures of the browser tests: a real Chromium and its users, in two languages.

`SCREENSHOTS=docs/screenshots ./dev test browser` takes the documentation's screenshots again.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.clerk import Clerk, reference
from tools.dev import browser as chromium_tools
from tools.dev import processes, store
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.paths import ROOT

LANGUAGES = ("en_US", "ar_001")
_LONGEST = 900  # seconds for a test, with its server and the loading of a language


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests more time than others."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(_LONGEST))


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Start one Chromium for the whole run."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def serve(environment: Environment) -> Callable[[], AbstractContextManager[OdooServer]]:
    """Return `with serve() as odoo`: a server on a fresh database, removed after the block.

    Its pages are mirrored for Arabic; without rtlcss the test is skipped.
    """
    try:
        folder = chromium_tools.rtlcss()
    except (store.SetupError, processes.CommandError) as error:
        pytest.skip(str(error).splitlines()[0])
    variables = {"PATH": os.pathsep.join((str(folder), os.environ["PATH"]))}

    @contextmanager
    def start() -> Iterator[OdooServer]:
        with on_a_copy(environment, environment=variables) as server:
            server.call("ir.config_parameter", "set_param", "web.base.url", server.url)
            yield server

    return start


@pytest.fixture(scope="session")
def odoo(serve: Callable[[], AbstractContextManager[OdooServer]]) -> Iterator[OdooServer]:
    """Start an Odoo with the addon and the job runner, for tests that do not start their own."""
    with serve() as server:
        yield server


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Run every test once in English and once in Arabic."""
    return request.param


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return `new_page()`: a new page; a test fails if a script of its pages fails."""
    contexts, failures = [], []

    def make(width: int = 1280, height: int = 860) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert failures == []


@pytest.fixture
def clerk(odoo: OdooServer, language: str, new_page: Callable[..., Page]) -> Clerk:
    """Log the administrator in to `odoo`, in `language`."""
    set_language(odoo, language)
    return Clerk(new_page(), odoo, _pictures(), language[:2]).log_in()


@pytest.fixture
def phone(odoo: OdooServer, language: str, new_page: Callable[..., Page]) -> Clerk:
    """Log the administrator in on the screen of a phone."""
    set_language(odoo, language)
    return Clerk(new_page(390, 780), odoo, _pictures(), language[:2]).log_in()


@pytest.fixture
def colleague(
    odoo: OdooServer, language: str, new_page: Callable[..., Page]
) -> Callable[[str], Clerk]:
    """Return `colleague("stock.group_stock_user")`: a user with that group only, logged in."""

    def make(group: str) -> Clerk:
        set_language(odoo, language)
        login = f"{group.split('_')[-1]}-{language}"
        if not odoo.call("res.users", "search_count", [("login", "=", login)]):
            # Up to 18.0 a user's groups have another field name.
            groups = "group_ids" if odoo.env.major >= 19 else "groups_id"
            ids = [reference(odoo, name) for name in ("base.group_user", group)]
            values = {"name": login.title(), "login": login, "password": login, "lang": language}
            odoo.call(
                "res.users", "create", {**values, groups: [(6, 0, ids)], **quiet_user_values(odoo)}
            )
        return Clerk(new_page(), odoo, _pictures(), language[:2]).log_in(login, login)

    return make


def quiet_user_values(odoo: OdooServer) -> dict[str, object]:
    """Return values of a user without Odoo's own pop-ups, which would cover the screen."""
    values: dict[str, object] = {"odoobot_state": "disabled"}
    if "tour_enabled" in odoo.call("res.users", "fields_get", ["tour_enabled"]):
        values["tour_enabled"] = False
    return values


def set_language(odoo: OdooServer, language: str) -> None:
    """Set the administrator's language."""
    lang = odoo.call("res.lang", "search", [("code", "=", language)])
    if not lang:
        everything = {"active_test": False}
        domain = [("code", "=", language)]
        found = odoo.call("res.lang", "search", domain, context=everything)
        wanted = {"lang_ids": [(6, 0, found)]} if odoo.env.major >= 16 else {"lang": language}
        install = odoo.call("base.language.install", "create", wanted)
        odoo.call("base.language.install", "lang_install", [install])
    [user] = odoo.call("res.users", "search", [("login", "=", "admin")])
    odoo.call("res.users", "write", [user], {"lang": language, **quiet_user_values(odoo)})


def _pictures() -> Path | None:
    folder = os.environ.get("SCREENSHOTS")
    return ROOT / folder if folder else None
