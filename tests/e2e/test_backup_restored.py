"""A backup was restored in place, or the database was copied inside PostgreSQL."""

from tools.dev import databases
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.drivers.intake import Intake
from tools.drivers.seller import Seller


def test_orders_after_the_backup_arrive_when_cartona_lists_them(seller: Seller):
    """Orders that are on Cartona and not in Odoo. Not before Cartona lists them again: they are
    acknowledged.
    """
    odoo, sandbox = seller.odoo, seller.sandbox
    seller.configure(auto_sync_orders=True)
    [product] = seller.publish_products(1, list_price=20.0)
    intake = Intake(seller)
    [old] = intake.place(1, [product])
    intake.pull()
    intake.wait_for_orders([old])
    odoo.stop()
    backup = databases.clone(odoo.env, template=odoo.database)
    odoo.start()
    edited, told_again, unseen = lost = intake.place(3, [product])
    intake.pull()
    intake.wait_for_orders(lost)
    seller.write(product, list_price=25.0)
    seller.wait_until_shown(product, selling_price=25)

    odoo.stop()
    databases.drop(odoo.env, odoo.database)
    databases.clone(odoo.env, odoo.database, template=backup)
    databases.drop(odoo.env, backup)
    odoo.start()

    assert_stopped_until_accepted(seller, product)

    [new] = intake.place(1, [product])
    intake.pull()
    intake.wait_for_orders([old, new])
    assert intake.sales(lost) == [], "no longer listed"

    sandbox.edit_order(edited)
    sandbox.touch_order(told_again)
    intake.pull()
    intake.wait_for_orders([edited, told_again])
    totals = {row["cartona_id"]: row["amount_total"] for row in intake.sales(lost)}
    assert totals == {key: float(intake.payload(key)["total_price"]) for key in lost[:2]}
    assert intake.sales([unseen]) == []

    odoo.call("cartona.config", "action_sync_products", [seller.config])
    seller.wait_until_shown(product, within=10, selling_price=20)


def test_copy_made_inside_postgres_sends_nothing(seller: Seller):
    odoo = seller.odoo
    [product] = seller.publish_products(1, list_price=20.0)
    seller.wait_until_shown(product, selling_price=20)
    odoo.stop()
    copy = databases.clone(odoo.env, template=odoo.database)
    try:
        uuid = "SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'"
        of_copy = odoo.env.pg.query(uuid, database=copy)
        odoo.start()
        assert of_copy == odoo.query(uuid)
        seller.write(product, list_price=21.0)
        seller.wait_until_shown(product, selling_price=21)
        with OdooServer(odoo.env, copy) as other:
            other.call("product.product", "write", [product], {"list_price": 99.0})
            wait_until(lambda: stopped(other), timeout=90)
            assert other.query("SELECT count(*) FROM cartona_change")[0][0] > 0
        assert float(seller.shown(product)["selling_price"]) == 21
    finally:
        databases.drop(odoo.env, copy)


# === HELPERS === #


def assert_stopped_until_accepted(seller: Seller, product: int) -> None:
    """Check that a restored database sends nothing before a manager says that it is live."""
    odoo = seller.odoo
    odoo.call("product.product", "write", [product], {"list_price": 31.0})
    wait_until(lambda: stopped(odoo), timeout=90)
    assert float(seller.shown(product)["selling_price"]) == 25
    odoo.call("product.product", "write", [product], {"list_price": 20.0})
    odoo.call("cartona.config", "action_accept_database", [seller.config])
    wait_until(lambda: not stopped(odoo), timeout=30)


def stopped(odoo: OdooServer) -> bool:
    """Return True if the dashboard shows that this database is a copy, with one activity."""
    rows = odoo.query(
        "SELECT error_code, (SELECT count(*) FROM mail_activity WHERE res_model = 'cartona.config')"
        " FROM cartona_config"
    )
    return rows == [("copied_database", 1)]
