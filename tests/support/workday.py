"""A day's work in both companies, drawn from a seed: prices, stock, and orders with their fates."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg2
import requests

from sandbox.driver import SandboxError
from tests.support.companies import Side, World
from tools.dev.odoo_server import OdooError
from tools.dev.processes import wait_until

#: Possible fates of an order: the steps of the retailer, of Cartona and of the supplier. None makes
#: two of them disagree over shipped goods: that is a race, with its own tests.
FATES: tuple[tuple[str, ...], ...] = (
    (),
    ("edit",),
    ("edit", "edit"),
    ("open", "close"),
    ("cancel",),
    ("edit", "cancel"),
    ("confirm",),
    ("edit", "confirm"),
    ("confirm", "cancel"),
    ("confirm", "lower"),
    ("confirm", "deliver"),
    ("confirm", "ship", "deliver"),
    ("confirm", "void"),
    ("void",),
)
CARTONAS_OWN = ("advance", "advance")
_AT_ONCE = 12  # open orders
_PATIENCE = 20  # attempts of a user when the server was cut off
_QUIET = {"skip_sms": True, "skip_immediate": True, "skip_backorder": True}


#: Errors that a client sees while the server is down or has just lost its database.
CUT_OFF = (OdooError, requests.RequestException, psycopg2.OperationalError, ValueError)


def is_refusal(error: Exception) -> bool:
    """Return True if a healthy server refused the call."""
    if not isinstance(error, OdooError):
        return False
    return not error.name.startswith("psycopg2.") or "serialize" in error.message


@dataclass(frozen=True)
class Amounts:
    """The amount of work."""

    prices: int
    moves: int
    orders: int


@dataclass
class Case:
    """One order and its remaining steps."""

    key: str
    side: Side
    steps: list[str] = field(default_factory=list)


class Day:
    """Three users working at the same time: prices, stock, and orders.

    :ivar refused: Odoo's messages when it refused a call
    :ivar cut: number of interrupted calls
    """

    def __init__(self, world: World, seed: int, amounts: Amounts):
        self.world, self.seed, self.amounts = world, seed, amounts
        self.refused: list[str] = []
        self.cut = 0
        self.cases: list[Case] = []

    def work(self, beside: Callable[[], object] = lambda: None) -> None:
        """Do all the work.

        :param beside: called meanwhile, in this thread
        :raise TimeoutError: when an order did not arrive in time for its next step
        """
        people = (self._reprice, self._count, self._trade)
        with ThreadPoolExecutor(len(people)) as pool:
            ends = [pool.submit(person) for person in people]
            beside()
            for end in ends:
                end.result()

    # === USERS === #

    def _reprice(self) -> None:
        rng = random.Random(f"{self.seed} prices")
        for _number in range(self.amounts.prices):
            side = rng.choice(self.world.sides)
            product = rng.choice(list(side.listings))
            price = rng.randint(500, 99_999) / 100
            self._try(side.do, "product.product", "write", [product], {"list_price": price})

    def _count(self) -> None:
        rng = random.Random(f"{self.seed} stock")
        for _number in range(self.amounts.moves):
            side = rng.choice(self.world.sides)
            product = rng.choice(list(side.listings))
            self._try(side.count_stock, {product: rng.randint(300, 900)})

    def _trade(self) -> None:
        """Place orders as retailers, and continue with them on all sides."""
        rng = random.Random(f"{self.seed} orders")
        left = self.amounts.orders
        open_cases: list[Case] = []
        while left or open_cases:
            for _number in range(min(left, _AT_ONCE - len(open_cases))):
                open_cases.append(self._place(rng))
                left -= 1
            wait_until(partial(self._go_on, open_cases), timeout=400, pause=0.2)
            open_cases = [case for case in open_cases if case.steps]

    # === ORDERS === #

    def _place(self, rng: random.Random) -> Case:
        side = rng.choice(self.world.sides)
        wanted: dict[str, Any] = {}
        steps = rng.choice(FATES)
        if rng.random() < 0.1:
            wanted["delivered_by"] = "delivered_by_cartona"
            steps = CARTONAS_OWN
        if rng.random() < 0.2:
            wanted["cartona_credit"] = 3
        if rng.random() < 0.2:
            wanted["offers"] = True
        case = Case(self.world.place(side, self.world.basket(side, rng), **wanted), side)
        case.steps = list(steps)
        self.cases.append(case)
        return case

    def _go_on(self, cases: Sequence[Case]) -> bool:
        """Take the next step of each order if it is possible now.

        :return: True if at least one step was taken, or none had a step left
        """
        sales = self._sales(cases)
        moved = not any(case.steps for case in cases)
        for case in cases:
            if case.steps and self._step(case, sales.get(case.key)):
                case.steps.pop(0)
                moved = True
        return moved

    def _sales(self, cases: Sequence[Case]) -> dict[str, int]:
        """Return the sale orders of those that have arrived."""
        domain = [("cartona_id", "in", [case.key for case in cases])]
        rows = self._try(self.world.odoo.call, "sale.order", "search_read", domain, ["cartona_id"])
        return {row["cartona_id"]: row["id"] for row in rows or []}

    def _step(self, case: Case, sale: int | None) -> bool:
        """Take a step. :return: True if taken; the supplier's wait until the order is in Odoo"""
        retailers = getattr(self, f"_retailer_{case.steps[0]}", None)
        if retailers:
            try:
                retailers(case)
            except SandboxError as error:
                assert "409" in str(error), error  # too late: the supplier was faster
            return True
        if sale is None:
            return False
        return getattr(self, f"_supplier_{case.steps[0]}")(case.side, sale)

    def _retailer_edit(self, case: Case) -> None:
        self.world.sandbox.edit_order(case.key)

    def _retailer_open(self, case: Case) -> None:
        self.world.sandbox.edit_order(case.key, hold=True)

    def _retailer_close(self, case: Case) -> None:
        self.world.sandbox.edit_order(case.key)

    def _retailer_cancel(self, case: Case) -> None:
        self.world.sandbox.cancel_order(case.key)

    def _retailer_advance(self, case: Case) -> None:
        self.world.sandbox.advance_order(case.key)

    def _supplier_confirm(self, side: Side, sale: int) -> bool:
        """Confirm; retry later if Odoo refuses because the retailer is changing the order now."""
        if self._state(side, sale) in ("draft", "sent"):
            self._try(side.do, "sale.order", "action_confirm", [sale])
        return self._state(side, sale) not in ("draft", "sent")

    def _supplier_ship(self, side: Side, sale: int) -> bool:
        self._try(side.do, "sale.order", "action_cartona_ship", [sale])
        return True

    def _supplier_void(self, side: Side, sale: int) -> bool:
        asks_nobody = {"disable_cancel_warning": True}
        self._try(side.do, "sale.order", "action_cancel", [sale], context=asks_nobody)
        return True

    def _supplier_lower(self, side: Side, sale: int) -> bool:
        domain = [("order_id", "=", sale), ("product_uom_qty", ">", 1)]
        for line in self._try(side.do, "sale.order.line", "search", domain, limit=1) or []:
            values = {"order_line": [(1, line, {"product_uom_qty": 1})]}
            self._try(side.do, "sale.order", "write", [sale], values)
        return True

    def _supplier_deliver(self, side: Side, sale: int) -> bool:
        """Pick and validate the open transfers."""
        domain = [("sale_id", "=", sale), ("state", "not in", ("done", "cancel"))]
        pickings = self._try(side.do, "stock.picking", "search", domain)
        if pickings:
            self._try(pick, side, pickings)
            self._try(side.do, "stock.picking", "button_validate", pickings, context=_QUIET)
        return True

    def _state(self, side: Side, sale: int) -> str:
        rows = self._try(side.do, "sale.order", "read", [sale], ["state"])
        return rows[0]["state"] if rows else ""

    # === HELPERS === #

    def _try(self, work: Callable, *args: Any, **kwargs: Any) -> Any:
        """Call as a user does: again when the server was cut off, but not when it refuses.

        :return: the result; None when it was refused
        """
        for _number in range(_PATIENCE):
            try:
                return work(*args, **kwargs)
            except CUT_OFF as error:
                if is_refusal(error):
                    self.refused.append(f"{args[:2]}: {error.name}: {error.message}")
                    return None
            self.cut += 1
            time.sleep(1)
        raise TimeoutError(f"the server did not come back for {args[:2]}")


def pick(side: Side, pickings: Sequence[int]) -> None:
    """Set the whole demand as picked."""
    domain = [("picking_id", "in", list(pickings)), ("state", "not in", ("done", "cancel"))]
    moves = side.do("stock.move", "search_read", domain, ["product_uom_qty"])
    for move in moves:
        done = {"quantity": move["product_uom_qty"], "picked": True}
        if side.odoo.env.major < 17:
            done = {"quantity_done": move["product_uom_qty"]}
        side.do("stock.move", "write", [move["id"]], done)
