"""Send a batch so that one refused item never holds up the others.

Free of Odoo. Sending a state twice is harmless (Cartona keeps the last value), so a batch that is
refused as a whole, or for a reason that names no item, is halved and sent again until the item
that does not pass stands alone: a bad one among a hundred costs 14 calls, once. An answer that
names some items and calls the whole batch failed has not taken the others: they are sent again.
"""

from .bulk import Refusal
from .errors import CartonaError, Rejected


class PushOutcome:
    """What became of each item of a batch, by its index.

    `accepted`: set of indexes that Cartona has taken. `refused`: dict index -> `Refusal`.
    What stands in neither was not sent, or nobody knows: `error` says why.
    """

    def __init__(self):
        self.accepted = set()
        self.refused = {}
        self.error = None


def push_batch(call, items):
    """Send `items` through a bulk call.

    :param call: callable(list of items) -> `BulkResult`, as `CartonaClient.update_products`
    :param list items: JSON objects
    :return: `PushOutcome`; never raises a `CartonaError`
    """
    outcome = PushOutcome()
    parts = [list(range(len(items)))] if items else []
    while parts:
        indexes = parts.pop()
        try:
            undecided = _push_part(call, items, indexes, outcome)
        except CartonaError as error:
            outcome.error = error
            break
        if undecided:
            middle = len(undecided) // 2
            parts += filter(None, [undecided[middle:], undecided[:middle]])
    return outcome


def _push_part(call, items, indexes, outcome):
    """Send one part; return the indexes that have to be sent again in smaller parts."""
    try:
        result = call([items[index] for index in indexes])
    except Rejected as error:
        if len(indexes) > 1:
            return indexes
        outcome.refused[indexes[0]] = Refusal(error.code, error.detail)
        return []
    refused = {indexes[place]: refusal for place, refusal in result.refused.items()}
    outcome.refused.update(refused)
    rest = [index for index in indexes if index not in refused]
    if result.doubtful:
        return rest
    if not result.unattributed:
        outcome.accepted.update(rest)
        return []
    if len(rest) > 1:
        return rest
    for index in rest:
        outcome.refused[index] = Refusal("refused", "; ".join(result.unattributed))
    return []
