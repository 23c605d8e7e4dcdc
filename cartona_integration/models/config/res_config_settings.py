from odoo import api, fields, models

# Days for which the log is kept by default.
LOG_DAYS = 30
# Days after which personal data leaves the messages of closed orders by default.
INBOX_DAYS = 90


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cartona_config_id = fields.Many2one("cartona.config", compute="_compute_cartona_config_id")
    cartona_connection_state = fields.Selection(related="cartona_config_id.connection_state")
    cartona_error_message = fields.Char(related="cartona_config_id.error_message")
    cartona_missing_count = fields.Integer(related="cartona_config_id.missing_count")
    cartona_auth_token = fields.Char(
        related="cartona_config_id.auth_token", readonly=False, string="Cartona Token"
    )
    cartona_auto_sync_products = fields.Boolean(
        related="cartona_config_id.auto_sync_products", readonly=False
    )
    cartona_auto_sync_stock = fields.Boolean(
        related="cartona_config_id.auto_sync_stock", readonly=False
    )
    cartona_auto_sync_orders = fields.Boolean(
        related="cartona_config_id.auto_sync_orders", readonly=False
    )

    cartona_log_days = fields.Integer(
        "Keep the Log (Days)",
        config_parameter="cartona_integration.log_days",
        default=LOG_DAYS,
        help="Older entries are deleted automatically.",
    )
    cartona_inbox_days = fields.Integer(
        "Keep Personal Data (Days)",
        config_parameter="cartona_integration.inbox_days",
        default=INBOX_DAYS,
        help="Names, numbers and codes are removed from older messages of closed orders.",
    )

    # === COMPUTE METHODS === #

    # The company is among the page's defaults: up to 18 nothing else triggers the fields above,
    # and the page would save an empty token.
    @api.depends("company_id")
    def _compute_cartona_config_id(self):
        for settings in self:
            company = settings.company_id or self.env.company
            settings.cartona_config_id = self.env["cartona.config"]._of_company(company)

    # === ACTION METHODS === #

    def action_cartona_test_connection(self):
        """Save the settings, then test the connection."""
        self.execute()
        return self.cartona_config_id.action_test_connection()

    def action_cartona_configure(self):
        """Open the full configuration of the current company."""
        return self.cartona_config_id.action_open_config()
