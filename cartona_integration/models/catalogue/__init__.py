"""Products on Cartona: listings, their links to products, what is sent, read, compared and matched.

The outbox, the nightly sweep, orders (to find their products) and the screens call it. It may
import `core`, `queue`, `config` and `monitoring`.
"""

from . import kit
from . import listing
from . import pack
from . import product_mixin
from . import product_product
from . import product_template
from . import payload
from . import push
from . import reader
from . import drift
from . import sync_state
from . import link_import
from . import match
