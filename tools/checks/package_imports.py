"""Imports between the packages of the addon point one way: from higher to lower.

`PACKAGES` is their order. What counts as an import is a statement, a model that is fetched
(`env["model"]`) and a model that is extended (`_inherit`); the related models of fields do not
count. A model belongs to the package with its `_name`, a model of Odoo to the package of the file
that has its name. An import that points up needs an entry in `ALLOWED`, and an entry must still be
needed: the table only becomes shorter. Import statements in a circle are never allowed.

`--list` prints every import that points up, in the form of the table.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.checks.odoo_models import ModelClass, homes, model_classes, sources
from tools.checks.report import ADDON, ROOT, finish, options

#: From low to high. The first ones are folders of `models/`, the last ones of the addon.
PACKAGES = (
    "core",
    "queue",
    "config",
    "monitoring",
    "catalogue",
    "orders",
    "inbox",
    "triggers",
    "wizards",
    "controllers",
)
#: Folders of the addon that are packages themselves.
_ABOVE = ("wizards", "controllers")

#: ("package/file.py", model or "package/module.py") -> why it may point up.
ALLOWED: dict[tuple[str, str], str] = {
    ("catalogue/drift.py", "sale.order"): "the list of differences has orders, too",
    ("catalogue/match.py", "cartona.matching.desk"): "the button opens the screen",
    ("catalogue/payload.py", "sale.order.line"): "quotations reserve stock",
    ("catalogue/payload.py", "cartona.message"): "waiting orders reserve stock",
    ("catalogue/product_product.py", "cartona.message"): "orders wait for a product",
    ("config/accounting_settings.py", "sale.order"): "a new account or time limit for open orders",
    ("config/catalogue.py", "cartona.listing"): "the button sends or matches listings",
    ("config/catalogue.py", "cartona.matching.desk"): "the button opens the screen",
    ("config/config.py", "cartona.order.push"): "switched on: what changed meanwhile is sent",
    ("config/connection.py", "cartona.sync.log"): "the test of the connection is logged",
    ("config/connection.py", "cartona.delivery.proof"): "the nightly sweep",
    ("config/routing.py", "cartona.message"): "messages move to the company they are for",
    ("inbox/importer_create.py", "product.pricelist"): "Odoo's own model, only read",
    ("inbox/resolve.py", "cartona.matching.desk"): "the button opens the screen",
    ("monitoring/activities.py", "sale.order"): "late orders are counted",
    ("monitoring/dashboard.py", "sale.order"): "orders are counted",
    ("monitoring/dashboard.py", "cartona.listing"): "listings are counted",
    ("orders/edits.py", "cartona.order.importer"): "a button applies Cartona's lines",
    ("orders/otp.py", "cartona.delivery.otp"): "the validation opens the dialog",
    ("queue/outbox.py", "res.company"): "Odoo's own model, only read",
    ("queue/outbox.py", "cartona.kit"): "the stock of a kit changes with its parts",
    ("queue/worker.py", "cartona.sync.log"): "calls are logged where they are made",
    ("queue/worker.py", "cartona.config"): "a stream belongs to a configuration",
}


@dataclass(frozen=True)
class Edge:
    """One import: from a file to a model, or to a file or folder."""

    source: Path
    line: int
    #: The name of a model, or a path below the packages.
    target: str
    #: The package of the target.
    package: str


def problems(
    addon: Path = ROOT / ADDON.name,
    packages: tuple[str, ...] = PACKAGES,
    allowed: dict[tuple[str, str], str] | None = None,
) -> Iterator[str]:
    """Yield files without a package, imports that point up, old entries, and circles."""
    allowed = ALLOWED if allowed is None else allowed
    for path in sources(addon):
        parts = path.relative_to(addon).parts
        if parts[0] == "models" and _package(path, addon) not in packages:
            if path.name != "__init__.py" or len(parts) > 2:
                yield f"{_place(path, addon)}:1: lies in no package of models/"
    needed = set()
    for edge in upward(addon, packages):
        key = (_short(edge.source, addon), edge.target)
        needed.add(key)
        if key not in allowed:
            yield (
                f"{_place(edge.source, addon)}:{edge.line}: {_package(edge.source, addon)} must "
                f"not use {edge.target} of {edge.package}"
            )
    for source, target in sorted(set(allowed) - needed):
        yield f"ALLOWED: {source} does not use {target} any more; remove the entry"
    for circle in circles(addon):
        yield f"{circle[0]}:1: imports in a circle: {' -> '.join(circle)}"


def upward(addon: Path, packages: tuple[str, ...] = PACKAGES) -> list[Edge]:
    """Return the imports from a lower to a higher package, by file and line."""
    level = {package: number for number, package in enumerate(packages)}
    classes = model_classes(addon)
    home = {model: _package(item.path, addon) for model, item in homes(classes).items()}
    found = []
    for path in sources(addon):
        package = _package(path, addon)
        for edge in [*_model_edges(path, classes, home), *_import_edges(path, addon)]:
            if package in level and level.get(edge.package, -1) > level[package]:
                found.append(edge)
    return sorted(found, key=lambda edge: (edge.source, edge.line, edge.target))


def circles(addon: Path) -> Iterator[list[str]]:
    """Yield each group of files whose import statements lead back to the first one."""
    graph = {
        path: sorted({target for _line, target in _imported(path, addon)} - {path})
        for path in sources(addon)
    }
    for group in _components(graph):
        if len(group) > 1:
            yield [_place(path, addon) for path in _walk(graph, group)]


def _model_edges(path: Path, classes: list[ModelClass], home: dict[str, str]) -> Iterator[Edge]:
    used = [
        (item.line, parent) for item in classes if item.path == path for parent in item.inherits
    ]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and _is_env(node.value):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                used.append((node.lineno, node.slice.value))
    for line, model in used:
        if model in home:
            yield Edge(path, line, model, home[model])


def _is_env(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name == "env"


def _import_edges(path: Path, addon: Path) -> Iterator[Edge]:
    for line, target in _imported(path, addon):
        yield Edge(path, line, _short(target, addon), _package(target, addon))


def _imported(path: Path, addon: Path) -> Iterator[tuple[int, Path]]:
    """Yield the files of the addon that import statements of one file name.

    Imports for type checkers alone do not count.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    prefix = ["odoo", "addons", addon.name]
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            wanted = [addon.joinpath(*name[3:]) for name in names if name[:3] == prefix]
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            if node.level:
                base = path.parents[node.level - 1].joinpath(*parts)
            elif parts[:3] == prefix:
                base = addon.joinpath(*parts[3:])
            else:
                continue
            wanted = [base / alias.name for alias in node.names]
        else:
            continue
        for place in wanted:
            module = _module(place) or _module(place.parent)
            if module and addon in module.parents:
                yield node.lineno, module


def _module(place: Path) -> Path | None:
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.exists():
            return path
    return None


def _package(path: Path, addon: Path) -> str:
    first, *rest = path.relative_to(addon).parts
    if first in _ABOVE:
        return first
    return rest[0] if first == "models" and len(rest) > 1 else ""


def _short(path: Path, addon: Path) -> str:
    name = path.relative_to(addon).as_posix()
    return name.removeprefix("models/").removesuffix("/__init__.py")


def _place(path: Path, addon: Path) -> str:
    return path.relative_to(addon.parent).as_posix()


def _components(graph: dict[Path, list[Path]]) -> Iterator[set[Path]]:
    """Yield the files that reach each other, group by group."""
    reached = {path: _reached(graph, path) for path in graph}
    done: set[Path] = set()
    for path in graph:
        if path not in done:
            group = {other for other in reached[path] if path in reached[other]} | {path}
            done |= group
            yield group


def _reached(graph: dict[Path, list[Path]], start: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        for path in graph.get(waiting.pop(), ()):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return found


def _walk(graph: dict[Path, list[Path]], group: set[Path]) -> list[Path]:
    """Return one circle in a group, with its first file at both ends."""
    path = [min(group)]
    while path.count(path[-1]) == 1:
        path.append(next(step for step in graph[path[-1]] if step in group))
    return path[path.index(path[-1]) :]


def table(addon: Path, packages: tuple[str, ...] = PACKAGES) -> Iterator[str]:
    """Yield the imports that point up as entries of `ALLOWED`, grouped by file."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for edge in upward(addon, packages):
        key = (_short(edge.source, addon), edge.target, edge.package)
        lines.setdefault(key, []).append(str(edge.line))
    before = ""
    for (source, target, package), places in lines.items():
        if source != before:
            yield f"    # {source}"
            before = source
        yield f'    ("{source}", "{target}"): "",  # {package}; line {", ".join(places)}'
    yield f"    # {len(lines)} entries"


if __name__ == "__main__":
    _options = options(__doc__).parse_args()
    _addon = _options.root.resolve() / ADDON.name
    if _options.list:
        print("\n".join(table(_addon)))
    else:
        finish(problems(_addon))
