"""17.0 to 16.0: conditions are domains in `attrs`, settings are made of divs."""

from tools.series import expression
from tools.series.document import Refused
from tools.series.markup import Context, element, field_of, remove, rename_attribute

_CONDITIONS = ("invisible", "readonly", "required", "column_invisible")


def conditions_are_domains(context: Context) -> None:
    """Replace `invisible="state != 'new'"` by `attrs="{'invisible': [('state', '!=', 'new')]}"`."""
    for node in context.view_elements():
        if node.tag == "attribute" and node.get("name") in (*_CONDITIONS, "attrs", "states"):
            raise Refused(node, f"a change of `{node.get('name')}`: put a new element there")
        domains = {}
        for name in _CONDITIONS:
            value = node.get(name)
            if value is not None and expression.constant(value) is None:
                try:
                    domains[name] = expression.domain(value, context.facts)
                except expression.NotADomain as error:
                    raise Refused(node, str(error)) from error
        if domains:
            _set_attrs(node, domains)


def _set_attrs(node, domains: dict[str, str]) -> None:
    first, *others = (name for name in node.attrib if name in domains)
    text = ", ".join(f"'{name}': {domains[name]}" for name in (first, *others))
    for name in others:
        node.attrib.pop(name)
    rename_attribute(node, first, "attrs", "{" + text + "}")


def hidden_columns_are_invisible(context: Context) -> None:
    """Replace `column_invisible="1"` by `invisible="1"`, which hides the whole column there."""
    for node in context.view_elements():
        if node.get("column_invisible") is not None:
            if node.get("invisible") is not None:
                raise Refused(node, "invisible and column_invisible on one field")
            rename_attribute(node, "column_invisible", "invisible")
        elif node.getparent().tag == "tree" and node.tag == "field":
            if expression.constant(node.get("invisible") or "0"):
                raise Refused(node, 'invisible="1" in a list: write column_invisible="1"')


def settings_are_divs(context: Context) -> None:
    """Replace `app`, `block` and `setting` by divs with the classes of the settings page."""
    for view in context.views():
        if view.model == "res.config.settings":
            for node in view.elements("xpath"):
                if node.get("expr") == "//form":
                    node.set("expr", "//div[hasclass('settings')]")
            for setting in view.elements("setting"):
                _setting(setting, context)
            for block in view.elements("block"):
                _block(block)
            for app in view.elements("app"):
                app.tag = "div"
                rename_attribute(app, "name", "data-key")
                items = dict(app.attrib)
                app.attrib.clear()
                app.attrib.update([("class", "app_settings_block"), *items.items()])


def _block(block) -> None:
    title = block.attrib.pop("title", None)
    items = dict(block.attrib)
    block.tag = "div"
    block.attrib.clear()
    block.attrib.update([("class", "row mt16 o_settings_container"), *items.items()])
    if title:
        heading = element("h2", title)
        parent, at = block.getparent(), block.getparent().index(block)
        heading.tail = block.getprevious().tail if at else parent.text
        parent.insert(at, heading)


def _setting(setting, context: Context) -> None:
    known = {"id", "name", "string", "help", "groups", "invisible", "attrs", "class"}
    if set(setting.attrib) - known:
        raise Refused(setting, f"a setting with {set(setting.attrib) - known}")
    children = list(setting)
    if not children or children[0].tag != "field":
        raise Refused(setting, "the first element in a setting must be its field")
    field = children[0]
    types = context.facts.types(field.get("name"))
    if not types:
        raise Refused(field, "the type of this field is unknown")
    label = element("label", for_=field.get("name"), string=setting.attrib.pop("string", None))
    text = setting.attrib.pop("help", None)
    help_ = [element("div", text, class_="text-muted")] if text else []
    for child in children:
        child.tail = None
    left = [field] if types == {"Boolean"} else []
    right = [label, *help_, *(child for child in children if child not in left)]
    setting.text = "\n"
    setting.tag = "div"
    items = dict(setting.attrib)
    more = items.pop("class", "")
    setting.attrib.clear()
    box = f"col-12 col-lg-6 o_setting_box {more}".strip()
    setting.attrib.update([("class", box), *items.items()])
    setting.append(element("div", children=left, class_="o_setting_left_pane"))
    setting.append(element("div", children=right, class_="o_setting_right_pane"))


def settings_open_inline(context: Context) -> None:
    """Open the settings' action inline."""
    for action in context.records("ir.actions.act_window"):
        model = field_of(action, "res_model")
        if model is not None and model.text == "res.config.settings":
            target = field_of(action, "target")
            if target is None:
                target = element("field", "inline", name="target")
                target.tail = model.tail
                action.insert(action.index(model) + 1, target)


def ribbons_have_a_background(context: Context) -> None:
    """Replace a ribbon's `text-bg-x` by `bg-x`."""
    for node in context.view_elements("widget"):
        if (node.get("bg_color") or "").startswith("text-bg-"):
            node.set("bg_color", node.get("bg_color").removeprefix("text-"))


def kanbans_have_no_header(context: Context) -> None:
    """Refuse a kanban with a header above its columns."""
    for kanban in context.view_elements("kanban"):
        for header in kanban.findall("header"):
            raise Refused(header, "a header in a kanban")


def mail_templates_name_one_report(context: Context) -> None:
    """Replace `report_template_ids` by one `report_template`."""
    for template in context.records("mail.template"):
        reports = field_of(template, "report_template_ids")
        if reports is not None:
            raise Refused(reports, "reports of a mail template")


def activity_types_keep_nothing(context: Context) -> None:
    """Remove `keep_done`: completed activities are not kept."""
    for record in context.records("mail.activity.type"):
        field = field_of(record, "keep_done")
        if field is not None:
            remove(field)


RULES = (
    settings_are_divs,
    conditions_are_domains,
    hidden_columns_are_invisible,
    settings_open_inline,
    ribbons_have_a_background,
    kanbans_have_no_header,
    mail_templates_name_one_report,
    activity_types_keep_nothing,
)
