"""The addon is installed, upgraded and removed without a trace; a copy has no secrets."""

import ast
import dataclasses
import io
import subprocess
import sys
import tarfile

import pytest

from tools.dev import databases, demo, odoo_config, processes, venvs
from tools.dev.odoo_server import OdooServer
from tools.dev.paths import ADDON, ROOT

#: Things that an uninstalled addon must not leave behind: kind -> query with their names.
TRACES = {
    "table": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "column": "SELECT table_name || '.' || column_name FROM information_schema.columns "
    "WHERE table_schema = 'public'",
    "index": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "constraint": "SELECT conrelid::regclass || '.' || conname FROM pg_constraint",
    "trigger": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    "function": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "sequence": "SELECT sequencename FROM pg_sequences",
    "model": "SELECT model FROM ir_model",
    "field": "SELECT model || '.' || name FROM ir_model_fields",
    "SQL constraint": "SELECT name FROM ir_model_constraint",
    "external id": "SELECT module || '.' || name FROM ir_model_data "
    "WHERE module = 'cartona_integration' OR name LIKE '%%cartona%%'",
    "cron": "SELECT action.name::text || cron.id FROM ir_cron cron "
    "JOIN ir_act_server action ON action.id = cron.ir_actions_server_id",
    "server action": "SELECT name::text || id FROM ir_act_server",
    "window action": "SELECT name::text || id FROM ir_act_window",
    "menu": "SELECT name::text || id FROM ir_ui_menu",
    "view": "SELECT name || id FROM ir_ui_view",
    "group": "SELECT name::text || id FROM res_groups",
    "implied group": "SELECT gid || ' ' || hid FROM res_groups_implied_rel",
    "access right": "SELECT name || id FROM ir_model_access",
    "record rule": "SELECT name || id FROM ir_rule",
    "channel": "SELECT complete_name FROM queue_job_channel",
    "job function": "SELECT name FROM queue_job_function",
    "job": "SELECT uuid FROM queue_job",
    "activity type": "SELECT name::text || id FROM mail_activity_type",
    "follower": "SELECT res_model || id FROM mail_followers WHERE res_model LIKE 'cartona%%'",
    "activity": "SELECT res_model || id FROM mail_activity WHERE res_model LIKE 'cartona%%'",
    "message": "SELECT model || id FROM mail_message WHERE model LIKE 'cartona%%'",
    "attachment": "SELECT name || id FROM ir_attachment WHERE res_model LIKE 'cartona%%'",
    "parameter": "SELECT key FROM ir_config_parameter WHERE key LIKE '%%cartona%%'",
}


#: Kinds whose queries have no ids, so that two databases can be compared.
_NAMED = tuple(
    kind for kind, query in TRACES.items() if not query.split(" FROM ")[0].endswith("id")
)
_VERSION = f"SELECT latest_version FROM ir_module_module WHERE name = '{ADDON}'"

#: The activities of an order, completed ones as well.
_ACTIVITIES = "SELECT count(*) FROM mail_activity WHERE res_model = 'sale.order' AND res_id = %s"
_JOBS = "SELECT count(*) FROM queue_job WHERE state = 'pending'"

#: Run inside Odoo: activities of every type of ours, open and done, settings, a pending job.
_CREATE_ALL_KINDS = """
order = env["sale.order"].browse({order})
order.activity_ids.unlink()
types = env["ir.model.data"].search([
    ("module", "=", "cartona_integration"), ("model", "=", "mail.activity.type")
])
for name in types.mapped("name"):
    for _open_and_done in range(2):
        done = order.activity_schedule("cartona_integration." + name, user_id=env.uid)
    done.action_feedback("done")
config = env["cartona.config"].search([])
config.activity_schedule("cartona_integration.mail_activity_type_cartona", user_id=env.uid)
config.message_subscribe(env.ref("base.partner_admin").ids)
env["res.config.settings"].create({{"cartona_log_days": 45}}).execute()
env["cartona.worker"]._enqueue("drain", config.id, seconds=9999)
"""


#: Run inside Odoo: packs linked in the product's unit before the question was asked.
_SELL_PACKS = """
product = env["product.product"].create({"name": "Box"})
for name, values in (("SENT", '{"selling_price": 1.0}'), ("NEVER", False)):
    listing = env["cartona.listing"].create(
        {"cartona_id": name, "product_id": product.id, "unit": "box", "unit_count": 24}
    )
    listing.sent_values = values
env.flush_all() if hasattr(env, "flush_all") else listing.flush()
env.cr.execute(
    "ALTER TABLE cartona_listing DROP COLUMN pack_answer, DROP COLUMN pack_answered_by,"
    " DROP COLUMN is_pack_unanswered"
)
"""


@pytest.fixture
def database(environment):
    """Create a database with everything but the addon."""
    name = databases.clone(environment, template=databases.base_template(environment))
    yield name
    databases.drop(environment, name)


def _traces(environment, database, kinds=tuple(TRACES)):
    return {
        f"{kind} {name}"
        for kind in kinds
        for (name,) in environment.pg.query(TRACES[kind], database=database)
    }


def test_install_upgrade_and_uninstall_leave_nothing(environment, database):
    before = _traces(environment, database)

    databases.install(environment, database, ADDON)
    installed = _traces(environment, database)
    databases.install(environment, database, ADDON, update=True)
    assert _traces(environment, database) == installed

    added = {line.split()[0] for line in installed - before}
    # Every kind is checked in a place where the addon had records.
    assert {"table", "column", "cron", "server", "channel", "job", "menu", "group"} <= added
    assert before <= installed

    _uninstall(environment, database)
    assert sorted(_traces(environment, database) - before) == []
    assert sorted(before - _traces(environment, database)) == []


def test_upgrade_from_last_release_equals_an_installation(environment, database, tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("the last release is only in a git checkout")
    release = _last_release()
    if not release:
        pytest.skip("there is no release to upgrade from yet")
    fresh = databases.clone(environment, template=database)
    try:
        databases.install(environment, fresh, ADDON)
        wanted = _traces(environment, fresh, _NAMED)
    finally:
        databases.drop(environment, fresh)

    older = _with_release(environment, release, tmp_path)
    databases.install(older, database, ADDON)
    databases.install(environment, database, ADDON, update=True)
    traces = _traces(environment, database, _NAMED)
    assert sorted(traces - wanted) == []
    assert sorted(wanted - traces) == []
    assert OdooServer(environment, database).query(_VERSION) == [(_version(environment),)]


def test_upgrade_keeps_selling_the_packs_that_were_sold(environment, database):
    databases.install(environment, database, ADDON)
    odoo = OdooServer(environment, database)
    odoo.shell(_SELL_PACKS)
    databases.install(environment, database, ADDON, update=True)
    asked = (
        "SELECT cartona_id, is_pack_unanswered, pack_answered_by FROM cartona_listing ORDER BY 1"
    )
    assert odoo.query(asked) == [("NEVER", True, None), ("SENT", False, None)]


def test_uninstall_leaves_only_the_suppliers_records(environment, database, sandbox):
    # With its currency, Odoo gives every user further groups. Units are shown since packs are sold:
    # Odoo's own setting, and the orders in packs stay.
    OdooServer(environment, database).shell(
        "env.ref('base.EGP').active = True\n"
        "units = env.ref('uom.group_uom')\n"
        "env.ref('base.group_user').write({'implied_ids': [(4, units.id)]})"
    )
    before = _traces(environment, database)
    databases.install(environment, database, ADDON)
    order = _work(environment, database, sandbox)
    business = _business(environment, database, order)
    # The records that would remain without the uninstall hook exist.
    used = {trace for trace in _traces(environment, database) if "cartona" in trace}
    assert "parameter cartona_integration.log_days" in used
    assert environment.pg.query(_ACTIVITIES, order, database=database) == [(_kept(environment),)]
    assert environment.pg.query(_JOBS, database=database) != [(0,)]

    _uninstall(environment, database)
    assert sorted(_traces(environment, database) - before) == []
    assert sorted(before - _traces(environment, database)) == []
    assert _business(environment, database, order) == business
    assert environment.pg.query(_ACTIVITIES, order, database=database) == [(0,)]


def test_neutralized_copy_has_no_secrets(environment, database):
    if environment.major < 16:
        pytest.skip("Odoo 15 cannot neutralize a copy; it is recognised as one, see the next test")
    databases.install(environment, database, ADDON)
    _connect(environment, database)

    config = odoo_config.write(environment, database, options={"max_cron_threads": 0})
    command = [*environment.odoo_command, "neutralize", "-c", config, "-d", database]
    log = databases.log_of(database)
    processes.run(command, log, environment.process_environment())

    query = (
        "SELECT auth_token, webhook_token, connection_state, auto_sync_stock FROM cartona_config"
    )
    rows = environment.pg.query(query, database=database)
    assert rows == [(None, None, "untested", False)]


def test_copy_made_by_odoo_is_recognised(environment, database):
    """Protection without neutralization: Odoo gives a copy another identity."""
    databases.install(environment, database, ADDON)
    _connect(environment, database)
    refusal = "env['cartona.config'].search([])._not_callable()"
    assert OdooServer(environment, database).evaluate(refusal) is None

    # As Odoo duplicates a database: copy it, then give it a new identity.
    copy = databases.clone(environment, template=database)
    try:
        OdooServer(environment, copy).shell("env['ir.config_parameter'].init(force=True)")
        assert OdooServer(environment, copy).evaluate(refusal) == "copied_database"
    finally:
        databases.drop(environment, copy)


def _connect(environment, database):
    """Write the state after a successful test of the connection."""
    OdooServer(environment, database).shell(
        "config = env['cartona.config'].search([])\n"
        "config.write({'auth_token': 'secret', 'auto_sync_stock': True})\n"
        "config._connection_outcome(None)\n"
    )


def _uninstall(environment, database):
    OdooServer(environment, database).shell(
        f"env['ir.module.module'].search([('name', '=', '{ADDON}')]).button_immediate_uninstall()"
    )


def _work(environment, database, sandbox):
    """Link and send products, import an order, and create every kind of record to uninstall.

    :return: the id of the order
    """
    with OdooServer(environment, database) as odoo:
        shop = demo.open_shop(odoo, sandbox, count=2)
        placed = sandbox.place_order(
            lines=[{"supplier_product_id": next(iter(shop.products)), "amount": 3}]
        )
        find = "SELECT id FROM sale_order WHERE cartona_id = %s"
        [[order]] = processes.wait_until(lambda: odoo.query(find, placed["hashed_id"]), timeout=30)
    OdooServer(environment, database).shell(_CREATE_ALL_KINDS.format(order=order))
    return order


def _kept(environment):
    """Return the activities left per type, open and done; done ones are kept from 19 on."""
    return 6 if environment.major >= 19 else 3


def _business(environment, database, order):
    """Return the supplier's own records: the order, its customer, its products."""
    return environment.pg.query(
        "SELECT o.name, o.state, o.amount_total, o.partner_id, p.name, l.product_id,"
        " l.product_uom_qty, l.price_unit FROM sale_order o JOIN res_partner p"
        " ON p.id = o.partner_id JOIN sale_order_line l ON l.order_id = o.id"
        " WHERE o.id = %s AND l.product_id IS NOT NULL ORDER BY l.id",
        order,
        database=database,
    )


def _last_release():
    """Return the newest tag of a release, or an empty text."""
    tags = ["tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname"]
    return _git(*tags).decode().partition("\n")[0]


def _with_release(environment, release, folder):
    """Return the same Odoo with that release's addon, derived by its own ladder."""
    source, addons = folder / "source", folder / "addons"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", release))) as archive:
        archive.extractall(source, filter="data")
    made = [sys.executable, "-m", "tools.series", environment.series, "--to", folder / "dist"]
    processes.run(made, folder / "ladder.log", venvs.clean_environment(), cwd=source)
    addons.mkdir()
    (addons / "queue_job").symlink_to(environment.addons_path[0] / "queue_job")
    (addons / ADDON).symlink_to(folder / "dist" / environment.series / ADDON)
    return dataclasses.replace(environment, addons_path=(addons, *environment.addons_path[1:]))


def _git(*words):
    """Run git on this checkout, which may belong to another user, as in a container."""
    command = ["git", "-c", "safe.directory=*", "-C", ROOT, *words]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _version(environment):
    """Return the version in the manifest of the current addon."""
    return ast.literal_eval((environment.addon / "__manifest__.py").read_text())["version"]
