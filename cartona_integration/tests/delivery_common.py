"""Base of the tests of deliveries and order updates."""

from ..compat import moves_of, pick_all
from .common import STATUSES
from .order_common import OrderCase

DETAILS = "order/update-order-details"


class DeliveryCase(OrderCase):
    """Ten of each product are in stock; `push` sends the order updates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_stock(cls.tea, 10)
        cls.set_stock(cls.rice, 10)
        cls.clear_outbox()

    # === ORDERS === #

    def take_order(self, confirm=True, **changes):
        """Import a new order and, by default, confirm it and mark it as approved on Cartona.

        :param changes: changes of the valid order, see `order`
        """
        sale = self.receive(self.order(**changes))
        if confirm:
            sale.action_confirm()
            sale.cartona_status = "approved"
        self.clear_outbox()
        return sale

    def take_order_with_code(self, **changes):
        """Import a confirmed order whose delivery needs the retailer's code."""
        return self.take_order(wallet_top_up=20.0, **changes)

    # === THE WAREHOUSE === #

    def pick(self, pickings, quantities=None):
        """Set the picked quantities: the full demand, except for the given products.

        :param quantities: dict product -> quantity
        """
        moves = moves_of(pickings)
        pick_all(moves)
        for move in moves:
            if quantities and move.product_id in quantities:
                if "picked" in move._fields:
                    move.quantity = quantities[move.product_id]
                else:
                    move.quantity_done = quantities[move.product_id]

    def validate(self, pickings, **context):
        """Validate the transfers, as the button does.

        :return: True, or an action
        """
        return pickings.with_context(skip_sms=True, **context).button_validate()

    def deliver_short(self, sale, quantities, backorder=False):
        """Pick part of the goods and validate, with or without a backorder."""
        picking = sale.picking_ids
        self.pick(picking, quantities)
        dropped = [] if backorder else picking.ids
        return self.validate(picking, skip_backorder=True, picking_ids_not_to_backorder=dropped)

    def return_goods(self, picking, quantities=None):
        """Return a done delivery, in full or in part, and validate the return.

        :return: the return, `stock.picking`
        """
        back = self.make_return(picking, quantities)
        pick_all(moves_of(back))
        self.validate(back, skip_backorder=True)
        self.assertEqual(back.state, "done")
        return back

    def make_return(self, picking, quantities=None):
        """Create a return by Odoo's wizard, without validating it."""
        active = {"active_id": picking.id, "active_ids": picking.ids, "active_model": picking._name}
        wizard = self.env["stock.return.picking"].with_context(**active)
        wizard = wizard.create({"picking_id": picking.id})
        if hasattr(wizard, "_onchange_picking_id"):
            wizard._onchange_picking_id()
        for line in wizard.product_return_moves:
            done = line.move_id.product_uom_qty
            line.quantity = quantities.get(line.product_id, 0) if quantities else done
        if hasattr(wizard, "_create_return"):
            return wizard._create_return()
        return picking.browse(wizard._create_returns()[0])

    # === THE MARKETPLACE === #

    def accept_all(self, *sales):
        """Accept every status, those of these orders on the single call too, and changed lines."""
        self.marketplace.answer_always("POST", STATUSES, {})
        self.marketplace.answer_always("POST", DETAILS, {})
        for sale in sales:
            self.marketplace.answer_always("POST", self.single_path(sale), {})

    def single_path(self, sale):
        return STATUSES + "/" + sale.cartona_id

    def sent_statuses(self, sale):
        """Return the statuses sent for an order by both calls, in order."""
        return [body["status"] for body in self.bodies(sale)]

    def sent_steps(self, sale):
        """Return statuses and changed lines in the order sent: list of status or (line, amount)."""
        steps = []
        for _method, path, _query, body in self.marketplace.calls:
            items = body if isinstance(body, list) else [body]
            mine = [item for item in items if item["hashed_id"] == sale.cartona_id]
            if path == DETAILS:
                steps += [
                    (row["id"], row["amount"]) for item in mine for row in item["order_details"]
                ]
                for item in mine:
                    for row in item["order_details"]:
                        self.assertEqual(set(row), {"id", "amount"}, "no other value is sent")
            else:
                steps += [item["status"] for item in mine]
        return steps

    def bodies(self, sale):
        """Return the bodies sent for an order, in order, without its id."""
        bodies = []
        for _method, path, _query, body in self.marketplace.calls:
            items = body if path == STATUSES else [body] if path == self.single_path(sale) else []
            bodies += [dict(item) for item in items if item["hashed_id"] == sale.cartona_id]
        for body in bodies:
            del body["hashed_id"]
        return bodies

    def open_dialog(self, action):
        """Return the dialog that an action opens, as the web client does."""
        model = self.env[action["res_model"]].with_context(**action["context"])
        if action.get("res_id"):
            return model.browse(action["res_id"])
        return model.create({})
