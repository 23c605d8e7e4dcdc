"""What a row of the budget table has measured, and the table of all rows."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field


@dataclass
class Line:
    """One line of the table.

    :ivar work: what was measured
    :ivar budget: in words; empty where the line only informs
    :ivar measured: in words
    :ivar held: whether the budget holds; None where there is none
    """

    work: str
    budget: str
    measured: str
    held: bool | None = None


@dataclass
class Measurement:
    """What came of one row.

    :ivar name: by which the row is asked for
    :ivar lines: for the table
    :ivar figures: everything measured, for the JSON report
    """

    name: str
    lines: list[Line]
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether no line exceeds its budget."""
        return all(line.held is not False for line in self.lines)


_TITLES = ("work", "budget", "measured", "")
_VERDICTS = {True: "held", False: "EXCEEDED", None: ""}


def table(measurements: Iterable[Measurement]) -> str:
    """All lines, in columns."""
    rows: list[Sequence[str]] = [_TITLES]
    for measurement in measurements:
        for line in measurement.lines:
            rows.append((line.work, line.budget, line.measured, _VERDICTS[line.held]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    texts = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    texts.insert(1, "  ".join("-" * width for width in widths if width))
    return "\n".join(texts)


def as_json(measurements: Iterable[Measurement]) -> dict[str, object]:
    """All that was measured, for a file."""
    return {
        measurement.name: {
            "held": measurement.held,
            "lines": [asdict(line) for line in measurement.lines],
            **measurement.figures,
        }
        for measurement in measurements
    }
