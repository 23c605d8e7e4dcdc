"""Fixtures of the attacks: the webhook's address as a stranger on the network sees it."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import requests
from hypothesis import HealthCheck, settings

from tools.bench.intake import Intake
from tools.bench.seller import Seller
from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer

# Each example is a call over a socket. No database, for a run leaves nothing behind; what is
# wanted of the fixtures is one server for all examples.
settings.register_profile(
    "attack",
    max_examples=150,
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
    """

    intake: Intake
    secret: str
    start: int

    @property
    def url(self) -> str:
        """Where orders are told."""
        return f"{self.intake.odoo.url}/cartona/webhook/orders"

    def post(self, body: bytes, secret: str | bytes | None = None, **headers: str):
        """The answer to one call; with the true secret unless another one is given."""
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


@pytest.fixture
def door(odoo: OdooServer, sandbox: SandboxServer) -> Door:
    """`odoo` connected to `sandbox`, orders on; its webhook, which nobody has told Cartona."""
    seller = Seller(odoo, sandbox).connect(auto_sync_orders=True)
    seller.rest()
    return Door(Intake(seller), seller.setting("webhook_token"), odoo.log.stat().st_size)


def order(**changes: object) -> Mapping[str, object]:
    """A valid order of one line, for a product that nobody has linked."""
    line = {"id": 1, "supplier_product_id": "nobody's", "amount": 1, "selling_price": 5}
    whole = {"hashed_id": "attack", "status": "pending", "total_price": 5}
    return {**whole, "retailer": {"retailer_code": "1"}, "order_details": [line], **changes}


def encoded(data: object) -> bytes:
    """JSON as a careless sender writes it: NaN and halves of surrogate pairs too."""
    return json.dumps(data).encode()
