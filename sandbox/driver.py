"""Drive a sandbox from a test or a tool, synchronously.

::

    with started(listings=300) as sandbox:
        order = sandbox.place_order(lines=3, cartona_credit=10)
        sandbox.set_fault(effect="500", path="order/", times=2, when="after")
        assert sandbox.wait_for(lambda: sandbox.order(order["hashed_id"])["status"] == "approved")

Orders have the supplier API's fields, plus the sandbox's own under ``order["sandbox"]``;
listings have ``price_changed_ms``, ``price_changes``, ``price_writes`` and the same for stock. A
request that the sandbox refuses raises `SandboxError` with its message.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_TOKEN = "sandbox-token"


class SandboxError(Exception):
    """The control API refused a request."""


class Sandbox:
    """A running sandbox.

    :param url: the URL printed after "listening on".
    """

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self.api_url = f"{self.url}/api/v1/"  # for the supplier's base_url setting
        self.session = requests.Session()
        self.session.trust_env = False
        self.process: subprocess.Popen | None = None

    def call(self, method: str, path: str, body: dict | None = None, /, **query):
        """Send one request to the control API and return its JSON."""
        params = {key: value for key, value in query.items() if value is not None}
        answer = self.session.request(
            method, f"{self.url}/_sandbox/{path}", json=body, params=params, timeout=60
        )
        if not answer.ok:
            raise SandboxError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    # === WHOLE MARKETPLACE === #

    def state(self) -> dict:
        """Return counts of everything, accounts, behaviour, webhook settings and faults."""
        return self.call("GET", "")

    def reset(self, seed: int | None = None, listings: int | None = None) -> dict:
        """Return to the start. Order ids continue unless a seed is given."""
        values = {"seed": seed, "listings": listings}
        return self.call("POST", "reset", {k: v for k, v in values.items() if v is not None})

    def behaviour(self, **switches) -> dict:
        """Set switches (see `sandbox/behaviour.py`) and return all of them."""
        return self.call("PATCH", "behaviour", switches)

    def wait_for(self, condition: Callable[[], object], timeout: float = 10, pause: float = 0.02):
        """Poll until the condition is true and return its value; at the deadline the last one."""
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value or time.monotonic() > deadline:
                return value
            time.sleep(pause)

    # === ACCOUNTS AND TOKENS === #

    def add_account(self, supplier_code: str, token: str | None = DEFAULT_TOKEN, **values) -> dict:
        """Add an account, also opened by `token`. Values: name, internal_supplier_code,
        listings, price_factor."""
        return self.call(
            "POST", "accounts", {"supplier_code": supplier_code, "token": token, **values}
        )

    def tokens(self) -> dict[str, list[str]]:
        """Return the supplier codes that each token opens."""
        return self.call("GET", "tokens")

    def set_token(
        self, token: str, supplier_codes: list[str] | None = None, replaces: str | None = None
    ) -> dict:
        """Add a token; `replaces` revokes another and takes over its accounts."""
        body = {"token": token, "supplier_codes": supplier_codes, "replaces": replaces}
        return self.call("POST", "tokens", body)

    def revoke_token(self, token: str = DEFAULT_TOKEN) -> dict:
        return self.call("DELETE", "tokens", {"token": token})

    # === LISTINGS === #

    def listings(self, **filters) -> list[dict]:
        """Return all listings, or those of search=, supplier_code=, category=, show=.

        If there are very many, request fields="supplier_product_id,selling_price" only.
        """
        return self.call("GET", "listings", **filters)

    def listing(self, supplier_product_id) -> dict:
        return self.call("GET", f"listings/{supplier_product_id}")

    def set_listing(self, supplier_product_id, **values) -> dict:
        """Change a listing from the marketplace's side, also unit_count, tax_percentage, names."""
        return self.call("PATCH", f"listings/{supplier_product_id}", values)

    def add_listing(self, **values) -> dict:
        """Add a listing: supplier_product_name, unit, unit_count, selling_price, ..."""
        return self.call("POST", "listings", values)

    # === ORDERS === #

    def place_order(self, **wanted) -> dict:
        """Place a retailer's order; see `RetailerSide.place` for the values."""
        return self.call("POST", "orders", wanted)

    def place_orders(self, count: int, **wanted) -> list[dict]:
        return self.call("POST", "orders/many", {"count": count, **wanted})

    def order(self, hashed_id: str) -> dict:
        return self.call("GET", f"orders/{hashed_id}")

    def orders(self, **filters) -> list[dict]:
        """Return orders, newest first; filters status=, supplier_code=, waiting=1, limit=."""
        return self.call("GET", "orders", **filters)

    def edit_order(self, hashed_id: str, lines=None, hold: bool = False, **options) -> dict:
        """Edit as the retailer: `editing`, then (unless `hold`) `pending` with other lines."""
        body = {"lines": lines, "hold": hold, **options}
        return self.call("POST", f"orders/{hashed_id}/edit", body)

    def cancel_order(self, hashed_id: str, **options) -> dict:
        """Cancel as the retailer. Options: reason, force."""
        return self.call("POST", f"orders/{hashed_id}/cancel", options)

    def advance_order(self, hashed_id: str, status: str | None = None) -> dict:
        """Move an order of Cartona's own delivery one step, or any order to the status."""
        return self.call("POST", f"orders/{hashed_id}/advance", {"status": status})

    def admin_edit(self, hashed_id: str, **values) -> dict:
        """Edit as Cartona's staff. Values: lines, fields, raw, and the amounts of money."""
        return self.call("POST", f"orders/{hashed_id}/admin-edit", values)

    def touch_order(self, hashed_id: str) -> dict:
        """Make the order appear in the pull again, unchanged."""
        return self.call("POST", f"orders/{hashed_id}/touch")

    # === WEBHOOK === #

    def set_webhook(self, url: str, token: str = "", **settings) -> dict:
        """Call this URL when an order is created or changed; see `WebhookSettings`."""
        return self.call("PATCH", "webhook", {"url": url, "token": token, **settings})

    def webhook(self, **settings) -> dict:
        """Change some webhook settings and keep the others."""
        return self.call("PATCH", "webhook", settings)

    def call_webhook(self, hashed_id: str, envelope: str | None = None) -> dict:
        """Send a notice of the order now."""
        return self.call("POST", f"orders/{hashed_id}/webhook", {"envelope": envelope})

    def webhook_calls(self, hashed_id: str | None = None) -> list[dict]:
        """Return every notice with its attempts, oldest first."""
        return self.call("GET", "webhook/calls", hashed_id=hashed_id)

    # === FAULTS === #

    def set_fault(self, effect: str, **rule) -> dict:
        """Add a fault; see `sandbox.faults.Fault` for the values."""
        return self.call("POST", "faults", {"effect": effect, **rule})

    def faults(self) -> list[dict]:
        return self.call("GET", "faults")

    def clear_faults(self, fault_id: int | None = None) -> None:
        self.call("DELETE", "faults" if fault_id is None else f"faults/{fault_id}")

    # === LOG === #

    def requests(self, path: str | None = None, **filters) -> list[dict]:
        """Return the supplier's requests, oldest first. Filters: method, since (seq), limit."""
        return self.call("GET", "requests", path=path, **filters)

    def clear_requests(self) -> None:
        self.call("DELETE", "requests")

    def counters(self) -> dict[str, dict]:
        """Return per endpoint: calls, items, refused, statuses."""
        return self.call("GET", "counters")

    def changes(self, since: int = 0, kind: str | None = None) -> list[dict]:
        """Return price, stock and order changes after a sequence number, oldest first."""
        return self.call("GET", "changes", since=since, kind=kind)["changes"]

    def stop(self) -> None:
        """End the process if `start` began it."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process.stdout.close()


def start(python: str = sys.executable, **options) -> Sandbox:
    """Start ``python -m sandbox`` on a free port and wait until it listens.

    :param python: an interpreter that has `sandbox/requirements.txt`.
    :param options: command line options with underscores: listings=1000, seed=7, token="x".
    :raise SandboxError: when it does not start.
    """
    command = [python, "-m", "sandbox"]
    for name, value in {"port": 0, **options}.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        process.kill()
        raise SandboxError(f"the sandbox did not start: {' '.join(command)}")
    sandbox = Sandbox(line.removeprefix("listening on ").strip())
    sandbox.process = process
    return sandbox


@contextmanager
def started(**options) -> Iterator[Sandbox]:
    """Start a sandbox and stop it at the end of the block."""
    sandbox = start(**options)
    try:
        yield sandbox
    finally:
        sandbox.stop()
