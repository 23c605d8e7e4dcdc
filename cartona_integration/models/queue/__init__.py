from . import worker
from . import outbox
