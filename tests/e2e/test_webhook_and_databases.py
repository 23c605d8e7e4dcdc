"""Where one server has several databases, the webhook reaches the one that its host name means."""

import secrets

import pytest
import requests

from tools.dev.environment import Environment
from tools.dev.odoo_server import on_a_copy

CALL = "/cartona/webhook/orders"


@pytest.fixture(scope="module")
def prefix() -> str:
    """How both databases begin; what follows is the first part of a host name."""
    return f"cartona_door_{secrets.token_hex(3)}"


def test_the_host_name_chooses_the_database_and_without_one_nobody_is_at_home(
    environment: Environment, prefix: str
):
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
        assert call("shop.example.com") == 401, "the way is open, only the secret was missing"
        assert call("other.example.com", secret) == 401, "it is the other one's no more than his"
        assert call("shop.example.com", secret) == 200
        kept = "SELECT hashed_id FROM cartona_message"
        assert odoo.query(kept) == [("a1",)]
