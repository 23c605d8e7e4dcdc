"""Hooks of the module: load, installation and uninstallation."""

from .compat import limit_body_size, route_json_calls, with_env
from .controllers.cartona_webhook import MAX_BYTES

_WEBHOOK = "/cartona/webhook/"


def post_load():
    """Prepare this server process for the webhook, before its first request."""
    route_json_calls(_WEBHOOK)
    limit_body_size(_WEBHOOK, MAX_BYTES)


@with_env
def post_init_hook(env):
    """Create the configuration of every existing company."""
    env["res.company"].with_context(active_test=False).search([])._cartona_make_configs()


def delete_activities(env):
    """Delete activities of our types: a type that is in use could not be removed."""
    types = env["ir.model.data"].search(
        [("module", "=", "cartona_integration"), ("model", "=", "mail.activity.type")]
    )
    activities = env["mail.activity"].with_context(active_test=False)
    activities.search([("activity_type_id", "in", types.mapped("res_id"))]).unlink()


@with_env
def uninstall_hook(env):
    """Delete jobs that could not run any more, and rows that Odoo leaves behind."""
    env["queue.job"].search([("model_name", "=like", "cartona.%")]).unlink()
    delete_activities(env)
    # Written by the settings and by administrators, without an external ID.
    env["ir.config_parameter"].search([("key", "=like", "cartona_integration.%")]).unlink()
    # Foreign keys of our fields on other models: Odoo drops the columns, but not these rows.
    env["ir.model.constraint"].search(
        [("module.name", "=", "cartona_integration"), ("type", "=", "f")]
    ).unlink()
    # Rows that a mixin adds to our models belong to the module that defines or extends the mixin.
    env["ir.model.data"].search(
        [
            ("model", "in", ("ir.model.fields.selection", "ir.model.inherit")),
            ("name", "like", "__cartona_"),
            ("module", "!=", "cartona_integration"),
        ]
    ).unlink()
