"""Two packages are independent: the client does not import Odoo, the sandbox not the addon.

`cartona_integration/cartona_api` imports the standard library, `requests` (with its `urllib3`)
and itself; `sandbox` anything but the addon and Odoo, so that the two can disagree.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.checks.report import ADDON, ROOT, finish

CLIENT = ADDON / "cartona_api"
CLIENT_MAY = {*sys.stdlib_module_names, "requests", "urllib3", "__future__"}
SANDBOX = ROOT / "sandbox"
SANDBOX_MAY_NOT = {"odoo", "cartona_integration", "cartona_api", "tools", "tests"}


def imports(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Yield line and top-level name of each import; `..` for one from above the package."""
    depth = len(path.relative_to(package).parts)
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level > depth:
            yield node.lineno, ".."
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module.partition(".")[0]


def problems(client: Path = CLIENT, sandbox: Path = SANDBOX) -> Iterator[str]:
    """Yield the imports of packages that are not allowed."""
    for path in sorted(client.rglob("*.py")):
        for line, name in imports(path, client):
            if name not in CLIENT_MAY:
                yield f"{path}:{line}: imports {name}, which the client must not use"
    for path in sorted(sandbox.rglob("*.py")):
        for line, name in imports(path, sandbox):
            if name in SANDBOX_MAY_NOT or name == "..":
                yield f"{path}:{line}: imports {name}; the sandbox must not use it"


if __name__ == "__main__":
    finish(problems())
