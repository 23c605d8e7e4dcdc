"""`make lint`: every check on the source, each with what it found; none of them needs Odoo."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tools.dev.paths import ADDON, ROOT, TOOLS_VENV
from tools.dev.progress import say

_CLIENT = f"{ADDON}/cartona_api"


@dataclass(frozen=True)
class Check:
    """One command; a check that does not block only gives advice."""

    name: str
    command: tuple[str, ...]
    blocks: bool = True


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(TOOLS_VENV / "bin" / name), *arguments)


def _own(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"tools.checks.{name}", *arguments)


CHECKS = (
    Check("ruff", _tool("ruff", "check", "--output-format=concise", ".")),
    Check(
        "ruff: complexity of the client",
        _tool("ruff", "check", "--config=lint.mccabe.max-complexity=10", "--select=C90", _CLIENT),
    ),
    Check("ruff format", _tool("ruff", "format", "--check", "--output-format=concise", ".")),
    Check(
        "pylint-odoo",
        _tool("pylint", "--rcfile=.pylintrc-mandatory", f"--ignore-paths={_CLIENT}/.*", ADDON),
    ),
    Check(
        "pylint: client",
        # Both apply to methods `read` and `create` of Odoo's models only.
        _tool(
            "pylint",
            "--rcfile=.pylintrc-mandatory",
            "--disable=method-required-super,missing-return",
            _CLIENT,
        ),
    ),
    Check("pylint-odoo, advice", _tool("pylint", "--rcfile=.pylintrc", ADDON), blocks=False),
    Check("layout of XML", _own("xml_layout")),
    Check("changelog matches manifest", _own("changelog_matches_manifest")),
    Check("no stray import", _own("no_stray_odoo_import")),
    # What `[tool.mypy]` names: the two packages that integrators import.
    Check("types", _tool("mypy")),
    Check("length of files", _own("file_length")),
    Check("translations complete", _own("translations_complete")),
    Check("errors in the user guides", _own("error_pages")),
    Check("what documents name", _own("documents")),
    Check("one definition per method", _own("one_definition")),
    Check("direction of imports", _own("package_imports")),
    Check("files of each model", _own("model_files")),
    Check("vocabulary", _own("vocabulary")),
)


def main(options: argparse.Namespace) -> int:
    """Run all checks, or repair what can be repaired.

    :return: the exit code: 1 when one that blocks found something
    """
    if options.fix:
        _call(_tool("ruff", "check", "--fix", "."))
        _call(_tool("ruff", "format", "."))
        _call(_own("xml_layout", "--fix"))
        _call(_own("error_pages", "--fix"))
    failed = [check.name for check in CHECKS if not _passes(check)]
    say(f"lint: {len(failed)} of {len(CHECKS)} failed {failed}" if failed else "lint: all clean")
    return 1 if failed else 0


def _passes(check: Check) -> bool:
    started = time.monotonic()
    done = subprocess.run(check.command, cwd=ROOT, capture_output=True, text=True)
    clean = done.returncode == 0
    word = "ok" if clean else "failed" if check.blocks else "advice"
    say(f"{check.name:34}{word:8}{time.monotonic() - started:5.1f} s")
    if not clean:
        print((done.stdout + done.stderr).rstrip(), flush=True)
    return clean or not check.blocks


def _call(command: Sequence[str]) -> None:
    subprocess.run(command, cwd=ROOT)
