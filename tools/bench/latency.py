"""One price change to the marketplace, job runner on."""

import time

from tools.bench import stage
from tools.bench.measure import quantile
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev.processes import wait_until
from tools.drivers.seller import Seller

NAME = "latency"
SIZE = 1000
P50 = 0.15
P95 = 1.0


def run(options: Options) -> Measurement:
    """Change one price after another, each when the previous one is complete."""
    after_return, after_start = [], []
    with stage.opened(options.env, SIZE) as seller:
        products = list(seller.listings)
        for number in range(-3, options.changes):  # the first ones warm the caches
            started, returned, arrived = _change(seller, products[number], 200.0 + number)
            if number >= 0:
                after_return.append(arrived - returned)
                after_start.append(arrived - started)
    p50, p95 = quantile(after_return, 0.5), quantile(after_return, 0.95)
    from_start = [quantile(after_start, share) for share in (0.5, 0.95)]
    work = "one price change to the marketplace"
    return Measurement(
        NAME,
        [
            Line(
                f"{work}, from the write's return",
                f"p50 <= {P50} s, p95 <= {P95:.0f} s",
                f"p50 {p50:.3f} s, p95 {p95:.3f} s ({len(after_return)} changes)",
                p50 <= P50 and p95 <= P95,
            ),
            Line(
                f"{work}, from the write's start",
                "",
                "p50 {:.3f} s, p95 {:.3f} s".format(*from_start),
            ),
        ],
        {
            "after_return_ms": [round(1000 * seconds) for seconds in after_return],
            "after_start_ms": [round(1000 * seconds) for seconds in after_start],
        },
    )


def _change(seller: Seller, product: int, price: float) -> tuple[float, float, float]:
    """Return when the write began, when it returned, when the marketplace showed the price."""
    seller.wait_until_idle(timeout=30)
    before = seller.shown(product)["price_changes"]
    started = time.time()
    seller.write(product, list_price=price)
    returned = time.time()
    wait_until(lambda: seller.shown(product)["price_changes"] > before, timeout=30, pause=0.01)
    shown = seller.shown(product)
    assert float(shown["selling_price"]) == price
    return started, returned, shown["price_changed_ms"] / 1000
