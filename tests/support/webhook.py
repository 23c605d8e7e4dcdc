"""Attacks on the webhook: its URL, valid orders, and the messages that result."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import requests

from tools.dev.odoo_server import OdooServer
from tools.dev.processes import wait_until
from tools.drivers.intake import Intake

#: The product on sale: the first piece of every sandbox, at this price.
SOLD, PRICE = "500001", 5
#: Text that no server log may contain.
_BROKEN = ("Traceback", " ERROR ", " CRITICAL ")
#: Except for two colliding transactions: Odoo logs that and repeats the second one.
_COLLIDED = re.compile(
    r" ERROR \S+ odoo\.sql_db: (?:.*|bad query: (?:.*\n)*?ERROR: )could not serialize access"
)


def log_errors(log: str) -> list[str]:
    """Return the lines of a server's log that show an error."""
    lines = _COLLIDED.sub("", log).splitlines()
    return [line for line in lines if any(word in line for word in _BROKEN)]


@dataclass
class Webhook:
    """The webhook's URL, and the server's log since the test began.

    :ivar intake: the resulting orders
    :ivar secret: the webhook's secret
    :ivar start: end of the server's log when the test began
    :ivar tried: one entry for each call of all tests
    """

    intake: Intake
    secret: str
    start: int
    tried: list[str]

    @property
    def url(self) -> str:
        """Return the URL for orders."""
        return f"{self.intake.odoo.url}/cartona/webhook/orders"

    def post(self, body: bytes, secret: str | bytes | None = None, **headers: str):
        """Call the webhook and return the answer; with the right secret unless another is given."""
        self.tried.append("post")
        given = self.secret if secret is None else secret
        sent = {"AuthorizationToken": given, "Content-Type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return requests.post(self.url, data=body, headers=sent, timeout=60)

    def speak(self, head: list[str], body: bytes = b"", timeout: float = 30) -> bytes:
        """Send a request that ends early and return the server's answer.

        :param head: request line and headers, `Host` is added
        :return: the beginning of the answer; empty when the server closed without one
        """
        with self.call(head, body, timeout) as line:
            try:
                return line.recv(65536)
            except ConnectionError:
                return b""

    def call(self, head: list[str], body: bytes = b"", timeout: float = 30) -> socket.socket:
        """Open a connection and send this part of a request."""
        self.tried.append(head[0])
        line = socket.create_connection(("127.0.0.1", self.intake.odoo.port), timeout=timeout)
        request = [head[0], "Host: 127.0.0.1", *head[1:], "", ""]
        line.sendall("\r\n".join(request).encode("latin-1") + body)
        return line

    def stored(self) -> int:
        """Return the number of messages."""
        return self.intake.odoo.query("SELECT count(*) FROM cartona_message")[0][0]

    def logged(self) -> str:
        """Return the server's log since the test began."""
        with open(self.intake.odoo.log, "rb") as log:
            log.seek(self.start)
            return log.read().decode("utf-8", "replace")


def order(line: Mapping[str, object] = {}, **changes: object) -> Mapping[str, object]:
    """Return a valid order of one line.

    :param line: changes of the line
    """
    first = {"id": 1, "supplier_product_id": SOLD, "amount": 1, "selling_price": PRICE, **line}
    whole = {"hashed_id": "attack", "status": "pending", "total_price": PRICE}
    return {**whole, "retailer": {"retailer_code": "1"}, "order_details": [first], **changes}


def encoded(data: object) -> bytes:
    """Encode JSON as a careless sender does: with NaN and single surrogates."""
    return json.dumps(data).encode()


def imported_messages(odoo: OdooServer) -> tuple[list[dict], list[dict]]:
    """Wait until no message is left to import.

    :return: messages and sale orders
    :raise AssertionError: if something is lost, doubled, incomplete or without a reason
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
    ordered = {row["order_id"][0]: row for row in taken}
    domain = [("cartona_id", "!=", False)]
    sales = odoo.call("sale.order", "search_read", domain, ["cartona_id", "amount_total"])
    assert {sale["id"] for sale in sales} == ordered.keys()
    assert len({sale["cartona_id"] for sale in sales}) == len(sales)
    for sale in sales:
        assert sale["amount_total"] == _costs(ordered[sale["id"]]), ordered[sale["id"]]
    assert odoo.query("SELECT count(*) FROM queue_job WHERE state = 'failed'") == [(0,)]
    return rows, sales


def _costs(message: dict) -> float:
    """Return the total of an order in a message, or the sum of its lines if it has none."""
    whole = json.loads(message["payload"])
    if whole.get("total_price") not in (None, ""):
        return float(whole["total_price"])
    return sum(
        float(line["amount"]) * float(line["selling_price"]) for line in whole["order_details"]
    )
