"""From which day on orders are Odoo's: older ones, dealt with by hand already, stay out."""

from odoo import fields, models


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    orders_from = fields.Datetime(
        "Orders Placed Since",
        copy=False,
        help="Older orders are not imported. Empty: every order that Cartona still offers.",
    )
    acknowledge_older = fields.Boolean(
        "Tell Cartona That Older Ones Are Handled",
        copy=False,
        help="Otherwise Cartona goes on offering them, and they stay as they are there.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: another first day is a new question for the orders that were left out."""
        res = super().write(vals)
        if "orders_from" in vals:
            left = self.env["cartona.message"].search(
                [("config_id", "in", self.ids), ("error_code", "=", "handled_before")]
            )
            # In sudo mode: managers do not write messages themselves.
            left.sudo().write({"state": "new", "error_code": False})
            left.config_id._wake_streams("import")
        return res

    # === ACTION METHODS === #

    def action_go_live(self):
        """Show what going live would change, and let a manager do it."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_go_live"
        )
        return dict(action, context={"default_config_id": self.id})

    # === BUSINESS METHODS === #

    def _is_from_before(self, order):
        """Whether an order was placed before orders became Odoo's, and is not in Odoo either.

        :param order: `cartona_api.Order`; one without a date is never from before
        """
        if not (self.orders_from and order.created_at):
            return False
        if order.created_at >= self.orders_from:
            return False
        return not self.env["sale.order"].search_count(
            [("company_id", "=", self.company_id.id), ("cartona_id", "=", order.hashed_id)]
        )


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    def _leave_out(self, config):
        """Let an order be that was dealt with before Odoo had to do with Cartona."""
        self._note_held()
        self.write(
            {
                "state": "superseded",
                "error_code": "handled_before",
                "error_detail": False,
                "acknowledge": "due" if config.acknowledge_older else "no",
                "held": False,
            }
        )
