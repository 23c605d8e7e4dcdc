"""The models that the sample files use."""

import pytest

from tools.series import facts

_MODELS = """
class Shop(models.Model):
    _name = "shop.shop"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    active = fields.Boolean()
    state = fields.Selection([])
    note = fields.Text()
    count = fields.Integer()
    line_ids = fields.One2many("shop.line", "shop_id")
    label = fields.Char(compute="_compute_label")
    user_id = fields.Many2one("res.users")


class Counter(models.Model):
    _name = "shop.counter"
    _inherit = "mail.thread"


class Settings(models.TransientModel):
    _inherit = "res.config.settings"
    shop_label = fields.Char(related="company_id.shop_label")
    shop_open = fields.Boolean(related="company_id.shop_open")
"""


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    """Return the facts that `facts.read` finds in this Python."""
    addon = tmp_path_factory.mktemp("addon")
    (addon / "models.py").write_text(_MODELS)
    return facts.read(addon)
