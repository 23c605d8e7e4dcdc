"""The checks of documents find what is not there, and pass what is."""

import pytest

from tools.checks import documents, error_pages

SOUND = """\
# A page

See [below](#below-it), [the other](other.md#its-heading), ![picture](picture.png),
`docs/`, `pack/models/x.py`, `update-order/of-cartona`, `dist/19.0/`.

Run `make lint` or `./dev test unit`, and make the best of it.

```
make run      # a remark
./dev exec python -m tools.dev.translations
```

`test_it_holds`, `TestIt`, `TestIt.test_it_holds`

<!-- from: pack/tests/test_it.py -->
```python
def test_it_holds(self):
    pass
```

## Below it
"""


@pytest.fixture
def page(tmp_path):
    """Write a page into a small repository and check it: `page(text)` -> list of problems."""
    for name, text in {
        "docs/other.md": "# Its heading\n",
        "docs/picture.png": "",
        "pack/models/x.py": "",
        "pack/tests/test_it.py": "class TestIt:\n    x = 1\ndef test_it_holds(self):\n    pass\n",
        "tests/unit/test_more.py": "class TestIt:\n    def test_it_holds(self):\n        pass\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def check(text):
        path = tmp_path / "docs" / "page.md"
        path.write_text(text)
        return list(documents.problems(path, tmp_path))

    return check


def test_a_sound_page_passes(page):
    assert page(SOUND) == []


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("(#below-it)", "(#above-it)", ":3: page.md has no heading #above-it"),
        ("other.md#its", "other.md#my", ":3: other.md has no heading #my-heading"),
        ("picture.png", "photo.png", ":3: there is no photo.png"),
        ("`docs/`", "`dox/`", ":4: there is no dox/"),
        ("models/x.py", "models/y.py", ":4: there is no pack/models/y.py"),
        ("`docs/`", "`docs/nothing`", ":4: there is no docs/nothing"),
        ("make lint", "make lime", ":6: there is no target `make lime`"),
        ("./dev test", "./dev taste", ":6: there is no command `./dev taste`"),
        ("make run", "make ruin", ":9: there is no target `make ruin`"),
        ("tools.dev.translations", "tools.dev.tales", ":10: there is no module tools.dev.tales"),
        ("`test_it_holds`", "`test_it_breaks`", ":13: there is no test_it_breaks"),
        ("`TestIt`", "`TestIts`", ":13: there is no TestIts"),
        ("TestIt.test_it_holds", "TestIt.test_no", ":13: TestIt has no test_no"),
        ("    pass\n", "    fail\n", ":15: pack/tests/test_it.py does not contain this"),
    ],
)
def test_what_is_not_there_is_found_with_its_line(page, right, wrong, found):
    assert right in SOUND
    [problem] = page(SOUND.replace(right, wrong, 1))
    assert problem == f"docs/page.md{found}"


def test_every_guide_is_looked_at():
    names = {path.relative_to(documents.ROOT).as_posix() for path in documents.documents()}
    assert {"README.md", "docs/user-guide.ar.md", "sandbox/README.md"} <= names


SOURCE = """
from typing import NamedTuple

from odoo import _, models


class Reason(NamedTuple):
    cause: str
    consequence: str
    fix: str
    heals: bool


class CartonaReasons(models.AbstractModel):
    def _connection_reasons(self):
        return {
            "down": Reason(_("It is down."), _("Nothing is lost."), "by_itself", False),
            "no": Reason(_("Refused."), _("Ask."), "nothing", False),
        }

    def _listing_reasons(self):
        return {"jump": Reason(_("It jumps."), _("Say yes."), "yes", False)}

    def _fix_labels(self):
        return {"link": _("Link it"), "yes": _("Yes")}

    def _order_reasons(self):
        return {"unknown": Reason(_("Not linked."), _("Link."), "link", True)}

    def _order_update_reasons(self):
        return {"apart": Reason(_("It differs."), _("Look."), "nothing", False)}
"""
WORDS = (("READ", "DO"), (("A", "GO"), ("B", "BUTTON"), ("C", "FIX"), ("D", "BUTTON")))
TABLES = """\
### A
| READ | DO | GO |
| --- | --- | --- |
| IT IS DOWN. | NOTHING IS LOST. |  |
| REFUSED. | ASK. |  |

### B
| READ | DO | BUTTON |
| --- | --- | --- |
| IT JUMPS. | SAY YES. | YES |

### C
| READ | DO | FIX |
| --- | --- | --- |
| NOT LINKED. | LINK. | LINK IT |

### D
| READ | DO | BUTTON |
| --- | --- | --- |
| IT DIFFERS. | LOOK. |  |
"""


def test_the_errors_of_the_guide_are_the_sentences_of_the_addon_translated(tmp_path):
    source = tmp_path / "reasons.py"
    source.write_text(SOURCE)
    said = error_pages.reasons(str.upper, source)
    assert error_pages.tables(said, *WORDS) == TABLES


def test_the_errors_are_written_into_their_place_and_nothing_else_changes():
    before = f"head\n{error_pages.BEGIN}\nold\n{error_pages.END}\ntail\n"
    after = error_pages.filled(before, "new\n")
    assert after == f"head\n{error_pages.BEGIN}\n\nnew\n\n{error_pages.END}\ntail\n"
    assert error_pages.filled(after, "new\n") == after
    with pytest.raises(ValueError, match="no place"):
        error_pages.filled("head\ntail\n", "new\n")


def test_a_guide_that_says_something_else_is_found_and_repaired(tmp_path):
    (tmp_path / "docs").mkdir()
    for name in error_pages.GUIDES:
        (tmp_path / name).write_text(f"head\n{error_pages.BEGIN}\n{error_pages.END}\n")
    found = list(error_pages.problems(root=tmp_path))
    assert len(found) == 2
    assert "docs/user-guide.md: its errors are not the addon's" in found[0]
    assert list(error_pages.problems(fix=True, root=tmp_path)) == []
    assert list(error_pages.problems(root=tmp_path)) == []
    english, arabic = ((tmp_path / name).read_text() for name in error_pages.GUIDES)
    assert "| Cartona could not be reached. |" in english
    assert "### الاتصال" in arabic


def test_a_package_that_the_architecture_does_not_name_is_found(tmp_path):
    for name in ("models", "models/known", "models/forgotten", "wizards", "tests"):
        path = tmp_path / documents.ADDON.name / name / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/architecture.md").write_text("`models/known/`, `models/forgotten/x.py`\n")
    assert list(documents.unexplained(tmp_path)) == [
        "docs/architecture.md:1: models/forgotten/ is not named",
        "docs/architecture.md:1: wizards/ is not named",
    ]
