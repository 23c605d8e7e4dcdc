from . import sync_log
from . import sync_stat
from . import dashboard_progress
from . import dashboard
from . import dashboard_setup
from . import activities
