"""Orders of Cartona in Odoo: sale orders, transfers, customers, and the updates sent about them.

Called by the streams of `queue`, by `inbox`, which imports orders, and by Odoo's own documents.
May import `core`, `queue`, `config`, `monitoring` and `catalogue`.
"""

from . import delivery_proof
from . import res_partner
from . import sale_order
from . import sale_order_line
from . import amounts
from . import status
from . import push
from . import delivery
from . import otp
from . import cancel
from . import edits
from . import stock_picking
from . import accounting_invoice
from . import accounting_job
