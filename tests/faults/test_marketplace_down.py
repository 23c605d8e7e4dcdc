"""The marketplace does not answer for a while: nothing is lost, and no user has to act."""

from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import Seller


def test_changes_during_an_outage_arrive_afterwards(seller: Seller, sandbox: SandboxServer):
    products = seller.publish_products(20, list_price=10.0)
    seller.count_stock(dict.fromkeys(products, 5))
    seller.wait_until_idle()
    sandbox.stop()  # connections are refused from now on; its state is lost too
    for number, product in enumerate(products):
        seller.write(product, list_price=20.0 + number)
    seller.count_stock({product: 30 + number for number, product in enumerate(products)})
    wait_until(lambda: failures(seller) >= 2, timeout=20)
    assert states(seller) == {"pending"}, "they wait and show it"
    sandbox.start()
    seller.wait_until_idle(timeout=30)
    assert seller.differences() == {}
    assert states(seller) == {"synced"}
    assert failures(seller) == 0
    assert failed_jobs(seller) == 0


def test_outage_causes_no_flood_of_calls(seller: Seller, sandbox: SandboxServer):
    """During the pause, further changes do not cause more attempts."""
    [product] = seller.publish_products(1, list_price=10.0)
    fault = sandbox.set_fault(effect="503", path="supplier-product/bulk-update")
    mark = seller.last_request()
    for number in range(20):
        seller.write(product, list_price=20.0 + number)
    wait_until(lambda: len(seller.update_requests(mark)) >= 3, timeout=20)
    calls = seller.update_requests(mark)
    pauses = [later["ms"] - call["ms"] for call, later in zip(calls, calls[1:], strict=False)]
    assert [pause >= least for pause, least in zip(pauses, (1000, 2000), strict=False)] == [
        True,
        True,
    ]
    sandbox.clear_faults(fault["id"])
    seller.wait_until_shown(product, within=15, selling_price=39.0)
    seller.wait_until_idle()


# === HELPERS === #


def failures(seller: Seller) -> int:
    """Return the number of consecutive failed calls."""
    return seller.setting("out_failure_count")


def failed_jobs(seller: Seller) -> int:
    """Return the number of failed jobs: none is expected."""
    return seller.odoo.query("SELECT count(*) FROM queue_job WHERE state = 'failed'")[0][0]


def states(seller: Seller) -> set[str]:
    """Return the sync states on the products' forms."""
    rows = seller.odoo.call(
        "product.product", "read", list(seller.listings), ["cartona_sync_state"]
    )
    return {row["cartona_sync_state"] for row in rows}
