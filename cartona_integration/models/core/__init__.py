"""Helpers without business logic: error sentences, activities, window actions and formatting.

Every other package calls them. They import nothing of this addon but `compat`.
"""

from . import reasons
from . import activities
