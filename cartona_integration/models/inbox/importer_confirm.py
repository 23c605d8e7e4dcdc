"""Which Cartona orders are confirmed by themselves, and out of which warehouse."""

from collections import defaultdict

from odoo import _, models
from odoo.exceptions import UserError

from ...cartona_api import status as life_cycle
from ...compat import customer_warning, is_confirmed, is_counted
from ..core.formatting import bullets, paragraph, quantity
from ..orders.delivery_proof import NO_PROOF

# Quantities are sums of floats.
_EPSILON = 1e-6


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: CONFIRM === #

    def _plan_confirmation(self, config, plan):
        """Set `confirm`: what Cartona's status asks of the sale order."""
        said = plan.order.status
        asked = life_cycle.ASKS.get(said)
        if not plan.order.known_status:
            plan.notify(_("Cartona says “%s”, a status not known here. Nothing was done.", said))
        elif said == life_cycle.PENDING:
            is_welcome = plan.customer.active and not customer_warning(plan.customer)
            plan.confirm = "if_stocked" if config.auto_confirm and is_welcome else ""
        elif asked in (life_cycle.SALE, life_cycle.DONE):
            plan.confirm = "always"
            plan.complete = asked == life_cycle.DONE

    def _choose_warehouses(self, config, plans):
        """Set the `warehouse` of new orders: the first that has everything, else the first."""
        warehouses = config._warehouses()
        needs = {plan: _needed_by_plan(plan) for plan in plans}
        stock = Stock(self.env, needs.values())
        for plan in plans:
            plan.warehouse = warehouses[:1]
            if len(warehouses) > 1:
                needed = needs[plan]
                stocked = [house for house in warehouses if not stock.missing(house, needed)]
                plan.warehouse = stocked[0] if stocked else plan.warehouse
                stock.take(plan.warehouse, needed)

    def _confirm_orders(self, plans):
        """Confirm what is to be confirmed, in one go; the rest waits as a quotation."""
        plans = [plan for plan in plans if plan.confirm and plan.sale.state in ("draft", "sent")]
        needs = {plan: _needed_by_sale(plan.sale) for plan in plans}
        stock = Stock(self.env, needs.values())
        ready = []
        # First those that take their goods in any case.
        for plan in sorted(plans, key=lambda plan: plan.confirm != "always"):
            house, needed = plan.sale.warehouse_id, needs[plan]
            missing = stock.missing(house, needed) if plan.confirm == "if_stocked" else []
            if missing:
                plan.notes.append(bullets(_("Not confirmed: not everything is in stock."), missing))
            else:
                stock.take(house, needed)
                ready.append(plan)
        self._confirm(ready)

    def _confirm(self, plans):
        """Confirm orders; one that Odoo refuses stays a quotation, and a person is told why."""
        if not plans:
            return
        sales = self.env["sale.order"].browse(plan.sale.id for plan in plans)
        try:
            with self.env.cr.savepoint():
                sales.action_confirm()
        except UserError as error:
            if len(plans) == 1:
                words = _("Could not be confirmed: %s", error.args[0])
                plans[0].notify(words, cause="not_confirmed")
                return
            for plan in plans:
                self._confirm([plan])

    # === BUSINESS METHODS: COMPLETE === #

    def _complete_deliveries(self, config, plans):
        """Do the deliveries that Cartona calls done, by setting; else have a person do them."""
        plans = [plan for plan in plans if plan.complete and not plan.error_code]
        proofs = self.env["cartona.delivery.proof"]._get_proofs([plan.sale.id for plan in plans])
        for plan in plans:
            sale = plan.sale
            is_done = sale._cartona_is_fully_delivered()
            # Somebody is handing over the goods this very moment, Cartona has just said so.
            is_under_way = proofs.get(sale.id, NO_PROOF).status == life_cycle.DELIVERED
            if is_done or is_under_way or self._complete_delivery(config, plan):
                continue
            words = self.env["cartona.reasons"]._explain("delivered_there")
            plan.notify(words, cause="delivered_there")

    def _complete_delivery(self, config, plan):
        """:return: whether the delivery is done now"""
        if not (config.complete_delivered and is_confirmed(plan.sale)):
            return False
        try:
            with self.env.cr.savepoint():
                plan.sale._cartona_complete_deliveries()
        except UserError as error:
            plan.notes.append(paragraph(_("The delivery was not completed: %s", error.args[0])))
            return False
        plan.notes.append(paragraph(_("Delivered by Cartona: the delivery was completed.")))
        return True


class Stock:
    """Free quantities in each warehouse, read once, less what orders of this batch take."""

    def __init__(self, env, needs):
        """
        :param needs: iterable of dicts product -> quantity in the product's own unit
        """
        self.env = env  # also the language of what is told
        products = {product for needed in needs for product in needed}
        self.products = env["product.product"].browse(product.id for product in products)
        self.free = {}

    def _in(self, warehouse):
        """Free quantities: dict product id -> float."""
        if warehouse not in self.free:
            here = self.products.with_context(location=warehouse.lot_stock_id.id)
            self.free[warehouse] = {product.id: product.free_qty for product in here}
        return self.free[warehouse]

    def missing(self, warehouse, needed):
        """What cannot be had there, in words; empty when everything can."""
        words, free = [], self._in(warehouse)
        for product, amount in needed.items():
            if free[product.id] < amount - _EPSILON:
                words.append(
                    _(
                        "%(product)s: %(needed)s needed, %(free)s free",
                        product=product.display_name,
                        needed=quantity(amount),
                        free=quantity(free[product.id]),
                    )
                )
        return words

    def take(self, warehouse, needed):
        """Promise it: the next order finds that much less there."""
        for product, amount in needed.items():
            self._in(warehouse)[product.id] -= amount


def _needed_by_plan(plan):
    return _sum_counted(
        (match.product, match.uom, float(plan.lines[key].amount))
        for key, match in plan.matches.items()
    )


def _needed_by_sale(sale):
    return _sum_counted(
        (line.product_id, line._cartona_uom(), line.product_uom_qty)
        for line in sale.order_line
        if line.product_id
    )


def _sum_counted(rows):
    """What must be in stock: dict product -> quantity in its own unit. What Odoo does not count
    can always be had."""
    needed = defaultdict(float)
    for product, uom, amount in rows:
        if is_counted(product):
            needed[product] += uom._compute_quantity(amount, product.uom_id, round=False)
    return needed
