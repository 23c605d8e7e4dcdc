"""Fixtures of the attacks: the webhook's URL as a stranger on the network sees it."""

import pytest
from hypothesis import HealthCheck, settings

from tests.support.report import Line
from tests.support.run import RUN
from tests.support.webhook import PRICE, SOLD, Webhook
from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import Intake
from tools.drivers.seller import Seller

_EXAMPLES, _EXAMPLES_IN_FULL = 150, 2000
#: Number of answers, each of which takes a job or two.
_ANSWERS, _ANSWERS_IN_FULL = 6, 50


def pytest_configure(config: pytest.Config) -> None:
    """Configure hypothesis: each example is a call over a socket, `make chaos` makes more.

    No example database, since a run must leave nothing behind; the fixtures are one server for
    all examples.
    """
    full = config.getoption("--full", default=False)
    for name, short, long in (
        ("attack", _EXAMPLES, _EXAMPLES_IN_FULL),
        ("answers", _ANSWERS, _ANSWERS_IN_FULL),
    ):
        settings.register_profile(
            name,
            max_examples=long if full else short,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )


@pytest.fixture(scope="module")
def tried() -> list[str]:
    """Return the list of inputs sent by the tests of this file."""
    return []


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> list[Line]:
    """Return the lines of `make chaos`'s table; outside it, an unused list."""
    run = request.config.stash.get(RUN, None)
    return run.lines if run else []


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """Connect `odoo` to `sandbox`, everything on, with one idle product on sale."""
    seller = Seller(odoo, sandbox).connect(auto_sync_orders=True)
    linked = [("product_id", "!=", False), ("cartona_id", "=", SOLD)]
    rows = odoo.call("cartona.listing", "search_read", linked, ["product_id"])
    if rows:
        seller.listings = {rows[0]["product_id"][0]: SOLD}
    else:
        assert float(sandbox.listing(SOLD)["unit_count"]) == 1
        seller.link(seller.create(1, list_price=PRICE), [SOLD])
    seller.wait_until_idle(timeout=30)
    return seller


@pytest.fixture
def webhook(seller: Seller, tried: list[str]) -> Webhook:
    """Return the webhook of `seller`, which is not configured in Cartona."""
    end = seller.odoo.log.stat().st_size
    return Webhook(Intake(seller), seller.setting("webhook_token"), end, tried)
