"""The measurement of a row of the budget table, and the table of all rows."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field


@dataclass
class Line:
    """One line of the table.

    :ivar work: measured work
    :ivar budget: text; empty if the line only informs
    :ivar measured: text
    :ivar ok: True if the budget is met; None if there is none
    """

    work: str
    budget: str
    measured: str
    ok: bool | None = None


@dataclass
class Measurement:
    """The result of one row.

    :ivar name: name of the row on the command line
    :ivar lines: lines of the table
    :ivar figures: all figures, for the JSON report
    """

    name: str
    lines: list[Line]
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return True if no line exceeds its budget."""
        return all(line.ok is not False for line in self.lines)


_TITLES = ("work", "budget", "measured", "")
_VERDICTS = {True: "ok", False: "EXCEEDED", None: ""}


def table(measurements: Iterable[Measurement]) -> str:
    """Return all lines as a table."""
    rows: list[Sequence[str]] = [_TITLES]
    for measurement in measurements:
        for line in measurement.lines:
            rows.append((line.work, line.budget, line.measured, _VERDICTS[line.ok]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    texts = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    texts.insert(1, "  ".join("-" * width for width in widths if width))
    return "\n".join(texts)


def as_json(measurements: Iterable[Measurement]) -> dict[str, object]:
    """Return all results for a JSON file."""
    return {
        measurement.name: {
            "ok": measurement.ok,
            "lines": [asdict(line) for line in measurement.lines],
            **measurement.figures,
        }
        for measurement in measurements
    }
