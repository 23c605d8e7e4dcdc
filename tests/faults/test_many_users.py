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

    def __init__(self, odoo: OdooServer, login: str, products: list[int]):
        super().__init__(name=login)
        self.odoo, self.products = odoo, products
        user = odoo.rpc("common", "login", odoo.database, login, login)
        self.credentials = (odoo.database, user, login)
        self.deadline = 0.0
        self.random = random.Random(login)
        self.session = requests.Session()
        self.session.trust_env = False
        self.writes = 0
        self.refused: list[str] = []

    def run(self) -> None:
        while time.monotonic() < self.deadline:
            ids = self.random.sample(self.products, self.random.randint(1, 4))
            self._write(ids, list_price=float(self.random.randint(100, 9999)))

    def _write(self, ids: list[int], **values: object) -> None:
        args = [*self.credentials, "product.product", "write", [ids, values]]
        params = {"service": "object", "method": "execute_kw", "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 0}
        answer = self.session.post(f"{self.odoo.url}/jsonrpc", json=body, timeout=120).json()
        if "error" in answer:
            self.refused.append(str(answer["error"]["data"]))
        else:
            self.writes += 1


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
    # What takes a password's check a second of work is not what is tested here.
    odoo.call("ir.config_parameter", "set_param", "password.hashing.rounds", "1")
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
    users = [User(seller.odoo, login, products) for login in logins]
    deadline = time.monotonic() + SECONDS
    for user in users:
        user.deadline = deadline
        user.start()
    for user in users:
        user.join()
    seller.rest(timeout=30)

    assert all(user.writes for user in users), [user.refused[:1] for user in users]
    # Users collide with each other, over the products themselves: Odoo repeats these writes, and
    # may give up. No collision may be about a row of ours.
    log = seller.odoo.log.read_bytes()[start:].decode(errors="replace")
    assert [query for query in collisions(log) if "cartona" in query or "queue_job" in query] == []
    caused = [text for user in users for text in user.refused if "product_" not in text]
    assert caused == []
    assert seller.odds() == {}
    print([u.writes for u in users], [len(u.refused) for u in users], len(collisions(log)))


def collisions(log: str) -> list[str]:
    """The statements that PostgreSQL could not serialize, from Odoo's log."""
    found = re.findall(r"bad query: (.*?)\nERROR: (.*?)\n", log, re.DOTALL)
    return [query for query, error in found if "serialize" in error or "deadlock" in error]
