"""The server dies in the middle of a call: after its restart both sides agree by themselves."""

from collections.abc import Callable, Iterator

import pytest

from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.drivers.seller import Seller


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """A server as it is in business: job runner and cron, both."""
    with on_a_copy(environment) as server:
        yield server


@pytest.mark.parametrize("when", ["before", "after"])
def test_call_cut_short_is_repeated_with_what_is_true_by_then(
    seller: Seller, struck: Callable, minute_passes: Callable, when: str
):
    """Killed before and after the marketplace has done the work; one price goes back."""
    changed, returned = seller.publish_products(2, list_price=10.0)
    arrived = struck("delay", when=when, seconds=30)
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
    seller.wait_until_idle(timeout=30)  # nor does the job that was killed stay behind


def test_server_killed_in_a_call_finishes_it_without_a_hand(
    seller: Seller, struck: Callable, minute_passes: Callable
):
    """Nothing happens after the restart but time: no job is stuck, no change is lost."""
    products = seller.publish_products(5, list_price=10.0)
    arrived = struck("delay", seconds=30)
    seller.write(products, list_price=12.0)
    arrived()
    seller.count_stock(dict.fromkeys(products, 6))
    seller.odoo.kill()
    seller.odoo.start()
    minute_passes(seller.odoo)
    seller.wait_until_idle(timeout=30)
    assert seller.differences() == {}


def test_change_that_nobody_was_told_of_is_found(seller: Seller, minute_passes: Callable):
    """Committed, and dead before the bell was rung: the row in the outbox is all there is."""
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
