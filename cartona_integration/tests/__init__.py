from . import test_price_push
from . import test_order_import
