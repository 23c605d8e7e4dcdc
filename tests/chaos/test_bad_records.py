"""Twenty good records and a bad one in each stream: the twenty are through, the bad one says why.

The cases are data, in `tests/support/bad_records.py`. A short run draws some of each stream.
"""

import copy
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.driver import SandboxError
from tests.support.bad_records import CASES, Case
from tests.support.report import Line
from tests.support.run import Run
from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import STATUS, Intake
from tools.drivers.seller import UPDATE, Seller

_GOOD = 20
_WITHIN = 60  # seconds
#: Calls and rows of the log for one case: nothing loops.
_CALLS = 120
#: Cases of each stream in a short run.
_DRAWN = 1
_STREAMS = ("products", "orders", "acknowledge", "import", "catalogue")
_HEAL = (
    "UPDATE cartona_change SET retry_at = NULL",
    "UPDATE cartona_message SET acknowledge_at = NULL",
)


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start a server with job runner and cron."""
    with on_a_copy(environment) as server:
        yield server


@pytest.fixture(scope="module")
def market() -> Iterator[SandboxServer]:
    """Start a marketplace for all cases."""
    with SandboxServer(seed=1, listings=200) as server:
        yield server


class Shop:
    """One seller with a product more than the good ones: the last is the bad one."""

    def __init__(self, odoo: OdooServer, market: SandboxServer):
        self.odoo, self.market = odoo, market
        self.seller = Seller(odoo, market).connect(auto_sync_orders=True)
        self.products = self.seller.publish_products(_GOOD + 1, list_price=10.0)
        self.intake = Intake(self.seller)
        self.price = 10.0

    # === STREAMS === #

    def products_case(self, case: Case) -> Callable[[], object]:
        """Change all prices; return a function that is true when the good ones are there."""
        *good, bad = self.products
        listing = self.seller.listings[bad]
        self.fail(case, UPDATE, listing)
        values = dict(case.values or {})
        if "quantity" in values:
            self.seller.count_stock({bad: values.pop("quantity")})
        self.price += 1
        if values:
            self.seller.write(bad, **values)
        # In one transaction, so that the bad one is in a batch with the others.
        self.seller.write(good if "list_price" in values else self.products, list_price=self.price)

        def through() -> bool:
            if any(self.seller.price(product) != self.price for product in good):
                return False
            return case.may_pass or self.says_why("cartona_listing", "cartona_id", listing)

        return through

    def orders_case(self, case: Case) -> Callable[[], object]:
        """Confirm orders; return a function that is true when the good ones are approved."""
        placed = self.intake.place(_GOOD + 1, self.products[:1])
        self.intake.pull()
        self.intake.wait_for_orders(placed, within=60)
        *good, bad = placed
        self.fail(case, STATUS, bad)
        ids = {row["cartona_id"]: row["id"] for row in self.intake.sales(placed)}
        if case.values:
            self.odoo.call("sale.order", "write", [ids[bad]], case.values)
        self.odoo.call("sale.order", "action_confirm", list(ids.values()))

        def through() -> bool:
            if any(self.market.order(key)["status"] != "approved" for key in good):
                return False
            return case.may_pass or self.says_why("sale_order", "cartona_id", bad, "cartona_")

        return through

    def acknowledge_case(self, case: Case) -> Callable[[], object]:
        """Import orders; return a function that is true when the good ones are acknowledged."""
        *good, bad = self.intake.place(_GOOD + 1, self.products[:1])
        self.fail(case, STATUS, bad)
        self.intake.pull()
        return lambda: (
            not self.intake.not_imported_once([*good, bad])
            and not (self.intake.unacknowledged(good))
        )

    def import_case(self, case: Case) -> Callable[[], object]:
        """Send orders to the webhook; return a function that is true when the good ones are
        there."""
        [sample] = self.intake.place(1, self.products[:1])
        raw = self.intake.payload(sample)
        stamp = time.monotonic_ns()
        good = [f"g{stamp}x{number}" for number in range(_GOOD)]
        bodies = [dict(copy.deepcopy(raw), hashed_id=key) for key in good]
        bad = dict(copy.deepcopy(raw), hashed_id=f"b{stamp}")
        values = dict(case.values or {})
        retailer = values.pop("retailer", {})
        bad.update(values)
        bad["retailer"] = (
            {**bad["retailer"], **retailer} if isinstance(retailer, dict) else retailer
        )
        bodies.insert(_GOOD // 2, bad)
        for body in bodies:
            answer = requests.post(
                f"{self.odoo.url}/cartona/webhook/orders",
                data=json.dumps(body),
                headers={
                    "AuthorizationToken": self.seller.setting("webhook_token"),
                    "Content-Type": "application/json",
                },
                timeout=30,
            )
            assert answer.status_code < 500, answer.text[:200]

        def through() -> bool:
            unread = "SELECT count(*) FROM cartona_message WHERE state = 'new'"
            return not self.intake.not_imported_once(good) and not self.odoo.query(unread)[0][0]

        return through

    def catalogue_case(self, case: Case) -> Callable[[], object]:
        """Read the catalogue; return a function that is true when it was read to its end."""
        listing = self.seller.listings[self.products[-1]]
        try:
            self.market.set_listing(listing, **(case.values or {}))
        except SandboxError as error:
            pytest.skip(f"the sandbox does not show this: {error}")
        before = self.seller.setting("catalogue_read_at")
        self.odoo.query("UPDATE cartona_config SET catalogue_read_at = '2020-01-01'")
        self.odoo.call("cartona.config", "action_read_catalogue", [self.seller.config])
        del before
        return lambda: str(self.seller.setting("catalogue_read_at")) > "2021"

    # === HELPERS === #

    def fail(self, case: Case, path: str, key: str) -> None:
        if case.fault:
            self.market.set_fault(method="POST", path=path, contains=str(key), **case.fault)

    def says_why(self, table: str, column: str, key: str, prefix: str = "") -> bool:
        rows = self.odoo.query(
            f"SELECT {prefix}error_code FROM {table} WHERE {column} = %s", str(key)
        )
        return any(code for (code,) in rows)

    def alarm(self) -> Any:
        return self.seller.setting("alarm")

    def log_rows(self) -> int:
        return self.odoo.query("SELECT count(*) FROM cartona_sync_log")[0][0]

    def state(self) -> dict[str, Any]:
        """Return what a failed case needs to be understood."""
        return {
            "calls": [
                (call["method"], call["path"], call["status"])
                for call in self.market.requests()[-12:]
            ],
            **{
                what: self.odoo.query(statement)
                for what, statement in {
                    "outbox": "SELECT kind, res_id, attempt, retry_at FROM cartona_change LIMIT 5",
                    "pauses": "SELECT out_failure_count, order_failure_count, in_failure_count,"
                    " acknowledge_failure_count, connection_state FROM cartona_config",
                    "streams": "SELECT stream, failure_count, error FROM cartona_stream",
                    "listings": "SELECT cartona_id, error_code, error_detail FROM cartona_listing"
                    " WHERE error_code IS NOT NULL LIMIT 5",
                    "messages": "SELECT state, error_code, count(*) FROM cartona_message"
                    " GROUP BY 1, 2",
                    "jobs": "SELECT state, count(*) FROM queue_job GROUP BY 1",
                }.items()
            },
        }

    def heal(self) -> None:
        """End the case: no fault, a good record again, nothing waits."""
        self.market.clear_faults()
        bad = self.products[-1]
        self.seller.write(bad, list_price=self.price, name="good again")
        self.seller.count_stock({bad: 5})
        listing = self.seller.listings[bad]
        self.odoo.call("product.product", "action_cartona_sync", [bad])  # also what was refused
        for statement in _HEAL:
            self.odoo.query(statement)
        self.odoo.call("cartona.config", "action_test_connection", [self.seller.config])
        wait_until(lambda: self.seller.price(bad) == self.price, _WITHIN, pause=0.2)
        assert not self.says_why("cartona_listing", "cartona_id", listing)
        self.odoo.query("UPDATE cartona_message SET state = 'superseded' WHERE state = 'error'")


@pytest.fixture(scope="module")
def shop(odoo: OdooServer, market: SandboxServer) -> Shop:
    """Connect the seller."""
    return Shop(odoo, market)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("stream", _STREAMS)
def test_one_bad_record_stops_no_other(run: Run, shop: Shop, stream: str):
    cases = [case for case in CASES if case.stream == stream]
    if not run.full:
        cases = run.draw(f"bad records {stream}").sample(cases, _DRAWN)
    slowest, most = 0.0, 0
    for case in cases:
        mark, logged, started = shop.seller.last_request(), shop.log_rows(), time.monotonic()
        through = getattr(shop, f"{stream}_case")(case)
        try:
            wait_until(through, _WITHIN, pause=0.2)
        except TimeoutError:
            raise AssertionError(f"{case}: after {_WITHIN} s not through: {shop.state()}") from None
        slowest = max(slowest, time.monotonic() - started)
        calls = shop.seller.last_request() - mark
        most = max(most, calls)
        assert calls <= _CALLS, f"{case}: {calls} calls"
        assert shop.log_rows() - logged <= _CALLS, str(case)
        assert not shop.alarm(), f"{case}: red, though only one record waits: {shop.alarm()}"
        shop.heal()
    run.lines.append(
        Line(
            f"{stream}: one bad record among {_GOOD} good ones",
            f"{len(cases)} bad records, at most {most} calls, the others through in"
            f" {slowest:.0f} s",
            len(cases),
            0,
            None,
            {"cases": len(cases), "calls": most, "seconds": round(slowest, 1)},
        )
    )
