"""Fixtures of the browser tests: a real Chromium, somebody in front of it, in two languages.

`SCREENSHOTS=docs/screenshots ./dev test browser` takes the pictures of the documentation anew.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.clerk import Clerk
from tools.dev.odoo_server import OdooServer
from tools.dev.paths import ROOT

LANGUAGES = ("en_US", "ar_001")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for the whole run."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """What the user reads: every test runs once in English and once in Arabic."""
    return request.param


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`new_page()`: a page of its own; a test in which a page's script fails has failed."""
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
    """The administrator, logged in to `odoo`, in `language`."""
    speak(odoo, language)
    return Clerk(new_page(), odoo, _pictures(), language[:2]).log_in()


@pytest.fixture
def phone(odoo: OdooServer, language: str, new_page: Callable[..., Page]) -> Clerk:
    """The same on the screen of a phone."""
    speak(odoo, language)
    return Clerk(new_page(390, 780), odoo, _pictures(), language[:2]).log_in()


def speak(odoo: OdooServer, language: str) -> None:
    """Let the administrator read Odoo in that language."""
    lang = odoo.call("res.lang", "search", [("code", "=", language)])
    if not lang:
        # By RPC: what another process activates, the server would not know at once.
        everything = {"active_test": False}
        domain = [("code", "=", language)]
        found = odoo.call("res.lang", "search", domain, context=everything)
        install = odoo.call("base.language.install", "create", {"lang_ids": [(6, 0, found)]})
        odoo.call("base.language.install", "lang_install", [install])
    [user] = odoo.call("res.users", "search", [("login", "=", "admin")])
    values = {"lang": language}
    if "tour_enabled" in odoo.call("res.users", "fields_get", ["tour_enabled"]):
        values["tour_enabled"] = False  # Odoo's own hints would lie over what is looked at
    odoo.call("res.users", "write", [user], values)


def _pictures() -> Path | None:
    folder = os.environ.get("SCREENSHOTS")
    return ROOT / folder if folder else None
