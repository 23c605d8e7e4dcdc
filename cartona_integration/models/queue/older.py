"""`cartona.older`: changes by transactions that are older than a link, a switch or a setting.

A hook decides on the snapshot of the writing transaction whether a change concerns Cartona. A
transaction that began before a product was linked sees no link and marks nothing, and may commit
long after the link's own rows were sent. Comparing transaction ids would not find it: one that has
only read so far gets its id with its first write, on its older snapshot.

    link, switch, setting -> a row here, in the same transaction -> commit
    next step of the stream: store which transactions are open -> commit, then read what is sent
    as each of them ends: mark what the row points at -> commit, then read it again
"""

import json

from odoo import api, fields, models

from .streams import LOCKS, STREAMS

# Seconds between two looks at the open transactions: from short ones to an hour's dump.
_FIRST_LOOK, _LAST_LOOK = 1, 5
_STREAM_OF = {kind: name for name, stream in STREAMS.items() for kind in stream.kinds}


class CartonaOlder(models.Model):
    _name = "cartona.older"
    _description = "Cartona: Older Transactions"
    _log_access = False

    # Plain integers: as in the outbox.
    config_id = fields.Integer(required=True, index=True)
    company_id = fields.Integer(required=True)
    kind = fields.Char(required=True, help="Kind of the outbox rows to write.")
    res_id = fields.Integer(required=True, help="Listing; 0 for all that the kind can point at.")
    create_date = fields.Datetime(required=True)
    transactions = fields.Text(
        help="JSON: transactions that were open and have not ended yet. Empty: not stored yet."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _expect(self, config, kind, res_ids=(0,)):
        """Mark records again as the transactions end that do not see this one's changes.

        :param str kind: kind of outbox row: "price", "stock" or "order"
        :param res_ids: ids of listings; 0 for all listings, or all open orders
        """
        self.env.cr.execute(
            """
            INSERT INTO cartona_older (config_id, company_id, kind, res_id, create_date)
            SELECT %s, %s, %s, unnest(%s), clock_timestamp() AT TIME ZONE 'UTC'
            """,
            (config.id, config.company_id.id, kind, list(res_ids)),
        )
        self.env["cartona.worker"]._wake(_STREAM_OF[kind], config.ids)

    @api.model
    def _advance(self, config, stream):
        """Store the open transactions of new rows, and mark what the ended ones may have changed.

        The caller commits if this returns True and reads in a new transaction: one that has ended
        by now may have been open when the caller's snapshot was taken.

        :return: bool, True if anything was written
        """
        kinds = STREAMS[stream].kinds
        self.env.cr.execute(
            "SELECT DISTINCT transactions FROM cartona_older WHERE config_id = %s AND kind IN %s",
            (config.id, kinds),
        )
        stored = [row[0] for row in self.env.cr.fetchall()]
        if not stored:
            return False
        open_now, has_changed = self._open_transactions(config, stream), False
        for text in stored:
            before = set(json.loads(text)) if text else None
            remaining = open_now if before is None else before & open_now
            if remaining == before:
                continue
            has_changed = True
            self._store_remaining(config, kinds, text, remaining)
        return has_changed

    def _store_remaining(self, config, kinds, text, remaining):
        """Store which transactions remain of those in `text`, and mark what the others may have
        changed."""
        self.env.cr.execute(
            """
            UPDATE cartona_older SET transactions = %s
             WHERE config_id = %s AND kind IN %s AND transactions IS NOT DISTINCT FROM %s
            RETURNING id, kind, res_id
            """,
            (json.dumps(sorted(remaining)), config.id, kinds, text),
        )
        rows = self.env.cr.fetchall()
        if text:
            by_kind = {}
            for _row_id, kind, res_id in rows:
                by_kind.setdefault(kind, set()).add(res_id)
            for kind, res_ids in by_kind.items():
                model = self.env[STREAMS[_STREAM_OF[kind]].model]
                model._mark_again(config, kind, res_ids)
        if not remaining:
            self.env.cr.execute(
                "DELETE FROM cartona_older WHERE id = ANY(%s)", ([row[0] for row in rows],)
            )

    @api.model
    def _open_transactions(self, config, stream):
        """Return the transactions of other sessions that are open in this database: set of str.

        PostgreSQL shows sessions of other users without their times, so they are left out: hooks
        only run in Odoo's own. So is the worker that calls this: it waits in its lock's
        transaction, in which it writes nothing.
        """
        self.env.cr.execute(
            """
            SELECT pid || ' ' || to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
              FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend'
               AND xact_start IS NOT NULL AND pid != pg_backend_pid()
               AND pid NOT IN (SELECT pid FROM pg_locks
                                WHERE locktype = 'advisory' AND granted
                                  AND classid = %s AND objid = %s)
            """,
            (LOCKS[stream], config.id),
        )
        return {row[0] for row in self.env.cr.fetchall()}

    @api.model
    def _seconds_left(self, config, stream):
        """Return after how many seconds to look again; None while no row waits."""
        age = self._age(config, stream)
        return None if age is None else max(_FIRST_LOOK, min(age / 10, _LAST_LOOK))

    @api.model
    def _age(self, config, stream):
        """Return the age of the stream's oldest row in seconds, None without one."""
        self.env.cr.execute(
            """
            SELECT EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - min(create_date))
              FROM cartona_older WHERE config_id = %s AND kind IN %s
            """,
            (config.id, STREAMS[stream].kinds),
        )
        age = self.env.cr.fetchone()[0]
        return None if age is None else float(age)
