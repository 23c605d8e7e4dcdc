"""The checks of model classes: one definition per method, packages, files of a model."""

import textwrap

import pytest

from tools.checks import model_files, odoo_models, one_definition, package_imports


@pytest.fixture
def tree(tmp_path):
    """Return a function that writes files, path -> source, and returns the root."""

    def write(files):
        for name, source in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(source))
        return tmp_path

    return write


def model(body, name=None, inherit=None, base="Model"):
    """Return the source of a model class with this body."""
    lines = [f"class M(models.{base}):"]
    lines += [f"    _name = {name!r}"] if name else []
    lines += [f"    _inherit = {inherit!r}"] if inherit else []
    return "\n".join([*lines, *(f"    {line}" for line in body.split("\n"))]) + "\n"


METHOD = "def _send(self):\n    pass"
EXTENSION = "def _send(self):\n    return super()._send()"


# === ONE DEFINITION === #


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (model(METHOD, name="our.model"), model(EXTENSION, inherit="our.model"), "our.model._send"),
        (
            model(METHOD, name="our.model"),
            model(METHOD, inherit=["our.model"]),
            "our.model._send",
        ),
        (
            model(METHOD, inherit="sale.order"),
            model(METHOD, name="sale.order", inherit=["sale.order", "mail.thread"]),
            "sale.order._send",
        ),
        (
            model("state = fields.Char()", inherit="sale.order"),
            model("state = fields.Text()", inherit="sale.order"),
            "sale.order.state",
        ),
        (
            model("_limit = 1", name="our.model"),
            model("_limit: int = 2", inherit="our.model"),
            "our.model._limit",
        ),
        (
            model(METHOD, name="our.model"),
            model(METHOD, name="our.copy", inherit="our.model"),
            "our.copy._send overrides",
        ),
    ],
)
def test_a_second_definition_is_found(tree, first, second, found):
    root = tree({"addon/models/a.py": first, "addon/models/b.py": second})
    [problem] = one_definition.problems(root, ("addon",))
    assert found in problem
    assert problem.startswith("addon/models/b.py:")
    assert "addon/models/a.py:" in problem


def test_a_second_class_in_the_same_file_is_found(tree):
    both = model(METHOD, name="our.model") + model(METHOD, inherit="our.model")
    root = tree({"addon/models/a.py": both})
    assert len(list(one_definition.problems(root, ("addon",)))) == 1


def test_the_main_file_is_named_as_the_first_place(tree):
    root = tree(
        {
            "addon/models/a.py": model(METHOD, inherit="our.model"),
            "addon/models/z.py": model(METHOD, name="our.model"),
        }
    )
    [problem] = one_definition.problems(root, ("addon",))
    assert problem.startswith("addon/models/a.py:3: our.model._send")
    assert problem.endswith("addon/models/z.py:3")


def test_what_is_defined_once_per_model_passes(tree):
    root = tree(
        {
            "addon/models/a.py": model(METHOD, name="our.model"),
            "addon/models/b.py": model("def _other(self):\n    pass", inherit="our.model"),
            "addon/models/c.py": model(METHOD, name="our.second"),
            "addon/models/d.py": "class Plain:\n    def _send(self):\n        pass\n",
            "addon/models/e.py": model("_description = 'x'", inherit="our.model"),
            "addon/tests/t.py": model(METHOD, inherit="our.model"),
        }
    )
    assert list(one_definition.problems(root, ("addon",))) == []


def test_two_branches_of_one_class_are_one_definition(tree):
    branches = "if NEW:\n    def _send(self):\n        pass\nelse:\n    _send = None"
    root = tree({"addon/models/a.py": model(branches, name="our.model")})
    assert list(one_definition.problems(root, ("addon",))) == []


def test_a_model_may_override_a_mixin_of_ours(tree):
    root = tree(
        {
            "addon/models/mixin.py": model(METHOD, name="our.mixin", base="AbstractModel"),
            "addon/models/a.py": model(EXTENSION, name="our.model", inherit=["our.mixin"]),
        }
    )
    assert list(one_definition.problems(root, ("addon",))) == []
    tree({"addon/models/b.py": model(EXTENSION, inherit="our.mixin", base="AbstractModel")})
    assert len(list(one_definition.problems(root, ("addon",)))) == 1


@pytest.mark.parametrize(
    ("base", "page", "found"),
    [
        (METHOD, "`our.model._send` sends.", None),
        (METHOD, "`our.model._send()` sends.", None),
        (METHOD, "our.model._send without backticks", "is not listed"),
        (EXTENSION, "", None),  # a method of Odoo
    ],
)
def test_another_addon_extends_listed_hooks_only(tree, base, page, found):
    root = tree(
        {
            "docs/extending.md": page,
            "first/models/a.py": model(base, name="our.model"),
            "second/models/b.py": model(EXTENSION, inherit="our.model"),
        }
    )
    problems = list(one_definition.problems(root, ("first", "second")))
    assert len(problems) == bool(found)
    assert all(found in problem for problem in problems)


def test_a_listed_hook_without_code_is_found(tree):
    root = tree(
        {
            "docs/extending.md": "`our.model._gone`, `our.model._send`, `other.thing._run`",
            "addon/models/a.py": model(METHOD, name="our.model"),
        }
    )
    assert list(one_definition.problems(root, ("addon",))) == [
        "docs/extending.md:1: our.model has no _gone"
    ]


# === PACKAGES === #

LEVELS = ("low", "high", "wizards")
LOW, HIGH = "addon/models/low/a.py", "addon/models/high/b.py"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("from ..high import b", "high/b.py"),
        ("from ..high.b import X", "high/b.py"),
        ("from odoo.addons.addon.models.high.b import X", "high/b.py"),
        ("import odoo.addons.addon.models.high.b", "high/b.py"),
        ("def f():\n    from ..high.b import X", "high/b.py"),
        ("def f(self):\n    return self.env['high.model']", "high.model"),
        ("def f(env):\n    return env['high.model'].search([])", "high.model"),
        (model(METHOD, inherit="high.model"), "high.model"),
        (model(METHOD, name="low.model", inherit=["mail.thread", "high.model"]), "high.model"),
        ("def f(self):\n    return self.env['wizard.model']", "wizard.model"),
    ],
)
def test_an_import_that_points_up_is_found(tree, source, target):
    root = tree(
        {
            LOW: source,
            HIGH: model("X = 1", name="high.model"),
            "addon/wizards/w.py": model("X = 1", name="wizard.model"),
        }
    )
    [problem] = package_imports.problems(root / "addon", LEVELS, {})
    assert problem.startswith(f"{LOW}:")
    assert f"low must not use {target}" in problem
    allowed = {("low/a.py", target): "a reason"}
    assert list(package_imports.problems(root / "addon", LEVELS, allowed)) == []
    assert f'("low/a.py", "{target}")' in "".join(package_imports.table(root / "addon", LEVELS))


def test_what_points_down_passes(tree):
    root = tree(
        {
            "addon/compat.py": "",
            LOW: "from ... import compat\nfrom . import c\n"
            + model("b_id = fields.Many2one('high.model')", name="low.model"),
            "addon/models/low/c.py": "def f(self):\n    return self.env['res.users']\n",
            HIGH: "from ..low import a\nfrom ...wizards import __name__\n"
            + model("def f(self):\n    return self.env['low.model']", name="high.model"),
            "addon/models/__init__.py": "from . import low\nfrom . import high\n",
            "addon/models/low/__init__.py": "from . import a\nfrom . import c\n",
        }
    )
    assert list(package_imports.problems(root / "addon", LEVELS, {})) == []


def test_an_entry_that_is_not_needed_is_found(tree):
    root = tree({LOW: "", HIGH: ""})
    [problem] = package_imports.problems(root / "addon", LEVELS, {("low/a.py", "x"): "a reason"})
    assert "low/a.py does not use x any more" in problem


def test_a_file_without_a_package_is_found(tree):
    root = tree({"addon/models/a.py": "", "addon/models/new/b.py": "", LOW: ""})
    assert list(package_imports.problems(root / "addon", LEVELS, {})) == [
        "addon/models/a.py:1: lies in no package of models/",
        "addon/models/new/b.py:1: lies in no package of models/",
    ]


def test_imports_in_a_circle_are_found(tree):
    root = tree(
        {
            "addon/models/low/a.py": "from . import b\n",
            "addon/models/low/b.py": "from .c import X\n",
            "addon/models/low/c.py": "def f():\n    from .a import Y\n",
            "addon/models/low/d.py": "from . import a\n",
        }
    )
    [problem] = package_imports.problems(root / "addon", LEVELS, {})
    assert "in a circle: addon/models/low/a.py -> addon/models/low/b.py" in problem
    assert "d.py" not in problem
    tree({"addon/models/low/c.py": "if TYPE_CHECKING:\n    from .a import Y\n"})
    assert list(package_imports.problems(root / "addon", LEVELS, {})) == []


def test_a_model_of_odoo_belongs_to_the_file_with_its_name(tree):
    root = tree(
        {
            "addon/models/high/sale_order.py": model("a = 1", inherit="sale.order"),
            "addon/models/high/a.py": model("b = 1", inherit="sale.order"),
        }
    )
    home = odoo_models.homes(odoo_models.model_classes(root / "addon"))["sale.order"]
    assert home.path.name == "sale_order.py"
    assert not home.defines_model


# === FILES OF A MODEL === #


def test_the_main_file_lists_the_files_of_its_model(tree):
    main = '"""`our.model`: %s"""\n' + model(METHOD, name="our.model")
    part = model("x = 1", inherit="our.model")
    root = tree({LOW: main % "alone", "addon/models/low/part.py": part})
    assert list(model_files.problems(root / "addon", {})) == [
        f"{LOW}:1: does not list models/low/part.py of our.model"
    ]
    tree({LOW: main % "see `part_two`"})
    assert len(list(model_files.problems(root / "addon", {}))) == 1
    tree({LOW: main % "also in `part.py`"})
    assert list(model_files.problems(root / "addon", {})) == []


def test_a_part_in_another_folder_needs_an_entry(tree):
    root = tree(
        {
            LOW: '"""See `b`."""\n' + model(METHOD, name="our.model"),
            HIGH: model("x = 1", inherit="our.model") + model("x = 1", inherit="sale.order"),
        }
    )
    assert list(model_files.problems(root / "addon", {})) == [
        f"{HIGH}:1: a part of our.model does not lie in models/low"
    ]
    entry = {("our.model", "models/high/b.py"): "a reason"}
    assert list(model_files.problems(root / "addon", entry)) == []
    tree({HIGH: ""})
    [problem] = model_files.problems(root / "addon", entry)
    assert "has no part of our.model any more" in problem


def test_parts_of_a_model_of_odoo_may_lie_anywhere(tree):
    part = model("x = 1", inherit="sale.order")
    root = tree({LOW: part, HIGH: part.replace("x", "y")})
    assert list(model_files.problems(root / "addon", {})) == []
