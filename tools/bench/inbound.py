"""100 orders of 5 lines pulled, created and confirmed, against Odoo's own create and confirm."""

import json
import os
import statistics

from tools.bench import stage
from tools.bench.measure import in_turns
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev import databases
from tools.dev.odoo_server import OdooServer
from tools.dev.sandbox_server import SandboxServer

NAME = "inbound"
SIZE = 1000  # products of the databases
PRODUCTS = 50  # of them are ordered
ORDERS = 100
LINES = 5
WARM = 3
BUDGET = 1.15

# All snippets run in Odoo without a server: no other process is active while they are timed.
_PRODUCTS = f"""
ours = [("name", "=like", "منتج %")]
products = env["product.product"].search(ours, order="id", limit={PRODUCTS})
"""
_STOCK = f"""{_PRODUCTS}
location = env["stock.warehouse"].search([], order="id", limit=1).lot_stock_id
env["stock.quant"].with_context(inventory_mode=True).create([
    dict(product_id=product.id, location_id=location.id, inventory_quantity=1e6)
    for product in products
]).action_apply_inventory()
"""
_CONNECT = """
config = env["cartona.config"].search([], order="id", limit=1)
config.write(dict(base_url={url!r}, auth_token={token!r}))
config._connection_outcome(None)
config.write(dict(auto_sync_orders=True, auto_confirm=True))
"""
_TIMED = """
import gc, json, time
warm, orders = (json.loads(text) for text in {texts!r})
{work}
prepare(warm)
work(warm)
prepare(orders)
gc.collect()
started = time.perf_counter()
work(orders)
print(json.dumps(time.perf_counter() - started))
"""
_BY_ODOO = f"""
from markupsafe import Markup
{_PRODUCTS}

def prepare(orders):
    pass

def work(orders):
    partners = env["res.partner"].create([
        dict(name=order["retailer"]["retailer_name"], phone=order["retailer"]["retailer_number"],
             street=order["retailer"]["retailer_address"],
             street2=order["retailer"]["address_notes"],
             country_id=env.ref("base.eg").id, customer_rank=1)
        for order in orders
    ])
    sales = env["sale.order"].create([
        dict(partner_id=partner.id, origin="Cartona", order_line=[
            (0, 0, dict(
                product_id=products[line["supplier_product_id"] - {stage.FIRST_LISTING}].id,
                product_uom_qty=line["amount"], price_unit=line["selling_price"]))
            for line in order["lines"]
        ])
        for partner, order in zip(partners, orders)
    ])
    sales._message_log_batch({{
        sale.id: Markup("<p>%s</p>") % order["fields"]["note_message"]
        for sale, order in zip(sales, orders)
    }})
    sales.action_confirm()
    env.cr.commit()
    assert all(sale.state == "sale" for sale in sales)
"""
_BY_ADDON = """
import requests
config = env["cartona.config"].search([], order="id", limit=1)
placed = []

def prepare(orders):
    placed[:] = [
        requests.post({sandbox!r} + "/_sandbox/orders", json=order).json()["hashed_id"]
        for order in orders
    ]
    env.cr.commit()  # reads after this are as recent as in a job

def work(orders):
    message = env["cartona.message"]
    assert message._pull(config.id) is None
    wait = 0
    while wait == 0:
        wait = message._import(config.id)
    env.cr.commit()
    made = env["sale.order"].search_count([("cartona_id", "in", placed), ("state", "=", "sale")])
    assert (wait, made) == (None, len(orders)), (wait, made)
"""


def run(options: Options) -> Measurement:
    """Import the same new orders into both databases alternately, and compare."""
    env = options.env
    names = {
        "floor": databases.clone(env, f"bench_floor_{os.getpid()}", stage.bare(env, SIZE)),
        "subject": databases.clone(env, f"bench_inbound_{os.getpid()}", stage.linked(env, SIZE)),
    }
    try:
        with SandboxServer(seed=1, listings=SIZE) as sandbox:
            floor, subject = (OdooServer(env, name) for name in names.values())
            floor.shell(_STOCK)
            subject.shell(_STOCK + _CONNECT.format(url=sandbox.api_url, token=sandbox.token))
            by_addon = _BY_ADDON.format(sandbox=sandbox.url)
            pairs = in_turns(
                lambda number: _timed(floor, _BY_ODOO, number),
                lambda number: _timed(subject, by_addon, number),
                options.pairs,
            )
    finally:
        for name in names.values():
            databases.drop(env, name)
    without, with_addon = (
        1000 * statistics.median(seconds) for seconds in (pairs.floor, pairs.subject)
    )
    line = Line(
        f"{ORDERS} orders of {LINES} lines pulled, created and confirmed",
        f"<= {BUDGET:.2f}x Odoo's own create and confirm",
        f"{pairs.ratio:.3f}x ({with_addon:.0f} ms / {without:.0f} ms)",
        pairs.ratio <= BUDGET,
    )
    return Measurement(NAME, [line], pairs.as_dict())


def _timed(odoo: OdooServer, work: str, number: int) -> float:
    """Return the seconds of one round's orders, after a few others as a warm-up."""
    texts = [
        json.dumps([_order(number, place) for place in places])
        for places in (range(ORDERS, ORDERS + WARM), range(ORDERS))
    ]
    printed = odoo.shell(_TIMED.format(texts=texts, work=work))
    return float(printed.splitlines()[-1])


def _order(number: int, place: int) -> dict:
    """Return an order of a new retailer, in the sandbox's format."""
    code = f"B{number}-{place}"
    return {
        "retailer": {
            "retailer_code": code,
            "retailer_name": f"متجر {code}",
            "retailer_number": f"+2010{number:02d}{place:06d}",
            "retailer_number2": None,
            "retailer_address": f"شارع {place}",
            "address_notes": "بجوار المسجد",
        },
        "fields": {"note_message": "اتصل قبل الوصول"},
        "lines": [
            {
                "supplier_product_id": stage.FIRST_LISTING + (place * LINES + line) % PRODUCTS,
                "amount": line + 1,
                "selling_price": 10.5 + line,
            }
            for line in range(LINES)
        ],
    }
