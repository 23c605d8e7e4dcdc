"""18.0 to 17.0: lists are trees, the chatter and cards are written out, crons count their calls."""

import re

from tools.series import expression
from tools.series.document import Refused
from tools.series.markup import (
    VIEW_ROOTS,
    Context,
    element,
    field_of,
    insert_after,
    rename_attribute,
    replace,
)

_CARD_TAGS = {"footer": "o_kanban_record_bottom", "header": "o_kanban_record_top", "main": None}


def lists_are_trees(context: Context) -> None:
    """Replace `list` by `tree`: its tag, a field's `mode`, the xpaths of inherited views."""
    for node in context.view_elements("list"):
        node.tag = "tree"
    for node in context.view_elements("field"):
        if node.get("mode"):
            node.set("mode", re.sub(r"\blist\b", "tree", node.get("mode")))
    for node in context.view_elements("xpath"):
        path = re.sub(r"(?<=/)list(?![\w-])", "tree", node.get("expr"))
        if path != node.get("expr"):
            node.set("expr", path)


def actions_open_trees(context: Context) -> None:
    """Write `tree` in an action's `view_mode`."""
    for record in context.records("ir.actions.act_window", "ir.actions.act_window.view"):
        field = field_of(record, "view_mode")
        if field is not None and field.text:
            modes = [mode.strip() for mode in field.text.split(",")]
            field.text = ",".join("tree" if mode == "list" else mode for mode in modes)
    for record in context.records("ir.ui.view"):
        field = field_of(record, "type")
        if field is not None and field.text == "list":
            field.text = "tree"


def chatters_are_spelt_out(context: Context) -> None:
    """Replace `<chatter/>` by a div with the fields that the model has from its mixins."""
    for view in context.views():
        for chatter in view.elements("chatter"):
            if chatter.attrib:
                raise Refused(chatter, f"a chatter with {', '.join(chatter.attrib)}")
            mixins = context.facts.parents.get(view.model, set())
            if "mail.thread" not in mixins:
                raise Refused(chatter, f"{view.model} does not visibly inherit from mail.thread")
            names = ["message_follower_ids", "activity_ids", "message_ids"]
            if "mail.activity.mixin" not in mixins:
                names.remove("activity_ids")
            fields = [element("field", name=name) for name in names]
            replace(chatter, element("div", children=fields, class_="oe_chatter"))


def cards_are_boxes(context: Context) -> None:
    """Replace a kanban's `card` by a `kanban-box` with one element around its content."""
    for kanban in context.view_elements("kanban"):
        opens = kanban.attrib.pop("can_open", "1") not in ("0", "false")
        declared = {field.get("name") for field in kanban.iterchildren("field")}
        for template in kanban.iter("t"):
            name = template.get("t-name")
            if name == "menu":
                raise Refused(template, "a card's menu is not converted: use buttons")
            if name == "card":
                _box(template, opens)
                _check_records(template, declared)


def _box(template, opens: bool) -> None:
    rename_attribute(template, "t-name", "t-name", "kanban-box")
    classes = ["oe_kanban_global_click"] if opens else ["oe_kanban_card"]
    box = element("div", class_=" ".join(classes + (template.attrib.pop("class", "")).split()))
    box.text, template.text = template.text, "\n"
    box.extend(list(template))
    template.append(box)
    for tag, name in _CARD_TAGS.items():
        for node in list(box.iter(tag)):
            node.tag = "div"
            if name:
                node.set("class", " ".join([name, *(node.get("class") or "").split()]))


def _check_records(template, declared: set[str]) -> None:
    for node in template.iter():
        for value in node.attrib.values() if isinstance(node.tag, str) else ():
            missing = set(re.findall(r"\brecord\.(\w+)", value)) - declared
            if missing:
                raise Refused(node, f"{', '.join(missing)} must be declared before <templates>")


def crons_repeat(context: Context) -> None:
    """Set `numbercall` to -1: else a cron ends after one call."""
    for cron in context.records("ir.cron"):
        after = field_of(cron, "interval_type")
        if after is None:
            raise Refused(cron, "a cron without interval_type")
        insert_after(
            after,
            element("field", name="numbercall", eval="-1"),
            element("field", name="doall", eval="False"),
        )


def used_fields_are_there(context: Context) -> None:
    """Add a field that an expression reads to the view; later series add it automatically."""
    for view in context.views():
        if not view.inherits:
            for root in view.elements(*VIEW_ROOTS):
                _declare(root)


def _declare(root) -> None:
    own = [node for node in root.iterdescendants("*") if _view_of(node) is root]
    present = {node.get("name") for node in own if node.tag == "field"}
    needed = {}
    for node in [root, *own]:
        for name, value in node.attrib.items():
            if name in ("invisible", "readonly", "required") or name.startswith("decoration-"):
                if expression.constant(value) is None:
                    for field in sorted(expression.names(value) - present):
                        needed.setdefault(field, node)
    if not needed:
        return
    if root.tag not in ("form", "tree"):
        raise Refused(next(iter(needed.values())), f"{', '.join(needed)} not in the view")
    place = next((n for n in own if n.tag == "sheet" and n.getparent() is root), root)
    hidden = "column_invisible" if root.tag == "tree" else "invisible"
    for at, field in enumerate(needed):
        node = element("field", name=field, **{hidden: "1"})
        node.tail = place.text
        place.insert(at, node)


def _view_of(node):
    """Return the innermost view of an element."""
    return next((parent for parent in node.iterancestors() if parent.tag in VIEW_ROOTS), None)


RULES = (
    lists_are_trees,
    actions_open_trees,
    used_fields_are_there,
    chatters_are_spelt_out,
    cards_are_boxes,
    crons_repeat,
)
