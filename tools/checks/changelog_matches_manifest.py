"""Check that the top version of CHANGELOG.md is the manifest's: each release has its entry."""

import ast
import re
from collections.abc import Iterator

from tools.checks.report import ADDON, ROOT, finish

_HEADING = re.compile(r"^## \[?v?(\d+(?:\.\d+)+)\]?", re.MULTILINE)


def problems(changelog: str, manifest: str) -> Iterator[str]:
    """Yield the differences between the versions in the two files."""
    version = ast.literal_eval(manifest).get("version", "")
    top = _HEADING.search(changelog)
    if not top:
        yield "CHANGELOG.md: no heading like `## 19.0.1.0.0`"
    elif top[1] != version:
        yield f"CHANGELOG.md: the top version is {top[1]}, the manifest's is {version}"


if __name__ == "__main__":
    log = ROOT / "CHANGELOG.md"
    finish(
        problems(
            log.read_text() if log.exists() else "",
            (ADDON / "__manifest__.py").read_text(),
        )
    )
