"""Orders that wait for acceptance create an activity before Cartona cancels them."""

from datetime import datetime, timedelta

from .order_common import OrderCase

_KIND = "cartona_integration.mail_activity_type_pending"


class TestOrderDeadline(OrderCase):
    def setUp(self):
        super().setUp()
        self.config.pending_hours = 6
        user = self.env.ref("cartona_integration.group_cartona_user")
        field = "user_ids" if "user_ids" in user._fields else "users"  # up to 18
        user.write({field: [(4, self.seller.id)]})

    def arrive(self, hours_ago, **changes):
        moment = self.now() - timedelta(hours=hours_ago)
        return self.receive(self.order(created_at=moment.isoformat() + "Z", **changes))

    def reminders(self):
        kind = self.env.ref(_KIND)
        self.env.invalidate_all()
        return self.config.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)

    def test_the_deadline_counts_from_when_the_order_was_placed(self):
        sale = self.receive(self.order())
        self.assertEqual(sale.cartona_deadline, datetime(2026, 3, 2, 3, 30))

    def test_a_new_number_of_hours_applies_to_waiting_orders(self):
        waiting = self.receive(self.order())
        taken = self.receive(self.order(hashed_id="taken1", status="approved"))
        self.config.pending_hours = 24
        self.env.flush_all()
        self.assertEqual(waiting.cartona_deadline, datetime(2026, 3, 2, 21, 30))
        self.assertFalse(taken.cartona_deadline)
        self.config.pending_hours = 0
        self.assertFalse(waiting.cartona_deadline)

    def test_one_activity_covers_all_late_orders(self):
        self.arrive(5, hashed_id="early1")
        self.run_cron()
        self.assertFalse(self.reminders())
        self.arrive(7)
        self.arrive(8, hashed_id="late2")
        self.run_cron()
        self.run_cron()
        [reminder] = self.reminders()
        self.assertEqual(reminder.user_id, self.seller)
        self.assertEqual(reminder.summary, "Orders waiting for more than 6 hours: 2")

    def test_the_reminder_links_to_the_waiting_orders(self):
        self.arrive(7)
        self.run_cron()
        action = self.env.ref("cartona_integration.action_sale_order_waiting")
        self.assertIn("#action=%s" % action.id, self.reminders().note)

    def test_each_salesperson_is_reminded_of_assigned_orders(self):
        other = self.seller.copy({"login": "cartona_other", "name": "Other"})
        self.arrive(7)
        self.arrive(8, hashed_id="other1").user_id = other
        self.run_cron()
        self.assertEqual(
            sorted((row.user_id.name, row.summary[-1]) for row in self.reminders()),
            [("Other", "1"), ("Salma", "1")],
        )

    def test_a_completed_reminder_returns_only_for_more_orders(self):
        self.arrive(7)
        self.run_cron()
        self.reminders().unlink()
        self.run_cron()
        self.assertFalse(self.reminders())
        self.arrive(8, hashed_id="late2")
        self.run_cron()
        self.assertEqual(self.reminders().summary[-1], "2")

    def test_without_a_deadline_there_is_no_reminder(self):
        self.config.pending_hours = 0
        self.arrive(100)
        self.run_cron()
        self.assertFalse(self.reminders())

    def test_the_reminder_closes_when_the_order_is_confirmed(self):
        sale = self.arrive(7)
        self.run_cron()
        sale.with_user(self.env.ref("base.user_admin")).action_confirm()
        self.run_cron()
        self.assertFalse(self.reminders())
        self.assertFalse(sale.cartona_deadline)

    def test_the_reminder_closes_when_the_retailer_cancels(self):
        self.arrive(7)
        self.run_cron()
        self.receive(self.order(status="cancelled_by_retailer"))
        self.run_cron()
        self.assertFalse(self.reminders())

    def test_an_order_back_from_editing_is_reminded_again(self):
        sale = self.arrive(7)
        self.run_cron()
        sale.cartona_status = "editing"
        self.run_cron()
        self.assertFalse(self.reminders())
        sale.cartona_status = "pending"
        self.run_cron()
        self.assertEqual(len(self.reminders()), 1)

    def test_the_time_left_is_shown_in_hours(self):
        def left(sale):
            sale.invalidate_recordset()
            return sale.cartona_time_left, sale.cartona_is_late

        sale = self.arrive(0)
        for minutes, text in ((185, "3 h left"), (25.5, "25 min left")):
            sale.cartona_deadline = self.now() + timedelta(minutes=minutes)
            self.env.flush_all()
            self.assertEqual(left(sale), (text, False))
        sale.cartona_deadline = self.now() - timedelta(hours=2, minutes=5)
        self.env.flush_all()
        self.assertEqual(left(sale), ("2 h late", True))
        sale.cartona_status = "approved"
        self.assertEqual(left(sale), (False, False))

    def test_waiting_orders_are_sorted_by_urgency(self):
        slow, urgent = self.arrive(1, hashed_id="slow1"), self.arrive(5, hashed_id="urgent1")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_sale_order_waiting"
        )
        view = self.env.ref("cartona_integration.view_sale_order_waiting_list")
        self.assertIn('default_order="cartona_deadline, id"', view.arch)
        domain = [("id", "in", (slow | urgent).ids)]
        found = self.env["sale.order"].search(domain, order="cartona_deadline, id")
        self.assertEqual(found, urgent + slow)
        self.assertIn(action["views"][0], [(view.id, "list"), (view.id, "tree")])

    def test_another_company_has_its_own_deadline(self):
        other = self.env["res.company"].create({"name": "الجملة"})
        self.env["cartona.config"]._of_company(other).pending_hours = 2
        self.arrive(3)
        self.run_cron()
        self.assertFalse(self.reminders(), "this company's limit is 6 hours")
