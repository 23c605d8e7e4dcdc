"""Each step converts every `before.xml` to the `after.xml` next to it, exactly."""

import re
from pathlib import Path

import pytest

from tools.checks import xml_layout
from tools.series import ladder
from tools.series.document import Document

SAMPLES = Path(__file__).parent / "samples"
CASES = sorted(path.parent for path in SAMPLES.rglob("before.xml"))
STEPS = {step.rules[0].__module__.rpartition(".")[2]: step for step in ladder.STEPS}


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_step_converts_a_file_as_written_by_hand(case, known):
    document = Document.read(case / "before.xml")
    assert STEPS[case.parent.name].take({"before.xml": document}, known) == []
    assert document.text() == (case / "after.xml").read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_result_is_laid_out_like_the_source(case):
    text = (case / "after.xml").read_text()
    assert list(xml_layout.problems("after.xml", text)) == []


def test_every_step_has_samples():
    assert {case.parent.name for case in CASES} == set(STEPS)


def _view(arch, model="shop.shop"):
    return (
        '<odoo>\n<record id="v" model="ir.ui.view">\n'
        f'<field name="name">v</field><field name="model">{model}</field>\n'
        f'<field name="arch" type="xml">\n{arch}\n</field>\n</record>\n</odoo>\n'
    )


REFUSED = [
    # Names that are not in the vocabulary.
    (_view("<form><carousel /></form>"), "only_known_names: <carousel> is unknown"),
    (_view('<form><field name="x" widget="hologram" /></form>'), "the widget hologram"),
    (_view('<form><field name="x" glow="1" /></form>'), "<field> with glow is unknown"),
    (_view('<kanban highlight_color="x" />'), "<kanban> with highlight_color is unknown"),
    ('<odoo>\n\n\n<asset id="x" />\n</odoo>', "only_known_names: <asset> is unknown"),
    (
        '<odoo>\n\n\n<template id="x"><form /></template>\n</odoo>',
        "<form> in a template is unknown",
    ),
    (
        '<odoo>\n\n\n<record id="x" model="ir.model" />\n</odoo>',
        "records of ir.model are unknown",
    ),
    (
        '<odoo>\n\n<record id="x" model="ir.cron">\n<field name="numbercall">1</field>'
        "</record>\n</odoo>",
        "numbercall of ir.cron is unknown",
    ),
    # Known names that cannot be converted.
    (
        '<odoo>\n\n<record id="g" model="res.groups">\n'
        '<field name="privilege_id" ref="elsewhere.p" /></record>\n</odoo>',
        "step_19_to_18.privileges_become_categories: no category for the privilege elsewhere.p",
    ),
    (_view("<form><chatter open_attachments='1' /></form>"), "<chatter> with open_attachments"),
    (_view("<form><chatter /></form>", "shop.line"), "shop.line does not visibly inherit"),
    (
        _view(
            '<kanban><templates><t t-name="card"><p t-if="record.state.value" /></t></templates>'
            "</kanban>"
        ),
        "state must be declared before <templates>",
    ),
    (_view('<kanban><templates><t t-name="menu" /></templates></kanban>'), "a card's menu"),
    (_view('<form><p invisible="len(line_ids) == 0" /></form>'), "`len(line_ids)` is not a field"),
    (_view('<form><p invisible="not count" /></form>'), "`count` is a Integer"),
    (_view('<form><p invisible="line_ids" /></form>'), "`line_ids` is a One2many"),
    (_view('<form><p invisible="not stranger" /></form>'), "the type of `stranger` is unknown"),
    (_view('<form><p invisible="count == state" /></form>'), "does not compare with a constant"),
    (_view('<form><p invisible="0 &lt; count &lt; 3" /></form>'), "is not one plain comparison"),
    (_view('<form><p invisible="context.get(1)" /></form>'), "has no counterpart in a domain"),
    (
        _view(
            '<xpath expr="//p" position="attributes"><attribute name="invisible">1</attribute>'
            "</xpath>"
        ),
        "step_17_to_16.conditions_are_domains: a change of `invisible`",
    ),
    (_view('<list><field name="note" invisible="1" /></list>'), 'write column_invisible="1"'),
    (_view("<kanban><header /></kanban>"), "a header in a kanban"),
    *(
        (_view(f"<form><p {text} /></form>"), f"the class {word} is unknown in 15.0")
        for text, word in (
            ('class="gap-2"', "gap-2"),
            ('class="badge text-bg-primary"', "text-bg-primary"),
            ('class="fst-italic"', "fst-italic"),
            ('class="visually-hidden"', "visually-hidden"),
            ('class="rounded-end"', "rounded-end"),
            ('class="ms-xxl-2"', "ms-xxl-2"),
            ('class="pe-auto"', "pe-auto"),
            ("t-att-class=\"'gap-2'\"", "gap-2"),
            ('t-attf-class="me-{{ n }}"', "me-"),
        )
    ),
    (_view("<form><p t-att-class=\"'ms-2'\" /></form>"), "`'ms-2'` has classes of Bootstrap 5"),
    (
        _view(
            '<xpath expr="//p" position="attributes"><attribute name="class" add="me-2" /></xpath>'
        ),
        "`me-2` has classes of Bootstrap 5",
    ),
    (
        _view("<search><filter name=\"w\" domain=\"[('d', '&gt;', 'today -7d')]\" /></search>"),
        "step_19_to_18.dates_are_computed: the date 'today -7d'",
    ),
    (
        '<odoo>\n\n<record id="r" model="ir.rule">\n'
        "<field name=\"domain_force\">[('d', '&lt;', '=monday')]</field></record>\n</odoo>",
        "the date '=monday'",
    ),
    (
        '<odoo>\n\n<record id="m" model="mail.template">\n'
        '<field name="report_template_ids" eval="[]" /></record>\n</odoo>',
        "step_17_to_16.mail_templates_name_one_report: reports of a mail template",
    ),
    (
        '<odoo>\n\n<record id="f" model="queue.job.function">\n'
        '<field name="retry_pattern" eval="{1: (10, 60)}" /></record>\n</odoo>',
        "step_16_to_15.jobs_retry_after_seconds: a range of seconds",
    ),
    (
        _view("<setting><p /></setting>", "res.config.settings"),
        "the first element in a setting must be its field",
    ),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[reason for _text, reason in REFUSED])
def test_unconvertible_markup_is_refused_with_its_place(tmp_path, known, text, reason):
    (tmp_path / "__manifest__.py").write_text('{\n    "version": "19.0.1.0.0",\n}\n')
    (tmp_path / "views.xml").write_text(text)
    (tmp_path / "models.py").write_text(
        "class Shop(models.Model):\n    _name = 'shop.shop'\n    _inherit = ['mail.thread']\n"
        "    count = fields.Integer()\n    line_ids = fields.One2many()\n"
    )
    with pytest.raises(ladder.LadderError) as refused:
        ladder.derive(tmp_path, "15.0")
    assert reason in str(refused.value)
    assert re.match(r"views.xml:[3-5]: \w+(\.\w+)?: ", str(refused.value))
