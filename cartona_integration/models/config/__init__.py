"""Settings and connection of each company: `cartona.config`, in one file per concern.

Settings, the cron and every stream call it.
It may import from `core` and `queue`.
"""

from . import config
from . import connection
from . import routing
from . import catalogue
from . import prices
from . import webhook_stats
from . import accounting_settings
from . import res_company
from . import res_config_settings
