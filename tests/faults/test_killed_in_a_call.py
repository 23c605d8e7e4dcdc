"""The server dies in the middle of a call: after its restart both sides agree automatically."""

from collections.abc import Callable, Iterator

import pytest

from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.drivers.seller import Seller


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start a server as in production: job runner and cron."""
    with on_a_copy(environment) as server:
        yield server


@pytest.mark.parametrize("when", ["before", "after"])
def test_interrupted_call_is_repeated_with_current_values(
    seller: Seller, fail_next_update: Callable, minute_passes: Callable, when: str
):
    """Killed before and after the marketplace did the work; one price goes back."""
    changed, returned = seller.publish_products(2, list_price=10.0)
    arrived = fail_next_update("delay", when=when, seconds=30)
    seller.write([changed, returned], list_price=11.0)
    arrived()
    if when == "after":
        seller.wait_until_shown(returned, selling_price=11.0)
    seller.odoo.kill()
    seller.odoo.start()
    seller.write(returned, list_price=10.0)
    seller.wait_until_shown(changed, selling_price=11.0)
    seller.wait_until_shown(returned, selling_price=10.0)
    assert seller.setting("connection_state") == "connected"
    minute_passes(seller.odoo)
    seller.wait_until_idle(timeout=30)  # the killed job does not remain either


def test_killed_server_finishes_the_call_after_restart(
    seller: Seller, fail_next_update: Callable, minute_passes: Callable
):
    """After the restart only time passes: no job is stuck, no change is lost."""
    products = seller.publish_products(5, list_price=10.0)
    arrived = fail_next_update("delay", seconds=30)
    seller.write(products, list_price=12.0)
    arrived()
    seller.count_stock(dict.fromkeys(products, 6))
    seller.odoo.kill()
    seller.odoo.start()
    minute_passes(seller.odoo)
    seller.wait_until_idle(timeout=30)
    assert seller.differences() == {}


def test_change_without_wake_up_is_found(seller: Seller, minute_passes: Callable):
    """Committed, and killed before the wake-up: only the row in the outbox exists."""
    [product] = seller.publish_products(1, list_price=10.0)
    seller.odoo.kill()
    seller.odoo.query(
        "UPDATE product_template SET list_price = 12 WHERE id ="
        " (SELECT product_tmpl_id FROM product_product WHERE id = %s)",
        product,
    )
    seller.odoo.query(
        "INSERT INTO cartona_change (config_id, company_id, kind, res_id, create_date)"
        " SELECT config_id, company_id, 'price', id, now() AT TIME ZONE 'UTC'"
        " FROM cartona_listing WHERE product_id = %s",
        product,
    )
    seller.odoo.start()
    minute_passes(seller.odoo)
    seller.wait_until_shown(product, within=20, selling_price=12.0)
