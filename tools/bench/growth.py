"""Everything resent, at 1,000, 10,000 and 100,000 linked products."""

import time
from dataclasses import asdict, dataclass

from tools.bench import processor, stage
from tools.bench.measure import Call, timed
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.drivers.seller import Seller

NAME = "growth"
SIZES = (1_000, 10_000)
FULL_SIZES = (*SIZES, 100_000)
LONGEST_JOB = 60.0
# Ten times the products may cost ten times as much, plus this margin for inexact machines.
LINEAR = 1.3
FLAT_MB = 150  # allowed difference of memory between the smallest and the largest size


@dataclass
class Size:
    """Cost of resending one size.

    :ivar call: seconds of `action_sync_products` itself
    :ivar seconds: from its start until all is on the marketplace and no work is left
    :ivar work: processor seconds of Odoo and PostgreSQL meanwhile
    :ivar memory: peak of the server's resident memory while it sent, in MB
    :ivar grown: increase of that peak over the memory used before
    :ivar longest: seconds of the longest job
    """

    products: int
    call: float
    seconds: float
    work: float
    requests: int
    jobs: int
    memory: float
    grown: float
    longest: float


def run(options: Options) -> Measurement:
    """Resend every size, each on its own server."""
    sizes = []
    for products in FULL_SIZES if options.full else SIZES:
        with stage.opened(options.env, products) as seller:
            # A first start fills the caches; the measurement starts with a fresh process.
            seller.odoo.restart()
            sizes.append(_resend(seller, products))
    lines = [_line(size) for size in sizes]
    first, last = sizes[0], sizes[-1]
    lines.append(linear((first.products, first.seconds), (last.products, last.seconds)))
    lines.append(
        Line(
            f"memory, {last.products:,} against {first.products:,}",
            f"flat: <= {FLAT_MB} MB more",
            f"{last.memory - first.memory:+.0f} MB",
            last.memory - first.memory <= FLAT_MB,
        )
    )
    return Measurement(NAME, lines, {"sizes": [asdict(size) for size in sizes]})


def linear(few: tuple[int, float], many: tuple[int, float]) -> Line:
    """Compare the time per product of two sizes.

    :param few: products and seconds of the smaller size; many: of the larger one
    """
    factor = (many[1] / many[0]) / (few[1] / few[0])
    return Line(
        f"time per product, {many[0]:,} against {few[0]:,}",
        f"linear: <= {LINEAR}x",
        f"{factor:.2f}x",
        factor <= LINEAR,
    )


def _resend(seller: Seller, products: int) -> Size:
    odoo = seller.odoo
    # A manager opens the form first: the registry is loaded, the caches are warm.
    seller.setting("connection_state")
    before = memory(odoo.process.pid, "VmRSS")
    _forget_peak(odoo.process.pid)
    newest_job = odoo.query("SELECT coalesce(max(id), 0) FROM queue_job")[0][0]
    items, requests = _sent(seller)
    calls: list[Call] = []

    def resend() -> None:
        calls.append(timed(odoo, "cartona.config", "action_sync_products", [seller.config]))
        # Polling has a cost too, and must not be measured.
        seller.wait_until_idle(timeout=120 + products / 20, pause=max(0.02, products / 100_000))

    started = time.time()
    work = processor.spent(odoo, resend)
    seconds = time.time() - started
    peak = memory(odoo.process.pid, "VmHWM")
    after = _sent(seller)
    assert after[0] - items == products, f"{after[0] - items} of {products} products were sent"
    jobs, longest = odoo.query(
        "SELECT count(*), max(exec_time) FROM queue_job WHERE id > %s", newest_job
    )[0]
    return Size(
        products=products,
        call=round(calls[0].seconds, 2),
        seconds=round(seconds, 2),
        work=round(work, 2),
        requests=after[1] - requests,
        jobs=jobs,
        memory=round(peak),
        grown=round(peak - before),
        longest=round(float(longest), 2),
    )


def _sent(seller: Seller) -> tuple[int, int]:
    """Return the items and requests that the marketplace has counted."""
    count = seller.sandbox.counters()["POST supplier-product/bulk-update"]
    return count["items"], count["calls"]


def memory(pid: int, name: str) -> float:
    """Return a figure of a process's memory, in MB.

    :param name: name of the line in `/proc/<pid>/status`, e.g. `VmRSS`
    """
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))


def _forget_peak(pid: int) -> None:
    """Reset the peak of the resident memory to the present value."""
    with open(f"/proc/{pid}/clear_refs", "w") as control:
        control.write("5")


def _line(size: Size) -> Line:
    return Line(
        f"everything resent, {size.products:,} linked products",
        f"no job over {LONGEST_JOB:.0f} s",
        f"{size.seconds:.1f} s (call {size.call:.1f} s, processor {size.work:.1f} s), "
        f"{size.requests:,} requests, "
        f"{size.jobs:,} jobs, peak {size.memory:.0f} MB (+{size.grown:.0f}), "
        f"longest job {size.longest:.1f} s",
        size.longest <= LONGEST_JOB,
    )
