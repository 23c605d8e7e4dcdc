"""`cartona.stream`: state of each stream of a company: who works on it, and whether it fails."""

from odoo import api, fields, models

from .errors import SERVER

# A stream that failed this often in a row has stopped: a person is notified.
FAILING_AFTER = 3


class CartonaStream(models.Model):
    _name = "cartona.stream"
    _description = "Cartona Stream"
    _rec_name = "stream"
    _log_access = False

    config_id = fields.Many2one("cartona.config", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="config_id.company_id")
    stream = fields.Char(required=True, help="Key of the table of streams.")
    generation = fields.Integer(
        required=True, help="Raised by each worker that takes over the stream."
    )
    failure_count = fields.Integer("Failures in a Row", required=True)
    failing_since = fields.Datetime()
    error = fields.Char("Last Error")
    is_failing = fields.Boolean("Stopped", required=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS cartona_stream_key"
            " ON cartona_stream (config_id, stream)"
        )

    # === BUSINESS METHODS === #

    @api.model
    def _take_over(self, stream, config_id):
        """Raise the generation of a stream. The caller has its lock.

        :return: (number of the caller's generation, failures in a row before it)
        """
        return self._upsert(stream, config_id, "generation = cartona_stream.generation + 1")

    @api.model
    def _is_current(self, stream, config_id, generation):
        """Return True unless another worker has taken over the stream since."""
        self.env.cr.execute(
            "SELECT generation FROM cartona_stream WHERE config_id = %s AND stream = %s",
            (config_id, stream),
        )
        row = self.env.cr.fetchone()
        return not row or row[0] == generation

    @api.model
    def _failed(self, stream, config_id, error, kind):
        """Count a failure of a stream.

        :param str error: text for the dashboard, without data of records
        :param str kind: see `errors`; `SERVER` counts as stopped at once
        :return: int, failures in a row
        """
        return self._upsert(
            stream,
            config_id,
            """
            failure_count = cartona_stream.failure_count + 1,
            failing_since = COALESCE(cartona_stream.failing_since, now() AT TIME ZONE 'UTC'),
            error = %(error)s,
            is_failing = %(is_server)s OR cartona_stream.failure_count + 1 >= %(limit)s
            """,
            {"error": error, "is_server": kind == SERVER, "limit": FAILING_AFTER},
        )[1]

    @api.model
    def _succeeded(self, stream, config_id):
        """Clear the failures of a stream; a statement without an effect if it has none."""
        self.env.cr.execute(
            """
            UPDATE cartona_stream
               SET failure_count = 0, failing_since = NULL, error = NULL, is_failing = false
             WHERE config_id = %s AND stream = %s AND failure_count > 0
            """,
            (config_id, stream),
        )

    def _upsert(self, stream, config_id, change, parameters=()):
        """Change the row of a stream; create it first if there is none.

        :param str change: SQL of the changed columns, never a user's text
        :return: (generation, failure_count)
        """
        values = dict(parameters, config_id=config_id, stream=stream)
        self.env.cr.execute(
            """
            INSERT INTO cartona_stream (config_id, stream, generation, failure_count, is_failing)
            VALUES (%(config_id)s, %(stream)s, 0, 0, false)
            ON CONFLICT (config_id, stream) DO NOTHING
            """,
            values,
        )
        self.env.cr.execute(
            """
            UPDATE cartona_stream SET %s
             WHERE config_id = %%(config_id)s AND stream = %%(stream)s
            RETURNING generation, failure_count
            """
            % change,
            values,
        )
        return self.env.cr.fetchone()
