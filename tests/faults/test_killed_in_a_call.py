"""The server dies in the middle of a call: after its restart both sides agree by themselves."""

from collections.abc import Callable, Iterator

import pytest

from tools.bench.seller import Seller
from tools.dev import databases
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer

# Without a hand, within minutes: job runner and cron look around once a minute.
MINUTES = 150


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """A server as it is in business: job runner and cron, both."""
    database = databases.clone(environment)
    try:
        with OdooServer(environment, database) as server:
            yield server
    finally:
        databases.drop(environment, database)


@pytest.mark.parametrize("when", ["before", "after"])
def test_server_killed_before_and_after_the_marketplace_has_done_the_work(
    seller: Seller, struck: Callable, when: str
):
    changed, returned = seller.sell(2, list_price=10.0)
    seller.count({changed: 5, returned: 5})
    seller.rest()
    arrived = struck("delay", when=when, seconds=30)
    seller.odoo.call("product.product", "write", [changed, returned], {"list_price": 11.0})
    arrived()
    if when == "after":
        seller.arrives(returned, selling_price=11.0)
    seller.odoo.kill()
    seller.odoo.start()
    seller.write(returned, list_price=10.0)
    seller.rest(timeout=MINUTES)
    assert seller.odds() == {}
    assert (seller.price(changed), seller.price(returned)) == (11.0, 10.0)
    assert seller.setting("connection_state") == "connected"


def test_server_killed_with_changes_that_nobody_was_told_of(seller: Seller):
    """Committed, and dead before the bell was rung: the row in the outbox is all there is."""
    [product] = seller.sell(1, list_price=10.0)
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
    seller.arrives(product, within=MINUTES, selling_price=12.0)
    seller.rest()
