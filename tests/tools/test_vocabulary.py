"""The check of the vocabulary finds old words in prose, and leaves code and names alone."""

import pytest

from tools.checks import vocabulary

FILLER = "# " + "plain text of the file " * 200 + "\n"


@pytest.fixture
def uses(tmp_path):
    """Return a function: (name of a file, its text) -> the listed words found in it."""

    def find(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return [use.word for use in vocabulary.count(path, tmp_path).uses]

    return find


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Nobody is here", "nobody"),
        ("what Cartona was told", "told"),
        ("it stands there", "stands"),
        ("sent by itself", "by itself"),
        ("sent by\n# itself", "by itself"),
        ("as long as can be", "as long as can be"),
        ("it is no product", "is no product"),
        ("there is no product", None),
        ("it is no longer sent", None),
        ("to note the change", "to note"),
        ("a credit note is posted", None),
        ("the customer's note on the order", None),
        ("the hold reason, on hold", None),
        ("hold the price", "hold"),
        ("the threshold of a household", None),
        ("a stand-alone page", None),
        ("the settlement of an invoice", None),
        ("the goods are on their way", "on their way"),
        ("the same way", None),
        ("`told` is a name, so is cartona.told and _snapshot_values", None),
        ("https://example.com/ask/say", None),
        (":param told: the values", None),
        ("sent in his own words", "own words"),
        ("ring the bell", "ring"),
        ("during the string", None),
    ],
)
def test_a_listed_word_is_found_and_a_right_one_passes(uses, text, word):
    assert uses("tools/a.py", f"# {text}\n")[:1] == ([word] if word else [])


def test_settle_is_right_in_accounting(uses):
    assert uses("cartona_integration/models/a.py", "# settle it\n") == ["settle"]
    for name in ("invoice", "order_money", "settlement_step", "account_move"):
        assert uses(f"cartona_integration/models/{name}.py", "# settle it\n") == []
    assert uses("cartona_integration/invoice/a.py", "# settle it\n") == ["settle"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.py", "told = 'told'\nx['say']\ndef ask(): pass\n", 0),
        ("a.py", '"""He said."""\n# says\nx = "nobody is here"\n', 3),
        ("a.py", 'x = f"told {name} so"\ny = f"{name} told"\n', 2),
        ("a.py", 'x = ("one " "told " "text")\n', 1),
        ("a.md", "It says. By\nitself.\n\n```\nsays\n```\n<!-- says -->\n`says` [x](says.md)\n", 2),
        (
            "a.xml",
            '<odoo><!-- says --><field name="told" string="Nobody here" help="He said"/>'
            '<field name="code">told</field><p>Ask him</p><menuitem name="Ask"/></odoo>',
            5,
        ),
        ("a.pot", 'msgid ""\nmsgstr ""\n\n#: told\nmsgid "He said"\nmsgstr "told"\n', 1),
        ("a.js", "// says\nconst told = 'told';\n/* nobody */ f('he said', `${told} it`);\n", 3),
        ("a.html", '<p title="he said">Nobody</p><script>said</script><!-- says -->', 3),
        ("a.csv", "told,said\n", 0),
    ],
)
def test_only_prose_is_read(uses, name, text, found):
    assert len(uses(name, text)) == found


def test_an_area_may_have_3_in_1000_words_and_a_file_10(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/a.py").write_text(FILLER + "# told\n" * 3)
    assert list(vocabulary.problems(tmp_path)) == []
    (tmp_path / "tools/b.py").write_text(FILLER * 10 + "# told\n" * 11)
    [problem] = vocabulary.problems(tmp_path)
    assert problem == "tools/b.py:11: 11 listed words are more than 10: told 11"
    (tmp_path / "tools/a.py").write_text("# told\n" * 10 + "# plain words\n" * 100)
    (tmp_path / "tools/b.py").unlink()
    [problem] = vocabulary.problems(tmp_path)
    assert problem.startswith("tools: 47.6 listed words per 1,000 are more than 3")


def test_every_area_has_its_own_files(tmp_path):
    addon = "cartona_integration"
    files = {
        f"{addon}/models/orders/a.py": "addon code",
        f"{addon}/views/a.xml": "addon code",
        f"{addon}/tests/a.py": "addon tests",
        f"{addon}/cartona_api/a.py": "api and matching",
        f"{addon}/i18n/a.pot": "translation template",
        "sandbox/page/a.js": "sandbox",
        "tools/dev/a.py": "tools",
        "tests/unit/a.py": "tests",
        "docs/a.md": "docs",
        "README.md": "docs",
    }
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<p/>" if name.endswith("xml") else "")
    counted = vocabulary.counts(tmp_path)
    assert {
        path.relative_to(tmp_path).as_posix(): area for area in counted for path in counted[area]
    } == files


@pytest.mark.parametrize("opening", vocabulary.OPENINGS)
def test_a_docstring_that_opens_with_a_question_is_found(tmp_path, opening):
    (tmp_path / "sandbox").mkdir()
    path = tmp_path / "sandbox/a.py"
    path.write_text('"""Return it."""\n\ndef f():\n    """Howl."""\n')
    assert list(vocabulary.problems(tmp_path)) == []
    path.write_text(f'def f():\n    """{opening} x."""\n')
    assert list(vocabulary.problems(tmp_path)) == [
        f"sandbox/a.py:2: the docstring opens with {opening}"
    ]


def test_occurrences_are_printed_with_their_lines(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/a.py").write_text('x = 1\n"""One.\n\nHe said it.\n"""\n')
    assert list(vocabulary.occurrences([tmp_path / "tools"], tmp_path)) == [
        "tools/a.py:4: [said] He said it."
    ]
    assert any(line.startswith("tools ") for line in vocabulary.table(tmp_path))
