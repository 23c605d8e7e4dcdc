"""Orders that Cartona sends: the inbox (`cartona.message`) and the import into sale orders.

The webhook controller and the streams of `queue` call it; `orders` calls it to restore the lines of
an order. It may import from every other package except `triggers`.
"""

from . import message
from . import pull
from . import import_job
from . import resolve
from . import importer
from . import importer_lines
from . import importer_customer
from . import importer_create
from . import importer_update
from . import retention
