from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cartona_config_id = fields.Many2one("cartona.config", compute="_compute_cartona_config_id")
    cartona_connection_state = fields.Selection(related="cartona_config_id.connection_state")
    cartona_auth_token = fields.Char(
        related="cartona_config_id.auth_token", readonly=False, string="Cartona Token"
    )
    cartona_auto_sync_products = fields.Boolean(
        related="cartona_config_id.auto_sync_products", readonly=False, string="Send Prices"
    )
    cartona_auto_sync_stock = fields.Boolean(
        related="cartona_config_id.auto_sync_stock", readonly=False, string="Send Stock"
    )
    cartona_auto_sync_orders = fields.Boolean(
        related="cartona_config_id.auto_sync_orders", readonly=False, string="Take Orders"
    )

    # === COMPUTE METHODS === #

    def _compute_cartona_config_id(self):
        for settings in self:
            settings.cartona_config_id = self.env["cartona.config"]._of_company(self.env.company)

    # === ACTION METHODS === #

    def action_cartona_test_connection(self):
        """Keep what was entered, then ask Cartona."""
        self.execute()
        return self.cartona_config_id.action_test_connection()

    def action_cartona_configure(self):
        """Open the full configuration of the current company."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_config"
        )
        return dict(
            action,
            res_id=self.cartona_config_id.id,
            view_mode="form",
            views=[(False, "form")],
        )
