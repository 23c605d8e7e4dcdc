"""Install and uninstall."""

from .compat import with_env


@with_env
def post_init_hook(env):
    """Give every existing company its configuration."""
    env["res.company"].with_context(active_test=False).search([])._cartona_make_configs()


@with_env
def uninstall_hook(env):
    """Drop the jobs that nobody could run any more."""
    jobs = env["queue.job"].search([("model_name", "=like", "cartona.%")])
    jobs.unlink()
