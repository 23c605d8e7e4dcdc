"""Matching the marketplace's catalogue with the products, mostly by one key."""

import re

from playwright.sync_api import expect

from tests.support.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

APP = "cartona_integration.menu_cartona_root"
DESK = "cartona_integration.menu_cartona_matching"
PRODUCTS = 6
LONG = 120  # seconds


def test_matching_accepts_skips_refuses_and_accepts_all(clerk: Clerk, shop: Shop, language: str):
    made = make_unlinked_products(shop)
    clerk.open_app(APP)
    clerk.open_menu(DESK)
    # Opening the matching screen for the first time reads Cartona's catalogue automatically.
    clerk.expect_hidden("[name='all_matched']")
    wait_until(lambda: catalogue_is_read(shop), timeout=LONG)
    unranked = [("product_id", "=", False), ("match_ranked_at", "=", False)]
    wait_until(lambda: not count(shop, [*unranked, ("never_match", "=", False)]), timeout=LONG)
    clerk.open_app(APP)
    clerk.open_menu(DESK)
    # If the catalogue was compared before, the new products are considered on request.
    clerk.press("action_compare_again")
    wait_until(lambda: not count(shop, [*unranked, ("never_match", "=", False)]), timeout=LONG)
    if clerk.page.locator("[name='action_look_again']:visible").count():
        clerk.press("action_look_again")
    clerk.expect_visible("[name='match_ids'] .o_data_row")
    # Arabic lists have "،" or "و", by the version of Babel.
    separator = re.compile("،| و" if language.startswith("ar") else ", ")
    note = clerk.page.locator("[name='match_ids'] .o_data_row [name='note']").first
    expect(note).to_contain_text(separator)
    clerk.screenshot("matching-desk")

    accepted = current_listing(clerk)
    clerk.page.keyboard.press("Alt+q")
    expect(clerk.field("cartona_id")).not_to_have_text(accepted)
    clerk.wait_until_idle()
    assert listing(shop, accepted)["product_id"]

    skipped = current_listing(clerk)
    clerk.press("action_skip", ".o_statusbar_buttons")
    assert (listing(shop, skipped)["product_id"], listing(shop, skipped)["never_match"]) == (
        False,
        False,
    )
    refused = current_listing(clerk)
    assert refused != skipped, "the next one is shown"
    clerk.press("action_never", ".o_statusbar_buttons")
    assert listing(shop, refused)["never_match"]
    assert current_listing(clerk) not in (accepted, skipped, refused)

    sure = [("never_match", "=", False), ("product_id", "=", False), ("match_id.is_sure", "=", 1)]
    together = [row["cartona_id"] for row in rows(shop, sure)]
    assert together
    clerk.press("action_see_sure")
    clerk.expect_visible(".o_list_view .o_data_row")
    clerk.screenshot("matching-sure")
    clerk.select_all_rows()
    clerk.press("action_accept_match")
    assert count(shop, sure) == 0
    assert not listing(shop, refused)["product_id"]

    # Orders contain the id that was sent to Cartona: one listing of each product has it.
    shop.wait_until_sent()
    linked = rows(shop, [("product_id", "in", made)])
    ids_on_cartona = {
        shop.sandbox.listing(row["cartona_id"])["internal_product_id"] for row in linked
    }
    assert ids_on_cartona - {None, ""} == {str(row["product_id"][0]) for row in linked}
    assert {accepted, *together} & {row["cartona_id"] for row in linked}
    assert not shop.sandbox.listing(refused)["internal_product_id"]


# === HELPERS === #


def catalogue_is_read(shop: Shop) -> bool:
    """Return True if the whole catalogue of the marketplace was read."""
    listed = shop.sandbox.listings(fields="supplier_product_id")
    everything = {str(row["supplier_product_id"]) for row in listed}
    [config] = shop.odoo.call("cartona.config", "read", [shop.config], ["catalogue_read_at"])
    known = {row["cartona_id"] for row in rows(shop, [])}
    return everything <= known and bool(config["catalogue_read_at"])


def make_unlinked_products(shop: Shop) -> list[int]:
    """Create products of the supplier that the marketplace lists and that are not linked.

    All names are unique: between two products of one name only a user can choose.

    :return: ids of their variants
    """
    own = shop.odoo.call("product.template", "search_read", [], ["name"])
    taken = {row["name"] for row in own}
    linked = {row["cartona_id"] for row in rows(shop, [("product_id", "!=", False)])}
    pieces = [
        {
            "name": row["supplier_product_name"],
            "list_price": float(row["selling_price"]),
            "taxes_id": [(5,)],
        }
        for row in shop.sandbox.listings()
        if str(row["supplier_product_id"]) not in linked
        and float(row["unit_count"]) == 1
        and row["supplier_product_name"] not in taken
    ]
    made = shop.odoo.call("product.template", "create", pieces[:PRODUCTS])
    return shop.odoo.call("product.product", "search", [("product_tmpl_id", "in", made)])


def current_listing(clerk: Clerk) -> str:
    """Return the id of the listing on the matching screen."""
    return clerk.field("cartona_id").inner_text().strip()


def listing(shop: Shop, cartona_id: str) -> dict:
    """Return a listing in Odoo."""
    [row] = rows(shop, [("cartona_id", "=", cartona_id)])
    return row


def rows(shop: Shop, domain: list) -> list[dict]:
    """Return the listings of a domain."""
    names = ["cartona_id", "product_id", "never_match"]
    return shop.odoo.call("cartona.listing", "search_read", domain, names)


def count(shop: Shop, domain: list) -> int:
    """Return the number of listings in a domain."""
    return shop.odoo.call("cartona.listing", "search_count", domain)
