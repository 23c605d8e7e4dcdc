"""Comparison of both sides from outside: Odoo's own fields, the marketplace's pages."""

import math
from collections import Counter
from collections.abc import Iterator

from tests.support.companies import Side, World

_FIGURES = ["lst_price", "free_qty", "qty_available", "outgoing_qty"]
_ORDER = ["cartona_id", "state", "amount_total", "cartona_status", "company_id", "picking_ids"]
_LINE = ["order_id", "cartona_id", "product_id", "product_uom_qty", "price_unit", "state"]
#: A status on the marketplace -> the matching states of the sale order.
_STATES = {
    "pending": {"draft", "sent"},
    "editing": {"draft", "sent"},
    "approved": {"sale", "done"},
    "assigned_to_salesman": {"sale", "done"},
    "delivered": {"sale", "done"},
    "cancelled_by_retailer": {"cancel"},
    "cancelled_by_supplier": {"cancel"},
}
#: Counts that must be zero when no work is left and no user has to act.
_REMAINS = {
    "changes in the outbox": "SELECT count(*) FROM cartona_change",
    "messages to import": "SELECT count(*) FROM cartona_message WHERE state = 'new'",
    "messages that wait for a user": ("SELECT count(*) FROM cartona_message WHERE state = 'error'"),
    "orders not acknowledged": "SELECT count(*) FROM cartona_message WHERE acknowledge = 'due'",
    "jobs that ended badly": "SELECT count(*) FROM queue_job WHERE state = 'failed'",
    "connections in error": (
        "SELECT count(*) FROM cartona_config"
        " WHERE connection_state != 'connected' AND auto_sync_orders"
    ),
    "orders with an error": (
        "SELECT count(*) FROM sale_order"
        " WHERE cartona_sync_state = 'error' AND cartona_id != ALL(%(set_aside)s)"
    ),
    "listings with an error": (
        "SELECT count(*) FROM cartona_listing WHERE coalesce(error_code, '') != ''"
    ),
    "activities for a user": (
        "SELECT count(*) FROM mail_activity activity JOIN ir_model_data data"
        " ON data.model = 'mail.activity.type' AND data.res_id = activity.activity_type_id"
        " LEFT JOIN stock_picking picking"
        " ON activity.res_model = 'stock.picking' AND picking.id = activity.res_id"
        " LEFT JOIN sale_order sale ON sale.id = picking.sale_id"
        " OR activity.res_model = 'sale.order' AND sale.id = activity.res_id"
        " WHERE data.module = 'cartona_integration'"
        # Activities that only count the above follow within a minute.
        " AND (activity.res_model != 'cartona.config' OR activity.cartona_cause = 'connection')"
        " AND coalesce(sale.cartona_id, '') != ALL(%(set_aside)s)"
    ),
}


def differences(world: World) -> list[str]:
    """Return all differences between the two sides; empty if they agree."""
    found = []
    for what, statement in _REMAINS.items():
        [(count,)] = _query(world, statement, set_aside=list(world.set_aside))
        if count:
            found.append(f"{count} {what}")
    for side in world.sides:
        found += _products(side)
        found += _orders(world, side)
    return found


def counts(world: World) -> tuple[int, int]:
    """Return the number of orders missing in Odoo, and of those that are there twice."""
    rows = world.odoo.query("SELECT cartona_id FROM sale_order WHERE cartona_id IS NOT NULL")
    found = Counter(key for (key,) in rows)
    placed = [row["hashed_id"] for row in world.sandbox.orders()]
    return sum(not found[key] for key in placed), sum(number > 1 for number in found.values())


def _query(world: World, statement: str, **values: object) -> list[tuple]:
    """Return the rows of a statement with named values."""
    pg = world.odoo.env.pg
    with pg.connect(world.odoo.database) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _products(side: Side) -> Iterator[str]:
    """Yield prices and stocks that differ."""
    rows = side.do("product.product", "read", list(side.listings), _FIGURES)
    shown = {
        str(row["supplier_product_id"]): row
        for row in side.sandbox.listings(supplier_code=side.code)
    }
    quoted = _quoted(side)
    for row in rows:
        there = shown[side.listings[row["id"]]]
        free = min(row["free_qty"], row["qty_available"] - row["outgoing_qty"])
        free = max(0, math.floor(free - quoted[row["id"]] + 1e-6))
        if round(row["lst_price"], 2) != float(there["selling_price"]):
            yield f"product {row['id']}: price {row['lst_price']}, not {there['selling_price']}"
        if free != there["available_stock_quantity"]:
            yield f"product {row['id']}: stock {free}, not {there['available_stock_quantity']}"


def _quoted(side: Side) -> Counter:
    """Return the quantities in unconfirmed orders of retailers, by product."""
    domain = [
        ("order_id.company_id", "=", side.company),
        ("order_id.cartona_id", "!=", False),
        ("order_id.state", "in", ["draft", "sent"]),
    ]
    quoted: Counter = Counter()
    for line in side.do("sale.order.line", "search_read", domain, _LINE):
        quoted[line["product_id"][0]] += line["product_uom_qty"]
    return quoted


def _orders(world: World, side: Side) -> Iterator[str]:
    """Yield orders not in Odoo exactly once, in the wrong company, or with differences."""
    there = {row["hashed_id"]: row for row in side.sandbox.orders(supplier_code=side.code)}
    domain = [("cartona_id", "!=", False), ("company_id", "=", side.company)]
    here = side.odoo.call("sale.order", "search_read", domain, _ORDER)
    lines: dict[int, dict[str, tuple]] = {row["id"]: {} for row in here}
    wanted = [("order_id", "in", list(lines)), ("product_uom_qty", ">", 0)]
    for line in side.odoo.call("sale.order.line", "search_read", wanted, _LINE):
        figures = (line["product_uom_qty"], round(line["price_unit"], 2))
        lines[line["order_id"][0]][line["cartona_id"] or f"new {line['id']}"] = figures
    found = Counter(row["cartona_id"] for row in here)
    yield from (f"order {key}: not in Odoo" for key in there.keys() - found.keys())
    yield from (f"order {key}: {found[key]} times in Odoo" for key in found if found[key] > 1)
    yield from (f"order {key}: not {side.code}'s" for key in found.keys() - there.keys())
    for row in here:
        if row["cartona_id"] in there and row["cartona_id"] not in world.set_aside:
            yield from _order(there[row["cartona_id"]], row, lines[row["id"]])


def _order(there: dict, here: dict, lines: dict[str, tuple]) -> Iterator[str]:
    """Yield the differences of one order."""
    name, status = f"order {here['cartona_id']}", there["status"]
    if here["cartona_status"] != status:
        yield f"{name}: {status} there, cartona_status {here['cartona_status']} here"
    if here["state"] not in _STATES[status]:
        yield f"{name}: {status} there, {here['state']} here"
    if there["sandbox"]["waiting"]:
        yield f"{name}: not acknowledged"
    if here["state"] == "cancel":
        return
    ordered = {
        str(line["id"]): (float(line["amount"]), round(float(line["selling_price"]), 2))
        for line in there["order_details"]
    }
    if ordered != lines:
        yield f"{name}: lines {ordered} there, {lines} here"
    if round(here["amount_total"], 2) != round(float(there["total_price"]), 2):
        yield f"{name}: {there['total_price']} there, {here['amount_total']} here"
