"""`cartona.order.importer`: new orders, all of a batch in one `create`; confirmation and delivery.

Confirmation, warehouse and completed deliveries are here for known orders as well.
"""

import json
from collections import defaultdict
from datetime import datetime, time

import pytz

from odoo import _, models
from odoo.exceptions import UserError

from ...cartona_api import status as life_cycle
from ...compat import (
    company_taxes,
    customer_warning,
    fiscal_position,
    is_confirmed,
    is_counted,
    needs_pricelist,
    tax_field,
    unit_field,
)
from ..core.clock import database_now
from ..core.companies import company_domain
from ..core.formatting import CAIRO, bullets, enumerate_items, figure, paragraph, quantity
from ..orders.delivery_proof import NO_PROOF

_DELIVERED_BY = (life_cycle.BY_SUPPLIER, life_cycle.BY_CARTONA)
# Largest difference between Cartona's total and the sum of its lines, and so Odoo's.
_TOLERANCE = 0.011
# Quantities are sums of floats.
_EPSILON = 1e-6


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: CREATE === #

    def _create_orders(self, config, plans):
        """Create the sale orders of new plans, which have customers, units and products."""
        pricelists = self._pricelists(config, plans)
        self._choose_warehouses(config, plans)
        plans = [plan for plan in plans if not plan.error_code]
        positions, taxes = {}, {}
        for plan in plans:
            self._plan_confirmation(config, plan)
        values = []
        for plan in plans:
            parties = (plan.customer, plan.address)
            if parties not in positions:
                positions[parties] = fiscal_position(self.env, *parties)
            vals = self._order_values(config, plan)
            vals["fiscal_position_id"] = positions[parties].id
            if plan.customer in pricelists:
                vals["pricelist_id"] = pricelists[plan.customer].id
            vals["order_line"] = [
                (0, 0, self._line_values(config, plan, key, positions[parties], taxes))
                for key in plan.matches
            ]
            values.append(vals)
        # No follower and no "created" message for each order: one message is logged instead.
        sales = self.env["sale.order"].with_context(tracking_disable=True).create(values)
        for plan, sale in zip(plans, sales.with_env(self.env)):
            plan.sale = sale
            self._log_creation(plan)
        cancelled = {plan.order.hashed_id for plan in plans if plan.is_cancelled}
        sales.filtered(lambda sale: sale.cartona_id in cancelled)._action_cancel()

    def _order_values(self, config, plan):
        order = plan.order
        number = order.receipt_id or order.hashed_id
        salesperson = config.user_id or plan.customer.user_id
        values = dict(
            self._snapshot_values(plan),
            company_id=config.company_id.id,
            partner_id=plan.customer.id,
            partner_shipping_id=plan.address.id,
            user_id=salesperson.id,
            client_order_ref=order.receipt_id or False,
            origin="Cartona %s" % number,
            commitment_date=promised_moment(order),
            # The quotation does not expire, and no template sends a mail to the retailer when it
            # is confirmed.
            validity_date=False,
            sale_order_template_id=False,
            cartona_id=order.hashed_id,
            cartona_created_at=order.created_at or False,
            cartona_sync_state="synced",
        )
        if config.pricelist_id.currency_id == config.currency_id:
            values["pricelist_id"] = config.pricelist_id.id
        if plan.warehouse:
            values["warehouse_id"] = plan.warehouse.id
        if config.team_id:
            values["team_id"] = config.team_id.id
        if order.created_at:
            values["date_order"] = order.created_at
        return values

    def _snapshot_values(self, plan):
        """Return the fields of the order that are copied from Cartona."""
        order = plan.order
        values = {
            "cartona_status": order.status,
            "cartona_number": order.receipt_id or False,
            "cartona_delivered_by": (
                order.delivered_by if order.delivered_by in _DELIVERED_BY else "other"
            ),
            "cartona_route": order.distribution_route_code or False,
            "cartona_pickup_date": order.pickup_date or False,
            "cartona_pickup_otp": order.pickup_otp or False,
            "cartona_snapshot": json.dumps(plan.incoming, ensure_ascii=False),
            "cartona_synced_at": database_now(self.env.cr).replace(microsecond=0),
        }
        if not plan.predates_edit:
            # Cartona has computed its part of the money for these lines.
            values.update(
                cartona_credit=float(order.cartona_credit),
                cartona_installment_cost=float(order.installment_cost),
                cartona_wallet_top_up=float(order.wallet_top_up),
                cartona_money_waiting=False,
            )
        return values

    def _line_values(self, config, plan, key, position, taxes):
        """Return the values of one sale line, in Cartona's unit and at its price.

        :param taxes: dict used as cache, (taxes of the product, fiscal position) -> taxes
        """
        line, match = plan.lines[key], plan.matches[key]
        own = company_taxes(match.product, config.company_id)
        if (own, position) not in taxes:
            taxes[own, position] = position.map_tax(own)._cartona_included()
        Line = self.env["sale.order.line"]
        values = {
            "product_id": match.product.id,
            unit_field(Line): match.uom.id,
            tax_field(Line): [(6, 0, taxes[own, position].ids)],
            "cartona_id": line.id or False,
            "sequence": 10 + list(plan.lines).index(key),
            **self._amount_values(line),
        }
        if line.comment:
            product = match.product.with_context(lang=plan.customer.lang)
            text = product.get_product_multiline_description_sale()
            values["name"] = "%s\n%s" % (text, line.comment)
        return values

    def _amount_values(self, line):
        """Return quantity, price and discounts of a line. They are written together: Odoo
        recomputes the price when the quantity is written alone."""
        return {
            "product_uom_qty": float(line.amount),
            "price_unit": float(line.selling_price),
            "discount": 0.0,
            "cartona_supplier_discount": float(line.supplier_discount),
            "cartona_discount": float(line.cartona_discount),
        }

    def _pricelists(self, config, plans):
        """Return pricelists for customers with one in another currency than Cartona's prices.

        :return: dict `res.partner` -> `product.pricelist`, an empty one for "none"
        """
        currency, company = config.currency_id, config.company_id
        foreign = [
            plan
            for plan in plans
            if (plan.customer.property_product_pricelist.currency_id or company.currency_id)
            != currency
        ]
        if not foreign:
            return {}
        fitting = config.pricelist_id | self.env["product.pricelist"].search(
            company_domain(company)
        )
        fitting = fitting.filtered(lambda pricelist: pricelist.currency_id == currency)[:1]
        can_do_without = currency == company.currency_id and not needs_pricelist(
            self.env["sale.order"]
        )
        if not fitting and not can_do_without:
            for plan in foreign:
                plan.fail("no_pricelist", currency.name)
        return {plan.customer: fitting for plan in foreign}

    # === BUSINESS METHODS: CHATTER === #

    def _log_creation(self, plan):
        """Log what no field shows, and schedule activities about inconsistencies."""
        order = plan.order
        texts = [_("Order %s from Cartona.", order.receipt_id or order.hashed_id)]
        if order.note_message:
            texts.append(_("Note from the retailer: %s", order.note_message))
        reason = order.cancellation_reason or order.return_reason
        if plan.is_cancelled and reason:
            texts.append(_("Reason: %s", reason))
        if order.applied_supplier_rebate:
            texts.append(_("Rebate on Cartona: %s", figure(order.applied_supplier_rebate)))
        if order.delivered_by not in _DELIVERED_BY:
            texts.append(_("Delivered by, on Cartona: %s", order.delivered_by))
        if order.unreadable:
            unreadable = enumerate_items(self.env, order.unreadable)
            texts.append(_("Ignored, because it could not be read: %s", unreadable))
        plan.log = [paragraph(text) for text in texts] + plan.log
        removed = [line for line in plan.lines.values() if line.removed]
        if removed:
            items = ["%s: %s" % (line.product_name, quantity(line.amount)) for line in removed]
            plan.log.append(bullets(_("Removed, not sold:"), items))
        self._check_total(plan)
        self._check_customer(plan)

    def _check_total(self, plan):
        """Schedule an activity if taxes make the total differ from Cartona's."""
        order, here = plan.order, plan.sale.amount_total
        total = order.lines_total if order.total_price is None else order.total_price
        if abs(here - float(total)) > _TOLERANCE:
            plan.notify(
                _(
                    "The total is %(here)s in Odoo and %(there)s on Cartona.",
                    here=figure(here),
                    there=figure(total),
                )
            )

    def _check_customer(self, plan):
        """Schedule an activity for an archived or blocked customer."""
        customer = plan.customer
        warning = customer_warning(customer)
        if not customer.active:
            plan.notify(
                _("The customer %s is archived.", customer.display_name),
                salesperson=True,
                cause="customer_archived",
            )
        if warning:
            plan.notify(
                _(
                    "The customer %(name)s is blocked: %(why)s",
                    name=customer.display_name,
                    why=warning,
                ),
                salesperson=True,
                cause="customer_blocked",
            )

    # === BUSINESS METHODS: CONFIRM === #

    def _plan_confirmation(self, config, plan):
        """Set `confirm` and `complete`, as Cartona's status requires of the sale order."""
        status = plan.order.status
        expected = life_cycle.EXPECTED_STATE.get(status)
        if not plan.order.known_status:
            plan.notify(_("Cartona sent the unknown status “%s”. Nothing was changed.", status))
        elif status == life_cycle.PENDING:
            is_accepted = plan.customer.active and not customer_warning(plan.customer)
            plan.confirm = "if_stocked" if config.auto_confirm and is_accepted else ""
        elif expected in (life_cycle.SALE, life_cycle.DONE):
            plan.confirm = "always"
            plan.complete = expected == life_cycle.DONE

    def _choose_warehouses(self, config, plans):
        """Set the `warehouse` of new orders: the first with everything in stock, else the first."""
        warehouses = config._warehouses()
        if not warehouses and config.warehouse_ids:
            for plan in plans:
                plan.fail("no_warehouse")
            return
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
        """Confirm the orders of these plans in one call; the others remain quotations."""
        plans = [plan for plan in plans if plan.confirm and plan.sale.state in ("draft", "sent")]
        needs = {plan: _needed_by_sale(plan.sale) for plan in plans}
        stock = Stock(self.env, needs.values())
        ready = []
        # First those that are confirmed in any case.
        for plan in sorted(plans, key=lambda plan: plan.confirm != "always"):
            house, needed = plan.sale.warehouse_id, needs[plan]
            missing = stock.missing(house, needed) if plan.confirm == "if_stocked" else []
            if missing:
                plan.log.append(
                    bullets(_("Not confirmed: some products are not in stock."), missing)
                )
            else:
                stock.take(house, needed)
                ready.append(plan)
        self._confirm(ready)

    def _confirm(self, plans):
        """Confirm orders. One that Odoo refuses remains a quotation and gets an activity."""
        if not plans:
            return
        sales = self.env["sale.order"].browse(plan.sale.id for plan in plans)
        try:
            with self.env.cr.savepoint():
                sales.action_confirm()
        except UserError as error:
            if len(plans) == 1:
                summary = _("Could not be confirmed: %s", error.args[0])
                plans[0].notify(summary, cause="not_confirmed")
                return
            for plan in plans:
                self._confirm([plan])

    # === BUSINESS METHODS: COMPLETE === #

    def _complete_deliveries(self, config, plans):
        """Complete the deliveries of orders delivered on Cartona where the setting is on, else
        schedule an activity."""
        plans = [plan for plan in plans if plan.complete and not plan.error_code]
        proofs = self.env["cartona.delivery.proof"]._get_proofs([plan.sale.id for plan in plans])
        for plan in plans:
            sale = plan.sale
            is_done = sale._cartona_is_fully_delivered()
            # A user is validating the delivery now: Cartona has just accepted the code.
            is_in_progress = proofs.get(sale.id, NO_PROOF).status == life_cycle.DELIVERED
            if is_done or is_in_progress or self._complete_delivery(config, plan):
                continue
            summary = self.env["cartona.reasons"]._explain("delivered_there")
            plan.notify(summary, cause="delivered_there")

    def _complete_delivery(self, config, plan):
        """Complete the delivery of an order. Return True if it is done now."""
        if not (config.complete_delivered and is_confirmed(plan.sale)):
            return False
        try:
            with self.env.cr.savepoint():
                plan.sale._cartona_complete_deliveries()
        except UserError as error:
            plan.log.append(paragraph(_("The delivery was not completed: %s", error.args[0])))
            return False
        plan.log.append(paragraph(_("Delivered by Cartona: the delivery was completed.")))
        return True


class Stock:
    """Free quantities of each warehouse, read once, minus what orders of this batch take."""

    def __init__(self, env, needs):
        """
        :param needs: iterable of dicts product -> quantity in the product's own unit
        """
        self.env = env  # also the language of `missing`
        products = {product for needed in needs for product in needed}
        self.products = env["product.product"].browse(product.id for product in products)
        self.free = {}

    def _in(self, warehouse):
        """Return the free quantities: dict product id -> float."""
        if warehouse not in self.free:
            here = self.products.with_context(location=warehouse.lot_stock_id.id)
            self.free[warehouse] = {product.id: product.free_qty for product in here}
        return self.free[warehouse]

    def missing(self, warehouse, needed):
        """Return a text for each product that is not in stock there."""
        texts, free = [], self._in(warehouse)
        for product, amount in needed.items():
            if free[product.id] < amount - _EPSILON:
                texts.append(
                    _(
                        "%(product)s: %(needed)s needed, %(free)s free",
                        product=product.display_name,
                        needed=quantity(amount),
                        free=quantity(free[product.id]),
                    )
                )
        return texts

    def take(self, warehouse, needed):
        """Subtract the quantities of an order from what is free there."""
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
    """Return what must be in stock: dict product -> quantity in its own unit, without products
    that Odoo does not count."""
    needed = defaultdict(float)
    for product, uom, amount in rows:
        if is_counted(product):
            needed[product] += uom._compute_quantity(amount, product.uom_id, round=False)
    return needed


def promised_moment(order):
    """Return the promised delivery as a naive UTC time, False without a date.

    :param order: `cartona_api.Order`
    """
    day = (
        order.delivery_day or order.estimated_delivery_day or order.retailer_preferred_delivery_date
    )
    if not day:
        return False
    # A date is stored as noon in Cairo, which is the same day in every time zone.
    try:
        noon = CAIRO.localize(datetime.combine(day, time(12)))
    except OverflowError:
        return False  # at the end of the calendar, where older pytz fails
    return noon.astimezone(pytz.utc).replace(tzinfo=None)
