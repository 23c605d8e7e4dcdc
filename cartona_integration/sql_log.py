"""Keep secrets out of Odoo's log of SQL statements.

Odoo logs a failed statement with all its values, and PostgreSQL reports the row that it rejected:
a new token would be logged if its transaction collides with another, or violates a constraint.
"""

import logging
import re

_LOGGER = "odoo.sql_db"
# Tables with the token and the webhook's secret, the retailers' codes, or orders as received,
# with codes and personal data; and the column with the drivers' codes.
_GUARDED = re.compile(
    r"\bcartona_(?:config|message|delivery_proof|delivery_otp|delivery_otp_line|pickup_otp)\b"
)


class _HideStatement(logging.Filter):
    """Reduce a guarded log record to the name that guards it and the kinds of its errors."""

    def filter(self, record):
        found = _GUARDED.search(record.getMessage())
        if found:
            errors = [_describe_error(arg) for arg in record.args if isinstance(arg, Exception)]
            record.msg = "a statement on %s, hidden because it may contain secrets. %s"
            record.args = (found.group(), ", ".join(errors))
        return True


def _describe_error(error):
    """Return the kind of an error, with PostgreSQL's message for a collision, which is retried:
    that message contains no values."""
    is_collision = (getattr(error, "pgcode", None) or "").startswith("40")
    message = error.diag.message_primary if is_collision else ""
    return "%s: %s" % (type(error).__name__, message) if message else type(error).__name__


def hide_secrets():
    """Install the filter in this process; calling it again has no effect."""
    logger = logging.getLogger(_LOGGER)
    if not any(isinstance(known, _HideStatement) for known in logger.filters):
        logger.addFilter(_HideStatement())
