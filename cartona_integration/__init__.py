from . import models
from . import controllers
from . import wizards
from .hooks import post_init_hook, post_load, uninstall_hook
from .sql_log import hide_secrets

hide_secrets()
