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
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from odoo import api, fields, models

from ...cartona_api import (
    CartonaClient,
    Notice,
    Problem,
    Rejected,
    Unauthorised,
    unwrap,
)
from ..queue.worker import LOCK_MISSED_SECONDS, RUNNER_ASLEEP_SECONDS, Wait

# A pull that has not come to the end hands over to the next job after this long.
_PULL_SECONDS = 20
# Source: "page=1&per_page=100" in Cartona's notes; more per page is not promised.
_PER_PAGE = 100


@dataclass
class Reading:
    """One job's reading of the list.

    :param settings: of the client
    :param per_page: orders on a page
    :param mark: where an earlier job ended: [with our code or not, page, number of messages of
        this pass that were new]; None to begin at the first page
    :param began_at: datetime
    :param offered: ids of all orders on our own list, filled while it is read
    :param calls: calls without our code, for the log
    """

    settings: dict
    per_page: int
    mark: Any
    began_at: Any
    offered: set = field(default_factory=set)
    calls: list = field(default_factory=list)


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
        """Read all pages, again and again until a whole pass brings nothing new. The caller has
        the lock. Each page is stored and committed before the next.

        :return: seconds until the next try (0: at once), None when the list was read to its end
        """
        return self.env["cartona.worker"]._exchange(
            config_id,
            "in",
            lambda config: config.env["cartona.message"]._begin_reading(config),
            lambda client, reading: self._read_list(client, config_id, reading),
            lambda config, *rest: config.env["cartona.message"]._end_reading(config, *rest),
        )

    def _begin_reading(self, config):
        """Step (a) of an exchange.

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
        """Step (c) of an exchange.

        :param mark: where the next job goes on, None at the end of the list; after an error the
            next job begins at the first page: new orders do not wait for a page that fails
        :return: 0 when the next job goes on at once, else None
        """
        self.env["cartona.sync.log"]._record(config, reading.calls)
        is_wanted = config.list_state == "wanted"  # since we began
        goes_on = json.dumps(mark) if mark and not is_wanted else False
        if (config.pull_mark or False) != goes_on:
            config.pull_mark = goes_on
        if not error:
            config.last_pull = fields.Datetime.now()
            if not (reading.mark or mark):
                config._store_offered(reading.offered, reading.began_at)
            if not mark and not is_wanted:
                config.list_state = False
                self._wake_acknowledging(config)
        return 0 if mark or is_wanted else None

    def _read_list(self, client, config_id, reading):
        """Read the list with our code, then once more without it: an account whose code is entered
        nowhere here would remain unseen otherwise.

        :return: a mark as `Reading.mark` when time ran out, None at the end
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
        # Cartona may require a code; then there is nothing to read, and nothing wrong with the
        # token, which was accepted before.
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
