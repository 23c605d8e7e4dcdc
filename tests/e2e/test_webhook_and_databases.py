"""If one server has several databases, the host name selects the webhook's database."""

import secrets

import pytest
import requests

from tools.dev.environment import Environment
from tools.dev.odoo_server import on_a_copy

CALL = "/cartona/webhook/orders"


@pytest.fixture(scope="module")
def prefix() -> str:
    """Return the common prefix of both databases; the first part of a host name follows it."""
    return f"cartona_door_{secrets.token_hex(3)}"


def test_host_name_selects_the_database(environment: Environment, prefix: str):
    choice = {"dbfilter": f"^{prefix}_%d$"}
    with (
        on_a_copy(environment, f"{prefix}_shop", runner=False, options=choice) as odoo,
        on_a_copy(environment, f"{prefix}_other", runner=False, options=choice) as other,
    ):
        other.query("UPDATE cartona_config SET webhook_token = 'theirs'")
        [(secret,)] = odoo.query("SELECT webhook_token FROM cartona_config ORDER BY id LIMIT 1")

        def call(host: str, token: str = "") -> int:
            headers = {"Host": host, "AuthorizationToken": token}
            order = {"hashed_id": "a1", "status": "pending"}
            return requests.post(odoo.url + CALL, json=order, headers=headers).status_code

        assert call("elsewhere.example.com", secret) == 404, "no database of that name"
        assert call("shop.example.com") == 401, "the route exists, only the secret is missing"
        assert call("other.example.com", secret) == 401, "the secret is not the other database's"
        assert call("shop.example.com", secret) == 200
        kept = "SELECT hashed_id FROM cartona_message"
        assert odoo.query(kept) == [("a1",)]
