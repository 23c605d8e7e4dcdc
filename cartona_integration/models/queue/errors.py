"""Errors of PostgreSQL, by how a stream reacts to them. The only module that looks at SQLSTATEs.

Source: the list of codes in appendix A of PostgreSQL's manual.
"""

import psycopg2

# How a stream reacts.
RETRY = "retry"  # a collision or a lost connection: the same work succeeds in a new transaction
SERVER = "server"  # the database server needs help: the stream waits, nothing is parked
RECORD = "record"  # this record cannot be processed: it is parked, the others continue

UNIQUE_VIOLATION = "23505"
LOCK_NOT_AVAILABLE = "55P03"
# Serialization failure, deadlock, lock not available, the three forms of a shutdown, and another
# transaction that created the same record meanwhile.
_RETRIED = ("40001", "40P01", LOCK_NOT_AVAILABLE, "57P01", "57P02", "57P03", UNIQUE_VIOLATION)
# Out of resources (a full disk, too many connections), a system error, read-only.
_SERVER = ("53", "58", "25006")
_CONNECTION = "08"


def kind_of(error):
    """Return how a stream reacts to an error: `RETRY`, `SERVER` or `RECORD`.

    :param error: any exception; what is not an error of PostgreSQL concerns the record
    """
    if not isinstance(error, psycopg2.Error):
        return RECORD
    code = error.pgcode
    if code is None:
        # The connection broke: only these two classes come without a code from the server.
        is_lost = isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
        return RETRY if is_lost else RECORD
    if code in _RETRIED or code.startswith(_CONNECTION):
        return RETRY
    return SERVER if code.startswith(_SERVER) else RECORD
