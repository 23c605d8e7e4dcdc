"""Fixtures of the end-to-end tests: a supplier on a real server, with the job runner."""

import pytest

from tools.bench.seller import Seller
from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """`odoo` connected to `sandbox`, prices and stock on, at rest, without products of its own.

    Every test makes its own products: the database is shared by the tests of a file.
    """
    seller = Seller(odoo, sandbox).connect()
    seller.rest()
    return seller
