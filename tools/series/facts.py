"""Facts about fields from the addon's Python, for rules where the markup alone is ambiguous."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Odoo's fields that expressions may use bare, as `not active`, and their types.
ODOO_FIELDS = {
    "active": "Boolean",
    "company_id": "Many2one",
    "country_id": "Many2one",
    "is_company": "Boolean",
    "parent_id": "Many2one",
    "partner_id": "Many2one",
    "product_id": "Many2one",
    "purchase_ok": "Boolean",
    "sale_id": "Many2one",
    "sale_ok": "Boolean",
    "sale_order_id": "Many2one",
    "user_id": "Many2one",
}


@dataclass(frozen=True)
class Kind:
    """The kind of a field.

    :ivar type: the class in `odoo.fields`
    :ivar computed: True if Python fills it, so that an empty text may be `""`
    """

    type: str
    computed: bool = False


@dataclass
class Facts:
    """Facts about the models that the addon creates or extends.

    :ivar fields: field name -> its kinds, in all models with a field of that name
    :ivar parents: model -> the models that it inherits from, by name
    """

    fields: dict[str, set[Kind]] = field(
        default_factory=lambda: defaultdict(
            set, {name: {Kind(type_)} for name, type_ in ODOO_FIELDS.items()}
        )
    )
    parents: dict[str, set[str]] = field(default_factory=dict)

    def types(self, name: str) -> set[str]:
        """Return the types of the fields with this name; empty for an unknown name."""
        return {kind.type for kind in self.fields.get(name, ())}


def read(addon: Path) -> Facts:
    """Return the facts of an addon, from its models and wizards."""
    facts = Facts()
    for path in sorted(addon.rglob("*.py")):
        if "tests" not in path.relative_to(addon).parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    _read_class(node, facts)
    return facts


def _read_class(node: ast.ClassDef, facts: Facts) -> None:
    inherits: list[str] = []
    names: list[str] = []
    for name, value in _assignments(node):
        if name in ("_name", "_inherit"):
            (names if name == "_name" else inherits).extend(_strings(value))
        elif kind := _kind(value):
            facts.fields[name].add(kind)
    for model in names or inherits:
        facts.parents.setdefault(model, set()).update(inherits)


def _assignments(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield statement.targets[0].id, statement.value


def _strings(value: ast.expr) -> list[str]:
    nodes = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
    return [node.value for node in nodes if isinstance(node, ast.Constant)]


def _kind(value: ast.expr) -> Kind | None:
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
        return None
    if not (isinstance(value.func.value, ast.Name) and value.func.value.id == "fields"):
        return None
    given = {keyword.arg for keyword in value.keywords}
    return Kind(value.func.attr, bool(given & {"compute", "related"}))
