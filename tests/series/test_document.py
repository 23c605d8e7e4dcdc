"""A file is written as it was read, except for the changes."""

import pytest

from tools.dev.paths import ADDON, ROOT
from tools.series.document import Document, Refused
from tools.series.markup import element

FILES = sorted((ROOT / ADDON).rglob("*.xml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_unchanged_file_is_written_unchanged(path):
    assert Document.read(path).text() == path.read_text()


@pytest.mark.parametrize(
    "body",
    [
        "<a\n  b = '1'\tc=\"&gt; > &quot;\"   />",
        "<a>x &gt; y > z &amp; &#169; <![CDATA[ <b>&</b> ]]> end</a>",
        "<a></a>",
        "<a />\n\n\n    <a/> <!-- <b> -->\n<?keep this?>",
        "<p>Some <b>text</b><i>with</i>\n  more\n</p>",
    ],
)
def test_any_notation_is_kept(body):
    text = f"<?xml version='1.0'?>\n<!-- first -->\n<odoo>{body}</odoo>\n"
    assert Document(text).text() == text


def _changed(text, change):
    document = Document(text)
    change(document.root)
    return document.text()


def test_only_the_changed_tag_is_rewritten():
    text = "<odoo>\n    <a  x='1' />\n    <b  y='2' />\n</odoo>\n"
    changed = _changed(text, lambda root: root[1].set("y", 'say "so" & <go>'))
    wanted = text.replace("<b  y='2' />", '<b y="say &quot;so&quot; &amp; &lt;go&gt;" />')
    assert changed == wanted


def test_long_tag_is_spread_over_lines():
    text = "<odoo>\n    <a x='1' y='2' />\n</odoo>\n"
    changed = _changed(text, lambda root: root[0].set("x", "w" * 90))
    assert changed == f'<odoo>\n    <a\n        x="{"w" * 90}"\n        y="2"\n    />\n</odoo>\n'


def test_new_elements_are_laid_out():
    def add(root):
        inner = element("p", "word " * 30, class_="x")
        root.append(element("div", children=[inner, element("br")]))

    assert _changed("<odoo>\n    <a />\n</odoo>\n", add) == (
        "<odoo>\n    <a />\n    <div>\n"
        '        <p class="x">\n'
        f"            {'word ' * 16}word\n            {'word ' * 12}word\n"
        "        </p>\n        <br />\n    </div>\n</odoo>\n"
    )


def test_a_document_type_is_refused():
    with pytest.raises(Refused, match="document type"):
        Document('<!DOCTYPE odoo [<!ENTITY x "y">]>\n<odoo>&x;</odoo>\n')
