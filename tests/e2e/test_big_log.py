"""A log of a million rows: the dashboard opens as fast as before; old rows go in batches."""

import time
from functools import partial

import pytest

from tools.bench import dashboard
from tools.bench.measure import timed
from tools.dev.odoo_server import OdooServer
from tools.drivers.seller import Seller

KEPT_DAYS = 25
# PostgreSQL publishes the counters of an idle connection after at most this number of seconds.
COUNTED_SECONDS = 11
NIGHTS = 20  # at most; a purge ends after a minute, even if rows are left


@pytest.mark.timeout(900)  # a million rows are written, and some of them deleted again
def test_dashboard_is_fast_with_million_rows_that_are_purged(odoo: OdooServer, seller: Seller):
    open_dashboard = partial(
        timed, odoo, "cartona.config", "search_read", [], dashboard.shown(odoo)
    )
    open_dashboard()  # fills the caches
    before = open_dashboard().queries
    dashboard.fill(odoo, dashboard.ROWS, dashboard.MESSAGES)
    mark = rows_read(odoo)
    assert open_dashboard().queries == before
    assert rows_read(odoo) - mark < dashboard.ROWS / 100

    odoo.call("ir.config_parameter", "set_param", "cartona_integration.log_days", KEPT_DAYS)
    old = (
        "SELECT count(*) FROM cartona_sync_log"
        f" WHERE create_date < now() AT TIME ZONE 'UTC' - interval '{KEPT_DAYS} days'"
    )
    assert odoo.query(old)[0][0] > dashboard.ROWS / 10
    nights = 0
    while odoo.query(old)[0][0] and nights < NIGHTS:
        odoo.shell("env['cartona.sync.log']._purge()")
        nights += 1
    assert odoo.query(old) == [(0,)]
    kept = odoo.query("SELECT count(*) FROM cartona_sync_log")[0][0]
    assert kept > dashboard.ROWS * KEPT_DAYS / 30 * 0.9
    open_dashboard()  # the setting emptied the caches
    assert open_dashboard().queries == before


def rows_read(odoo: OdooServer) -> int:
    """Return the number of log rows read so far, by PostgreSQL's statistics."""
    time.sleep(COUNTED_SECONDS)
    [(count,)] = odoo.query(
        "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_user_tables"
        " WHERE relname = 'cartona_sync_log'"
    )
    return count
