"""Transactions that began before a product was linked, or a switch was turned on; no cron helps."""

from collections.abc import Callable

from tools.drivers.seller import Seller

UNLINK = "env['product.product'].browse({}).write({{'cartona_id': False}})"
LINK = "env['product.product'].browse({}).write({{'cartona_id': {!r}}})"
SET_PRICE = "env['product.product'].browse({}).write({{'list_price': {}}})"


def test_price_of_a_transaction_that_only_read_before_the_link_arrives(
    seller: Seller, begin: Callable
):
    [product] = seller.publish_products(1, list_price=10.0)
    cartona_id = seller.odoo.shell(f"env['product.product'].browse({product}).cartona_id")
    link(begin, UNLINK.format(product))
    seller.wait_until_idle()
    older = begin()
    assert older.query("SELECT txid_current_if_assigned()")[0][0] is None
    link(begin, LINK.format(product, cartona_id))
    seller.wait_until_idle()
    older.run(SET_PRICE.format(product, 11.0))
    older.commit()
    seller.wait_until_shown(product, within=10, selling_price=11.0)
