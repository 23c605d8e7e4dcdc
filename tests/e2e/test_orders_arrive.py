"""From a retailer's order to an acknowledged sale order, once, by pull or webhook.

The server runs in another time zone than Cairo or UTC: nothing may depend on it.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tools.dev.environment import Environment
from tools.dev.odoo_server import OdooServer, on_a_copy
from tools.dev.processes import wait_until
from tools.dev.sandbox_server import SandboxServer
from tools.drivers.intake import PULL, STATUS, Intake
from tools.drivers.seller import Seller

FAR_AWAY = {"TZ": "Pacific/Kiritimati"}
MANY = 350  # more than three pages
BATCH = 200
ECHOES = 20


@pytest.fixture(scope="module")
def odoo(environment: Environment) -> Iterator[OdooServer]:
    """Start a server as in production, fourteen hours ahead of UTC."""
    with on_a_copy(environment, environment=FAR_AWAY) as server:
        yield server


@pytest.fixture
def seller(odoo: OdooServer, sandbox: SandboxServer) -> Seller:
    """Connect `odoo` to `sandbox`, everything on, idle."""
    seller = Seller(odoo, sandbox).connect(auto_sync_orders=True, auto_confirm=False)
    seller.wait_until_idle()
    return seller


@pytest.fixture
def intake(seller: Seller) -> Intake:
    """Return the orders of `seller`."""
    return Intake(seller)


@pytest.fixture
def product(seller: Seller) -> int:
    """Return a product at 10.0 on the marketplace, 100 in stock."""
    [product] = seller.publish_products(1, list_price=10.0)
    seller.count_stock({product: 100})
    seller.wait_until_idle()
    return product


# === BY PULL === #


def test_pending_order_becomes_one_quotation(intake: Intake, product: int):
    [order] = intake.place(
        1,
        [product],
        amount=3,
        retailer={"retailer_code": "E2E1", "retailer_name": "بقالة النور"},
        fields={
            "note_message": "اتصل قبل الوصول",
            "retailer_preferred_delivery_date": "2026-12-24",
            "created_at": "2026-04-23T22:30:00Z",  # half an hour before Cairo's clocks go forward
        },
    )
    intake.pull()
    intake.wait_for_orders([order])
    names = ("cartona_number", "date_order", "commitment_date", "partner_id", "message_ids")
    [sale] = intake.sales([order], *names, "order_line")
    payload = intake.payload(order)
    assert (sale["state"], sale["amount_total"]) == ("draft", 30.0)
    assert sale["cartona_number"] == payload["receipt_id"]
    assert sale["date_order"] == "2026-04-23 22:30:00"
    assert sale["commitment_date"].startswith("2026-12-24")
    assert "بقالة النور" in sale["partner_id"][1]
    [line] = intake.odoo.call(
        "sale.order.line", "read", sale["order_line"], ["product_uom_qty", "price_unit"]
    )
    assert (line["product_uom_qty"], line["price_unit"]) == (3.0, 10.0)
    notes = intake.odoo.call("mail.message", "read", sale["message_ids"], ["body"])
    assert any("اتصل قبل الوصول" in note["body"] for note in notes)
    assert intake.acknowledgement_counts([order]) == {1}


def test_no_order_is_skipped_while_the_pages_change(
    intake: Intake, product: int, sandbox: SandboxServer
):
    """The list shrinks, grows and changes its order between any two pages."""
    sandbox.behaviour(pull_sorted_by="changed")
    sandbox.set_fault(effect="delay", path=PULL, seconds=0.3)
    orders = intake.place(MANY, [product])
    intake.pull()
    for number in range(10):
        orders += intake.place(1, [product])
        edited = orders[number * 30]
        line = {"supplier_product_id": intake.seller.listings[product], "amount": 5 + number}
        sandbox.edit_order(edited, lines=[line])
    sandbox.clear_faults()
    intake.pull()
    intake.wait_for_orders(orders, within=90)
    wrong = {
        sale["cartona_id"]: sale["amount_total"]
        for sale in intake.sales(orders)
        if sale["amount_total"] != float(intake.payload(sale["cartona_id"])["total_price"])
    }
    assert wrong == {}
    assert intake.waiting_for_user(orders) == {}


def test_orders_of_a_three_day_outage_arrive_in_one_pull(
    intake: Intake, product: int, sandbox: SandboxServer
):
    sandbox.set_fault(effect="503", path=PULL)
    now = datetime.now(UTC).replace(microsecond=0)
    moments = [now - timedelta(hours=hours) for hours in (72, 71, 48, 25, 24, 3, 0)]
    orders = [
        intake.place(1, [product], fields={"created_at": moment.isoformat()})[0]
        for moment in moments
    ]
    intake.pull()
    wait_until(lambda: intake.seller.setting("in_failure_count"))
    assert len(intake.not_imported_once(orders)) == len(orders)
    sandbox.clear_faults()
    intake.pull()
    intake.wait_for_orders(orders)
    expected = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    dates = {sale["cartona_id"]: sale["date_order"] for sale in intake.sales(orders, "date_order")}
    assert [dates[order] for order in orders] == expected


def test_overlapping_pulls_import_each_order_once(
    intake: Intake, product: int, sandbox: SandboxServer
):
    orders = intake.place(20, [product])
    sandbox.set_fault(effect="delay", path=PULL, seconds=0.5, times=4)
    with ThreadPoolExecutor(4) as clerks:
        # Each clerk has his own session, as in four browsers.
        for _clerk in range(4):
            clerks.submit(Intake(Seller(_another(intake.odoo), sandbox)).pull)
    intake.wait_for_orders(orders, within=20)
    assert intake.acknowledgement_counts(orders) == {1}


# === ACKNOWLEDGING === #


@pytest.mark.parametrize(
    ("effect", "when"),
    [("500", "before"), ("500", "after"), ("cut", "after"), ("html", "after")],
)
def test_lost_acknowledgement_is_repeated_without_harm(
    intake: Intake, product: int, sandbox: SandboxServer, effect: str, when: str
):
    """Received by Cartona or not: no second order, no change, no message in the chatter."""
    sandbox.set_fault(effect=effect, when=when, path=STATUS, times=1)
    [order] = intake.place(1, [product])
    intake.pull()
    intake.wait_for_orders([order], acknowledged=False)
    [sale] = intake.sales([order], "message_ids")
    wait_until(lambda: _synced_calls(sandbox) >= 2, timeout=15)
    intake.wait_for_orders([order])
    assert intake.sales([order], "message_ids") == [sale]


def test_timed_out_acknowledgement_is_repeated_without_harm(
    intake: Intake, product: int, sandbox: SandboxServer
):
    """Cartona has received it, but its answer arrives after our timeout."""
    intake.seller.configure(timeout=1)
    try:
        sandbox.set_fault(effect="delay", seconds=5, when="after", path=STATUS, times=1)
        [order] = intake.place(1, [product])
        intake.pull()
        intake.wait_for_orders([order], acknowledged=False)
        [sale] = intake.sales([order], "message_ids")
        wait_until(lambda: _due(intake, [order]) == 0, timeout=20)
    finally:
        intake.seller.configure(timeout=30)
    intake.wait_for_orders([order])
    assert intake.acknowledgement_counts([order]) == {2}
    assert intake.sales([order], "message_ids") == [sale]


def test_sent_status_does_not_acknowledge_other_changes(
    intake: Intake, product: int, sandbox: SandboxServer
):
    """Cartona may acknowledge the version it listed, or the order as it is now."""
    sandbox.behaviour(synced_acknowledges="current")
    [order] = intake.place(1, [product])
    intake.pull()
    intake.wait_for_orders([order])
    line = {"supplier_product_id": intake.seller.listings[product], "amount": 7}
    sandbox.edit_order(order, lines=[line])
    secret = intake.seller.setting("webhook_token")
    answer = requests.post(
        f"{intake.odoo.url}/cartona/webhook/status",
        json={"hashed_id": order, "status": "pending"},
        headers={"AuthorizationToken": secret},
        timeout=30,
    )
    assert answer.status_code == 200
    wait_until(lambda: not _open(intake, [order]))
    time.sleep(0.5)  # the absence of a call has no signal
    assert intake.unacknowledged([order]) == [order]
    intake.pull()
    intake.wait_for_orders([order])
    assert intake.sales([order])[0]["amount_total"] == 70.0


def test_unchanged_repeated_order_is_only_acknowledged_again(
    intake: Intake, product: int, sandbox: SandboxServer
):
    [order] = intake.place(1, [product])
    intake.pull()
    intake.wait_for_orders([order])
    written = intake.sales([order], "write_date", "message_ids")
    messages = _messages(intake, [order])
    sandbox.touch_order(order)
    assert intake.unacknowledged([order])
    intake.pull()
    intake.wait_for_orders([order])
    assert intake.sales([order], "write_date", "message_ids") == written
    assert _messages(intake, [order]) == messages


# === BY WEBHOOK === #


def test_webhook_is_answered_immediately_and_processed_by_a_job(
    intake: Intake, product: int, sandbox: SandboxServer
):
    intake.set_webhook()
    intake.wait_for_orders(intake.place(1, [product]))  # one-time costs are paid here
    [order] = intake.place(1, [product])
    intake.wait_for_orders([order])
    [call] = sandbox.webhook_calls(order)
    [attempt] = call["attempts"]
    assert attempt["status"] == 200
    assert attempt["took_ms"] < 500
    assert intake.seller.setting("webhook_last_call_at")
    done = intake.odoo.query(
        "SELECT source FROM cartona_message WHERE hashed_id = %s AND state = 'done'", order
    )
    assert done == [("webhook",)]


def test_webhook_accepts_every_envelope(intake: Intake, product: int, sandbox: SandboxServer):
    orders = []
    for envelope in ("object", "list", "order", "orders", "data", "data_list"):
        intake.set_webhook(envelope=envelope)
        orders += intake.place(1, [product])
    intake.wait_for_orders(orders)
    assert {call["state"] for call in sandbox.webhook_calls()} == {"delivered"}


def test_wrong_webhook_secret_is_counted_and_the_pull_imports(
    intake: Intake, product: int, sandbox: SandboxServer
):
    before = intake.seller.setting("webhook_refused_count")
    intake.set_webhook(token="wrong", retries=0)
    orders = intake.place(8, [product])
    wait_until(lambda: {c["state"] for c in sandbox.webhook_calls()} == {"failed"})
    answers = {call["attempts"][0]["status"] for call in sandbox.webhook_calls()}
    assert answers == {401}
    # Counted in memory, written at most once a second.
    wait_until(lambda: intake.seller.setting("webhook_refused_count") == before + 8, timeout=5)
    rows = intake.odoo.query(
        "SELECT count(*) FROM cartona_webhook_stat"
        " WHERE kind = 'refused' AND create_date > now() AT TIME ZONE 'UTC' - interval '10 s'"
    )
    assert rows[0][0] < 8
    assert intake.seller.setting("webhook_last_refused_at")
    intake.pull()
    intake.wait_for_orders(orders)


def test_webhook_body_without_order_is_refused_without_traceback(intake: Intake):
    headers = {"AuthorizationToken": intake.seller.setting("webhook_token")}
    url = f"{intake.odoo.url}/cartona/webhook/orders"
    start = intake.odoo.log.stat().st_size
    for body, status in (
        (b"{not json", 400),
        (b'{"surprise": true}', 400),
        (b"[" * 100_000, 400),
        (b" " * (1024 * 1024 + 1), 413),
    ):
        answer = requests.post(url, data=body, headers=headers, timeout=10)
        assert (answer.status_code, "Traceback" in answer.text) == (status, False)
    with open(intake.odoo.log, "rb") as log:
        log.seek(start)
        assert b"Traceback" not in log.read()


def test_next_pull_imports_orders_of_dropped_webhooks(
    intake: Intake, product: int, sandbox: SandboxServer
):
    intake.set_webhook(drop=True)
    orders = intake.place(12, [product])
    assert {call["state"] for call in sandbox.webhook_calls()} == {"dropped"}
    intake.pull()
    intake.wait_for_orders(orders, within=20)


def test_parallel_webhooks_and_pulls_create_one_order(
    intake: Intake, product: int, sandbox: SandboxServer
):
    [order] = intake.place(1, [product])
    body = intake.payload(order)
    secret = intake.seller.setting("webhook_token")
    start = threading.Barrier(ECHOES + 2)
    log = intake.odoo.log.stat().st_size

    def call() -> int:
        start.wait()
        url = f"{intake.odoo.url}/cartona/webhook/orders"
        headers = {"AuthorizationToken": secret}
        return requests.post(url, json=body, headers=headers, timeout=30).status_code

    def pull(other: Intake) -> None:
        start.wait()
        for _press in range(3):
            other.pull()

    with ThreadPoolExecutor(ECHOES + 2) as callers:
        for _clerk in range(2):
            callers.submit(pull, Intake(Seller(_another(intake.odoo), sandbox)))
        answers = [callers.submit(call) for _echo in range(ECHOES)]
    assert {answer.result() for answer in answers} == {200}
    intake.wait_for_orders([order], within=20)
    wait_until(lambda: not _open(intake, [order]))
    assert intake.not_imported_once([order]) == {}
    assert len(intake.sales([order])) == 1
    with open(intake.odoo.log, "rb") as lines:
        lines.seek(log)
        assert b"Traceback" not in lines.read(), "repeated calls raise nothing"
    notes = intake.odoo.query(
        "SELECT count(*) FROM mail_message WHERE model = 'sale.order' AND res_id ="
        " (SELECT id FROM sale_order WHERE cartona_id = %s)",
        order,
    )
    assert notes == [(1,)]


# === WAITING ORDERS === #


def test_invalid_order_waits_and_two_hundred_others_are_imported(
    intake: Intake, product: int, sandbox: SandboxServer
):
    orders = intake.place(BATCH // 2, [product])
    [poison] = intake.place(1, [product], raw={"total_price": 1})
    orders += intake.place(BATCH - 1 - len(orders), [product])
    intake.pull()
    intake.wait_for_orders(orders, within=60)
    message = intake.wait_for_error(poison, "total_mismatch")
    assert not intake.sales([poison])
    assert intake.unacknowledged([poison])
    [reason] = intake.odoo.call("cartona.message", "read", [message], ["error_message"])
    assert "10.00" in reason["error_message"]
    assert "1.00" in reason["error_message"]


def test_order_is_imported_once_its_product_is_linked(intake: Intake, seller: Seller, product: int):
    [listing] = seller.unused(1)
    [order] = [
        row["hashed_id"]
        for row in seller.sandbox.place_orders(
            1, lines=[{"supplier_product_id": listing, "amount": 4}]
        )
    ]
    [other] = intake.place(1, [product])
    intake.pull()
    intake.wait_for_orders([other])
    intake.wait_for_error(order, "unknown_product")
    [linked] = seller.create(1, name="ينسون")
    seller.count_stock({linked: 50, product: 100})
    seller.write(linked, cartona_id=listing)
    intake.wait_for_orders([order])
    [sale] = intake.sales([order], "picking_ids")
    intake.odoo.call("sale.order", "action_confirm", [sale["id"]])
    [sale] = intake.sales([order], "picking_ids")
    seller.pick(sale["picking_ids"])
    context = {"skip_backorder": True, "skip_sms": True}
    intake.odoo.call("stock.picking", "button_validate", sale["picking_ids"], context=context)
    rows = intake.odoo.call("product.product", "read", [linked, product], ["qty_available"])
    assert {row["id"]: row["qty_available"] for row in rows} == {linked: 46.0, product: 100.0}


# === HELPERS === #


def _another(odoo: OdooServer) -> OdooServer:
    """Return the same server with a separate session."""
    other = OdooServer(odoo.env, odoo.database, options={"http_port": odoo.port})
    other.process = odoo.process
    return other


def _synced_calls(sandbox: SandboxServer) -> int:
    return sum(
        any(item.get("status") == "synced" for item in request["body"] or [])
        for request in sandbox.requests(STATUS)
    )


def _messages(intake: Intake, orders: list[str]) -> int:
    rows = intake.odoo.query(
        "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s)", orders
    )
    return rows[0][0]


def _due(intake: Intake, orders: list[str]) -> int:
    """Return the number of acknowledgements without an answer from Cartona."""
    rows = intake.odoo.query(
        "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s) AND acknowledge = 'due'",
        orders,
    )
    return rows[0][0]


def _open(intake: Intake, orders: list[str]) -> int:
    rows = intake.odoo.query(
        "SELECT count(*) FROM cartona_message WHERE hashed_id = ANY(%s)"
        " AND (state = 'new' OR acknowledge = 'due')",
        orders,
    )
    return rows[0][0]
