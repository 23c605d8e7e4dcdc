"""A condition and its domain have the same result for every record."""

import itertools

import pytest

from tools.series import expression

CONDITIONS = [
    ("state == 'new'", "[('state', '=', 'new')]"),
    ("not state != 'new'", "[('state', '=', 'new')]"),
    ("active", "[('active', '!=', False)]"),
    ("not active", "[('active', '=', False)]"),
    ("state in ('a', 'b')", "[('state', 'in', ['a', 'b'])]"),
    ("not (count >= 2)", "[('count', '<', 2)]"),
    ("active and count == 0", "[('active', '!=', False), ('count', '=', 0)]"),
    ("active or count == 0", "['|', ('active', '!=', False), ('count', '=', 0)]"),
    (
        "not (active and state == 'new')",
        "['|', ('active', '=', False), ('state', '!=', 'new')]",
    ),
    (
        "active and (state == 'a' or state == 'b' or count < 1)",
        "[('active', '!=', False), '|', '|', ('state', '=', 'a'), ('state', '=', 'b'),"
        " ('count', '<', 1)]",
    ),
    (
        "active or (count > 0 and state == 'b')",
        "['|', ('active', '!=', False), '&', ('count', '>', 0), ('state', '=', 'b')]",
    ),
    (
        "not (active or not (count > 0 or state == 'b'))",
        "[('active', '=', False), '|', ('count', '>', 0), ('state', '=', 'b')]",
    ),
    ("not label", "[('label', 'in', [False, ''])]"),
    ("parent.active", "[('parent.active', '!=', False)]"),
]


@pytest.mark.parametrize(("condition", "domain"), CONDITIONS, ids=[c for c, _d in CONDITIONS])
def test_a_condition_becomes_a_domain(known, condition, domain):
    assert expression.domain(condition, known) == domain


@pytest.mark.parametrize("condition", [c for c, _d in CONDITIONS if "parent" not in c])
def test_domain_is_true_where_the_condition_is(known, condition):
    domain = eval(expression.domain(condition, known))
    values = {
        "active": (True, False),
        "state": ("new", "a", "b", False),
        "count": (0, 1, 2),
        "label": ("x", "", False),
    }
    for row in itertools.product(*values.values()):
        record = dict(zip(values, row, strict=True))
        assert _is_true(domain, record) == bool(eval(condition, {}, record)), record


def _is_true(domain, record):
    """Evaluate a domain as a client of 16.0 does: strictly, terms joined by `and`."""

    def take():
        term = rest.pop(0)
        if term in ("|", "&"):
            left, right = take(), take()
            return (left or right) if term == "|" else (left and right)
        name, operator, value = term
        have = record[name]
        same = type(have) is type(value) and have == value
        contained = isinstance(value, list) and any(
            type(have) is type(one) and have == one for one in value
        )
        return {
            "=": lambda: same,
            "!=": lambda: not same,
            "in": lambda: contained,
            "not in": lambda: not contained,
            "<": lambda: have < value,
            ">": lambda: have > value,
            "<=": lambda: have <= value,
            ">=": lambda: have >= value,
        }[operator]()

    rest, results = list(domain), []
    while rest:
        results.append(take())
    return all(results)


@pytest.mark.parametrize(
    ("text", "always"), [("1", True), ("True", True), ("0", False), ("False", False), ("x", None)]
)
def test_constants_are_recognised(text, always):
    assert expression.constant(text) is always


def test_fields_of_a_condition_are_found():
    assert expression.names("a == 'x' and (not b or parent.c) and uid") == {"a", "b"}
