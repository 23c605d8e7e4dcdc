"""Shared by the checks: their options, and their end."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "cartona_integration"


def options(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that checks of the whole tree share.

    :param description: the docstring of the check
    """
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="another tree to check")
    parser.add_argument("--list", action="store_true", help="print the present state, never fail")
    return parser


def finish(problems: Iterable[str]) -> None:
    """Print the problems and exit: with 1 if there are any, else with 0."""
    found = list(problems)
    for problem in found:
        print(problem)
    sys.exit(1 if found else 0)
