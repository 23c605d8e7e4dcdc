"""A backup was restored in place: later orders are on Cartona, and not in Odoo."""

from tools.dev import databases
from tools.drivers.intake import Intake
from tools.drivers.seller import Seller


def test_orders_after_the_backup_arrive_when_cartona_lists_them(seller: Seller):
    """Not before: they are acknowledged, so the marketplace does not list them."""
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
