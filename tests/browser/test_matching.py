"""Whoever matches the marketplace's catalogue with the products, mostly by one key."""

from playwright.sync_api import expect

from tests.support.clerk import Clerk
from tools.dev.demo import Shop
from tools.dev.processes import wait_until

APP = "cartona_integration.menu_cartona_root"
DESK = "cartona_integration.menu_cartona_matching"
PRODUCTS = 6
LONG = 120  # seconds


def test_listings_are_accepted_skipped_refused_and_accepted_together(
    clerk: Clerk, shop: Shop, language: str
):
    made = make_unlinked_products(shop)
    clerk.open_app(APP)
    clerk.open_menu(DESK)
    # Nobody asked for Cartona's catalogue: whoever opens the desk for the first time has it read.
    clerk.does_not_see("[name='all_matched']")
    wait_until(lambda: everything_is_here(shop), timeout=LONG)
    unranked = [("product_id", "=", False), ("match_ranked_at", "=", False)]
    wait_until(lambda: not count(shop, [*unranked, ("never_match", "=", False)]), timeout=LONG)
    clerk.open_app(APP)
    clerk.open_menu(DESK)
    # Where the catalogue was compared before, the new products are considered when asked to.
    clerk.press("action_compare_again")
    wait_until(lambda: not count(shop, [*unranked, ("never_match", "=", False)]), timeout=LONG)
    if clerk.page.locator("[name='action_look_again']:visible").count():
        clerk.press("action_look_again")
    clerk.sees("[name='match_ids'] .o_data_row")
    comma = "،" if language.startswith("ar") else ","
    clerk.reads("[name='match_ids'] .o_data_row [name='note']", comma)
    clerk.picture("matching-desk")

    accepted = asked(clerk)
    clerk.page.keyboard.press("Alt+q")
    expect(clerk.field("cartona_id")).not_to_have_text(accepted)
    clerk.settle()
    assert listing(shop, accepted)["product_id"]

    skipped = asked(clerk)
    clerk.press("action_skip", ".o_statusbar_buttons")
    assert (listing(shop, skipped)["product_id"], listing(shop, skipped)["never_match"]) == (
        False,
        False,
    )
    refused = asked(clerk)
    assert refused != skipped, "the next one is asked about"
    clerk.press("action_never", ".o_statusbar_buttons")
    assert listing(shop, refused)["never_match"]
    assert asked(clerk) not in (accepted, skipped, refused)

    sure = [("never_match", "=", False), ("product_id", "=", False), ("match_id.is_sure", "=", 1)]
    together = [row["cartona_id"] for row in rows(shop, sure)]
    assert together
    clerk.press("action_see_sure")
    clerk.sees(".o_list_view .o_data_row")
    clerk.picture("matching-sure")
    clerk.tick_all()
    clerk.press("action_accept_match")
    assert count(shop, sure) == 0
    assert not listing(shop, refused)["product_id"]

    # Orders carry what Cartona was told: one listing of each product has its id.
    shop.wait_until_sent()
    linked = rows(shop, [("product_id", "in", made)])
    told = {shop.sandbox.listing(row["cartona_id"])["internal_product_id"] for row in linked}
    assert told - {None, ""} == {str(row["product_id"][0]) for row in linked}
    assert {accepted, *together} & {row["cartona_id"] for row in linked}
    assert not shop.sandbox.listing(refused)["internal_product_id"]


# === HELPERS === #


def everything_is_here(shop: Shop) -> bool:
    """Whether all that the marketplace lists was read, to the end."""
    listed = shop.sandbox.listings(fields="supplier_product_id")
    everything = {str(row["supplier_product_id"]) for row in listed}
    [config] = shop.odoo.call("cartona.config", "read", [shop.config], ["catalogue_read_at"])
    known = {row["cartona_id"] for row in rows(shop, [])}
    return everything <= known and bool(config["catalogue_read_at"])


def make_unlinked_products(shop: Shop) -> list[int]:
    """Products of the supplier that the marketplace lists and nobody has linked.

    None is called like another one: between two of a name only a person can choose.

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


def asked(clerk: Clerk) -> str:
    """The id of the listing that the desk asks about."""
    return clerk.field("cartona_id").inner_text().strip()


def listing(shop: Shop, cartona_id: str) -> dict:
    """A listing as Odoo has it."""
    [row] = rows(shop, [("cartona_id", "=", cartona_id)])
    return row


def rows(shop: Shop, domain: list) -> list[dict]:
    """The listings of a domain."""
    names = ["cartona_id", "product_id", "never_match"]
    return shop.odoo.call("cartona.listing", "search_read", domain, names)


def count(shop: Shop, domain: list) -> int:
    """How many listings are in a domain."""
    return shop.odoo.call("cartona.listing", "search_count", domain)
