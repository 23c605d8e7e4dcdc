"""From a bare Python to the command line: create the tools' environment, then run in it.

Standard library only.
"""

import os
import sys
from pathlib import Path

from tools.dev import processes, progress, store, venvs
from tools.dev.paths import DEV, REQUIREMENTS, ROOT, TOOLS_VENV

#: The sandbox runs in this environment too.
LISTS = (REQUIREMENTS / "requirements-tools.txt", ROOT / "sandbox" / "requirements.txt")


def main(arguments: list[str]) -> None:
    """Replace this process by the command line, in the tools' environment."""
    DEV.mkdir(parents=True, exist_ok=True)
    processes.end_on_signals()
    try:
        _prepare_tools()
    except (store.SetupError, processes.CommandError) as error:
        sys.exit(f"dev: {error}")
    except KeyboardInterrupt:
        sys.exit("dev: interrupted, the next run continues from here")
    python = str(TOOLS_VENV / "bin" / "python")
    environment = {**venvs.clean_environment(), "PYTHONPATH": str(ROOT)}
    os.execve(python, [python, "-m", "tools.dev.cli", *arguments], environment)


def _prepare_tools() -> None:
    lists = [path for path in LISTS if path.exists()]
    key = venvs.venv_key(sys.executable, lists)
    store.ensure(lambda: store.is_made(TOOLS_VENV, key), lambda: _make_tools(lists))


def _make_tools(lists: list[Path]) -> None:
    with progress.step("tools", "test and lint tools", lambda: venvs.progress(TOOLS_VENV, lists)):
        venvs.make(TOOLS_VENV, sys.executable, lists)
