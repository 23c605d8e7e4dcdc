"""Keeps secrets out of Odoo's log of SQL statements.

Odoo logs a statement that failed with all its values, and PostgreSQL tells the row that it would
not take: a new token whose transaction meets another one, or a limit, would stand in the log.
"""

import logging
import re

_LOGGER = "odoo.sql_db"
# Tables that hold the token and the webhook's secret, the retailers' codes, or orders as they
# came, with both the codes and the people in them; and the column that gives codes to drivers.
_GUARDED = re.compile(
    r"\bcartona_(?:config|message|delivery_proof|delivery_otp|delivery_otp_line|pickup_otp)\b"
)


class _HideStatement(logging.Filter):
    """Leaves of a guarded record only what guards it, and which kind of error it is about."""

    def filter(self, record):
        found = _GUARDED.search(record.getMessage())
        if found:
            errors = [_named(arg) for arg in record.args if isinstance(arg, Exception)]
            record.msg = "a statement on %s, not shown for what it may hold. %s"
            record.args = (found.group(), ", ".join(errors))
        return True


def _named(error):
    """The kind of error; of a collision, which is begun again, PostgreSQL's words as well: they
    hold no values."""
    is_collision = (getattr(error, "pgcode", None) or "").startswith("40")
    words = error.diag.message_primary if is_collision else ""
    return "%s: %s" % (type(error).__name__, words) if words else type(error).__name__


def hide_secrets():
    """From now on this process logs no values that are guarded; once is enough."""
    logger = logging.getLogger(_LOGGER)
    if not any(isinstance(known, _HideStatement) for known in logger.filters):
        logger.addFilter(_HideStatement())
