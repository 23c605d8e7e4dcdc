"""The session that holds a stream's lock ends during a call: the late call is not the last word."""

from collections.abc import Callable, Iterator

import pytest

from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.processes import wait_until
from tools.drivers.seller import Seller

_STREAM = 0x0CA7_0001  # first half of the key of the drain's lock
_HOLDERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks"
    " WHERE locktype = 'advisory' AND classid = %s AND granted AND pid != pg_backend_pid()"
)


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start a server with job runner and cron."""
    with on_a_copy(environment) as server:
        yield server


def test_call_of_a_worker_without_its_lock_is_repeated(
    seller: Seller, fail_next_update: Callable, minute_passes: Callable
):
    """The first worker's 11 arrives after the second worker's 12, as the log of calls shows."""
    [product] = seller.publish_products(1, list_price=10.0)
    arrived = fail_next_update("delay", when="before", seconds=6)
    seller.write(product, list_price=11.0)
    arrived()
    wait_until(lambda: seller.odoo.query(_HOLDERS, _STREAM), timeout=5)
    seller.write(product, list_price=12.0)
    seller.wait_until_shown(product, within=10, selling_price=12.0)

    def prices() -> list[float]:
        return [item["selling_price"] for item in seller.sent(product)]

    # The late answer belongs to an older generation: the price is sent once more.
    wait_until(lambda: prices()[-3:] == [12.0, 11.0, 12.0], timeout=30)
    minute_passes(seller.odoo)
    seller.wait_until_idle(timeout=60)
    seller.wait_until_shown(product, within=30, selling_price=12.0)
    assert seller.differences() == {}
    generation = "SELECT generation FROM cartona_stream WHERE stream = 'drain'"
    assert seller.odoo.query(generation)[0][0] >= 2
