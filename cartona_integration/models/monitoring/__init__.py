"""What happened and what needs a user: the log, hourly figures, the dashboard, activities.

The client's calls, the cron and the views call it.
It may import from `core`, `queue` and `config`; other packages only read its fields.
"""

from . import sync_log
from . import sync_stat
from . import dashboard
from . import activities
