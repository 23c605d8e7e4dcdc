"""Write `docs/inputs.md` from the addon's list of inputs: `python -m tools.dev.inputs_page`."""

import importlib.util
from pathlib import Path
from types import ModuleType

from tools.dev.paths import ROOT

PAGE = ROOT / "docs" / "inputs.md"
_LIST = ROOT / "cartona_integration" / "models" / "core" / "inputs.py"
_HEAD = """# Inputs of prices and stock

Generated from `cartona_integration/models/core/inputs.py` by `python -m tools.dev.inputs_page`.
`test_every_read_is_listed` compares it with what Odoo reads while prices and stock are computed.

| model | fields | noticed by |
|---|---|---|
"""


def load(path: Path = _LIST) -> ModuleType:
    """Return the list's module, without importing Odoo."""
    spec = importlib.util.spec_from_file_location("inputs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(module: ModuleType) -> list[str]:
    """Return the lines of the table."""
    lines = []
    for model, entries in sorted(module.INPUTS.items()):
        for entry in entries:
            lists = [part for part in entry if isinstance(part, tuple)]
            names = ", ".join(sorted({name for part in lists for name in part}))
            by = {
                "Hook": lambda entry: f"`{entry.place}`",
                "Watch": lambda entry: "the ORM's `modified`",
                "Clock": lambda entry: f"the clock, `{entry.method}`",
                "Irrelevant": lambda entry: f"not needed: {entry.reason}",
            }[type(entry).__name__](entry)
            lines.append(f"| {model} | {names} | {by} |")
    return lines


def page() -> str:
    """Return the text of the page."""
    return _HEAD + "\n".join(rows(load())) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
