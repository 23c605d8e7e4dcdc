"""`sale.order`: cancellation with one of Cartona's reasons, and the transfers it affects.

While the retailer changes an order on Cartona, it can be neither confirmed, changed nor cancelled.
"""

from odoo import _, fields, models
from odoo.exceptions import UserError

from ...cartona_api import status as life_cycle
from ...compat import done_quantity, moves_of, picked_quantity
from ..core.actions import window
from ..core.formatting import enumerate_items


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cartona_cancellation_reason = fields.Selection(
        lambda self: self.env["cartona.config"]._selection_cancellation_reason(),
        "Cancellation Reason",
        copy=False,
        readonly=True,
        help="The reason that Cartona shows the retailer.",
    )

    # === ACTION METHODS === #

    def action_cancel(self):
        """Override of `sale` to request the reason that is sent to Cartona.

        With `disable_cancel_warning` no dialog opens: the default reason is sent.
        """
        self._cartona_check_not_editing()
        is_quiet = self.env.context.get("disable_cancel_warning")
        if not is_quiet and any(order._cartona_sends_cancellation() for order in self):
            return self._cartona_open_reason_dialog()
        return super().action_cancel()

    # === BUSINESS METHODS === #

    def _action_cancel(self):
        """Override of `sale`: not while the retailer is changing the order."""
        self._cartona_check_not_editing()
        return super()._action_cancel()

    def _cartona_check_not_editing(self):
        """
        :raise UserError: the retailer is changing one of these orders, with an unknown result
        """
        if self.env["sale.order.line"]._cartona_is_importing():
            return  # it writes the retailer's own changes
        editing = self.filtered(lambda order: order.cartona_status == life_cycle.EDITING)
        if editing:
            raise UserError(
                _(
                    "The retailer is changing %s on Cartona. Wait until it comes back.",
                    enumerate_items(self.env, editing.mapped("name")),
                )
            )

    def _cartona_sends_cancellation(self):
        return (
            bool(self.cartona_id)
            and self.state != "cancel"
            and self._cartona_may_send(life_cycle.CANCELLED_BY_SUPPLIER)
        )

    def _cartona_open_reason_dialog(self):
        config = self.env["cartona.config"]._of_company(self.company_id[:1])
        defaults = {
            "default_order_ids": [(6, 0, self.ids)],
            "default_reason": config.default_cancellation_reason,
        }
        return window(self.env, "action_cartona_order_cancel", context=defaults)

    def _cartona_outgoing_pickings(self):
        """Return the open transfers that move goods towards the customer: open deliveries and the
        open steps before them."""
        return self.picking_ids.filtered(
            lambda picking: (
                picking.state not in ("done", "cancel")
                and picking.location_id.usage != "customer"
                # Not a step of returned goods.
                and (
                    picking._cartona_is_delivery() or not moves_of(picking).origin_returned_move_id
                )
            )
        )

    def _cartona_started_pickings(self):
        """Return the transfers that the warehouse has started, with goods that have not left."""
        waiting = self._cartona_outgoing_pickings()
        started = waiting.filtered(
            lambda picking: (
                picking.printed or any(picked_quantity(move) for move in moves_of(picking))
            )
        )
        return started | self._cartona_done_previous_steps(waiting)

    def _cartona_started_with_users(self):
        """Return the started transfers with the users to notify about a cancellation, who cannot
        be found once the transfers are cancelled.

        :return: list of (`stock.picking`, `res.users`)
        """
        return [
            (picking, picking._cartona_assigned_users())
            for picking in self._cartona_started_pickings()
        ]

    def _cartona_done_previous_steps(self, pickings):
        """Return the done warehouse steps that have brought goods to these transfers, where they
        still wait. Up to 17 the moves of a backorder also follow moves of goods that have left."""

        def has_waiting_goods(move):
            moved_on = move.move_dest_ids.filtered(lambda following: following.state == "done")
            return done_quantity(move) > sum(map(done_quantity, moved_on))

        before = moves_of(pickings).move_orig_ids.picking_id & self.picking_ids
        return before.filtered(
            lambda picking: (
                picking.state == "done" and any(map(has_waiting_goods, moves_of(picking)))
            )
        )
