"""A price changed in Odoo, by any means, is what retailers see within 5 seconds."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.products import two_variants
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.seller import Seller

BATCH = 100  # the configuration's default


# === CHANGES OF A PRICE === #


@pytest.mark.parametrize(
    ("model", "field"), [("product.template", "list_price"), ("product.product", "lst_price")]
)
def test_sales_price(seller: Seller, model: str, field: str):
    [product] = seller.publish_products(1, list_price=10.0)
    record = product if model == "product.product" else template_of(seller, product)
    seller.odoo.call(model, "write", [record], {field: 12.5})
    seller.wait_until_shown(product, selling_price=12.5)


def test_price_of_an_entered_id(seller: Seller):
    """The ID is looked up first: Odoo does not know yet that it is a piece."""
    [product] = seller.create(1, list_price=11.25)
    seller.listings[product] = unused_listing(seller, is_pack=False)
    seller.write(product, cartona_id=seller.listings[product])
    seller.wait_until_shown(product, selling_price=11.25)


def test_price_of_an_entered_id_of_a_box_waits(seller: Seller):
    mark = seller.last_request()
    [product] = seller.create(1, list_price=11.25)
    seller.listings[product] = unused_listing(seller, is_pack=True)
    seller.write(product, cartona_id=seller.listings[product])
    waiting = [("id", "=", product), ("cartona_sync_state", "=", "error")]
    wait_until(lambda: seller.odoo.call("product.product", "search_count", waiting), timeout=5)
    seller.wait_until_idle()
    assert seller.sent(product, mark) == []
    seller.odoo.call("product.product", "action_cartona_count_in_pack", [product])
    seller.wait_until_shown(product, selling_price=11.25)


def unused_listing(seller: Seller, is_pack: bool) -> str:
    """Return a listing of the marketplace that Odoo does not know, a pack or a piece."""
    rows = seller.odoo.call("cartona.listing", "search_read", [], ["cartona_id"])
    known = {row["cartona_id"] for row in rows}
    return next(
        str(row["supplier_product_id"])
        for row in seller.sandbox.listings(supplier_code=seller.account())
        if str(row["supplier_product_id"]) not in known and (row["unit_count"] > 1) == is_pack
    )


def test_extra_price_changes_only_its_variant(seller: Seller):
    small, large = two_variants(seller.odoo, price=20.0, extra=5.0)
    seller.link([small, large], seller.unused(2))
    seller.wait_until_shown(small, selling_price=20.0)
    seller.wait_until_shown(large, selling_price=25.0)
    seller.wait_until_idle()
    mark = seller.last_request()
    [value] = seller.odoo.call(
        "product.template.attribute.value",
        "search",
        [("ptav_product_variant_ids", "in", [large])],
    )
    seller.odoo.call("product.template.attribute.value", "write", [value], {"price_extra": 7.5})
    seller.wait_until_shown(large, selling_price=27.5)
    seller.wait_until_idle()
    assert seller.price(small) == 20.0
    assert seller.sent(small, mark) == []


def test_rule_of_the_pricelist(seller: Seller):
    one, other = seller.publish_products(2, list_price=10.0)
    pricelist = new_pricelist(seller)
    seller.configure(pricelist_id=pricelist)
    try:
        rule = new_rule(seller, pricelist, one, fixed_price=8.0)
        seller.wait_until_shown(one, selling_price=8.0)
        seller.odoo.call("product.pricelist.item", "write", [rule], {"fixed_price": 7.0})
        seller.wait_until_shown(one, selling_price=7.0)
        seller.odoo.call("product.pricelist.item", "unlink", [rule])
        seller.wait_until_shown(one, selling_price=10.0)
        new_rule(seller, pricelist, None, compute_price="percentage", percent_price=10.0)
        seller.wait_until_shown(one, selling_price=9.0)
        seller.wait_until_shown(other, selling_price=9.0)
    finally:
        seller.configure(pricelist_id=False)
    seller.wait_until_shown(other, selling_price=10.0)


def test_rate_of_the_pricelists_currency(seller: Seller):
    [product] = seller.publish_products(1, list_price=10.0)
    currency = seller.odoo.call(
        "res.currency", "search", [("name", "=", "GBP")], context={"active_test": False}
    )[0]
    seller.odoo.call("res.currency", "write", [currency], {"active": True})
    rates = {"name": "2020-01-01", "currency_id": currency, "rate": 2.0}
    rate = seller.odoo.call("res.currency.rate", "create", rates)
    pricelist = new_pricelist(seller, currency_id=currency)
    new_rule(seller, pricelist, product, fixed_price=30.0)
    seller.configure(pricelist_id=pricelist)
    try:
        seller.wait_until_shown(product, selling_price=15.0)
        seller.odoo.call("res.currency.rate", "write", [rate], {"rate": 3.0})
        seller.wait_until_shown(product, selling_price=10.0)
    finally:
        seller.configure(pricelist_id=False)


def test_rule_starts_and_ends_on_time(seller: Seller):
    """No record is written at that moment: a job was scheduled for it."""
    [product] = seller.publish_products(1, list_price=10.0)
    pricelist = new_pricelist(seller)
    seller.configure(pricelist_id=pricelist)
    ahead = 4  # seconds
    try:
        rule = new_rule(seller, pricelist, product, fixed_price=6.0, date_start=moment(ahead))
        seller.wait_until_shown(product, within=ahead + 5, selling_price=6.0)
        seller.wait_until_idle()
        ends = {"date_end": moment(ahead)}
        seller.odoo.call("product.pricelist.item", "write", [rule], ends)
        seller.wait_until_shown(product, within=ahead + 5, selling_price=10.0)
    finally:
        seller.configure(pricelist_id=False)


def test_sweep_finds_a_rule_that_starts_today(seller: Seller):
    [product] = seller.publish_products(1, list_price=10.0)
    pricelist = new_pricelist(seller)
    rule = new_rule(seller, pricelist, product, fixed_price=6.0, date_start="2099-01-01")
    seller.configure(pricelist_id=pricelist)
    try:
        seller.wait_until_idle()
        assert seller.price(product) == 10.0
        # The day begins: no record is written, so no hook can react.
        seller.odoo.query(
            "UPDATE product_pricelist_item SET date_start = now() - interval '1 hour'"
            " WHERE id = %s",
            rule,
        )
        cron = seller.odoo.query(
            "SELECT res_id FROM ir_model_data"
            " WHERE module = 'cartona_integration' AND name = 'cron_sweep'"
        )[0][0]
        seller.odoo.call("ir.cron", "method_direct_trigger", [cron])
        seller.wait_until_shown(product, selling_price=6.0)
    finally:
        seller.configure(pricelist_id=False)


def test_archived_product_is_out_of_stock(seller: Seller):
    [product] = seller.publish_products(1)
    seller.count_stock({product: 12})
    seller.wait_until_shown(product, available_stock_quantity=12)
    seller.wait_until_idle()
    mark = seller.last_request()
    seller.write(product, active=False)
    seller.wait_until_shown(product, in_stock=False, available_stock_quantity=0)
    seller.wait_until_idle()
    assert len(seller.sent(product, mark)) == 1, "sent once"
    seller.write(product, active=True)
    seller.wait_until_shown(product, in_stock=True, available_stock_quantity=12)


# === AMOUNT OF REQUESTS === #


def test_unlinked_product_costs_no_request_and_no_job(seller: Seller):
    [linked] = seller.publish_products(1)
    [unlinked] = seller.create(1)
    jobs, mark = job_count(seller), seller.last_request()
    seller.write(unlinked, list_price=99.0)
    seller.count_stock({unlinked: 5})
    # The wake-up happens before the call returns: a job that is missing now never comes.
    assert job_count(seller) == jobs
    assert seller.pending_work() == (0, 0)
    seller.write(linked, list_price=98.0)
    seller.wait_until_shown(linked, selling_price=98.0)
    seller.wait_until_idle()
    sent = [
        item["supplier_product_id"]
        for call in seller.update_requests(mark)
        for item in call["body"]
    ]
    assert sent == [seller.listings[linked]]


def test_same_price_twice_is_sent_once(seller: Seller):
    [product] = seller.publish_products(1, list_price=10.0)
    mark = seller.last_request()
    seller.write(product, list_price=11.0)
    seller.wait_until_idle()
    seller.write(product, list_price=11.0)
    seller.wait_until_idle()
    sent = [item["selling_price"] for item in seller.sent(product, mark)]
    assert sent == [11.0]
    assert seller.price(product) == 11.0


def test_only_what_changed_is_sent(seller: Seller):
    [product] = seller.publish_products(1, list_price=10.0)
    seller.count_stock({product: 4})
    seller.wait_until_idle()
    mark = seller.last_request()
    seller.write(product, list_price=10.5)
    seller.wait_until_idle()
    assert seller.sent(product, mark) == [
        {"supplier_product_id": seller.listings[product], "selling_price": 10.5}
    ]


def test_prices_of_one_write_go_in_full_batches(seller: Seller, sandbox: SandboxServer):
    size = 600
    products = seller.publish_products(size, list_price=10.0)
    jobs, mark = job_count(seller), seller.last_request()
    seller.write(products, list_price=11.0)
    seller.wait_until_idle(timeout=60)
    batches = math.ceil(size / BATCH)
    calls = seller.update_requests(mark)
    assert len(calls) <= batches
    assert job_count(seller) - jobs <= batches + 2
    assert seller.differences() == {}
    assert sum(len(call["body"]) for call in calls) == size


def test_zero_price_waits_for_a_user(seller: Seller):
    free, other = seller.publish_products(2, list_price=10.0)
    mark = seller.last_request()
    seller.write([free, other], list_price=0.0)
    seller.write(other, list_price=14.0)
    seller.wait_until_shown(other, selling_price=14.0)
    seller.wait_until_idle()
    assert seller.sent(free, mark) == []
    states = seller.odoo.call("product.product", "read", [free, other], ["cartona_sync_state"])
    assert [row["cartona_sync_state"] for row in states] == ["error", "synced"]


# === HELPERS === #


def template_of(seller: Seller, product: int) -> int:
    """Return the template of a variant."""
    row = seller.odoo.call("product.product", "read", [product], ["product_tmpl_id"])[0]
    return row["product_tmpl_id"][0]


def new_pricelist(seller: Seller, **values: object) -> int:
    """Create a pricelist without rules."""
    return seller.odoo.call("product.pricelist", "create", {"name": "كارتونا", **values})


def new_rule(seller: Seller, pricelist: int, product: int | None, **values: object) -> int:
    """Create a rule for one variant, or for all, at a fixed price unless `values` differ."""
    applied = (
        {"applied_on": "0_product_variant", "product_id": product}
        if product
        else {"applied_on": "3_global"}
    )
    return seller.odoo.call(
        "product.pricelist.item",
        "create",
        {"pricelist_id": pricelist, "compute_price": "fixed", **applied, **values},
    )


def moment(seconds: float) -> str:
    """Return a moment in this number of seconds, in Odoo's format."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


def job_count(seller: Seller) -> int:
    """Return the number of jobs created so far."""
    return seller.odoo.query("SELECT count(*) FROM queue_job")[0][0]
