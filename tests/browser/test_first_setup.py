"""From an installed addon to the first order, by the steps that the README names and no other."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page

from tests.browser.clerk import Clerk
from tools.dev import demo
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer

LIMIT = 600  # seconds
APP = "cartona_integration.menu_cartona_root"


@pytest.fixture
def odoo(serve: Callable[[], AbstractContextManager[OdooServer]]) -> Iterator[OdooServer]:
    """A fresh one for each language: whoever sets it up is the first to do so."""
    with serve() as server:
        yield server


def test_from_installed_to_the_first_order(
    clerk: Clerk,
    odoo: OdooServer,
    sandbox: SandboxServer,
    new_page: Callable[..., Page],
    capsys: pytest.CaptureFixture,
):
    listing = demo.catalogue(sandbox, 1)[0]
    values = {"name": listing["name"], "list_price": listing["price"], "taxes_id": [(5,)]}
    product = odoo.call("product.template", "create", values)

    # Cartona: its card says what is still to do.
    clerk.open_app(APP)
    clerk.sees(".o_kanban_record [name='action_open_config']")
    clerk.picture("1-dashboard-new")
    clerk.press("action_open_config", ".o_kanban_record")
    clerk.picture("2-set-up")

    # Paste the token, press Test Connection.
    clerk.type("auth_token", sandbox.token)
    clerk.type("base_url", sandbox.api_url)
    clerk.press("action_test_connection", ".o_statusbar_buttons")
    clerk.sees(".o_notification")
    clerk.does_not_see("[name='needs_token']")
    clerk.does_not_see("[name='needs_test']")

    # Hand the webhook's address and secret over to Cartona, which enters them on its side.
    address, secret = (
        clerk.field(name).inner_text().strip() for name in ("webhook_url", "webhook_token")
    )
    sandbox.set_webhook(address, token=secret)

    # Enter the Cartona ID on the products.
    clerk.press("action_open_products", "[name='checklist']")
    clerk.click(f".o_data_row:has-text({listing['name']!r}) .o_data_cell[name='name']")
    clerk.sees(".o_form_view")
    clerk.type("cartona_id", listing["id"])
    clerk.save()
    clerk.picture("3-product-linked")

    # Go live: see what it would change, then switch it on.
    clerk.open_app(APP)
    clerk.press("action_open_config", ".o_kanban_record")
    clerk.press("action_go_live", "[name='checklist']")
    clerk.press("action_read", ".modal")
    reading = [("catalogue_read_at", "=", False)]
    wait_until(lambda: not odoo.call("cartona.config", "search_count", reading), timeout=240)
    clerk.press("action_reload", ".modal")
    clerk.picture("4-go-live")
    clerk.press("action_go_live", ".modal-footer")
    clerk.does_not_see("[name='needs_switch']")

    # The first order.
    line = {"supplier_product_id": listing["id"], "amount": 3}
    order = sandbox.place_order(lines=[line])
    domain = [("cartona_id", "=", order["hashed_id"])]
    wait_until(lambda: odoo.call("sale.order", "search_count", domain), timeout=20)
    seconds = clerk.seconds
    with capsys.disabled():
        print(f"\nfrom installed to the first order: {seconds:.0f} s, {clerk.clicks} clicks")
    assert seconds < LIMIT

    # Nothing is left to do: Cartona has called.
    clerk.open_app(APP)
    clerk.sees(".o_kanban_record [name='dashboard_graph'] canvas")
    assert not odoo.call("cartona.config", "search_read", [], ["missing_count"])[0]["missing_count"]
    assert (
        odoo.call("product.template", "read", [product], ["cartona_id"])[0]["cartona_id"]
        == (listing["id"])
    )
