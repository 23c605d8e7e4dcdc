"""Overrides of Odoo's models that mark what a change may alter on Cartona, or for waiting orders.

Odoo calls them in the transaction of the user, who may have no Cartona right.
They may import from every other package of `models`; no other package imports from here.
"""

from . import account_tax
from . import pricelist
from . import product_mixin
from . import product_product
from . import product_template
from . import currency
from . import dated_prices
from . import stock
