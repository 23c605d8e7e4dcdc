"""A marketplace that answers whatever it likes, with 200: orders, the catalogue, taken prices."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attack.anything import ORDERS, ROWS, VALUES
from tests.attack.conftest import PRICE, SOLD, complaints, encoded, order, settled
from tests.chaos.report import Line
from tools.dev.processes import wait_until
from tools.drivers.intake import PULL, Intake
from tools.drivers.seller import UPDATE, Seller

pytestmark = pytest.mark.timeout(1200)
CATALOGUE = "supplier-product"
_JOBS = """
    SELECT count(*) FROM queue_job WHERE state IN ('enqueued', 'started')
        OR state = 'pending' AND (eta IS NULL OR eta <= now() AT TIME ZONE 'UTC')
"""
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
LISTS = st.lists(ORDERS | VALUES, max_size=20)


@pytest.fixture(autouse=True)
def quiet(seller: Seller):
    """Whatever a test does: no traceback and no error in the server's log, no job that failed."""
    start = seller.odoo.log.stat().st_size
    yield
    with open(seller.odoo.log, "rb") as log:
        log.seek(start)
        assert complaints(log.read().decode("utf-8", "replace")) == []
    assert seller.odoo.query("SELECT count(*) FROM queue_job WHERE state = 'failed'") == [(0,)]


@pytest.fixture
def answer(seller: Seller, tried: list[str]) -> Callable[..., None]:
    """`answer(bodies, ask, **rule)`: these are the next answers to calls that fit the rule, and
    then it is waited until nobody has anything to do."""

    def give(bodies: list[str], ask: Callable[[], object], **rule: object) -> None:
        sandbox = seller.sandbox
        sandbox.clear_faults()
        # Ends the pause after an answer that could not be read.
        seller.odoo.call("cartona.config", "action_test_connection", [seller.config])
        rested(seller)
        for body in bodies:
            sandbox.set_fault(effect="status", status=200, body=body, times=1, **rule)
        tried.append(bodies[0])
        ask()
        wait_until(lambda: sandbox.faults()[0]["hits"], timeout=30)
        rested(seller)
        sandbox.clear_faults()

    return give


def rested(seller: Seller) -> None:
    """Wait until no job is at work or due."""
    wait_until(lambda: seller.odoo.query(_JOBS) == [(0,)], timeout=60)


@given(orders=LISTS)
@settings(settings.get_profile("answers"))
def test_whatever_orders_are_pulled_are_imported_or_wait_for_a_reason(
    seller: Seller, answer: Callable, tried: list[str], orders: list
):
    good = order(hashed_id=f"good{len(tried)}")
    ask = Intake(seller).pull
    answer([encoded([*orders, good]).decode()], ask, path=PULL)
    _messages, sales = settled(seller.odoo)
    assert good["hashed_id"] in {sale["cartona_id"] for sale in sales}


@given(body=TEXTS | VALUES.map(lambda data: encoded(data).decode()))
@settings(settings.get_profile("answers"))
def test_whatever_is_no_list_of_orders_is_asked_again(seller: Seller, answer: Callable, body: str):
    answer([body], Intake(seller).pull, path=PULL)
    settled(seller.odoo)


@given(rows=st.lists(ROWS, max_size=20))
@settings(settings.get_profile("answers"))
def test_whatever_rows_the_catalogue_has_the_good_one_is_read(
    seller: Seller, answer: Callable, rows: list
):
    odoo, [product] = seller.odoo, seller.listings
    good = {"supplier_product_id": SOLD, "supplier_product_name": "good", "selling_price": PRICE}
    odoo.query("UPDATE cartona_listing SET name = 'old' WHERE cartona_id = %s", SOLD)

    def ask() -> None:
        odoo.call("cartona.config", "action_read_catalogue", [seller.config])

    answer([encoded([*rows, good]).decode(), "[]"], ask, path=CATALOGUE, method="GET")
    kept = "SELECT name, product_id, is_gone FROM cartona_listing WHERE cartona_id = %s"
    [(name, linked, is_gone)] = odoo.query(kept, SOLD)
    assert (name, linked) == ("good", product)
    assert not is_gone


@given(body=TEXTS | VALUES.map(lambda data: encoded(data).decode()))
@settings(settings.get_profile("answers"))
def test_whatever_is_answered_to_a_price_it_is_kept_or_refused_with_a_reason(
    seller: Seller, answer: Callable, tried: list[str], body: str
):
    odoo, [product] = seller.odoo, seller.listings
    price = 10.0 + len(tried)

    def ask() -> None:
        seller.write(product, list_price=price)

    answer([body], ask, path=UPDATE, when="after")
    odoo.call("cartona.config", "action_test_connection", [seller.config])
    seller.wait_until_idle(timeout=30)
    assert seller.price(product) == price
    said = "SELECT state, coalesce(error_code, '') != '' FROM cartona_listing WHERE cartona_id = %s"
    assert odoo.query(said, SOLD)[0] in (("synced", False), ("error", True))
    seller.write(product, list_price=PRICE)


def test_all_of_that_is_told(seller: Seller, tried: list[str], lines: list[Line]):
    """Comes last: what the others have tried goes into the table."""
    messages, sales = settled(seller.odoo)
    lines.append(
        Line(
            "whatever the marketplace answers with 200",
            f"{len(messages):,} messages kept, {len(sales):,} sale orders",
            tried=len(tried),
        )
    )
    assert tried
