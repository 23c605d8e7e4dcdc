from . import config
from . import connection
from . import routing
from . import webhook_health
from . import accounting_settings
from . import webhook_stats
from . import res_company
from . import res_config_settings
