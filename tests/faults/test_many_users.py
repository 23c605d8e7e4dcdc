"""Eight users write prices of the same products without a pause while the drain works."""

import random
import re
import threading
import time

import pytest
import requests

from tests.support.run import FULL
from tools.dev.odoo_server import OdooServer
from tools.drivers.seller import Seller

USERS = 8
PRODUCTS = 30
SECONDS = 60 if FULL else 20
# Groups that may change prices: sales and inventory, without any right on Cartona's settings.
GROUPS = (
    "sales_team.group_sale_manager",
    "stock.group_stock_user",
    "product.group_product_manager",
)

# Statements on which users may block each other.
OWN = re.compile(r"""^b?["']?\s*UPDATE "product_(product|template)\"""")


class User(threading.Thread):
    """A user who changes prices without a pause and records Odoo's refusals.

    :ivar writes: number of successful writes
    :ivar refused: Odoo's error messages
    """

    def __init__(self, odoo: OdooServer, login: str, products: list[int]):
        super().__init__(name=login)
        self.odoo, self.products = odoo, products
        self.deadline = 0.0
        self.random = random.Random(login)
        self.session = requests.Session()
        self.session.trust_env = False
        self.writes = 0
        self.refused: list[str] = []
        credentials = {"db": odoo.database, "login": login, "password": "admin"}
        answer = self._post("/web/session/authenticate", credentials)
        assert answer.get("result", {}).get("uid"), answer

    def run(self) -> None:
        while time.monotonic() < self.deadline:
            ids = self.random.sample(self.products, self.random.randint(1, 4))
            values = {"list_price": float(self.random.randint(100, 9999))}
            call = {"model": "product.product", "method": "write", "args": [ids, values]}
            answer = self._post("/web/dataset/call_kw", {**call, "kwargs": {}})
            if "error" in answer:
                self.refused.append(str(answer["error"]["data"]))
            else:
                self.writes += 1

    def _post(self, path: str, params: dict) -> dict:
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 0}
        return self.session.post(self.odoo.url + path, json=body, timeout=120).json()


@pytest.fixture(scope="module")
def logins(odoo: OdooServer) -> list[str]:
    """Create eight users with the rights of a sales department, and the admin's password."""
    groups = [
        record
        for module, name in (group.split(".") for group in GROUPS)
        for (record,) in odoo.query(
            "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s", module, name
        )
    ]
    names = [f"clerk{number}" for number in range(USERS)]
    field = "group_ids" if odoo.env.major >= 19 else "groups_id"
    odoo.call(
        "res.users",
        "create",
        [
            {
                "name": name,
                "login": name,
                field: [(4, group) for group in groups],
            }
            for name in names
        ],
    )
    # Copied, not hashed again: hashing takes seconds on a busy machine.
    odoo.query(
        "UPDATE res_users SET password = (SELECT password FROM res_users WHERE login = 'admin')"
        " WHERE login LIKE 'clerk_'"
    )
    return names


def test_eight_users_are_not_disturbed_and_both_sides_agree(seller: Seller, logins: list[str]):
    products = seller.publish_products(PRODUCTS, list_price=50.0)
    start = seller.odoo.log.stat().st_size
    users = [User(seller.odoo, login, products) for login in logins]
    deadline = time.monotonic() + SECONDS
    for user in users:
        user.deadline = deadline
        user.start()
    for user in users:
        user.join()
    seller.wait_until_idle(timeout=60)

    assert all(user.writes for user in users), [user.refused[:1] for user in users]
    # Users collide with each other, over the products themselves: Odoo repeats such a write, and
    # gives up after five times. That is between them; the addon must not get in their way.
    log = seller.odoo.log.read_bytes()[start:].decode(errors="replace")
    assert {text for text in collisions(log) if not OWN.search(text)} == set()
    assert [text for user in users for text in user.refused if "serialize" not in text] == []
    assert seller.differences() == {}


def collisions(log: str) -> list[str]:
    """Return the statements that PostgreSQL could not serialize, from Odoo's log; the table where
    the statement is not shown there."""
    found = re.findall(r"bad query: (.*?)\n?ERROR: (.*?)\n", log, re.DOTALL)
    met = [query for query, error in found if "serialize" in error or "deadlock" in error]
    return met + re.findall(r"a statement on (\w+), not shown .*(?:serialize|deadlock)", log)
