from . import reasons
