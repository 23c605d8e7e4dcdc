"""Odoo's own merging of contacts, with retailers among them."""

from odoo import models

from ..compat import flush


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Override of `base`: one contact gives its code away before another one gets it.

        Of several retailers merged into one the first code stays; who orders under another one
        is a new customer again.
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
