"""One write of a new price on 1,000 linked products, against the same write without the addon."""

import statistics
from collections.abc import Callable

from tools.bench import stage
from tools.bench.measure import Pairs, in_turns, timed
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.bench.seller import Seller
from tools.dev.odoo_server import OdooServer

NAME = "write"
SIZE = 1000
BUDGET = 1.05

# Odoo writes a template's price in one statement, a variant's one by one: both ways are taken.
WAYS = (("product.template", "list_price"), ("product.product", "lst_price"))


def run(options: Options) -> Measurement:
    """Write the same prices in both databases in turns, and compare."""
    lines, figures = [], {}
    bare = stage.bare(options.env, SIZE)
    with stage.opened(options.env, SIZE) as seller, stage.served(options.env, bare) as floor:
        for model, field in WAYS:
            pairs, queries = _compare(floor, seller, model, field, options.pairs)
            figures[field] = {**pairs.as_dict(), "queries": queries}
            lines.append(_line(field, pairs))
    return Measurement(NAME, lines, figures)


def _compare(
    floor: OdooServer, seller: Seller, model: str, field: str, pairs: int
) -> tuple[Pairs, dict[str, int]]:
    """:return: the pairs, and how many queries a write took without and with the addon"""
    queries: dict[str, int] = {}

    def writer(name: str, odoo: OdooServer) -> Callable[[int], float]:
        ids = _products(odoo, model)

        def write(number: int) -> float:
            seller.rest(timeout=60)
            call = timed(odoo, model, "write", ids, {field: 50.0 + number})
            queries[name] = call.queries
            return call.seconds

        return write

    result = in_turns(writer("without", floor), writer("with", seller.odoo), pairs)
    seller.rest(timeout=60)
    return result, queries


def _products(odoo: OdooServer, model: str) -> list[int]:
    domain = [["name", "=like", "منتج %"]]
    ids = odoo.call(model, "search", domain, order="id")
    assert len(ids) == SIZE, f"{len(ids)} products instead of {SIZE}"
    return ids


def _line(field: str, pairs: Pairs) -> Line:
    without, with_addon = (
        1000 * statistics.median(seconds) for seconds in (pairs.floor, pairs.subject)
    )
    return Line(
        f"write {field} on {SIZE:,} linked products",
        f"<= {BUDGET:.2f}x the same without the addon",
        f"{pairs.ratio:.3f}x ({with_addon:.0f} ms / {without:.0f} ms)",
        pairs.ratio <= BUDGET,
    )
