"""Overrides of Odoo's models that mark what a change may alter on Cartona, or for waiting orders.

Odoo calls them in the transaction of the user, who may have no Cartona right. Products have
theirs in `catalogue`, orders and deliveries in `orders`.
They may import from every other package of `models`; no other package imports from here.
"""

from . import inputs
from . import account_tax
from . import pricelist
from . import currency
from . import dated_prices
from . import stock
