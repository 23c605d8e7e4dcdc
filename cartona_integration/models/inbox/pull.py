"""`cartona.message`: Cartona's list of orders is read into the inbox.

    job -> page of the list -> stored, committed -> next page, until a whole pass has nothing new

An acknowledgement names an order, not a version of it. So nothing is acknowledged while the list
is read, nor after a reading that did not reach the end: Cartona would not send a page again that
was never stored here.

Orders leave the list for other reasons as well, so pages shift while they are read, and a single
pass can miss some. A list too long for one job is continued by the next one: the position is
stored on the configuration.

Whatever Cartona does, the reading ends: a pass at a page without an unseen order, and after some
passes with new orders the next one waits for the next pull. A page that always fails is passed
over; then only the orders on the other pages are acknowledged.
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from odoo import api, fields, models

from ...cartona_api import (
    CartonaClient,
    Notice,
    Problem,
    Rejected,
    Transient,
    Unauthorised,
    content_key,
    unwrap,
)
from ..core.clock import database_now
from ..queue.worker import LOCK_MISSED_SECONDS, RUNNER_ASLEEP_SECONDS, Wait

# A pull that has not reached the end leaves the rest to the next job after this time.
_PULL_SECONDS = 20
# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100
# Pages of one pass, and passes of one job: no supplier has as many open orders.
_MAX_PAGES = 1000
_MAX_PASSES = 3
# A page that has failed this often in a row is passed over.
_PAGE_FAILURES = 3


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
    :param failing: page that has failed in a row, and is passed over if it fails again; 0 for none
    :param failed: page with an error, filled while it is read
    :param hole: page that was passed over, filled while it is read
    """

    settings: dict
    per_page: int
    mark: Any
    began_at: Any
    offered: set = field(default_factory=set)
    calls: list = field(default_factory=list)
    failing: int = 0
    failed: int = 0
    hole: int = 0


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
            began_at=database_now(self.env.cr).replace(microsecond=0),
            failing=config.pull_failed_page if config.pull_failed_count >= _PAGE_FAILURES else 0,
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
        if error:
            is_same = reading.failed and reading.failed == config.pull_failed_page
            count = config.pull_failed_count + 1 if is_same else int(bool(reading.failed))
            config.write({"pull_failed_page": reading.failed, "pull_failed_count": count})
        elif config.pull_hole != reading.hole or (config.pull_failed_page and not reading.hole):
            config.write({"pull_hole": reading.hole})
            if not (reading.hole or mark):
                config.write({"pull_failed_page": 0, "pull_failed_count": 0})
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
                client, config_id, per_page, deadline, page, found, reading.offered, reading
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

    def _read_pages(
        self, client, config_id, per_page, deadline, page, found, offered, reading=None
    ):
        """Store every page of Cartona's list.

        :param int page: first page to read
        :param int found: number of new messages on the pages before
        :param set offered: set to which the ids of the orders are added
        :param reading: `Reading` in which a page that fails is noted; None to pass none over
        :return: (page, found) of the next job if time ran out, None at the end
        """
        for _pass in range(_MAX_PASSES):
            seen = set()
            while page <= _MAX_PAGES:
                requested_at, rows = self._fetch_page(client, page, per_page, reading)
                # The list ends with a page without an unseen order: it is empty, or Cartona
                # ignores the number of the page. It may return fewer rows than requested.
                notices = _notices(rows or [])
                unseen = {notice.hashed_id or content_key(notice.payload) for notice in notices}
                if rows is not None and not unseen - seen:
                    break
                seen |= unseen
                if rows:
                    found += self._store_page(config_id, rows, requested_at)
                    offered.update(one.hashed_id for one in notices if one.hashed_id)
                page += 1
                if time.monotonic() > deadline:
                    return page, found
            if not found:
                break
            page, found = 1, 0
        return None

    def _fetch_page(self, client, page, per_page, reading):
        """Return one page: (time of the request, rows); rows is None for one to be passed over.

        :raise CartonaError: the page failed
        """
        # Of the database, before the call: no transaction is open during it.
        requested_at = self.env["cartona.worker"]._clock()
        try:
            return requested_at, client.pull_orders(page=page, per_page=per_page)
        except Transient as error:
            if not reading:
                raise
            if page == reading.failing and error.uncertain:
                reading.hole = page
                return requested_at, None
            reading.failed = page
            raise

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
