"""19.0 to 18.0: groups belong to categories, and a few fields have their old names."""

import re

from tools.series.document import Refused
from tools.series.markup import Context, field_of, remove, rename_attribute

#: Records whose groups are in `groups_id` up to 18.0.
_HAVE_GROUPS = (
    "ir.actions.act_url",
    "ir.actions.act_window",
    "ir.actions.client",
    "ir.actions.report",
    "ir.actions.server",
    "ir.ui.menu",
    "ir.ui.view",
    "res.users",
)
#: Dates of 19.0: `today`, `now`, `-7d`, `=monday`, and several of them in sequence.
_RELATIVE_DATE = re.compile(
    r"""(['"])\s*(?:today|now|[=+-](?:\d+[dwmyHMS]|\w+day|week_start))(?:\s[^'"]*)?\1"""
)


def privileges_become_categories(context: Context) -> None:
    """Replace a group's privilege, unknown there, by the privilege's category."""
    categories = {}
    for document in context.documents.values():
        for record in document.elements("record"):
            if record.get("model") == "res.groups.privilege":
                categories[record.get("id")] = field_of(record, "category_id")
    for group in context.records("res.groups"):
        privilege = field_of(group, "privilege_id")
        if privilege is not None:
            category = categories.get(privilege.get("ref"))
            if category is None or not category.get("ref"):
                raise Refused(privilege, f"no category for the privilege {privilege.get('ref')}")
            privilege.set("name", "category_id")
            privilege.set("ref", category.get("ref"))


def privileges_are_dropped(context: Context) -> None:
    """Drop `res.groups.privilege`, which does not exist yet."""
    for record in context.records("res.groups.privilege"):
        remove(record)


def groups_have_users(context: Context) -> None:
    """Rename `user_ids` of a group to `users`."""
    for group in context.records("res.groups"):
        field = field_of(group, "user_ids")
        if field is not None:
            field.set("name", "users")


def group_ids_are_groups_id(context: Context) -> None:
    """Rename `group_ids` of users, actions, menus and views to `groups_id`."""
    for record in context.records(*_HAVE_GROUPS):
        field = field_of(record, "group_ids")
        if field is not None:
            field.set("name", "groups_id")


def references_have_old_names(context: Context) -> None:
    """Use the old names of Odoo's records that 19.0 renamed."""
    renamed = {
        "uom.decimal_product_uom": "product.decimal_product_uom",
    }
    for node in context.document.elements("field"):
        if node.get("ref") in renamed:
            rename_attribute(node, "ref", "ref", renamed[node.get("ref")])


def dates_are_computed(context: Context) -> None:
    """Refuse `'today -7d'` in a domain: a date from 19.0 on, an ordinary text before."""
    for node in context.document.elements():
        texts = [node.get("domain"), node.get("filter_domain")]
        if node.tag == "field" and node.get("name") in ("domain", "domain_force"):
            texts += [node.text, node.get("eval")]
        for text in texts:
            found = _RELATIVE_DATE.search(text or "")
            if found:
                raise Refused(node, f"the date {found[0]}: use context_today()")


RULES = (
    privileges_become_categories,
    groups_have_users,
    group_ids_are_groups_id,
    references_have_old_names,
    dates_are_computed,
)
#: Rules that run after all others on all files: they remove what others look up.
LAST_RULES = (privileges_are_dropped,)
