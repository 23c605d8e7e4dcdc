"""A model of ours lies in one folder, and its main file lists the others.

The main file is the one with the `_name`. Where a model has several files, they lie in the same
folder of `models/`, and the module docstring of the main file names each of them. A fragment
elsewhere needs an entry in `ALLOWED`; an entry that is not needed any more must go.

`--list` prints the files of every model that has several.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.checks.odoo_models import homes, model_classes
from tools.checks.report import ADDON, ROOT, finish, options

#: (model, file from the addon's folder) -> why this fragment lies elsewhere.
ALLOWED: dict[tuple[str, str], str] = {
    ("cartona.config", "models/catalogue/payload.py"): "prices and quantities of listings",
    ("cartona.config", "models/monitoring/activities.py"): "figures of the dashboard",
    ("cartona.config", "models/monitoring/alarms.py"): "figures of the dashboard",
    ("cartona.config", "models/monitoring/dashboard.py"): "figures of the dashboard",
    ("cartona.config", "models/triggers/dated_prices.py"): "the clock of dated prices",
    ("cartona.config", "wizards/cartona_go_live.py"): "the button that opens the wizard",
    ("cartona.config", "wizards/cartona_support_bundle.py"): "the button that opens the wizard",
}


def problems(
    addon: Path = ROOT / ADDON.name, allowed: dict[tuple[str, str], str] | None = None
) -> Iterator[str]:
    """Yield fragments in other folders, files that no docstring lists, and old entries."""
    allowed = ALLOWED if allowed is None else allowed
    elsewhere = set()
    for model, (main, *others) in files(addon).items():
        named = _module_docstring(main)
        for path in others:
            name, place = path.relative_to(addon).as_posix(), path.relative_to(addon.parent)
            if path.parent != main.parent:
                elsewhere.add((model, name))
                if (model, name) not in allowed:
                    folder = main.parent.relative_to(addon)
                    yield f"{place}:1: a part of {model} does not lie in {folder}"
            if not re.search(rf"(?<!\w){re.escape(path.stem)}(?!\w)", named):
                yield f"{main.relative_to(addon.parent)}:1: does not list {name} of {model}"
    for model, name in sorted(set(allowed) - elsewhere):
        yield f"ALLOWED: {name} has no part of {model} any more; remove the entry"


def files(addon: Path) -> dict[str, list[Path]]:
    """Return the models of ours that have several files: model -> the main one, the others."""
    classes = model_classes(addon)
    found = {}
    for model, main in sorted(homes(classes).items()):
        paths = {item.path for item in classes if item.model == model} - {main.path}
        if main.defines_model and paths:
            found[model] = [main.path, *sorted(paths)]
    return found


def _module_docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def table(addon: Path) -> Iterator[str]:
    """Yield the models with several files, each with its files; `!` for another folder."""
    for model, (main, *others) in files(addon).items():
        yield f"{model}: {main.relative_to(addon)}"
        for path in others:
            mark = " " if path.parent == main.parent else "!"
            yield f"  {mark} {path.relative_to(addon)}"


if __name__ == "__main__":
    _options = options(__doc__).parse_args()
    _addon = _options.root.resolve() / ADDON.name
    if _options.list:
        print("\n".join(table(_addon)))
    else:
        finish(problems(_addon))
