"""Python expressions of views (17.0 and later) as the domains of 16.0 and earlier.

The client of those series compares strictly: in it `0`, `[]` and `""` are not `False`. So a bare
field is accepted only if its type is known to be `False` when empty.
"""

import ast

from tools.series.facts import Facts

_COMPARISONS = {
    ast.Eq: "=",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_OPPOSITES = {"=": "!=", "<": ">=", ">": "<=", "in": "not in"}
_OPPOSITES.update({value: key for key, value in _OPPOSITES.items()})

#: Empty is `False` for these, and also for a text, unless Python filled it with `""`.
_FALSE_WHEN_EMPTY = {"Boolean", "Date", "Datetime", "Many2one", "Reference", "Selection"}
_TEXTS = {"Char", "Html", "Text"}


class NotADomain(ValueError):
    """The expression cannot be written as a domain."""


def constant(expression: str) -> bool | None:
    """Return the expression's constant value, or None when it depends on something."""
    return {"1": True, "True": True, "0": False, "False": False}.get(expression.strip())


def domain(expression: str, facts: Facts) -> str:
    """Return the domain that is true where the expression is, as in `attrs`.

    :raise NotADomain: when there is none, or none that every client reads the same
    """
    try:
        tree = ast.parse(" ".join(expression.split()), mode="eval").body
    except SyntaxError as error:
        raise NotADomain(f"`{expression}` is not Python") from error
    return "[" + ", ".join(map(_text, _terms(tree, True, facts))) + "]"


def names(expression: str) -> set[str]:
    """Return the fields of the record itself that an expression reads."""
    tree = ast.parse(" ".join(expression.split()), mode="eval")
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found - {"parent", "context", "uid", "True", "False", "None"}


def _text(term) -> str:
    return term if isinstance(term, str) and term in ("'|'", "'&'") else repr(term)


def _terms(node: ast.expr, wanted: bool, facts: Facts, nested: bool = False) -> list:
    """Return the terms, in prefix notation, of a node or of its negation."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _terms(node.operand, not wanted, facts, nested)
    if isinstance(node, ast.BoolOp):
        return _joined(node, wanted, facts, nested)
    if isinstance(node, ast.Compare):
        return [_comparison(node, wanted)]
    if isinstance(node, (ast.Name, ast.Attribute)):
        return [_bare(node, wanted, facts)]
    raise NotADomain(f"`{ast.unparse(node)}` has no counterpart in a domain")


def _joined(node: ast.BoolOp, wanted: bool, facts: Facts, nested: bool) -> list:
    is_and = isinstance(node.op, ast.And) == wanted
    parts = [_terms(value, wanted, facts, nested=True) for value in node.values]
    if is_and and not nested:
        # The terms of a domain are joined by `and` anyway.
        parts = [_terms(value, wanted, facts) for value in node.values]
        return [term for part in parts for term in part]
    operators = ["'&'" if is_and else "'|'"] * (len(parts) - 1)
    return [*operators, *(term for part in parts for term in part)]


def _comparison(node: ast.Compare, wanted: bool) -> tuple:
    if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        raise NotADomain(f"`{ast.unparse(node)}` is not one plain comparison")
    operator = _COMPARISONS[type(node.ops[0])]
    try:
        value = ast.literal_eval(node.comparators[0])
    except ValueError as error:
        raise NotADomain(f"`{ast.unparse(node)}` does not compare with a constant") from error
    if isinstance(value, (tuple, set)):
        value = list(value)
    return (_name(node.left), operator if wanted else _OPPOSITES[operator], value)


def _bare(node: ast.expr, wanted: bool, facts: Facts) -> tuple:
    """Return the term of a field without comparison, as in `not name`."""
    name = _name(node)
    field = name.removeprefix("parent.")
    kinds = facts.fields.get(field)
    if not kinds:
        raise NotADomain(f"the type of `{field}` is unknown: compare it, or add it to facts.py")
    types = {kind.type for kind in kinds}
    if not types <= _FALSE_WHEN_EMPTY | _TEXTS:
        raise NotADomain(f"`{field}` is a {'/'.join(sorted(types))}: write e.g. `{field} == 0`")
    if any(kind.computed and kind.type in _TEXTS for kind in kinds):
        return (name, "not in" if wanted else "in", [False, ""])
    return (name, "!=" if wanted else "=", False)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "parent":
            return f"parent.{node.attr}"
    raise NotADomain(f"`{ast.unparse(node)}` is not a field")
