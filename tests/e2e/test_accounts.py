"""Several companies, each with an account, and copies of a database: no value is mixed up."""

from collections.abc import Iterator

import pytest
import requests

from tests.support.products import two_variants
from tools.dev import databases, odoo_config, processes
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import Intake
from tools.drivers.seller import Seller, stock_of

SECOND_TOKEN = "second-token"


@pytest.fixture(scope="module")
def other_config(odoo: OdooServer) -> int:
    """Return the configuration of a second company of the same Odoo."""
    company = odoo.call("res.company", "create", {"name": "الجملة"})
    user = odoo.call("res.users", "search", [("login", "=", "admin")])
    odoo.call("res.users", "write", user, {"company_ids": [(4, company)]})
    return odoo.call("cartona.config", "search", [("company_id", "=", company)])[0]


@pytest.fixture
def other_seller(seller: Seller, sandbox: SandboxServer, other_config: int) -> Iterator[Seller]:
    """Connect the second company to its own account, with its own token."""
    sandbox.add_account("2", token=SECOND_TOKEN, listings=50)
    other = Seller(seller.odoo, sandbox, other_config, SECOND_TOKEN).connect()
    yield other
    other.configure(auto_sync_products=False, auto_sync_stock=False)


def test_listing_gets_price_of_company_pricelist_variant_and_currency(
    seller: Seller, other_seller: Seller, sandbox: SandboxServer
):
    """Pricelist or sales price x variant extra x currency x company."""
    odoo = seller.odoo
    small, large = two_variants(odoo, price=100.0, extra=20.0)
    pounds = odoo.call(
        "res.currency", "search", [("name", "=", "GBP")], context={"active_test": False}
    )[0]
    odoo.call("res.currency", "write", [pounds], {"active": True})
    odoo.call(
        "res.currency.rate",
        "create",
        {"name": "2020-01-01", "currency_id": pounds, "rate": 4.0, "company_id": False},
    )
    pricelist = odoo.call("product.pricelist", "create", {"name": "G", "currency_id": pounds})
    rule = odoo.call(
        "product.pricelist.item",
        "create",
        {
            "pricelist_id": pricelist,
            "applied_on": "0_product_variant",
            "product_id": large,
            "compute_price": "fixed",
            "fixed_price": 60.0,
        },
    )
    mark = seller.last_request()
    seller.configure(pricelist_id=pricelist)
    seller.link([small, large], seller.unused(2))
    other_seller.link([small, large], other_seller.unused(2))
    # The list is in pounds, Cartona's prices in the company's currency, worth a quarter of one:
    # prices of the list are converted, the sales price of other products is not.
    seller.wait_until_shown(small, selling_price=100.0)
    seller.wait_until_shown(large, selling_price=15.0)
    other_seller.wait_until_shown(small, selling_price=100.0)
    other_seller.wait_until_shown(large, selling_price=120.0)

    odoo.call("product.pricelist.item", "write", [rule], {"fixed_price": 80.0})
    seller.wait_until_shown(large, selling_price=20.0)
    odoo.call("product.product", "write", [small], {"lst_price": 110.0})
    seller.wait_until_shown(small, selling_price=110.0)
    other_seller.wait_until_shown(small, selling_price=110.0)
    other_seller.wait_until_shown(large, selling_price=130.0)
    seller.wait_until_idle()
    assert seller.price(large) == 20.0, "the pricelist has priority over the sales price"

    calls = seller.update_requests(mark)
    assert all(call["token"] == "right" and not call["refused"] for call in calls)
    for call in calls:
        ids = {str(item["supplier_product_id"]) for item in call["body"]}
        owners = [side for side in (seller, other_seller) if ids & set(side.listings.values())]
        assert len(owners) == 1, "a message contains one account's listings only"


def test_each_company_publishes_its_own_stock(seller: Seller, other_seller: Seller):
    [product] = seller.create(1)
    seller.link([product], seller.unused(1))
    other_seller.link([product], other_seller.unused(1))
    seller.count_stock({product: 9})
    seller.wait_until_shown(product, available_stock_quantity=9)
    seller.wait_until_idle()
    assert other_seller.stock(product) == 0


def test_order_of_an_unknown_account_waits_for_its_code(
    seller: Seller, sandbox: SandboxServer, other_config: int
):
    """Two accounts under one token: the second company's code is entered late."""
    sandbox.add_account("2", token=seller.token, listings=50)
    intake = Intake(seller)
    other = Seller(seller.odoo, sandbox, other_config)
    other.configure(supplier_code=False, auth_token=False)
    [row] = seller.odoo.call("cartona.config", "read", [other_config], ["company_id"])
    stock_of(seller.odoo, row["company_id"][0])  # it has a warehouse
    seller.configure(supplier_code="1", auto_sync_orders=True)
    listing = sandbox.listings(supplier_code="2")[-1]["supplier_product_id"]
    [product] = seller.create(1)
    other.link([product], [listing])
    line = {"supplier_product_id": listing, "amount": 2}
    order = sandbox.place_order(lines=[line], supplier_code="2")["hashed_id"]
    try:
        intake.pull()
        intake.wait_for_error(order, "unknown_account")
        assert intake.unacknowledged([order])

        other.configure(base_url=sandbox.api_url, supplier_code="2", auth_token=seller.token)
        other.configure(auto_sync_orders=True)
        intake.wait_for_orders([order])
    finally:
        other.configure(auth_token=False, supplier_code=False, auto_sync_orders=False)
        seller.configure(supplier_code=False, auto_sync_orders=False)
    [sale] = intake.sales([order], "company_id", "warehouse_id")
    assert sale["company_id"] == row["company_id"]
    house = seller.odoo.call("stock.warehouse", "read", [sale["warehouse_id"][0]], ["company_id"])
    assert house[0]["company_id"] == sale["company_id"]


# === COPIES === #


@pytest.fixture
def copy(
    seller: Seller, environment: Environment, sandbox: SandboxServer
) -> Iterator[tuple[OdooServer, int]]:
    """Return a copy of the connected database, its server not started, with a linked product."""
    [product] = seller.publish_products(1, list_price=10.0)
    original = seller.odoo
    name = f"{original.database}_copy"
    original.stop()
    try:
        databases.clone(environment, name, original.database)
        yield OdooServer(environment, name), product
    finally:
        databases.drop(environment, name)
        original.start()


def test_copied_database_sends_nothing_until_a_manager_accepts_it(
    seller: Seller, copy: tuple[OdooServer, int], sandbox: SandboxServer
):
    server, product = copy
    # Odoo's database manager gives a copy another uuid like this.
    server.shell('env["ir.config_parameter"].init(force=True)')
    mark = seller.last_request()
    with server:
        seller_of_copy = changed_copy_seller(seller, server, product, price=77.0, count=5)
        # The jobs enqueued by the writes end, the messages wait.
        wait_until(lambda: not seller_of_copy.pending_work()[1])
        assert seller_of_copy.pending_work()[0] > 0
        assert sandbox.requests(since=mark) == []
        assert seller_of_copy.price(product) == 10.0

        server.call("cartona.config", "action_accept_database", [seller_of_copy.config])
        seller_of_copy.wait_until_shown(product, selling_price=77.0, available_stock_quantity=5)


def test_neutralized_copy_sends_nothing_until_a_manager_connects_it(
    seller: Seller,
    copy: tuple[OdooServer, int],
    environment: Environment,
    sandbox: SandboxServer,
):
    """The same identity as the original, so that only the neutralization stops it."""
    if environment.major < 16:
        pytest.skip("Odoo 15 cannot neutralize a copy; its identity is what stops it")
    server, product = copy
    config = odoo_config.write(environment, server.database, options={"max_cron_threads": 0})
    command = [*environment.odoo_command, "neutralize", "-c", config, "-d", server.database]
    processes.run(command, databases.log_of(server.database), environment.process_environment())
    mark = seller.last_request()
    with server:
        seller_of_copy = changed_copy_seller(seller, server, product, price=78.0, count=6)
        for button in ("action_test_connection", "action_pull_orders"):
            server.call("cartona.config", button, [seller_of_copy.config])
        wait_until(lambda: not seller_of_copy.pending_work()[1])
        assert sandbox.requests(since=mark) == []
        headers = {"AuthorizationToken": seller.token}
        url = f"{server.url}/cartona/webhook/orders"
        assert requests.post(url, json=[], headers=headers, timeout=60).status_code == 401
        assert seller_of_copy.price(product) == 10.0

        # Nothing was marked meanwhile; switching on sends the differences.
        seller_of_copy.connect()
        seller_of_copy.wait_until_shown(product, selling_price=78.0, available_stock_quantity=6)


# === HELPERS === #


def changed_copy_seller(
    seller: Seller, server: OdooServer, product: int, price: float, count: int
) -> Seller:
    """Return the seller on the copy of the database, with a changed price and stock."""
    seller_of_copy = Seller(server, seller.sandbox)
    seller_of_copy.listings = dict(seller.listings)
    seller_of_copy.write(product, list_price=price)
    seller_of_copy.count_stock({product: count})
    return seller_of_copy
