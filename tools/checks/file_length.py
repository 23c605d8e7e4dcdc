"""Check that no file is too long to read in one go."""

from collections.abc import Iterator
from pathlib import Path

from tools.checks.report import ROOT, finish

LIMIT = 500
_FOLDERS = ("cartona_integration", "sandbox", "tests", "tools")
_KINDS = {".py", ".js", ".css", ".xml", ".sh"}


def problems(root: Path = ROOT) -> Iterator[str]:
    """Yield each file that is too long."""
    for path in sorted(path for folder in _FOLDERS for path in (root / folder).rglob("*")):
        if path.suffix in _KINDS:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LIMIT:
                yield f"{path.relative_to(root)}:{LIMIT + 1}: {lines} lines are more than {LIMIT}"


if __name__ == "__main__":
    finish(problems())
