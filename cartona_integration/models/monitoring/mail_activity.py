from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    # Why Cartona asks, as a code: the words are in the language of whom they are for, and their
    # figures change. By it an activity is found again when its cause is gone.
    cartona_cause = fields.Char(readonly=True, copy=False)
