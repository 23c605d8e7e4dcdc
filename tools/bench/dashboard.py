"""The dashboard opened over a million log rows."""

import re
import statistics
from functools import partial

from tools.bench import stage
from tools.bench.measure import timed
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev.odoo_server import OdooServer

NAME = "dashboard"
SIZE = 1000
ROWS = 1_000_000
SECONDS = 0.3

# A month of calls, 2 % failed, with the figures and messages of a shop of that size.
_LOG = """
    INSERT INTO cartona_sync_log (config_id, company_id, create_date, operation, direction, state,
                                  record_count, failure_count, duration, record_name)
    SELECT config.id, config.company_id,
           now() AT TIME ZONE 'UTC' - number * interval '30 days' / %s,
           CASE WHEN number %% 3 = 0 THEN 'pull_orders' ELSE 'update_products' END,
           CASE WHEN number %% 3 = 0 THEN 'in' ELSE 'out' END,
           CASE WHEN number %% 50 = 0 THEN 'error' ELSE 'success' END, 10, 0, 0.05, '500001'
      FROM generate_series(1, %s) number, (SELECT * FROM cartona_config ORDER BY id LIMIT 1) config
"""
_STATS = """
    INSERT INTO cartona_sync_stat (config_id, company_id, hour, operation, milliseconds, sent, late)
    SELECT config.id, config.company_id,
           date_trunc('hour', now() AT TIME ZONE 'UTC') - hour * interval '1 hour',
           operation, 50 * step, 20, 0
      FROM generate_series(1, 24 * 92) hour, generate_series(1, 25) step,
           (VALUES ('product'), ('order')) operations (operation),
           (SELECT * FROM cartona_config ORDER BY id LIMIT 1) config
"""
_MESSAGES = """
    INSERT INTO cartona_message (config_id, company_id, create_date, hashed_id, kind, source, state,
                                 payload, content_key, acknowledge, as_of)
    SELECT config.id, config.company_id, now() AT TIME ZONE 'UTC' - number * interval '30 seconds',
           'bench' || number, 'order', CASE WHEN number %% 2 = 0 THEN 'webhook' ELSE 'pull' END,
           CASE WHEN number %% 1000 = 0 THEN 'error' ELSE 'done' END, '{}', 'bench' || number,
           'done', now() AT TIME ZONE 'UTC' - number * interval '30 seconds'
      FROM generate_series(1, %s) number, (SELECT * FROM cartona_config ORDER BY id LIMIT 1) config
"""
MESSAGES = 50_000


def run(options: Options) -> Measurement:
    """Read the cards several times, as the browser does when the menu is opened."""
    with stage.served(options.env, stage.linked(options.env, SIZE)) as odoo:
        fill(odoo, ROWS, MESSAGES)
        [(rows,)] = odoo.query("SELECT count(*) FROM cartona_sync_log")
        assert rows >= ROWS
        load = partial(timed, odoo, "cartona.config", "search_read", [], shown(odoo))
        calls = [load() for _number in range(options.pairs)]
    seconds = statistics.median(call.seconds for call in calls)
    slowest = max(call.seconds for call in calls)
    line = Line(
        f"dashboard opened over {ROWS:,} log rows",
        f"<= {SECONDS} s",
        f"{seconds:.3f} s (slowest {slowest:.3f} s), {calls[-1].queries} queries",
        seconds <= SECONDS,
    )
    return Measurement(NAME, [line], {"seconds": [round(call.seconds, 4) for call in calls]})


def fill(odoo: OdooServer, rows: int, messages: int) -> None:
    """Give the first company a month of calls, and the matching figures and messages.

    :param rows: number of log rows
    """
    odoo.query(_LOG, rows, rows)
    odoo.query(_STATS)
    odoo.query(_MESSAGES, messages)
    odoo.query("ANALYZE")


def shown(odoo: OdooServer) -> list[str]:
    """Return the fields that the cards show, read from their view."""
    domain = [("name", "=", "cartona.config.dashboard")]
    [view] = odoo.call("ir.ui.view", "search_read", domain, ["arch_db"])
    return sorted(set(re.findall(r'<field name="(\w+)"', re.sub(r"\s+", " ", view["arch_db"]))))
