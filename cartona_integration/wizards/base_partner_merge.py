"""`base.partner.merge.automatic.wizard`: merge contacts that include Cartona retailers."""

from odoo import models

from ..compat import flush


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Override of `base`: remove the code from one contact before another one gets it.

        If several retailers are merged, the first code is kept; orders under another code create
        a new customer again.
        """
        coded = (dst_partner | src_partners).filtered("cartona_id")[:1]
        identity = {name: coded[name] for name in ("cartona_id", "cartona_snapshot")}
        src_partners.write(
            {"cartona_id": False, "cartona_snapshot": False, "cartona_unidentified": False}
        )
        flush(src_partners)
        res = super()._update_values(src_partners, dst_partner)
        if coded and coded != dst_partner:
            dst_partner.write(identity)
        return res
