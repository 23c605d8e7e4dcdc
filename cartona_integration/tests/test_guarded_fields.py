"""No read path shows a field to a user outside its groups: every such field, on every path."""

import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_common import GROUPS, AccessCase

# What is refused, or is no valid call on a series; anything else is an answer.
REFUSALS = (AccessError, UserError, ValueError, KeyError, AttributeError, TypeError)
_ADDRESS = re.compile(r"0x[0-9a-f]+")
LOW, HIGH = "aaa-guarded-4711", "zzz-guarded-4711"


@tagged("slow")
class TestGuardedFields(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Users of both companies, so that only the groups of a field protect it.
        for user in cls.users.values():
            user.company_ids |= cls.theirs_company
        cls.pairs = {}
        for model in sorted({model for model, _name in cls.guarded()}):
            cls.pairs[model] = cls.pair(model)
        cls.env.flush_all()
        for model, name in cls.guarded():
            if not cls.env[model]._fields[name].store:
                continue
            for record, value in zip(cls.pairs[model], (LOW, HIGH)):
                cls.env.cr.execute(
                    'UPDATE "%s" SET "%s" = %%s WHERE id = %%s' % (cls.env[model]._table, name),
                    (value, record.id),
                )
        cls.env.invalidate_all()

    @classmethod
    def guarded(cls):
        """Return (model, field name) of each field with groups that this addon defines."""
        return [
            (model, name)
            for model in sorted(cls.env.registry)
            if not (cls.env[model]._abstract or cls.env[model]._transient)
            for name, field in sorted(cls.env[model]._fields.items())
            if field.groups and (model.startswith("cartona.") or name.startswith("cartona_"))
            and field.type in ("char", "text") and field._module == "cartona_integration"
        ]  # fmt: skip

    @classmethod
    def pair(cls, model):
        """Return two records of a model in our company."""
        ours, theirs = cls.ours, cls.theirs
        if model == "stock.picking":
            orders = cls.pairs["sale.order"]
            orders.action_confirm()
            return orders.picking_ids.sorted("sale_id")
        if model == "cartona.config":
            return ours[model] | theirs[model]
        if model == "sale.order":
            return ours[model] | ours[model].copy({"cartona_id": "second"})
        if model == "cartona.message":
            return ours[model] | ours[model].copy({"hashed_id": "second", "state": "error"})
        return ours[model] | ours[model].copy({"state": "success"})

    def outsiders(self, model, name):
        """Return the users who may not read this field."""
        groups = self.env[model]._fields[name].groups.split(",")
        return {
            role: user
            for role, user in self.users.items()
            if not any(user.has_group(group) for group in groups)
        }

    def answer(self, call):
        """Return the result of a call, as in a request of its own; "refused" if it fails so."""
        self.env.flush_all()
        self.env.invalidate_all()
        muted = mute_logger(
            "odoo.addons.base.models.ir_rule",
            "odoo.addons.base.models.ir_model",
            "odoo.models",
            "odoo.osv.expression",
        )
        try:
            with muted, self.env.cr.savepoint():
                return _ADDRESS.sub("", repr(call()))
        except REFUSALS:
            return "refused"

    def paths(self, records, name):
        """Yield (path, call) of what shows a value as such."""
        yield "read", lambda: records.read([name])
        yield "read everything", lambda: records.read()
        yield "search_read", lambda: records.search_read([], [name])
        yield "export", lambda: records.export_data([name])
        yield "copy", lambda: records[:1].copy_data()
        yield "default_get", lambda: records.default_get([name])
        yield "name_search", lambda: records.name_search(LOW[:5])
        yield "web_read", lambda: records.web_read({name: {}})
        yield "web_search_read", lambda: records.web_search_read([], {name: {}})
        yield "web_search_read of names", lambda: records.web_search_read([], [name])
        for spec in (name, name + ":max", "x:max(%s)" % name, "x:array_agg(%s)" % name):
            yield spec, lambda spec=spec: records.read_group([], [spec], [])
            yield (
                spec + " of groups",
                lambda spec=spec: records.read_group([], [spec], ["create_uid"]),
            )
            yield spec + " of web", lambda spec=spec: records.web_read_group([], [spec], [])
            yield (
                spec + " formatted",
                lambda spec=spec: records.formatted_read_group([], [], [spec]),
            )
        yield "groupby", lambda: records.read_group([], ["id"], [name])
        yield "groupby text", lambda: records.read_group([], ["id"], name)
        yield (
            "second groupby",
            lambda: records.read_group([], ["id"], ["create_uid", name], lazy=False),
        )
        yield "web groupby", lambda: records.web_read_group([], ["id"], [name])
        yield "formatted groupby", lambda: records.formatted_read_group([], [name], [])
        yield "progress bar", lambda: records.read_progress_bar(
            [], "create_date", {"field": name, "colors": {LOW: "success"}}
        )  # fmt: skip
        yield "panel", lambda: records.search_panel_select_range(name)
        yield (
            "onchange up to 16",
            lambda: records[:1].onchange({"id": records[:1].id}, [], {name: "1"}),
        )
        yield "onchange", lambda: records[:1].onchange({}, [], {name: {}})
        yield "onchange of a new one", lambda: records.browse().onchange({}, [], {name: {}})

    def twins(self, records, name):
        """Yield (path, call, call) of two calls that differ only if they look at the value."""
        related = [
            ("cartona.listing", "config_id"),
            ("stock.picking", "sale_id"),
            ("sale.order.line", "order_id"),
        ]

        def both(path, call, first, second):
            return path, lambda: call(first), lambda: call(second)

        for operator, right in (("=", LOW), ("=like", LOW[:4] + "%"), ("ilike", LOW[:4]),
                                ("in", [LOW]), ("<", "mmm"), ("!=", LOW)):  # fmt: skip
            wrong = ["none"] if operator == "in" else "none" if operator != "<" else "000"
            for method in ("search", "search_count", "search_read"):
                yield both(
                    "%s %s" % (method, operator),
                    lambda value, method=method, operator=operator: getattr(records, method)(
                        [(name, operator, value)]
                    ),
                    right,
                    wrong,
                )
            yield both(
                "read_group %s" % operator,
                lambda value, operator=operator: records.read_group(
                    ["|", (name, operator, value), ("id", "=", 0)], ["id"], []
                ),
                right,
                wrong,
            )
            yield both(
                "name_search %s" % operator,
                lambda value, operator=operator: records.name_search("", [(name, operator, value)]),
                right,
                wrong,
            )
            for model, path in related:
                if records._fields[name].model_name != self.env[model]._fields[path].comodel_name:
                    continue
                others = self.env[model].with_env(records.env)
                for search in ("search_count", "search"):
                    yield both(
                        "%s %s from %s" % (search, operator, model),
                        lambda value, others=others, path=path, operator=operator, search=search:
                            getattr(others, search)([("%s.%s" % (path, name), operator, value)]),
                        right,
                        wrong,
                    )  # fmt: skip
        ascending, descending = "%s asc" % name, "%s desc" % name
        yield both(
            "order", lambda order: records.search([], order=order).ids, ascending, descending
        )
        yield both(
            "second order",
            lambda order: records.search([], order="write_uid, " + order).ids,
            ascending,
            descending,
        )
        yield both(
            "order of search_read",
            lambda order: records.search_read([], ["id"], order=order),
            ascending,
            descending,
        )
        for groupby in ([], ["create_date:day"], ["create_uid"]):
            yield both(
                "orderby %s" % groupby,
                lambda order, groupby=groupby: records.read_group(
                    [], ["id"], groupby, orderby=order
                ),
                ascending,
                descending,
            )

    # === TESTS === #

    def test_every_model_with_a_guarded_field_is_tried(self):
        self.assertEqual(
            set(self.guarded()),
            {
                ("cartona.config", "auth_token"),
                ("cartona.config", "webhook_token"),
                ("cartona.message", "payload"),
                ("cartona.sync.log", "request_body"),
                ("cartona.sync.log", "response_body"),
                ("sale.order", "cartona_edit"),
                ("sale.order", "cartona_pickup_otp"),
                ("sale.order", "cartona_snapshot"),
                ("stock.picking", "cartona_pickup_otp"),
            },
        )

    def test_no_read_path_shows_a_guarded_field(self):
        for model, name in self.guarded():
            for role, user in self.outsiders(model, name).items():
                records = self.as_user(model, user)
                for path, call in self.paths(records, name):
                    with self.subTest(model, field=name, role=role, path=path):
                        answer = self.answer(call)
                        self.assertNotIn(LOW, answer)
                        self.assertNotIn(HIGH, answer)

    def test_no_search_reveals_a_guarded_field(self):
        for model, name in self.guarded():
            for role, user in self.outsiders(model, name).items():
                records = self.as_user(model, user)
                for path, right, wrong in self.twins(records, name):
                    with self.subTest(model, field=name, role=role, path=path):
                        self.assertEqual(self.answer(right), self.answer(wrong))

    def test_a_user_of_the_group_reads_on_the_same_paths(self):
        """Else the tests above could pass because no call is right."""
        seen = set()
        for model, name in self.guarded():
            user = self.users["boss" if model.startswith("cartona.") else "stock"]
            if self.env[model]._fields[name].groups == "base.group_system":
                continue
            records = self.as_user(model, user)
            for path, call in self.paths(records, name):
                answer = self.answer(call)
                if LOW in answer or HIGH in answer:
                    seen.add(path)
        self.assertLessEqual({"read", "search_read"}, seen)
        self.assertTrue({"groupby", "formatted groupby"} & seen)
        self.assertTrue(any("max" in path for path in seen))

    def as_user(self, model, user):
        return (
            self.pairs[model]
            .with_user(user)
            .with_context(allowed_company_ids=(self.company | self.theirs_company).ids)
        )

    def test_every_role_is_tried(self):
        self.assertEqual(set(self.users), set(GROUPS))
