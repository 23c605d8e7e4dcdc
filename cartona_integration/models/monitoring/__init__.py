"""Monitoring of each company: log, hourly statistics, dashboard, activities for users.

The client's calls, the cron and the views call it.
It may import from `core`, `queue` and `config`; other packages only read its fields.
"""

from . import sync_log
from . import sync_stat
from . import dashboard
from . import alarms
from . import activities
