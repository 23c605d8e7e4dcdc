"""1,000 prices of one write: seconds until all of them are on the marketplace."""

import statistics
import time

from tools.bench import stage
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.drivers.seller import Seller

NAME = "arrival"
SIZE = 1000
SECONDS = 3.0
REQUESTS = 10


def run(options: Options) -> Measurement:
    """Write 1,000 new prices several times and wait for the marketplace's last one each time."""
    with stage.opened(options.env, SIZE) as seller:
        rounds = [_round(seller, 100.0 + number) for number in range(options.pairs)]
    seconds = statistics.median(taken for taken, _requests in rounds)
    requests = max(made for _taken, made in rounds)
    line = Line(
        f"those {SIZE:,} prices all on the marketplace after the commit",
        f"<= {SECONDS:.0f} s, <= {REQUESTS} requests",
        f"{seconds:.2f} s, {requests} requests",
        seconds <= SECONDS and requests <= REQUESTS,
    )
    figures = {
        "seconds": [round(taken, 3) for taken, _requests in rounds],
        "requests": [made for _taken, made in rounds],
    }
    return Measurement(NAME, [line], figures)


def _round(seller: Seller, price: float) -> tuple[float, int]:
    """Return the seconds from the write's return to the last price's arrival, and requests."""
    mark = seller.last_request()
    seller.write(list(seller.listings), list_price=price)
    returned = time.time()
    seller.wait_until_idle(timeout=120)
    rows = seller.sandbox.listings(show="touched")
    shown = [
        row for row in rows if str(row["supplier_product_id"]) in set(seller.listings.values())
    ]
    assert {float(row["selling_price"]) for row in shown} == {price}, "a price did not arrive"
    assert len(shown) == SIZE
    last = max(row["price_changed_ms"] for row in shown) / 1000
    return last - returned, len(seller.update_requests(mark))
