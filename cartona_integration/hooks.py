"""Load, install and uninstall."""

from .compat import let_json_through, with_env


def post_load():
    """Before the first request of a server process: whatever Cartona posts reaches us."""
    let_json_through("/cartona/webhook/")


@with_env
def post_init_hook(env):
    """Give every existing company its configuration."""
    env["res.company"].with_context(active_test=False).search([])._cartona_make_configs()


@with_env
def uninstall_hook(env):
    """Drop the jobs that nobody could run any more."""
    jobs = env["queue.job"].search([("model_name", "=like", "cartona.%")])
    jobs.unlink()
