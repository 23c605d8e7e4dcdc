"""The drift ledger: orders that Odoo has open and Cartona has not, as far as that can be known.

Cartona's list holds the orders that it was not told are safe here. So two things can be seen: an
order whose last word from Cartona was a final one, and one that waits here unacknowledged and is
offered no longer. What Cartona does to an acknowledged order without telling cannot.
"""

import json

from odoo import api, fields, models

from ...cartona_api import status as life_cycle

_OPEN_TRANSFERS = ("draft", "waiting", "confirmed", "assigned")


class CartonaDrift(models.Model):
    _inherit = "cartona.drift"

    order_id = fields.Many2one("sale.order", ondelete="cascade", index=True)
    message_id = fields.Many2one("cartona.message", "Waiting Order", ondelete="cascade", index=True)

    # === ACTION METHODS === #

    def action_open_order(self):
        """Open the order, or the message that is none yet."""
        self.ensure_one()
        record = self.order_id or self.message_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _compare_orders(self, config):
        """Bring the ledger up to date for orders."""
        found = {}
        for order in config._orders_finished_there():
            found[order.id, False] = {
                "reason": "final_there",
                "odoo_value": dict(order._fields["state"]._description_selection(order.env))[
                    order.state
                ],
                "cartona_value": order.cartona_status_label,
            }
        for message in config._messages_not_offered():
            found[False, message.id] = {"reason": "not_offered", "odoo_value": False}
        rows = self.search(
            [("config_id", "=", config.id), ("kind", "=", "order"), ("state", "=", "open")]
        )
        known = {(row.order_id.id, row.message_id.id): row for row in rows}
        gone = rows.filtered(lambda row: (row.order_id.id, row.message_id.id) not in found)
        gone.write({"state": "closed", "closed_at": fields.Datetime.now()})
        self.create(
            [
                dict(
                    values,
                    config_id=config.id,
                    kind="order",
                    order_id=order_id,
                    message_id=message_id,
                )
                for (order_id, message_id), values in found.items()
                if (order_id, message_id) not in known
            ]
        )


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    # What Cartona's list of orders held when it was last read to its end (JSON: list of their
    # ids), and when that reading began
    offered_orders = fields.Text(readonly=True, copy=False)
    offered_at = fields.Datetime(readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _store_offered(self, hashed_ids, began_at):
        """Keep what the whole list held."""
        self.write({"offered_orders": json.dumps(sorted(hashed_ids)), "offered_at": began_at})

    def _orders_finished_there(self):
        """Orders that Odoo has open although Cartona's last word on them was a final one."""
        return self.env["sale.order"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("cartona_id", "!=", False),
                ("cartona_status", "in", sorted(life_cycle.FINAL)),
                ("state", "!=", "cancel"),
                "|",
                ("state", "in", ("draft", "sent")),
                ("picking_ids.state", "in", _OPEN_TRANSFERS),
            ]
        )

    def _messages_not_offered(self):
        """Orders that were never acknowledged, and are no longer on Cartona's list."""
        offered = {False, *json.loads(self.offered_orders or "[]")}
        return self._waiting_orders().filtered(
            lambda message: (
                message.acknowledge == "no"
                and message.hashed_id not in offered
                # What came after the list was read cannot have been on it.
                and self.offered_at
                and message.create_date < self.offered_at
            )
        )
