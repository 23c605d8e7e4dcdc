"""Eight users write prices of the same products while the drain works."""

import random
import re
import threading
import time

import pytest
import requests

from tools.bench.seller import Seller
from tools.dev.odoo_server import OdooServer

USERS = 8
PRODUCTS = 30
SECONDS = 10
# Whoever may change prices: sales and inventory, without any right on Cartona's settings.
GROUPS = (
    "sales_team.group_sale_manager",
    "stock.group_stock_user",
    "product.group_product_manager",
)


class User(threading.Thread):
    """Somebody who changes prices without a pause, and notes what Odoo refuses.

    :ivar writes: how many went through
    :ivar refused: what Odoo said instead
    """

    def __init__(self, odoo: OdooServer, login: str, products: list[int], deadline: float):
        super().__init__(name=login)
        self.odoo, self.login, self.products, self.deadline = odoo, login, products, deadline
        self.random = random.Random(login)
        self.session = requests.Session()
        self.session.trust_env = False
        self.writes = 0
        self.refused: list[str] = []

    def run(self) -> None:
        user = self._call("common", "login", self.odoo.database, self.login, self.login)
        while time.monotonic() < self.deadline:
            ids = self.random.sample(self.products, self.random.randint(1, 4))
            values = {"list_price": float(self.random.randint(100, 9999))}
            credentials = (self.odoo.database, user, self.login)
            self._call(
                "object", "execute_kw", *credentials, "product.product", "write", [ids, values]
            )

    def _call(self, service: str, method: str, *args: object) -> object:
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 0}
        answer = self.session.post(f"{self.odoo.url}/jsonrpc", json=body, timeout=120).json()
        if "error" in answer:
            self.refused.append(str(answer["error"]["data"]))
        else:
            self.writes += 1
        return answer.get("result")


@pytest.fixture(scope="module")
def logins(odoo: OdooServer) -> list[str]:
    """Eight users with the rights of a sales department; their passwords are their logins."""
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
                "password": name,
                field: [(4, group) for group in groups],
            }
            for name in names
        ],
    )
    return names


def test_eight_users_are_not_disturbed_and_both_sides_agree_at_rest(
    seller: Seller, logins: list[str]
):
    products = seller.sell(PRODUCTS, list_price=50.0)
    start = seller.odoo.log.stat().st_size
    deadline = time.monotonic() + SECONDS
    users = [User(seller.odoo, login, products, deadline) for login in logins]
    for user in users:
        user.start()
    for user in users:
        user.join()
    seller.rest(timeout=30)

    assert all(user.writes > 5 for user in users), [user.refused[:1] for user in users]
    # Users collide with each other, over the products themselves: Odoo repeats these writes, and
    # may give up. No collision may be about a row of ours.
    log = seller.odoo.log.read_bytes()[start:].decode(errors="replace")
    assert [query for query in collisions(log) if "cartona" in query or "queue_job" in query] == []
    caused = [text for user in users for text in user.refused if "product_" not in text]
    assert caused == []
    assert seller.odds() == {}


def collisions(log: str) -> list[str]:
    """The statements that PostgreSQL could not serialize, from Odoo's log."""
    found = re.findall(r"bad query: (.*?)\nERROR: (.*?)\n", log, re.DOTALL)
    return [query for query, error in found if "serialize" in error or "deadlock" in error]
