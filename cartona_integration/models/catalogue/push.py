"""`cartona.product.push`, the drain of the outbox: send the present state of marked listings.

The three steps of `cartona.worker._exchange`:

    (a) read rows and present state, mark the listings in flight
    (b) call Cartona
    (c) store what was accepted, delete exactly the rows read

A listing that was linked by its ID alone is looked up first: its price and stock depend on what
Cartona sells under that ID.

Storing on the listing before and after the call is in `sync_state`.
"""

from collections import namedtuple

from odoo import models

from ...cartona_api import PushOutcome, Rejected, Transient, push_batch
from ..queue.streams import LISTING_KINDS

# One listing's part of a call.
#   values: fields of which Cartona is not confirmed to have this value
Sending = namedtuple("Sending", "listing_id cartona_id values")
# Everything that steps (b) and (c) need from step (a), as plain values.
#   rows: dict listing id -> ids of its outbox rows
#   on_hold: dict listing id -> (hold reason, price, detail) of what waits for a person
#   is_suspect: True if the batch has failed so often that one listing may be the cause
#   postponed: ids of the listings that were found to be one
#   control: item of a listing that Cartona has accepted before, or None: sent again beside a single
#       suspect, it shows whether that one is the cause
#   lookups: IDs to look up on Cartona; then nothing is sent with this call
Task = namedtuple("Task", "rows sendings on_hold is_suspect postponed control lookups")
# More unknown IDs than these are not looked up one by one: the whole catalogue is read.
_MAX_LOOKUPS = 20
# What a look-up has shown.
#   rows: raw rows of Cartona's catalogue
#   requested_at: when they were requested, UTC
#   failed: dict ID -> the error of its call
Found = namedtuple("Found", "rows requested_at failed")


class CartonaProductPush(models.AbstractModel):
    _name = "cartona.product.push"
    _inherit = "cartona.outbox.stream"
    _description = "Cartona: Send Prices and Stock"

    # === BUSINESS METHODS === #

    def _prepare(self, config):
        """Step (a).

        :return: `Task`, None without rows
        """
        rows = self.env["cartona.change"]._claim(config, LISTING_KINDS, config.batch_size)
        if not rows:
            return None
        Change = self.env["cartona.change"]
        listings = self.env["cartona.listing"].browse(rows).exists()
        unknown = listings.filtered(lambda one: one.product_id and one._is_pack_unknown())
        is_suspect = config._is_suspect(self._pause)
        if is_suspect and len(unknown) < len(listings):
            # A look-up that always fails does not stop the others.
            rows = {res_id: ids for res_id, ids in rows.items() if res_id not in unknown.ids}
            listings -= unknown
        elif unknown and len(unknown) <= _MAX_LOOKUPS:
            own_rows = {listing.id: rows[listing.id] for listing in unknown}
            return Task(own_rows, [], {}, is_suspect, set(), None, unknown.mapped("cartona_id"))
        elif unknown:
            config._start_catalogue()
        sendings, on_hold, marks = [], {}, {}
        unknown = self._unknown(rows)
        listings.filtered(lambda listing: unknown.get(listing.id, ()) is None)._begin_again()
        for intent, delta, mark in self.env["cartona.worker"]._isolate_failures(
            listings._intents(config),
            lambda intents: [
                (one, *self._compare(one, unknown.get(one.listing.id, set()))) for one in intents
            ],
            lambda intents, error: [(_not_computed(intents[0], error), {}, {})],
        ):
            listing = intent.listing
            if mark:
                marks.setdefault(tuple(sorted(mark.items())), []).append(listing.id)
            if delta:
                sendings.append(Sending(listing.id, listing.cartona_id, delta))
            if intent.hold_reason:
                on_hold[listing.id] = (intent.hold_reason, intent.price, intent.detail)
        for mark, listing_ids in marks.items():
            self.env["cartona.listing"].browse(listing_ids).write(dict(mark))
        postponed = Change._postponed(config, LISTING_KINDS, rows)
        control = None
        if is_suspect and len(sendings) == 1:
            control = self._control(config, sendings[0].listing_id)
        return Task(rows, sendings, on_hold, is_suspect, postponed, control, [])

    def _control(self, config, listing_id):
        """Return the confirmed values of another listing as an item, None if there is none: to send
        them again changes nothing."""
        domain = [("config_id", "=", config.id), ("state", "=", "synced")]
        domain += [("id", "!=", listing_id), ("sent_values", "not in", (False, "{}"))]
        other = self.env["cartona.listing"].search(domain, order="synced_at desc", limit=1)
        if not other:
            return None
        return dict(other._confirmed_values(), supplier_product_id=other.cartona_id)

    def _compare(self, intent, unknown):
        """Return what to send of one listing, and the values to write before it is sent.

        :param unknown: fields that count as unknown, whatever was sent; None for all
        :return: (dict field -> value, dict of values to write)
        """
        listing = intent.listing
        confirmed = listing._confirmed_values_except(unknown)
        delta = {
            field: value
            for field, value in intent.values.items()
            if field not in confirmed or confirmed[field] != value
        }
        mark = listing._baseline_values(intent.values, delta)
        mark.update(listing._in_flight_values(confirmed, delta))
        return delta, mark

    def _mark_again(self, config, kind, listing_ids):
        """Mark listings that an older transaction may have changed, see `cartona.older`."""
        Change = self.env["cartona.change"]
        if 0 in listing_ids:
            Change._mark_all_dirty(config, kind)
        else:
            listings = self.env["cartona.listing"].browse(listing_ids).exists()
            Change._mark_listings_dirty(listings, kind)

    def _unknown(self, rows):
        """Return what counts as unknown whatever was sent: a stock that Cartona may have changed
        itself, or everything, because a user wants it sent again.

        :return: dict listing id -> set of fields, None for all of them
        """
        row_ids = [row_id for listing_rows in rows.values() for row_id in listing_rows]
        self.env.cr.execute(
            """
            SELECT res_id, bool_or(kind = 'resend')
              FROM cartona_change
             WHERE id = ANY(%s) AND kind IN ('restock', 'resend')
             GROUP BY res_id
            """,
            (row_ids,),
        )
        return {
            listing_id: None if is_all else {"available_stock_quantity"}
            for listing_id, is_all in self.env.cr.fetchall()
        }

    def _call(self, client, task):
        """Step (b).

        :return: `PushOutcome` over `task.sendings`, or `Found`
        """
        if task.lookups:
            return self._look_up(client, task.lookups)
        items = [
            dict(sending.values, supplier_product_id=sending.cartona_id)
            for sending in task.sendings
        ]
        alone = [
            index
            for index, sending in enumerate(task.sendings)
            if sending.listing_id in task.postponed
        ]
        if task.control and not alone:
            items.append(task.control)
        return push_batch(client.update_products, items, client.check, task.is_suspect, alone)

    def _look_up(self, client, cartona_ids):
        """Return the rows of these IDs in Cartona's catalogue, as `Found`."""
        requested_at, rows, failed = self.env["cartona.worker"]._clock(), [], {}
        for cartona_id in cartona_ids:
            try:
                rows += client.list_products(supplier_product_id=cartona_id)
            except Rejected:
                client.check()  # it may be about the account; otherwise there is no such ID
            except Transient as error:
                failed[cartona_id] = error
                if not error.uncertain or len(failed) == len(cartona_ids):
                    raise
        return Found(rows, requested_at, failed)

    def _store(self, config, task, outcome, _error):
        """Step (c).

        :return: seconds until the next row is due, None without rows
        """
        if task.lookups:
            return self._store_lookups(config, task, outcome)
        outcome = outcome or PushOutcome()
        accepted, refused, isolated, undecided = {}, {}, {}, set()
        for index, sending in enumerate(task.sendings):
            if index in outcome.isolated:
                isolated[sending.listing_id] = outcome.isolated[index]
                undecided.add(sending.listing_id)
            elif index in outcome.accepted:
                accepted[sending.listing_id] = sending
            elif index in outcome.refused:
                refused[sending.listing_id] = outcome.refused[index].message
            else:
                undecided.add(sending.listing_id)
        self.env["cartona.sync.stat"]._count_listings(
            config, [row for listing_id in accepted for row in task.rows[listing_id]]
        )
        decided = [listing_id for listing_id in task.rows if listing_id not in undecided]
        self.env["cartona.worker"]._isolate_failures(
            self.env["cartona.listing"].browse(decided).exists(),
            lambda listings: [
                listing._store_outcome(
                    accepted.get(listing.id), refused.get(listing.id), task.on_hold.get(listing.id)
                )
                for listing in listings
            ],
            lambda listing, error: [listing._set_error("not_worked_out", str(error))],
        )
        for listing in self.env["cartona.listing"].browse(isolated).exists():
            error = isolated[listing.id]
            listing._set_error("no_answer", error.detail or str(error))
        Change = self.env["cartona.change"]
        Change._postpone([row for listing_id in isolated for row in task.rows[listing_id]])
        Change._delete([row for listing_id in decided for row in task.rows[listing_id]])
        return Change._due_in(config, LISTING_KINDS)

    def _mark_unknown(self, _config, task):
        """Have everything sent again that this worker has sent."""
        listings = self.env["cartona.listing"].browse(one.listing_id for one in task.sendings)
        self.env["cartona.change"]._mark_listings_dirty(listings.exists(), "resend")

    def _store_lookups(self, config, task, found):
        """Store what was looked up; an ID that was not found waits for a person.

        The rows of those found stay: the next exchange sends their price and stock.

        :param found: `Found`, None after an error
        :return: as `_store`
        """
        if found is None:
            return 0
        listings = self.env["cartona.listing"].browse(task.rows).exists()
        listings._store_found(found.rows, found.requested_at)
        failed = listings.filtered(lambda one: one.cartona_id in found.failed)
        missing = (listings - failed).filtered(lambda one: one._is_pack_unknown())
        for listing in failed:
            error = found.failed[listing.cartona_id]
            listing._set_error("no_answer", error.detail or str(error))
        for listing in missing:
            listing._store_outcome(None, None, ("not_on_cartona", None, ""))
        Change = self.env["cartona.change"]
        Change._postpone([row for listing in failed for row in task.rows[listing.id]])
        Change._delete([row for listing in missing for row in task.rows[listing.id]])
        return Change._due_in(config, LISTING_KINDS)


def _not_computed(intent, error):
    """Return the intent of a listing that cannot be compared with what Cartona has."""
    return intent._replace(values={}, hold_reason="not_worked_out", price=None, detail=str(error))
