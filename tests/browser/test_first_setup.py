"""From the installed addon to the first order, exactly by the steps of the README."""

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
    """Start a fresh server for each language: the test is its first set-up."""
    with serve() as server:
        yield server


def test_setup_to_first_order_within_ten_minutes(
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

    # 1. Cartona > Dashboard, Set up: token and URL, Test Connection.
    clerk.open_app(APP)
    clerk.expect_visible(".o_kanban_record [name='action_open_config']")
    clerk.screenshot("1-dashboard-new")
    clerk.press("action_open_config", ".o_kanban_record")
    clerk.screenshot("2-set-up")
    clerk.type("auth_token", sandbox.token)
    clerk.type("base_url", sandbox.api_url)
    clerk.press("action_test_connection", ".o_statusbar_buttons")
    clerk.expect_visible(".o_notification")
    clerk.expect_hidden("[name='needs_token']")
    clerk.expect_hidden("[name='needs_test']")

    # 2. Enter URL and secret in the marketplace's own page.
    marketplace.click("#tab-webhook")
    for name, place in (("webhook_url", "url"), ("webhook_token", "token")):
        marketplace.click(f"#webhook-form [name='{place}']")
        marketplace.page.keyboard.insert_text(clerk.copyable_value(name))
    marketplace.click("#webhook-form button.primary")
    marketplace.expect_visible("#notice:not(:empty)")

    # 3. Enter the Cartona IDs shown on the marketplace's page.
    shown = f"#rows tr[data-id='{listing['id']}']"
    marketplace.expect_text(shown, listing["name"])
    marketplace.expect_text(shown, listing["id"])
    clerk.press("action_open_products", "[name='checklist']")
    clerk.click(f".o_data_row:has-text({listing['name']!r}) .o_data_cell[name='name']")
    clerk.expect_visible(".o_form_view")
    clerk.type("cartona_id", listing["id"])
    clerk.save()
    clerk.screenshot("3-product-linked")

    # 4. Go live: Read Cartona Now, Count Again, Go Live.
    clerk.open_app(APP)
    clerk.press("action_open_config", ".o_kanban_record")
    clerk.press("action_go_live", "[name='checklist']")
    clerk.press("action_read", ".modal")
    reading = [("catalogue_read_at", "=", False)]
    wait_until(lambda: not odoo.call("cartona.config", "search_count", reading), timeout=240)
    clerk.press("action_reload", ".modal")
    clerk.screenshot("4-go-live")
    clerk.press("action_go_live", ".modal-footer")
    clerk.expect_hidden("[name='needs_switch']")

    # 5. Place an order; it appears under Sales > Orders.
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
    clerk.expect_visible(f".o_data_row:has-text({sale['name']!r})")
    clerk.screenshot("5-first-order")
    seconds, clicks = clerk.seconds, clerk.clicks + marketplace.clicks
    with capsys.disabled():
        print(f"\nfrom installed to the first order: {seconds:.0f} s, {clicks} clicks")
    assert seconds < LIMIT

    # It arrived by the webhook, so nothing is left to do.
    domain = [("hashed_id", "=", order["hashed_id"])]
    [message] = odoo.call("cartona.message", "search_read", domain, ["source", "state"])
    assert (message["source"], message["state"]) == ("webhook", "done")
    [config] = odoo.call("cartona.config", "search_read", [], ["missing_count"])
    assert config["missing_count"] == 0
    [row] = odoo.call("product.template", "read", [product], ["cartona_id"])
    assert row["cartona_id"] == listing["id"]
    clerk.open_app(APP)
    clerk.expect_visible(".o_kanban_record [name='dashboard_graph'] canvas")
    clerk.expect_hidden(".o_kanban_record .btn-primary[name='action_open_config']")
