"""From an installed addon to the first order, by the steps of the README and no other."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page

from tests.support.clerk import Clerk
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
    marketplace = Clerk(new_page(), odoo, None, clerk.suffix)
    marketplace.page.goto(f"{sandbox.url}/?lang={clerk.suffix}")

    # 1. Cartona > Dashboard, Set up: token and address, Test Connection.
    clerk.open_app(APP)
    clerk.sees(".o_kanban_record [name='action_open_config']")
    clerk.picture("1-dashboard-new")
    clerk.press("action_open_config", ".o_kanban_record")
    clerk.picture("2-set-up")
    clerk.type("auth_token", sandbox.token)
    clerk.type("base_url", sandbox.api_url)
    clerk.press("action_test_connection", ".o_statusbar_buttons")
    clerk.sees(".o_notification")
    clerk.does_not_see("[name='needs_token']")
    clerk.does_not_see("[name='needs_test']")

    # 2. Hand over address and secret: into the marketplace's own page.
    marketplace.click("#tab-webhook")
    for name, place in (("webhook_url", "url"), ("webhook_token", "token")):
        marketplace.click(f"#webhook-form [name='{place}']")
        marketplace.page.keyboard.insert_text(clerk.to_copy(name))
    marketplace.click("#webhook-form button.primary")
    marketplace.sees("#notice:not(:empty)")

    # 3. Enter their Cartona IDs: the one that the marketplace's page shows.
    shown = f"#rows tr[data-id='{listing['id']}']"
    marketplace.reads(shown, listing["name"])
    marketplace.reads(shown, listing["id"])
    clerk.press("action_open_products", "[name='checklist']")
    clerk.click(f".o_data_row:has-text({listing['name']!r}) .o_data_cell[name='name']")
    clerk.sees(".o_form_view")
    clerk.type("cartona_id", listing["id"])
    clerk.save()
    clerk.picture("3-product-linked")

    # 4. Go live: Read Cartona Now, Count Again, Go Live.
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

    # 5. Place an order; it stands under Sales > Orders.
    for _piece in range(3):
        marketplace.click(f"{shown} button.plus")
    marketplace.click("#place-open")
    marketplace.click("#place button.primary")
    [order] = wait_until(lambda: sandbox.orders(limit=1), timeout=20)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(
        lambda: odoo.call("sale.order", "search_read", domain, ["name"]), timeout=20
    )
    clerk.open_app("sale.sale_menu_root")
    clerk.sees(f".o_data_row:has-text({sale['name']!r})")
    clerk.picture("5-first-order")
    seconds, clicks = clerk.seconds, clerk.clicks + marketplace.clicks
    with capsys.disabled():
        print(f"\nfrom installed to the first order: {seconds:.0f} s, {clicks} clicks")
    assert seconds < LIMIT

    # It came by the webhook, so nothing is left to do.
    domain = [("hashed_id", "=", order["hashed_id"])]
    [message] = odoo.call("cartona.message", "search_read", domain, ["source", "state"])
    assert (message["source"], message["state"]) == ("webhook", "done")
    [config] = odoo.call("cartona.config", "search_read", [], ["missing_count"])
    assert config["missing_count"] == 0
    [row] = odoo.call("product.template", "read", [product], ["cartona_id"])
    assert row["cartona_id"] == listing["id"]
    clerk.open_app(APP)
    clerk.sees(".o_kanban_record [name='dashboard_graph'] canvas")
    clerk.does_not_see(".o_kanban_record .btn-primary[name='action_open_config']")
