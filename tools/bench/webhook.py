"""A webhook call answered, and a webhook call to its confirmed sale order.

The answers are compared with the least that Odoo needs to store anything: a call of its own RPC
that creates one row, from the same number of callers, alternating with ours. The server has one
named database; with a `dbfilter`, Odoo lists the databases over a separate connection for every
call without a session.
"""

import http.client
import json
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tools.bench import stage
from tools.bench.measure import quantile
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import Intake
from tools.drivers.seller import Seller

NAME = "webhook"
SIZE = 1000
WORKERS = 3
AT_ONCE = 20
TOGETHER = 5
WAVES = 10
ANSWERED = 0.2
CONFIRMED = 2.0


def run(options: Options) -> Measurement:
    """Send calls in waves: many at once for the answer, a few for the sale order."""
    env = options.env
    name, template = f"bench_webhook_{os.getpid()}", stage.linked(env, SIZE)
    with (
        SandboxServer(seed=1, listings=SIZE) as sandbox,
        on_a_copy(env, name, template, workers=WORKERS, options={"dbfilter": ""}) as odoo,
    ):
        seller = Seller(odoo, sandbox)
        rows = odoo.query("SELECT product_id, cartona_id FROM cartona_listing ORDER BY id")
        seller.listings = dict(rows[:TOGETHER])
        seller.connect(auto_sync_orders=True, auto_confirm=True)
        seller.count_stock(dict.fromkeys(seller.listings, 100_000))
        seller.wait_until_idle(timeout=60)
        intake = Intake(seller)
        # The first wave of each warms the processes, and is not counted.
        confirmed = [_confirm(intake) for _wave in range(WAVES + 1)][1:]
        pairs = [(_floor(odoo), _answer(intake)) for _wave in range(WAVES + 1)][1:]
    floors = [seconds for floor, _calls in pairs for _status, seconds in floor]
    calls = [call for _floor_calls, wave in pairs for call in wave]
    refused = sum(status != 200 for status, _seconds in calls)
    answers = [seconds for _status, seconds in calls]
    orders = [seconds for wave in confirmed for seconds in wave]
    p95, whole, least = quantile(answers, 0.95), quantile(orders, 0.95), quantile(floors, 0.95)
    return Measurement(
        NAME,
        [
            Line(
                f"webhook call answered, {AT_ONCE} at once, {WORKERS} workers",
                f"p95 <= {1000 * ANSWERED:.0f} ms, none refused",
                f"p95 {1000 * p95:.0f} ms, {refused} of {len(calls)} refused",
                p95 <= ANSWERED and not refused,
            ),
            Line(
                "Odoo's own RPC call that creates one log row, same number at once",
                "",
                f"p95 {1000 * least:.0f} ms",
            ),
            Line(
                f"webhook call to confirmed sale order, {TOGETHER} at once",
                f"p95 <= {CONFIRMED:.0f} s",
                f"p50 {quantile(orders, 0.5):.2f} s, p95 {whole:.2f} s ({len(orders)} orders)",
                whole <= CONFIRMED,
            ),
        ],
        {
            "answered_ms": [round(1000 * seconds) for seconds in answers],
            "odoo_alone_ms": [round(1000 * seconds) for seconds in floors],
            "confirmed_ms": [round(1000 * seconds) for seconds in orders],
        },
    )


def _answer(intake: Intake) -> list[tuple[int, float]]:
    """Return status and seconds of parallel calls, each with its own order."""
    intake.sandbox.webhook(url="")
    orders = intake.place(AT_ONCE, list(intake.seller.listings))
    bodies = [intake.payload(order) for order in orders]
    secret = intake.seller.setting("webhook_token")
    results = _at_once(intake.odoo, "/cartona/webhook/orders", bodies, secret)
    # The repeated offer by Cartona after the confirmation is not part of the measurement.
    intake.wait_for_orders(orders, within=120, acknowledged=False)
    return results


def _floor(odoo: OdooServer) -> list[tuple[int, float]]:
    """Return the same for calls that make Odoo do almost nothing."""
    user = odoo.rpc("common", "login", odoo.database, "admin", "admin")
    row = {"name": "bench", "type": "server", "message": "-", "path": "-", "func": "-", "line": "-"}
    call = [odoo.database, user, "admin", "ir.logging", "create", [row]]
    params = {"service": "object", "method": "execute_kw", "args": call}
    body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 0}
    return _at_once(odoo, "/jsonrpc", [body] * AT_ONCE)


def _at_once(
    odoo: OdooServer, path: str, bodies: Sequence[dict], secret: str = ""
) -> list[tuple[int, float]]:
    """Post all bodies at the same moment, each over its own connection.

    The callers share the machine with the server: they do as little as possible.
    """
    headers = {"Content-Type": "application/json", "AuthorizationToken": secret}
    start = threading.Barrier(len(bodies))

    def call(body: bytes) -> tuple[int, float]:
        connection = http.client.HTTPConnection("127.0.0.1", odoo.port, timeout=60)
        start.wait()
        started = time.perf_counter()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        return answer.status, time.perf_counter() - started

    with ThreadPoolExecutor(len(bodies)) as callers:
        return list(callers.map(call, [json.dumps(body).encode() for body in bodies]))


def _confirm(intake: Intake) -> list[float]:
    """Return the seconds from the call to the confirmed order, for orders placed together."""
    intake.set_webhook()
    started = time.time()
    orders = intake.place(TOGETHER, list(intake.seller.listings))
    arrived: dict[str, float] = {}

    def all_confirmed() -> bool:
        rows = intake.odoo.query(
            "SELECT cartona_id FROM sale_order WHERE state = 'sale' AND cartona_id = ANY(%s)",
            orders,
        )
        for (order,) in rows:
            arrived.setdefault(order, time.time() - started)
        return len(arrived) == len(orders)

    wait_until(all_confirmed, timeout=60, pause=0.02)
    return list(arrived.values())
