"""How a check ends."""

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "cartona_integration"


def finish(problems: Iterable[str]) -> None:
    """Print the problems and leave: with 1 when there are any, else with 0."""
    found = list(problems)
    for problem in found:
        print(problem)
    sys.exit(1 if found else 0)
