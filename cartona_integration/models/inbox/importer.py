"""`cartona.order.importer`: orders of Cartona -> sale orders, a whole batch at a time.

    read what is known -> lines -> customers -> create the new, change the old -> confirm -> tell

Each step works on all orders of the batch, so that a hundred orders cost few queries more than
one. What is wrong with one order is written on its `Plan` and takes it out of the later steps;
the others go on.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Dict, List

from markupsafe import Markup

from odoo import _, api, models

from ...cartona_api import content_key
from ...cartona_api import status as life_cycle
from ..orders.edits import IN_TRANSIT_SECONDS

# What of an order is compared when it comes again, besides its lines and its retailer.
_COMPARED = (
    "status",
    "receipt_id",
    "delivered_by",
    "pickup_date",
    "delivery_day",
    "estimated_delivery_day",
    "retailer_preferred_delivery_date",
    "note_message",
    "distribution_route_code",
    "total_price",
    "cartona_credit",
    "installment_cost",
    "wallet_top_up",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one order.

    :param order: `sale.order` record, or empty when there is none
    :param error_code: None when imported or unchanged, else a code of `cartona.reasons`
    :param error_detail: names and figures for that sentence
    :param reserved: what an order that has to wait will take: dict id of a listing -> amount
    :param is_crossed: it says nothing any more, and has lines that we do not know
    """

    order: Any
    error_code: Any = None
    error_detail: str = ""
    reserved: Any = None
    is_crossed: bool = False


@dataclass(eq=False)
class Plan:
    """One order on its way through the steps."""

    order: Any  # cartona_api.Order
    lines: Dict[str, Any]  # key -> cartona_api.OrderLine, see `keyed_lines`
    sale: Any  # sale.order, empty until it exists
    snapshot: Dict[str, Any]  # what Cartona said of it the last time; {} for a new order
    incoming: Dict[str, Any]  # what it says now
    stored_at: Any = None  # datetime, when it came in; it may have waited here since
    matches: Dict[str, Any] = field(default_factory=dict)  # key of a line -> Match
    customer: Any = None  # res.partner
    address: Any = None  # res.partner that gets the goods
    warehouse: Any = None  # stock.warehouse of a new order
    error_code: Any = None
    error_detail: str = ""
    is_dropped: bool = False  # nothing is to be made of it, and nothing is wrong
    is_crossed: bool = False  # dropped, though its lines are others than those we know
    is_overtaken: bool = False  # it left Cartona before our last change of the lines got there
    confirm: str = ""  # "", "if_stocked" or "always"
    complete: bool = False  # its deliveries are to be completed here, too
    notes: List[Any] = field(default_factory=list)  # Markup paragraphs for the chatter
    tasks: List[Any] = field(default_factory=list)  # what `sale.order._cartona_notify` takes

    def fail(self, code, detail=""):
        """Take the order out of the later steps; the first reason is the one that is told."""
        if not self.error_code:
            self.error_code, self.error_detail = code, detail

    def notify(self, task, salesperson=False, cause=""):
        """Have a person look at the order: the one in charge of Cartona, or the salesperson."""
        self.tasks.append((task, salesperson, cause))

    @property
    def is_dead(self):
        """Cancelled or returned at Cartona: nothing is to be delivered any more."""
        return life_cycle.is_void(self.order.status)

    @property
    def was_dead(self):
        """Dead already before this message."""
        return life_cycle.is_void(self.sale.cartona_status)


def keyed_lines(order):
    """The lines by what they are recognised by: their id, else product and place.

    :return: dict str -> `cartona_api.OrderLine`
    """
    keyed = {}
    for line in order.lines:
        key, number = line.id, 1
        while not key or key in keyed:
            identity = (line.supplier_product_id, line.internal_product_id, line.base_product_id)
            key = "?%s/%s#%d" % ("/".join(identity), line.unit, number)
            number += 1
        keyed[key] = line
    return keyed


class CartonaOrderImporter(models.AbstractModel):
    _name = "cartona.order.importer"
    _description = "Cartona: orders into sale orders"

    # === BUSINESS METHODS === #

    @api.model
    def _import_orders(self, config, entries):
        """Create or change the sale orders of one batch.

        :param config: `cartona.config`, in the superuser's environment of its company
        :param entries: list of (`cartona.message`, `cartona_api.Order`), distinct orders
        :return: list of `Outcome`, in the order of `entries`
        :raise psycopg2.IntegrityError: somebody else has just made one of these orders; begin
            again in a transaction that sees it
        """
        quiet = self.with_context(
            mail_notrack=True,  # one note tells it all
            mail_activity_quick_update=True,  # activities are seen, not mailed
            sale_no_log_for_new_lines=True,
            cartona_importing=True,
        )
        plans = quiet._plans(config, [order for _message, order in entries])
        quiet._begin(plans, entries)
        news = [plan for plan in plans if quiet._has_changes(plan)]
        quiet._work(config.with_env(quiet.env), news)
        reserved = self._reserved_by(config, [plan for plan in plans if plan.error_code])
        return [
            Outcome(
                plan.sale.with_env(self.env),
                plan.error_code,
                plan.error_detail,
                reserved.get(plan, {}),
                plan.is_crossed,
            )
            for plan in plans
        ]

    def _begin(self, plans, entries):
        """Before anything is decided: what only the import of these messages may do.

        :param entries: as for `_import_orders`
        """
        for plan, (message, _order) in zip(plans, entries):
            plan.stored_at = message.create_date

    def _work(self, config, plans):
        going = [plan for plan in plans if not plan.is_dropped]
        self._match_lines(config, going)
        self._check_lines(going)
        going = [plan for plan in going if not (plan.error_code or plan.is_dropped)]
        self._find_customers(config, going)
        new = [plan for plan in going if not plan.sale]
        self._create_orders(config, new)
        self._update_orders(config, [plan for plan in going if plan not in new])
        self._confirm_orders(going)
        self._complete_deliveries(config, going)
        self._notify(plans)

    def _plans(self, config, orders):
        """What is known of each order and what is said of it now."""
        sales = self.env["sale.order"].search(
            [
                ("company_id", "=", config.company_id.id),
                ("cartona_id", "in", [order.hashed_id for order in orders]),
            ]
        )
        known = {sale.cartona_id: sale for sale in sales}
        plans = []
        for order in orders:
            sale = known.get(order.hashed_id, sales.browse())
            if not order.status and life_cycle.is_known(sale.cartona_status):
                # That it is left out is no news: with it, what we know would be forgotten.
                order = replace(order, status=sale.cartona_status, known_status=True)
            lines = keyed_lines(order)
            told = json.loads(sale.cartona_snapshot or "{}")
            if told:
                # What Cartona has taken from us since is no news when it comes back.
                told["status"] = sale.cartona_status
            said = snapshot_of(order, lines)
            if told and not lines:
                # A cancellation need not repeat what it is about.
                said.update(lines=told["lines"], total_price=told["total_price"])
            plans.append(Plan(order, lines, sale, told, said))
        return plans

    def _has_changes(self, plan):
        """Whether there is anything to do; an echo of our own doing says nothing."""
        order, sale = plan.order, plan.sale
        if not sale:
            return True
        if life_cycle.is_backwards(sale.cartona_status or "", order.status):
            # Overtaken by what Cartona has heard from us since. Only after its end there is
            # nothing to overtake an order: that somebody has to see.
            is_over = life_cycle.is_final(sale.cartona_status) and not self._is_late(plan)
            if is_over and not (plan.is_dead and plan.was_dead):
                plan.notify(
                    _("Cartona says “%s” of an order that had come to its end.", order.status)
                )
            plan.is_dropped = True
            plan.is_crossed = (
                not plan.tasks and plan.snapshot.get("lines") != plan.incoming["lines"]
            )
            return bool(plan.tasks)
        otp = sale.cartona_pickup_otp or ""
        return plan.snapshot != plan.incoming or otp != order.pickup_otp

    def _is_late(self, plan):
        """Whether the message left Cartona before the order came to its end, and has waited here
        or been on its way meanwhile."""
        ended = plan.sale.cartona_synced_at
        underway = timedelta(seconds=IN_TRANSIT_SECONDS)
        return bool(plan.stored_at and ended and plan.stored_at <= ended + underway)

    # === BUSINESS METHODS: TELLING === #

    def _notify(self, plans):
        """Write one note per order, all at once, and what needs a person as activities."""
        plans = [plan for plan in plans if plan.sale and not plan.error_code]
        bodies = {plan.sale.id: Markup("").join(plan.notes) for plan in plans if plan.notes}
        if bodies:
            # Logged, not posted: nobody is notified, nobody becomes a follower.
            self.env["sale.order"].browse(bodies)._message_log_batch(bodies=bodies)
        for plan in plans:
            for task in plan.tasks:
                plan.sale._cartona_notify(*task)


def snapshot_of(order, lines):
    """What of an order is compared when it comes again, as JSON can hold it.

    The retailer goes in as a hash, his phone and address belong on the contact only; the code
    for the pickup not at all.
    """
    said = {name: _plain(getattr(order, name)) for name in _COMPARED}
    said["retailer"] = content_key(asdict(order.retailer))
    said["address"] = content_key(order.retailer.address)
    said["lines"] = {
        key: {name: _plain(value) for name, value in asdict(line).items()}
        for key, line in lines.items()
    }
    return said


def _plain(value):
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")  # 10 and 10.00 say the same
    if isinstance(value, date):
        return value.isoformat()
    return value or ""
