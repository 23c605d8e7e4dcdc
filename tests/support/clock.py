"""Shortened waiting times: only the waiting is skipped, every process still checks itself."""

import contextlib
import threading
from collections.abc import Iterator

import psycopg2

from tools.dev.odoo_server import OdooServer

_STEP = "interval '30 seconds'"  # that pass in each step
_PAUSE = 2  # seconds between two steps
_NOW = "now() AT TIME ZONE 'UTC'"
# Each in its own transaction, and none waits for a lock: the next step repeats it.
_OLDER = (
    *(
        f"UPDATE cartona_config SET {pause} = {pause} - {_STEP} WHERE {pause} > {_NOW}"
        for pause in (
            "out_next_try",
            "order_next_try",
            "in_next_try",
            "acknowledge_next_try",
            "catalogue_next_try",
        )
    ),
    f"UPDATE cartona_change SET retry_at = retry_at - {_STEP} WHERE retry_at > {_NOW}",
    f"UPDATE cartona_message SET acknowledge_at = acknowledge_at - {_STEP}"
    f" WHERE acknowledge_at > {_NOW}",
    f"UPDATE cartona_config SET last_pull = last_pull - {_STEP} WHERE last_pull > {_NOW} - {_STEP}",
    f"UPDATE queue_job SET eta = eta - {_STEP} WHERE state = 'pending' AND eta > {_NOW}",
    f"UPDATE ir_cron_trigger SET call_at = call_at - {_STEP} WHERE call_at > {_NOW}",
    f"UPDATE ir_cron SET nextcall = nextcall - {_STEP} WHERE nextcall > {_NOW} AND id IN"
    " (SELECT res_id FROM ir_model_data WHERE module = 'cartona_integration'"
    "  AND name IN ('cron_catch_up', 'cron_pull_orders'))",
)


@contextlib.contextmanager
def fast(odoo: OdooServer) -> Iterator[None]:
    """Shorten the pauses after failures and the minute of the crons within the block."""
    over = threading.Event()
    thread = threading.Thread(target=_pass, args=(odoo, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _pass(odoo: OdooServer, over: threading.Event) -> None:
    while not over.wait(_PAUSE):
        for statement in _OLDER:
            with contextlib.suppress(psycopg2.Error):  # the database itself may be down
                odoo.query(f"SET lock_timeout = '200ms'; {statement}")
        with contextlib.suppress(psycopg2.Error):
            odoo.query("SELECT pg_notify('queue_job', '')")
            odoo.env.pg.query("SELECT pg_notify('cron_trigger', %s)", odoo.database)
