"""The report on what going live would change, for 1,000 and 10,000 linked products."""

from tools.bench import stage
from tools.bench.growth import SIZES, linear
from tools.bench.measure import Call, timed
from tools.bench.options import Options
from tools.bench.report import Line, Measurement
from tools.dev.odoo_server import OdooServer

NAME = "going_live"

# As after reading the catalogue today: every price differs from Odoo's, and no listing has an id
# of ours.
_READ = """
    UPDATE cartona_listing
       SET name = 'Listing ' || cartona_id, internal_product_id = NULL,
           shown_at = now() AT TIME ZONE 'UTC', shown_values = '{"selling_price": 1.0}'
"""


def run(options: Options) -> Measurement:
    """Open the report of every size, and read its figures as the form does."""
    opened = {size: _opened(options, size) for size in SIZES}
    lines = [
        Line(
            f"what going live would change, {size:,} linked products",
            "",
            f"{seconds:.2f} s, {queries:,} queries",
            True,
        )
        for size, (seconds, queries) in opened.items()
    ]
    lines.append(linear(*((size, opened[size][0]) for size in SIZES)))
    return Measurement(NAME, lines, {"opened": {str(size): opened[size] for size in opened}})


def _opened(options: Options, size: int) -> tuple[float, int]:
    """Return seconds and queries of the button and of the figures that it opens."""
    with stage.served(options.env, stage.linked(options.env, size)) as odoo:
        odoo.query(_READ)
        odoo.query("ANALYZE")
        [config] = odoo.call("cartona.config", "search", [], limit=1, order="id")
        odoo.call("cartona.config", "read", [config], ["display_name"])  # the registry is loaded
        button = timed(odoo, "cartona.config", "action_go_live", [config])
        report = odoo.call("cartona.go.live", "create", {"config_id": config})
        figures = timed(odoo, "cartona.go.live", "read", [report], ["price_count", "id_count"])
        _check(odoo, report, size)
    return _together(button, figures)


def _check(odoo: OdooServer, report: int, size: int) -> None:
    [counts] = odoo.call("cartona.go.live", "read", [report], ["price_count", "id_count"])
    assert (counts["price_count"], counts["id_count"]) == (size, size), counts


def _together(*calls: Call) -> tuple[float, int]:
    return round(sum(call.seconds for call in calls), 3), sum(call.queries for call in calls)
