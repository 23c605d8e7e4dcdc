"""The matching desk: one row of Cartona's catalogue after the other, and its likely products."""

from odoo import _, api, fields, models

from ..compat import check_may_read


class CartonaMatchingDesk(models.TransientModel):
    _name = "cartona.matching.desk"
    _description = "Cartona Matching Desk"
    _rec_name = "listing_name"

    config_id = fields.Many2one("cartona.config", required=True, readonly=True)
    listing_id = fields.Many2one("cartona.listing", readonly=True, ondelete="set null")
    image_url = fields.Char(related="listing_id.image_url")
    listing_name = fields.Char(related="listing_id.name", string="Name on Cartona")
    cartona_id = fields.Char(related="listing_id.cartona_id")
    unit_label = fields.Char(related="listing_id.unit_label")
    unit_count = fields.Float(related="listing_id.unit_count")
    shown_price = fields.Float(related="listing_id.shown_price", string="Price on Cartona")
    match_ids = fields.One2many(related="listing_id.match_ids", readonly=True)
    product_id = fields.Many2one(
        "product.product",
        "Your Product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        domain="[('sale_ok', '=', True)]",
        help="The likeliest one; choose any other.",
    )
    pack_count = fields.Float(
        "Holds",
        compute="_compute_pack_count",
        store=True,
        readonly=False,
        help="How many units of your product are sold as one on Cartona.",
    )
    is_pack_question = fields.Boolean(compute="_compute_question")
    question = fields.Char(compute="_compute_question")
    warning = fields.Char(compute="_compute_warning")
    remaining_count = fields.Integer("To Match", compute="_compute_counts")
    sure_count = fields.Integer("Sure", compute="_compute_counts")
    unranked_count = fields.Integer("Being Compared", compute="_compute_counts")
    catalogue_count = fields.Integer(related="config_id.catalogue_count")
    unreadable_count = fields.Integer("Rows That Could Not Be Read", compute="_compute_counts")
    is_reading = fields.Boolean(compute="_compute_counts")
    is_all_matched = fields.Boolean(compute="_compute_counts")
    is_unread = fields.Boolean(compute="_compute_counts")
    may_change = fields.Boolean(compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("listing_id")
    def _compute_product_id(self):
        for desk in self:
            desk.product_id = desk.listing_id.match_id.product_id

    @api.depends("listing_id", "product_id")
    def _compute_pack_count(self):
        for desk in self:
            product = desk.product_id
            known = desk.listing_id.match_ids.filtered(lambda m, p=product: m.product_id == p)
            if known:
                desk.pack_count = known[0].pack_count
            elif product and desk.listing_id:
                desk.pack_count = desk.listing_id._guess_pack(product._origin)
            else:
                desk.pack_count = 1.0

    @api.depends("product_id", "pack_count", "listing_id")
    @api.depends_context("lang")
    def _compute_question(self):
        for desk in self:
            is_pack = desk.pack_count != 1 or desk.unit_count > 1
            desk.is_pack_question = bool(desk.product_id) and is_pack
            desk.question = desk.product_id and _(
                "1 %(unit)s on Cartona = %(count)s %(product_unit)s?",
                unit=desk.unit_label or _("piece"),
                count="%g" % desk.pack_count,
                product_unit=desk.product_id.uom_id.name,
            )

    @api.depends("product_id", "pack_count", "listing_id")
    @api.depends_context("lang")
    def _compute_warning(self):
        for desk in self:
            product, warning = desk.product_id, ""
            if product:
                # In sudo mode: settings, costs and taxes that the price hangs on.
                config = desk.config_id.sudo().with_company(desk.config_id.company_id)
                [price] = config._prices_each(product._origin.with_env(config.env)).values()
                warning = desk.listing_id._pack_warning(price, desk.pack_count)
            desk.warning = warning

    @api.depends("listing_id")
    def _compute_counts(self):
        Listing = self.env["cartona.listing"]
        for desk in self:
            unmatched = Listing._unmatched_domain(desk.config_id)
            desk.remaining_count = Listing.search_count(unmatched)
            desk.sure_count = Listing.search_count([*unmatched, ("match_id.is_sure", "=", True)])
            desk.unranked_count = Listing.search_count(Listing._unranked_domain(desk.config_id))
            config, is_idle = desk.config_id, not (desk.listing_id or desk.unranked_count)
            desk.unreadable_count = config._unreadable_count()
            desk.is_reading = config.catalogue_page > 0
            desk.is_unread = is_idle and not (desk.is_reading or config.catalogue_read_at)
            is_done = is_idle and not desk.remaining_count and not desk.is_reading
            desk.is_all_matched = is_done and not desk.is_unread
            desk.may_change = not desk.is_all_matched and (
                desk.is_reading or desk.is_unread or desk.unranked_count or not desk.listing_id
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("config_id", "listing_id")
    def _check_may_match(self):
        """Related fields show a listing to whoever has the desk: it must be one he may see.

        Out of sudo mode, in which Odoo checks constraints from 19 on.
        """
        desks = self.sudo(False)
        check_may_read(desks.config_id)
        check_may_read(desks.listing_id)

    # === ACTION METHODS === #

    def action_accept(self):
        """Link the listing to the chosen product and go on to the next one."""
        self.ensure_one()
        if self.product_id:
            self.listing_id._accept(self.product_id, self.pack_count)
        self._move_on()
        return True

    def action_skip(self):
        """Ask about this one last."""
        self.ensure_one()
        # In sudo mode: whoever works at the desk may put a listing off.
        self.listing_id.sudo().write({"match_skipped_at": fields.Datetime.now()})
        self._move_on()
        return True

    def action_never(self):
        """This is none of the products in Odoo."""
        self.ensure_one()
        self.listing_id.action_never_match()
        self._move_on()
        return True

    def action_look_again(self):
        """Show what has been compared meanwhile."""
        self.ensure_one()
        self._move_on()
        return True

    def action_compare_again(self):
        """Have everything unmatched compared with the products as they are now."""
        self.ensure_one()
        self.config_id.action_match_anew()
        self._move_on()
        return True

    def action_see_sure(self):
        """All that can be accepted together, after a look at them."""
        self.ensure_one()
        return self._list({"search_default_sure": 1})

    def action_see_all(self):
        """Everything that is still to be matched, in a list."""
        self.ensure_one()
        return self._list({"search_default_unmatched": 1})

    def _list(self, context):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "cartona_integration.action_cartona_matching_list"
        )
        return dict(action, context=context, domain=[("config_id", "=", self.config_id.id)])

    # === BUSINESS METHODS === #

    @api.model
    def _open(self, config):
        """:return: the action that shows the desk of one configuration"""
        desk = self.create({"config_id": config.id})
        desk._move_on()
        return {
            "type": "ir.actions.act_window",
            "name": _("Match Products"),
            "res_model": self._name,
            "res_id": desk.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _move_on(self):
        """The next listing: those with candidates first, what was skipped last."""
        Listing = self.env["cartona.listing"]
        fresh = [("match_skipped_at", "=", False)]
        for desk in self:
            unmatched = Listing._unmatched_domain(desk.config_id)
            desk.listing_id = (
                Listing.search([*unmatched, *fresh, ("match_id", "!=", False)], limit=1)
                or Listing.search([*unmatched, *fresh], limit=1)
                or Listing.search(unmatched, order="match_skipped_at, id", limit=1)
            )


class CartonaMatch(models.Model):
    _inherit = "cartona.match"

    def action_accept(self):
        """Override: a desk that showed the listing shows the next one."""
        listings = self.listing_id
        res = super().action_accept()
        self.env["cartona.matching.desk"].search(
            [("listing_id", "in", listings.ids), ("create_uid", "=", self.env.uid)]
        )._move_on()
        return res
