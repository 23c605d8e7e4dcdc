"""Several companies with an account each, and copies of a database: nothing goes astray."""

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
    """The configuration of a second company of the same Odoo."""
    company = odoo.call("res.company", "create", {"name": "الجملة"})
    user = odoo.call("res.users", "search", [("login", "=", "admin")])
    odoo.call("res.users", "write", user, {"company_ids": [(4, company)]})
    return odoo.call("cartona.config", "search", [("company_id", "=", company)])[0]


@pytest.fixture
def other_seller(seller: Seller, sandbox: SandboxServer, other_config: int) -> Iterator[Seller]:
    """The second company, connected to an account and with a token of its own."""
    sandbox.add_account("2", token=SECOND_TOKEN, listings=50)
    other = Seller(seller.odoo, sandbox, other_config, SECOND_TOKEN).connect()
    yield other
    other.configure(auto_sync_products=False, auto_sync_stock=False)


def test_each_listing_gets_the_figure_of_its_company_list_variant_and_currency(
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
    # what the list names is converted, what falls through to the sales price comes out as it is.
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
    assert seller.price(large) == 20.0, "the list wins over the sales price"

    calls = seller.update_requests(mark)
    assert all(call["token"] == "right" and not call["refused"] for call in calls)
    for call in calls:
        ids = {str(item["supplier_product_id"]) for item in call["body"]}
        owners = [side for side in (seller, other_seller) if ids & set(side.listings.values())]
        assert len(owners) == 1, "a message carries one account's listings only"


def test_stock_is_each_companys_own(seller: Seller, other_seller: Seller):
    [product] = seller.create(1)
    seller.link([product], seller.unused(1))
    other_seller.link([product], other_seller.unused(1))
    seller.count_stock({product: 9})
    seller.wait_until_shown(product, available_stock_quantity=9)
    seller.wait_until_idle()
    assert other_seller.stock(product) == 0


def test_order_of_an_account_that_nobody_has_entered_waits_until_it_is(
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
    """A copy of the connected database, its server not started, and a linked product in it."""
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


def test_copied_database_sends_nothing_until_a_manager_says_so(
    seller: Seller, copy: tuple[OdooServer, int], sandbox: SandboxServer
):
    server, product = copy
    # Odoo's database manager gives a copy another uuid, in just this way.
    server.shell('env["ir.config_parameter"].init(force=True)')
    mark = seller.last_request()
    with server:
        twin = changed_twin(seller, server, product, price=77.0, count=5)
        # The jobs that the writes have rung for come to their end, the messages wait.
        wait_until(lambda: not twin.pending_work()[1])
        assert twin.pending_work()[0] > 0
        assert sandbox.requests(since=mark) == []
        assert twin.price(product) == 10.0

        server.call("cartona.config", "action_accept_database", [twin.config])
        twin.wait_until_shown(product, selling_price=77.0, available_stock_quantity=5)


def test_neutralised_copy_sends_nothing_until_a_manager_connects_it(
    seller: Seller,
    copy: tuple[OdooServer, int],
    environment: Environment,
    sandbox: SandboxServer,
):
    """The same identity as the original, so that neutralising alone keeps it quiet."""
    if environment.major < 16:
        pytest.skip("Odoo 15 cannot neutralise a copy; its identity is what stops it")
    server, product = copy
    config = odoo_config.write(environment, server.database, options={"max_cron_threads": 0})
    command = [*environment.odoo_command, "neutralize", "-c", config, "-d", server.database]
    processes.run(command, databases.log_of(server.database), environment.process_environment())
    mark = seller.last_request()
    with server:
        twin = changed_twin(seller, server, product, price=78.0, count=6)
        for button in ("action_test_connection", "action_pull_orders"):
            server.call("cartona.config", button, [twin.config])
        wait_until(lambda: not twin.pending_work()[1])
        assert sandbox.requests(since=mark) == []
        told = {"AuthorizationToken": seller.token}
        url = f"{server.url}/cartona/webhook/orders"
        assert requests.post(url, json=[], headers=told, timeout=60).status_code == 401
        assert twin.price(product) == 10.0

        # Nothing was noted meanwhile; switching on sends what differs.
        twin.connect()
        twin.wait_until_shown(product, selling_price=78.0, available_stock_quantity=6)


# === HELPERS === #


def changed_twin(
    seller: Seller, server: OdooServer, product: int, price: float, count: int
) -> Seller:
    """The seller as the copy of his database has him, where a price and a stock have changed."""
    twin = Seller(server, seller.sandbox)
    twin.listings = dict(seller.listings)
    twin.write(product, list_price=price)
    twin.count_stock({product: count})
    return twin
