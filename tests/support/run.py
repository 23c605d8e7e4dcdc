"""The options and results of a run of the chaos suite, shared by its folders."""

import os
import random
from dataclasses import dataclass

import pytest

from tests.support.report import Line

#: True in a full run (`make test ARGS=full`), which the nightly workflow makes.
FULL = bool(os.environ.get("CARTONA_FULL_TESTS"))


@dataclass(frozen=True)
class Run:
    """The options and results of this run.

    :ivar seed: seed of all random choices
    :ivar full: True if not shortened
    :ivar lines: results so far
    """

    seed: int
    full: bool
    steady: int
    lines: list[Line]

    def draw(self, name: str) -> random.Random:
        """Return a random generator for one purpose."""
        return random.Random(f"{self.seed} {name}")


RUN = pytest.StashKey[Run]()
