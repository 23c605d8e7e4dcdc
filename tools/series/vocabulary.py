"""The vocabulary of the ladder: every tag, attribute, widget and record of the 19.0 source.

A name listed here means the same in all series or has a rule in one of the steps. Any other name
is refused, because its meaning in older series was not checked. Check it before you add it.
"""

from tools.series.document import Refused
from tools.series.markup import Context, field_of

_EVERYWHERE = set(
    "name string class style groups position title role id help invisible readonly required "
    "column_invisible colspan nolabel width placeholder for href target alt".split()
)
_PREFIXES = ("decoration-", "t-", "data-", "aria-")

#: Tags of views, each with its attributes beside those that all may have.
TAGS = {
    "form": "create edit delete duplicate js_class",
    "list": "create edit delete duplicate editable default_order limit multi_edit sample import "
    "export_xlsx js_class",
    "kanban": "create edit delete can_open default_group_by default_order group_create group_edit "
    "group_delete records_draggable quick_create sample limit js_class archivable",
    "search": "",
    "searchpanel": "view_types",
    "graph": "type sample stacked disable_linking order",
    "pivot": "sample disable_linking default_order display_quantity",
    "calendar": "date_start date_stop date_delay color mode quick_add event_open_popup",
    "activity": "",
    "field": "widget optional options password domain context filter_domain operator sum avg type "
    "interval invisible on_change force_save mode can_create can_write default_focus sortable "
    "statusbar_visible select icon enable_counters filename graph_type",
    "button": "type icon confirm context special default_focus",
    "filter": "domain context date",
    "group": "col",
    "page": "autofocus",
    "label": "",
    "widget": "bg_color options text",
    "xpath": "expr",
    "attribute": "add remove separator",
    "progressbar": "field colors sum_field",
    "a": "type",
    "img": "src",
    "setting": "",
    "app": "",
    "block": "",
    **{tag: "" for tag in ("header", "sheet", "notebook", "separator", "chatter", "templates")},
    **{tag: "" for tag in "t footer main newline".split()},
    **{tag: "" for tag in "b br code div em h1 h2 h3 h4 h5 h6 hr i li ol p pre small".split()},
    **{tag: "" for tag in "span strong table tbody td th thead tr u ul".split()},
}
_OWN_ATTRIBUTES = {"app": {"data-string"}, "block": {"title"}}

#: Widgets that exist in all five series under this name.
WIDGETS = set(
    "CopyClipboardChar CopyClipboardURL ace badge boolean boolean_favorite boolean_toggle char "
    "dashboard_graph date daterange datetime domain email float float_time handle html image "
    "image_url integer kanban_activity label_selection list_activity many2many_checkboxes "
    "many2many_tags many2one many2one_avatar_user monetary one2many percentage percentpie phone "
    "priority progressbar radio reference remaining_days selection selection_badge "
    "state_selection statinfo statusbar text url web_ribbon".split()
)

_ACTION = "name help context domain type group_ids binding_model_id binding_type binding_view_types"
#: Supported fields of Odoo's records; our own models need no entry.
RECORDS = {
    "ir.ui.view": "name model arch inherit_id priority mode type active group_ids",
    "ir.actions.act_window": _ACTION + " res_model res_id view_mode view_id view_ids target limit "
    "search_view_id",
    "ir.actions.act_window.view": "sequence view_mode view_id act_window_id",
    "ir.actions.act_url": _ACTION + " url target",
    "ir.actions.server": _ACTION + " model_id state code sequence",
    "ir.ui.menu": "name parent_id action sequence group_ids web_icon active",
    "ir.cron": "name model_id state code user_id interval_number interval_type nextcall active "
    "priority",
    "ir.rule": "name model_id domain_force groups global active perm_read perm_write perm_create "
    "perm_unlink",
    "ir.sequence": "name code prefix suffix padding company_id implementation number_next",
    "ir.config_parameter": "key value",
    "res.groups": "name privilege_id implied_ids user_ids comment",
    "res.groups.privilege": "name category_id sequence description",
    "res.users": "group_ids",
    "mail.activity.type": "name summary icon res_model delay_count delay_unit decoration_type "
    "category sequence keep_done",
    "mail.message.subtype": "name description res_model default internal hidden sequence",
    "mail.template": "name model_id subject email_from email_to partner_to body_html lang "
    "auto_delete report_template_ids",
    "queue.job.channel": "name parent_id removal_interval",
    "queue.job.function": "model_id method channel_id retry_pattern related_action",
}
#: Tags of reports and other templates: the plain ones.
_TEMPLATE_TAGS = set(
    "t xpath a b br code div em h1 h2 h3 h4 h5 h6 hr i img li ol p pre small span strong table "
    "tbody td th thead tr u ul".split()
)
_TOP = {
    "odoo": {"noupdate"},
    "data": {"noupdate"},
    "record": {"id", "model", "forcecreate", "context"},
    "menuitem": {"id", "name", "parent", "action", "sequence", "groups", "web_icon", "active"},
    "function": {"model", "name", "eval"},
    "value": {"model", "eval", "name"},
    "delete": {"model", "id", "search"},
    "template": {"id", "name", "inherit_id", "priority", "groups"},
}


def only_known_names(context: Context) -> None:
    """Refuse a name in the source that is not in the vocabulary."""
    for node in context.document.root.iterchildren("*"):
        _check_top(node, context)


def _check_top(node, context: Context) -> None:
    if node.tag not in _TOP:
        raise Refused(node, f"<{node.tag}> is unknown")
    unknown = set(node.attrib) - _TOP[node.tag]
    if unknown:
        raise Refused(node, f"<{node.tag}> with {_listed(unknown)} is unknown")
    if node.tag == "record":
        _check_record(node, context)
    elif node.tag == "template":
        for child in node.iterdescendants("*"):
            if child.tag not in _TEMPLATE_TAGS:
                raise Refused(child, f"<{child.tag}> in a template is unknown")
            _check_element(child)
    elif node.tag != "menuitem":
        for child in node.iterchildren("*"):
            _check_top(child, context)
    elif len(node):
        raise Refused(node, "a menu inside a menu is unknown")


def _check_record(record, context: Context) -> None:
    model = record.get("model")
    own = model in context.facts.parents
    if model not in RECORDS and not own:
        raise Refused(record, f"records of {model} are unknown")
    for field in record.iterchildren("field"):
        if not own and field.get("name") not in RECORDS[model].split():
            raise Refused(field, f"{field.get('name')} of {model} is unknown")
    if model == "ir.ui.view":
        arch = field_of(record, "arch")
        for node in arch.iterdescendants("*") if arch is not None else ():
            _check_element(node)
    elif model == "ir.actions.act_window":
        target = field_of(record, "target")
        if target is not None and target.text not in ("new", "current"):
            raise Refused(target, f"the target {target.text} is unknown")


def _check_element(node) -> None:
    if node.tag not in TAGS:
        raise Refused(node, f"<{node.tag}> is unknown")
    known = _EVERYWHERE | set(TAGS[node.tag].split()) | _OWN_ATTRIBUTES.get(node.tag, set())
    unknown = {name for name in node.attrib if not name.startswith(_PREFIXES)} - known
    if unknown:
        raise Refused(node, f"<{node.tag}> with {_listed(unknown)} is unknown")
    if node.get("widget") and node.get("widget") not in WIDGETS:
        raise Refused(node, f"the widget {node.get('widget')} is unknown")
    if node.tag == "widget" and node.get("name") not in WIDGETS:
        raise Refused(node, f"the widget {node.get('name')} is unknown")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
