"""Refusals by Cartona stop nothing else, are explained, and are not sent again repeatedly."""

import pytest

from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import UPDATE, Seller

# Not `silent`: an answer without its refusals contains nothing to find.
SHAPES = ("errors_list", "errors_strings", "errors_map", "rows", "text")
NOT_LISTED = 900_000_000  # no listing of the marketplace has such an id


@pytest.mark.parametrize("shape", SHAPES)
def test_refused_items_of_an_accepted_batch_are_found(
    seller: Seller, sandbox: SandboxServer, shape: str
):
    good = seller.publish_products(97)
    bad = seller.create(3)
    sandbox.behaviour(refusals=shape)
    first = NOT_LISTED + 10 * SHAPES.index(shape)  # the tests share a database
    seller.link(bad, range(first, first + len(bad)))
    seller.wait_until_idle()
    seller.write(good + bad, list_price=21.0)
    seller.wait_until_idle(timeout=30)

    rows = states(seller, good + bad)
    assert {rows[product]["cartona_sync_state"] for product in bad} == {"error"}
    assert {rows[product]["cartona_sync_state"] for product in good} == {"synced"}
    assert all(rows[product]["cartona_error"] for product in bad), "each has a reason"
    shown = {str(row["supplier_product_id"]): row["selling_price"] for row in sandbox.listings()}
    assert {shown[seller.listings[product]] for product in good} == {21.0}


def test_refused_item_is_parked_until_its_product_changes(seller: Seller, sandbox: SandboxServer):
    refused, other = seller.publish_products(2, list_price=10.0)
    fault = sandbox.set_fault(effect="422", path=UPDATE)
    mark = seller.last_request()
    seller.write(refused, list_price=13.0)
    seller.wait_until_idle()
    assert [call["status"] for call in seller.update_requests(mark)] == [422]
    assert states(seller, [refused])[refused]["cartona_sync_state"] == "error"
    assert seller.setting("connection_state") == "connected"

    sandbox.clear_faults(fault["id"])
    mark = seller.last_request()
    seller.write(other, list_price=14.0)
    seller.wait_until_shown(other, selling_price=14.0)
    seller.wait_until_idle()
    assert seller.sent(refused, mark) == [], "parked: other changes do not send it again"

    seller.write(refused, list_price=15.0)
    seller.wait_until_shown(refused, selling_price=15.0)
    seller.wait_until_idle()
    assert states(seller, [refused])[refused]["cartona_sync_state"] == "synced"


def test_retry_after_is_respected(seller: Seller, sandbox: SandboxServer):
    first, second = seller.publish_products(2, list_price=10.0)
    delay = 3
    sandbox.set_fault(effect="429", path=UPDATE, times=1, retry_after=delay)
    mark = seller.last_request()
    seller.write(first, list_price=16.0)
    sandbox.wait_for(lambda: seller.update_requests(mark))
    # The change of another product must respect the pause too.
    seller.write(second, list_price=17.0)
    seller.wait_until_shown(first, within=delay + 5, selling_price=16.0)
    seller.wait_until_shown(second, selling_price=17.0)
    seller.wait_until_idle()
    calls = seller.update_requests(mark)
    assert [call["status"] for call in calls] == [429, 200]
    assert calls[1]["ms"] - calls[0]["ms"] >= 1000 * delay


def test_revoked_token_stops_sending_and_new_one_resumes(seller: Seller, sandbox: SandboxServer):
    products = seller.publish_products(5, list_price=10.0)
    sandbox.revoke_token(seller.token)
    mark = seller.last_request()
    for number, product in enumerate(products):
        seller.write(product, list_price=30.0 + number)
        sandbox.wait_for(lambda: sandbox.requests(since=mark))
    wait_until(lambda: not seller.pending_work()[1], timeout=10)
    assert [call["status"] for call in sandbox.requests(since=mark)] == [401]
    assert seller.setting("connection_state") == "error"
    assert len(activities(seller)) == 1
    assert waiting(seller) == len(products)

    sandbox.set_token("another", ["1"])
    seller.configure(auth_token="another")
    for number, product in enumerate(products):
        seller.wait_until_shown(product, selling_price=30.0 + number)
    seller.wait_until_idle()
    assert seller.differences() == {}
    assert seller.setting("connection_state") == "connected"
    assert activities(seller) == []


# === HELPERS === #


def states(seller: Seller, products: list[int]) -> dict[int, dict]:
    """Return the sync fields on the products' forms."""
    fields = ["cartona_sync_state", "cartona_error"]
    rows = seller.odoo.call("product.product", "read", products, fields)
    return {row["id"]: row for row in rows}


def activities(seller: Seller) -> list[int]:
    """Return the managers' activities about the connection."""
    domain = [
        ("res_model", "=", "cartona.config"),
        ("res_id", "=", seller.config),
        ("cartona_cause", "=", "connection"),
    ]
    return seller.odoo.call("mail.activity", "search", domain)


def waiting(seller: Seller) -> int:
    """Return the number of listings in the outbox."""
    rows = seller.odoo.query("SELECT DISTINCT res_id FROM cartona_change WHERE kind = 'price'")
    return len(rows)
