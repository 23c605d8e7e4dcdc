"""From which day on orders are Odoo's: older ones, dealt with by hand already, stay out."""

from odoo import fields, models

from ...cartona_api import Problem, parse_order
from ...compat import check_may_write, flush
from .product_lookup import Catalogue


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
        check_may_write(self)
        self._compare_known()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_go_live"
        )
        return dict(action, context={"default_config_id": self.id})

    # === BUSINESS METHODS === #

    def _compare_known(self):
        """Bring the list of differences up to date without asking Cartona again."""
        # In sudo mode: the list is written by the system, whoever looks at it.
        config = self.sudo().with_company(self.company_id)
        config = config.with_context(allowed_company_ids=self.company_id.ids)
        config.env["cartona.drift"]._compare_known(config)

    def _ids_to_send(self):
        """Listings that get our id with the first sending."""
        linked = self.env["cartona.listing"].search(
            [
                ("config_id", "=", self.id),
                ("product_id", "!=", False),
                ("is_pack_changed", "=", False),
            ]
        )
        return linked.browse(linked._ids_to_give(self))

    def _waiting_orders(self):
        """What Cartona said last of each order that is not imported yet: `cartona.message`."""
        flush(self.env["cartona.message"])
        self.env.cr.execute(
            """
            SELECT id FROM (
                SELECT DISTINCT ON (COALESCE(hashed_id, id::text)) id, state
                  FROM cartona_message
                 WHERE config_id = %s AND kind = 'order'
                 ORDER BY COALESCE(hashed_id, id::text), id DESC
            ) newest WHERE state IN ('new', 'error')
            """,
            (self.id,),
        )
        return self.env["cartona.message"].browse(row[0] for row in self.env.cr.fetchall())

    def _placed_before(self, messages, moment):
        """Those of these messages that stay out when orders are taken from this moment on."""
        older = messages.filtered(
            lambda message: moment and message.ordered_at and message.ordered_at < moment
        )
        known = self.env["sale.order"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("cartona_id", "in", [message.hashed_id for message in older]),
            ]
        )
        return older.filtered(lambda message: message.hashed_id not in known.mapped("cartona_id"))

    def _orders_to_wait(self, messages):
        """Those of these messages that will wait: a product is unknown, or they cannot be read.

        What else may stop an order shows when it is imported.
        """
        waiting, lines = messages.browse(), {}
        for message in messages:
            try:
                # In sudo mode: what an order holds is the managers' to read.
                order = parse_order(message.sudo()._full_payload())
            except Problem:
                waiting |= message
            else:
                lines[message] = [line for line in order.lines if not line.removed]
        catalogue = Catalogue(self, [line for part in lines.values() for line in part])
        importer = self.env["cartona.order.importer"]
        for message, part in lines.items():
            if any(importer._product_problem(line, catalogue.match(line)) for line in part):
                waiting |= message
        return waiting

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
        self._mark_reserved_dirty()
        self.write(
            {
                "state": "superseded",
                "error_code": "handled_before",
                "error_detail": False,
                "acknowledge": "due" if config.acknowledge_older else "no",
                "reserved": False,
            }
        )
