"""New Cartona orders -> sale orders, all of a batch in one `create`."""

import json
from datetime import datetime, time

import pytz

from odoo import _, fields, models

from ...cartona_api import status as life_cycle
from ...compat import (
    company_taxes,
    customer_warning,
    fiscal_position,
    needs_pricelist,
    tax_field,
    unit_field,
)
from ..core.formatting import CAIRO, bullets, figure, paragraph, quantity

_DELIVERED_BY = (life_cycle.BY_SUPPLIER, life_cycle.BY_CARTONA)
# How far Cartona's total may be from the sum of its lines, and so from ours.
_TOLERANCE = 0.011


class CartonaOrderImporter(models.AbstractModel):
    _inherit = "cartona.order.importer"

    # === BUSINESS METHODS: CREATE === #

    def _create_orders(self, config, plans):
        """Create the sale orders of new plans; the customers, units and products are known."""
        pricelists = self._pricelists(config, plans)
        plans = [plan for plan in plans if not plan.error_code]
        positions, taxes = {}, {}
        for plan in plans:
            self._plan_confirmation(config, plan)
        self._choose_warehouses(config, plans)
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
        # No subscription and no "created" message for each order: one note tells it all.
        sales = self.env["sale.order"].with_context(tracking_disable=True).create(values)
        for plan, sale in zip(plans, sales.with_env(self.env)):
            plan.sale = sale
            self._introduce(plan)
        sales.filtered(lambda sale: sale.cartona_id in _dead(plans))._action_cancel()

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
            # The quotation does not expire, and no template mails the retailer when it is
            # confirmed.
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
        """Fields of the order that repeat what Cartona says."""
        order = plan.order
        by_known = order.delivered_by in _DELIVERED_BY
        return {
            "cartona_status": order.status,
            "cartona_number": order.receipt_id or False,
            "cartona_delivered_by": order.delivered_by if by_known else "other",
            "cartona_route": order.distribution_route_code or False,
            "cartona_pickup_date": order.pickup_date or False,
            "cartona_pickup_otp": order.pickup_otp or False,
            "cartona_credit": float(order.cartona_credit),
            "cartona_installment_cost": float(order.installment_cost),
            "cartona_wallet_top_up": float(order.wallet_top_up),
            "cartona_snapshot": json.dumps(plan.incoming, ensure_ascii=False),
            "cartona_synced_at": fields.Datetime.now(),
        }

    def _line_values(self, config, plan, key, position, taxes):
        """Values of one sale line, in Cartona's unit and at its price.

        :param taxes: dict to remember taxes in
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
            **self._figures(line),
        }
        if line.comment:
            product = match.product.with_context(lang=plan.customer.lang)
            text = product.get_product_multiline_description_sale()
            values["name"] = "%s\n%s" % (text, line.comment)
        return values

    def _figures(self, line):
        """What a line costs. Written together: a quantity alone would have the price made anew."""
        return {
            "product_uom_qty": float(line.amount),
            "price_unit": float(line.selling_price),
            "discount": 0.0,
            "cartona_supplier_discount": float(line.supplier_discount),
            "cartona_discount": float(line.cartona_discount),
        }

    def _pricelists(self, config, plans):
        """Pricelists for customers whose own is in another currency than Cartona's prices.

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
            [("company_id", "in", (False, company.id))]
        )
        fitting = fitting.filtered(lambda pricelist: pricelist.currency_id == currency)[:1]
        can_do_without = currency == company.currency_id and not needs_pricelist(
            self.env["sale.order"]
        )
        if not fitting and not can_do_without:
            for plan in foreign:
                plan.fail("no_pricelist", currency.name)
        return {plan.customer: fitting for plan in foreign}

    # === BUSINESS METHODS: WHAT THE NOTE SAYS === #

    def _introduce(self, plan):
        """Note what no field shows, and what does not add up."""
        order = plan.order
        said = [_("Order %s from Cartona.", order.receipt_id or order.hashed_id)]
        if order.note_message:
            said.append(_("The retailer's note: %s", order.note_message))
        reason = order.cancellation_reason or order.return_reason
        if plan.is_dead and reason:
            said.append(_("Reason: %s", reason))
        if order.applied_supplier_rebate:
            said.append(_("Rebate told by Cartona: %s", figure(order.applied_supplier_rebate)))
        if order.delivered_by not in _DELIVERED_BY:
            said.append(_("Cartona says it is delivered by: %s", order.delivered_by))
        if order.unreadable:
            left_out = self.env["cartona.reasons"]._join(order.unreadable)
            said.append(_("Could not be read and was left out: %s", left_out))
        plan.notes = [paragraph(text) for text in said] + plan.notes
        removed = [line for line in plan.lines.values() if line.removed]
        if removed:
            items = ["%s: %s" % (line.product_name, quantity(line.amount)) for line in removed]
            plan.notes.append(bullets(_("Removed, not sold:"), items))
        self._check_total(plan)
        self._introduce_customer(plan)

    def _check_total(self, plan):
        """Have a person look at taxes that do not let the order cost what Cartona says."""
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

    def _introduce_customer(self, plan):
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


def promised_moment(order):
    """When the goods are expected, as a naive UTC time; False when nobody said.

    :param order: `cartona_api.Order`
    """
    day = (
        order.delivery_day or order.estimated_delivery_day or order.retailer_preferred_delivery_date
    )
    if not day:
        return False
    # A day without a time is stored as its noon there: that is the same day in every time zone.
    try:
        noon = CAIRO.localize(datetime.combine(day, time(12)))
    except OverflowError:
        return False  # at the edge of the calendar, where older pytz cannot look around it
    return noon.astimezone(pytz.utc).replace(tzinfo=None)


def _dead(plans):
    return {plan.order.hashed_id for plan in plans if plan.is_dead}
