"""A supplier who uses the sandbox according to the API notes, over a real socket."""

from collections.abc import Callable

import pytest
import requests

from sandbox.driver import Sandbox


class Supplier:
    """Plain requests with the supplier's token: a test sees exactly what is sent and answered."""

    def __init__(self, sandbox: Sandbox, token: str | None = "sandbox-token"):
        self.base = sandbox.api_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Connection"] = "close"
        if token is not None:
            self.session.headers["AuthorizationToken"] = token

    def get(self, path: str, **query) -> requests.Response:
        return self.session.get(self.base + path, params=query, timeout=10, allow_redirects=False)

    def post(self, path: str, body, **query) -> requests.Response:
        return self.session.post(self.base + path, json=body, params=query, timeout=10)

    def pull(self, **query) -> list[dict]:
        answer = self.get("order/pull-orders", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def update(self, *items) -> list[dict]:
        """Send a bulk-update and return the refusals, in the default shape."""
        return refusals(self.post("supplier-product/bulk-update", list(items)))

    def status(self, order: dict, status: str, **fields) -> requests.Response:
        """Send the single call, whose refusal is an error status."""
        body = {"hashed_id": order["hashed_id"], "status": status, **fields}
        return self.post(f"order/update-order-status/{order['hashed_id']}", body)

    def sync(self, *orders: dict) -> list[dict]:
        items = [{"hashed_id": order["hashed_id"], "status": "synced"} for order in orders]
        return refusals(self.post("order/update-order-status", items))

    def edit(self, order: dict, details) -> list[dict]:
        body = [{"hashed_id": order["hashed_id"], "order_details": details}]
        return refusals(self.post("order/update-order-details", body))


def refusals(answer: requests.Response) -> list[dict]:
    assert answer.status_code == 200, answer.text
    return answer.json().get("errors", [])


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    """Override: use a small catalogue, so that these tests can list it."""
    sandbox.reset(listings=300)
    return sandbox


@pytest.fixture
def supplier(sandbox: Sandbox) -> Supplier:
    return Supplier(sandbox)


@pytest.fixture
def as_supplier(sandbox: Sandbox) -> Callable[[str | None], Supplier]:
    """Return a function that makes a supplier with another token, or with none."""
    return lambda token: Supplier(sandbox, token)
