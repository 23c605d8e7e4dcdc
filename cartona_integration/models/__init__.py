from . import core
from . import queue
from . import config
from . import catalogue
from . import orders
from . import inbox
from . import monitoring
from . import triggers
