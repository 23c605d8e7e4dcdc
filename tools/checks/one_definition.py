"""A method, a field or a constant of a model is defined once in an addon.

Two files that define the same method hide one behind the other with `super()`: a reader of the
first does not learn of the second, and the order of imports decides. Allowed are

* a model that overrides a method of an abstract model of ours which it inherits;
* another addon of ours that extends a hook listed in `docs/extending.md`, or a method of Odoo.

Read from the syntax tree; the code is not imported.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.checks.odoo_models import Definition, ModelClass, homes, model_classes
from tools.checks.report import ROOT, finish, options

#: The addons, each after the ones it depends on.
ADDONS = ("cartona_integration",)
HOOKS = "docs/extending.md"
_HOOK = re.compile(r"`((?:[a-z_]+\.)+)([a-z_]\w*)(?:\(\))?`")

#: (model, name) -> every class that defines the name, with the definition.
_Table = dict[tuple[str, str], list[tuple[ModelClass, Definition]]]


def problems(root: Path = ROOT, addons: tuple[str, ...] = ADDONS) -> Iterator[str]:
    """Yield second definitions, extensions of unlisted methods, and listed hooks without code."""
    hooks = _hooks(root)
    lower: _Table = {}
    models: set[str] = set()
    for addon in addons:
        classes = model_classes(root / addon)
        table = _table(classes)
        yield from _defined_again(table, root)
        yield from _concrete_overrides(classes, table, root)
        yield from _unlisted_extensions(table, lower, hooks, root)
        for key, found in table.items():
            lower.setdefault(key, []).extend(found)
        models.update(item.model for item in classes)
    for model, name in sorted(hooks):
        if model in models and (model, name) not in lower:
            yield f"{HOOKS}:1: {model} has no {name}"


def _table(classes: list[ModelClass]) -> _Table:
    home = set(map(id, homes(classes).values()))
    table: _Table = {}
    for item in sorted(classes, key=lambda item: id(item) not in home):
        for name, definition in item.definitions.items():
            table.setdefault((item.model, name), []).append((item, definition))
    return table


def _defined_again(table: _Table, root: Path) -> Iterator[str]:
    for (model, name), (first, *others) in table.items():
        for other in others:
            yield f"{_place(other, root)}: {model}.{name} is also defined in {_place(first, root)}"


def _concrete_overrides(classes: list[ModelClass], table: _Table, root: Path) -> Iterator[str]:
    """Yield overrides of a model of ours that is copied under another name but is not abstract."""
    ours = {item.model for item in classes if item.defines_model and not item.abstract}
    for item in classes:
        for parent in set(item.inherits) & ours - {item.model}:
            for name, definition in item.definitions.items():
                for base in table.get((parent, name), ())[:1]:
                    place = _place((item, definition), root)
                    yield f"{place}: {item.model}.{name} overrides the one of {_place(base, root)}"


def _unlisted_extensions(
    table: _Table, lower: _Table, hooks: set[tuple[str, str]], root: Path
) -> Iterator[str]:
    for (model, name), found in table.items():
        base = lower.get((model, name), ())[:1]
        # A definition that calls `super()` is itself an extension of Odoo's method.
        if base and not base[0][1].extends and (model, name) not in hooks:
            yield (
                f"{_place(found[0], root)}: {model}.{name} of {_place(base[0], root)} is not "
                f"listed in {HOOKS}"
            )


def _hooks(root: Path) -> set[tuple[str, str]]:
    page = root / HOOKS
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return {(model.rstrip("."), name) for model, name in _HOOK.findall(text)}


def _place(found: tuple[ModelClass, Definition], root: Path) -> str:
    return f"{found[0].path.relative_to(root)}:{found[1].line}"


if __name__ == "__main__":
    _options = options(__doc__).parse_args()
    _found = list(problems(_options.root))
    if _options.list:
        print("\n".join(_found), f"{len(_found)} second definitions", sep="\n")
    else:
        finish(_found)
