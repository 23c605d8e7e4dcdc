"""Fixtures of the attacks: the webhook's address as a stranger on the network sees it."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import requests
from hypothesis import HealthCheck, settings

from tests.chaos.conftest import RUN
from tests.chaos.report import Line
from tools.bench.intake import Intake
from tools.bench.seller import Seller
from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer

#: What the attacked seller sells: the first piece of every sandbox, at this price.
SOLD, PRICE = "500001", 5
_EXAMPLES, _EXAMPLES_IN_FULL = 150, 2000


def pytest_configure(config: pytest.Config) -> None:
    """Each example is a call over a socket, of which `make chaos` makes more.

    No database, for a run leaves nothing behind; what is wanted of the fixtures is one server for
    all examples.
    """
    full = config.getoption("--full", default=False)
    settings.register_profile(
        "attack",
        max_examples=_EXAMPLES_IN_FULL if full else _EXAMPLES,
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
    seller.rest(timeout=30)
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
