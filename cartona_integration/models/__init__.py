"""Models in packages, from low to high: a package imports only from those above it in this list."""

from . import core
from . import queue
from . import config
from . import monitoring
from . import catalogue
from . import orders
from . import inbox
from . import triggers
