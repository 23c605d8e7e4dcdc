"""Screens: the elements that each role must and must not find, by technical name."""

import json
from unittest.mock import patch

from lxml import etree

from ..models.monitoring.dashboard import STEPS as CARTONA_STEPS
from .access_common import AccessCase
from .order_common import OrderCase

# Source: the units in Cartona's supplier API notes.
UNITS = set(
    "box can bottle kg piece dozen bag packet plate glass pallet jar shrink ton saddlebag roll"
    " tissue cone coil bunch strip recharge_card mat".split()
)
PRODUCT = {
    "cartona_id",
    "cartona_sync_state",
    "cartona_synced_at",
    "cartona_last_sent",
    "cartona_error",
    "action_cartona_sync",
    "action_cartona_listings",
    "cartona_listing_count",
}
PRODUCT_LIST = {"cartona_id", "cartona_sync_state"}
PRODUCT_FILTERS = {"cartona_id", "cartona_not_linked", "cartona_pending", "cartona_error"}
ORDER = {
    "cartona_number",
    "cartona_status_label",
    "cartona_delivered_by",
    "cartona_amount_to_collect",
    "cartona_deadline",
    "cartona_error",
    "cartona_waits_for",
    "cartona_sync_state",
    "cartona_synced_at",
    "cartona_difference",
    "action_cartona_ship",
    "action_cartona_delivered",
    "action_cartona_reset_to_pending",
    "action_cartona_sync",
    "action_cartona_send_edits",
    "action_cartona_use_cartona_lines",
}
ORDER_LIST = {"cartona_number", "cartona_status_label", "cartona_time_left"}
DELIVERY = {
    "cartona_number",
    "cartona_status_label",
    "cartona_needs_otp",
    "cartona_amount_to_collect",
    "cartona_pickup_date",
}
DASHBOARD = {
    "connection_state",
    "error_message",
    "is_runner_asleep",
    "success_rate",
    "median_seconds",
    "p95_seconds",
    "queue_age",
    "last_pull_age",
    "last_webhook_age",
    "dashboard_graph",
    "progress_sent",
    "action_open_waiting_orders",
    "action_open_rejected_orders",
    "action_open_failed_listings",
    "action_open_unlinked_listings",
    "action_open_paused_listings",
    "action_open_drift",
    "action_open_log",
    "action_pull_orders",
    "action_sync_products",
    "action_check_drift",
}
CONFIGURATION = {
    "auth_token",
    "base_url",
    "action_test_connection",
    "connection_state",
    "error_message",
    "webhook_url",
    "webhook_token",
    "auto_sync_products",
    "auto_sync_stock",
    "auto_sync_orders",
    "warehouse_ids",
    "pricelist_id",
    "price_tax",
    "auto_confirm",
    "user_id",
    "team_id",
    "activity_user_id",
    "batch_size",
    "timeout",
    "action_match_products",
    "action_go_live",
}
STEPS = {
    "needs_token",
    "needs_test",
    "needs_products",
    "needs_switch",
    "needs_webhook",
    "needs_runner",
}
SETTINGS = {
    "cartona_auth_token",
    "cartona_connection_state",
    "cartona_error_message",
    "action_cartona_test_connection",
    "cartona_missing_count",
    "action_cartona_configure",
    "cartona_auto_sync_products",
    "cartona_auto_sync_stock",
    "cartona_auto_sync_orders",
    "cartona_log_days",
}
WAITING = {
    "cartona_number",
    "retailer_name",
    "amount",
    "error_message",
    "fix_label",
    "action_fix",
    "action_retry",
}
LOG = {"operation", "direction", "state", "record_count", "failure_count", "duration"}

# Model, view (None: the first one), kind, role, elements.
SCREENS = (
    ("product.template", "product.product_template_only_form_view", "form", "sales", PRODUCT),
    ("product.template", "product.product_template_only_form_view", "form", "stock", PRODUCT),
    ("product.product", "product.product_normal_form_view", "form", "sales", PRODUCT),
    ("product.product", "product.product_variant_easy_edit_view", "form", "sales", PRODUCT),
    ("product.template", "product.product_template_tree_view", "list", "sales", PRODUCT_LIST),
    ("product.product", "product.product_product_tree_view", "list", "stock", PRODUCT_LIST),
    ("product.template", "product.product_template_search_view", "search", "sales",
     PRODUCT_FILTERS),
    ("res.partner", "base.view_partner_form", "form", "sales", {
        "cartona_id", "cartona_phone2", "cartona_duplicate_id", "cartona_unidentified",
        "action_cartona_merge_into_duplicate", "action_cartona_not_duplicate",
    }),
    ("res.partner", "base.view_res_partner_filter", "search", "sales", {
        "cartona", "cartona_duplicates", "cartona_unidentified",
    }),
    ("sale.order", "sale.view_order_form", "form", "sales", ORDER),
    ("sale.order", "sale.view_quotation_tree", "list", "sales", ORDER_LIST),
    ("sale.order", "sale.view_order_tree", "list", "sales", {
        "cartona_number", "cartona_status_label", "cartona_amount_to_collect",
    }),
    ("sale.order", "sale.view_sales_order_filter", "search", "sales", {
        "cartona", "cartona_error", "cartona_number", "cartona_waits_for_you",
        "group_cartona_status",
    }),
    ("stock.picking", "stock.view_picking_form", "form", "stock",
     DELIVERY | {"cartona_pickup_otp"}),
    ("stock.picking", "stock.vpicktree", "list", "stock", {
        "cartona_number", "cartona_status_label", "cartona_needs_otp", "cartona_amount_to_collect",
    }),
    ("cartona.config", None, "kanban", "sales", DASHBOARD),
    ("cartona.config", None, "kanban", "boss", DASHBOARD | {"action_open_config"}),
    ("cartona.config", None, "form", "boss", CONFIGURATION | STEPS),
    ("cartona.config", None, "form", "admin", CONFIGURATION | STEPS),
    ("res.config.settings", "base.res_config_settings_view_form", "form", "admin", SETTINGS),
    ("cartona.message", None, "list", "sales", WAITING),
    ("cartona.listing", None, "list", "sales", {
        "cartona_id", "product_id", "state", "error_message", "action_cartona_sync",
        "action_confirm_price", "action_accept_pack",
    }),
    ("cartona.sync.log", None, "list", "stock", LOG | {"error_message"}),
    ("cartona.sync.log", None, "pivot", "stock", {"operation", "create_date", "record_count"}),
    ("cartona.sync.log", None, "graph", "stock", {"create_date", "state", "record_count"}),
    ("cartona.drift", None, "list", "stock", {
        "odoo_value", "cartona_value", "reason", "since", "action_heal",
    }),
)  # fmt: skip
#: Views without elements of ours for users without Cartona rights.
SHARED = (
    ("product.template", "product.product_template_only_form_view", "form"),
    ("product.template", "product.product_template_tree_view", "list"),
    ("product.template", "product.product_template_search_view", "search"),
    ("product.product", "product.product_normal_form_view", "form"),
    ("product.product", "product.product_variant_easy_edit_view", "form"),
    ("res.partner", "base.view_partner_form", "form"),
)
#: Forms of Odoo that contain fields of ours.
FORMS = tuple(dict.fromkeys(row[:3] for row in SCREENS if row[1]))


def _arch(model, xmlid, kind):
    """Return the view as this user's browser gets it."""
    view = xmlid and model.env.ref(xmlid)
    # Up to 17 the type of a list is "tree".
    types = dict(model.env["ir.ui.view"]._fields["type"].selection)
    kind = "tree" if kind == "list" and "list" not in types else kind
    views = model.get_views([(view.id if view else False, kind)])["views"]
    return etree.fromstring(next(iter(views.values()))["arch"])


def _is_hidden(node):
    """Return True if this node or one of its parents is always hidden."""
    return any(
        # Up to 16 the server combines the conditions.
        part.get(name) in ("1", "True", "true")
        or json.loads(part.get("modifiers") or "{}").get(name) is True
        for part in (node, *node.iterancestors())
        for name in ("invisible", "column_invisible")
    )


class TestScreens(AccessCase):
    def names(self, role, model, xmlid, kind):
        arch = _arch(self.env[model].with_user(self.users[role]), xmlid, kind)
        return {node.get("name") for node in arch.iter(etree.Element) if not _is_hidden(node)}

    def test_every_role_sees_the_required_elements(self):
        for model, xmlid, kind, role, promised in SCREENS:
            with self.subTest(model, view=xmlid, kind=kind, role=role):
                self.assertEqual(promised - self.names(role, model, xmlid, kind), set())

    def test_a_user_without_cartona_rights_sees_no_elements(self):
        for model, xmlid, kind in SHARED:
            with self.subTest(model, view=xmlid):
                names = self.names("plain", model, xmlid, kind)
                self.assertEqual([name for name in names if name and "cartona" in name], [])

    def test_only_a_manager_sees_the_settings_button(self):
        offers = "//button[@name='action_open_config'][not(ancestor::*[@t-if])]"
        for role, count in (("sales", 0), ("stock", 0), ("boss", 1)):
            with self.subTest(role):
                Config = self.env["cartona.config"].with_user(self.users[role])
                found = _arch(Config, None, "kanban").xpath(offers)
                self.assertEqual(sum(not _is_hidden(node) for node in found), count)

    def test_every_setup_step_has_a_line_on_the_form(self):
        arch = _arch(self.env["cartona.config"], None, "form")
        for step in STEPS:
            with self.subTest(step):
                [line] = arch.xpath("//div[@name='checklist']/div[@name='%s']" % step)
                self.assertTrue("".join(line.itertext()).strip())
        self.assertEqual(set(CARTONA_STEPS), STEPS)

    def test_every_field_of_ours_has_a_help_text(self):
        silent = set()
        for model, xmlid, kind in FORMS:
            arch = _arch(self.env[model], xmlid, kind)
            for node in arch.iter("field"):
                field = self.env[model]._fields.get(node.get("name"))
                if not field or not field.name.startswith("cartona_") or _is_hidden(node):
                    continue
                if not field.get_description(self.env).get("help"):
                    silent.add((model, field.name))
        self.assertEqual(silent, set())


class TestCartonaValues(OrderCase):
    """Raw codes and values of Cartona are shown in the user's language."""

    def test_a_status_is_grouped_by_its_name(self):
        field = self.env["sale.order"].fields_get(["cartona_status"])["cartona_status"]
        shown = dict(field["selection"])
        self.assertEqual(shown["cancelled_by_retailer"], "Cancelled by the retailer")
        self.assertEqual(shown, self.env["sale.order"]._cartona_status_labels())

    def test_an_unknown_status_is_stored(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env.user.partner_id.id,
                "cartona_id": "new",
                "cartona_status": "brand_new",
            }
        )
        self.env.flush_all()
        order.invalidate_recordset()
        self.assertEqual((order.cartona_status, order.cartona_status_label), ("brand_new",) * 2)

    def test_waiting_orders_are_grouped_by_a_readable_cause(self):
        Message = self.env["cartona.message"]
        shown = dict(Message.fields_get(["error_code"])["error_code"]["selection"])
        self.assertEqual(shown["unknown_product"], "A product of this order is not linked.")
        self.assertEqual(shown["bad_number"], shown["bad_message"])

    def test_a_new_unit_is_named_in_every_active_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        Listing = self.env["cartona.listing"]

        def named(listing, count, word):
            return "%s %s %g" % (listing.env.lang, word, count)

        with patch.object(type(Listing), "_pack_name", named):
            unit = Listing._pack_unit(self.tea.uom_id, 17, "box")
        self.assertEqual(unit.with_context(lang="en_US").name, "en_US box 17")
        self.assertEqual(unit.with_context(lang="ar_001").name, "ar_001 box 17")

    def test_every_unit_of_cartona_has_a_name(self):
        known = self.env["cartona.listing"]._unit_labels()
        self.assertEqual(UNITS - set(known), set())

    def test_a_unit_is_shown_by_its_name(self):
        listing = self.env["cartona.listing"].new({"unit": "recharge_card"})
        self.assertEqual(listing.unit_label, "recharge card")
        listing.unit = "some_thing_new"
        self.assertEqual(listing.unit_label, "some thing new")
