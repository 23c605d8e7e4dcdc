"""An idle job runner is shown, an active one never."""

from datetime import timedelta

from odoo import fields

from .test_dashboard import DashboardCase


class TestRunner(DashboardCase):
    def test_an_old_pending_job_shows_an_idle_runner(self):
        self.assertFalse(self.figure("is_runner_asleep"))
        self.env["cartona.worker"]._enqueue("drain", self.config.id)
        job = self.jobs("drain")[:1]
        self.assertFalse(self.figure("is_runner_asleep"), "it is new")
        self.change_job(job, date_created=timedelta(minutes=-2))
        self.assertTrue(self.figure("is_runner_asleep"))
        self.change_job(job, eta=timedelta(hours=1))
        self.assertFalse(self.figure("is_runner_asleep"), "it is not due")

    def test_a_job_waiting_for_others_shows_an_active_runner(self):
        self.env["cartona.worker"]._enqueue("drain", self.config.id)
        self.env["cartona.worker"]._enqueue("pull", self.config.id)
        self.change_job(self.jobs("drain")[:1], date_created=timedelta(minutes=-2))
        self.assertTrue(self.figure("is_runner_asleep"))
        other = self.jobs("pull")[:1]
        self.start_job(other)
        self.assertFalse(self.figure("is_runner_asleep"))

    def test_a_killed_job_does_not_hide_an_idle_runner(self):
        self.env["cartona.worker"]._enqueue("drain", self.config.id)
        self.env["cartona.worker"]._enqueue("pull", self.config.id)
        self.change_job(self.jobs("drain")[:1], date_created=timedelta(minutes=-2))
        killed = self.jobs("pull")[:1]
        self.start_job(killed)
        self.change_job(killed, date_started=timedelta(minutes=-16))
        self.assertTrue(self.figure("is_runner_asleep"))
        self.change_job(killed, date_started=timedelta(minutes=-14))
        self.assertFalse(self.figure("is_runner_asleep"))

    def test_a_long_queue_in_progress_shows_an_active_runner(self):
        self.tea.list_price = 13.0
        self.age_changes(minutes=4)
        self.assertTrue(self.figure("is_runner_asleep"), "no job is running")
        self.env["cartona.worker"]._enqueue("drain", self.config.id)
        job = self.jobs("drain")[:1]
        self.assertFalse(self.figure("is_runner_asleep"), "the next job is new")
        self.start_job(job)
        self.change_job(job, date_created=timedelta(minutes=-2))
        self.assertFalse(self.figure("is_runner_asleep"), "it sends a batch")
        self.change_job(job, date_started=timedelta(minutes=-16))
        self.assertTrue(self.figure("is_runner_asleep"), "it was killed")

    def test_changes_of_a_copied_database_are_ignored(self):
        self.tea.list_price = 13.0
        self.age_changes(minutes=4)
        self.env["ir.config_parameter"].set_param("database.uuid", "another-database")
        self.assertFalse(self.figure("is_runner_asleep"))

    def start_job(self, job):
        self.env.flush_all()
        self.env.cr.execute("UPDATE queue_job SET state = 'started' WHERE id = %s", (job.id,))
        self.change_job(job, date_started=timedelta(0))

    def change_job(self, job, **moments):
        """Write fields that Queue Job protects."""
        self.env.flush_all()
        for field, distance in moments.items():
            self.env.cr.execute(
                "UPDATE queue_job SET %s = %%s WHERE id = %%s" % field,
                (fields.Datetime.now() + distance, job.id),
            )
