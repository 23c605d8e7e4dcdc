"""Cartona's list of orders, read into the inbox.

    job -> page of the list -> stored, committed -> next page, until a whole pass brings nothing new

An order is acknowledged by its id alone, whatever Cartona has told of it by then. So nothing is
acknowledged while the list is read, nor after a reading that did not come to its end: what a page
said and we never kept would not come again.

Orders leave the list for other reasons as well, so pages shift under the reader and a single pass
can step over some. A list too long for one job is read on by the next one: how far it has come
stands on the configuration.
"""

import json
import time
from datetime import datetime

from odoo import api, fields, models

from ...cartona_api import (
    CartonaClient,
    CartonaError,
    Notice,
    Problem,
    Rejected,
    Unauthorised,
    unwrap,
)
from ..queue.worker import LOCK_MISSED_SECONDS, RUNNER_ASLEEP_SECONDS

# A pull that has not come to the end hands over to the next job after this long.
_PULL_SECONDS = 20
# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100


class CartonaConfig(models.Model):
    _inherit = "cartona.config"

    pull_mark = fields.Char(
        readonly=True,
        copy=False,
        help="JSON: where the reading of the list goes on, see `cartona.message._read_list`; empty "
        "to begin anew.",
    )
    # False: it was read to its end, and nothing has cast doubt on what it said.
    list_state = fields.Selection(
        [("wanted", "To be read"), ("reading", "Being read")],
        "Cartona's List of Orders",
        readonly=True,
        copy=False,
    )

    # === BUSINESS METHODS === #

    def _request_list(self):
        """Have Cartona's list read from its first page before anything is acknowledged again."""
        if self.list_state != "wanted":
            self.write({"list_state": "wanted", "pull_mark": False})
        self._wake_streams("pull")


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    # === JOBS === #

    @api.model
    def _job_pull(self, config_id):
        """Read Cartona's list of orders to the end."""
        return self.env["cartona.worker"]._run_job("pull", config_id, self._pull)

    @api.model
    def _catch_up_pull(self, config_id):
        """Cron: ring for a pull that is due, or do it here when nobody comes."""
        worker = self.env["cartona.worker"]
        config = self.env["cartona.config"].browse(config_id)
        nobody_comes, _is_at_work = config._jobs_at_work()
        is_late = nobody_comes or worker._is_overdue("pull", config.id, RUNNER_ASLEEP_SECONDS)
        worker._wake_or_run("pull", config.id, self._pull, is_late)

    # === BUSINESS METHODS === #

    @api.model
    def _pull(self, config_id):
        """Read all pages, again and again until a whole pass brings nothing new. The caller holds
        the lock. Each page is stored and committed before the next.

        :return: seconds until the next try (0: at once), None when the list was read to its end
        """
        worker = self.env["cartona.worker"]

        def begin(config):
            if not config or config._not_callable():
                return None, None
            wait = config._pause_seconds("in")
            if wait:
                return wait, None
            if not worker._try_lock(config.env.cr, "acknowledge", config_id):
                return LOCK_MISSED_SECONDS, None
            config.list_state = "reading"
            per_page = min(config.batch_size, _PER_PAGE)
            mark = json.loads(config.pull_mark or "null")
            return None, (config._client_settings(), per_page, mark)

        wait, start = worker._transact(config_id, begin)
        if not start:
            return wait
        settings, per_page, mark = start
        calls, error, is_whole = [], None, not mark
        began_at, offered = fields.Datetime.now(), set()
        try:
            mark = self._read_list(config_id, settings, per_page, mark, calls, offered)
        except CartonaError as caught:
            # The next try begins at the first page: new orders do not wait for a page that fails.
            error, mark = caught, None

        def settle(config):
            if not config:
                return None
            config.env["cartona.sync.log"]._record(config, calls)
            is_wanted = config.list_state == "wanted"  # since we began
            goes_on = json.dumps(mark) if mark and not is_wanted else False
            if (config.pull_mark or False) != goes_on:
                config.pull_mark = goes_on
            if not error:
                config.last_pull = fields.Datetime.now()
                if is_whole and not mark:
                    config._store_offered(offered, began_at)
                if not mark and not is_wanted:
                    config.list_state = False
                    config.env["cartona.message"]._wake_acknowledging(config)
            wait = config._call_outcome("in", error)
            return 0 if wait is None and (mark or is_wanted) else wait

        return worker._transact(config_id, settle)

    def _read_list(self, config_id, settings, per_page, mark, calls, offered):
        """Read the list with our code, then once more without it: an account that nobody has
        entered here would stay unseen otherwise.

        :param mark: where an earlier job has come to: [whether with our code, page, how many
            messages of this pass were new]; None to begin anew
        :param set offered: gets the ids of all orders on our own list
        :return: such a mark when time ran out, None at the end
        """
        deadline = time.monotonic() + _PULL_SECONDS
        is_own, page, found = mark or (True, 1, 0)
        if is_own:
            with CartonaClient(on_call=calls.append, **settings) as client:
                rest = self._read_pages(client, config_id, per_page, deadline, page, found, offered)
            if rest:
                return [True, *rest]
            page, found = 1, 0
        if not settings["supplier_code"]:
            return None
        # Cartona may insist on a code; then there is nothing to see, and nothing wrong with the
        # token, which has just been taken.
        with CartonaClient(on_call=calls.append, **dict(settings, supplier_code="")) as client:
            try:
                rest = self._read_pages(client, config_id, per_page, deadline, page, found, set())
            except (Rejected, Unauthorised):
                calls.pop()
                return None
        return [False, *rest] if rest else None

    def _read_pages(self, client, config_id, per_page, deadline, page, found, offered):
        """Store every page of Cartona's list.

        :param int page: where to begin
        :param int found: how many messages were new on the pages before it
        :param set offered: gets the ids of the orders
        :return: (page, found) where to go on when time ran out, None at the end
        """

        def ask():
            return datetime.utcnow(), client.pull_orders(page=page, per_page=per_page)

        while True:
            # The list ends with an empty page: Cartona may give fewer rows than were asked for.
            # A page that comes twice means that it knows of no pages.
            before = None
            asked_at, rows = ask()
            while rows and rows != before:
                found += self._store_page(config_id, rows, asked_at)
                offered.update(notice.hashed_id for notice in _notices(rows) if notice.hashed_id)
                page, before = page + 1, rows
                if time.monotonic() > deadline:
                    return page, found
                asked_at, rows = ask()
            if not found:
                return None
            page, found = 1, 0

    def _store_page(self, config_id, rows, asked_at):
        """Keep one page on a cursor of its own.

        :param datetime asked_at: when Cartona was asked for it
        :return: int, how many messages were new
        """

        def store(config):
            if not config:
                return 0
            stored = 0
            for target, notices in config._by_account(_notices(rows)).items():
                Message = target.env["cartona.message"]
                messages, _repeated = Message._store(target, "pull", notices, asked_at)
                stored += len(messages)
            return stored

        return self.env["cartona.worker"]._transact(config_id, store)


def _notices(rows):
    """Messages out of one page; a row that is no order is kept as it is, to be looked at."""
    notices = []
    for row in rows:
        try:
            notices += unwrap(row)
        except Problem:
            notices.append(Notice("order", None, row))
    return notices
