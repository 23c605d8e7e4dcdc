"""Fixtures of the attacks: the webhook's address as a stranger on the network sees it."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import requests
from hypothesis import HealthCheck, settings

from tests.chaos.conftest import RUN
from tests.chaos.report import Line
from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import Intake
from tools.drivers.seller import Seller

#: What the attacked seller sells: the first piece of every sandbox, at this price.
SOLD, PRICE = "500001", 5
_EXAMPLES, _EXAMPLES_IN_FULL = 150, 2000
#: Of answers, each of which takes a job or two.
_ANSWERS, _ANSWERS_IN_FULL = 6, 50
#: What no server's log may show.
_BROKEN = ("Traceback", " ERROR ", " CRITICAL ")
#: But for two transactions that met: Odoo logs that and begins the second one again.
_COLLIDED = re.compile(
    r" ERROR \S+ odoo\.sql_db: (?:.*|bad query: (?:.*\n)*?ERROR: )could not serialize access"
)


def complaints(log: str) -> list[str]:
    """The lines of a server's log in which something is broken."""
    lines = _COLLIDED.sub("", log).splitlines()
    return [line for line in lines if any(word in line for word in _BROKEN)]


def pytest_configure(config: pytest.Config) -> None:
    """Each example is a call over a socket, of which `make chaos` makes more.

    No database, for a run leaves nothing behind; what is wanted of the fixtures is one server for
    all examples.
    """
    full = config.getoption("--full", default=False)
    for name, short, long in (
        ("attack", _EXAMPLES, _EXAMPLES_IN_FULL),
        ("answers", _ANSWERS, _ANSWERS_IN_FULL),
    ):
        settings.register_profile(
            name,
            max_examples=long if full else short,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )


@dataclass
class Door:
    """The address that Cartona calls, and what has been logged since the test began.

    :ivar intake: what becomes of the orders
    :ivar secret: what opens it
    :ivar start: where the server's log ended when the test began
    :ivar tried: one entry for each call that was made, by all tests
    """

    intake: Intake
    secret: str
    start: int
    tried: list[str]

    @property
    def url(self) -> str:
        """Where orders are told."""
        return f"{self.intake.odoo.url}/cartona/webhook/orders"

    def post(self, body: bytes, secret: str | bytes | None = None, **headers: str):
        """The answer to one call; with the true secret unless another one is given."""
        self.tried.append("post")
        given = self.secret if secret is None else secret
        sent = {"AuthorizationToken": given, "Content-Type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return requests.post(self.url, data=body, headers=sent, timeout=60)

    def speak(self, head: list[str], body: bytes = b"", timeout: float = 30) -> bytes:
        """What the server says to a request of which only so much is ever sent.

        :param head: request line and headers, `Host` is added
        :return: the beginning of the answer; empty when it hung up without one
        """
        with self.call(head, body, timeout) as line:
            try:
                return line.recv(65536)
            except ConnectionError:
                return b""

    def call(self, head: list[str], body: bytes = b"", timeout: float = 30) -> socket.socket:
        """A connection on which so much of a request was sent."""
        self.tried.append(head[0])
        line = socket.create_connection(("127.0.0.1", self.intake.odoo.port), timeout=timeout)
        request = [head[0], "Host: 127.0.0.1", *head[1:], "", ""]
        line.sendall("\r\n".join(request).encode("latin-1") + body)
        return line

    def stored(self) -> int:
        """How many messages there are."""
        return self.intake.odoo.query("SELECT count(*) FROM cartona_message")[0][0]

    def logged(self) -> str:
        """What the server has logged since the test began."""
        with open(self.intake.odoo.log, "rb") as log:
            log.seek(self.start)
            return log.read().decode("utf-8", "replace")


@pytest.fixture(scope="module")
def tried() -> list[str]:
    """What has been sent by the tests of this file."""
    return []


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> list[Line]:
    """The table of `make chaos`; where no such is made, one that nobody reads."""
    run = request.config.stash.get(RUN, None)
    return run.lines if run else []


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """`odoo` connected to `sandbox`, everything on; sells one product, at rest."""
    seller = Seller(odoo, sandbox).connect(auto_sync_orders=True)
    linked = [("product_id", "!=", False), ("cartona_id", "=", SOLD)]
    rows = odoo.call("cartona.listing", "search_read", linked, ["product_id"])
    if rows:
        seller.listings = {rows[0]["product_id"][0]: SOLD}
    else:
        assert float(sandbox.listing(SOLD)["unit_count"]) == 1
        seller.link(seller.create(1, list_price=PRICE), [SOLD])
    seller.wait_until_idle(timeout=30)
    return seller


@pytest.fixture
def door(seller: Seller, tried: list[str]) -> Door:
    """The webhook of `seller`, of which nobody has told Cartona."""
    end = seller.odoo.log.stat().st_size
    return Door(Intake(seller), seller.setting("webhook_token"), end, tried)


def order(line: Mapping[str, object] = {}, **changes: object) -> Mapping[str, object]:
    """A valid order of one line.

    :param line: changes of the line
    """
    first = {"id": 1, "supplier_product_id": SOLD, "amount": 1, "selling_price": PRICE, **line}
    whole = {"hashed_id": "attack", "status": "pending", "total_price": PRICE}
    return {**whole, "retailer": {"retailer_code": "1"}, "order_details": [first], **changes}


def encoded(data: object) -> bytes:
    """JSON as a careless sender writes it: NaN and halves of surrogate pairs too."""
    return json.dumps(data).encode()


def settled(odoo: OdooServer) -> tuple[list[dict], list[dict]]:
    """Wait until nothing is to be imported any more.

    :return: messages and sale orders
    :raise AssertionError: where something is lost, doubled, done by halves or without a reason
    """
    new = "SELECT count(*) FROM cartona_message WHERE state = 'new'"
    wait_until(lambda: odoo.query(new) == [(0,)], timeout=240)
    rows = odoo.call(
        "cartona.message",
        "search_read",
        [("state", "!=", "superseded")],
        ["hashed_id", "state", "kind", "payload", "error_code", "error_message", "order_id"],
        order="id",
    )
    assert {row["state"] for row in rows} <= {"done", "error"}
    for row in rows:
        if row["state"] == "error":
            assert row["error_code"] != "unexpected", row
            assert row["error_message"], row
        else:
            assert row["order_id"], row
    taken = [row for row in rows if row["state"] == "done" and row["kind"] == "order"]
    told = {row["order_id"][0]: row for row in taken}
    domain = [("cartona_id", "!=", False)]
    sales = odoo.call("sale.order", "search_read", domain, ["cartona_id", "amount_total"])
    assert {sale["id"] for sale in sales} == told.keys()
    assert len({sale["cartona_id"] for sale in sales}) == len(sales)
    for sale in sales:
        assert sale["amount_total"] == _costs(told[sale["id"]]), told[sale["id"]]
    assert odoo.query("SELECT count(*) FROM queue_job WHERE state = 'failed'") == [(0,)]
    return rows, sales


def _costs(message: dict) -> float:
    """What an order that was told costs: its total, or its lines where it has none."""
    whole = json.loads(message["payload"])
    if whole.get("total_price") not in (None, ""):
        return float(whole["total_price"])
    return sum(
        float(line["amount"]) * float(line["selling_price"]) for line in whole["order_details"]
    )
