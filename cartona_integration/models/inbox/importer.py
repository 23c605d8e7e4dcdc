"""`cartona.order.importer`: orders of Cartona are imported as sale orders, a batch at a time.

    plan -> lines -> customers -> create new orders, update known ones -> confirm -> log, activities

Each step processes all orders of the batch, so that a hundred orders need few queries more than
one. The reason why an order cannot be imported is stored on its `Plan` and excludes it from the
later steps; the other orders continue.

    importer.py             the steps; what is new in a message
    importer_lines.py       lines -> products and units
    importer_customer.py    retailers -> customers and delivery addresses
    importer_create.py      new orders: values, confirmation, warehouse, delivery
    importer_update.py      known orders: header, lines, status, cancellation
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

# Fields of an order that are compared with its snapshot, besides its lines and its retailer.
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
# Parts of a snapshot that depend on the lines.
_LINE_FIELDS = (
    "lines",
    "total_price",
    "cartona_credit",
    "installment_cost",
    "wallet_top_up",
)


@dataclass(frozen=True)
class Outcome:
    """Result of the import of one order.

    :param order: `sale.order` record, empty if there is none
    :param error_code: None when imported or unchanged, else a code of `cartona.reasons`
    :param error_detail: names and figures for that reason
    :param reserved: quantities that a waiting order will take: dict id of a listing -> quantity
    :param has_unknown_lines: see `Plan`
    """

    order: Any
    error_code: Any = None
    error_detail: str = ""
    reserved: Any = None
    has_unknown_lines: bool = False


@dataclass(eq=False)
class Plan:
    """One order during the import."""

    order: Any  # cartona_api.Order
    lines: Dict[str, Any]  # key -> cartona_api.OrderLine, see `lines_by_key`
    sale: Any  # sale.order, empty until it is created
    snapshot: Dict[str, Any]  # the last version that was applied; {} for a new order
    incoming: Dict[str, Any]  # this version, as `snapshot`
    stored_at: Any = None  # datetime at which the message was stored; it may have waited since
    matches: Dict[str, Any] = field(default_factory=dict)  # key of a line -> Match
    customer: Any = None  # res.partner
    address: Any = None  # res.partner of the delivery address
    warehouse: Any = None  # stock.warehouse of a new order
    error_code: Any = None
    error_detail: str = ""
    is_skipped: bool = False  # nothing to import, and no error
    has_unknown_lines: bool = False  # skipped, although its lines differ from the snapshot
    predates_edit: bool = False  # sent by Cartona before it received our last change of the lines
    confirm: str = ""  # "", "if_stocked" or "always"
    complete: bool = False  # True to complete its deliveries
    log: List[Any] = field(default_factory=list)  # Markup paragraphs for the chatter
    activities: List[Any] = field(default_factory=list)  # arguments of `_cartona_notify`

    def fail(self, code, detail=""):
        """Exclude the order from the later steps; of several reasons the first one is kept."""
        if not self.error_code:
            self.error_code, self.error_detail = code, detail

    def notify(self, summary, salesperson=False, cause=""):
        """Schedule an activity for the person responsible for Cartona, or the salesperson."""
        self.activities.append((summary, salesperson, cause))

    @property
    def is_cancelled(self):
        """Return True if the order is cancelled or returned on Cartona."""
        return life_cycle.is_void(self.order.status)

    @property
    def was_cancelled(self):
        """Return True if it was cancelled or returned before this message."""
        return life_cycle.is_void(self.sale.cartona_status)


def lines_by_key(order):
    """Return the lines by id; without an id, by product and position.

    :return: dict str -> `cartona_api.OrderLine`
    """
    lines = {}
    for line in order.lines:
        key, number = line.id, 1
        while not key or key in lines:
            identity = (line.supplier_product_id, line.internal_product_id, line.base_product_id)
            key = "?%s/%s#%d" % ("/".join(identity), line.unit, number)
            number += 1
        lines[key] = line
    return lines


class CartonaOrderImporter(models.AbstractModel):
    _name = "cartona.order.importer"
    _description = "Cartona: Order Import"

    # === BUSINESS METHODS === #

    @api.model
    def _import_orders(self, config, entries):
        """Create or update the sale orders of one batch.

        :param config: `cartona.config`, in the superuser's environment of its company
        :param entries: list of (`cartona.message`, `cartona_api.Order`), distinct orders
        :return: list of `Outcome`, in the order of `entries`
        :raise psycopg2.IntegrityError: another transaction has just created one of these orders;
            try again in a transaction that sees it
        """
        quiet = self.with_context(
            mail_notrack=True,  # one message in the chatter instead
            mail_activity_quick_update=True,  # no mail for an activity
            sale_no_log_for_new_lines=True,
            cartona_importing=True,
        )
        plans = quiet._make_plans(config, [order for _message, order in entries])
        for plan, (message, _order) in zip(plans, entries):
            plan.stored_at = message.create_date
            if plan.predates_edit:
                quiet._resend_lines(plan)
        changed = [plan for plan in plans if quiet._has_changes(plan)]
        quiet._process(config.with_env(quiet.env), changed)
        reserved = self._reserved_by(config, [plan for plan in plans if plan.error_code])
        return [
            Outcome(
                plan.sale.with_env(self.env),
                plan.error_code,
                plan.error_detail,
                reserved.get(plan, {}),
                plan.has_unknown_lines,
            )
            for plan in plans
        ]

    def _process(self, config, plans):
        active = [plan for plan in plans if not plan.is_skipped]
        self._match_lines(config, active)
        self._check_lines(active)
        active = [plan for plan in active if not (plan.error_code or plan.is_skipped)]
        self._find_customers(config, active)
        new = [plan for plan in active if not plan.sale]
        self._create_orders(config, new)
        self._update_orders(config, [plan for plan in active if plan not in new])
        self._confirm_orders(active)
        self._complete_deliveries(config, active)
        self._notify(plans)

    # === BUSINESS METHODS: PLANS === #

    def _make_plans(self, config, orders):
        """Return a plan for each order: what Odoo has of it and what the message contains."""
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
                # A missing status changes nothing: applied, it would erase the one we have.
                order = replace(order, status=sale.cartona_status, known_status=True)
            lines = lines_by_key(order)
            snapshot = json.loads(sale.cartona_snapshot or "{}")
            if snapshot:
                # A status that Cartona has accepted from us since then is not a change.
                snapshot["status"] = sale.cartona_status
            incoming = snapshot_of(order, lines)
            if snapshot and not lines:
                # A cancellation need not repeat the lines.
                incoming.update(lines=snapshot["lines"], total_price=snapshot["total_price"])
            plan = Plan(order, lines, sale, snapshot, incoming)
            if snapshot and self._predates_edit(plan):
                self._keep_our_lines(plan)
            plans.append(plan)
        return plans

    def _predates_edit(self, plan):
        """Return True if the message has the lines as they were before we changed them."""
        recent = plan.sale._cartona_recent_states(plan.sale._cartona_edit())
        if not recent or _line_figures(plan.incoming) == _line_figures(plan.snapshot):
            return False
        return any(_line_figures(plan.incoming) == before for _at, before in recent)

    def _keep_our_lines(self, plan):
        """Import the status of a message that Cartona sent before our change, but not its lines."""
        plan.predates_edit = True
        plan.incoming.update({name: plan.snapshot[name] for name in _LINE_FIELDS})
        plan.lines = {
            key: line for key, line in plan.lines.items() if key in plan.incoming["lines"]
        }

    def _resend_lines(self, plan):
        """Send our lines again. If the retailer has just changed them back to what they were, both
        sides end up equal."""
        ids = {line["id"] for line in plan.snapshot["lines"].values() if line["id"]}
        edit = dict(plan.sale._cartona_edit(), uncertain=sorted(ids))
        plan.sale.cartona_edit = json.dumps(edit)
        self.env["cartona.change"]._mark_orders_dirty(plan.sale.ids)

    def _has_changes(self, plan):
        """Return True if the message changes the order, or completes what waits for an answer."""
        order, sale = plan.order, plan.sale
        if not sale:
            return True
        if life_cycle.is_backwards(sale.cartona_status or "", order.status):
            # Cartona sent it before it received our last status. After the final status there is
            # nothing to receive: a person has to look at the order.
            is_reopened = life_cycle.is_final(sale.cartona_status) and not self._predates_end(plan)
            if is_reopened and not (plan.is_cancelled and plan.was_cancelled):
                plan.notify(
                    _("Cartona sent the status “%s” for an order that is finished.", order.status)
                )
            plan.is_skipped = True
            plan.has_unknown_lines = (
                not plan.activities and plan.snapshot.get("lines") != plan.incoming["lines"]
            )
            return bool(plan.activities)
        code = sale.cartona_pickup_otp or ""
        if plan.snapshot != plan.incoming or code != order.pickup_otp:
            return True
        # The echo of an edit of ours: it has the ids and amounts that are still missing.
        return bool(sale.cartona_money_waiting or sale._cartona_edit()["added"])

    def _predates_end(self, plan):
        """Return True if Cartona sent the message before the order got its final status; it has
        been in transit, or waited in the inbox, since then."""
        ended = plan.sale.cartona_synced_at
        in_transit = timedelta(seconds=IN_TRANSIT_SECONDS)
        return bool(plan.stored_at and ended and plan.stored_at <= ended + in_transit)

    # === BUSINESS METHODS: CHATTER AND ACTIVITIES === #

    def _notify(self, plans):
        """Log one message per order, all in one call, and schedule the activities."""
        plans = [plan for plan in plans if plan.sale and not plan.error_code]
        bodies = {plan.sale.id: Markup("").join(plan.log) for plan in plans if plan.log}
        if bodies:
            # Logged, not posted: no mail, no new followers.
            self.env["sale.order"].browse(bodies)._message_log_batch(bodies=bodies)
        for plan in plans:
            for activity in plan.activities:
                plan.sale._cartona_notify(*activity)


def snapshot_of(order, lines):
    """Return what is compared when the order is received again, as JSON values.

    Of the retailer only a hash: his phone and address belong on the contact. The pickup code is
    not included.
    """
    snapshot = {name: _json_value(getattr(order, name)) for name in _COMPARED}
    snapshot["retailer"] = content_key(asdict(order.retailer))
    snapshot["address"] = content_key(order.retailer.address)
    snapshot["lines"] = {
        key: {name: _json_value(value) for name, value in asdict(line).items()}
        for key, line in lines.items()
    }
    return snapshot


def _json_value(value):
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")  # 10 and 10.00 are equal
    if isinstance(value, date):
        return value.isoformat()
    return value or ""


def _line_figures(snapshot):
    """Return dict key of a line -> [quantity, price], as `cartona_edit` stores them."""
    lines = snapshot["lines"]
    return {key: [line["amount"], line["selling_price"]] for key, line in lines.items()}
