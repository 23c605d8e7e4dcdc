"""The results of a run, as a table and as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Line:
    """One row of the table.

    :ivar what: what was done to the product
    :ivar load: description of the work done meanwhile
    :ivar tried: number of invalid inputs
    :ivar survived: number of faults, crashes or collisions
    :ivar lost: orders or changes that never arrived; None if nothing can be lost
    :ivar doubled: orders that arrived more than once
    :ivar figures: further figures for the JSON
    """

    what: str
    load: str
    survived: int = 0
    lost: int | None = 0
    doubled: int | None = 0
    figures: dict[str, object] = field(default_factory=dict)
    tried: int = 0


_TITLES = ("what", "load", "inputs tried", "survived", "lost", "doubled")


def table(lines: Iterable[Line]) -> str:
    """Return all lines as a Markdown table."""
    rows = [_TITLES]
    for line in lines:
        numbers = (line.tried or None, line.survived or None, line.lost, line.doubled)
        cells = ["" if number is None else f"{number:,}" for number in numbers]
        rows.append((line.what, line.load, *cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def write(lines: Iterable[Line], path: Path, **about: object) -> None:
    """Write everything as JSON.

    :param about: machine and versions
    """
    answer = {"about": about, "lines": [asdict(line) for line in lines]}
    path.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
