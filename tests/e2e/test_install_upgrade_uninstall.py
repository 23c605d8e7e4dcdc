"""The addon comes, is updated and goes without a trace; its secrets do not travel with a copy."""

import pytest

from tools.dev import databases, odoo_config, processes
from tools.dev.odoo_server import OdooServer
from tools.dev.paths import ADDON

#: What an uninstalled addon must not leave behind: kind -> query that names it.
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
    "activity": "SELECT res_model || id FROM mail_activity WHERE res_model LIKE 'cartona%%'",
    "message": "SELECT model || id FROM mail_message WHERE model LIKE 'cartona%%'",
    "attachment": "SELECT name || id FROM ir_attachment WHERE res_model LIKE 'cartona%%'",
    "parameter": "SELECT key FROM ir_config_parameter WHERE key LIKE '%%cartona%%'",
}


@pytest.fixture
def database(environment):
    """A database with everything but the addon."""
    name = databases.clone(environment, template=databases.base_template(environment))
    yield name
    databases.drop(environment, name)


def _traces(environment, database):
    return {
        f"{kind} {name}"
        for kind, query in TRACES.items()
        for (name,) in environment.pg.query(query, database=database)
    }


def test_install_upgrade_and_uninstall_leave_nothing(environment, database):
    before = _traces(environment, database)

    databases.install(environment, database, ADDON)
    installed = _traces(environment, database)
    databases.install(environment, database, ADDON, update=True)
    assert _traces(environment, database) == installed

    added = {line.split()[0] for line in installed - before}
    # Every kind is looked at in a place where the addon had put something.
    assert {"table", "column", "cron", "server", "channel", "job", "menu", "group"} <= added
    assert before <= installed

    OdooServer(environment, database).shell(
        f"env['ir.module.module'].search([('name', '=', '{ADDON}')]).button_immediate_uninstall()"
    )
    assert sorted(_traces(environment, database) - before) == []
    assert sorted(before - _traces(environment, database)) == []


def test_a_copy_does_not_keep_the_secrets(environment, database):
    if environment.major < 16:
        pytest.skip("Odoo 15 cannot neutralise a copy; it is recognised as one, see the next test")
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


def test_a_copy_that_odoo_made_is_recognised(environment, database):
    """What protects where nothing neutralises: Odoo gives a copy another identity."""
    databases.install(environment, database, ADDON)
    _connect(environment, database)
    refusal = "env['cartona.config'].search([])._not_callable()"
    assert OdooServer(environment, database).evaluate(refusal) is None

    # What Odoo does when it duplicates a database: copy it, then give it a new identity.
    copy = databases.clone(environment, template=database)
    try:
        OdooServer(environment, copy).shell("env['ir.config_parameter'].init(force=True)")
        assert OdooServer(environment, copy).evaluate(refusal) == "copied_database"
    finally:
        databases.drop(environment, copy)


def _connect(environment, database):
    """As a successful test of the connection leaves it."""
    OdooServer(environment, database).shell(
        "config = env['cartona.config'].search([])\n"
        "config.write({'auth_token': 'secret', 'auto_sync_stock': True})\n"
        "config._connection_outcome(None)\n"
    )
