"""`cartona.message`: Cartona's list of orders is read into the inbox.

    job -> page of the list -> stored, committed -> next page, until a whole pass has nothing new

An acknowledgement names an order, not a version of it. So nothing is acknowledged while the list
is read, nor after a reading that did not reach the end: Cartona would not send a page again that
was never stored here.

Orders leave the list for other reasons as well, so pages shift while they are read, and a single
pass can miss some. A list too long for one job is continued by the next one: the position is
stored on the configuration.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from odoo import api, fields, models

from ...cartona_api import CartonaClient, Notice, Problem, Rejected, Unauthorised, unwrap
from ..queue.worker import LOCK_MISSED_SECONDS, RUNNER_ASLEEP_SECONDS, Wait

# A pull that has not reached the end leaves the rest to the next job after this time.
_PULL_SECONDS = 20
# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100


@dataclass
class Reading:
    """One job's reading of the list.

    :param settings: settings of the client
    :param per_page: orders on a page
    :param mark: end of the job before: [True for the list with our code, page, number of new
        messages of this pass]; None to start at the first page
    :param began_at: datetime of the start
    :param offered: ids of all orders on our own list, filled while it is read
    :param calls: calls without our code, for the log
    """

    settings: dict
    per_page: int
    mark: Any
    began_at: Any
    offered: set = field(default_factory=set)
    calls: list = field(default_factory=list)


class CartonaMessage(models.Model):
    _inherit = "cartona.message"

    # === BUSINESS METHODS === #

    @api.model
    def _pull_backlog(self, config, _stream):
        """Return infinity if no job runner is active, else 0: the pull is only woken."""
        is_asleep, _is_active = config._jobs_at_work()
        is_late = is_asleep or self.env["cartona.worker"]._is_overdue(
            "pull", config.id, RUNNER_ASLEEP_SECONDS
        )
        return float("inf") if is_late else 0

    @api.model
    def _pull(self, config_id):
        """Read all pages, and repeat until a whole pass has nothing new. The caller has the lock.
        Each page is stored and committed before the next.

        :return: seconds until the next try (0: at once), None when the list was read to its end
        """
        return self.env["cartona.worker"]._exchange(
            config_id,
            "in",
            lambda config: config.env["cartona.message"]._start_reading(config),
            lambda client, reading: self._read_list(client, config_id, reading),
            lambda config, *rest: config.env["cartona.message"]._end_reading(config, *rest),
        )

    def _start_reading(self, config):
        """Prepare the exchange, its step (a).

        :return: `Reading`, or `Wait` while an acknowledgement is being sent
        """
        if not self.env["cartona.worker"]._try_lock(self.env.cr, "acknowledge", config.id):
            return Wait(LOCK_MISSED_SECONDS)
        config.list_state = "reading"
        return Reading(
            settings=config._client_settings(),
            per_page=min(config.batch_size, _PER_PAGE),
            mark=json.loads(config.pull_mark or "null"),
            began_at=fields.Datetime.now(),
        )

    def _end_reading(self, config, reading, mark, error):
        """Store the outcome of the exchange, its step (c).

        :param mark: start of the next job, None at the end of the list; after an error the next
            job starts at the first page, so that new orders do not wait for a page that fails
        :return: 0 to continue at once, else None
        """
        self.env["cartona.sync.log"]._record(config, reading.calls)
        is_wanted = config.list_state == "wanted"  # requested again since the start
        pull_mark = json.dumps(mark) if mark and not is_wanted else False
        if (config.pull_mark or False) != pull_mark:
            config.pull_mark = pull_mark
        if not error:
            config.last_pull = fields.Datetime.now()
            if not (reading.mark or mark):
                config._store_offered(reading.offered, reading.began_at)
            if not mark and not is_wanted:
                config.list_state = False
                self._wake_acknowledge(config)
        return 0 if mark or is_wanted else None

    def _read_list(self, client, config_id, reading):
        """Read the list with our code, then once more without it. Otherwise the orders of an
        account would never be seen if its code is missing in Odoo.

        :return: `Reading.mark` of the next job if time ran out, None at the end
        """
        deadline = time.monotonic() + _PULL_SECONDS
        settings, per_page = reading.settings, reading.per_page
        is_own, page, found = reading.mark or (True, 1, 0)
        if is_own:
            rest = self._read_pages(
                client, config_id, per_page, deadline, page, found, reading.offered
            )
            if rest:
                return [True, *rest]
            page, found = 1, 0
        if not settings["supplier_code"]:
            return None
        # Cartona may require a code: then there is nothing to read, and the token, accepted
        # before, is valid all the same.
        settings = dict(settings, supplier_code="")
        with CartonaClient(on_call=reading.calls.append, **settings) as client:
            try:
                rest = self._read_pages(client, config_id, per_page, deadline, page, found, set())
            except (Rejected, Unauthorised):
                reading.calls.pop()
                return None
        return [False, *rest] if rest else None

    def _read_pages(self, client, config_id, per_page, deadline, page, found, offered):
        """Store every page of Cartona's list.

        :param int page: first page to read
        :param int found: number of new messages on the pages before
        :param set offered: set to which the ids of the orders are added
        :return: (page, found) of the next job if time ran out, None at the end
        """

        def fetch():
            return datetime.utcnow(), client.pull_orders(page=page, per_page=per_page)

        while True:
            # The list ends with an empty page: Cartona may return fewer rows than requested.
            # The same page twice means that it ignores the page number.
            before = None
            requested_at, rows = fetch()
            while rows and rows != before:
                found += self._store_page(config_id, rows, requested_at)
                offered.update(notice.hashed_id for notice in _notices(rows) if notice.hashed_id)
                page, before = page + 1, rows
                if time.monotonic() > deadline:
                    return page, found
                requested_at, rows = fetch()
            if not found:
                return None
            page, found = 1, 0

    def _store_page(self, config_id, rows, requested_at):
        """Store one page on a cursor of its own.

        :param datetime requested_at: time of the request, UTC
        :return: int, number of new messages
        """

        def store(config):
            if not config:
                return 0
            stored = 0
            for target, notices in config._by_account(_notices(rows)).items():
                Message = target.env["cartona.message"]
                messages, _repeated = Message._store(target, "pull", notices, requested_at)
                stored += len(messages)
            return stored

        return self.env["cartona.worker"]._transact(config_id, store)


def _notices(rows):
    """Return the messages of one page. A row that is not an order is stored unchanged, too."""
    notices = []
    for row in rows:
        try:
            notices += unwrap(row)
        except Problem:
            notices.append(Notice("order", None, row))
    return notices
