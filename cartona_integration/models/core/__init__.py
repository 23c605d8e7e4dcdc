from . import reasons
from . import activities
