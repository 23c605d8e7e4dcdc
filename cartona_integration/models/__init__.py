from . import cartona_reasons
from . import cartona_worker
from . import cartona_config
from . import cartona_config_connection
from . import cartona_change
from . import cartona_listing
from . import cartona_listing_payload
from . import cartona_change_drain
from . import cartona_message
from . import cartona_message_import
from . import cartona_sync_log
# pending: from . import account_tax
# pending: from . import cartona_order_importer
from . import product_pricelist_item
from . import product_product
from . import product_template
from . import res_company
from . import res_config_settings
# pending: from . import res_partner
# pending: from . import sale_order
# pending: from . import sale_order_line
from . import stock_move
from . import stock_quant
