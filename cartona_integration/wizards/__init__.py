from . import base_partner_merge
from . import cartona_matching_desk
