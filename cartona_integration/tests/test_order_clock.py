"""Orders that wait to be accepted: somebody is told before Cartona cancels them."""

from datetime import datetime, timedelta

from .order_common import OrderCase

_KIND = "cartona_integration.mail_activity_type_pending"


class TestOrderClock(OrderCase):
    def setUp(self):
        super().setUp()
        self.config.pending_hours = 6

    def arrive(self, hours_ago, **changes):
        moment = self.now() - timedelta(hours=hours_ago)
        return self.receive(self.order(created_at=moment.isoformat() + "Z", **changes))

    def reminders(self, sale):
        kind = self.env.ref(_KIND)
        return sale.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)

    def tick(self):
        self.env["cartona.config"]._cron_catch_up()

    def test_an_order_is_to_be_accepted_so_many_hours_after_it_was_placed(self):
        sale = self.receive(self.order())
        self.assertEqual(sale.cartona_deadline, datetime(2026, 3, 2, 3, 30))

    def test_another_number_of_hours_counts_for_orders_that_wait(self):
        waiting = self.receive(self.order())
        taken = self.receive(self.order(hashed_id="taken1", status="approved"))
        self.config.pending_hours = 24
        self.env.flush_all()
        self.assertEqual(waiting.cartona_deadline, datetime(2026, 3, 2, 21, 30))
        self.assertFalse(taken.cartona_deadline)
        self.config.pending_hours = 0
        self.assertFalse(waiting.cartona_deadline)

    def test_somebody_is_told_once_when_the_time_is_up(self):
        late, early = self.arrive(7), self.arrive(5, hashed_id="early1")
        self.tick()
        self.tick()
        [reminder] = self.reminders(late)
        self.assertEqual(reminder.user_id, self.seller)
        self.assertIn("6 hours", reminder.summary)
        self.assertFalse(self.reminders(early))

    def test_who_has_ticked_it_off_is_not_told_again(self):
        sale = self.arrive(7)
        self.tick()
        self.reminders(sale).unlink()
        self.tick()
        self.assertFalse(self.reminders(sale))

    def test_nobody_is_told_when_the_clock_is_off(self):
        self.config.pending_hours = 0
        sale = self.arrive(100)
        self.tick()
        self.assertFalse(sale.activity_ids)

    def test_the_reminder_goes_when_the_order_is_confirmed(self):
        sale = self.arrive(7)
        self.tick()
        sale.with_user(self.env.ref("base.user_admin")).action_confirm()
        self.assertFalse(self.reminders(sale))
        self.assertFalse(sale.cartona_deadline)

    def test_the_reminder_goes_when_the_retailer_cancels(self):
        sale = self.arrive(7)
        self.tick()
        raw = self.order(status="cancelled_by_retailer")
        self.receive(raw)
        self.assertFalse(self.reminders(sale))

    def test_an_order_that_comes_back_from_editing_is_told_of_again(self):
        sale = self.arrive(7)
        self.tick()
        sale.cartona_status = "editing"
        self.assertFalse(self.reminders(sale))
        sale.cartona_status = "pending"
        self.tick()
        self.assertEqual(len(self.reminders(sale)), 1)

    def test_waiting_orders_stand_with_the_most_urgent_first(self):
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

    def test_an_order_of_another_company_has_its_own_clock(self):
        other = self.env["res.company"].create({"name": "الجملة"})
        self.env["cartona.config"]._of_company(other).pending_hours = 2
        sale = self.arrive(3)
        self.tick()
        self.assertFalse(self.reminders(sale), "6 hours hold for this company")
