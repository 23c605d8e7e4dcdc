"""`cartona.order.importer`: orders of Cartona -> sale orders, a whole batch at a time.

    read what is known -> lines -> customers -> create the new, change the old -> confirm -> tell

Each step works on all orders of the batch, so that a hundred orders cost few queries more than
one. What is wrong with one order is written on its `Plan` and takes it out of the later steps;
the others go on.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List

from markupsafe import Markup

from odoo import _, api, fields, models

from ..cartona_api import content_key
from ..cartona_api import status as life_cycle

ACTIVITY_TYPE = "cartona_integration.mail_activity_type_cartona"


@dataclass(frozen=True)
class Outcome:
    """What became of one order.

    :param order: `sale.order` record, or empty when there is none (yet)
    :param error_code: None when imported or unchanged, else a code of `cartona.reasons`
    :param error_detail: names and figures for that sentence
    """

    order: Any
    error_code: Any = None
    error_detail: str = ""


@dataclass
class Plan:
    """One order on its way through the steps."""

    order: Any  # cartona_api.Order
    sale: Any  # sale.order, empty until it exists
    told: Dict[str, Any]  # what Cartona said of it the last time; {} for a new one
    said: Dict[str, Any]  # what it says now
    matches: Dict[str, Any] = field(default_factory=dict)  # key of a line -> Match
    customer: Any = None  # res.partner
    address: Any = None  # res.partner to deliver to
    error_code: Any = None
    error_detail: str = ""
    confirm: str = ""  # "" no, "if_stocked", "always"
    notes: List[Any] = field(default_factory=list)  # paragraphs for the chatter
    tasks: List[Any] = field(default_factory=list)  # sentences for the person in charge

    def fail(self, code, detail=""):
        """Take the order out of the later steps; the first reason is the one that is told."""
        if not self.error_code:
            self.error_code, self.error_detail = code, detail

    @property
    def sold(self):
        """The lines that are sold; amounts of zero or less are only shown."""
        return [line for line in self.order.lines if not line.removed]

    @property
    def is_dead(self):
        """Cancelled or returned at Cartona: nothing is to be delivered."""
        return life_cycle.is_final(self.order.status) and self.order.status != life_cycle.DELIVERED


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
        :raise psycopg2.IntegrityError: somebody else has just made one of these orders. The
            caller begins again with a transaction that sees it.
        """
        self = self.with_context(
            mail_notrack=True,  # one note tells it all
            mail_activity_quick_update=True,  # an activity is seen, not mailed
            sale_no_log_for_new_lines=True,
            cartona_one_note=True,
        )
        config = config.with_env(self.env)
        plans = self._read_known(config, [order for _message, order in entries])
        news = [plan for plan in plans if self._says_something_new(plan)]
        self._match_lines(config, news)
        self._check_sums(news)
        going = [plan for plan in news if not plan.error_code]
        self._find_customers(config, going)
        self._create_orders(config, [plan for plan in going if not plan.sale])
        self._update_orders(config, [plan for plan in going if plan.told])
        self._confirm_orders(config, going)
        self._tell(config, going)
        return [Outcome(plan.sale, plan.error_code, plan.error_detail) for plan in plans]

    def _read_known(self, config, orders):
        """Plans with the sale orders that exist already."""
        known = self.env["sale.order"].search(
            [
                ("company_id", "=", config.company_id.id),
                ("cartona_id", "in", [order.hashed_id for order in orders]),
            ]
        )
        by_id = {sale.cartona_id: sale for sale in known}
        return [
            Plan(
                order=order,
                sale=by_id.get(order.hashed_id, known.browse()),
                told=json.loads(
                    by_id[order.hashed_id].cartona_told or '{"lines": {}}'
                ) if order.hashed_id in by_id else {},
                said=self._what_is_said(order),
            )
            for order in orders
        ]

    def _what_is_said(self, order):
        """What of an order is looked at when it comes again, as JSON can hold it.

        Who the retailer is goes in as a hash: his phone and address belong on the contact only.
        """
        said = {
            name: _plain(getattr(order, name))
            for name in (
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
        }
        said["retailer"] = content_key(asdict(order.retailer))
        said["pickup_otp"] = content_key([order.hashed_id, order.pickup_otp])
        said["lines"] = {
            key: {name: _plain(value) for name, value in asdict(line).items()}
            for key, line in keyed_lines(order).items()
        }
        return said

    def _says_something_new(self, plan):
        """Whether there is anything to do; an echo of our own acknowledgement says nothing."""
        if not plan.sale:
            return True
        known, new = plan.sale.cartona_status, plan.order.status
        if known and life_cycle.is_backwards(known, new):
            if life_cycle.is_final(known) and not life_cycle.is_final(new):
                plan.tasks.append(
                    _("Cartona says “%s” although this order had come to its end there.", new)
                )
                return True
            return False  # overtaken by what we have told Cartona since
        return plan.told != plan.said
