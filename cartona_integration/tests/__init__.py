from . import test_price_push
