"""The table of streams: every kind of background work, with its step, lock and channel.

A stream is processed by one worker per company at a time. Its job runs the step until nothing is
left (`cartona.worker._job`); the minute cron runs what no job has processed
(`cartona.worker._catch_up`).
"""

from typing import NamedTuple

# Channels of what is sent and of what is received: a slow marketplace in one direction never
# delays the other.
_OUT, _IN, _LOCAL = "root.cartona.out", "root.cartona.in", "root.cartona"


class Stream(NamedTuple):
    """One kind of background work.

    :param model: model that defines the two methods
    :param step: method(config_id) -> seconds until there is more to do (0: at once), None when
        nothing is left. The caller has the lock.
    :param backlog: method(config, stream) -> age of the oldest waiting entry in seconds, None
        when the cron has nothing to do
    :param lock: first half of the two-part advisory lock key; the second is the configuration's id
    :param channel: channel of its jobs
    :param kinds: kinds of outbox rows that it processes
    """

    model: str
    step: str
    backlog: str
    lock: int
    channel: str
    kinds: tuple = ()


STREAMS = {
    "drain": Stream(
        "cartona.product.push",
        "_push",
        "_backlog",
        0x0CA7_0001,
        _OUT,
        # Rows that point at a listing.
        ("price", "stock", "restock", "resend"),
    ),
    "status": Stream("cartona.order.push", "_push", "_backlog", 0x0CA7_0004, _OUT, ("order",)),
    "invoice": Stream(
        "cartona.accounting.job", "_book_orders", "_backlog", 0x0CA7_0006, _LOCAL, ("invoice",)
    ),
    "pull": Stream("cartona.message", "_pull", "_pull_backlog", 0x0CA7_0003, _IN),
    "import": Stream("cartona.message", "_import", "_import_backlog", 0x0CA7_0002, _IN),
    "catalogue": Stream(
        "cartona.listing", "_read_catalogue", "_catalogue_backlog", 0x0CA7_0005, _IN
    ),
    "match": Stream("cartona.listing", "_rank", "_rank_backlog", 0x0CA7_0007, _LOCAL),
}
# Kinds of outbox rows that point at a listing.
LISTING_KINDS = STREAMS["drain"].kinds
# Locks of work that has no job of its own.
LOCKS = {
    **{name: stream.lock for name, stream in STREAMS.items()},
    "notify": 0x0CA7_0008,
    "acknowledge": 0x0CA7_0009,
}
