"""The access walk: each role reads each field of ours through each read path, own and foreign.

A field follows the rights on its record, which `RIGHTS` of `test_access` lists for our models and
Odoo decides for its own; `GUARDED` lists the exceptions. A new field fails here until it is in
`FIELDS`, which is the review that it shows nothing more.
"""

import logging
import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..compat import check_may_read
from .access_common import AccessCase
from .access_fields import FIELDS, GUARDED
from .test_access import RIGHTS

_logger = logging.getLogger(__name__)

# Roles besides those of `access_common` -> groups.
MORE_ROLES = {
    "own sales": "base.group_user,sales_team.group_sale_salesman",
    "accountant": "base.group_user,account.group_account_invoice",
    "their manager": "base.group_user,cartona_integration.group_cartona_manager",
}
NOTHING = object()
# Fields that every model has, or every one with a mixin of Odoo's.
_OF_ODOO = re.compile(
    r"(id|create_date|create_uid|write_date|write_uid|display_name|__last_update|has_message|"
    r"my_activity.*|(message|website|rating)_.*|activity_(?!user_id).*)$"
)


@tagged("slow")
class TestAccessWalk(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role, groups in MORE_ROLES.items():
            company = cls.theirs_company if role == "their manager" else cls.company
            cls.users[role] = new_test_user(
                cls.env,
                login="cartona_walk_%s" % role.replace(" ", "_"),
                groups=groups,
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
        for records in (cls.ours, cls.theirs):
            order = records["sale.order"].with_company(records["sale.order"].company_id)
            order.action_confirm()
            records["sale.order.line"] = order.order_line[:1].with_env(cls.env)
            records["stock.picking"] = order.picking_ids[:1].with_env(cls.env)
        cls.env.flush_all()

    def own_fields(self, model):
        """Return the names of the fields that this addon adds to a model."""
        return {
            name
            for name, field in self.env[model]._fields.items()
            if (model.startswith("cartona.") or name.startswith("cartona_"))
            and not _OF_ODOO.match(name)
        }

    def paths(self, record, names, expected):
        """Yield (path, call); a call returns `NOTHING` if it finds no record."""
        one = [("id", "=", record.id)]

        def first(rows):
            return rows[0] if rows else NOTHING

        yield "read", lambda: first(record.read(names))
        yield "search_read", lambda: first(record.search_read(one, names))
        if expected:
            return  # Odoo has a right of its own for exports
        yield (
            "export",
            lambda: first([row for row in record.export_data(names)["datas"] if any(row)]),
        )
        for name in names:
            if record._fields[name].store:
                yield (
                    "search by %s" % name,
                    lambda name=name: (
                        record.search([*one, (name, "!=", False)])
                        or record.search([*one, (name, "=", False)])
                        or NOTHING
                    ),
                )

    def is_shown(self, call):
        """Return True if a call shows the record, in a request of its own."""
        self.env.invalidate_all()
        try:
            with mute_logger("odoo.addons.base.models.ir_rule", "odoo.models"):
                return call() is not NOTHING
        except (AccessError, UserError):  # the latter for a missing right to export
            return False

    def may_read(self, record):
        """Return True if Odoo lets the user of the record's environment read it."""
        return self.is_shown(lambda: check_may_read(record))

    # === TESTS === #

    def test_every_field_is_in_the_table(self):
        for model in sorted(self.env.registry):
            if self.env[model]._abstract:
                continue
            with self.subTest(model):
                self.assertEqual(self.own_fields(model), set(FIELDS.get(model, "").split()))

    def test_every_role_reads_exactly_its_own_fields(self):
        calls, wrong = 0, []
        for model, names in FIELDS.items():
            if model not in self.ours:
                continue  # dialogs, which only their creator reads
            for role, user in self.users.items():
                theirs_is_own = role == "their manager"
                for owner, records in (("ours", self.ours), ("theirs", self.theirs)):
                    record = records[model].with_user(user)
                    record = record.with_context(allowed_company_ids=user.company_ids.ids)
                    is_own = theirs_is_own == (owner == "theirs")
                    readable = self.may_read(record)
                    with self.subTest(model, role=role, record=owner):
                        if not is_own and self.belongs_to_a_company(record):
                            self.assertFalse(readable)
                        elif model in RIGHTS and role not in MORE_ROLES:
                            self.assertEqual(readable, role in RIGHTS[model][0])
                    for group, expected in self.groups(model, names.split(), role, readable):
                        for path, call in self.paths(record, group, expected):
                            calls += 1
                            if self.is_shown(call) != expected:
                                wrong.append((role, model, owner, path, group, expected))
        _logger.info("access walk: %s calls", calls)
        self.assertEqual(wrong, [])
        self.assertGreater(calls, 10_000)

    def groups(self, model, names, role, readable):
        """Yield (fields, True if they are shown): each refused field alone, the others at once."""
        shown = [
            name for name in names
            if readable and role in GUARDED.get((model, name), self.users)
        ]  # fmt: skip
        # Odoo lets every internal user read products, but only users of Cartona read listings.
        is_of_cartona = self.users[role].has_group("cartona_integration.group_cartona_user")
        if shown and (is_of_cartona or not model.startswith("product.")):
            yield shown, True
        for name in names:
            # Records behind a one2many follow their own model's rights.
            field = self.env[model]._fields[name]
            if name not in shown and (readable or (field.store and field.column_type)):
                yield [name], False

    def belongs_to_a_company(self, record):
        fields = record.sudo()._fields
        if "config_id" in fields:
            return bool(record.sudo().config_id)
        return "company_id" in fields and bool(record.sudo().company_id)

    def test_each_guarded_field_is_in_the_table(self):
        guarded = {
            (model, name)
            for model in FIELDS
            for name in self.own_fields(model)
            if self.env[model]._fields[name].groups
        }
        self.assertEqual(guarded, set(GUARDED))

    def test_no_dialog_is_read_by_another_user(self):
        for model in FIELDS:
            if not self.env[model]._transient or not model.startswith("cartona."):
                continue
            for role, user in self.users.items():
                found = self.env[model].with_user(user)
                with self.subTest(model, role=role):
                    try:
                        self.assertFalse(found.search([]))
                    except (AccessError, UserError):
                        continue
