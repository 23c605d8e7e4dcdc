"""One write of a new price on 1,000 linked products, against the same write without the addon."""

import statistics
from collections.abc import Callable

from tools.bench import processor, stage
from tools.bench.measure import Call, Pairs, in_turns, timed
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev.odoo_server import OdooServer
from tools.drivers.seller import Seller

NAME = "write"
SIZE = 1000
BUDGET = 1.05

# Odoo writes a template's price in one statement, a variant's one by one: measure both.
WAYS = (("product.template", "list_price"), ("product.product", "lst_price"))


def run(options: Options) -> Measurement:
    """Write the same prices in both databases alternately, and compare."""
    lines, figures = [], {}
    bare = stage.bare(options.env, SIZE)
    with stage.opened(options.env, SIZE) as seller, stage.served(options.env, bare) as floor:
        for model, field in WAYS:
            times, works, queries = _compare(floor, seller, model, field, options.pairs)
            figures[field] = {
                **times.as_dict(),
                "processor": works.as_dict(),
                "queries": queries,
            }
            lines += _lines(field, times, works)
    return Measurement(NAME, lines, figures)


def _compare(
    floor: OdooServer, seller: Seller, model: str, field: str, pairs: int
) -> tuple[Pairs, Pairs, dict[str, int]]:
    """Write alternately.

    :return: the pairs by the clock, the same by processor time, and the number of queries of a
        write without and with the addon
    """
    queries: dict[str, int] = {}
    works: dict[str, list[float]] = {"without": [], "with": []}

    def writer(name: str, odoo: OdooServer) -> Callable[[int], float]:
        ids = _products(odoo, model)

        def write(number: int) -> float:
            seller.wait_until_idle(timeout=60)
            calls: list[Call] = []
            work = processor.spent(
                odoo,
                lambda: calls.append(timed(odoo, model, "write", ids, {field: 50.0 + number})),
            )
            queries[name] = calls[0].queries
            works[name].append(work)
            return calls[0].seconds

        return write

    times = in_turns(writer("without", floor), writer("with", seller.odoo), pairs)
    seller.wait_until_idle(timeout=60)
    # The first round is not counted.
    return times, Pairs(works["without"][1:], works["with"][1:]), queries


def _products(odoo: OdooServer, model: str) -> list[int]:
    domain = [["name", "=like", "منتج %"]]
    ids = odoo.call(model, "search", domain, order="id")
    assert len(ids) == SIZE, f"{len(ids)} products instead of {SIZE}"
    return ids


def _lines(field: str, times: Pairs, works: Pairs) -> list[Line]:
    """Return lines by the clock, which the budget is about, and by the addon's own share."""
    return [
        Line(
            f"write {field} on {SIZE:,} linked products",
            f"<= {BUDGET:.2f}x the same without the addon",
            _described(times),
            times.ratio <= BUDGET,
        ),
        Line("  the same in processor time, Odoo's and PostgreSQL's", "", _described(works)),
    ]


def _described(pairs: Pairs) -> str:
    without, with_addon = (
        1000 * statistics.median(seconds) for seconds in (pairs.floor, pairs.subject)
    )
    # The spread shows whether the ratio is reliable; on a busy machine it is not.
    spread = f"{min(pairs.ratios):.2f} to {max(pairs.ratios):.2f}"
    return f"{pairs.ratio:.3f}x, {spread} ({with_addon:.0f} ms / {without:.0f} ms)"
