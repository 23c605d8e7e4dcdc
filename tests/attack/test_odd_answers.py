"""A marketplace that answers anything, with 200: orders, the catalogue, accepted prices."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.any_json import ORDERS, ROWS, VALUES
from tests.support.report import Line
from tests.support.webhook import PRICE, SOLD, encoded, imported_messages, log_errors, order
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
    """Check after any test: no traceback and no error in the server's log, no failed job."""
    start = seller.odoo.log.stat().st_size
    yield
    with open(seller.odoo.log, "rb") as log:
        log.seek(start)
        assert log_errors(log.read().decode("utf-8", "replace")) == []
    assert seller.odoo.query("SELECT count(*) FROM queue_job WHERE state = 'failed'") == [(0,)]


@pytest.fixture
def answer(seller: Seller, tried: list[str]) -> Callable[..., None]:
    """Return `answer(bodies, request, **rule)`: use these as the next answers to calls that match
    the rule, then wait until no work is left."""

    def give(bodies: list[str], send_request: Callable[[], object], **rule: object) -> None:
        sandbox = seller.sandbox
        sandbox.clear_faults()
        # Ends the pause after an unreadable answer.
        seller.odoo.call("cartona.config", "action_test_connection", [seller.config])
        wait_until_idle(seller)
        for body in bodies:
            sandbox.set_fault(effect="status", status=200, body=body, times=1, **rule)
        tried.append(bodies[0])
        send_request()
        wait_until(lambda: sandbox.faults()[0]["hits"], timeout=30)
        wait_until_idle(seller)
        sandbox.clear_faults()

    return give


def wait_until_idle(seller: Seller) -> None:
    """Wait until no job is running or due."""
    wait_until(lambda: seller.odoo.query(_JOBS) == [(0,)], timeout=60)


@given(orders=LISTS)
@settings(settings.get_profile("answers"))
def test_any_pulled_orders_are_imported_or_have_a_reason(
    seller: Seller, answer: Callable, tried: list[str], orders: list
):
    good = order(hashed_id=f"good{len(tried)}")
    send_request = Intake(seller).pull
    answer([encoded([*orders, good]).decode()], send_request, path=PULL)
    _messages, sales = imported_messages(seller.odoo)
    assert good["hashed_id"] in {sale["cartona_id"] for sale in sales}


@given(body=TEXTS | VALUES.map(lambda data: encoded(data).decode()))
@settings(settings.get_profile("answers"))
def test_answer_without_order_list_is_fetched_again(seller: Seller, answer: Callable, body: str):
    answer([body], Intake(seller).pull, path=PULL)
    imported_messages(seller.odoo)


@given(rows=st.lists(ROWS, max_size=20))
@settings(settings.get_profile("answers"))
def test_valid_catalogue_row_is_read_among_any_others(seller: Seller, answer: Callable, rows: list):
    odoo, [product] = seller.odoo, seller.listings
    good = {"supplier_product_id": SOLD, "supplier_product_name": "good", "selling_price": PRICE}
    odoo.query("UPDATE cartona_listing SET name = 'old' WHERE cartona_id = %s", SOLD)

    def send_request() -> None:
        odoo.call("cartona.config", "action_read_catalogue", [seller.config])

    answer([encoded([*rows, good]).decode(), "[]"], send_request, path=CATALOGUE, method="GET")
    kept = "SELECT name, product_id, is_gone FROM cartona_listing WHERE cartona_id = %s"
    [(name, linked, is_gone)] = odoo.query(kept, SOLD)
    assert (name, linked) == ("good", product)
    assert not is_gone


@given(body=TEXTS | VALUES.map(lambda data: encoded(data).decode()))
@settings(settings.get_profile("answers"))
def test_any_answer_to_a_price_is_accepted_or_has_reason(
    seller: Seller, answer: Callable, tried: list[str], body: str
):
    odoo, [product] = seller.odoo, seller.listings
    price = 10.0 + len(tried)

    def send_request() -> None:
        seller.write(product, list_price=price)

    answer([body], send_request, path=UPDATE, when="after")
    odoo.call("cartona.config", "action_test_connection", [seller.config])
    seller.wait_until_idle(timeout=30)
    assert seller.price(product) == price
    statement = (
        "SELECT state, coalesce(error_code, '') != '' FROM cartona_listing WHERE cartona_id = %s"
    )
    assert odoo.query(statement, SOLD)[0] in (("synced", False), ("error", True))
    seller.write(product, list_price=PRICE)


def test_results_are_added_to_the_table(seller: Seller, tried: list[str], lines: list[Line]):
    """Runs last: add the inputs of the others to the table."""
    messages, sales = imported_messages(seller.odoo)
    lines.append(
        Line(
            "any answer of the marketplace with 200",
            f"{len(messages):,} messages stored, {len(sales):,} sale orders",
            tried=len(tried),
        )
    )
    assert tried
