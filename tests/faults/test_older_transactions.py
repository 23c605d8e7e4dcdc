"""Transactions that began before a product was linked or a switch was turned on; no cron helps."""

from collections.abc import Callable

from tools.dev.processes import wait_until
from tools.drivers.seller import Seller

WAITING = "SELECT count(*) FROM cartona_older WHERE transactions IS NOT NULL"


def set_price(product: int, price: float) -> str:
    """Return the expression that a transaction runs to write a price."""
    return f"env['product.product'].browse({product}).write({{'list_price': {price}}})"


def begin_before_link(seller: Seller, begin: Callable, count: int = 1) -> tuple:
    """Open transactions that read a product and do nothing else, then link and publish it.

    :return: (product id, *transactions)
    """
    [product] = seller.create(1, list_price=10.0)
    opened = [begin() for _number in range(count)]
    for transaction in opened:
        assert transaction.query("SELECT txid_current_if_assigned()") == [[None]]
    seller.link([product], seller.unused(1))
    seller.wait_until_shown(product, within=10, selling_price=10.0)
    wait_until(lambda: begin_and_count(begin), timeout=10)
    return product, *opened


def begin_and_count(begin: Callable) -> int:
    """Return how many rows wait for the end of older transactions."""
    transaction = begin()
    [[count]] = transaction.query(WAITING)
    transaction.rollback()
    return count


def test_price_of_a_transaction_older_than_the_link_arrives(seller: Seller, begin: Callable):
    product, older = begin_before_link(seller, begin)
    older.run(set_price(product, 99.0))
    older.commit()
    seller.wait_until_shown(product, within=10, selling_price=99.0)


def test_price_arrives_while_a_longer_transaction_stays_open(seller: Seller, begin: Callable):
    product, dump, older = begin_before_link(seller, begin, count=2)
    older.run(set_price(product, 99.0))
    older.commit()
    seller.wait_until_shown(product, within=10, selling_price=99.0)
    dump.rollback()


def test_price_of_a_transaction_older_than_the_switch_arrives(seller: Seller, begin: Callable):
    seller.configure(auto_sync_products=False, auto_sync_stock=False)
    [product] = seller.publish_products(1, list_price=10.0)
    older = begin()
    seller.configure(auto_sync_products=True)
    seller.wait_until_shown(product, within=10, selling_price=10.0)
    older.run(set_price(product, 99.0))
    older.commit()
    seller.wait_until_shown(product, within=10, selling_price=99.0)
