"""Fixtures of the end-to-end tests: a supplier on a real server, with the job runner."""

from collections.abc import Iterator

import pytest

from tests.support.order_life import Life
from tools.dev.demo import Shop
from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import Seller


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """Connect `odoo` to `sandbox`, prices and stock on, idle, without products.

    Every test makes its own products: the database is shared by the tests of a file.
    """
    seller = Seller(odoo, sandbox).connect()
    seller.wait_until_idle()
    return seller


@pytest.fixture
def life(shop: Shop) -> Iterator[Life]:
    """Return a supplier's order handling; default settings are restored after the test."""
    life = Life(shop)
    yield life
    defaults = {
        "delivered_when": "validated",
        "shipped_when": "button",
        "complete_delivered": False,
    }
    life.odoo.call("cartona.config", "write", [life.config], defaults)
