"""The command line: `make bench`, `./dev bench`, `python -m tools.bench`."""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.bench import (
    arrival,
    dashboard,
    going_live,
    growth,
    inbound,
    latency,
    matching,
    report,
    webhook,
    write_cost,
)
from tools.bench.options import Options
from tools.dev import environment, processes, store
from tools.dev.progress import say

#: In the order of the budget table.
ROWS = {
    row.NAME: row
    for row in (
        write_cost,
        arrival,
        latency,
        inbound,
        webhook,
        dashboard,
        growth,
        going_live,
        matching,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the selected rows and print the table.

    :return: 0 when no budget is exceeded, 1 when one is, or could not be measured
    """
    parsed = _parser().parse_args(arguments)
    options = Options(environment.from_variables(), parsed.pairs, parsed.changes, parsed.full)
    measurements = []
    for name in parsed.rows or ROWS:
        say(f"bench: {name}: {ROWS[name].__doc__.splitlines()[0]}")
        measurements.append(ROWS[name].run(options))
    print(report.table(measurements), flush=True)
    if parsed.json:
        answer = {"about": _about(options), "rows": report.as_json(measurements)}
        parsed.json.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    return 0 if all(measurement.ok for measurement in measurements) else 1


def _about(options: Options) -> dict[str, object]:
    """Return the machine and versions, without which no figure means anything."""
    return {
        "odoo": options.env.series,
        "postgresql": options.env.pg.query("SHOW server_version")[0][0],
        "processors": len(_processors()),
        "machine": platform.machine(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "pairs": options.pairs,
        "changes": options.changes,
    }


def _processors() -> list[str]:
    with open("/proc/cpuinfo") as lines:
        return [line for line in lines if line.startswith("processor")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description=__doc__,
        epilog="Databases with many products are created on first use and kept.",
    )
    parser.add_argument(
        "rows", nargs="*", type=_row, metavar="ROW", help=f"only these: {', '.join(ROWS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    parser.add_argument("--full", action="store_true", help="also 100,000 products (slow)")
    parser.add_argument("--pairs", type=_at_least(5), default=5, help="interleaved pairs")
    parser.add_argument("--changes", type=_at_least(50), default=60, help="single changes")
    return parser


def _row(name: str) -> str:
    # `choices` would refuse the empty list.
    if name not in ROWS:
        raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(ROWS)}")
    return name


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"at least {least}, or the figure means nothing")
        return int(text)

    return number


if __name__ == "__main__":
    processes.end_on_signals()
    try:
        sys.exit(main())
    except (store.SetupError, processes.CommandError) as error:
        sys.exit(f"bench: {error}")
