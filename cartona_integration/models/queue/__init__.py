"""Background work: the outbox, the streams, their jobs, locks and transactions.

Hooks mark records in the outbox; jobs and the minute cron run the streams. It may import `core`
only; the model and the methods of a stream are names in a table.
"""

from . import stream_state
from . import worker
from . import older
from . import outbox
