"""`cartona.config`: what is still missing on the way from a token to the first order."""

from odoo import api, fields, models

# Each is True as long as that step is still to be done, in the order in which one does them.
STEPS = (
    "needs_token",
    "needs_test",
    "needs_products",
    "needs_switch",
    "needs_webhook",
    "needs_runner",
)


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    needs_token = fields.Boolean(compute="_compute_needs")
    needs_test = fields.Boolean(compute="_compute_needs")
    needs_products = fields.Boolean(compute="_compute_needs")
    needs_switch = fields.Boolean(compute="_compute_needs")
    needs_webhook = fields.Boolean(compute="_compute_needs")
    needs_runner = fields.Boolean(compute="_compute_needs")
    missing_count = fields.Integer(
        "Still to Do",
        compute="_compute_needs",
        help="Steps that are missing before everything goes by itself; the form names them.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "auth_token",
        "connection_state",
        "auto_sync_products",
        "auto_sync_stock",
        "auto_sync_orders",
    )
    def _compute_needs(self):
        for config in self:
            # In sudo mode: only whether there is a token, which users may not read.
            config.needs_token = not config.sudo().auth_token
            config.needs_test = config.connection_state != "connected"
            config.needs_products = not config.has_linked_listing
            config.needs_switch = not config._is_live()
            config.needs_webhook = not config.webhook_last_call_at
            config.needs_runner = config.is_runner_asleep
            config.missing_count = sum(config[step] for step in STEPS)

    # === ACTION METHODS === #

    def action_open_products(self):
        """The products, to link them: those that are not on Cartona yet."""
        return self._open("action_cartona_products")
