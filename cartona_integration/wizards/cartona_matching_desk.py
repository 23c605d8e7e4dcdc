"""The matching desk: one row of Cartona's catalogue after the other, and its likely products."""

from odoo import _, api, fields, models

from ..compat import check_may_read
from ..models.core import actions
from ..models.core.formatting import format_quantity


class CartonaMatchingDesk(models.TransientModel):
    _name = "cartona.matching.desk"
    _description = "Cartona Matching Desk"
    _rec_name = "listing_name"

    config_id = fields.Many2one("cartona.config", required=True, readonly=True)
    listing_id = fields.Many2one("cartona.listing", readonly=True, ondelete="set null")
    # The order that waits for this one listing, if the desk was opened from it.
    message_id = fields.Many2one("cartona.message", readonly=True, ondelete="cascade")
    image_url = fields.Char(related="listing_id.image_url", related_sudo=False)
    listing_name = fields.Char(
        related="listing_id.name", related_sudo=False, string="Name on Cartona"
    )
    cartona_id = fields.Char(related="listing_id.cartona_id", related_sudo=False)
    unit_label = fields.Char(related="listing_id.unit_label", related_sudo=False)
    unit_count = fields.Float(related="listing_id.unit_count", related_sudo=False)
    shown_price = fields.Float(
        related="listing_id.shown_price", related_sudo=False, string="Price on Cartona"
    )
    match_ids = fields.One2many(related="listing_id.match_ids", related_sudo=False, readonly=True)
    product_id = fields.Many2one(
        "product.product",
        "Your Product",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        domain="[('sale_ok', '=', True)]",
        help="The most likely product; you can choose another one.",
    )
    pack_count = fields.Float(
        "Contains",
        compute="_compute_pack_count",
        store=True,
        readonly=False,
        help="Number of units of your product in one unit sold on Cartona.",
    )
    is_pack_question = fields.Boolean(compute="_compute_question")
    question = fields.Char(compute="_compute_question")
    warning = fields.Char(compute="_compute_warning")
    remaining_count = fields.Integer("To Match", compute="_compute_counts")
    sure_count = fields.Integer("Sure", compute="_compute_counts")
    unranked_count = fields.Integer("Being Compared", compute="_compute_counts")
    catalogue_count = fields.Integer(related="config_id.catalogue_count", related_sudo=False)
    unreadable_count = fields.Integer("Rows That Could Not Be Read", compute="_compute_counts")
    is_reading = fields.Boolean(compute="_compute_counts")
    is_all_matched = fields.Boolean(compute="_compute_counts")
    is_unread = fields.Boolean(compute="_compute_counts")
    may_change = fields.Boolean(compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("listing_id")
    def _compute_product_id(self):
        for desk in self:
            listing = desk.listing_id
            desk.product_id = listing.product_id or listing.match_id.product_id

    @api.depends("listing_id", "product_id")
    def _compute_pack_count(self):
        for desk in self:
            product = desk.product_id
            known = desk.listing_id.match_ids.filtered(lambda m, p=product: m.product_id == p)
            if known:
                desk.pack_count = known[0].pack_count
            elif product and desk.listing_id:
                desk.pack_count = desk.listing_id._suggest_pack(product._origin)
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
                count=format_quantity(self.env, desk.pack_count),
                product_unit=desk.product_id.uom_id.name,
            )

    @api.depends("product_id", "pack_count", "listing_id")
    @api.depends_context("lang")
    def _compute_warning(self):
        for desk in self:
            product, warning = desk.product_id, ""
            if product:
                # In sudo mode: the settings, costs and taxes from which the price is computed.
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

    @api.constrains("config_id", "listing_id", "message_id")
    def _check_may_match(self):
        """Refuse a listing that the user may not read: the related fields would show it.

        Without sudo mode, in which Odoo checks constraints from 19 on.
        """
        desks = self.sudo(False)
        check_may_read(desks.config_id)
        check_may_read(desks.listing_id)
        check_may_read(desks.message_id)

    # === ACTION METHODS === #

    def action_accept(self):
        """Link the listing to the chosen product, in the pack that the user has confirmed, and
        show the next one; of a waiting order, import it when nothing is left to match."""
        self.ensure_one()
        if self.product_id:
            self.listing_id._accept(self.product_id, self.pack_count)
            self.listing_id._confirm_own_unit()
        if self.message_id:
            return self.message_id._matched()
        self._show_next()
        return True

    def action_skip(self):
        """Show this listing last."""
        self.ensure_one()
        # In sudo mode: every user of the desk may postpone a listing.
        self.listing_id.sudo().write({"match_skipped_at": fields.Datetime.now()})
        self._show_next()
        return True

    def action_never(self):
        """Exclude the listing, which is not a product in Odoo, from matching."""
        self.ensure_one()
        self.listing_id.action_never_match()
        self._show_next()
        return True

    def action_look_again(self):
        """Show the listings that were compared in the meantime."""
        self.ensure_one()
        self._show_next()
        return True

    def action_compare_again(self):
        """Compare every unmatched listing with the present products."""
        self.ensure_one()
        self.config_id.action_match_anew()
        self._show_next()
        return True

    def action_see_sure(self):
        """Open the list of sure candidates, which can be accepted together."""
        self.ensure_one()
        return self._list({"search_default_sure": 1})

    def action_see_all(self):
        """Open the list of unmatched listings."""
        self.ensure_one()
        return self._list({"search_default_unmatched": 1})

    def _list(self, context):
        return actions.window(
            self.env,
            "action_cartona_matching_list",
            context=context,
            domain=[("config_id", "=", self.config_id.id)],
        )

    # === BUSINESS METHODS === #

    @api.model
    def _open(self, config):
        """Return the action that opens a new desk for one configuration."""
        desk = self.create({"config_id": config.id})
        desk._show_next()
        return actions.form(desk, name=_("Match Products"))

    @api.model
    def _open_for(self, message, listing):
        """Return the dialog that matches one listing of a waiting order."""
        config = message.config_id
        listing._rank_now(config)
        desk = self.create(
            {"config_id": config.id, "listing_id": listing.id, "message_id": message.id}
        )
        view = self.env.ref("cartona_integration.view_cartona_matching_one_form")
        return actions.form(
            desk, name=_("Match the Product"), target="new", views=[(view.id, "form")]
        )

    @api.model
    def _listings_matched(self, listings):
        """Show the next listing on the user's desks that show one of these."""
        self.search(
            [("listing_id", "in", listings.ids), ("create_uid", "=", self.env.uid)]
        )._show_next()

    def _show_next(self):
        """Show the next listing: those with candidates first, skipped ones last."""
        Listing = self.env["cartona.listing"]
        fresh = [("match_skipped_at", "=", False)]
        for desk in self:
            unmatched = Listing._unmatched_domain(desk.config_id)
            desk.listing_id = (
                Listing.search([*unmatched, *fresh, ("match_id", "!=", False)], limit=1)
                or Listing.search([*unmatched, *fresh], limit=1)
                or Listing.search(unmatched, order="match_skipped_at, id", limit=1)
            )
