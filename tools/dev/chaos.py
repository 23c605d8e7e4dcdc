"""`make chaos`: faults, crashes, races and load at full length, and a table of the results.

The tests are those of `tests/chaos`, `tests/attack` and `tests/faults`; `make test` runs them
shortened.
"""

import argparse
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.dev import processes, venvs
from tools.dev.paths import LOGS, ROOT

_HOUR = 3600
# Number of kills while orders are imported.
_KILLS = "100"
_PLACES = ("chaos", "attack", "faults")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite once.

    :return: pytest's exit code
    """
    options = _parser().parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    places = [ROOT / "tests" / name for name in _PLACES[: 2 if options.short else None]]
    command = [sys.executable, "-m", "pytest", *map(str, places)]
    command += [f"--seed={seed}", f"--hypothesis-seed={seed}", f"--chaos-json={options.json}"]
    command += [] if options.short else ["--full"]
    command += [f"--steady={_HOUR}"] if options.hour else []
    variables = {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}
    if not options.short:
        variables.setdefault("KILLS", _KILLS)
    print(f"chaos: repeat with --seed {seed}", flush=True)
    return subprocess.run(command, env=variables, cwd=ROOT).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="seed of all random choices (default: random)")
    parser.add_argument("--short", action="store_true", help="shortened, as in `make test`")
    parser.add_argument("--hour", action="store_true", help="measure memory over an hour of work")
    parser.add_argument(
        "--json", type=Path, default=LOGS / "chaos.json", metavar="FILE", help="all figures"
    )
    return parser


if __name__ == "__main__":
    processes.end_on_signals()
    sys.exit(main())
