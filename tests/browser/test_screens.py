"""Screens of users who are not administrators, and what a screen shows and hides."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.clerk import Clerk, reference
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

APP = "cartona_integration.menu_cartona_root"
SOON = 15  # seconds
OURS = "[name^='cartona_'], [name='cartona'], [name^='action_cartona_']"


def test_salesperson_sells_without_being_administrator(
    colleague: Callable[[str], Clerk], shop: Shop
):
    sale, order = placed_order(shop)
    clerk = colleague("sales_team.group_sale_salesman_all_leads")
    clerk.open_app(APP)
    clerk.expect_visible(".o_kanban_record [name='success_rate'], .o_kanban_record .text-muted")
    clerk.expect_no_error()
    clerk.open("product.template", template_of_first(shop))
    clerk.expect_badge("cartona_sync_state", "success")
    clerk.press("action_cartona_sync")
    clerk.expect_no_error()

    clerk.open("sale.order", sale)
    clerk.expect_text("[name='cartona_number']", order["receipt_id"])
    clerk.press("action_confirm", ".o_statusbar_buttons")
    clerk.expect_no_error()
    wait_until(lambda: status(shop, order) == "approved", timeout=SOON)
    clerk.page.reload()
    clerk.expect_badge("cartona_status_label", "info")


def test_stock_user_delivers_without_being_administrator(
    colleague: Callable[[str], Clerk], shop: Shop
):
    sale, order = placed_order(shop, cartona_credit=5)
    shop.odoo.call("sale.order", "action_confirm", [sale])
    wait_until(lambda: status(shop, order) == "approved", timeout=SOON)
    [picking] = shop.odoo.call("stock.picking", "search", [("sale_id", "=", sale)])
    clerk = colleague("stock.group_stock_user")
    clerk.open_app(APP)
    clerk.expect_visible(".o_kanban_record [name='action_open_log']")
    clerk.expect_no_error()

    clerk.open("stock.picking", picking)
    clerk.expect_text("[name='cartona_number']", order["receipt_id"])
    clerk.expect_visible("[name='cartona_amount_to_collect']")
    assert clerk.keeps_direction_of_amounts("cartona_amount_to_collect")
    clerk.expect_no_error()
    clerk.screenshot("delivery")


def test_unlinked_records_show_nothing_of_cartona(clerk: Clerk, shop: Shop):
    odoo = shop.odoo
    partner = odoo.call("res.partner", "create", {"name": "No retailer"})
    product = odoo.call("product.template", "create", {"name": "Not on Cartona"})
    [variant] = odoo.call("product.product", "search", [("product_tmpl_id", "=", product)])
    line = (0, 0, {"product_id": variant, "product_uom_qty": 1})
    sale = odoo.call("sale.order", "create", {"partner_id": partner, "order_line": [line]})
    odoo.call("sale.order", "action_confirm", [sale])
    for model, record, allowed in (
        ("res.partner", partner, set()),
        ("sale.order", sale, set()),
        ("product.template", product, {"cartona_id", "cartona_id_0"}),  # the field to link it
        ("product.product", variant, {"cartona_id", "cartona_id_0"}),
        *(
            ("stock.picking", picking, set())
            for picking in odoo.call("stock.picking", "search", [("sale_id", "=", sale)])
        ),
    ):
        clerk.open(model, record)
        names = clerk.page.locator(f":is({OURS}) >> visible=true").evaluate_all(
            "found => found.map(node => node.getAttribute('name'))"
        )
        assert set(names) - allowed == set(), (model, names)


def test_settings_show_the_state_and_open_the_form(clerk: Clerk, shop: Shop):
    clerk.open_app("base.menu_administration")
    clerk.close_dialogs()
    clerk.click(".tab[data-key='cartona_integration']")
    clerk.expect_badge("cartona_connection_state", "success")
    for name in ("cartona_auth_token", "cartona_auto_sync_products", "cartona_auto_sync_stock",
                 "cartona_auto_sync_orders", "cartona_log_days"):  # fmt: skip
        expect(clerk.field(name)).to_be_visible()
    clerk.screenshot("settings")

    shop.sandbox.clear_requests()
    clerk.press("action_cartona_test_connection")
    clerk.expect_no_error()
    assert shop.sandbox.requests(path="supplier-product")

    clerk.close_dialogs()
    clerk.click(".tab[data-key='cartona_integration']")
    clerk.press("action_cartona_configure")
    clerk.expect_visible(".o_form_view [name='webhook_url']")


def test_variant_opened_from_template_shows_its_listing(clerk: Clerk, shop: Shop):
    product = next(iter(shop.products.values()))
    popup = reference(shop.odoo, "product.product_variant_easy_edit_view")
    action = {
        "name": "Variants",
        "res_model": "product.product",
        "view_mode": "form",
        "view_id": popup,
        "res_id": product,
    }
    clerk.open_action(shop.odoo.call("ir.actions.act_window", "create", action))
    clerk.expect_badge("cartona_sync_state", "success")
    [pound] = shop.odoo.call("res.currency", "search_read", [("name", "=", "EGP")], ["symbol"])
    clerk.expect_text("[name='cartona_last_sent']", pound["symbol"])
    clerk.press("action_cartona_listings")
    clerk.expect_visible(".o_list_view .o_data_row")


def test_group_headers_show_status_labels(clerk: Clerk, shop: Shop, language: str):
    placed_order(shop)
    action = {
        "name": "By status",
        "res_model": "sale.order",
        "view_mode": "list,form",
        "domain": "[('cartona_id', '!=', False)]",
        "context": "{'group_by': 'cartona_status'}",
    }
    clerk.open_action(shop.odoo.call("ir.actions.act_window", "create", action))
    heads = clerk.page.locator(".o_group_header .o_group_name")
    heads.first.wait_for()
    labels = shop.odoo.call(
        "sale.order", "fields_get", ["cartona_status"], context={"lang": language}
    )["cartona_status"]["selection"]
    for text in heads.all_inner_texts():
        assert any(word in text for _code, word in labels), text
        assert not any(code in text for code, _word in labels), text


# === HELPERS === #


def placed_order(shop: Shop, **values: object) -> tuple[int, dict]:
    """Place an order of one piece, and return it with its sale order."""
    line = {"supplier_product_id": next(iter(shop.products)), "amount": 1}
    order = shop.sandbox.place_order(lines=[line], **values)
    domain = [("cartona_id", "=", order["hashed_id"])]
    [sale] = wait_until(lambda: shop.odoo.call("sale.order", "search", domain), timeout=SOON)
    return sale, order


def template_of_first(shop: Shop) -> int:
    """Return the template of the first product."""
    product = next(iter(shop.products.values()))
    [row] = shop.odoo.call("product.product", "read", [product], ["product_tmpl_id"])
    return row["product_tmpl_id"][0]


def status(shop: Shop, order: dict) -> str:
    """Return an order's status on the marketplace."""
    return shop.sandbox.order(order["hashed_id"])["status"]
