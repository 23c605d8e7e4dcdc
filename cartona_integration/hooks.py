"""Load, install and uninstall."""

from .compat import let_json_through, refuse_large_bodies, with_env
from .controllers.cartona_webhook import MAX_BYTES

_WEBHOOK = "/cartona/webhook/"


def post_load():
    """Before the first request of a server process: what Cartona posts reaches us, and no more."""
    let_json_through(_WEBHOOK)
    refuse_large_bodies(_WEBHOOK, MAX_BYTES)


@with_env
def post_init_hook(env):
    """Give every existing company its configuration."""
    env["res.company"].with_context(active_test=False).search([])._cartona_make_configs()


def drop_activities(env):
    """What asks people to do something for Cartona: a type of activity that is used would stay."""
    types = env["ir.model.data"].search(
        [("module", "=", "cartona_integration"), ("model", "=", "mail.activity.type")]
    )
    activities = env["mail.activity"].with_context(active_test=False)
    activities.search([("activity_type_id", "in", types.mapped("res_id"))]).unlink()


@with_env
def uninstall_hook(env):
    """Drop the jobs that nobody could run any more, and rows that Odoo itself forgets."""
    env["queue.job"].search([("model_name", "=like", "cartona.%")]).unlink()
    drop_activities(env)
    # Written by the settings and by administrators, so known to no external id.
    env["ir.config_parameter"].search([("key", "=like", "cartona_integration.%")]).unlink()
    # Foreign keys of our fields on models that stay: their columns go, these rows would not.
    env["ir.model.constraint"].search(
        [("module.name", "=", "cartona_integration"), ("type", "=", "f")]
    ).unlink()
    # What a mixin gave our models is listed under the module that made or extended the mixin.
    env["ir.model.data"].search(
        [
            ("model", "in", ("ir.model.fields.selection", "ir.model.inherit")),
            ("name", "like", "__cartona_"),
            ("module", "!=", "cartona_integration"),
        ]
    ).unlink()
