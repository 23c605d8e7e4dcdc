"""Read Odoo's model classes from the syntax tree of an addon, without importing it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Attributes that declare a model; every fragment may set them.
_DECLARATIONS = {
    "_abstract",
    "_auto",
    "_check_company_auto",
    "_description",
    "_inherit",
    "_inherits",
    "_log_access",
    "_name",
    "_register",
    "_sql_constraints",
    "_table",
    "_transient",
}
_BASES = {"Model", "AbstractModel", "TransientModel"}


@dataclass(frozen=True)
class Definition:
    """A method, a field or a constant of a model class."""

    name: str
    line: int
    #: A method that calls `super()` with its own name.
    extends: bool = False


@dataclass(frozen=True)
class ModelClass:
    """One class statement: a model, or a fragment of one."""

    path: Path
    line: int
    model: str
    inherits: tuple[str, ...]
    abstract: bool
    definitions: dict[str, Definition] = field(default_factory=dict)

    @property
    def defines_model(self) -> bool:
        """Return True if this class creates the model, False if it extends it."""
        return self.model not in self.inherits


def sources(addon: Path) -> list[Path]:
    """Return the Python files of an addon, sorted, without its tests."""
    return sorted(
        path for path in addon.rglob("*.py") if "tests" not in path.relative_to(addon).parts
    )


def model_classes(addon: Path) -> list[ModelClass]:
    """Return every model class of an addon in the order of the files."""
    return [found for path in sources(addon) for found in classes_of(path)]


def classes_of(path: Path) -> Iterator[ModelClass]:
    """Yield the model classes of one file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            found = _model_class(path, node)
            if found:
                yield found


def homes(classes: list[ModelClass]) -> dict[str, ModelClass]:
    """Return model -> the class that defines it.

    For a model of Odoo it is the class in the file with the model's name, else the first one.
    """
    found: dict[str, ModelClass] = {}
    for item in classes:
        if item.model not in found or _rank(item) > _rank(found[item.model]):
            found[item.model] = item
    return found


def _rank(item: ModelClass) -> tuple[bool, bool]:
    return item.defines_model, item.path.stem == item.model.replace(".", "_")


def _model_class(path: Path, node: ast.ClassDef) -> ModelClass | None:
    bases = {base.attr if isinstance(base, ast.Attribute) else "" for base in node.bases}
    if not bases & _BASES:
        return None
    values = dict(_assignments(node.body))
    name = _strings(values.get("_name"))
    inherits = _strings(values.get("_inherit"))
    if not name and len(inherits) != 1:
        return None
    return ModelClass(
        path=path,
        line=node.lineno,
        model=(name or inherits)[0],
        inherits=inherits,
        abstract="AbstractModel" in bases,
        definitions={item.name: item for item in reversed(list(_definitions(node.body)))},
    )


def _strings(value: ast.expr | None) -> tuple[str, ...]:
    if isinstance(value, ast.List | ast.Tuple):
        return tuple(text for item in value.elts for text in _strings(item))
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return (value.value,)
    return ()


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Definition(node.name, node.lineno, _calls_super(node))
        elif isinstance(node, ast.If):
            yield from _definitions(node.body + node.orelse)
        else:
            for name, _value in _assignments([node]):
                if name not in _DECLARATIONS:
                    yield Definition(name, node.lineno)


def _calls_super(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == method.name
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
        for node in ast.walk(method)
    )
