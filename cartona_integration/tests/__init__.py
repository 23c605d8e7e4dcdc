from . import test_price_push
from . import test_order_import
from . import test_outbox
from . import test_stock_push
from . import test_order_totals
from . import test_drain
from . import test_webhook
from . import test_inbox
