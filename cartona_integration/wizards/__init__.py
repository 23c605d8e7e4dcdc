from . import base_partner_merge
from . import cartona_delivery_otp
from . import cartona_order_cancel
