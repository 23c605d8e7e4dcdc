"""The clock of the database: one for all servers, so that it decides what was earlier."""


def database_now(cr):
    """Return the present time in PostgreSQL, not the start of the transaction.

    :return: naive UTC datetime, to the microsecond
    """
    cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
    return cr.fetchone()[0]
