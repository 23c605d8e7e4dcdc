from . import base_partner_merge
from . import cartona_delivery_otp
from . import cartona_go_live
from . import cartona_order_cancel
from . import cartona_support_bundle
from . import cartona_matching_desk
from . import sale_mass_cancel_orders
