"""The newest version of an order is applied, and only what we have is acknowledged."""

from datetime import datetime, timedelta

from ..cartona_api import unwrap
from .common import ORDERS, STATUSES
from .inbox_common import InboxCase
from .order_common import TEA


class TestVersions(InboxCase):
    def version(self, amount, **changes):
        """Return order "o1" with this amount of tea."""
        return self.raw({TEA: {"amount": amount}}, hashed_id="o1", **changes)

    def tea_ordered(self):
        return self.order("o1").order_line.filtered(lambda line: line.cartona_id == "901")

    def assertOrdered(self, amount):
        self.assertEqual(self.tea_ordered().product_uom_qty, amount)

    def messages_of(self, hashed_id="o1"):
        return self.env["cartona.message"].search([("hashed_id", "=", hashed_id)], order="id")

    # === ORDER OF VERSIONS === #

    def test_a_page_requested_before_a_call_does_not_undo_it(self):
        requested_at = datetime.utcnow() - timedelta(seconds=1)
        self.store(self.version(2))
        page = unwrap(self.version(1))
        older, _repeated = self.env["cartona.message"]._store(
            self.config, "pull", page, requested_at
        )
        self.assertEqual(len(older), 1, "the list is read once more")
        self.run_import()

        self.assertOrdered(2)
        self.assertEqual([row.state for row in self.messages_of()], ["done", "superseded"])

    def test_an_older_page_changes_nothing_after_the_import(self):
        requested_at = datetime.utcnow() - timedelta(seconds=1)
        self.store(self.version(2))
        self.run_import()
        page = unwrap(self.version(1))
        self.env["cartona.message"]._store(self.config, "pull", page, requested_at)
        self.run_import()
        self.assertOrdered(2)

    def test_a_page_is_as_old_as_its_request(self):
        answered = []

        def page(query):
            answered.append(datetime.utcnow())
            return [self.version(1)] if query["page"] == "1" else []

        self.marketplace.answer_always("GET", ORDERS, page)
        self.pull()
        self.assertLess(self.messages_of().as_of, answered[0])

    def test_a_call_that_repeats_an_older_one_is_checked(self):
        self.store(self.version(1))
        self.run_import()
        self.store(self.version(2))
        self.run_import()
        self.clear_jobs()

        fresh, repeated = self.store(self.version(1))
        self.run_postcommit()
        self.run_import()

        self.assertEqual((len(fresh), repeated), (0, 1))
        self.assertEqual(len(self.jobs("pull")), 1)
        self.assertOrdered(2)

        self.serve([self.version(2)], shrinks=False)
        self.pull()
        self.run_import()
        self.assertOrdered(2)

    def test_a_reverted_order_is_applied_from_the_list(self):
        for amount in (1, 2, 1):
            self.store(self.version(amount))
            self.run_import()
        self.assertOrdered(2)

        self.serve([self.version(1)], shrinks=False)
        self.pull()
        self.run_import()
        self.assertOrdered(1)

    def test_an_uncertain_call_is_not_acknowledged_before_the_list(self):
        """The edit is reverted before we acknowledge it: the acknowledgement would cover both."""
        self.store(self.version(1))
        self.run_import()
        self.store(self.version(2))
        self.store(self.version(1))
        self.run_import()
        self.assertOrdered(2)
        self.assertEqual(self.acknowledged(), ["o1"], "the edit is not acknowledged yet")

        self.serve([self.version(1)], shrinks=False)
        self.pull()
        self.assertFalse(self.config.list_state)
        self.run_import()
        self.assertOrdered(1)
        self.assertEqual(self.acknowledged().count("o1"), 3)

    def test_an_uncertain_call_during_a_pull_repeats_the_pull(self):
        self.store(self.version(1))
        self.store(self.version(2))
        calls = [self.version(1)]

        def page(query):
            if calls:
                self.store(calls.pop())
                self.env.cr.flush()
            return []

        self.marketplace.answer_always("GET", ORDERS, page)
        self.assertEqual(self.pull(), 0)
        self.assertEqual(self.config.list_state, "wanted")
        self.assertIsNone(self.pull())
        self.assertFalse(self.config.list_state)

    def test_nothing_is_acknowledged_after_a_lost_page(self):
        """Cartona sent the page, but its answer was lost."""
        self.store(self.version(1))
        self.marketplace.answer_next("GET", ORDERS, "cut", status=502)
        self.assertTrue(self.pull())
        self.config._end_pause("in")
        self.run_import()
        self.assertOrdered(1)
        self.assertEqual(self.acknowledged(), [])

        # The next cron reads the list first.
        self.clear_jobs()
        self.env["cartona.worker"]._catch_up("import", self.config.id)
        self.run_postcommit()
        self.assertEqual(len(self.jobs("pull")), 1)
        self.serve([])
        self.pull()
        self.run_import()
        self.assertEqual(self.acknowledged(), ["o1"])

    def test_an_older_version_in_the_same_call_is_ignored(self):
        self.store([self.version(1), self.version(2), self.version(1)])
        self.run_import()
        self.assertOrdered(2)

    # === ACKNOWLEDGEMENT === #

    def test_a_status_alone_acknowledges_nothing(self):
        self.store(self.version(1))
        self.run_import()
        self.assertEqual(self.acknowledged(), ["o1"])
        notice, _repeated = self.store({"hashed_id": "o1", "status": "approved"})
        self.run_import()
        self.assertEqual((notice.state, notice.acknowledge), ("done", "no"))
        self.assertEqual(self.acknowledged(), ["o1"])

    def test_an_edit_that_crosses_our_approval_is_offered_again(self):
        """The retailer changed the order during the approval: Cartona has the changed lines."""
        self.store(self.version(1))
        self.run_import()
        order = self.order("o1")
        order.action_confirm()
        order.cartona_status = "approved"

        crossing, _repeated = self.store(self.version(3))
        self.run_import()
        self.assertOrdered(1)
        self.assertEqual((crossing.state, crossing.acknowledge), ("done", "no"))
        self.assertEqual(self.acknowledged(), ["o1"])

        self.store(self.version(3, status="approved"), source="pull")
        self.run_import()
        self.assertOrdered(3)
        self.assertEqual(self.acknowledged(), ["o1", "o1"])

    def test_a_late_acknowledgement_does_not_hide_a_crossing_edit(self):
        """An acknowledgement contains only the order's id: a late one would cover the edit too."""
        self.marketplace.answer_next("POST", STATUSES, "down", status=503)
        first, _repeated = self.store(self.version(1))
        self.run_import()
        self.assertEqual(first.acknowledge, "due")
        self.config._end_pause("in")
        order = self.order("o1")
        order.action_confirm()
        order.cartona_status = "approved"
        other, _repeated = self.store(self.sample("o2"))

        self.store(self.version(3))
        self.run_import()
        self.assertEqual((first.acknowledge, other.acknowledge), ("no", "done"))
        self.assertEqual(self.acknowledged(), ["o1", "o2"], "the first one failed")

    def test_an_order_with_a_newer_message_is_not_acknowledged(self):
        first, _repeated = self.store(self.version(1))
        other, _repeated = self.store(self.sample("o2"))
        self.env["cartona.message"]._import_batch(self.config.id, (first | other).ids)
        self.env.invalidate_all()
        self.store(self.version(3))
        self.env["cartona.message"]._acknowledge(self.config.id)
        self.assertEqual(self.acknowledged(), ["o2"])
        self.run_import()
        self.assertEqual(self.acknowledged(), ["o2", "o1", "o1"])

    def test_an_echo_overtaken_by_our_approval_is_acknowledged(self):
        self.store(self.version(1))
        self.run_import()
        self.order("o1").cartona_status = "approved"
        self.store(self.version(1, note_message="soon"))
        self.run_import()
        self.assertEqual(self.acknowledged(), ["o1", "o1"])

    def test_orders_are_imported_while_acknowledgements_fail(self):
        self.marketplace._prepared.clear()
        self.marketplace.answer_always("POST", STATUSES, "down", status=503)
        for number in range(8):
            self.store(self.sample("o%s" % number))
        self.assertTrue(self.run_import(), "the acknowledgement comes later")
        self.assertEqual(len(self.env["sale.order"].search([("cartona_id", "=like", "o_")])), 8)

    def test_many_due_acknowledgements_are_sent_in_batches(self):
        for number in range(8):
            self.store(self.sample("o%s" % number))
        self.run_import()
        self.marketplace.calls.clear()
        for number in range(8):
            self.store(self.sample("o%s" % number), source="pull")
        self.run_import()
        self.assertEqual([len(body) for body in self.marketplace.bodies(STATUSES)], [3, 3, 2])

    # === CANCELLED === #

    def test_a_cancellation_without_lines_cancels_the_order(self):
        self.store(self.version(1))
        self.run_import()
        message, _repeated = self.store(
            self.sample("o1", status="cancelled_by_retailer", order_details=[], retailer=None)
        )
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("done", False))
        order = self.order("o1")
        self.assertEqual((order.state, order.cartona_status), ("cancel", "cancelled_by_retailer"))
        self.assertEqual(order.partner_id.name, "أسواق الرحمــة")
        self.assertOrdered(1)

    def test_an_order_without_lines_that_is_not_cancelled_waits(self):
        message, _repeated = self.store(self.sample("o1", order_details=[]))
        self.run_import()
        self.assertEqual((message.state, message.error_code), ("error", "empty_order"))

    def test_a_cancellation_of_an_unknown_order_makes_no_order(self):
        message, _repeated = self.store(
            self.sample("o1", status="cancelled_by_retailer", order_details=None)
        )
        self.run_import()
        self.assertEqual(message.state, "done")
        self.assertFalse(self.order("o1"))

    # === COPIED DATABASE === #

    def test_a_copied_database_imports_nothing_until_a_manager_accepts(self):
        self.config.database_identity = "another"
        message, _repeated = self.store(self.version(1))
        self.run_import()
        self.assertEqual(message.state, "new")
        self.assertFalse(self.order("o1"))

        self.marketplace.answer_next("GET", "supplier-product", [])
        self.config.action_accept_database()
        self.run_import()
        self.assertEqual(message.state, "done")
        self.assertOrdered(1)

    # === LONG LISTS === #

    def test_a_long_list_is_continued_by_the_next_job(self):
        self.patch_seconds(0)
        self.serve([self.sample("o%s" % number) for number in range(8)], shrinks=False)
        jobs = 1
        while self.pull() == 0:
            jobs += 1
            self.assertLess(jobs, 20, "the pull does not end")

        pages = [int(query["page"]) for _m, path, query, _b in self.marketplace.calls]
        # Two passes: the second one brought nothing new.
        self.assertEqual(pages, [1, 2, 3, 4, 1, 2, 3, 4])
        self.assertEqual(len(self.env["cartona.message"].search([])), 8)
        self.assertFalse(self.config.pull_mark)

    def test_a_failed_page_restarts_from_the_first_page(self):
        self.patch_seconds(0)
        self.serve([self.sample("o%s" % number) for number in range(8)], shrinks=False)
        self.pull()
        self.assertTrue(self.config.pull_mark)
        self.marketplace.answer_next("GET", ORDERS, "down", status=503)
        self.assertTrue(self.pull())
        self.config._end_pause("in")
        self.marketplace.calls.clear()
        self.pull()
        self.assertEqual(self.marketplace.calls[0][2]["page"], "1")

    def patch_seconds(self, seconds):
        from ..models.inbox import pull

        self.patch(pull, "_PULL_SECONDS", seconds)

    def clear_jobs(self):
        """Delete the pending pull jobs."""
        self.run_postcommit()
        self.env["queue.job"].search([("identity_key", "=like", "cartona:pull:%")]).unlink()

    def run_postcommit(self):
        """Enqueue the woken streams, as after the commit."""
        self.env.cr.flush()
        self.env.cr.postcommit.run()
